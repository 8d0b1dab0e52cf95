//! What every part of the simulation shares: the clocks, the generator, the order of events, the links.
//!
//! It knows no process; it only delivers.

use crate::truth::Truth;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use std::collections::{BTreeMap, VecDeque};
use vocab::{AgentId, UnixMs};

/// A process of the box.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Proc {
    /// Records.
    Vault,
    /// Campaigns.
    Calld,
    /// Lines.
    Lined,
}

/// All processes.
pub const PROCS: [Proc; 3] = [Proc::Vault, Proc::Calld, Proc::Lined];

/// A connection between two processes: the first one listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Link {
    /// `vaultd` and `lined`.
    VaultLined,
    /// `vaultd` and `calld`.
    VaultCalld,
    /// `lined` and `calld`.
    LinedCalld,
}

/// All links.
pub const LINKS: [Link; 3] = [Link::VaultLined, Link::VaultCalld, Link::LinedCalld];

impl Link {
    /// Both ends.
    pub const fn ends(self) -> [Proc; 2] {
        match self {
            Self::VaultLined => [Proc::Vault, Proc::Lined],
            Self::VaultCalld => [Proc::Vault, Proc::Calld],
            Self::LinedCalld => [Proc::Lined, Proc::Calld],
        }
    }

    fn end(self, at: Proc) -> usize {
        usize::from(self.ends()[1] == at)
    }
}

/// What travels over a link.
#[derive(Debug)]
pub enum Wire {
    /// The connection is there.
    Up,
    /// A frame.
    Frame(Vec<u8>),
    /// The connection is gone.
    Down,
}

/// Something that happens.
#[derive(Debug)]
pub enum Event {
    /// A link brings something to one end.
    Link {
        /// The link.
        link: Link,
        /// The receiving end.
        to: Proc,
        /// The connection.
        epoch: u64,
        /// What.
        wire: Wire,
    },
    /// Two processes try to connect.
    Connect(Link),
    /// A process starts.
    Start(Proc),
    /// A process looks at its timers.
    Wake(Proc, u64),
    /// The vault takes its waiting commands.
    VaultWork(u64),
    /// The vault's disk is done.
    VaultSynced(u64),
    /// A long job of the vault is done.
    VaultJob(u64, crate::vault::Job),
    /// A datagram reaches the box, from a carrier.
    ToBox(usize, Vec<u8>),
    /// A datagram reaches a carrier.
    ToCarrier(usize, Vec<u8>),
    /// A carrier's leg has something to do.
    CarrierTimer(usize, String, u64),
    /// A carrier comes back.
    CarrierUp(usize),
    /// A callee pressed the opt-out key; heard by whoever holds the call.
    Key(String),
    /// An agent acts.
    Agent(AgentId),
    /// `calld` answers a desk.
    Desk(Box<idl::desk::DeskReply>, u64),
    /// A desk asks `calld`.
    AskDesk(Box<idl::desk::DeskRequest>, u64),
    /// The office does what is next.
    Office,
    /// An answer for the office.
    OfficeAnswer(Box<idl::admin::AdminReply>),
    /// The wall clock is put right.
    ClockRight,
}

#[derive(Debug, Default)]
struct Channel {
    epoch: u64,
    open: bool,
    next_ms: [u64; 2],
    lossy: [bool; 2],
}

/// The shared world.
pub struct Env {
    /// Boot clock in milliseconds.
    pub now: u64,
    /// Wall clock less boot clock.
    pub offset: i64,
    /// A time source holds the wall clock.
    pub synchronised: bool,
    /// The checker.
    pub truth: Truth,
    /// No fault is injected any more.
    pub quiet: bool,
    /// Events handled.
    pub steps: u64,
    /// Share of datagrams lost, in thousandths.
    pub loss: u64,
    queue: BTreeMap<(u64, u64), Event>,
    order: u64,
    rng: ChaCha8Rng,
    channels: BTreeMap<Link, Channel>,
    trace: Option<VecDeque<String>>,
    print: bool,
}

impl Env {
    /// A world at its first instant.
    pub fn new(seed: u64, wall: UnixMs, trace: bool, print: bool) -> Self {
        let now = FIRST_MS;
        Self {
            now,
            offset: wall.0 - i64::try_from(now).unwrap_or(0),
            synchronised: true,
            truth: Truth::default(),
            quiet: false,
            steps: 0,
            loss: 0,
            queue: BTreeMap::new(),
            order: 0,
            rng: ChaCha8Rng::seed_from_u64(seed),
            channels: LINKS.into_iter().map(|link| (link, Channel::default())).collect(),
            trace: trace.then(VecDeque::new),
            print,
        }
    }

    /// The box's wall clock.
    pub fn wall(&self) -> UnixMs {
        UnixMs(i64::try_from(self.now).unwrap_or(0) + self.offset)
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.rng.next_u64() % (high - low + 1)
    }

