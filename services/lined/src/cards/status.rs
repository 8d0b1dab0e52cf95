//! What a span tells of itself: its alarms and errors as the card sees them, its slots, and when that is worth telling.

use super::pace::Pace;
use card::quality::Quality;
use idl::lines::TrunkState;
use idl::spans::{Alarms, LinkState, SlotState, SpanCounters, SpanFact};
use vocab::{Millis, SpanId, UnixMs};

/// A status that changes is told so often at most.
pub(super) const STATUS_MS: u64 = 500;
/// Alarms and counters are asked for so often at least.
pub(super) const LOOK_MS: u64 = 1_000;

/// The state of a span's line.
#[derive(Debug)]
pub(super) struct Line {
    pub alarms: Alarms,
    pub since: UnixMs,
    pub counters: SpanCounters,
    pub slots: Vec<SlotState>,
    pub quality: Option<Quality>,
    pub next_look: Millis,
    next_told: Millis,
    changed: bool,
    told_alarms: Pace<Alarms>,
    told_link: Pace<LinkState>,
}

impl Line {
    pub fn new(span: SpanId, slots: u8, is_e1: bool) -> Self {
        let alarms = Alarms { not_open: true, ..Alarms::default() };
        Self {
            alarms,
            since: UnixMs(0),
            counters: SpanCounters::default(),
            slots: vec![SlotState::Unused; usize::from(slots)],
            quality: is_e1.then(|| Quality::new(span)),
            next_look: Millis(0),
            next_told: Millis(0),
            changed: true,
            told_alarms: Pace::new(alarms),
            told_link: Pace::new(LinkState::None),
        }
    }

    /// The card's word of now.
    pub fn see(&mut self, alarms: Alarms, counters: SpanCounters, wall: UnixMs) {
        self.changed |= counters != self.counters;
        self.counters = counters;
        if alarms != self.alarms {
            self.alarms = alarms;
            self.told_alarms.stands(alarms);
            self.since = wall;
            self.changed = true;
        }
    }

    /// The data link came to another state.
    pub fn link(&mut self, state: LinkState) {
        self.told_link.stands(state);
        self.changed = true;
    }

    /// Facts of the history that are due.
    pub fn facts(&mut self, span: SpanId, now: Millis) -> impl Iterator<Item = SpanFact> {
        let alarms = self.told_alarms.due(now).map(|(before, now)| SpanFact::Alarms { span, before, now });
        let link = self.told_link.due(now).map(|(_, state)| SpanFact::Link { span, state });
        alarms.into_iter().chain(link)
    }

    /// Whether the line or its data link comes and goes.
    pub fn bounces(&self, now: Millis) -> bool {
        self.told_alarms.is_spent(now) || self.told_link.is_spent(now)
    }

    /// A slot changed.
    pub fn set_slot(&mut self, slot: vocab::Timeslot, state: SlotState) {
        let at = usize::from(slot.0).wrapping_sub(1);
        if let Some(known) = self.slots.get_mut(at)
            && *known != state
        {
            *known = state;
            self.changed = true;
        }
    }

    /// Something else of the status changed.
    pub fn touch(&mut self) {
        self.changed = true;
    }

    /// Whether the status is to be told now; it counts as told.
    pub fn due(&mut self, now: Millis) -> bool {
        let due = self.changed && now >= self.next_told;
        if due {
            self.changed = false;
            self.next_told = now + STATUS_MS;
        }
        due
    }

    /// When the next look or word is due.
    pub fn deadline(&self) -> Millis {
        let told = self.changed.then_some(self.next_told);
        let facts = [self.told_alarms.deadline(), self.told_link.deadline()].into_iter().flatten();
        facts.chain(told).fold(self.next_look, Millis::min)
    }
}

/// Whether a span takes calls, and why not.
pub(super) fn trunk_state(alarms: Alarms, link: LinkState) -> (TrunkState, &'static str) {
    match link {
        _ if alarms.not_open => (TrunkState::Down, "the card is not there: check card and driver"),
        _ if alarms.los => (TrunkState::Down, "loss of signal: check the cable"),
        _ if alarms.blue => {
            (TrunkState::Down, "AIS: the carrier's equipment sends all ones; call the carrier")
        }
        _ if alarms.red => {
            (TrunkState::Down, "loss of frame: check coding, framing and CRC-4 with the carrier")
        }
        _ if alarms.yellow => (TrunkState::Down, "the far side does not receive us: check our transmit pair"),
        _ if alarms.recovering => (TrunkState::Down, "the signal is back and is being watched"),
        _ if alarms.loopback => (TrunkState::Down, "a loop is closed for a test: open it"),
        LinkState::Up => (TrunkState::Up, "ready"),
        LinkState::None => (TrunkState::Up, "ready"),
        LinkState::Down | LinkState::Establishing => {
            (TrunkState::Down, "no data link on the D channel: check side (user or network) and the carrier")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::trunk_state;
    use idl::lines::TrunkState;
    use idl::spans::{Alarms, LinkState};

    #[test]
    fn lin_06_any_alarm_and_any_missing_data_link_takes_a_span_out_of_use_and_says_why_in_both_languages() {
        let none = Alarms::default();
        let alarms = [
            Alarms { los: true, red: true, ..none },
            Alarms { red: true, ..none },
            Alarms { yellow: true, ..none },
            Alarms { blue: true, ..none },
            Alarms { recovering: true, ..none },
            Alarms { loopback: true, ..none },
            Alarms { not_open: true, ..none },
        ];
        let mut reasons: Vec<_> = alarms.map(|alarms| trunk_state(alarms, LinkState::Up)).into();
        reasons.extend([LinkState::Down, LinkState::Establishing].map(|link| trunk_state(none, link)));
        for (state, reason) in reasons {
            assert_eq!(state, TrunkState::Down, "{reason}");
            assert_ne!(idl::reasons::chinese(reason), reason, "{reason}");
        }
        let (state, reason) = trunk_state(none, LinkState::Up);
        assert_eq!(state, TrunkState::Up);
        assert_ne!(idl::reasons::chinese(reason), reason);
    }
}
