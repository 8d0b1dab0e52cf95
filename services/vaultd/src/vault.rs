//! The core: takes commands, stages entries, and hands out answers only when the entries are durable.
//!
//! It is single-threaded and waits for nothing but the ledger's disk, a contact's row and a piece of the console's
//! recording. Sockets, the TPM
//! and long work live elsewhere: it answers with [`Effect`]s. If the disk fails the core is of no more use
//! and the process ends; what is durable is the truth after the next start.

use crate::admin::custody::Begun;
use crate::auth::Auth;
use crate::command::{Cmd, ConnId, Effect, Job, Message};
use crate::consoles::{TapeNow, TapeReaders};
use crate::desks::{Desks, LiveNow};
use crate::disk_custody::DiskNow;
use crate::entries::{Entry, EntryResult, Event, Sealed, Who};
use crate::host::HostNow;
use crate::lines::LinedLink;
use crate::network::NetworkNow;
use crate::plays::Plays;
use crate::ports::{Clock, ContactPort, Draft, Entropy, KeyPort, LedgerPort, PortError, TapePort};
use crate::seal::{Purpose, open, seal};
use crate::spans::SpansNow;
use crate::state::{Calls, Due, State};
use crate::views::Names;
use idl::hello::Process;
use ledger::SignedHead;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, BTreeSet};
use vocab::{AgentId, CallId, CampaignId, ContactId, SECOND_MS, SubjectId, UnixMs};

/// The ports of a [`Vault`].
pub struct Ports {
    /// The ledger's disk.
    pub ledger: Box<dyn LedgerPort + Send>,
    /// The keys.
    pub keys: Box<dyn KeyPort + Send>,
    /// The contacts' rows.
    pub contacts: Box<dyn ContactPort + Send>,
    /// The recordings of console sessions.
    pub tapes: Box<dyn TapePort + Send>,
    /// Random bytes.
    pub entropy: Entropy,
}

/// The core.
pub struct Vault {
    pub(crate) state: State,
    pub(crate) calls: Calls,
    pub(crate) due: BTreeMap<CampaignId, Due>,
    pub(crate) dnc: Option<gate::DoNotCall>,
    pub(crate) ports: Ports,
    pub(crate) clock: Clock,
    pub(crate) lined: Option<LinedLink>,
    pub(crate) calld: BTreeSet<ConnId>,
    pub(crate) free_bytes: u64,
    pub(crate) total_bytes: u64,
    pub(crate) recordings_ready: bool,
    pub(crate) imports: BTreeSet<ConnId>,
    pub(crate) verifying: BTreeSet<CallId>,
    pub(crate) heads: Heads,
    pub(crate) auth: Auth,
    /// Whether agents' phones can be called, as `calld` says; nothing is known of others.
    pub(crate) phones_now: BTreeMap<AgentId, bool>,
    /// Where open calls stand, as `lined` says.
    pub(crate) live_now: LiveNow,
    pub(crate) desks: Desks,
    pub(crate) names: Names,
    pub(crate) plays: Plays,
    pub(crate) spans_now: SpansNow,
    pub(crate) host_now: HostNow,
    pub(crate) begun: Option<Begun>,
    pub(crate) network_now: NetworkNow,
    pub(crate) disk_now: DiskNow,
    pub(crate) tape: TapeNow,
    pub(crate) tape_readers: TapeReaders,
    staged: Vec<Draft>,
    effects: Vec<Effect>,
}

/// The signing of heads (AUD-03).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Heads {
    /// The newest entry a head covers.
    pub signed_up_to: u64,
    /// When the newest head was written.
    pub signed_at: Option<UnixMs>,
    /// A signature was asked for and has not come.
    pub asked: bool,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut out = f.debug_struct("Vault");
        out.field("applied_seq", &self.state.applied_seq).field("staged", &self.staged.len());
        out.finish_non_exhaustive()
    }
}

impl Vault {
    /// A core over a state that holds every durable entry.
    #[must_use]
    pub fn new(
        state: State,
        calls: Calls,
        dnc: Option<gate::DoNotCall>,
        mut ports: Ports,
        clock: Clock,
    ) -> Self {
        assert_eq!(state.applied_seq + 1, ports.ledger.next_seq(), "the state holds every durable entry");
        let auth = Auth::new(&mut ports.entropy, clock.boot_ms, clock.now);
        let due = state.queues.iter().map(|(id, queue)| (*id, Due::of(queue))).collect();
        let mut vault = Self {
            state,
            calls,
            due,
            dnc,
            ports,
            clock,
            lined: None,
            calld: BTreeSet::new(),
            free_bytes: 0,
            total_bytes: 0,
            recordings_ready: false,
            imports: BTreeSet::new(),
            verifying: BTreeSet::new(),
            heads: Heads::default(),
            auth,
            phones_now: BTreeMap::new(),
            live_now: LiveNow::new(),
            desks: Desks::default(),
            names: Names::default(),
            plays: Plays::default(),
            spans_now: SpansNow::default(),
            host_now: HostNow::default(),
            begun: None,
            network_now: NetworkNow::default(),
            disk_now: DiskNow::default(),
            tape: TapeNow::at(clock.boot_ms),
            tape_readers: TapeReaders::new(),
            staged: Vec::new(),
            effects: Vec::new(),
        };
        vault.know_live_calls();
        vault.know_desks();
        vault
    }

