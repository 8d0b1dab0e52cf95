//! Bit error tests of one timeslot: the pseudo-random patterns of O.150, sent and checked.
//!
//! | pattern | stages whose sum is fed back | on the line | longest run of zeros |
//! |---|---|---|---|
//! | 2^11 - 1 (O.152) | 9 and 11 | as it is | 10 |
//! | 2^15 - 1 (O.151) | 14 and 15 | inverted | 15 |
//!
//! A timeslot carries its octets most significant bit first (G.704; bit 1 of an A-law octet is its sign).
//!
//! The checker finds the pattern by itself: it predicts each bit from the received ones before it, and is in step after
//! [`SYNC_BITS`] right ones. From then on its own register runs free, so that one wrong bit is one error and not one for
//! each tap. Bits are counted in windows of [`WINDOW_BITS`]: where a fifth of a window is wrong (O.150: an error ratio
//! above 0.2 is loss of sequence synchronisation) the step is lost and the search begins anew; that window and the one
//! before it, in which the loss may have begun, are not counted.
//!
//! It needs a clear channel: no echo canceller, no gain, no other law in between.

use idl::spans::{BertPattern, TestStatus};
use vocab::Timeslot;

/// Right bits in a row that are the pattern: by chance one search in 2^64.
pub const SYNC_BITS: u32 = 64;
/// Bits that are counted together: 16 ms.
pub const WINDOW_BITS: u32 = 1_024;

/// A test as it runs: what is sent, and what is known of what comes back.
#[derive(Debug, Clone)]
pub struct Bert {
    slot: Timeslot,
    pattern: BertPattern,
    generator: Generator,
    checker: Checker,
}

impl Bert {
    /// A test of one slot.
    #[must_use]
    pub const fn new(slot: Timeslot, pattern: BertPattern) -> Self {
        Self { slot, pattern, generator: Generator::new(pattern), checker: Checker::new(pattern) }
    }

    /// The slot under test.
    #[must_use]
    pub const fn slot(&self) -> Timeslot {
        self.slot
    }

    /// A turn: checks what was received and gives what to send.
    pub fn turn(&mut self, received: &[u8], send: &mut [u8]) {
        self.checker.check(received);
        self.generator.fill(send);
    }

    /// The next bit that is sent is wrong.
    pub const fn insert_error(&mut self) {
        self.generator.insert_error();
    }

    /// How often the step was lost.
    #[must_use]
    pub const fn losses(&self) -> u32 {
        self.checker.losses()
    }

    /// The test as it stands.
    #[must_use]
    pub fn status(&self) -> TestStatus {
        let bits = self.checker.bits();
        TestStatus::Bert {
            slot: self.slot,
            pattern: self.pattern,
            synced: self.checker.is_synced(),
            seconds: u32::try_from(bits / BITS_PER_SECOND).unwrap_or(u32::MAX),
            bits,
            errors: self.checker.errors(),
        }
    }
}

/// Sends the pattern.
#[derive(Debug, Clone)]
pub struct Generator {
    register: Register,
    wrong: u32,
}

impl Generator {
    /// From the beginning: all stages set.
    #[must_use]
    pub const fn new(pattern: BertPattern) -> Self {
        let shape = Shape::of(pattern);
        Self { register: Register { shape, bits: shape.mask() }, wrong: 0 }
    }

    /// The next octets.
    pub fn fill(&mut self, octets: &mut [u8]) {
        for octet in octets {
            *octet = 0;
            for _ in 0..u8::BITS {
                let bit = self.register.next();
                self.register.push(bit);
                let wrong = self.wrong.min(1);
                self.wrong -= wrong;
                *octet = *octet << 1 | u8::from(bit ^ self.register.shape.inverted ^ (wrong == 1));
            }
        }
    }

    /// The next bit is wrong; asked for twice, the next two are.
    pub const fn insert_error(&mut self) {
        self.wrong = self.wrong.saturating_add(1);
    }
}

/// Finds and checks the pattern.
#[derive(Debug, Clone)]
pub struct Checker {
    register: Register,
    step: Step,
    bits: u64,
    errors: u64,
    losses: u32,
}

