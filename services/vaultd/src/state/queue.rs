//! The contacts of a campaign, eight bytes each, and the order in which they fall due.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashSet};
use vocab::{ContactId, SECOND_MS, UnixMs};

/// Where a contact stands in its campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SlotState {
    /// To be tried.
    Open,
    /// Being called.
    InCall,
    /// Done with.
    Done,
}

/// One contact of a campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slot {
    /// Not to be tried before this second of Unix time; 0 for a fresh contact.
    pub not_before_s: u32,
    /// Attempts within this campaign.
    pub tries: u8,
    /// Where it stands.
    pub state: SlotState,
}

const FRESH: Slot = Slot { not_before_s: 0, tries: 0, state: SlotState::Open };

/// The contacts of one campaign.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Queue {
    /// Each batch's first contact and its number of rows, in the order of the slots.
    ranges: Vec<(ContactId, u32)>,
    slots: Vec<Slot>,
    left: u64,
}

impl Queue {
    /// All contacts of these batches, none tried.
    #[must_use]
    pub fn new(ranges: Vec<(ContactId, u32)>) -> Self {
        let all: usize = ranges.iter().map(|(_, rows)| *rows as usize).sum();
        Self { ranges, slots: vec![FRESH; all], left: all as u64 }
    }

    /// Contacts not done with.
    #[must_use]
    pub const fn left(&self) -> u64 {
        self.left
    }

    /// All contacts.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.slots.len() as u64
    }

    /// The slot's place of a contact.
    #[must_use]
    pub fn index_of(&self, contact: ContactId) -> Option<u32> {
        let mut base = 0_u32;
        for &(first, rows) in &self.ranges {
            if let Some(offset) = contact.0.checked_sub(first.0).filter(|offset| *offset < u64::from(rows)) {
                return u32::try_from(offset).ok().map(|offset| base + offset);
            }
            base += rows;
        }
        None
    }

    /// The contact of a slot.
    #[must_use]
    pub fn contact_at(&self, index: u32) -> Option<ContactId> {
        let mut base = 0_u32;
        for &(first, rows) in &self.ranges {
            if index - base < rows {
                return Some(ContactId(first.0 + u64::from(index - base)));
            }
            base += rows;
        }
        None
    }

    /// A contact's slot.
    #[must_use]
    pub fn slot(&self, contact: ContactId) -> Option<Slot> {
        self.slots.get(self.index_of(contact)? as usize).copied()
    }

    /// Changes a contact's slot; answers its place if the contact is one of this campaign.
    pub fn change(&mut self, contact: ContactId, change: impl FnOnce(&mut Slot)) -> Option<u32> {
        let index = self.index_of(contact)?;
        let slot = self.slots.get_mut(index as usize)?;
        let was_done = slot.state == SlotState::Done;
        change(slot);
        match (was_done, slot.state == SlotState::Done) {
            (false, true) => self.left -= 1,
            (true, false) => self.left += 1,
            (true, true) | (false, false) => {}
        }
        Some(index)
    }

    fn len(&self) -> u32 {
        u32::try_from(self.slots.len()).unwrap_or(u32::MAX)
    }
}

/// The order in which open contacts fall due. Not stored: made from the queue at each start, so that
/// contacts given out before a restart are simply to be had again.
#[derive(Debug, Default)]
pub struct Due {
    next_fresh: u32,
    waiting: BTreeSet<(u32, u32)>,
    given: HashSet<u32>,
}

impl Due {
    /// The order of a queue nobody has taken from.
    #[must_use]
    pub fn of(queue: &Queue) -> Self {
        let mut due = Self { next_fresh: queue.len(), ..Self::default() };
        let fresh = queue.slots.iter().rposition(|slot| *slot != FRESH).map_or(0, |last| last + 1);
        due.next_fresh = u32::try_from(fresh).unwrap_or(u32::MAX);
        for (index, slot) in queue.slots[..fresh].iter().enumerate() {
            if slot.state == SlotState::Open {
                due.waiting.insert((slot.not_before_s, u32::try_from(index).unwrap_or(u32::MAX)));
            }
        }
        due
    }

