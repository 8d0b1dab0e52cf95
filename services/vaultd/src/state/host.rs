//! The box itself in the state: orders that wait or run, bundles that lie ready, the newest part of its history.

use crate::entries::BoxEvent;
use idl::host::{HostFact, HostFault, HostOrder};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use vocab::{PersonId, TrunkId, UnixMs};

/// An order that has not ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderKept {
    /// What.
    pub order: HostOrder,
    /// Who ordered it; person 0: the box itself.
    pub by: PersonId,
    /// When.
    pub at: UnixMs,
    /// It waits for those who must want it besides.
    pub waits: bool,
    /// Who of them has agreed.
    pub agreed: Vec<PersonId>,
}

/// An order that ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndedKept {
    /// Its number.
    pub ordered: u64,
    /// The order.
    pub kept: OrderKept,
    /// How: `None`: taken back; else the fault, if there was one.
    pub end: Option<Option<HostFault>>,
}

/// A bundle that lies ready.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BundleKept {
    /// Its SHA-256.
    pub bundle: [u8; 32],
    /// Its bytes.
    pub bytes: u64,
    /// When it was stored.
    pub at: UnixMs,
}

/// Everything known of the box itself.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct HostKept {
    /// Orders that have not ended, by their numbers.
    pub open: BTreeMap<u64, OrderKept>,
    /// Bundles, newest last.
    pub bundles: VecDeque<BundleKept>,
    /// Orders that ended, newest last.
    pub ended: VecDeque<EndedKept>,
    /// What happened, newest last.
    pub events: VecDeque<(UnixMs, HostFact)>,
    /// Trunks that worked before the last restart that somebody ordered.
    pub lines: Vec<TrunkId>,
}

impl HostKept {
    /// Whether a fact is stored already: `hostd` tells it again when it did not hear that it is.
    #[must_use]
    pub fn has_fact(&self, at: UnixMs, fact: &HostFact) -> bool {
        self.events.iter().any(|(known, kept)| *known == at && kept == fact)
    }

    /// Whether the TPM was not cleared by the factory reset before.
    #[must_use]
    pub fn tpm_was_kept(&self) -> bool {
        self.events.iter().any(|(_, fact)| matches!(fact, HostFact::TpmKept { .. }))
    }

    /// What could not be applied of the network that was told last.
    #[must_use]
    pub fn network_faults(&self) -> &[String] {
        let newest = self.events.iter().rev().find_map(|(_, fact)| match fact {
            HostFact::NetworkSet { faults } => Some(faults.as_slice()),
            _ => None,
        });
        newest.unwrap_or_default()
    }

    /// Whether a bundle lies ready.
    #[must_use]
    pub fn has_bundle(&self, bundle: &[u8; 32]) -> bool {
        self.bundles.iter().any(|kept| kept.bundle == *bundle)
    }

    /// Whether a diagnostics bundle was made.
    #[must_use]
    pub fn has_diagnostics(&self, wanted: &[u8; 32]) -> bool {
        let own = |fact: &HostFact| matches!(fact, HostFact::Diagnostics { bundle, .. } if bundle == wanted);
        self.events.iter().any(|(_, fact)| own(fact))
    }

    pub(super) fn apply(&mut self, seq: u64, at: UnixMs, by: PersonId, event: &BoxEvent) {
        match event {
            BoxEvent::Ordered { order } => self.ordered(seq, at, by, order),
            BoxEvent::Agreed { ordered } => self.agreed(*ordered, by, true),
            BoxEvent::AgreedWithOthers { ordered } => self.agreed(*ordered, by, false),
            BoxEvent::Ended { ordered, fault } => self.ended(*ordered, Some(fault.clone())),
            BoxEvent::Withdrawn { ordered } => self.ended(*ordered, None),
            BoxEvent::History { at: happened, fact } => {
                push(&mut self.events, KEPT_EVENTS, (*happened, fact.clone()))
            }
            BoxEvent::BundleStored { bundle, bytes } => self.bundle(*bundle, *bytes, at),
            BoxEvent::LinesNoted { trunks } => self.lines.clone_from(trunks),
            BoxEvent::DiagnosticsTaken { .. } => {}
        }
    }

    fn ordered(&mut self, seq: u64, at: UnixMs, by: PersonId, order: &HostOrder) {
        let kept = OrderKept { order: order.clone(), by, at, waits: needs_two(order), agreed: Vec::new() };
        self.open.insert(seq, kept);
    }

    fn agreed(&mut self, ordered: u64, by: PersonId, last: bool) {
        if let Some(kept) = self.open.get_mut(&ordered) {
            kept.waits = !last;
            kept.agreed.push(by);
        }
    }

    fn ended(&mut self, ordered: u64, end: Option<Option<HostFault>>) {
        if let Some(kept) = self.open.remove(&ordered) {
            push(&mut self.ended, KEPT_ENDED, EndedKept { ordered, kept, end });
        }
    }

    fn bundle(&mut self, bundle: [u8; 32], bytes: u64, at: UnixMs) {
        self.bundles.retain(|kept| kept.bundle != bundle);
        push(&mut self.bundles, KEPT_BUNDLES, BundleKept { bundle, bytes, at });
    }
}

/// What two persons must want (ACC-06): what destroys, and what goes back behind what was repaired.
#[must_use]
pub const fn needs_two(order: &HostOrder) -> bool {
    match order {
        HostOrder::Install { downgrade, .. } => *downgrade,
        HostOrder::FactoryReset => true,
        HostOrder::Restart | HostOrder::PowerOff | HostOrder::Diagnostics => false,
    }
}

fn push<T>(ring: &mut VecDeque<T>, most: usize, new: T) {
    ring.push_back(new);
    if ring.len() > most {
        ring.pop_front();
    }
}

const KEPT_ENDED: usize = 32;
const KEPT_EVENTS: usize = 64;
/// Bundles that lie ready at once.
pub const KEPT_BUNDLES: usize = 2;
