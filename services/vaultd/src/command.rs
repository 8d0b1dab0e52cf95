//! What goes into the core and what comes out of it: values only, no sockets and no threads.

use crate::auth::{PasswordDone, PasswordJob};
use crate::entries::{BatchEntry, Entry, RecordingFinding, StoredObject};
use crate::level::Level;
use crate::sound::Heard;
use idl::account::SessionId;
use idl::admin::{AdminReply, AdminRequest, RowError};
use idl::campaign::{CalldToVault, VaultToCalld};
use idl::health::HealthReply;
use idl::hello::Process;
use idl::host::{HostToVault, VaultToHost};
use idl::lines::{LinedToVault, VaultToLined};
use idl::views::{ConsoleSession, LedgerFilter};
use std::fs::File;
use std::os::fd::OwnedFd;
use vocab::{CallId, DepartmentId, PersonId, Secret, SpanId, UnixMs};

/// A connection, numbered by the process that took it; never used twice in one life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnId(pub u64);

/// A command.
#[derive(Debug)]
pub enum Cmd {
    /// Time passed.
    Tick,
    /// The state of the disk for recordings.
    Disk {
        /// Room.
        free_bytes: u64,
        /// The folder can be written.
        ready: bool,
    },
    /// The size of that disk.
    Room {
        /// All of it.
        total_bytes: u64,
    },
    /// `lined` connected.
    LinedUp(ConnId),
    /// `lined` is gone.
    LinedDown(ConnId),
    /// `lined` says.
    Lined(LinedToVault),
    /// `calld` connected.
    CalldUp(ConnId),
    /// `calld` is gone.
    CalldDown(ConnId),
    /// `calld` asks.
    Calld(ConnId, CalldToVault),
    /// The page or a tool asks.
    Admin {
        /// The connection.
        conn: ConnId,
        /// The process that asks.
        from: Process,
        /// The request.
        request: AdminRequest,
        /// What came with it.
        attached: Option<File>,
    },
    /// The page or a tool is gone.
    AdminDown(ConnId),
    /// The supervisor asks.
    Health {
        /// The connection.
        conn: ConnId,
        /// Its question's serial.
        serial: u64,
    },
    /// An import ended.
    Imported(Box<Imported>),
    /// A recording was verified.
    RecordingVerified {
        /// The call.
        call: CallId,
        /// What was found.
        finding: RecordingFinding,
    },
    /// The ledger was verified.
    LedgerVerified {
        /// Who asked.
        reply: ReplyTo,
        /// Entries if it is whole, or the fault.
        outcome: Result<u64, String>,
    },
    /// The password thread answers.
    PasswordDone(PasswordDone),
    /// Entries of the ledger were read.
    LedgerRead(Box<LedgerRead>),
    /// A recording's peaks were read; `None`: nothing of it can be heard.
    PeaksRead {
        /// Who asked.
        reply: ReplyTo,
        /// The call.
        call: CallId,
        /// What a player needs.
        heard: Option<Heard>,
    },
    /// The first piece of a trace was read; `None`: it cannot be.
    TraceRead {
        /// Who asked.
        reply: ReplyTo,
        /// The span.
        span: SpanId,
        /// The file.
        file: String,
        /// The piece.
        piece: Option<TracePiece>,
    },
    /// `hostd` connected.
    HostUp(ConnId),
    /// `hostd` is gone.
    HostDown(ConnId),
    /// `hostd` says.
    Host(ConnId, HostToVault),
    /// The ledger was verified for a system on trial: its fault, if there is one.
    LedgerChecked(Option<String>),
    /// The TPM's least security epoch, or why it does not tell it.
    EpochRaised(Result<u32, String>),
    /// A bundle was stored, or could not be.
    BundleStored {
        /// Who asked.
        reply: ReplyTo,
        /// Its SHA-256 and bytes, or why not.
        outcome: Result<([u8; 32], u64), BundleRefused>,
    },
    /// The process started.
    Started {
        /// Bytes of a torn tail.
        cut_bytes: u64,
    },
    /// The process stops in order.
    Stopping,
}

