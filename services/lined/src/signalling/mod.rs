//! The one task that owns SIP, the calls and everything they need. It never waits for a peer, a disk or a name:
//! it takes one event at a time and sets others to work.

mod act;
mod cards;
mod cause;
mod events;
mod health;
mod leg;
mod lines;
mod live;
mod loopback;
mod media_events;
mod phones;
mod tickets;

pub use leg::{LegError, LegSdp, Wanted};
pub use lines::MAX_TRUNKS;
pub use phones::MAX_PHONES;

use crate::call::{Input, Timer};
use crate::cards::{Deck, DeckOutput, History};
use crate::clock;
use crate::dns::{Answer, Names};
use crate::link::facts::Facts;
use crate::link::server::DeskEvent;
use crate::link::vault::VaultEvent;
use crate::prompts::{Loaded, Prompts};
use crate::recorder::{Recorder, RecorderEvent};
use crate::transport::{Inbound, Transports};
use crate::voice::{HandsetLane, Ports, Voice};
use idl::lines::{LinedToCalld, LinedToVault};
use lines::{Lines, Upkeep};
use live::Live;
use phones::Phones;
use sip_ua::{CallHandle, DialogSnapshot, Endpoint, Millis, Output, Timers};
use std::collections::{HashMap, HashSet, VecDeque};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::unix::AsyncFd;
use tokio::sync::{mpsc, watch};
use vocab::{CallId, EndedBy, LineGroupId, TrunkId};

/// Calls at once.
pub const MAX_CALLS: usize = 2_000;
/// Trunks and names are looked after this often.
const ROUND_MS: u64 = 200;
/// How long a stop may take: calls are ended and facts made durable.
const DRAIN_MS: u64 = 8_000;
/// Reports of the media threads taken before anything else gets its turn.
const MAX_REPORTS: usize = 4_096;

/// Which leg a SIP call belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Party {
    Customer,
    Agent,
}

/// The calls ticketed lately: a ticket is used once, whoever sends it again.
#[derive(Debug, Default)]
struct Used {
    order: VecDeque<CallId>,
    calls: HashSet<CallId>,
}

impl Used {
    /// Notes a call; `false` if it was noted before.
    fn first(&mut self, call: CallId) -> bool {
        if !self.calls.insert(call) {
            return false;
        }
        self.order.push_back(call);
        if self.order.len() > MAX_USED
            && let Some(oldest) = self.order.pop_front()
        {
            self.calls.remove(&oldest);
        }
        true
    }
}

/// Far more tickets than are issued in the ten seconds one lives.
const MAX_USED: usize = 65_536;

/// What signalling is made of.
#[derive(Debug)]
pub struct Parts {
    /// The SIP endpoint.
    pub endpoint: Endpoint,
    /// The sockets.
    pub transports: Transports,
    /// Names of trunks.
    pub names: Names,
    /// The media threads.
    pub voice: Voice,
    /// Media ports.
    pub ports: Ports,
    /// The recorder.
    pub recorder: Recorder,
    /// Prompts.
    pub prompts: Prompts,
    /// The cards.
    pub deck: Deck,
    /// The technician's handset, where the box has one.
    pub handset: Option<HandsetLane>,
}

/// Everything signalling listens to.
#[derive(Debug)]
pub struct Inputs {
    /// SIP.
    pub inbound: mpsc::Receiver<Inbound>,
    /// `vaultd`.
    pub vault: mpsc::Receiver<VaultEvent>,
    /// `calld`, supervisor, tools.
    pub desk: mpsc::Receiver<DeskEvent>,
    /// The recorder.
    pub recorder: mpsc::Receiver<RecorderEvent>,
    /// Prompts that were read.
    pub prompts: mpsc::Receiver<Loaded>,
    /// Names that were resolved.
    pub answers: mpsc::Receiver<Answer>,
    /// Becomes true when the process shall stop.
    pub stop: watch::Receiver<bool>,
}