    /// Takes at most `max` contacts that may be tried now: those that waited first, then fresh ones.
    pub fn take(&mut self, queue: &Queue, now: UnixMs, max: usize) -> Vec<ContactId> {
        let now_s = seconds(now);
        let mut taken = Vec::new();
        while taken.len() < max {
            let waited = self.waiting.first().copied().filter(|(at, _)| *at <= now_s);
            let index = if let Some(first) = waited {
                self.waiting.remove(&first);
                first.1
            } else if self.next_fresh < queue.len() {
                self.next_fresh += 1;
                self.next_fresh - 1
            } else {
                break;
            };
            if queue.slots[index as usize].state == SlotState::Open && self.given.insert(index) {
                taken.extend(queue.contact_at(index));
            }
        }
        taken
    }

    /// When to ask again while nothing can be had; `None` if nothing is left.
    #[must_use]
    pub fn again_at(&self, queue: &Queue, now: UnixMs) -> Option<UnixMs> {
        if let Some((at, _)) = self.waiting.first() {
            return Some(UnixMs((i64::from(*at) * SECOND_MS).max(now.0 + SECOND_MS)));
        }
        (queue.left > 0).then(|| now.plus(ASK_AGAIN_MS))
    }

    /// A contact's slot changed: it is to be had again when it is open.
    pub fn settle(&mut self, queue: &Queue, contact: ContactId) {
        let Some(index) = queue.index_of(contact) else {
            return;
        };
        self.given.remove(&index);
        if index >= self.next_fresh {
            return;
        }
        if let Some(slot) = queue.slots.get(index as usize).filter(|slot| slot.state == SlotState::Open) {
            self.waiting.insert((slot.not_before_s, index));
        }
    }

    /// Everything given out and not used is to be had again: who took it is gone.
    pub fn return_all(&mut self, queue: &Queue) {
        for index in std::mem::take(&mut self.given) {
            if let Some(slot) = queue.slots.get(index as usize).filter(|slot| slot.state == SlotState::Open) {
                self.waiting.insert((slot.not_before_s, index));
            }
        }
    }
}

/// The second of Unix time in which `at` lies, rounded up so that nothing falls due too early.
#[must_use]
pub fn seconds(at: UnixMs) -> u32 {
    u32::try_from(at.0.max(0) / SECOND_MS).unwrap_or(u32::MAX)
}

/// While all that is left is being called or was given out, ask again after this.
const ASK_AGAIN_MS: i64 = 5 * SECOND_MS;

#[cfg(test)]
mod tests {
    use super::{Due, Queue, SlotState};
    use vocab::{ContactId, UnixMs};

    fn queue() -> Queue {
        Queue::new(vec![(ContactId(10), 2), (ContactId(100), 1)])
    }

    #[test]
    fn a_contact_given_out_is_not_given_again_before_it_is_settled() {
        let (queue, mut due) = (queue(), Due::default());
        let first = due.take(&queue, UnixMs(0), 2);
        assert_eq!(first, [ContactId(10), ContactId(11)]);
        assert_eq!(due.take(&queue, UnixMs(0), 9), [ContactId(100)]);
        assert_eq!(due.take(&queue, UnixMs(0), 9), []);
        due.settle(&queue, ContactId(11));
        assert_eq!(due.take(&queue, UnixMs(0), 9), [ContactId(11)]);
    }

    #[test]
    fn what_waited_comes_when_it_is_due_and_before_fresh_contacts() {
        let (mut queue, mut due) = (queue(), Due::default());
        let _ = due.take(&queue, UnixMs(0), 1);
        queue.change(ContactId(10), |slot| slot.not_before_s = 60);
        due.settle(&queue, ContactId(10));
        assert_eq!(due.take(&queue, UnixMs(59_000), 1), [ContactId(11)]);
        assert_eq!(due.take(&queue, UnixMs(60_000), 9), [ContactId(10), ContactId(100)]);
    }

    #[test]
    fn after_a_restart_what_was_given_out_is_to_be_had_again() {
        let (mut queue, mut due) = (queue(), Due::default());
        let _ = due.take(&queue, UnixMs(0), 9);
        queue.change(ContactId(10), |slot| slot.state = SlotState::Done);
        let mut again = Due::of(&queue);
        assert_eq!(again.take(&queue, UnixMs(0), 9), [ContactId(11), ContactId(100)]);
        assert_eq!(queue.left(), 2);
        assert!(due.again_at(&queue, UnixMs(0)).is_some());
    }
}
