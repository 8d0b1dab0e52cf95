//! The box as `vaultd` may tell of it.

use crate::rig::refused;
use idl::admin::{Admin, Answer};
use idl::host::{BootCause, HostFact, HostFault, HostOrder, HostStatus, Slot, SlotView};
use idl::views::{BoxAsk, BoxOrder, BoxOrderStage, BoxView, BundleView};
use vocab::{PersonId, UnixMs};

/// 2026-11-22 09:14:27 in Shanghai.
pub const NOW: UnixMs = UnixMs(1_795_310_067_000);
/// What a hostile text may hold.
pub const HOSTILE: &str = "<script>alert(1)</script>\"'";
/// As it must stand in a page.
pub const HOSTILE_SHOWN: &str = "&#60;script&#62;alert(1)&#60;/script&#62;&#34;&#39;";
/// A stored update.
pub const BUNDLE: [u8; 32] = [0xb7; 32];
/// A diagnostics bundle.
pub const COLLECTED: [u8; 32] = [0xd3; 32];
/// To which an update for this box is encrypted.
pub const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nMAAA\n-----END CERTIFICATE-----\n";
/// The visitor of the rig.
pub const ONESELF: PersonId = PersonId(1);

/// A stored update as it stands in addresses.
pub fn hex() -> String {
    "b7".repeat(32)
}

pub fn status() -> HostStatus {
    HostStatus {
        running: Slot::B,
        slots: [
            SlotView { slot: Slot::A, version: Some("0.1.0".to_owned()), good: true, tries_left: None },
            SlotView { slot: Slot::B, version: Some("0.2.0".to_owned()), good: true, tries_left: None },
        ],
        development: false,
        secure_boot: true,
        data_sealed: true,
        data_bytes: 64 << 30,
        data_free_bytes: 40 << 30,
        addresses: vec!["eth0 192.0.2.7/24".to_owned(), "eth0 2001:db8::7/64".to_owned()],
        time_synchronised: true,
        up_s: 3_720,
    }
}

pub fn order(id: u64, what: HostOrder, by: PersonId, stage: BoxOrderStage) -> BoxOrder {
    BoxOrder { order: id, what, by, at: NOW.plus(-600_000), stage }
}

/// A box in use: one order waits, one runs, three ended, and things have happened.
pub fn view() -> BoxView {
    let install = |downgrade| HostOrder::Install { bundle: BUNDLE, downgrade };
    let until = NOW.plus(80_000_000);
    let version = || "0.2.0".to_owned();
    BoxView {
        status: Some(status()),
        bundles: vec![BundleView { bundle: BUNDLE, bytes: 157_286_400, at: NOW.plus(-700_000) }],
        orders: vec![
            order(9, HostOrder::FactoryReset, PersonId(4), BoxOrderStage::WaitsForSecond { until }),
            order(8, install(false), ONESELF, BoxOrderStage::UnderWay { percent: 40 }),
            order(7, HostOrder::Restart, PersonId(0), BoxOrderStage::Done),
            order(
                6,
                install(true),
                PersonId(4),
                BoxOrderStage::Failed(HostFault::TooOld { epoch: 2, least: 3 }),
            ),
            order(5, HostOrder::Diagnostics, ONESELF, BoxOrderStage::Done),
        ],
        history: vec![
            (NOW.plus(-1_000), HostFact::Diagnostics { bundle: COLLECTED, bytes: 40_000 }),
            (NOW.plus(-2_000), HostFact::NetworkSet { faults: vec![] }),
            (NOW.plus(-3_000), HostFact::MarkedGood { slot: Slot::B, version: version() }),
            (
                NOW.plus(-4_000),
                HostFact::Booted { slot: Slot::B, version: version(), cause: BootCause::RolledBack },
            ),
            (
                NOW.plus(-5_000),
                HostFact::FoundBad {
                    slot: Slot::A,
                    version: "0.3.0".to_owned(),
                    reasons: vec!["lined: not reached".to_owned(), HOSTILE.to_owned()],
                },
            ),
        ],
        open_calls: 3,
        update_certificate: Some(CERTIFICATE.to_owned()),
    }
}

/// Bytes of the sample bundle: more than one piece.
pub const COLLECTED_BYTES: usize = 40_000;
const PIECE: usize = 32 * 1024;

/// What a double answers that knows this box.
pub fn answers(what: &Admin, attached: &[u8]) -> Answer {
    let Admin::Box(ask) = what else { return refused("unknown") };
    match ask {
        BoxAsk::Look => Answer::Box(Box::new(view())),
        BoxAsk::Upload if attached == b"bad" => refused("bundle-size"),
        BoxAsk::Upload => Answer::Bundle { bundle: BUNDLE, bytes: attached.len() as u64 },
        BoxAsk::Order(HostOrder::PowerOff) => refused("box-busy"),
        BoxAsk::Order(_) => Answer::Created { ids: vec![10] },
        BoxAsk::Agree { .. } | BoxAsk::Withdraw { .. } => Answer::Done,
        BoxAsk::Diagnostics { bundle: COLLECTED, offset } => {
            let from = usize::try_from(*offset).unwrap();
            let bytes = vec![b'x'; PIECE.min(COLLECTED_BYTES - from)];
            Answer::TracePiece { bytes, total: COLLECTED_BYTES as u64 }
        }
        BoxAsk::Diagnostics { .. } => refused("unknown"),
    }
}
