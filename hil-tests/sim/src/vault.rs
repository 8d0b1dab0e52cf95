//! The records process: the product's core over a disk in memory, with group commit and kill -9.
//!
//! Commands are handled together, their bytes go to the disk, and only when the disk is done do the answers
//! leave. A crash may come at each of these points.

use crate::disk::{Disk, Replayed};
use crate::env::{Env, Event, Link, Proc, Wire};
use crate::office::Office;
use crate::ports::{Keys, NoTapes, Rows};
use crate::run::Sabotage;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use idl::hello::Process;
use idl::lines::{LinedToVault, VaultToLined};
use ledger::{HeadKey, SignedHead};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use std::collections::{BTreeMap, VecDeque};
use vaultd::command::{Cmd, ConnId, Effect, Job as Work, Message};
use vaultd::entries::{Entry, EntryResult, Event as Noted, RecordingFinding, RecordingWorth, Who};
use vaultd::ports::{Clock, LedgerPort};
use vaultd::state::{Calls, State};
use vaultd::vault::{Ports, Vault};
use vocab::{CallId, ObjectHash, PersonId};

/// A long job that is done.
#[derive(Debug)]
pub enum Job {
    /// A head was signed.
    Signed(Box<SignedHead>),
    /// A recording was verified.
    Verified(CallId),
}

enum Waiting {
    Cmd(Box<Cmd>),
    Signed(Box<SignedHead>),
}

/// The process.
pub struct VaultProc {
    core: Option<Vault>,
    life: u64,
    waiting: VecDeque<Waiting>,
    busy: bool,
    called: bool,
    effects: Vec<Effect>,
    /// Its disk.
    pub disk: Disk,
    signer: EcdsaKeyPair,
    /// Do-not-call lists by their object.
    pub lists: BTreeMap<ObjectHash, gate::DoNotCall>,
    /// Rows of all batches.
    pub rows: Rows,
    links: BTreeMap<Link, u64>,
    sabotage: Sabotage,
    resent: bool,
}

/// The office's connection.
pub const OFFICE: ConnId = ConnId(u64::MAX);

