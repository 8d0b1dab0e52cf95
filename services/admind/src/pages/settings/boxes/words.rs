//! Orders, their stages, faults and facts of the box in words.

use crate::texts::{Texts, fill};
use idl::host::{BootCause, HostFact, HostFault, HostOrder};
use idl::views::BoxOrderStage;

/// The first bytes of a hash, by which people tell one from another.
pub(super) fn short(hash: &[u8; 32]) -> String {
    data_encoding::HEXLOWER.encode(&hash[..SHORT_BYTES])
}

/// A hash as it stands in addresses.
pub(super) fn hex(hash: &[u8; 32]) -> String {
    data_encoding::HEXLOWER.encode(hash)
}

/// A hash of an address or a form; anything else is none.
pub(super) fn hash(text: &str) -> Option<[u8; 32]> {
    data_encoding::HEXLOWER.decode(text.as_bytes()).ok()?.try_into().ok()
}

/// An order.
pub(super) fn order(t: &Texts, order: &HostOrder) -> String {
    match order {
        HostOrder::Install { bundle, downgrade: false } => fill(t.boxes.order_install, &[&short(bundle)]),
        HostOrder::Install { bundle, downgrade: true } => {
            fill(t.boxes.order_install_older, &[&short(bundle)])
        }
        HostOrder::Restart => t.boxes.order_restart.to_owned(),
        HostOrder::PowerOff => t.boxes.order_power_off.to_owned(),
        HostOrder::FactoryReset => t.boxes.order_reset.to_owned(),
        HostOrder::Diagnostics => t.boxes.order_diagnostics.to_owned(),
    }
}

/// Where an order stands, as a badge.
pub(super) fn stage(t: &Texts, stage: &BoxOrderStage) -> (&'static str, String) {
    match stage {
        BoxOrderStage::WaitsForSecond { .. } => ("waiting", t.boxes.stage_waits.to_owned()),
        BoxOrderStage::Draining { open_calls } => ("waiting", fill(t.boxes.stage_draining, &[open_calls])),
        BoxOrderStage::UnderWay { percent } => ("live", fill(t.boxes.stage_under_way, &[percent])),
        BoxOrderStage::Done => ("ok", t.boxes.stage_done.to_owned()),
        BoxOrderStage::Failed(_) => ("bad", t.boxes.stage_failed.to_owned()),
        BoxOrderStage::Withdrawn => ("idle", t.boxes.stage_withdrawn.to_owned()),
    }
}

/// Why an order was not carried out, and what to do.
pub(super) fn fault(t: &Texts, fault: &HostFault) -> String {
    match fault {
        HostFault::NoBundle => t.boxes.fault_no_bundle.to_owned(),
        HostFault::BadSignature => t.boxes.fault_signature.to_owned(),
        HostFault::OtherHardware => t.boxes.fault_hardware.to_owned(),
        HostFault::TooOld { epoch, least } => fill(t.boxes.fault_old, &[epoch, least]),
        HostFault::NotYetGood => t.boxes.fault_trial.to_owned(),
        HostFault::Busy => t.boxes.fault_busy.to_owned(),
        HostFault::NotDrained => t.boxes.fault_calls.to_owned(),
        HostFault::System(said) => fill(t.boxes.fault_system, &[said]),
        HostFault::OtherBox => t.boxes.fault_other_box.to_owned(),
    }
}

/// A fact: the kind of its badge, what it is about, and its details, a line each.
pub(super) fn fact(t: &'static Texts, fact: &HostFact) -> (&'static str, &'static str, Vec<String>) {
    let system = |slot: &idl::host::Slot, version: &String| fill(t.boxes.system_of, &[&slot.name(), version]);
    match fact {
        HostFact::Booted { slot, version, cause } => {
            let (kind, why) = match cause {
                BootCause::First => ("info", t.boxes.boot_first),
                BootCause::Ordered => ("info", t.boxes.boot_ordered),
                BootCause::Updated => ("info", t.boxes.boot_updated),
                BootCause::RolledBack => ("bad", t.boxes.boot_rolled_back),
                BootCause::Unclean => ("warn", t.boxes.boot_unclean),
            };
            (kind, t.boxes.booted, vec![system(slot, version), why.to_owned()])
        }
        HostFact::MarkedGood { slot, version } => ("ok", t.boxes.marked_good, vec![system(slot, version)]),
        HostFact::FoundBad { slot, version, reasons } => {
            let reasons = reasons.iter().map(|reason| t.trial_reason(reason));
            ("bad", t.boxes.found_bad, std::iter::once(system(slot, version)).chain(reasons).collect())
        }
        HostFact::NetworkSet { faults } if faults.is_empty() => {
            ("ok", t.boxes.network_set, vec![t.boxes.network_ok.to_owned()])
        }
        HostFact::NetworkSet { faults } => ("bad", t.boxes.network_set, faults.clone()),
        HostFact::TpmKept { why } => {
            ("bad", t.boxes.tpm_kept, vec![t.door.tpm_kept_why.to_owned(), why.clone()])
        }
        HostFact::Diagnostics { bundle, bytes } => {
            let line = format!("{} · {}", short(bundle), crate::format::bytes(*bytes));
            ("info", t.boxes.diagnostics_made, vec![line])
        }
    }
}

/// Bytes of a hash that people see.
const SHORT_BYTES: usize = 6;

#[cfg(test)]
mod tests {
    use super::{hash, hex, short};

    #[test]
    fn a_hash_is_read_as_it_is_written_and_nothing_else_is_one() {
        let sum = [0xa7; 32];
        assert_eq!((hash(&hex(&sum)), short(&sum).as_str()), (Some(sum), "a7a7a7a7a7a7"));
        for bad in ["", "a7", "A7", &hex(&sum)[1..], &format!("{}0", hex(&sum)), "../../etc"] {
            assert_eq!(hash(bad), None, "{bad}");
        }
    }
}
