//! The entries of the ledger: what `vaultd` writes down before it acknowledges anything.
//!
//! Kinds are numbered and never change their number; fields are only ever added at the end of a new kind.
//! What names or reaches a person stands here only as [`Sealed`] bytes. Nothing here decides anything.

use gate::Verdict;
use idl::admin::{NewCampaign, Role};
use idl::campaign::{AgentState, Disposition};
use idl::hello::Process;
use idl::lines::{
    CallEnd, LineGroupMember, NoRecording, OptOutBy, PromptRole, SrtpPolicy, TrunkConfig, TrunkStatus,
};
use serde::{Deserialize, Serialize};
use vocab::{
    AgentId, CallId, CampaignId, ContactId, DepartmentId, LineGroupId, ObjectHash, Outcome, PersonId,
    PhoneNumber, Pii, ScriptId, Secret, SubjectId, TrunkId, UnixMs,
};

/// Bytes that only the holder of the subject's key can read; destroying the key destroys them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed(pub Vec<u8>);

impl std::fmt::Debug for Sealed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealed(…)")
    }
}

/// Who did it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Who {
    /// A person, with the role held at that time.
    Person(PersonId, Role),
    /// A process by itself.
    Process(Process),
}

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum EntryResult {
    /// Done.
    Done,
    /// Refused, with the stable code shown.
    Refused(String),
}

/// One entry: who, from where, what, and its result. Its instant and number stand in the ledger's header.
#[derive(Debug, Serialize, Deserialize)]
pub struct Entry {
    /// Who.
    pub who: Who,
    /// The process through which it came.
    pub from: Process,
    /// Its result.
    pub result: EntryResult,
    /// What.
    pub event: Event,
}

/// A fact of a call as it is stored: personal parts sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum StoredFact {
    /// The INVITE is being sent.
    Dialling(TrunkId),
    /// The phone rings.
    Ringing,
    /// It was answered; the dialog is sealed under the subject's key.
    Answered(TrunkId, Sealed),
    /// The mandatory announcement was heard: milliseconds to its begin and end.
    NoticeHeard(u32, u32),
    /// The customer hears the agent; milliseconds since the announcement.
    AgentConnected(AgentId, u32),
    /// The customer opted out: the blacklisting is this very entry (CAM-04, CAM-05).
    OptOut(OptOutBy),
    /// Media is at fault.
    MediaFault(String),
    /// The call is over.
    Ended(Box<CallEnd>),
}

/// What a stored batch of contacts is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchEntry {
    /// The batch.
    pub batch: u64,
    /// Its index object, which names the shards in order.
    pub index: StoredObject,
    /// Rows.
    pub rows: u64,
    /// The first contact's id; the others follow.
    pub first: ContactId,
    /// The purpose they are bound to (CAM-16).
    pub purpose: String,
    /// The department.
    pub department: DepartmentId,
    /// Source type and document.
    pub source: String,
    /// The file's name.
    pub file: String,
}

/// An encrypted object file and its key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredObject {
    /// SHA-256 of the file as it lies on disk.
    pub hash: ObjectHash,
    /// Its key.
    pub key: Secret<[u8; 32]>,
}

/// A phone's secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhoneEntry {
    /// The agent.
    pub agent: AgentId,
    /// SIP user name.
    pub user: String,
    /// Digest realm.
    pub realm: String,
    /// SRTP policy.
    pub srtp: SrtpPolicy,
    /// SHA-256 HA1, sealed under the agent's key.
    pub ha1_sha256: Sealed,
    /// MD5 HA1, sealed likewise.
    pub ha1_md5: Option<Sealed>,
}

/// What verifying a recording found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordingFinding {
    /// Milliseconds of authentic audio.
    pub duration_ms: u64,
    /// Milliseconds missing on the customer's side.
    pub gaps_customer_ms: u64,
    /// Milliseconds missing on the other side.
    pub gaps_agent_ms: u64,
    /// Its worth.
    pub worth: RecordingWorth,
}

/// What a recording is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RecordingWorth {
    /// Whole and authentic.
    Sound,
    /// Authentic as far as it goes: the recorder died.
    Cut,
    /// Whole, but not of the length the call had.
    WrongDuration,
    /// Not as it was written.
    Damaged,
    /// There is no such file.
    Missing,
    /// The file could not be read.
    Unreadable,
    /// The key of its subject was destroyed.
    Erased,
}