impl VaultProc {
    /// A process that does not run, over an empty disk.
    pub fn new(rows: Rows, sabotage: Sabotage) -> Self {
        let signer = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, crate::office::signing_key());
        let Ok(signer) = signer else { unreachable!("the key is a constant") };
        let Ok(head_key) = HeadKey::parse(signer.public_key().as_ref()) else {
            unreachable!("the public key is a point")
        };
        Self {
            core: None,
            life: 0,
            waiting: VecDeque::new(),
            busy: false,
            called: false,
            effects: Vec::new(),
            disk: Disk::new(head_key),
            signer,
            lists: BTreeMap::new(),
            rows,
            links: BTreeMap::new(),
            sabotage,
            resent: false,
        }
    }

    /// The core, while the process runs.
    pub fn core(&self) -> Option<&Vault> {
        self.core.as_ref()
    }

    /// Whether it runs.
    pub fn alive(&self) -> bool {
        self.core.is_some()
    }

    fn clock(&self, env: &Env) -> Clock {
        let synchronised = env.synchronised || self.sabotage == Sabotage::TrustAnyClock;
        Clock { now: env.wall(), boot_ms: env.now, synchronised }
    }

    /// Starts: walks the ledger, folds it, opens it for writing.
    ///
    /// # Errors
    /// A broken invariant.
    pub fn start(&mut self, env: &mut Env) -> Result<(), String> {
        let found =
            self.disk.replay(env.truth.durable).map_err(|fault| format!("AUD-01: the ledger: {fault}"))?;
        let Replayed { mut state, mut calls, entries, cut_bytes, signed } = found;
        for (seq, at, entry) in &entries {
            env.truth.entry(*seq, *at, &entry.event)?;
        }
        env.truth.kept(&state, &calls)?;
        spoil(self.sabotage, &mut state, &mut calls);
        let mut salt = [0; 32];
        env.fill(&mut salt);
        self.disk.open(env.wall(), salt)?;
        let dnc = state.dnc.as_ref().and_then(|list| self.lists.get(&list.object.hash).cloned());
        let mut seed = [0; 8];
        env.fill(&mut seed);
        let mut entropy = ChaCha8Rng::seed_from_u64(u64::from_be_bytes(seed));
        let ports = Ports {
            ledger: Box::new(self.disk.clone()),
            keys: Box::new(Keys),
            contacts: Box::new(self.rows.clone()),
            tapes: Box::new(NoTapes),
            entropy: Box::new(move |bytes: &mut [u8]| entropy.fill_bytes(bytes)),
        };
        if state.applied_seq == 0 {
            self.genesis(env, &mut state)?;
        }
        let mut core = Vault::new(state, calls, dnc, ports, self.clock(env));
        if let Some((up_to, at)) = signed {
            core.set_signed(up_to, Some(at));
        }
        self.core = Some(core);
        self.life += 1;
        env.note(|| format!("vaultd starts at entry {}, cut {cut_bytes} bytes", env_durable(&entries)));
        self.command(env, Cmd::Started { cut_bytes });
        self.command(env, Cmd::Disk { free_bytes: 1 << 40, ready: true });
        env.after(TICK_MS, Event::Wake(Proc::Vault, self.life));
        Ok(())
    }

    fn genesis(&self, env: &mut Env, state: &mut vaultd::state::State) -> Result<(), String> {
        let event = Noted::Genesis { tpm: "simulated".to_owned() };
        let entry = Entry {
            who: Who::Process(Process::Vaultd),
            from: Process::Vaultd,
            result: EntryResult::Done,
            event,
        };
        let plain = postcard::to_stdvec(&entry).map_err(|error| error.to_string())?;
        let mut port = self.disk.clone();
        port.append(&[(entry.event.kind(), env.wall(), plain)]).map_err(|error| error.to_string())?;
        let mut nobody = vaultd::state::Calls::new(Box::new(vaultd::state::NoDisk));
        let _ = state.apply(&mut nobody, 1, env.wall(), &entry);
        for (seq, at, entry) in self.disk.sync() {
            env.truth.entry(seq, at, &entry.event)?;
        }
        Ok(())
    }

    /// Kill -9: of what was being written any prefix may have reached the disk.
    pub fn kill(&mut self, env: &mut Env) {
        if self.core.take().is_none() {
            return;
        }
        let pending = self.disk.pending() as u64;
        let keep = match env.between(0, 3) {
            0 => 0,
            1 => pending,
            _ => env.between(0, pending),
        };
        self.disk.crash(usize::try_from(keep).unwrap_or(0));
        if self.sabotage == Sabotage::FlipBit {
            self.disk.flip(env.between(0, u64::MAX - 1));
        }
        self.waiting.clear();
        self.effects.clear();
        self.links.clear();
        self.busy = false;
        self.called = false;
        env.note(|| format!("vaultd is killed, {keep} of {pending} bytes reach the disk"));
    }

    /// A link brings something.
    ///
    /// # Errors
    /// A frame that cannot be read.
    pub fn link(&mut self, env: &mut Env, link: Link, epoch: u64, wire: Wire) -> Result<(), String> {
        if self.core.is_none() {
            return Ok(());
        }
        let conn = ConnId(epoch * 4 + u64::from(link == Link::VaultCalld));
        let lined = link == Link::VaultLined;
        match wire {
            Wire::Up => {
                self.links.insert(link, epoch);
                self.command(env, if lined { Cmd::LinedUp(conn) } else { Cmd::CalldUp(conn) });
            }
            Wire::Down if self.links.get(&link) == Some(&epoch) => {
                self.links.remove(&link);
                self.command(env, if lined { Cmd::LinedDown(conn) } else { Cmd::CalldDown(conn) });
            }
            Wire::Frame(frame) if self.links.get(&link) == Some(&epoch) => {
                let cmd = if lined {
                    let said: LinedToVault = read(&frame)?;
                    env.note(|| format!("vaultd <- lined {}", crate::lined::show(&said)));
                    Cmd::Lined(said)
                } else {
                    Cmd::Calld(conn, read(&frame)?)
                };
                self.command(env, cmd);
            }
            Wire::Down | Wire::Frame(_) => {}
        }
        Ok(())
    }

    /// Handles a command and makes it durable in the same instant: only before anything can fail.
    ///
    /// # Errors
    /// A broken invariant.
    pub fn at_once(&mut self, env: &mut Env, cmd: Cmd) -> Result<Vec<Effect>, String> {
        let clock = self.clock(env);
        let Some(core) = &mut self.core else { return Ok(Vec::new()) };
        core.handle(clock, cmd);
        let effects = core.commit().map_err(|error| error.to_string())?;
        for (seq, at, entry) in self.disk.sync() {
            env.truth.entry(seq, at, &entry.event)?;
        }
        Ok(effects)
    }

    /// A command waits for the core.
    pub fn command(&mut self, env: &mut Env, cmd: Cmd) {
        if self.core.is_some() {
            self.waiting.push_back(Waiting::Cmd(Box::new(cmd)));
            self.call(env);
        }
    }

    /// A long job is done.
    pub fn job(&mut self, env: &mut Env, life: u64, job: Job) {
        if life != self.life || self.core.is_none() {
            return;
        }
        match job {
            Job::Signed(head) => {
                self.waiting.push_back(Waiting::Signed(head));
                self.call(env);
            }
            Job::Verified(call) => {
                let finding = RecordingFinding {
                    duration_ms: 1,
                    gaps_customer_ms: 0,
                    gaps_agent_ms: 0,
                    worth: RecordingWorth::Sound,
                };
                self.command(env, Cmd::RecordingVerified { call, finding });
            }
        }
    }

    fn call(&mut self, env: &mut Env) {
        if !self.busy && !self.called && !self.waiting.is_empty() {
            self.called = true;
            let wait = env.between(0, 1);
            env.after(wait, Event::VaultWork(self.life));
        }
    }

    /// Takes what waits, in one commit.
    ///
    /// # Errors
    /// A broken invariant.
    pub fn work(&mut self, env: &mut Env, life: u64) -> Result<(), String> {
        if life != self.life {
            return Ok(());
        }
        self.called = false;
        let clock = self.clock(env);
        let Some(core) = &mut self.core else { return Ok(()) };
        if let Some(Waiting::Signed(_)) = self.waiting.front() {
            if let Some(Waiting::Signed(head)) = self.waiting.pop_front() {
                core.head_signed(clock, &head).map_err(|error| error.to_string())?;
            }
        } else {
            for _ in 0..MAX_TOGETHER {
                match self.waiting.pop_front() {
                    Some(Waiting::Cmd(cmd)) => core.handle(clock, *cmd),
                    Some(signed @ Waiting::Signed(_)) => {
                        self.waiting.push_front(signed);
                        break;
                    }
                    None => break,
                }
            }
            self.effects = core.commit().map_err(|error| error.to_string())?;
            if self.sabotage == Sabotage::AnswerEarly {
                for effect in std::mem::take(&mut self.effects) {
                    self.perform(env, effect);
                }
            }
        }
        self.busy = true;
        let wait = if self.disk.pending() == 0 {
            0
        } else if !env.quiet && env.chance(5) {
            env.between(50, 1_500)
        } else {
            env.between(1, 6)
        };
        if wait == 0 {
            return self.synced(env, life);
        }
        env.after(wait, Event::VaultSynced(life));
        Ok(())
    }

    /// The disk is done: what was written is durable, and the answers leave.
    ///
    /// # Errors
    /// A broken invariant.
    pub fn synced(&mut self, env: &mut Env, life: u64) -> Result<(), String> {
        if life != self.life || self.core.is_none() {
            return Ok(());
        }
        for (seq, at, entry) in self.disk.sync() {
            env.note(|| format!("vaultd: entry {seq} {} is durable", entry.event.name()));
            env.truth.entry(seq, at, &entry.event)?;
        }
        self.busy = false;
        for effect in std::mem::take(&mut self.effects) {
            self.perform(env, effect);
        }
        self.call(env);
        Ok(())
    }

    fn perform(&mut self, env: &mut Env, effect: Effect) {
        match effect {
            Effect::Send(_, Message::Admin(reply)) => {
                let wait = env.between(1, 5);
                env.after(wait, Event::OfficeAnswer(Box::new(reply)));
            }
            Effect::Send(_, Message::Health(_) | Message::AdminFile(..) | Message::Host(_)) => {}
            Effect::Send(conn, Message::Lined(message)) => {
                if let VaultToLined::FactStored { call, seq } = &message {
                    env.truth.fact_acknowledged(*call, *seq);
                }
                self.to_lined(env, conn, &message);
                let again = self.sabotage == Sabotage::ResendTicket && !self.resent;
                if again && let VaultToLined::Ticket(ticket) = &message {
                    self.resent = true;
                    let mut copy: VaultToLined = match read(&frame(&message)) {
                        Ok(copy) => copy,
                        Err(_) => return,
                    };
                    if let VaultToLined::Ticket(copied) = &mut copy {
                        copied.call = CallId(ticket.call.0 + 1_000_000);
                    }
                    self.to_lined(env, conn, &copy);
                }
            }
            Effect::Send(conn, Message::Calld(message)) => {
                env.note(|| format!("vaultd -> calld {}", crate::calld::show(&message)));
                self.send(env, Link::VaultCalld, Proc::Calld, conn, frame(&message));
            }
            Effect::Work(Work::VerifyRecording { call, .. }) => {
                let wait = env.between(5, 400);
                env.after(wait, Event::VaultJob(self.life, Job::Verified(call)));
            }
            Effect::Work(_) => {}
            Effect::Sign(head) => {
                let Ok(signature) = self.signer.sign(&SystemRandom::new(), &head.message()) else { return };
                let mut bytes = [0; ledger::SIGNATURE_BYTES];
                bytes.copy_from_slice(signature.as_ref());
                let signed = Box::new(SignedHead { head, signature: bytes });
                let wait = env.between(80, 400);
                env.after(wait, Event::VaultJob(self.life, Job::Signed(signed)));
            }
        }
    }

    fn to_lined(&self, env: &mut Env, conn: ConnId, message: &VaultToLined) {
        if let VaultToLined::Ticket(ticket) = message {
            env.note(|| format!("vaultd -> lined ticket of {}", ticket.call));
        }
        self.send(env, Link::VaultLined, Proc::Lined, conn, frame(message));
    }

    fn send(&self, env: &mut Env, link: Link, to: Proc, conn: ConnId, frame: Vec<u8>) {
        if let Some(epoch) = self.links.get(&link).copied().filter(|epoch| conn.0 / 4 == *epoch) {
            env.send(link, to, epoch, frame);
        }
    }

    /// Its regular tick.
    pub fn tick(&mut self, env: &mut Env, life: u64, office: &Office) {
        if life != self.life || self.core.is_none() {
            return;
        }
        self.command(env, Cmd::Tick);
        let busy = self.core.as_ref().is_some_and(|core| !core.state().open_calls.is_empty());
        env.after(
            if busy || office.is_busy() { TICK_MS } else { IDLE_TICK_MS },
            Event::Wake(Proc::Vault, life),
        );
    }

    /// Its gauges.
    pub fn gauges(&self) -> Vec<(String, u64)> {
        self.core.as_ref().map(|core| core.health_reply(0).gauges).unwrap_or_default()
    }
}

