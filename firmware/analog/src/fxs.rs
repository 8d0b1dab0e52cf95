//! The FXS line: an agent's plain telephone. The box rings it, hears its hook, gives it tones, collects its digits.
//!
//! The table is what the code does; a test walks every cell. Columns are states: **I** idle, **R** ring on, **P** pause
//! between rings, **D** dial tone, **K** collecting digits, **W** digits told and waiting for an order, **T** talking,
//! **B** busy tone, **H** howler, **L** locked out until it is hung up. `·` is no change.
//!
//! | input | I | R | P | D | K | W | T | B | H | L |
//! |---|---|---|---|---|---|---|---|---|---|---|
//! | Ring | R ring | · | · | D refuse | K refuse | W refuse | T refuse | B refuse | H refuse | L refuse |
//! | HangUp | · | I quiet | I cancel | · | · | B busy | B drop | · | · | · |
//! | Connect | I refuse | R refuse | P refuse | T through | T through | T through | · | T through | T through | T through |
//! | OffHook | D dial | T trip | T answer | · | · | · | · | · | · | · |
//! | OnHook | · | · | · | I down | I down | I down | I down | I down | I down | I down |
//! | Flash | · | · | · | · | D again | · | T flash | D again | · | · |
//! | Digit | · | · | · | K first | K next | · | T key | · | · | · |
//! | LastDigit | · | · | · | W done | W done | · | T key | · | · | · |
//! | Timer | · | P pause | R again | B busy | W tell | B busy | · | H howl | L lock | · |
//! | RingOver | · | I unanswered | I unanswered | · | · | · | · | · | · | · |
//! | Nothing | · | · | · | · | · | · | · | · | · | · |
//!
//! *LastDigit* is `#`, or the digit that fills the memory; *RingOver* is the first end of a ring or pause after the time
//! to ring. Digits in **T** are told one by one (an agent's keys for a service); the far side hears them by itself.

mod audio;
#[cfg(test)]
mod tests;

pub use audio::{FxsAudio, FxsAudioOrder};

use crate::plan::ToneKind;
use card::{HookState, LineEvent, LineSignal};
use idl::spans::SlotState;
use media::Digit;
use vocab::{Millis, Pii};

/// Most digits collected.
pub const MAX_DIGITS: usize = 32;

/// What an FXS line is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FxsState {
    /// On-hook and quiet.
    Idle,
    /// A ring burst.
    Ringing,
    /// The pause after it.
    Pause,
    /// Off-hook with dial tone.
    DialTone,
    /// Digits come.
    Collecting,
    /// Digits were told.
    Waiting,
    /// Connected.
    Talking,
    /// Busy tone.
    Busy,
    /// Howler.
    Howling,
    /// Silent until it is hung up.
    Locked,
}

impl FxsState {
    /// Every one, in the order of the table's columns.
    pub const ALL: [Self; 10] = [
        Self::Idle,
        Self::Ringing,
        Self::Pause,
        Self::DialTone,
        Self::Collecting,
        Self::Waiting,
        Self::Talking,
        Self::Busy,
        Self::Howling,
        Self::Locked,
    ];
}

/// What happens to an FXS line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FxsInput {
    /// Ring it.
    Ring,
    /// The call is over, or is not to ring any more, or what was dialled leads nowhere.
    HangUp,
    /// Let the off-hook telephone hear and speak.
    Connect,
    /// The card saw something. Raw hooks go through [`crate::hook::HookDecoder`] first.
    Line(LineEvent),
    /// The media thread's half heard a key.
    Key(Digit),
}

/// What an FXS line tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FxsReport {
    /// It was picked up while it rang.
    Answered,
    /// It was picked up by itself.
    OffHook,
    /// It was hung up.
    OnHook,
    /// Nobody picked it up in time.
    Unanswered,
    /// It is not on-hook, or not off-hook, as the order needs it.
    Refused,
    /// The hook was flashed while talking.
    Flash,
    /// A key while talking.
    Key(Pii<char>),
    /// What was dialled.
    Digits(Pii<String>),
}

