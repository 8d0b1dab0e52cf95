//! The FXO line: a line to an exchange, on which this box only calls out.
//!
//! The table is what the code does; a test walks every cell. Columns are states: **X** not connected, **I** idle,
//! **R** incoming call (never answered), **S** seized and waiting for dial tone, **D** dialling, **L** dialled and
//! listening, **A** ringback heard, **C** connected, **G** guard time after release, **O** the same with the loop
//! open. A cell holds the next state and the action; `·` is no change.
//!
//! | input | X | I | R | S | D | L | A | C | G | O |
//! |---|---|---|---|---|---|---|---|---|---|---|
//! | Dial | X dead | S seize | R refuse | S refuse | D refuse | L refuse | A refuse | C refuse | G refuse | O refuse |
//! | HangUp | · | · | · | G Ours | G Ours | G Ours | G Ours | G Ours | · | · |
//! | RingBegins | R ring | R ring | R again | G Glare | · | · | · | · | R ring | R ring |
//! | RingEnds | · | · | · | · | · | · | · | · | · | · |
//! | Polarity | · | R watch | · | · | · | C answer | C answer | G FarHungUp | · | · |
//! | LoopOpen | · | X unplug | X unplug | O NotConnected | O Dropped | O Dropped | O Dropped | O FarHungUp | O | · |
//! | LoopClosed | I free | · | · | · | · | · | · | · | · | G |
//! | Dialled | · | · | · | · | L dialled | · | · | · | · | · |
//! | DialTone | · | · | · | D dial | · | G NotDialled | G Dropped | G FarHungUp | · | · |
//! | Ringback | · | · | · | G Refused | · | A alert | · | · | · | · |
//! | Busy | · | · | · | G Refused | · | G Busy | G NoAnswer | G FarHungUp | · | · |
//! | Congestion | · | · | · | G Refused | · | G Congestion | G Congestion | G FarHungUp | · | · |
//! | Unobtainable | · | · | · | G Refused | · | G Unobtainable | G Unobtainable | G FarHungUp | · | · |
//! | Voice | · | · | · | · | · | · | · | · | · | · |
//! | AnswerVoice | · | · | · | · | · | C voice | C voice | · | · | · |
//! | Caller | · | R caller | R caller | · | · | · | · | · | · | · |
//! | Nothing | · | · | · | · | · | · | · | · | · | · |
//! | Timer | · | · | I free | G NoDialTone | G NotDialled | G NoProgress | G NoAnswer | · | I free | X unplug |
//! | BlindTimer | · | · | · | D dial | · | · | · | · | · | · |
//!
//! Which input a fact is depends on the configuration: a voice is *AnswerVoice* where the line answers by voice and
//! ringback was heard before ([`FxoConfig::voice_before_ringback`] lifts that), else *Voice*; the howler is *Busy*;
//! SIT is *Unobtainable*; the end of the time for dial tone is *BlindTimer* where dialling blindly is allowed. A
//! reversal in **C** means hanging up only where the answer was a reversal, too. A voice cannot be told from a
//! melody that the callee's carrier plays instead of ringback: where such melodies are usual, only polarity
//! reversal tells the answer for sure.

mod audio;
mod config;
mod sign;
#[cfg(test)]
mod tests;

pub use audio::{FxoAudio, FxoAudioOrder, FxoEar};
pub use config::FxoConfig;
use sign::Sign;

use crate::caller_id::RawCallerId;
use crate::cause::LineCause;
use crate::dial::{DialString, DtmfSender};
use card::{HookState, LineEvent, LineSignal};
use idl::spans::SlotState;
use vocab::Millis;

/// What an FXO line is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FxoState {
    /// No loop current.
    Disconnected,
    /// Free.
    Idle,
    /// The exchange rings, or announces a caller.
    Incoming,
    /// Off-hook, waiting for dial tone.
    Seized,
    /// Digits are being sent.
    Dialling,
    /// Dialled, nothing decisive heard yet.
    Listening,
    /// Ringback was heard.
    Alerting,
    /// Answered.
    Connected,
    /// On-hook again, not to be used yet.
    Guard,
    /// The same, and the exchange holds the loop open.
    GuardOpen,
}

impl FxoState {
    /// Every one, in the order of the table's columns.
    pub const ALL: [Self; 10] = [
        Self::Disconnected,
        Self::Idle,
        Self::Incoming,
        Self::Seized,
        Self::Dialling,
        Self::Listening,
        Self::Alerting,
        Self::Connected,
        Self::Guard,
        Self::GuardOpen,
    ];
}