impl RecordingWorth {
    /// Whether it must raise an alarm.
    #[must_use]
    pub const fn is_bad(self) -> bool {
        match self {
            Self::Sound | Self::Cut | Self::Erased => false,
            Self::WrongDuration | Self::Damaged | Self::Missing | Self::Unreadable => true,
        }
    }

    /// The plain words people read.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Sound => "verified",
            Self::Cut => "verified up to where the recorder stopped",
            Self::WrongDuration => "BAD: its length is not that of the call",
            Self::Damaged => "BAD: it was altered or damaged",
            Self::Missing => "BAD: the file is missing",
            Self::Unreadable => "BAD: the file cannot be read",
            Self::Erased => "erased with its subject's key",
        }
    }
}

/// The intent of a call: durable before its ticket exists, and itself the counted attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// The contact.
    pub contact: ContactId,
    /// The person behind the number.
    pub subject: SubjectId,
    /// The campaign.
    pub campaign: CampaignId,
    /// The agent reserved.
    pub agent: Option<AgentId>,
    /// Every rule's answer at that instant.
    pub verdict: Verdict,
    /// The recording's key, sealed under the subject's key.
    pub recording_key: Sealed,
    /// `CLOCK_BOOTTIME` milliseconds after which the ticket may not be used.
    pub expires_boot_ms: u64,
}