    /// True in `thousandths` of a thousand cases.
    pub fn chance(&mut self, thousandths: u64) -> bool {
        self.rng.next_u64() % 1_000 < thousandths
    }

    /// Random bytes.
    pub fn fill(&mut self, bytes: &mut [u8]) {
        self.rng.fill_bytes(bytes);
    }

    /// One of these.
    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        let at = usize::try_from(self.rng.next_u64() % from.len() as u64).unwrap_or(0);
        from[at]
    }

    /// Something will happen in `ms`.
    pub fn after(&mut self, ms: u64, event: Event) {
        self.at(self.now + ms, event);
    }

    /// Something will happen at `ms`.
    pub fn at(&mut self, ms: u64, event: Event) {
        assert!(self.queue.len() < MAX_EVENTS, "a simulation has a bounded number of open events");
        self.order += 1;
        self.queue.insert((ms.max(self.now), self.order), event);
    }

    /// The next event; time moves to it.
    pub fn next(&mut self) -> Option<Event> {
        let ((at, _), event) = self.queue.pop_first()?;
        self.now = at;
        self.steps += 1;
        Some(event)
    }

    /// Notes a line of the trace.
    pub fn note(&mut self, line: impl FnOnce() -> String) {
        let Some(trace) = &mut self.trace else { return };
        let line = format!("{:>10} {} {}", self.now, local(self.now, self.offset), line());
        if self.print {
            eprintln!("{line}");
        }
        trace.push_back(line);
        if trace.len() > TRACE_LINES {
            trace.pop_front();
        }
    }

    /// The last lines of the trace.
    pub fn trace(&self) -> Vec<String> {
        self.trace.iter().flatten().cloned().collect()
    }

    /// Opens a connection: both ends learn of it.
    pub fn connect(&mut self, link: Link) {
        let channel = self.channels.entry(link).or_default();
        if channel.open {
            return;
        }
        channel.epoch += 1;
        channel.open = true;
        channel.lossy = [false, false];
        let epoch = channel.epoch;
        for to in link.ends() {
            self.push(link, to, epoch, Wire::Up);
        }
    }

    /// Whether this is the present connection.
    pub fn is_open(&self, link: Link) -> bool {
        self.channels.get(&link).is_some_and(|channel| channel.open)
    }

    /// Ends a connection. Who lives learns of it after what was already under way, unless that is lost too.
    pub fn disconnect(&mut self, link: Link, lossy: [bool; 2]) {
        let Some(channel) = self.channels.get_mut(&link).filter(|channel| channel.open) else { return };
        channel.open = false;
        channel.lossy = lossy;
        let epoch = channel.epoch;
        for to in link.ends() {
            self.push(link, to, epoch, Wire::Down);
        }
        let wait = self.between(50, 3_000);
        self.after(wait, Event::Connect(link));
    }

    /// Sends a frame to one end of a connection; nothing happens if that connection is over.
    pub fn send(&mut self, link: Link, to: Proc, epoch: u64, frame: Vec<u8>) {
        assert!(frame.len() <= idl::MAX_FRAME_BYTES, "a frame of {} bytes is too long", frame.len());
        let open = self.channels.get(&link).is_some_and(|channel| channel.open && channel.epoch == epoch);
        if open {
            self.push(link, to, epoch, Wire::Frame(frame));
        }
    }

    /// Whether a frame of a connection that broke is lost on its way.
    pub fn is_lost(&self, link: Link, to: Proc, epoch: u64) -> bool {
        let Some(channel) = self.channels.get(&link) else { return true };
        !channel.open && channel.epoch == epoch && channel.lossy[link.end(to)]
    }

    /// In order within one direction of one connection, whatever the delays.
    fn push(&mut self, link: Link, to: Proc, epoch: u64, wire: Wire) {
        let mut delay = self.between(0, 3);
        if !self.quiet && self.chance(3) {
            delay += self.between(100, 4_000);
        }
        let at = self.now + delay;
        let channel = self.channels.entry(link).or_default();
        let next = &mut channel.next_ms[link.end(to)];
        *next = at.max(*next);
        let at = *next;
        self.at(at, Event::Link { link, to, epoch, wire });
    }
}

fn local(now: u64, offset: i64) -> String {
    let wall = i64::try_from(now).unwrap_or(0) + offset;
    let stamp = jiff::Timestamp::from_millisecond(wall + crate::truth::ZONE_MS).unwrap_or_default();
    stamp.strftime("%m-%d %H:%M:%S%.3f").to_string()
}

/// The boot clock at the beginning.
const FIRST_MS: u64 = 100_000;
/// Events waiting at once.
const MAX_EVENTS: usize = 200_000;
/// Lines of trace kept.
const TRACE_LINES: usize = 40;
