//! Entry point for fuzzers: two interfaces, a link that loses and invents messages, commands, and time, all from octets.
//!
//! Deliberately not here: expectations of single messages; what must hold is that nothing panics, that calls, handles
//! and channels name each other after each step, and that every call ends exactly once.

use super::api::{CallHandle, Command, Event, Input, Output, PEER_CALLS_FROM, Setup};
use super::config::{Config, IncomingPolicy};
use super::interface::Interface;
use crate::CauseValue;
use idl::spans::{ChannelSelection, PriConfig, PriSide, SlotState};
use std::collections::{BTreeSet, VecDeque};
use vocab::{Millis, Pii, Timeslot};

/// Runs two interfaces by a script of octets.
///
/// # Panics
/// Where an interface is inconsistent, a call ends twice or never, or a channel stays in use: that is the finding.
pub fn fuzz_control(data: &[u8]) {
    let mut script = Script { rest: data };
    let mut line = Line::new(&mut script);
    for _ in 0..MAX_STEPS {
        let Some(order) = script.octet() else { break };
        line.step(order, &mut script);
    }
    line.finish();
}

/// The octets that are not used yet.
struct Script<'a> {
    rest: &'a [u8],
}

impl<'a> Script<'a> {
    fn octet(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    fn next(&mut self) -> u8 {
        self.octet().unwrap_or(0)
    }

    fn take(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.rest.split_at(count.min(self.rest.len()));
        self.rest = rest;
        taken
    }
}

/// One side with what it wants to say.
struct End {
    interface: Interface,
    to_link: VecDeque<Vec<u8>>,
    /// Calls that are not over, as the events tell.
    alive: BTreeSet<CallHandle>,
}

struct Line {
    ends: [End; 2],
    up: bool,
    now: Millis,
    next_call: u64,
}

impl Line {
    fn new(script: &mut Script<'_>) -> Self {
        let settings = script.next();
        let ends = [PriSide::User, PriSide::Network].map(|side| End {
            interface: Interface::new(config(side, settings)),
            to_link: VecDeque::new(),
            alive: BTreeSet::new(),
        });
        let mut line = Self { ends, up: false, now: Millis(0), next_call: 1 };
        line.link(true);
        line
    }

    fn step(&mut self, order: u8, script: &mut Script<'_>) {
        let end = usize::from(order >> 7);
        match order & 0x7f {
            0..=15 => self.deliver(usize::from(order & 15) + 1),
            16..=31 => self.set_up(end, script),
            32..=63 => {
                let command = self.command(end, order, script);
                self.input(end, Input::Command(command));
            }
            64..=95 => {
                let message = template(script);
                self.input(end, Input::Message(&message));
            }
            96..=103 => {
                let count = usize::from(script.next());
                let message = script.take(count);
                self.input(end, Input::Message(message));
            }
            104..=111 => self.pass(u64::from(script.next()) * 500),
            112..=117 => drop(self.ends[end].to_link.pop_front()),
            118..=121 => self.link(!self.up),
            122..=124 => self.input(end, Input::LinkReset),
            _ => self.pass(u64::from(script.next()) * 5_000),
        }
    }

    fn set_up(&mut self, end: usize, script: &mut Script<'_>) {
        let call = CallHandle(self.next_call);
        self.next_call += 1;
        let said = script.next();
        let setup = Setup {
            channel: (said & 1 != 0).then_some(Timeslot(said >> 3)),
            exclusive: Some(said & 2 != 0),
            overlap: Some(said & 4 != 0),
            complete: said & 8 != 0,
            ..Setup::new(call, digits(said), Some(digits(said >> 4)))
        };
        self.ends[end].alive.insert(call);
        self.input(end, Input::Command(Command::Setup(Box::new(setup))));
    }

    fn command(&self, end: usize, order: u8, script: &mut Script<'_>) -> Command {
        let alive = &self.ends[end].alive;
        let call = alive.iter().nth(usize::from(script.next()) % alive.len().max(1));
        let call = call.copied().unwrap_or(CallHandle(0));
        let said = script.next();
        let (cause, in_band) = (CauseValue::from_code(said & 0x7f), said & 1 != 0);
        match order & 15 {
            0 => Command::Digits { call, digits: digits(said), complete: in_band },
            1 => Command::SetupAck { call },
            2 => Command::Proceed { call },
            3 => Command::Progress { call, in_band },
            4 => Command::Alert { call, in_band },
            5 | 6 => Command::Connect { call },
            7..=9 => Command::Disconnect { call, cause, in_band },
            10 => Command::Reject { call, cause },
            11 => Command::Enquire { call },
            12 => Command::Block(Timeslot(said & 31)),
            13 => Command::Unblock(Timeslot(said & 31)),
            14 => Command::RestartChannel(Timeslot(said & 31)),
            _ => Command::RestartAll,
        }
    }

    fn deliver(&mut self, count: usize) {
        for _ in 0..count {
            for (from, to) in [(0, 1), (1, 0)] {
                if let Some(message) = self.ends[from].to_link.pop_front()
                    && self.up
                {
                    self.input(to, Input::Message(&message));
                }
            }
        }
    }

