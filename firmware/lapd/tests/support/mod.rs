//! What the tests share: a link with a scripted peer, and frames in the words of a trace.
//!
//! Deliberately not here: a second link; two links back to back are in `wire`.

#![expect(dead_code, reason = "each test binary uses its part")]

use lapd::{Config, Frame, Input, Link, Output, Role, Side, Supervisory};
use vocab::Millis;

/// A link, its clock, and everything that came out since it was last looked at.
pub struct Bench {
    pub link: Link,
    pub now: Millis,
    out: Vec<Output>,
}

impl Bench {
    /// A link with its line up.
    pub fn new(config: Config) -> Self {
        let mut bench = Self { link: Link::new(config), now: Millis(0), out: Vec::new() };
        bench.step(Input::PhysicalUp);
        bench
    }

    /// A user's link in state 7, as layer 3 asked.
    pub fn established() -> Self {
        let mut bench = Self::new(Config::new(Side::User));
        bench.establish();
        bench
    }

    pub fn establish(&mut self) {
        self.step(Input::Establish);
        self.hear(Frame::Ua { f: true });
        self.seen();
    }

    pub fn step(&mut self, input: Input<'_>) {
        self.link.step(self.now, input, &mut self.out);
    }

    pub fn hear(&mut self, frame: Frame<'_>) {
        let octets = frame.encode(self.link.config().side.peer());
        self.step(Input::Frame(&octets));
    }

    pub fn data(&mut self, message: &[u8]) {
        self.step(Input::Data(message.to_vec()));
    }

    /// Lets the time pass, expiring whatever comes due, in order.
    pub fn pass(&mut self, ms: u64) {
        let end = self.now + ms;
        while let Some(due) = self.link.deadline().filter(|due| *due <= end) {
            self.now = due;
            self.link.expire(due, &mut self.out);
        }
        self.now = end;
    }

    /// Everything that came out since the last look: frames as a trace shows them, the rest by `Debug`.
    pub fn seen(&mut self) -> Vec<String> {
        let side = self.link.config().side;
        std::mem::take(&mut self.out)
            .iter()
            .map(|output| match output {
                Output::Send(octets) => format!("{:?}", Frame::parse(side, octets).expect("our own frame")),
                other => format!("{other:?}"),
            })
            .collect()
    }
}

pub fn i(ns: u8, nr: u8, p: bool) -> Frame<'static> {
    Frame::I { ns, nr, p, information: b"peer" }
}

pub fn rr(role: Role, nr: u8, pf: bool) -> Frame<'static> {
    Frame::S { kind: Supervisory::Rr, role, nr, pf }
}

pub fn rnr(role: Role, nr: u8, pf: bool) -> Frame<'static> {
    Frame::S { kind: Supervisory::Rnr, role, nr, pf }
}

pub fn rej(role: Role, nr: u8, pf: bool) -> Frame<'static> {
    Frame::S { kind: Supervisory::Rej, role, nr, pf }
}

/// splitmix64: small, seeded, the same everywhere.
pub struct Rng(pub u64);

impl Rng {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    pub fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}