/// What happens to an FXO line.
#[derive(Debug, Clone, Copy)]
pub enum FxoInput {
    /// Make a call.
    Dial(DialString),
    /// End the call.
    HangUp,
    /// The card saw something.
    Line(LineEvent),
    /// The media thread's half tells something.
    Ear(FxoEar),
}

/// How an answer was known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AnsweredBy {
    /// The exchange reversed the polarity.
    Polarity,
    /// A voice was heard.
    Voice,
}

/// What an FXO line tells.
#[expect(
    clippy::large_enum_variant,
    reason = "it crosses from the media thread by value: nothing there may take memory"
)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FxoReport {
    /// All digits are sent.
    Dialled,
    /// It rings there.
    Alerting,
    /// It was answered.
    Answered(AnsweredBy),
    /// The call is over; the line is in its guard time.
    Ended(LineCause),
    /// The order to dial was not carried out; what was going on goes on.
    Refused(LineCause),
    /// Somebody calls in: told once a call, never answered.
    Incoming,
    /// Who that is, unread.
    Caller(RawCallerId),
    /// The line can be used.
    Free,
    /// The line has no loop current.
    Unplugged,
}

/// What an FXO line wants done.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum FxoOutput {
    /// By the card.
    Signal(LineSignal),
    /// By the media thread's half.
    Audio(FxoAudioOrder),
    /// By whoever places calls.
    Report(FxoReport),
}

/// One FXO line.
#[derive(Debug)]
pub struct Fxo {
    config: FxoConfig,
    state: FxoState,
    number: Option<DialString>,
    answered_by: Option<AnsweredBy>,
    /// The incoming call was reported.
    told: bool,
    timer: Option<Millis>,
}

impl Fxo {
    /// A line that is free until the card says that its loop is open.
    #[must_use]
    pub const fn new(config: FxoConfig) -> Self {
        Self { config, state: FxoState::Idle, number: None, answered_by: None, told: false, timer: None }
    }

    /// What it is doing.
    #[must_use]
    pub const fn state(&self) -> FxoState {
        self.state
    }

    /// The same for the page's grid.
    #[must_use]
    pub const fn slot_state(&self) -> SlotState {
        match self.state {
            FxoState::Disconnected => SlotState::Disconnected,
            FxoState::Idle => SlotState::Idle,
            FxoState::Seized | FxoState::Dialling | FxoState::Listening => SlotState::Dialling,
            FxoState::Incoming | FxoState::Alerting => SlotState::Ringing,
            FxoState::Connected => SlotState::Connected,
            FxoState::Guard | FxoState::GuardOpen => SlotState::Clearing,
        }
    }

    /// When [`Fxo::expire`] must be called.
    #[must_use]
    pub const fn deadline(&self) -> Option<Millis> {
        self.timer
    }

    /// Takes what happened.
    pub fn step(&mut self, now: Millis, input: FxoInput, out: &mut Vec<FxoOutput>) {
        if let FxoInput::Dial(number) = input
            && self.state == FxoState::Idle
        {
            self.number = Some(number);
        }
        let sign = self.sign_of(input);
        self.take(now, sign, out);
    }

    /// Takes the passing of time; nothing happens before the deadline.
    pub fn expire(&mut self, now: Millis, out: &mut Vec<FxoOutput>) {
        if self.timer.is_none_or(|at| now < at) {
            return;
        }
        self.timer = None;
        let blind = self.config.blind_dial && self.state == FxoState::Seized;
        self.take(now, if blind { Sign::BlindTimer } else { Sign::Timer }, out);
    }

