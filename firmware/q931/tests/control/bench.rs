//! What the tests stand on: one interface with what it said, and two of them on a link that can be cut.

use idl::spans::{PriConfig, PriSide};
use q931::control::{
    CallHandle, Command, Config, Event, IncomingPolicy, Input, Interface, Output, Setup, TimerValues,
};
use q931::{CauseValue, Message, MessageType};
use std::collections::{BTreeMap, VecDeque};
use vocab::{Millis, Pii, Timeslot};

/// A configuration for tests: incoming calls are offered, nothing is restarted at the start.
pub fn config(side: PriSide) -> Config {
    let pri = PriConfig { side, restart_on_start: false, ..PriConfig::default() };
    Config { incoming: IncomingPolicy::Offer, ..Config::of(&pri) }
}

/// A SETUP with everything as configured.
pub fn setup(call: u64) -> Command {
    Command::Setup(Box::new(plain_setup(call)))
}

pub fn plain_setup(call: u64) -> Setup {
    Setup::new(CallHandle(call), pii("13800000000"), Some(pii("01062345678")))
}

pub fn pii(text: &str) -> Pii<String> {
    Pii::new(text.to_owned())
}

pub fn disconnect(call: CallHandle) -> Command {
    Command::Disconnect { call, cause: CauseValue::NormalClearing, in_band: false }
}

/// One interface and what came out of it.
pub struct Side {
    pub interface: Interface,
    pub events: Vec<Event>,
    pub sent: Vec<Message>,
    pub to_link: VecDeque<Vec<u8>>,
    pub establish: usize,
    out: Vec<Output>,
    released: BTreeMap<CallHandle, usize>,
}

impl Side {
    pub fn new(config: Config) -> Self {
        Self {
            interface: Interface::new(config),
            events: Vec::new(),
            sent: Vec::new(),
            to_link: VecDeque::new(),
            establish: 0,
            out: Vec::new(),
            released: BTreeMap::new(),
        }
    }

    /// One whose data link stands; what it said so far is forgotten.
    pub fn up(config: Config) -> Self {
        let mut side = Self::new(config);
        side.step(Millis(0), Input::LinkEstablished);
        side.forget();
        side
    }

    pub fn step(&mut self, now: Millis, input: Input<'_>) {
        self.interface.step(now, input, &mut self.out);
        self.collect();
    }

    pub fn order(&mut self, now: Millis, command: Command) {
        self.step(now, Input::Command(command));
    }

    pub fn hear(&mut self, now: Millis, message: &Message) {
        let octets = message.encode().expect("a test's message can be sent");
        self.step(now, Input::Message(&octets));
    }

    pub fn expire(&mut self, now: Millis) {
        self.interface.expire(now, &mut self.out);
        self.collect();
    }

    fn collect(&mut self) {
        for output in self.out.drain(..) {
            match output {
                Output::ToLink(octets) => {
                    self.sent.push(Message::parse(&octets).expect("what is sent can be read"));
                    self.to_link.push_back(octets);
                }
                Output::EstablishLink => self.establish += 1,
                Output::Event(event) => {
                    if let Event::Released { call, .. } = &event {
                        *self.released.entry(*call).or_default() += 1;
                    }
                    self.events.push(event);
                }
            }
        }
        assert!(self.interface.is_consistent(), "calls, handles and channels name each other");
    }

    pub fn forget(&mut self) {
        self.events.clear();
        self.sent.clear();
        self.to_link.clear();
    }

    pub fn kinds(&self) -> Vec<MessageType> {
        self.sent.iter().map(|message| message.kind).collect()
    }

    /// Events but those of channels.
    pub fn news(&self) -> Vec<&Event> {
        self.events.iter().filter(|event| !matches!(event, Event::Channel { .. })).collect()
    }

    /// The handle of the last call that came in.
    pub fn incoming(&self) -> Option<CallHandle> {
        self.events.iter().rev().find_map(|event| match event {
            Event::Incoming(incoming) => Some(incoming.call),
            _ => None,
        })
    }

    /// How often the end of a call was told.
    pub fn times_released(&self, call: CallHandle) -> usize {
        self.released.get(&call).copied().unwrap_or(0)
    }

    /// The cause of a call's end.
    pub fn end(&self, call: CallHandle) -> Option<q931::control::CallEnd> {
        self.events.iter().find_map(|event| match event {
            Event::Released { call: over, end } if *over == call => Some(*end),
            _ => None,
        })
    }
}

/// A user and a network on one link.
pub struct Pair {
    pub user: Side,
    pub network: Side,
    pub now: Millis,
    pub up: bool,
}

