//! Custodians and the disk: what its header is to hold, as `hostd` is told and as it answers. A new set comes into force
//! only when the header has its copy; the old one goes after that, so that no cut of power leaves a disk that nobody opens.

use crate::command::Message;
use crate::entries::{CustodyEvent, Event, Who};
use crate::vault::Vault;
use idl::hello::Process;
use idl::host::{CustodyCopy, HostFault, VaultToHost};
use idl::views::DiskCustody;

/// What is known of the disk's header between two requests.
#[derive(Debug, Default)]
pub(crate) struct DiskNow {
    /// The sets it holds; `None`: it was not told yet.
    sets: Option<Vec<[u8; 4]>>,
    fault: Option<HostFault>,
    /// The root key could not be sealed anew after a recovery.
    owed: bool,
}

impl Vault {
    /// Whether the shares of a recovery are needed at the next start again.
    pub(crate) const fn set_shares_owed(&mut self, owed: bool) {
        self.disk_now.owed = owed;
    }

    /// Tells `hostd` which copies the header is to hold: of the set in force, and of one that all have taken.
    pub(crate) fn tell_disk(&mut self) {
        let Some(conn) = self.host_now.conn() else { return };
        let in_force = self.state.custody.as_ref().map(|kept| kept.set);
        let copies = in_force
            .into_iter()
            .chain(self.begun.as_ref().and_then(|begun| begun.whole()))
            .filter_map(|set| Some(CustodyCopy { set, sealed: self.ports.keys.disk_copy(set)? }))
            .collect();
        let owed = self.disk_now.owed;
        self.send(conn, Message::Host(VaultToHost::Custody { copies, owed }));
    }

    /// The header stands so.
    pub(crate) fn disk_says(&mut self, sets: Vec<[u8; 4]>, fault: Option<HostFault>) {
        let whole = self.begun.as_ref().and_then(|begun| begun.whole());
        let there = fault.is_none() && whole.is_some_and(|set| sets.contains(&set));
        self.disk_now.sets = fault.is_none().then_some(sets);
        self.disk_now.fault = fault;
        if there {
            self.custody_in_force();
        }
    }

    /// All five were taken, and whatever they are to open knows them.
    pub(crate) fn custody_in_force(&mut self) {
        let Some(begun) = self.begun.take() else { return };
        let (set, custodians) = (begun.set(), begun.custodians);
        let event = Event::Custody { event: CustodyEvent::InForce { set, custodians } };
        self.record(Who::Process(Process::Vaultd), event);
        self.tell_disk();
    }

    /// As the page shows it.
    pub(crate) fn disk_custody(&self) -> Option<DiskCustody> {
        if !self.host_now.is_there() {
            return None;
        }
        if let Some(fault) = &self.disk_now.fault {
            return Some(DiskCustody::Fault(match fault {
                HostFault::System(said) => said.clone(),
                other => format!("{other:?}"),
            }));
        }
        let in_force = self.state.custody.as_ref().map(|kept| kept.set);
        let sets = self.disk_now.sets.as_deref().unwrap_or_default();
        let opens = in_force.is_some_and(|set| sets.contains(&set));
        Some(if opens { DiskCustody::Opens } else { DiskCustody::Closed })
    }
}