    #[rustfmt::skip]
    fn take(&mut self, now: Millis, sign: Sign, out: &mut Vec<FxoOutput>) {
        use FxoState::{
            Alerting, Connected, Dialling, Disconnected, Guard, GuardOpen, Idle, Incoming, Listening, Seized,
        };
        match (self.state, sign) {
            (Disconnected, Sign::Dial) => refuse(LineCause::NotConnected, out),
            (Idle, Sign::Dial) => self.seize(now, out),
            (Incoming | Seized | Dialling | Listening | Alerting | Connected | Guard | GuardOpen, Sign::Dial) => {
                refuse(LineCause::NotIdle, out);
            }
            (Seized | Dialling | Listening | Alerting | Connected, Sign::HangUp) => self.end(now, Guard, LineCause::Ours, out),
            (Disconnected | Idle | Guard | GuardOpen, Sign::RingBegins) => self.ring(now, out),
            (Incoming, Sign::RingBegins) => self.again(now, out),
            (Seized, Sign::RingBegins) => self.end(now, Guard, LineCause::Glare, out),
            (Idle, Sign::Polarity) => self.watch(now, out),
            (Listening | Alerting, Sign::Polarity) => self.answer(AnsweredBy::Polarity, out),
            (Idle | Incoming, Sign::LoopOpen) | (GuardOpen, Sign::Timer) => self.unplug(out),
            (Seized, Sign::LoopOpen) => self.end(now, GuardOpen, LineCause::NotConnected, out),
            (Dialling | Listening | Alerting, Sign::LoopOpen) => self.end(now, GuardOpen, LineCause::Dropped, out),
            (Connected, Sign::LoopOpen) => self.end(now, GuardOpen, LineCause::FarHungUp, out),
            (Guard, Sign::LoopOpen) => self.state = GuardOpen,
            (GuardOpen, Sign::LoopClosed) => self.state = Guard,
            (Disconnected, Sign::LoopClosed) | (Incoming | Guard, Sign::Timer) => self.free(out),
            (Dialling, Sign::Dialled) => self.dialled(now, out),
            (Seized, Sign::DialTone | Sign::BlindTimer) => self.dial(now, out),
            (Listening, Sign::DialTone) | (Dialling, Sign::Timer) => self.end(now, Guard, LineCause::NotDialled, out),
            (Alerting, Sign::DialTone) => self.end(now, Guard, LineCause::Dropped, out),
            (Connected, Sign::Polarity | Sign::DialTone | Sign::Busy | Sign::Congestion | Sign::Unobtainable) => {
                self.end(now, Guard, LineCause::FarHungUp, out);
            }
            (Seized, Sign::Ringback | Sign::Busy | Sign::Congestion | Sign::Unobtainable) => {
                self.end(now, Guard, LineCause::Refused, out);
            }
            (Listening, Sign::Ringback) => self.alert(out),
            (Listening, Sign::Busy) => self.end(now, Guard, LineCause::Busy, out),
            (Alerting, Sign::Busy | Sign::Timer) => self.end(now, Guard, LineCause::NoAnswer, out),
            (Listening | Alerting, Sign::Congestion) => self.end(now, Guard, LineCause::Congestion, out),
            (Listening | Alerting, Sign::Unobtainable) => self.end(now, Guard, LineCause::Unobtainable, out),
            (Listening | Alerting, Sign::AnswerVoice) => self.answer(AnsweredBy::Voice, out),
            (Idle | Incoming, Sign::Caller(raw)) => self.caller(now, raw, out),
            (Seized, Sign::Timer) => self.end(now, Guard, LineCause::NoDialTone, out),
            (Listening, Sign::Timer) => self.end(now, Guard, LineCause::NoProgress, out),

            (Disconnected | Idle | Incoming | Guard | GuardOpen, Sign::HangUp)
            | (Dialling | Listening | Alerting | Connected, Sign::RingBegins)
            | (Disconnected | Incoming | Seized | Dialling | Guard | GuardOpen, Sign::Polarity)
            | (Disconnected | GuardOpen, Sign::LoopOpen)
            | (Idle | Incoming | Seized | Dialling | Listening | Alerting | Connected | Guard, Sign::LoopClosed)
            | (Disconnected | Idle | Incoming | Seized | Listening | Alerting | Connected | Guard | GuardOpen, Sign::Dialled)
            | (Disconnected | Idle | Incoming | Dialling | Guard | GuardOpen,
               Sign::DialTone | Sign::Busy | Sign::Congestion | Sign::Unobtainable | Sign::Ringback)
            | (Alerting | Connected, Sign::Ringback)
            | (Disconnected | Idle | Incoming | Seized | Dialling | Connected | Guard | GuardOpen, Sign::AnswerVoice)
            | (Disconnected | Seized | Dialling | Listening | Alerting | Connected | Guard | GuardOpen, Sign::Caller(_))
            | (Disconnected | Idle | Connected, Sign::Timer)
            | (Disconnected | Idle | Incoming | Dialling | Listening | Alerting | Connected | Guard | GuardOpen, Sign::BlindTimer)
            | (Disconnected | Idle | Incoming | Seized | Dialling | Listening | Alerting | Connected | Guard | GuardOpen,
               Sign::RingEnds | Sign::Voice | Sign::Nothing) => {}
        }
    }