/// Where the answer of long work goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplyTo {
    /// The connection.
    pub conn: ConnId,
    /// The request.
    pub id: u64,
    /// Who asked.
    pub actor: PersonId,
    /// Through which process.
    pub from: Process,
    /// In which session, if the page asked.
    pub session: Option<SessionId>,
}

/// Long work for the worker.
#[derive(Debug)]
pub enum Job {
    /// Read contacts.
    ImportContacts {
        /// Who asked.
        reply: ReplyTo,
        /// The file.
        file: File,
        /// How to read it.
        options: contacts::Options,
        /// What is known of the batch already; the worker fills in the rest.
        plan: BatchPlan,
    },
    /// Read the official do-not-call list.
    ImportDoNotCall {
        /// Who asked.
        reply: ReplyTo,
        /// The file.
        file: File,
        /// When the authority issued it.
        issued_at: UnixMs,
        /// When it is imported.
        now: UnixMs,
    },
    /// Read a prompt.
    StorePrompt {
        /// Who asked.
        reply: ReplyTo,
        /// The file.
        file: File,
        /// Its text.
        text: String,
    },
    /// Verify a recording.
    VerifyRecording {
        /// The call.
        call: CallId,
        /// Its key; `None` if it was destroyed.
        key: Option<Secret<[u8; 32]>>,
        /// The length the call had.
        expected_ms: Option<u64>,
    },
    /// Verify the ledger.
    VerifyLedger {
        /// Who asked.
        reply: ReplyTo,
    },
    /// Verify the ledger because the running system is on trial.
    CheckLedger,
    /// Raise the TPM's least security epoch to this, or read it where it is there already.
    RaiseEpoch {
        /// 0 reads it.
        to: u32,
    },
    /// Store a bundle.
    StoreBundle {
        /// Who asked.
        reply: ReplyTo,
        /// The file.
        file: File,
        /// Bundles that stay; others go.
        keep: Vec<[u8; 32]>,
    },
    /// Verify or hash a password.
    Password(PasswordJob),
    /// Read what somebody looks at or hears.
    Read(ReadJob),
}

/// Why a bundle was not stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BundleRefused {
    /// It is empty, or longer than any bundle.
    Size,
    /// The storage failed, or is full.
    Storage,
}

/// What somebody looks at or hears, read beside the core.
#[derive(Debug)]
pub enum ReadJob {
    /// A page of the ledger.
    Ledger {
        /// Who asked.
        reply: ReplyTo,
        /// What is looked for.
        query: LedgerQuery,
    },
    /// A prompt's sound.
    Prompt {
        /// Who asked.
        reply: ReplyTo,
        /// The prompt.
        object: StoredObject,
    },
    /// A recording's length and peaks, before it is heard.
    Peaks {
        /// Who asked.
        reply: ReplyTo,
        /// The call.
        call: CallId,
        /// The recording's key.
        key: Secret<[u8; 32]>,
    },
    /// A piece of a recording.
    Piece {
        /// Who asked.
        reply: ReplyTo,
        /// The call.
        call: CallId,
        /// The recording's key.
        key: Secret<[u8; 32]>,
        /// Milliseconds from the recording's begin.
        from_ms: u64,
        /// To there.
        to_ms: u64,
    },
    /// A piece of a trace.
    Trace {
        /// Who asked.
        reply: ReplyTo,
        /// The span.
        span: SpanId,
        /// The file, whose name stands in the ledger.
        file: String,
        /// From this byte on.
        offset: u64,
    },
    /// A piece of a diagnostics bundle.
    Diagnostics {
        /// Who asked.
        reply: ReplyTo,
        /// Its SHA-256.
        bundle: [u8; 32],
        /// From this byte on.
        offset: u64,
    },
    /// Pieces of a console session's recording.
    Tape {
        /// Who asked.
        reply: ReplyTo,
        /// The session.
        of: Box<ConsoleSession>,
        /// From this piece on.
        from: u32,
    },
}