    fn link(&mut self, up: bool) {
        self.up = up;
        for end in 0..2 {
            self.ends[end].to_link.clear();
            self.input(end, if up { Input::LinkEstablished } else { Input::LinkReleased });
        }
    }

    fn input(&mut self, end: usize, input: Input<'_>) {
        let mut out = Vec::new();
        self.ends[end].interface.step(self.now, input, &mut out);
        self.ends[end].collect(out);
    }

    /// Lets time pass from deadline to deadline; messages wait.
    fn pass(&mut self, ms: u64) {
        let until = self.now + ms;
        for _ in 0..MAX_STEPS {
            let next = self.ends.iter().filter_map(|end| end.interface.deadline()).min();
            let Some(at) = next.filter(|at| *at <= until) else { break };
            self.now = at.max(self.now);
            for end in &mut self.ends {
                let mut out = Vec::new();
                end.interface.expire(self.now, &mut out);
                end.collect(out);
            }
        }
        self.now = until.max(self.now);
    }

    /// The caller ends every call; then nothing may be left.
    fn finish(mut self) {
        for _ in 0..MAX_ROUNDS {
            for end in 0..2 {
                for call in self.ends[end].alive.clone() {
                    let cause = CauseValue::NormalClearing;
                    self.input(end, Input::Command(Command::Disconnect { call, cause, in_band: false }));
                }
            }
            self.deliver(MAX_STEPS);
            self.pass(600_000);
        }
        for end in &self.ends {
            assert!(end.alive.is_empty() && end.interface.call_count() == 0, "a call never ends");
            assert_eq!(end.interface.deadline(), None, "a timer never ends");
            let used = [SlotState::Dialling, SlotState::Ringing, SlotState::Connected, SlotState::Clearing];
            let states = end.interface.slot_states();
            assert!(!states.iter().any(|state| used.contains(state)), "a channel stays in use: {states:?}");
        }
    }
}

impl End {
    fn collect(&mut self, out: Vec<Output>) {
        assert!(self.interface.is_consistent(), "calls, handles and channels name each other");
        for output in out {
            match output {
                Output::ToLink(message) => {
                    if self.to_link.len() < MAX_STEPS {
                        self.to_link.push_back(message);
                    }
                }
                Output::EstablishLink => {}
                Output::Event(Event::Incoming(incoming)) => {
                    assert!(incoming.call.0 >= PEER_CALLS_FROM && self.alive.insert(incoming.call));
                }
                Output::Event(Event::Released { call, .. }) => {
                    assert!(self.alive.remove(&call), "a call ends twice");
                }
                Output::Event(_) => {}
            }
        }
    }
}

fn config(side: PriSide, settings: u8) -> Config {
    let selection = match settings >> 4 & 7 {
        0 => ChannelSelection::Descending,
        1 => ChannelSelection::RoundRobinUp,
        2 => ChannelSelection::RoundRobinDown,
        3 => ChannelSelection::LeastRecentlyUsed,
        _ => ChannelSelection::Ascending,
    };
    let pri = PriConfig {
        side,
        selection,
        t309: settings & 1 != 0,
        restart_on_start: settings & 2 != 0,
        unused: if settings & 8 != 0 { (3..=29).map(Timeslot).collect() } else { Vec::new() },
        ..PriConfig::default()
    };
    Config { incoming: IncomingPolicy::Offer, service: settings & 4 != 0, ..Config::of(&pri) }
}

fn digits(said: u8) -> Pii<String> {
    Pii::new("1380013800013800".chars().take(usize::from(said & 15)).collect())
}

/// A message that is nearly right: a type, a reference, some elements out of a list.
fn template(script: &mut Script<'_>) -> Vec<u8> {
    let reference = script.next();
    let mut message = vec![if reference == u8::MAX { 3 } else { 8 }, 2, reference & 0x80, reference & 7];
    message.push(script.next() & 0x7f);
    let chosen = u16::from_be_bytes([script.next(), script.next()]);
    let said = script.next();
    for (index, element) in elements(said).into_iter().enumerate() {
        if chosen & (1 << index) != 0 {
            message.extend(element);
        }
    }
    message
}

fn elements(said: u8) -> [Vec<u8>; 14] {
    [
        vec![0xa1],
        vec![0x04, 3, 0x80, 0x90, 0xa3],
        vec![0x08, 2, 0x82, 0x80 | said],
        vec![0x14, 1, said & 0x3f],
        vec![0x18, 3, 0xa1 | said & 8, 0x83, 0x80 | said & 31],
        vec![0x18, 5, 0xa9, 0x93, said, said, said],
        vec![0x1e, 2, 0x82, 0x80 | said & 15],
        vec![0x70, 3, 0x81, 0x31, 0x30 | said & 15],
        vec![0x79, 1, 0x80 | said & 7],
        vec![0x01, 1, 0xc0 | said & 7],
        vec![0x27, 1, 0x80],
        vec![0x45, 1, said],
        vec![0x0e, 1, said],
        vec![0x18, 1, 0xa0 | said & 15],
    ]
}

/// Most steps of one script, and most messages on their way.
const MAX_STEPS: usize = 256;
/// Rounds in which the end must be reached: a call that comes in while others end is ended in the next.
const MAX_ROUNDS: usize = 6;
