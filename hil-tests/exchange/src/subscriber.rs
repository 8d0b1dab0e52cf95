//! A called subscriber: walks the script of the number, step by step, in the words of call control.

use crate::sound::Talk;
use carrier::behaviour::{During, Script, Sound, Step, Times, code_of, script};
use q931::CauseValue;
use vocab::{Millis, Timeslot};

/// What the subscriber does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// CALL PROCEEDING.
    Proceed,
    /// ALERTING.
    Alert,
    /// PROGRESS with something to hear.
    Progress,
    /// CONNECT.
    Answer,
    /// DISCONNECT before an answer, for this SIP status of the table.
    Refuse(u16),
    /// DISCONNECT of an answered call.
    HangUp,
}

/// A subscriber in a call.
#[derive(Debug)]
pub struct Subscriber {
    /// Its number in the journal.
    pub serial: u64,
    /// The number that was called.
    pub number: String,
    /// Where it is heard.
    pub slot: Timeslot,
    /// What it says and hears.
    pub talk: Talk,
    /// Whether it answered.
    pub answered: bool,
    script: Script,
    began: Millis,
    answered_at: Option<Millis>,
    next: usize,
    hung_up: bool,
}

impl Subscriber {
    /// A subscriber whose telephone is about to ring.
    pub fn new(
        now: Millis,
        serial: u64,
        number: String,
        slot: Timeslot,
        code: Option<u8>,
        times: Times,
    ) -> Self {
        let code = code.or_else(|| code_of(&number)).unwrap_or(0);
        Self {
            serial,
            talk: Talk::new(&number),
            slot,
            answered: false,
            script: script(code, times),
            began: now,
            answered_at: None,
            next: 0,
            hung_up: false,
            number,
        }
    }

    /// What is due now, one thing at a time.
    pub fn due(&mut self, now: Millis) -> Option<Act> {
        if let Some(answered) = self.answered_at {
            let over = self.script.hang_up_after_ms.is_some_and(|after| now >= answered + after);
            return (over && !std::mem::replace(&mut self.hung_up, true)).then_some(Act::HangUp);
        }
        let (at, step) = *self.script.before.get(self.next)?;
        if now < self.began + at {
            return None;
        }
        self.next += 1;
        match step {
            Step::Trying => Some(Act::Proceed),
            Step::Ringing | Step::RingingForked => Some(Act::Alert),
            Step::EarlyMedia | Step::ReliableProgress => {
                self.talk.speak(Sound::Ringback, None);
                if step == Step::ReliableProgress {
                    self.script.before.push((at + self.script.answer_after_prack_ms, Step::Answer));
                }
                Some(Act::Progress)
            }
            Step::Answer | Step::AnswerForked | Step::AnswerBroken => Some(Act::Answer),
            Step::Refuse(status) => Some(Act::Refuse(status)),
            Step::RefuseBroken => Some(Act::Refuse(500)),
        }
    }

    /// The answer is confirmed: it speaks.
    pub fn connected(&mut self, now: Millis) {
        if self.answered_at.is_none() {
            self.answered = true;
            self.answered_at = Some(now);
            // A line has neither session refresh nor hold; a subscriber of those rows just talks.
            debug_assert!(matches!(self.script.during, During::Listen | During::Refresh | During::Hold));
            self.talk.speak(self.script.sound, self.script.press);
        }
    }
}

/// The cause of a refusal of the table.
pub fn cause_of(status: u16) -> CauseValue {
    match status {
        486 | 600 => CauseValue::UserBusy,
        603 => CauseValue::CallRejected,
        404 => CauseValue::UnallocatedNumber,
        480 => CauseValue::SubscriberAbsent,
        408 => CauseValue::NoUserResponding,
        503 => CauseValue::NoChannelAvailable,
        500 => CauseValue::TemporaryFailure,
        606 => CauseValue::BearerNotImplemented,
        _ => CauseValue::NormalUnspecified,
    }
}