/// What an FXS line wants done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FxsOutput {
    /// By the card.
    Signal(LineSignal),
    /// By the media thread's half.
    Audio(FxsAudioOrder),
    /// By whoever uses the telephone.
    Report(FxsReport),
}

/// Times of an FXS line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FxsConfig {
    /// A ring (GB/T 3380: 1 s).
    pub ring_on_ms: u64,
    /// The pause after it (4 s).
    pub ring_off_ms: u64,
    /// How long it rings in all.
    pub ring_limit_ms: u64,
    /// Dial tone without a digit.
    pub first_digit_ms: u64,
    /// Between digits.
    pub next_digit_ms: u64,
    /// For an order after digits were told.
    pub order_ms: u64,
    /// Busy tone before the howler.
    pub busy_ms: u64,
    /// The howler.
    pub howler_ms: u64,
}

impl Default for FxsConfig {
    fn default() -> Self {
        Self {
            ring_on_ms: 1_000,
            ring_off_ms: 4_000,
            ring_limit_ms: 30_000,
            first_digit_ms: 20_000,
            next_digit_ms: 4_000,
            order_ms: 10_000,
            busy_ms: 40_000,
            howler_ms: 60_000,
        }
    }
}

/// The rows of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    Ring,
    HangUp,
    Connect,
    OffHook,
    OnHook,
    Flash,
    Digit(Digit),
    LastDigit(Digit),
    Timer,
    RingOver,
    Nothing,
}

/// One FXS line.
#[derive(Debug)]
pub struct Fxs {
    config: FxsConfig,
    state: FxsState,
    digits: Pii<String>,
    timer: Option<Millis>,
    ring_until: Millis,
}

impl Fxs {
    /// A telephone that is on-hook.
    #[must_use]
    pub const fn new(config: FxsConfig) -> Self {
        Self {
            config,
            state: FxsState::Idle,
            digits: Pii::new(String::new()),
            timer: None,
            ring_until: Millis(0),
        }
    }

    /// What it is doing.
    #[must_use]
    pub const fn state(&self) -> FxsState {
        self.state
    }

    /// The same for the page's grid.
    #[must_use]
    pub const fn slot_state(&self) -> SlotState {
        match self.state {
            FxsState::Idle => SlotState::Idle,
            FxsState::Ringing | FxsState::Pause => SlotState::Ringing,
            FxsState::DialTone | FxsState::Collecting | FxsState::Waiting => SlotState::Dialling,
            FxsState::Talking => SlotState::Connected,
            FxsState::Busy | FxsState::Howling | FxsState::Locked => SlotState::Clearing,
        }
    }

    /// When [`Fxs::expire`] must be called.
    #[must_use]
    pub const fn deadline(&self) -> Option<Millis> {
        self.timer
    }

    /// Takes what happened.
    pub fn step(&mut self, now: Millis, input: FxsInput, out: &mut Vec<FxsOutput>) {
        let sign = match input {
            FxsInput::Ring => Sign::Ring,
            FxsInput::HangUp => Sign::HangUp,
            FxsInput::Connect => Sign::Connect,
            FxsInput::Key(digit) => self.sign_of_digit(digit),
            FxsInput::Line(event) => match event {
                LineEvent::Hook(HookState::Off) => Sign::OffHook,
                LineEvent::Hook(HookState::On) => Sign::OnHook,
                LineEvent::Flash => Sign::Flash,
                LineEvent::Pulse(number) => {
                    pulsed(number).map_or(Sign::Nothing, |key| self.sign_of_digit(key))
                }
                LineEvent::RingBegins
                | LineEvent::RingEnds
                | LineEvent::PolarityReversed
                | LineEvent::LoopOpen
                | LineEvent::LoopClosed => Sign::Nothing,
            },
        };
        self.take(now, sign, out);
    }

    /// Takes the passing of time; nothing happens before the deadline.
    pub fn expire(&mut self, now: Millis, out: &mut Vec<FxsOutput>) {
        if self.timer.is_none_or(|at| now < at) {
            return;
        }
        self.timer = None;
        let rings = matches!(self.state, FxsState::Ringing | FxsState::Pause);
        self.take(now, if rings && now >= self.ring_until { Sign::RingOver } else { Sign::Timer }, out);
    }