/// The task.
#[derive(Debug)]
pub struct Signalling {
    parts: Parts,
    lines: Lines,
    phones: Phones,
    facts: Facts,
    calls: HashMap<CallId, Live>,
    legs: HashMap<CallHandle, (CallId, Party)>,
    /// The trunk a customer's leg occupies, until its SIP call is over: that may be after the product's call.
    channels: HashMap<CallHandle, TrunkId>,
    used: Used,
    timers: Timers<(CallId, Timer)>,
    pending: VecDeque<(CallId, Input)>,
    out: Vec<Output>,
    card_out: Vec<DeckOutput>,
    history: History,
    vault: Option<mpsc::Sender<Arc<LinedToVault>>>,
    desks: Vec<(u64, mpsc::Sender<Arc<LinedToCalld>>)>,
    releasing: HashMap<u64, CallId>,
    /// Former dialogs whose trunk has no address yet, and until when that is waited for.
    to_release: Vec<(CallId, DialogSnapshot, Millis)>,
    released: VecDeque<CallId>,
    next_handle: u64,
    /// When the SIP message came that was taken last.
    came_us: u64,
    next_round: Millis,
    free: Vec<(LineGroupId, u32)>,
    draining: bool,
    drained_told: bool,
    sited: bool,
    health: health::Watch,
    loopback: loopback::LoopBack,
}

