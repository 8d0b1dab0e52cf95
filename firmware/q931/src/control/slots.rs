//! The channel table of one primary rate interface: who holds a channel, what keeps it from use, which one is next.
//!
//! It knows call references, not calls, and sends nothing.

use super::reference::Key;
use idl::spans::{ChannelSelection, D_CHANNEL, E1_TIMESLOTS, SlotState};
use vocab::Timeslot;

/// A set of timeslots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct SlotSet(u32);

impl SlotSet {
    pub(super) const EMPTY: Self = Self(0);

    pub(super) fn of(slot: Timeslot) -> Self {
        Self(1_u32.checked_shl(u32::from(slot.0)).unwrap_or(0))
    }

    pub(super) fn insert(&mut self, slot: Timeslot) {
        self.0 |= Self::of(slot).0;
    }

    pub(super) fn remove(&mut self, slot: Timeslot) {
        self.0 &= !Self::of(slot).0;
    }

    pub(super) fn contains(self, slot: Timeslot) -> bool {
        self.0 & Self::of(slot).0 != 0
    }

    pub(super) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(super) const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(super) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) const fn minus(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub(super) fn first(self) -> Option<Timeslot> {
        self.iter().next()
    }

    pub(super) fn iter(self) -> impl Iterator<Item = Timeslot> {
        (1..=E1_TIMESLOTS).map(Timeslot).filter(move |slot| self.contains(*slot))
    }

    pub(super) fn to_vec(self) -> Vec<Timeslot> {
        self.iter().collect()
    }
}

impl FromIterator<Timeslot> for SlotSet {
    fn from_iter<I: IntoIterator<Item = Timeslot>>(slots: I) -> Self {
        let mut set = Self::EMPTY;
        slots.into_iter().for_each(|slot| set.insert(slot));
        set
    }
}

/// The channel table.
#[derive(Debug, Clone)]
pub(super) struct Slots {
    selection: ChannelSelection,
    /// Channels of this interface; no others are ever taken.
    rented: SlotSet,
    holders: [Option<Key>; SLOTS],
    /// By the person.
    blocked: SlotSet,
    /// By the peer's SERVICE.
    out_of_service: SlotSet,
    /// RESTART is due or out.
    restarting: SlotSet,
    /// RESTART was not acknowledged.
    failed: SlotSet,
    /// When each was given back, as a count; 0 was never used.
    freed_at: [u64; SLOTS],
    freed: u64,
    last_taken: Timeslot,
}

impl Slots {
    pub(super) fn new(selection: ChannelSelection, unused: &[Timeslot]) -> Self {
        let all: SlotSet = (1..=E1_TIMESLOTS).map(Timeslot).filter(|slot| *slot != D_CHANNEL).collect();
        let unused: SlotSet = unused.iter().copied().collect();
        Self {
            selection,
            rented: all.minus(unused),
            holders: [None; SLOTS],
            blocked: SlotSet::EMPTY,
            out_of_service: SlotSet::EMPTY,
            restarting: SlotSet::EMPTY,
            failed: SlotSet::EMPTY,
            freed_at: [0; SLOTS],
            freed: 0,
            last_taken: Timeslot(0),
        }
    }

    pub(super) const fn rented(&self) -> SlotSet {
        self.rented
    }

    pub(super) fn exists(&self, slot: Timeslot) -> bool {
        self.rented.contains(slot)
    }

    pub(super) fn holder(&self, slot: Timeslot) -> Option<Key> {
        self.holders.get(usize::from(slot.0)).copied().flatten()
    }

    fn held(&self) -> SlotSet {
        self.rented.iter().filter(|slot| self.holder(*slot).is_some()).collect()
    }

    /// Channels a new call may take.
    pub(super) fn idle(&self) -> SlotSet {
        let out = self.blocked.or(self.out_of_service).or(self.restarting).or(self.failed);
        self.rented.minus(out).minus(self.held())
    }

    /// The idle channel that is next by the strategy, out of all but some.
    pub(super) fn choose(&self, but: SlotSet) -> Option<Timeslot> {
        let idle = self.idle().minus(but);
        let rank = |slot: &Timeslot| usize::from(slot.0);
        match self.selection {
            ChannelSelection::Ascending => idle.iter().min_by_key(rank),
            ChannelSelection::Descending => idle.iter().max_by_key(rank),
            ChannelSelection::RoundRobinUp => {
                idle.iter().min_by_key(|slot| (slot.0 <= self.last_taken.0, slot.0))
            }
            ChannelSelection::RoundRobinDown => {
                idle.iter().max_by_key(|slot| (slot.0 < self.last_taken.0, slot.0))
            }
            ChannelSelection::LeastRecentlyUsed => {
                idle.iter().min_by_key(|slot| (self.freed_at.get(rank(slot)).copied(), slot.0))
            }
        }
    }

    /// Gives a channel to a call; the one that held it loses it.
    pub(super) fn take(&mut self, slot: Timeslot, call: Key) {
        assert!(self.exists(slot), "only channels of the interface are taken");
        self.holders[usize::from(slot.0)] = Some(call);
        self.last_taken = slot;
    }

    /// Takes a channel back from a call; nothing where another call holds it by now.
    pub(super) fn give_back(&mut self, slot: Timeslot, call: Key) {
        if self.holder(slot) != Some(call) {
            return;
        }
        self.freed += 1;
        self.holders[usize::from(slot.0)] = None;
        self.freed_at[usize::from(slot.0)] = self.freed;
    }

    pub(super) fn block(&mut self, slot: Timeslot) {
        self.blocked.insert(slot);
    }

    pub(super) fn unblock(&mut self, slot: Timeslot) {
        self.blocked.remove(slot);
        self.failed.remove(slot);
    }

    pub(super) fn set_out_of_service(&mut self, slots: SlotSet, out: bool) {
        let slots = slots.and(self.rented);
        self.out_of_service =
            if out { self.out_of_service.or(slots) } else { self.out_of_service.minus(slots) };
    }

    pub(super) fn restarting(&mut self, slots: SlotSet) {
        self.restarting = self.restarting.or(slots.and(self.rented));
        self.failed = self.failed.minus(slots);
    }

    /// The restart of these is done: nothing of before keeps them from use.
    pub(super) fn restarted(&mut self, slots: SlotSet) {
        self.restarting = self.restarting.minus(slots);
        self.failed = self.failed.minus(slots);
        self.out_of_service = self.out_of_service.minus(slots);
    }

    pub(super) fn restart_failed(&mut self, slots: SlotSet) {
        self.restarting = self.restarting.minus(slots);
        self.failed = self.failed.or(slots.and(self.rented));
    }

    pub(super) const fn failed(&self) -> SlotSet {
        self.failed
    }

    /// A channel in the page's words; `call` is how the page shows the call on it.
    pub(super) fn state(&self, slot: Timeslot, call: Option<SlotState>) -> SlotState {
        if slot == D_CHANNEL {
            return SlotState::Signalling;
        }
        if !self.exists(slot) {
            return SlotState::Unused;
        }
        if let Some(shown) = call {
            return shown;
        }
        if self.restarting.contains(slot) {
            SlotState::Restarting
        } else if self.blocked.contains(slot) {
            SlotState::Blocked
        } else if self.out_of_service.or(self.failed).contains(slot) {
            SlotState::BlockedByPeer
        } else {
            SlotState::Idle
        }
    }
}

const SLOTS: usize = E1_TIMESLOTS as usize + 1;