    fn sign_of_digit(&self, digit: Digit) -> Sign {
        let last = digit.as_char() == '#' || self.digits.reveal().len() + 1 >= MAX_DIGITS;
        if last { Sign::LastDigit(digit) } else { Sign::Digit(digit) }
    }

    #[rustfmt::skip]
    fn take(&mut self, now: Millis, sign: Sign, out: &mut Vec<FxsOutput>) {
        use FxsState::{Busy, Collecting, DialTone, Howling, Idle, Locked, Pause, Ringing, Talking, Waiting};
        match (self.state, sign) {
            (Idle, Sign::Ring) => self.begin_to_ring(now, out),
            (DialTone | Collecting | Waiting | Talking | Busy | Howling | Locked, Sign::Ring)
            | (Idle | Ringing | Pause, Sign::Connect) => out.push(FxsOutput::Report(FxsReport::Refused)),
            (Ringing, Sign::HangUp) => { ring(false, out); self.rest(None) }
            (Pause, Sign::HangUp) => self.rest(None),
            (Waiting, Sign::HangUp | Sign::Timer) | (DialTone, Sign::Timer) => self.busy(now, out),
            (Talking, Sign::HangUp) => self.drop_call(now, out),
            (DialTone | Collecting | Waiting | Busy | Howling | Locked, Sign::Connect) => self.talk(out),
            (Idle, Sign::OffHook) => { out.push(FxsOutput::Report(FxsReport::OffHook)); self.dial_tone(now, out) }
            (Ringing, Sign::OffHook) => { ring(false, out); self.answer(out) }
            (Pause, Sign::OffHook) => self.answer(out),
            (DialTone | Collecting | Waiting | Talking | Busy | Howling | Locked, Sign::OnHook) => self.on_hook(out),
            (Collecting | Busy, Sign::Flash) => self.dial_tone(now, out),
            (Talking, Sign::Flash) => out.push(FxsOutput::Report(FxsReport::Flash)),
            (DialTone | Collecting, Sign::Digit(digit)) => self.collect(now, digit, out),
            (DialTone | Collecting, Sign::LastDigit(digit)) => self.last(now, digit, out),
            (Talking, Sign::Digit(digit) | Sign::LastDigit(digit)) => {
                out.push(FxsOutput::Report(FxsReport::Key(Pii::new(digit.as_char()))));
            }
            (Collecting, Sign::Timer) => self.tell(now, out),
            (Ringing, Sign::Timer) => { ring(false, out); self.wait(Pause, now, self.config.ring_off_ms) }
            (Pause, Sign::Timer) => { ring(true, out); self.wait(Ringing, now, self.config.ring_on_ms) }
            (Busy, Sign::Timer) => self.tone(Howling, now, self.config.howler_ms, ToneKind::Howler, out),
            (Howling, Sign::Timer) => { self.state = Locked; out.push(FxsOutput::Audio(FxsAudioOrder::Silence)) }
            (Ringing, Sign::RingOver) => { ring(false, out); self.unanswered(out) }
            (Pause, Sign::RingOver) => self.unanswered(out),

            (Ringing | Pause, Sign::Ring)
            | (Idle | DialTone | Collecting | Busy | Howling | Locked, Sign::HangUp)
            | (Talking, Sign::Connect)
            | (DialTone | Collecting | Waiting | Talking | Busy | Howling | Locked, Sign::OffHook)
            | (Idle | Ringing | Pause, Sign::OnHook)
            | (Idle | Ringing | Pause | DialTone | Waiting | Howling | Locked, Sign::Flash)
            | (Idle | Ringing | Pause | Waiting | Busy | Howling | Locked, Sign::Digit(_) | Sign::LastDigit(_))
            | (Idle | Talking | Locked, Sign::Timer)
            | (Idle | DialTone | Collecting | Waiting | Talking | Busy | Howling | Locked, Sign::RingOver)
            | (Idle | Ringing | Pause | DialTone | Collecting | Waiting | Talking | Busy | Howling | Locked,
               Sign::Nothing) => {}
        }
    }

