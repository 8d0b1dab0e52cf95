//! Facts on their way to `vaultd`: numbered within each call, kept until durable, sent in order again after a
//! reconnect. It holds no socket.

use idl::lines::{CallFact, LinedToVault};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use vocab::{CallId, UnixMs};

/// Most facts kept; live calls are bounded and each makes a handful, so more is a bug.
pub const MAX_FACTS: usize = 65_536;

/// The queue.
#[derive(Debug, Default)]
pub struct Facts {
    waiting: VecDeque<Waiting>,
    /// How many at the front were handed to the present connection.
    sent: usize,
    next: HashMap<CallId, u32>,
}

#[derive(Debug)]
struct Waiting {
    call: CallId,
    seq: u32,
    message: Arc<LinedToVault>,
}

impl Facts {
    /// Adds a fact and answers its number within the call.
    ///
    /// # Panics
    /// If more than [`MAX_FACTS`] wait: calls are bounded, so facts are.
    pub fn push(&mut self, call: CallId, at: UnixMs, fact: CallFact) -> u32 {
        assert!(self.waiting.len() < MAX_FACTS, "calls are bounded, so facts are");
        let next = self.next.entry(call).or_insert(1);
        let seq = *next;
        *next += 1;
        let message = Arc::new(LinedToVault::Fact { call, seq, at, fact });
        self.waiting.push_back(Waiting { call, seq, message });
        seq
    }

    /// A fact is durable; whether it was waiting for that.
    pub fn stored(&mut self, call: CallId, seq: u32) -> bool {
        let Some(at) = self.waiting.iter().position(|fact| fact.call == call && fact.seq == seq) else {
            return false;
        };
        self.waiting.remove(at);
        if at < self.sent {
            self.sent -= 1;
        }
        true
    }

    /// The numbering of a call that is over may be forgotten once all its facts are durable.
    pub fn forget(&mut self, call: CallId) {
        if !self.waiting.iter().any(|fact| fact.call == call) {
            self.next.remove(&call);
        }
    }

    /// A new connection: everything that waits is sent again.
    pub fn reconnected(&mut self) {
        self.sent = 0;
    }

    /// The next fact to send on this connection.
    #[must_use]
    pub fn unsent(&self) -> Option<Arc<LinedToVault>> {
        self.waiting.get(self.sent).map(|fact| Arc::clone(&fact.message))
    }

    /// The fact of [`Facts::unsent`] was handed over.
    pub fn handed_over(&mut self) {
        self.sent = (self.sent + 1).min(self.waiting.len());
    }

    /// Calls with facts that are not durable yet.
    #[must_use]
    pub fn calls(&self) -> Vec<CallId> {
        let mut calls: Vec<CallId> = self.waiting.iter().map(|fact| fact.call).collect();
        calls.sort_unstable();
        calls.dedup();
        calls
    }

    /// How many wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether none waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::Facts;
    use idl::lines::{CallFact, LinedToVault};
    use vocab::{CallId, UnixMs};

    fn numbers(facts: &mut Facts) -> Vec<(u64, u32)> {
        let mut sent = Vec::new();
        while let Some(message) = facts.unsent() {
            if let LinedToVault::Fact { call, seq, .. } = &*message {
                sent.push((call.0, *seq));
            }
            facts.handed_over();
        }
        sent
    }

    #[test]
    fn facts_count_from_one_within_their_call() {
        let mut facts = Facts::default();
        assert_eq!(facts.push(CallId(7), UnixMs(0), CallFact::Ringing), 1);
        assert_eq!(facts.push(CallId(8), UnixMs(0), CallFact::Ringing), 1);
        assert_eq!(facts.push(CallId(7), UnixMs(0), CallFact::Ringing), 2);
        assert_eq!(numbers(&mut facts), [(7, 1), (8, 1), (7, 2)]);
        assert_eq!(numbers(&mut facts), []);
    }

    #[test]
    fn what_is_not_durable_is_sent_again_in_order_after_a_reconnect() {
        let mut facts = Facts::default();
        for _ in 0..3 {
            facts.push(CallId(7), UnixMs(0), CallFact::Ringing);
        }
        assert_eq!(numbers(&mut facts).len(), 3);
        assert!(facts.stored(CallId(7), 2));
        assert!(!facts.stored(CallId(7), 2));
        facts.reconnected();
        assert_eq!(numbers(&mut facts), [(7, 1), (7, 3)]);
        assert_eq!(facts.calls(), [CallId(7)]);
    }

    #[test]
    fn a_fact_stored_while_others_are_unsent_does_not_skip_one() {
        let mut facts = Facts::default();
        facts.push(CallId(7), UnixMs(0), CallFact::Ringing);
        assert!(facts.unsent().is_some());
        facts.handed_over();
        facts.push(CallId(7), UnixMs(0), CallFact::Ringing);
        assert!(facts.stored(CallId(7), 1));
        assert_eq!(numbers(&mut facts), [(7, 2)]);
    }

    #[test]
    fn the_numbering_of_a_call_is_kept_while_one_of_its_facts_waits() {
        let mut facts = Facts::default();
        facts.push(CallId(7), UnixMs(0), CallFact::Ringing);
        facts.forget(CallId(7));
        assert_eq!(facts.push(CallId(7), UnixMs(0), CallFact::Ringing), 2);
        facts.stored(CallId(7), 1);
        facts.stored(CallId(7), 2);
        facts.forget(CallId(7));
        assert!(facts.is_empty());
        assert_eq!(facts.push(CallId(7), UnixMs(0), CallFact::Ringing), 1);
    }
}
