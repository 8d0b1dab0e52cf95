//! What happens to the box itself, as it stands in the ledger. The order of variants and fields is its format: only ever
//! appended to.

use super::Event;
use idl::host::{HostFact, HostFault, HostOrder};
use serde::{Deserialize, Serialize};
use vocab::{TrunkId, UnixMs};

/// An event of the box itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum BoxEvent {
    /// Something is ordered of it; the order's number is this entry's.
    Ordered {
        /// What.
        order: HostOrder,
    },
    /// The last person whose will was wanted agreed to an order (ACC-06).
    Agreed {
        /// The entry that ordered it.
        ordered: u64,
    },
    /// An order was carried out, or not.
    Ended {
        /// The entry that ordered it.
        ordered: u64,
        /// Why it was not carried out.
        fault: Option<HostFault>,
    },
    /// An order was taken back, or nobody agreed in time.
    Withdrawn {
        /// The entry that ordered it.
        ordered: u64,
    },
    /// A fact of its life.
    History {
        /// When it happened.
        at: UnixMs,
        /// The fact.
        fact: HostFact,
    },
    /// A bundle was stored; whether it is one is found out when it is installed.
    BundleStored {
        /// Its SHA-256.
        bundle: [u8; 32],
        /// Its bytes.
        bytes: u64,
    },
    /// A diagnostics bundle was fetched.
    DiagnosticsTaken {
        /// Its SHA-256.
        bundle: [u8; 32],
    },
    /// Which lines worked before it was restarted: what a new system is measured by.
    LinesNoted {
        /// Trunks that answered, spans among them.
        trunks: Vec<TrunkId>,
    },
    /// A person agreed to an order that others must want besides; the last of them is [`BoxEvent::Agreed`].
    AgreedWithOthers {
        /// The entry that ordered it.
        ordered: u64,
    },
}

impl From<BoxEvent> for Event {
    fn from(event: BoxEvent) -> Self {
        Self::Box { event }
    }
}

#[cfg(test)]
mod tests {
    use super::BoxEvent;
    use idl::host::{BootCause, HostFact, HostFault, HostOrder, Slot};
    use vocab::UnixMs;

    #[test]
    fn the_words_of_the_box_never_change_their_numbers_in_the_ledger() {
        let bytes = |event: BoxEvent| postcard::to_stdvec(&event).unwrap();
        assert_eq!(bytes(BoxEvent::Ordered { order: HostOrder::Diagnostics }), [0, 4]);
        assert_eq!(bytes(BoxEvent::Agreed { ordered: 7 }), [1, 7]);
        let fault = Some(HostFault::System("a".to_owned()));
        assert_eq!(bytes(BoxEvent::Ended { ordered: 7, fault }), [2, 7, 1, 7, 1, 97]);
        assert_eq!(bytes(BoxEvent::Withdrawn { ordered: 7 }), [3, 7]);
        let fact = HostFact::Booted { slot: Slot::B, version: "1".to_owned(), cause: BootCause::RolledBack };
        assert_eq!(bytes(BoxEvent::History { at: UnixMs(3), fact }), [4, 6, 0, 1, 1, 49, 3]);
        assert_eq!(bytes(BoxEvent::LinesNoted { trunks: vec![] }), [7, 0]);
        assert_eq!(bytes(BoxEvent::AgreedWithOthers { ordered: 7 }), [8, 7]);
    }
}