    fn begin_to_ring(&mut self, now: Millis, out: &mut Vec<FxsOutput>) {
        self.ring_until = now + self.config.ring_limit_ms;
        ring(true, out);
        self.wait(FxsState::Ringing, now, self.config.ring_on_ms);
    }

    /// On-hook and quiet; what was going on may be told.
    fn rest(&mut self, told: Option<(FxsReport, &mut Vec<FxsOutput>)>) {
        self.state = FxsState::Idle;
        self.timer = None;
        self.digits = Pii::new(String::new());
        if let Some((report, out)) = told {
            out.push(FxsOutput::Report(report));
        }
    }

    fn unanswered(&mut self, out: &mut Vec<FxsOutput>) {
        self.rest(Some((FxsReport::Unanswered, out)));
    }

    fn on_hook(&mut self, out: &mut Vec<FxsOutput>) {
        out.push(FxsOutput::Audio(FxsAudioOrder::Off));
        self.rest(Some((FxsReport::OnHook, out)));
    }

    fn answer(&mut self, out: &mut Vec<FxsOutput>) {
        self.talk(out);
        out.push(FxsOutput::Report(FxsReport::Answered));
    }

    fn talk(&mut self, out: &mut Vec<FxsOutput>) {
        self.state = FxsState::Talking;
        self.timer = None;
        self.digits = Pii::new(String::new());
        out.push(FxsOutput::Audio(FxsAudioOrder::Through));
    }

    fn drop_call(&mut self, now: Millis, out: &mut Vec<FxsOutput>) {
        out.push(FxsOutput::Signal(LineSignal::Break));
        self.busy(now, out);
    }

    fn busy(&mut self, now: Millis, out: &mut Vec<FxsOutput>) {
        self.tone(FxsState::Busy, now, self.config.busy_ms, ToneKind::Busy, out);
    }

    fn dial_tone(&mut self, now: Millis, out: &mut Vec<FxsOutput>) {
        self.digits = Pii::new(String::new());
        self.tone(FxsState::DialTone, now, self.config.first_digit_ms, ToneKind::Dial, out);
    }

    fn tone(&mut self, next: FxsState, now: Millis, ms: u64, kind: ToneKind, out: &mut Vec<FxsOutput>) {
        self.wait(next, now, ms);
        out.push(FxsOutput::Audio(FxsAudioOrder::Tone(kind)));
    }

    fn collect(&mut self, now: Millis, digit: Digit, out: &mut Vec<FxsOutput>) {
        if self.state == FxsState::DialTone {
            out.push(FxsOutput::Audio(FxsAudioOrder::Silence));
        }
        self.push(digit);
        self.wait(FxsState::Collecting, now, self.config.next_digit_ms);
    }

    fn last(&mut self, now: Millis, digit: Digit, out: &mut Vec<FxsOutput>) {
        if self.state == FxsState::DialTone {
            out.push(FxsOutput::Audio(FxsAudioOrder::Silence));
        }
        if digit.as_char() != '#' || self.digits.reveal().is_empty() {
            self.push(digit);
        }
        self.tell(now, out);
    }

    fn push(&mut self, digit: Digit) {
        let mut digits = std::mem::replace(&mut self.digits, Pii::new(String::new())).into_inner();
        digits.push(digit.as_char());
        self.digits = Pii::new(digits);
    }

    fn tell(&mut self, now: Millis, out: &mut Vec<FxsOutput>) {
        let digits = std::mem::replace(&mut self.digits, Pii::new(String::new()));
        out.push(FxsOutput::Report(FxsReport::Digits(digits)));
        self.wait(FxsState::Waiting, now, self.config.order_ms);
    }

    fn wait(&mut self, next: FxsState, now: Millis, ms: u64) {
        self.state = next;
        self.timer = Some(now + ms);
    }
}

fn ring(on: bool, out: &mut Vec<FxsOutput>) {
    out.push(FxsOutput::Signal(LineSignal::Ring(on)));
}

/// Ten pulses are a nought.
fn pulsed(number: u8) -> Option<Digit> {
    let digit = match number {
        1..=9 => number,
        0 | 10 => 0,
        11.. => return None,
    };
    Digit::from_event(digit)
}
