//! Entry for the fuzzer: the frame parser, and links in every state under arbitrary frames, requests and times.
//!
//! Deliberately not here: a peer that behaves; the tests have one.

use vocab::Millis;

use crate::api::{Input, Output, State};
use crate::config::{Config, N201, Side};
use crate::frame::{Frame, MAX_FRAME, Role, Supervisory};
use crate::link::Link;

/// Steps one input is cut into.
const MAX_STEPS: usize = 512;

/// Takes octets as one frame of each side, then as a script for a link: an octet that chooses its side and its first
/// state, then steps. It panics where a promise of this crate is broken.
pub fn fuzz_lapd(data: &[u8]) {
    for from in [Side::User, Side::Network] {
        if let Ok(frame) = Frame::parse(from, data) {
            let octets = frame.encode(from);
            assert!(octets.len() <= MAX_FRAME);
            assert_eq!(Frame::parse(from, &octets), Ok(frame));
        }
    }
    play(data, &mut |_| {});
}

/// Plays a script, and shows every state the link was in when a step began.
fn play(data: &[u8], seen: &mut dyn FnMut(State)) {
    let Some((start, mut rest)) = data.split_first() else { return };
    let mut game = Game::new(if start & 1 == 0 { Side::User } else { Side::Network });
    game.reach(start >> 1);
    for _ in 0..MAX_STEPS {
        let Some((step, after)) = rest.split_first() else { break };
        rest = after;
        seen(game.link.state());
        game.step(*step, &mut rest);
    }
}

/// A link and its time.
struct Game {
    link: Link,
    now: Millis,
    out: Vec<Output>,
}

impl Game {
    fn new(side: Side) -> Self {
        Self { link: Link::new(Config::new(side)), now: Millis(0), out: Vec::new() }
    }

    /// Brings the link to one of its states.
    fn reach(&mut self, which: u8) {
        let state = State::ALL[usize::from(which) % State::ALL.len()];
        if which & 0x40 != 0 {
            return;
        }
        self.input(Input::PhysicalUp);
        match state {
            State::TeiAssigned => {}
            State::AwaitingEstablishment => self.input(Input::Establish),
            State::AwaitingRelease => {
                self.establish();
                self.input(Input::Release);
            }
            State::MultipleFrameEstablished => self.establish(),
            State::TimerRecovery => {
                self.establish();
                self.wait_for_timer();
            }
        }
        assert_eq!(self.link.state(), state);
    }

    fn establish(&mut self) {
        self.input(Input::Establish);
        self.input(Input::Frame(&Frame::Ua { f: true }.encode(self.link.config().side.peer())));
        self.input(Input::Data(vec![0x08]));
    }

    /// One step of the script; it takes what it needs from `rest`.
    fn step(&mut self, step: u8, rest: &mut &[u8]) {
        let mut next = || {
            let (first, after) = rest.split_first()?;
            *rest = after;
            Some(*first)
        };
        let argument = next().unwrap_or_default();
        match step % 8 {
            0 => {
                let frame = take(rest, usize::from(argument));
                self.input(Input::Frame(frame));
            }
            1 => self.framed(Role::Command, take(rest, usize::from(argument % 8))),
            2 => self.framed(Role::Response, take(rest, usize::from(argument % 8))),
            3 => self.input(Input::Data(vec![0x08; usize::from(argument) + usize::from(step >> 3)])),
            4 => {
                self.now = self.now + u64::from(argument) * 64;
                self.expire();
            }
            5 => self.request(argument),
            6 => self.framed(Role::Command, &[argument; N201 + 3][usize::from(step >> 6)..]),
            _ => self.wait_for_timer(),
        }
    }

    fn request(&mut self, which: u8) {
        match which % 8 {
            0 | 1 => self.input(Input::Establish),
            2 => self.input(Input::Release),
            3 => self.input(Input::PhysicalDown),
            4 | 5 => self.input(Input::PhysicalUp),
            busy => self.input(Input::SetBusy(busy == 6)),
        }
    }

    /// A frame of the peer with the right address, and any control field.
    fn framed(&mut self, role: Role, tail: &[u8]) {
        let peer = self.link.config().side.peer();
        let mut octets = Frame::S { kind: Supervisory::Rr, role, nr: 0, pf: false }.encode(peer);
        octets.truncate(2);
        octets.extend_from_slice(tail);
        self.input(Input::Frame(&octets));
    }

    fn input(&mut self, input: Input<'_>) {
        self.link.step(self.now, input, &mut self.out);
        self.look();
    }

    fn wait_for_timer(&mut self) {
        if let Some(due) = self.link.deadline() {
            self.now = due.max(self.now);
            self.expire();
        }
    }

    fn expire(&mut self) {
        self.link.expire(self.now, &mut self.out);
        self.look();
    }

    /// What must hold of everything that comes out, beside what the link itself asserts after every turn.
    fn look(&mut self) {
        let config = *self.link.config();
        let mut sent = 0;
        for output in self.out.drain(..) {
            match output {
                Output::Send(octets) => {
                    let frame = Frame::parse(config.side, &octets);
                    assert!(
                        matches!(frame, Ok(Frame::I { .. } | Frame::S { .. } | Frame::Sabme { .. }))
                            || matches!(frame, Ok(Frame::Disc { .. } | Frame::Ua { .. } | Frame::Dm { .. })),
                        "a link sends only what its peer understands"
                    );
                    sent += 1;
                }
                Output::Data(message) | Output::UnitData(message) => assert!(message.len() <= N201),
                Output::Established { .. }
                | Output::Released { .. }
                | Output::Refused(_)
                | Output::Error(_) => {}
            }
        }
        assert!(sent <= usize::from(config.k) + 4, "an input makes no flood");
        assert!(self.link.outstanding() <= config.k);
    }
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> &'a [u8] {
    let (taken, after) = rest.split_at(length.min(rest.len()));
    *rest = after;
    taken
}

#[cfg(test)]
mod tests {
    use super::{fuzz_lapd, play};
    use crate::api::State;
    use std::path::Path;

    #[test]
    fn the_seeds_of_the_fuzzer_are_taken_and_reach_every_state() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../hil-tests/fuzz/corpus/lapd");
        let (mut seeds, mut states) = (0, Vec::new());
        for entry in std::fs::read_dir(folder).expect("the corpus") {
            let octets = std::fs::read(entry.expect("a seed").path()).expect("readable");
            fuzz_lapd(&octets);
            play(&octets, &mut |state| states.push(state));
            seeds += 1;
        }
        assert!(seeds >= 12, "{seeds} seeds");
        for state in State::ALL {
            let steps = states.iter().filter(|seen| **seen == state).count();
            assert!(steps >= 5, "{state:?}: {steps} steps");
        }
    }
}
