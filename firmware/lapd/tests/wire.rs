//! Two links back to back over a line that loses, damages and delays frames, in virtual time, by seed.
//!
//! The line keeps the order of frames, as a D channel does.

mod support;

use std::collections::VecDeque;

use lapd::{Config, Input, K, Link, Output, Side, State};
use support::Rng;
use vocab::Millis;

const SEEDS: u64 = 1_000;
/// Messages each side sends in a run.
const MESSAGES: usize = 60;
/// Virtual time in which a run must be over.
const LIMIT: Millis = Millis(30 * 60 * 1_000);
/// The longest delay each way: T200 must outlast the way there and back (5.9.1).
const LONGEST_DELAY_MS: u64 = 450;
/// How long one frame takes, at least.
const FRAME_MS: u64 = 1;

/// What a line does to frames.
#[derive(Debug, Clone, Copy)]
struct Weather {
    /// Frames lost of a hundred.
    lost: u64,
    /// Frames damaged of a hundred; the checksum finds most, see [`Weather::undetected`].
    damaged: u64,
    /// Damaged frames of a hundred that arrive with a wrong length or as another link's, for the link to find.
    undetected: u64,
    /// The longest delay.
    delay_ms: u64,
    /// Turns of a hundred in which layer 3 becomes busy or free again.
    busy: u64,
}

/// One end: a link, its layer 3, and the frames under way to it.
struct End {
    link: Link,
    /// Messages layer 3 has not handed down, or must hand down again.
    next: usize,
    received: Vec<usize>,
    way: VecDeque<(Millis, Vec<u8>)>,
    busy: bool,
    resets: u32,
}

struct Wire {
    ends: [End; 2],
    now: Millis,
    rng: Rng,
    weather: Weather,
    most_outstanding: u8,
}

impl End {
    fn new(side: Side) -> Self {
        let mut config = Config::new(side);
        config.persistence.longest_wait_ms = 4_000;
        Self {
            link: Link::new(config),
            next: 0,
            received: Vec::new(),
            way: VecDeque::new(),
            busy: false,
            resets: 0,
        }
    }

    fn due(&self) -> Option<Millis> {
        [self.link.deadline(), self.way.front().map(|(at, _)| *at)].into_iter().flatten().min()
    }
}

impl Wire {
    fn new(seed: u64) -> Self {
        let mut rng = Rng(seed);
        let longest = if rng.chance(10) { LONGEST_DELAY_MS } else { 40 };
        let weather = Weather {
            lost: rng.below(20),
            damaged: rng.below(10),
            undetected: rng.below(20),
            delay_ms: 1 + rng.below(longest),
            busy: if rng.chance(30) { 5 } else { 0 },
        };
        let ends = [End::new(Side::User), End::new(Side::Network)];
        Self { ends, now: Millis(0), rng, weather, most_outstanding: 0 }
    }

    fn input(&mut self, end: usize, input: Input<'_>) {
        let mut out = Vec::new();
        self.ends[end].link.step(self.now, input, &mut out);
        self.done(end, out);
    }

    /// Puts frames on the line and lets layer 3 take the rest.
    fn done(&mut self, end: usize, out: Vec<Output>) {
        self.most_outstanding = self.most_outstanding.max(self.ends[end].link.outstanding());
        for output in out {
            match output {
                Output::Send(frame) => self.carry(1 - end, frame),
                Output::Data(message) => {
                    let number = usize::from(u16::from_be_bytes([message[0], message[1]]));
                    self.ends[end].received.push(number);
                }
                Output::Established { reset, .. } => {
                    self.ends[end].resets += u32::from(reset);
                    // Layer 3 would ask its peer; here it looks, and hands down again what did not arrive.
                    self.ends[end].next = self.ends[1 - end].received.len();
                }
                Output::Refused(cause) => panic!("{cause:?}"),
                Output::Released { .. } | Output::Error(_) => {}
                Output::UnitData(_) => panic!("nobody sends UI"),
            }
        }
    }