    /// What the ledger says.
    #[must_use]
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// The call records.
    #[must_use]
    pub const fn calls(&self) -> &Calls {
        &self.calls
    }

    /// The state, and the call records to be written and let go of.
    pub const fn state_and_calls(&mut self) -> (&State, &mut Calls) {
        (&self.state, &mut self.calls)
    }

    /// Where the signing of heads stands.
    #[must_use]
    pub const fn heads(&self) -> Heads {
        self.heads
    }

    /// A start: the newest head met while opening the ledger.
    pub const fn set_signed(&mut self, up_to: u64, at: Option<UnixMs>) {
        self.heads.signed_up_to = up_to;
        self.heads.signed_at = at;
    }

    /// Handles one command. Its answers come from the next [`Vault::commit`].
    pub fn handle(&mut self, clock: Clock, cmd: Cmd) {
        self.clock = clock;
        match cmd {
            Cmd::Tick => self.tick(),
            Cmd::Disk { free_bytes, ready } => {
                self.free_bytes = free_bytes;
                self.recordings_ready = ready;
            }
            Cmd::Room { total_bytes } => self.total_bytes = total_bytes,
            Cmd::LinedUp(conn) => self.lined_up(conn),
            Cmd::LinedDown(conn) => self.lined_down(conn),
            Cmd::Lined(message) => self.lined_says(message),
            Cmd::CalldUp(conn) => {
                self.calld.insert(conn);
            }
            Cmd::CalldDown(conn) => self.calld_down(conn),
            Cmd::Calld(conn, request) => self.calld_asks(conn, request),
            Cmd::Admin { conn, from, request, attached } => self.admin(conn, from, request, attached),
            Cmd::AdminDown(conn) => {
                self.imports.remove(&conn);
            }
            Cmd::Health { conn, serial } => self.health(conn, serial),
            Cmd::Imported(done) => self.imported(*done),
            Cmd::RecordingVerified { call, finding } => self.recording_verified(call, finding),
            Cmd::LedgerRead(read) => self.ledger_read(*read),
            Cmd::PeaksRead { reply, call, heard } => self.peaks_read(reply, call, heard),
            Cmd::TraceRead { reply, span, file, piece } => self.trace_read(reply, span, file, piece),
            Cmd::LedgerVerified { reply, outcome } => self.ledger_verified(reply, outcome),
            Cmd::PasswordDone(done) => self.password_done(done),
            Cmd::HostUp(conn) => self.host_up(conn),
            Cmd::HostDown(conn) => self.host_down(conn),
            Cmd::Host(conn, message) => self.host_says(conn, message),
            Cmd::LedgerChecked(fault) => self.ledger_checked(fault),
            Cmd::EpochRaised(outcome) => self.epoch_raised(outcome),
            Cmd::BundleStored { reply, outcome } => self.bundle_stored(reply, outcome),
            Cmd::Started { cut_bytes } => {
                self.record(Who::Process(Process::Vaultd), Event::Started { cut_bytes });
                self.end_lost_order();
                self.end_lost_trial();
            }
            Cmd::Stopping => {
                self.write_held(true);
                self.record(Who::Process(Process::Vaultd), Event::Stopped {});
            }
        }
    }

    /// Makes everything handled since the last commit durable, then hands out what follows from it.
    ///
    /// # Errors
    /// The disk's; the core must be dropped then, and no answer is given.
    pub fn commit(&mut self) -> Result<Vec<Effect>, PortError> {
        if !self.staged.is_empty() {
            let drafts = std::mem::take(&mut self.staged);
            self.ports.ledger.append(&drafts)?;
            assert_eq!(
                self.ports.ledger.next_seq(),
                self.state.applied_seq + 1,
                "entries got the seqs foretold"
            );
        }
        self.ask_for_head();
        Ok(std::mem::take(&mut self.effects))
    }

