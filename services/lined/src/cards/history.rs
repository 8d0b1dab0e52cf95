//! Facts of the cards' history on their way to the vault: kept in order until they are durable there.

use idl::lines::LinedToVault;
use idl::spans::{MAX_WAITING_FACTS, SpanFact};
use std::collections::VecDeque;
use std::sync::Arc;
use vocab::UnixMs;

/// Facts that wait.
#[derive(Debug)]
pub struct History {
    life: u64,
    next: u64,
    waiting: VecDeque<(u64, UnixMs, SpanFact)>,
    sent: usize,
    given_up: u64,
}

impl History {
    /// Nothing waits. `life` tells this run of the process from all others.
    #[must_use]
    pub fn new(life: u64) -> Self {
        Self { life, next: 1, waiting: VecDeque::new(), sent: 0, given_up: 0 }
    }

    /// Adds a fact. When too many wait, the oldest quarter of an hour is given up, or else the oldest fact.
    pub fn push(&mut self, at: UnixMs, fact: SpanFact) {
        if self.waiting.len() >= MAX_WAITING_FACTS {
            let quarter = self.waiting.iter().position(|(_, _, fact)| matches!(fact, SpanFact::Quality(_)));
            let at = quarter.unwrap_or(0);
            self.waiting.remove(at);
            self.sent -= usize::from(at < self.sent);
            self.given_up += 1;
            log::error!(target: "cards", given_up = self.given_up ; "the vault takes no history: facts are lost");
        }
        self.waiting.push_back((self.next, at, fact));
        self.next += 1;
    }

    /// The next fact that was not sent on this connection.
    #[must_use]
    pub fn unsent(&self) -> Option<Arc<LinedToVault>> {
        let (seq, at, fact) = self.waiting.get(self.sent)?;
        Some(Arc::new(LinedToVault::SpanFact { life: self.life, seq: *seq, at: *at, fact: fact.clone() }))
    }

    /// The connection took it.
    pub fn handed_over(&mut self) {
        self.sent = (self.sent + 1).min(self.waiting.len());
    }

    /// A new connection: everything is sent again.
    pub fn reconnected(&mut self) {
        self.sent = 0;
    }

    /// A fact is durable, and with it all before it.
    pub fn stored(&mut self, life: u64, seq: u64) {
        while life == self.life && self.waiting.front().is_some_and(|(first, _, _)| *first <= seq) {
            self.waiting.pop_front();
            self.sent = self.sent.saturating_sub(1);
        }
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
    use super::History;
    use idl::lines::LinedToVault;
    use idl::spans::{LinkState, MAX_WAITING_FACTS, QualityBin, SpanFact};
    use vocab::{SpanId, UnixMs};

    fn link(state: LinkState) -> SpanFact {
        SpanFact::Link { span: SpanId(1), state }
    }

    fn quarter(began: i64) -> SpanFact {
        SpanFact::Quality(QualityBin {
            span: SpanId(1),
            began: UnixMs(began),
            seconds: 900,
            es: 0,
            ses: 0,
            uas: 0,
            bipolar: 0,
            crc4: 0,
            e_bit: 0,
            frame: 0,
            slips: 0,
        })
    }

    fn unsent(history: &mut History) -> Vec<u64> {
        let mut sent = Vec::new();
        while let Some(message) = history.unsent() {
            if let LinedToVault::SpanFact { seq, .. } = &*message {
                sent.push(*seq);
            }
            history.handed_over();
        }
        sent
    }

    #[test]
    fn what_was_not_stored_is_sent_again_on_the_next_connection() {
        let mut history = History::new(7);
        for _ in 0..3 {
            history.push(UnixMs(0), link(LinkState::Up));
        }
        assert_eq!(unsent(&mut history), [1, 2, 3]);
        history.stored(6, 3);
        assert_eq!(history.len(), 3, "another life's number says nothing");
        history.stored(7, 1);
        history.reconnected();
        assert_eq!(unsent(&mut history), [2, 3]);
        history.stored(7, 3);
        assert!(history.is_empty());
    }

    #[test]
    fn a_full_queue_gives_up_a_quarter_of_an_hour_before_an_alarm() {
        let mut history = History::new(7);
        history.push(UnixMs(0), link(LinkState::Down));
        history.push(UnixMs(0), quarter(1));
        assert_eq!(unsent(&mut history), [1, 2]);
        for _ in 0..MAX_WAITING_FACTS - 1 {
            history.push(UnixMs(0), link(LinkState::Up));
        }
        assert_eq!(history.len(), MAX_WAITING_FACTS);
        assert_eq!(unsent(&mut history).first(), Some(&3), "what was handed over is not sent twice");
        history.reconnected();
        assert_eq!(unsent(&mut history)[..2], [1, 3]);
    }
}