impl Signalling {
    /// A task without calls. `serial` begins the numbering of SIP calls.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self {
            parts,
            lines: Lines::default(),
            phones: Phones::default(),
            facts: Facts::default(),
            calls: HashMap::new(),
            legs: HashMap::new(),
            channels: HashMap::new(),
            used: Used::default(),
            timers: Timers::new(),
            pending: VecDeque::new(),
            out: Vec::new(),
            card_out: Vec::new(),
            history: History::new(u64::from_be_bytes(crate::random::bytes())),
            vault: None,
            desks: Vec::new(),
            releasing: HashMap::new(),
            to_release: Vec::new(),
            released: VecDeque::new(),
            next_handle: 0,
            came_us: 0,
            next_round: Millis(0),
            free: Vec::new(),
            draining: false,
            drained_told: false,
            sited: false,
            health: health::Watch::default(),
            loopback: loopback::LoopBack::default(),
        }
    }

    /// Runs until told to stop, then ends all calls and gives them and their facts a bounded time.
    ///
    /// # Errors
    /// The system's, if the media threads' descriptor cannot be watched.
    pub async fn run(mut self, mut inputs: Inputs) -> std::io::Result<()> {
        let event = self.parts.voice.wake();
        let own = event.as_fd().try_clone_to_owned()?;
        // SAFETY: an owned descriptor stays open and the same for as long as the registration holds it.
        let wake = unsafe { AsyncFd::register(own) }.map_err(std::io::Error::from)?;
        let own = self.parts.deck.descriptor().try_clone_to_owned()?;
        // SAFETY: as above.
        let cards = unsafe { AsyncFd::register(own) }.map_err(std::io::Error::from)?;
        let mut stop_by: Option<Millis> = None;
        let mut loopback = self.loopback.listen();
        loop {
            let until = self.deadline(stop_by);
            tokio::select! {
                Some(inbound) = inputs.inbound.recv() => self.on_inbound(inbound),
                Some(event) = inputs.vault.recv() => self.on_vault(event),
                Some(event) = inputs.desk.recv() => self.on_desk(event),
                Some(event) = inputs.recorder.recv() => self.on_recorder(event),
                Some(loaded) = inputs.prompts.recv() => self.on_prompt(&loaded),
                Some(news) = loopback.recv() => self.on_loopback(news),
                Some(answer) = inputs.answers.recv() => {
                    if self.parts.names.answered(clock::now(), answer) {
                        self.next_round = Millis(0);
                    }
                }
                ready = wake.readable() => {
                    let mut ready = ready?;
                    let _ = event.read();
                    ready.clear_ready();
                    self.on_reports();
                }
                ready = cards.readable() => {
                    let mut ready = ready?;
                    // The descriptor stays readable while a card has more.
                    ready.clear_ready();
                    self.on_cards();
                }
                Ok(()) = inputs.stop.changed(), if stop_by.is_none() => {
                    stop_by = Some(clock::now() + DRAIN_MS);
                    self.drain();
                }
                () = tokio::time::sleep(until) => {}
            }
            self.settle();
            if stop_by.is_some_and(|by| self.is_quiet() || clock::now() >= by) {
                return Ok(());
            }
        }
    }

    /// Whether every call is over for both sides and all its facts are durable.
    fn is_quiet(&self) -> bool {
        self.calls.is_empty()
            && self.legs.is_empty()
            && self.facts.is_empty()
            && (self.history.is_empty() || self.vault.is_none())
            && self.parts.voice.sessions() == 0
    }

    /// How long nothing is due.
    fn deadline(&self, stop_by: Option<Millis>) -> Duration {
        let due = [
            self.parts.endpoint.deadline(),
            self.parts.deck.deadline(),
            self.timers.deadline(),
            Some(self.next_round),
            stop_by,
        ];
        let next = due.into_iter().flatten().min().unwrap_or(self.next_round);
        Duration::from_millis(next - clock::now())
    }

    /// Everything that follows from the last event, and everything that is due.
    fn settle(&mut self) {
        let now = clock::now();
        self.parts.endpoint.expire(now, &mut self.out);
        self.parts.deck.expire(cards::now(), &mut self.card_out);
        while let Some((call, timer)) = self.timers.pop(now) {
            self.pending.push_back((call, Input::TimerFired(timer)));
        }
        if self.next_round <= now {
            self.next_round = now + ROUND_MS;
            self.round();
        }
        loop {
            self.drive();
            if self.out.is_empty() && self.card_out.is_empty() {
                break;
            }
            for output in std::mem::take(&mut self.card_out) {
                self.on_card_output(output);
            }
            for output in std::mem::take(&mut self.out) {
                self.on_output(output);
            }
        }
        self.send_facts();
        self.send_history();
        self.tell_drained();
    }

    /// The regular round: trunks, free lines, health of the media threads.
    fn round(&mut self) {
        self.parts.transports.look_after();
        let nameless = self.with_upkeep(|lines, around| lines.look_after(around));
        for status in nameless {
            self.trunk_changed(status);
        }
        // What a bounded number of events left behind.
        self.on_cards();
        self.release_waiting();
        self.tell_free();
        self.health.look(&self.parts.voice, clock::boot_ms());
        self.loopback_late();
    }

    fn with_upkeep<T>(&mut self, act: impl FnOnce(&mut Lines, &mut Upkeep<'_>) -> T) -> T {
        let mut around = Upkeep {
            now: clock::now(),
            wall: clock::wall(),
            names: &mut self.parts.names,
            transports: &mut self.parts.transports,
            endpoint: &mut self.parts.endpoint,
            out: &mut self.out,
        };
        act(&mut self.lines, &mut around)
    }

    /// Takes no new tickets and ends the live calls politely.
    fn drain(&mut self) {
        self.draining = true;
        self.drained_told = false;
        self.loopback_step(crate::loopback::Input::Failed(idl::trial::CallFault::TooLong));
        for call in self.calls.keys() {
            self.pending.push_back((*call, Input::HangUp(EndedBy::Box)));
        }
    }

    fn tell_drained(&mut self) {
        if self.draining && !self.drained_told && self.calls.is_empty() {
            self.drained_told = true;
            self.tell_desks(&Arc::new(LinedToCalld::Drained));
        }
    }

    /// Free lines, when they changed.
    fn tell_free(&mut self) {
        let ports = self.parts.ports.free() / 2;
        let room = ports.min(self.parts.voice.room()).min(MAX_CALLS - self.calls.len().min(MAX_CALLS));
        let room = if self.draining { 0 } else { u32::try_from(room).unwrap_or(u32::MAX) };
        let free = self.lines.free(room);
        if free != self.free {
            self.free.clone_from(&free);
            self.tell_desks(&Arc::new(LinedToCalld::Free(free)));
        }
    }

    fn tell_desks(&mut self, message: &Arc<LinedToCalld>) {
        self.desks.retain(|(_, sender)| {
            let told = sender.try_send(Arc::clone(message)).is_ok();
            if !told {
                log::warn!(target: "desk", "calld does not read: its connection is closed");
            }
            told
        });
    }

    /// Hands facts to the connection in order, as many as it takes.
    fn send_facts(&mut self) {
        let Some(vault) = &self.vault else { return };
        while let Some(call) = self.released.front() {
            if vault.try_send(Arc::new(LinedToVault::Released { call: *call })).is_err() {
                return;
            }
            self.released.pop_front();
        }
        while let Some(fact) = self.facts.unsent() {
            if vault.try_send(fact).is_err() {
                return;
            }
            self.facts.handed_over();
        }
    }
}