    /// Writes a signed head. Everything handled must be committed before.
    ///
    /// # Errors
    /// The disk's.
    pub fn head_signed(&mut self, clock: Clock, signed: &SignedHead) -> Result<(), PortError> {
        assert!(self.staged.is_empty(), "a head is written between commits");
        self.heads.asked = false;
        if self.ports.ledger.append_head(signed, clock.now)? {
            self.state.pass_heads(self.state.applied_seq + 1);
            self.heads.signed_up_to = signed.head.seq;
            self.heads.signed_at = Some(clock.now);
        }
        Ok(())
    }

    /// The TPM could not sign; it is asked again at the next tick.
    pub const fn head_failed(&mut self) {
        self.heads.asked = false;
    }

    fn ask_for_head(&mut self) {
        let unsigned = self.unsigned_entries();
        let waited = self.heads.signed_at.is_none_or(|at| self.clock.now.since(at) >= HEAD_INTERVAL_MS);
        let due = unsigned >= HEAD_INTERVAL_ENTRIES || (unsigned > 0 && waited);
        if due && !self.heads.asked {
            self.ask_for_head_now();
        }
    }

    /// Asks for a head over everything durable, whenever the last one was.
    pub fn ask_for_head_now(&mut self) {
        if let Some(head) = self.ports.ledger.head(self.clock.now) {
            self.heads.asked = true;
            self.effects.push(Effect::Sign(head));
        }
    }

    /// Entries after the newest head, the head's own entry not counted.
    pub(crate) const fn unsigned_entries(&self) -> u64 {
        self.state.applied_seq.saturating_sub(self.heads.signed_up_to + 1)
    }

    /// Stages an entry and applies it; answers its seq.
    pub(crate) fn record(&mut self, who: Who, event: Event) {
        self.record_from(who, Process::Vaultd, EntryResult::Done, event);
    }

    pub(crate) fn record_from(&mut self, who: Who, from: Process, result: EntryResult, event: Event) -> u64 {
        let entry = Entry { who, from, result, event };
        let Ok(plain) = postcard::to_stdvec(&entry) else {
            unreachable!("entries are plain structures");
        };
        assert!(plain.len() <= ledger::MAX_PLAINTEXT_BYTES, "requests were bounded before");
        let seq = self.state.applied_seq + 1;
        let at = self.clock.now;
        self.staged.push((entry.event.kind(), at, plain));
        let touched = self.state.apply(&mut self.calls, seq, at, &entry);
        for (campaign, contact) in touched {
            self.settle(campaign, contact);
        }
        seq
    }

    /// The seq the next entry staged will get.
    pub(crate) const fn next_seq(&self) -> u64 {
        self.state.applied_seq + 1
    }

    pub(crate) fn settle(&mut self, campaign: CampaignId, contact: ContactId) {
        if let (Some(due), Some(queue)) = (self.due.get_mut(&campaign), self.state.queues.get(&campaign)) {
            due.settle(queue, contact);
        }
    }

    pub(crate) fn send(&mut self, conn: ConnId, message: Message) {
        self.effects.push(Effect::Send(conn, message));
    }

    pub(crate) fn work(&mut self, job: Job) {
        self.effects.push(Effect::Work(job));
    }

    pub(crate) fn random<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        (self.ports.entropy)(&mut bytes);
        bytes
    }

    /// Seals a value under a subject's key; `None` if the key was destroyed or cannot be had.
    pub(crate) fn seal_for<T: Serialize>(
        &mut self,
        subject: SubjectId,
        purpose: Purpose,
        value: &T,
    ) -> Option<Sealed> {
        let nonce = self.random();
        match self.ports.keys.subject_key(subject) {
            Ok(key) => key.map(|key| seal(&key, purpose, nonce, value)),
            Err(error) => {
                log::error!("a subject's key cannot be had: {error}");
                None
            }
        }
    }

    /// Opens a value sealed under a subject's key.
    pub(crate) fn open_of<T: DeserializeOwned>(
        &self,
        subject: SubjectId,
        purpose: Purpose,
        sealed: &Sealed,
    ) -> Option<T> {
        let key = self.ports.keys.subject_key(subject).ok().flatten()?;
        open(&key, purpose, sealed)
    }

    fn tick(&mut self) {
        self.close_unused_tickets();
        self.verify_waiting_recordings();
        self.tick_auth();
        self.forget_wishes();
        self.forget_orders();
        self.leave_desks();
        self.plays.forget_ended(self.clock.boot_ms);
        self.tick_host();
        self.tick_network();
        self.tell_lines_where();
        self.tick_consoles();
    }
}

/// A head is signed at the latest after this time (AUD-03).
pub const HEAD_INTERVAL_MS: i64 = 60 * SECOND_MS;
/// A head is signed at the latest after this many entries (AUD-03).
pub const HEAD_INTERVAL_ENTRIES: u64 = 1_000;