#[derive(Debug, Clone, Copy)]
enum Step {
    /// So many bits were predicted in a row; the register holds received bits.
    Searching { right: u32 },
    /// The register runs free; the window before, and the window so far.
    Synced { before: Window, now: Window },
}

impl Checker {
    /// Without a step.
    #[must_use]
    pub const fn new(pattern: BertPattern) -> Self {
        let register = Register { shape: Shape::of(pattern), bits: 0 };
        Self { register, step: Step::Searching { right: 0 }, bits: 0, errors: 0, losses: 0 }
    }

    /// Takes received octets.
    pub fn check(&mut self, octets: &[u8]) {
        for octet in octets {
            for shift in (0..u8::BITS).rev() {
                self.bit((octet >> shift & 1 == 1) ^ self.register.shape.inverted);
            }
        }
    }

    fn bit(&mut self, bit: bool) {
        let expected = self.register.next();
        match &mut self.step {
            Step::Searching { right } => {
                // A register of nothing predicts nothing for ever: idle lines and AIS are no pattern.
                *right = if bit == expected && self.register.bits != 0 { *right + 1 } else { 0 };
                let found = *right >= SYNC_BITS;
                self.register.push(bit);
                if found {
                    self.step = Step::Synced { before: Window::default(), now: Window::default() };
                }
            }
            Step::Synced { before, now } => {
                self.register.push(expected);
                now.bits += 1;
                now.errors += u32::from(bit != expected);
                if now.errors > WINDOW_BITS / 5 {
                    self.losses = self.losses.saturating_add(1);
                    self.step = Step::Searching { right: 0 };
                } else if now.bits == WINDOW_BITS {
                    self.bits += u64::from(before.bits);
                    self.errors += u64::from(before.errors);
                    *before = std::mem::take(now);
                }
            }
        }
    }

    /// Whether the pattern is found.
    #[must_use]
    pub const fn is_synced(&self) -> bool {
        matches!(self.step, Step::Synced { .. })
    }

    /// Bits compared.
    #[must_use]
    pub fn bits(&self) -> u64 {
        self.windows().iter().fold(self.bits, |sum, window| sum + u64::from(window.bits))
    }

    /// Bits wrong.
    #[must_use]
    pub fn errors(&self) -> u64 {
        self.windows().iter().fold(self.errors, |sum, window| sum + u64::from(window.errors))
    }

    /// How often the step was lost.
    #[must_use]
    pub const fn losses(&self) -> u32 {
        self.losses
    }

    /// The windows that are open are believed until they show to be none.
    fn windows(&self) -> [Window; 2] {
        match self.step {
            Step::Synced { before, now } => [before, now],
            Step::Searching { .. } => [Window::default(); 2],
        }
    }
}

/// Bits that stand or fall together.
#[derive(Debug, Clone, Copy, Default)]
struct Window {
    bits: u32,
    errors: u32,
}

/// The shift register; the bit that came last is the lowest, the first stage.
#[derive(Debug, Clone, Copy)]
struct Register {
    shape: Shape,
    bits: u16,
}

impl Register {
    const fn next(&self) -> bool {
        (self.bits >> (self.shape.stages - 1) ^ self.bits >> (self.shape.tap - 1)) & 1 == 1
    }

    const fn push(&mut self, bit: bool) {
        self.bits = (self.bits << 1 | bit as u16) & self.shape.mask();
    }
}

#[derive(Debug, Clone, Copy)]
struct Shape {
    stages: u32,
    tap: u32,
    inverted: bool,
}

impl Shape {
    const fn of(pattern: BertPattern) -> Self {
        match pattern {
            BertPattern::Prbs11 => Self { stages: 11, tap: 9, inverted: false },
            BertPattern::Prbs15 => Self { stages: 15, tap: 14, inverted: true },
        }
    }

    const fn mask(self) -> u16 {
        (1 << self.stages) - 1
    }
}

const BITS_PER_SECOND: u64 = 64_000;

#[cfg(test)]
#[path = "bert_tests.rs"]
mod tests;