/// Defects of a restarted vault, put in on purpose.
fn spoil(sabotage: Sabotage, state: &mut State, calls: &mut Calls) {
    match sabotage {
        Sabotage::ForgetAttempts => {
            for subject in state.subjects.values_mut() {
                subject.attempts.clear();
            }
        }
        Sabotage::DropOptOut => state.blacklist.clear(),
        Sabotage::ShiftHours => {
            state.policy.zone = "Asia/Tokyo".to_owned();
            let (set_by, agreed_by) = (PersonId(4), PersonId(5));
            state.policy.wider_approved = Some(gate::DualApproval { set_by, agreed_by });
        }
        Sabotage::DropWrapUps => {
            for call in calls.after(CallId(0), usize::MAX) {
                if let Some(record) = calls.get_mut(call) {
                    record.disposition = None;
                }
            }
        }
        Sabotage::OtherState => state.next_contact += 1,
        Sabotage::None
        | Sabotage::TrustAnyClock
        | Sabotage::AnswerEarly
        | Sabotage::FlipBit
        | Sabotage::ResendTicket
        | Sabotage::LapsedTicket
        | Sabotage::RedialAfterRing => {}
    }
}

fn env_durable(entries: &[crate::disk::Placed]) -> u64 {
    entries.last().map_or(0, |(seq, ..)| *seq)
}

/// A message as it crosses.
pub fn frame<T: serde::Serialize>(message: &T) -> Vec<u8> {
    match postcard::to_stdvec(message) {
        Ok(frame) => frame,
        Err(_) => unreachable!("messages are plain structures"),
    }
}

/// A message as it arrives.
///
/// # Errors
/// If it is none.
pub fn read<T: serde::de::DeserializeOwned>(frame: &[u8]) -> Result<T, String> {
    postcard::from_bytes(frame).map_err(|error| format!("a frame cannot be read: {error}"))
}

const TICK_MS: u64 = 1_000;
/// Nothing happens to a vault without calls between two of these.
const IDLE_TICK_MS: u64 = 60_000;
/// Commands of one commit.
const MAX_TOGETHER: usize = 64;