/// A piece of a trace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TracePiece {
    /// The piece.
    pub bytes: Vec<u8>,
    /// Bytes of the whole file.
    pub total: u64,
}

impl ReadJob {
    /// Who asked.
    #[must_use]
    pub const fn reply(&self) -> ReplyTo {
        match self {
            Self::Ledger { reply, .. }
            | Self::Prompt { reply, .. }
            | Self::Peaks { reply, .. }
            | Self::Piece { reply, .. }
            | Self::Trace { reply, .. }
            | Self::Diagnostics { reply, .. }
            | Self::Tape { reply, .. } => *reply,
        }
    }
}

/// What to look for in the ledger, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerQuery {
    /// Which entries.
    pub filter: LedgerFilter,
    /// Only entries below this one, which is at most the first that is not durable.
    pub before: u64,
}

/// What was found in the ledger.
#[derive(Debug)]
pub struct LedgerRead {
    /// Who asked.
    pub reply: ReplyTo,
    /// The entries, or why they cannot be read.
    pub outcome: Result<LedgerFound, String>,
}

/// Entries of a page.
#[derive(Debug)]
pub struct LedgerFound {
    /// Newest first, with their numbers and instants.
    pub entries: Vec<(u64, UnixMs, Entry)>,
    /// From where to go on.
    pub next: Option<u64>,
}

/// What is known of a batch before its file is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchPlan {
    /// The purpose.
    pub purpose: String,
    /// The department.
    pub department: DepartmentId,
    /// The source.
    pub source: String,
    /// The file's name.
    pub file: String,
}

/// The end of an import.
#[derive(Debug)]
pub struct Imported {
    /// Who asked.
    pub reply: ReplyTo,
    /// What came of it.
    pub outcome: ImportOutcome,
}

/// What came of an import.
#[derive(Debug)]
pub enum ImportOutcome {
    /// Contacts, stored; batch number and first contact are still to be given.
    Contacts(Box<BatchEntry>),
    /// The do-not-call list, stored.
    DoNotCall {
        /// The object.
        object: StoredObject,
        /// Issued.
        issued_at: UnixMs,
        /// The list itself; its version is set when the entry is written.
        list: gate::DoNotCall,
    },
    /// A prompt, stored.
    Prompt {
        /// The object.
        object: StoredObject,
        /// Its text.
        text: String,
        /// Its length.
        duration_ms: u64,
        /// How loud it is.
        level: Level,
    },
    /// The file has errors; nothing was imported.
    Errors {
        /// What kind of file.
        what: &'static str,
        /// Rows read.
        rows: u64,
        /// All errors.
        total: u64,
        /// The first of them.
        first: Vec<RowError>,
    },
    /// The file could not be taken.
    Refused {
        /// What kind of file.
        what: &'static str,
        /// Code.
        code: &'static str,
        /// English.
        text_en: String,
        /// Chinese.
        text_zh: String,
    },
}

/// A message to a peer.
#[derive(Debug)]
pub enum Message {
    /// To `lined`.
    Lined(VaultToLined),
    /// To `calld`.
    Calld(VaultToCalld),
    /// To the page or a tool.
    Admin(AdminReply),
    /// To the page or a tool, with a file in memory.
    AdminFile(AdminReply, OwnedFd),
    /// To the supervisor.
    Health(HealthReply),
    /// To `hostd`.
    Host(VaultToHost),
}

/// What is to be done after the commit.
#[derive(Debug)]
pub enum Effect {
    /// Send a message.
    Send(ConnId, Message),
    /// Start long work.
    Work(Job),
    /// Have a head signed.
    Sign(ledger::Head),
}