    fn carry(&mut self, to: usize, mut frame: Vec<u8>) {
        if self.rng.chance(self.weather.lost) {
            return;
        }
        if self.rng.chance(self.weather.damaged) {
            if !self.rng.chance(self.weather.undetected) {
                return;
            }
            // Damage the checksum would find, which a card in error hands up all the same.
            match self.rng.below(3) {
                0 => frame.truncate(usize::try_from(self.rng.below(3)).expect("small")),
                1 => frame[1] ^= 1 << (1 + self.rng.below(7)),
                _ => frame[0] ^= 1,
            }
        }
        let last = self.ends[to].way.back().map_or(self.now, |(at, _)| *at);
        let at = last.max(self.now + self.rng.below(self.weather.delay_ms)) + FRAME_MS;
        self.ends[to].way.push_back((at, frame));
    }

    /// Layer 3 hands down what it has, while the link stands and a few messages at most wait.
    fn talk(&mut self, end: usize) {
        while self.ends[end].link.state().is_established()
            && self.ends[end].next < MESSAGES
            && self.ends[end].link.queued() < 20
            && self.rng.chance(70)
        {
            let number = u16::try_from(self.ends[end].next).expect("few");
            self.ends[end].next += 1;
            let mut message = number.to_be_bytes().to_vec();
            message.resize(2 + usize::try_from(self.rng.below(200)).expect("small"), 0);
            self.input(end, Input::Data(message));
        }
        if self.rng.chance(self.weather.busy) {
            self.ends[end].busy = !self.ends[end].busy;
            let busy = self.ends[end].busy;
            self.input(end, Input::SetBusy(busy));
        }
    }

    /// Whatever comes next, at one end or the other.
    fn turn(&mut self) {
        let due = self.ends.iter().filter_map(End::due).min().expect("a standing link has a timer");
        self.now = self.now.max(due);
        for end in 0..2 {
            while self.ends[end].way.front().is_some_and(|(at, _)| *at <= self.now) {
                let (_, frame) = self.ends[end].way.pop_front().expect("a frame");
                self.input(end, Input::Frame(&frame));
            }
            let mut out = Vec::new();
            self.ends[end].link.expire(self.now, &mut out);
            self.done(end, out);
            self.talk(end);
        }
    }

    fn run(&mut self) {
        for end in 0..2 {
            self.input(end, Input::PhysicalUp);
        }
        self.input(0, Input::Establish);
        if self.rng.chance(50) {
            self.input(1, Input::Establish);
        }
        while !self.is_over() {
            assert!(self.now < LIMIT, "not over: {:?} {:?}", self.weather, self.ends.each_ref().map(state));
            self.turn();
        }
    }

    fn is_over(&self) -> bool {
        self.ends.iter().all(|end| end.received.len() >= MESSAGES && end.link.queued() == 0)
    }
}

fn state(end: &End) -> (State, usize, usize) {
    (end.link.state(), end.next, end.received.len())
}

#[test]
fn every_message_arrives_once_and_in_order_over_a_thousand_bad_lines() {
    let all: Vec<usize> = (0..MESSAGES).collect();
    let (mut resets, mut repeats, mut rejects, mut undisturbed) = (0, 0, 0, 0);
    for seed in 0..SEEDS {
        let mut wire = Wire::new(seed);
        wire.run();
        for end in &wire.ends {
            assert_eq!(end.received, all, "seed {seed}, {:?}", wire.weather);
            resets += end.resets;
            repeats += end.link.counters().retransmissions;
            rejects += end.link.counters().rejects_received;
            undisturbed += u32::from(end.resets == 0);
        }
        assert!(wire.most_outstanding <= K, "seed {seed}");
    }
    // The lines were as bad as they were meant to be, and most needed no reset.
    assert!(repeats > 10_000, "{repeats}");
    assert!(rejects > 1_000, "{rejects}");
    assert!(resets > 10, "{resets}");
    assert!(undisturbed > 1_000, "{undisturbed}");
}

#[test]
fn a_good_line_repeats_nothing() {
    for seed in 0..50 {
        let mut wire = Wire::new(seed);
        wire.weather = Weather { lost: 0, damaged: 0, undetected: 0, delay_ms: 40, busy: 0 };
        wire.run();
        for end in &wire.ends {
            assert_eq!(end.link.counters().retransmissions, 0, "seed {seed}");
            assert_eq!(end.link.counters().errors, [0; 15], "seed {seed}");
        }
    }
}