macro_rules! events {
    ($($(#[$doc:meta])* $kind:literal $name:ident { $($(#[$fdoc:meta])* $field:ident : $ty:ty),* $(,)? }),+ $(,)?) => {
        /// What happened.
        #[derive(Debug, Serialize, Deserialize)]
        pub enum Event { $($(#[$doc])* $name { $($(#[$fdoc])* $field: $ty),* }),+ }

        impl Event {
            /// The stable number of its kind, which stands in clear in the ledger's header.
            #[must_use]
            pub const fn kind(&self) -> u16 {
                match self { $(Self::$name { .. } => $kind),+ }
            }

            /// The name of its kind.
            #[must_use]
            pub const fn name(&self) -> &'static str {
                match self { $(Self::$name { .. } => stringify!($name)),+ }
            }
        }

        /// Every kind with its number.
        pub const KINDS: &[(u16, &str)] = &[$(($kind, stringify!($name))),+];
    };
}

events! {
    /// The ledger begins.
    1 Genesis {
        /// What the TPM is: the chip's maker or the stand-in.
        tpm: String,
    },
    /// The process started; a torn tail of so many bytes, never acknowledged, was cut.
    2 Started {
        /// Bytes cut.
        cut_bytes: u64,
    },
    /// The process stopped in order.
    3 Stopped {},
    /// The box became a company's.
    4 Commissioned {
        /// Company.
        company: String,
        /// Zone.
        zone: String,
        /// Key of the holiday calendars.
        calendar_key: [u8; 32],
        /// The first three persons: subject and sealed name, in the order of the roles.
        administrators: Vec<(SubjectId, Sealed)>,
    },
    /// A department.
    5 DepartmentAdded {
        /// Its name.
        name: String,
    },
    /// A person.
    6 PersonAdded {
        /// The key their data is sealed under.
        subject: SubjectId,
        /// The name.
        name: Sealed,
        /// The role.
        role: Role,
        /// The department.
        department: Option<DepartmentId>,
    },
    /// A phone, or its new password.
    7 PhoneSet {
        /// The account.
        phone: Box<PhoneEntry>,
    },
    /// Phones may use UDP, or not.
    8 UdpPhonesAllowed {
        /// The choice.
        allow: bool,
    },
    /// A trunk was added or replaced.
    9 TrunkSet {
        /// The trunk.
        trunk: Box<TrunkConfig>,
    },
    /// A line group.
    10 LineGroupAdded {
        /// Its name.
        name: String,
        /// Its members.
        members: Vec<LineGroupMember>,
    },
    /// A caller number.
    11 CallerNumberAdded {
        /// The number, the company's own.
        number: Pii<PhoneNumber>,
        /// Its groups.
        groups: Vec<LineGroupId>,
        /// The contract.
        contract: String,
        /// Valid until.
        valid_to: UnixMs,
    },
    /// A caller number was approved.
    12 CallerNumberApproved {
        /// The number.
        number: Pii<PhoneNumber>,
    },
    /// A holiday calendar, its signature checked.
    13 HolidaysLoaded {
        /// The calendar.
        calendar: gate::HolidayCalendar,
    },
    /// The official do-not-call list.
    14 DoNotCallImported {
        /// The list of keyed hashes.
        object: StoredObject,
        /// When the authority issued it.
        issued_at: UnixMs,
        /// Its entries.
        entries: u64,
    },
    /// A number was blacklisted by hand.
    15 Blacklisted {
        /// The keyed hash of the number.
        subject: SubjectId,
        /// The number, sealed under the key of the blacklist, so that it outlives the subject's key.
        number: Sealed,
    },
    /// A batch is stored, in quarantine.
    16 BatchImported {
        /// The batch.
        batch: Box<BatchEntry>,
    },
    /// An import ended with errors; nothing was imported.
    17 ImportFailed {
        /// What kind of file.
        what: String,
        /// Rows read.
        rows: u64,
        /// Errors.
        errors: u64,
    },
    /// A batch was released.
    18 BatchReleased {
        /// The batch.
        batch: u64,
    },
    /// A prompt.
    19 PromptStored {
        /// The object.
        object: StoredObject,
        /// Its text.
        text: String,
        /// Its length.
        duration_ms: u64,
    },
    /// A script.
    20 ScriptCreated {
        /// Its name.
        name: String,
        /// Its prompts.
        prompts: Vec<(PromptRole, ObjectHash)>,
    },
    /// A script was approved.
    21 ScriptApproved {
        /// The script.
        script: ScriptId,
        /// The hash over text and audio that was approved.
        hash: [u8; 32],
    },
    /// A campaign, paused.
    22 CampaignCreated {
        /// The campaign.
        campaign: Box<NewCampaign>,
    },
    /// A campaign runs, or not.
    23 CampaignRuns {
        /// The campaign.
        campaign: CampaignId,
        /// Whether.
        running: bool,
    },
    /// The policy.
    24 PolicySet {
        /// All its values.
        policy: Box<gate::Policy>,
    },
    /// The gate refused.
    25 GateRefused {
        /// The contact.
        contact: ContactId,
        /// The person.
        subject: SubjectId,
        /// The campaign.
        campaign: CampaignId,
        /// Every rule's answer.
        verdict: Verdict,
    },
    /// A call will be made.
    26 Intent {
        /// The intent.
        intent: Box<Intent>,
    },
    /// A fact of a call.
    27 Fact {
        /// The call.
        call: CallId,
        /// Its number within the call.
        seq: u32,
        /// When it happened.
        at: UnixMs,
        /// The fact.
        fact: StoredFact,
    },
    /// A call was closed by `vaultd` itself: lost with `lined`, or its ticket was not used.
    28 Closed {
        /// The call.
        call: CallId,
        /// How.
        outcome: Outcome,
        /// Why there is no whole recording.
        recording: NoRecording,
    },
    /// A dialog of an earlier life of `lined` was released.
    29 DialogReleased {
        /// The call.
        call: CallId,
    },
    /// A recording was verified.
    30 RecordingVerified {
        /// The call.
        call: CallId,
        /// What was found.
        finding: RecordingFinding,
    },
    /// An agent's wrap-up.
    31 WrappedUp {
        /// The call.
        call: CallId,
        /// The agent.
        agent: AgentId,
        /// The disposition.
        disposition: Disposition,
        /// Notes, sealed under the subject's key.
        note: Sealed,
    },
    /// An agent changed state.
    32 AgentChanged {
        /// The agent.
        agent: AgentId,
        /// The state.
        state: AgentState,
        /// When.
        at: UnixMs,
    },
    /// A trunk changed state.
    33 TrunkChanged {
        /// The state.
        status: TrunkStatus,
    },
    /// Somebody looked at personal data (AUD-01).
    34 Looked {
        /// What was asked.
        request: String,
        /// The call looked at, if it was one.
        call: Option<CallId>,
        /// The campaign looked at, if it was one.
        campaign: Option<CampaignId>,
        /// The purpose given.
        purpose: String,
    },
    /// A request was refused.
    35 Denied {
        /// What was asked.
        request: String,
    },
    /// The ledger was verified.
    36 LedgerVerified {
        /// Whether it is whole.
        ok: bool,
        /// The fault.
        fault: String,
    },
}