impl Pair {
    pub fn new() -> Self {
        Self::with(config(PriSide::User), config(PriSide::Network))
    }

    pub fn with(user: Config, network: Config) -> Self {
        let mut pair = Self { user: Side::new(user), network: Side::new(network), now: Millis(0), up: false };
        pair.establish();
        pair
    }

    pub fn establish(&mut self) {
        self.up = true;
        self.user.step(self.now, Input::LinkEstablished);
        self.network.step(self.now, Input::LinkEstablished);
        self.deliver();
    }

    /// The link is gone, with whatever was on its way.
    pub fn cut(&mut self) {
        self.up = false;
        self.user.to_link.clear();
        self.network.to_link.clear();
        self.user.step(self.now, Input::LinkReleased);
        self.network.step(self.now, Input::LinkReleased);
    }

    /// Carries messages until none is left.
    pub fn deliver(&mut self) {
        for _ in 0..MAX_ROUNDS {
            let (from_user, from_network) = (self.user.to_link.pop_front(), self.network.to_link.pop_front());
            if from_user.is_none() && from_network.is_none() {
                return;
            }
            if !self.up {
                continue;
            }
            if let Some(octets) = from_user {
                self.network.step(self.now, Input::Message(&octets));
            }
            if let Some(octets) = from_network {
                self.user.step(self.now, Input::Message(&octets));
            }
        }
        panic!("the two sides never come to rest");
    }

    pub fn user_orders(&mut self, command: Command) {
        self.user.order(self.now, command);
        self.deliver();
    }

    pub fn network_orders(&mut self, command: Command) {
        self.network.order(self.now, command);
        self.deliver();
    }

    /// Lets time pass, with all timers on their way.
    pub fn pass(&mut self, ms: u64) {
        let end = self.now + ms;
        for _ in 0..MAX_ROUNDS {
            let next = [self.user.interface.deadline(), self.network.interface.deadline()];
            match next.into_iter().flatten().min().filter(|at| *at <= end) {
                None => {
                    self.now = end;
                    return;
                }
                Some(at) => {
                    self.now = at.max(self.now);
                    self.user.expire(self.now);
                    self.network.expire(self.now);
                    self.deliver();
                }
            }
        }
        panic!("the timers never come to rest");
    }

    /// A call of the user that is answered: its two handles.
    pub fn answered(&mut self, call: u64) -> (CallHandle, CallHandle) {
        self.user_orders(setup(call));
        let peer = self.network.incoming().expect("the network hears of it");
        self.network_orders(Command::Proceed { call: peer });
        self.network_orders(Command::Alert { call: peer, in_band: true });
        self.network_orders(Command::Connect { call: peer });
        (CallHandle(call), peer)
    }

    /// Everything is as at the start.
    pub fn assert_idle(&self, channels: usize) {
        for side in [&self.user, &self.network] {
            assert_eq!(side.interface.call_count(), 0);
            assert_eq!(side.interface.idle_channels(), channels);
        }
    }
}

/// The timers of a side, for tests that wait.
pub const USER: TimerValues = TimerValues::USER;
/// All channels of an interface.
pub const ALL: usize = 30;
/// More rounds than any two sides need.
const MAX_ROUNDS: usize = 1_000;

pub fn slot(number: u8) -> Timeslot {
    Timeslot(number)
}

/// Delivers what is on its way in a seeded order until nothing is.
pub fn rest(pair: &mut Pair, dice: &mut Dice) {
    while deliver_one(pair, dice) {}
}

/// Delivers one message of either side; false where there is none.
pub fn deliver_one(pair: &mut Pair, dice: &mut Dice) -> bool {
    let (user, network) = (pair.user.to_link.len(), pair.network.to_link.len());
    if user + network == 0 {
        return false;
    }
    if network == 0 || user > 0 && dice.below(2) == 0 {
        let octets = pair.user.to_link.pop_front().expect("not empty");
        pair.network.step(pair.now, Input::Message(&octets));
    } else {
        let octets = pair.network.to_link.pop_front().expect("not empty");
        pair.user.step(pair.now, Input::Message(&octets));
    }
    true
}

/// The calls of the peer that a side was told of.
pub fn known(side: &Side) -> Vec<CallHandle> {
    let calls = side.events.iter().filter_map(|event| match event {
        Event::Incoming(incoming) => Some(incoming.call),
        _ => None,
    });
    calls.collect()
}

/// A small generator (xorshift): the same runs everywhere.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn below(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % sides as u64).expect("below a usize")
    }
}