    fn seize(&mut self, now: Millis, out: &mut Vec<FxoOutput>) {
        self.state = FxoState::Seized;
        self.answered_by = None;
        self.timer = Some(now + self.config.dial_tone_limit_ms);
        out.push(FxoOutput::Signal(LineSignal::Hook(HookState::Off)));
        out.push(FxoOutput::Audio(FxoAudioOrder::Listen));
    }

    fn dial(&mut self, now: Millis, out: &mut Vec<FxoOutput>) {
        let Some(number) = self.number.take() else {
            // Nothing to dial is a fault of ours; the line is given back.
            return self.end(now, FxoState::Guard, LineCause::NotDialled, out);
        };
        self.state = FxoState::Dialling;
        let lasts = DtmfSender::new(number, self.config.dtmf).duration_ms();
        self.timer = Some(now + lasts + DIAL_GRACE_MS);
        out.push(FxoOutput::Audio(FxoAudioOrder::Dial(number, self.config.dtmf)));
    }

    fn dialled(&mut self, now: Millis, out: &mut Vec<FxoOutput>) {
        self.state = FxoState::Listening;
        self.timer = Some(now + self.config.answer_limit_ms);
        out.push(FxoOutput::Audio(FxoAudioOrder::Listen));
        out.push(FxoOutput::Report(FxoReport::Dialled));
    }

    /// The time for the answer goes on from the last digit.
    fn alert(&mut self, out: &mut Vec<FxoOutput>) {
        self.state = FxoState::Alerting;
        out.push(FxoOutput::Report(FxoReport::Alerting));
    }

    fn answer(&mut self, by: AnsweredBy, out: &mut Vec<FxoOutput>) {
        self.state = FxoState::Connected;
        self.timer = None;
        self.answered_by = Some(by);
        out.push(FxoOutput::Audio(FxoAudioOrder::Through));
        out.push(FxoOutput::Report(FxoReport::Answered(by)));
    }

    fn end(&mut self, now: Millis, guard: FxoState, cause: LineCause, out: &mut Vec<FxoOutput>) {
        self.state = guard;
        self.number = None;
        self.timer = Some(now + self.config.guard_ms);
        out.push(FxoOutput::Signal(LineSignal::Hook(HookState::On)));
        out.push(FxoOutput::Audio(FxoAudioOrder::Off));
        out.push(FxoOutput::Report(FxoReport::Ended(cause)));
    }

    fn ring(&mut self, now: Millis, out: &mut Vec<FxoOutput>) {
        self.state = FxoState::Incoming;
        self.timer = Some(now + self.config.ring_gap_ms);
        self.told = true;
        out.push(FxoOutput::Audio(FxoAudioOrder::Caller));
        out.push(FxoOutput::Report(FxoReport::Incoming));
    }

    /// The next ring of the same call, or the first of one that a reversal or a number announced.
    fn again(&mut self, now: Millis, out: &mut Vec<FxoOutput>) {
        self.timer = Some(now + self.config.ring_gap_ms);
        if !std::mem::replace(&mut self.told, true) {
            out.push(FxoOutput::Report(FxoReport::Incoming));
        }
    }

    /// DTMF caller numbers come after a reversal and before the first ring.
    fn watch(&mut self, now: Millis, out: &mut Vec<FxoOutput>) {
        self.state = FxoState::Incoming;
        self.told = false;
        self.timer = Some(now + self.config.caller_window_ms);
        out.push(FxoOutput::Audio(FxoAudioOrder::Caller));
    }

    fn caller(&mut self, now: Millis, raw: RawCallerId, out: &mut Vec<FxoOutput>) {
        self.state = FxoState::Incoming;
        self.timer = Some(now + self.config.ring_gap_ms);
        out.push(FxoOutput::Report(FxoReport::Caller(raw)));
    }

    fn free(&mut self, out: &mut Vec<FxoOutput>) {
        self.state = FxoState::Idle;
        self.told = false;
        self.timer = None;
        out.push(FxoOutput::Audio(FxoAudioOrder::Off));
        out.push(FxoOutput::Report(FxoReport::Free));
    }

    fn unplug(&mut self, out: &mut Vec<FxoOutput>) {
        self.state = FxoState::Disconnected;
        self.timer = None;
        out.push(FxoOutput::Audio(FxoAudioOrder::Off));
        out.push(FxoOutput::Report(FxoReport::Unplugged));
    }
}

fn refuse(cause: LineCause, out: &mut Vec<FxoOutput>) {
    out.push(FxoOutput::Report(FxoReport::Refused(cause)));
}

/// What the media thread may take longer than the digits last.
const DIAL_GRACE_MS: u64 = 2_000;
