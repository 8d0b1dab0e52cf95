//! The entries of the ledger: what `vaultd` writes down before it acknowledges anything.
//!
//! Kinds are numbered and never change their number; fields are only ever added at the end of a new kind.
//! What names or reaches a person stands here only as [`Sealed`] bytes. Nothing here decides anything.

#[macro_use]
mod kinds;
mod boxes;
mod console;
mod custody;
mod network;
mod parts;

pub use network::{IpsecStored, NetworkEvent, NetworkStored, TunnelKeysStored};
pub use parts::{
    BatchEntry, Entry, EntryResult, Intent, LineGroupEvent, NewAccount, PhoneEntry, RecordingFinding,
    RecordingWorth, Sealed, StoredFact, StoredObject, Who,
};
pub use {boxes::BoxEvent, console::ConsoleEvent, custody::CustodyEvent};

use idl::account::{Profile, ServiceTicket, SessionId, SignInOutcome, Source};
use idl::admin::{NewCampaign, Role};
use idl::lines::{LineGroupMember, NoRecording, PromptRole, TrunkConfig, TrunkStatus};
use idl::spans::{SpanConfig, SpanFact, SpanOrder, SpanRefusal};
use vocab::{
    AgentId, CallId, CampaignId, ContactId, DepartmentId, LineGroupId, ObjectHash, Outcome, PersonId,
    PhoneNumber, Pii, ScriptId, SpanId, SubjectId, UnixMs,
};

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
        verdict: gate::Verdict,
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
        disposition: idl::campaign::Disposition,
        /// Notes, sealed under the subject's key.
        note: Sealed,
    },
    /// An agent changed state.
    32 AgentChanged {
        /// The agent.
        agent: AgentId,
        /// The state.
        state: idl::campaign::AgentState,
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
    /// The box became a company's from the page, by the claim code.
    37 Claimed {
        /// Company.
        company: String,
        /// Zone.
        zone: String,
        /// Algorithms.
        profile: Profile,
        /// Key of the holiday calendars.
        calendar_key: [u8; 32],
        /// System, security and audit administrator.
        administrators: Vec<NewAccount>,
        /// From where.
        source: Source,
        /// Wrong claim codes tried before, since the process started.
        missed: u32,
    },
    /// A person got an account.
    38 AccountSet {
        /// The person.
        person: PersonId,
        /// Login name.
        login: String,
        /// What is kept of the enrolment code.
        code: [u8; 32],
        /// Until when it may be used.
        until: UnixMs,
    },
    /// A person chose a password and took a TOTP secret; the enrolment code is used up.
    39 Enrolled {
        /// The person.
        person: PersonId,
        /// Password hash and TOTP secret, sealed under the person's key.
        secrets: Sealed,
        /// The TOTP step used.
        step: u64,
        /// From where.
        source: Source,
    },
    /// A person changed the password; the other sessions ended.
    40 PasswordChanged {
        /// The person.
        person: PersonId,
        /// Password hash and TOTP secret, sealed likewise.
        secrets: Sealed,
        /// The TOTP step used.
        step: u64,
        /// The session that goes on.
        kept: Option<SessionId>,
    },
    /// Password and TOTP secret of a person are void.
    41 AccountReset {
        /// The person.
        person: PersonId,
        /// What is kept of the new enrolment code.
        code: [u8; 32],
        /// Until when it may be used.
        until: UnixMs,
    },
    /// An account was switched on or off.
    42 AccountSwitched {
        /// The person.
        person: PersonId,
        /// On.
        active: bool,
    },
    /// A lock-out was lifted.
    43 AccountUnlocked {
        /// The person.
        person: PersonId,
    },
    /// A try to sign in with password and TOTP code (IAM-04).
    44 SignInTried {
        /// Who, if there is such a login.
        person: Option<PersonId>,
        /// What came of it.
        outcome: SignInOutcome,
        /// From where.
        source: Source,
        /// The TOTP step used up.
        step: Option<u64>,
        /// SHA-256 of the token of the session this entry begins.
        token: Option<[u8; 32]>,
    },
    /// A session ended.
    45 SessionEnded {
        /// The session.
        session: SessionId,
        /// Whose it was.
        person: PersonId,
        /// Why.
        why: crate::auth::session::SessionEnd,
        /// The address from which its token came, if that is why.
        elsewhere: Option<Source>,
    },
    /// Tries of a blocked source, counted together so that it cannot fill the ledger.
    46 SourceHeld {
        /// The source's address.
        address: std::net::IpAddr,
        /// Tries.
        tries: u32,
        /// The first.
        first: UnixMs,
        /// The last.
        last: UnixMs,
    },
    /// A wrong enrolment code.
    47 EnrolMissed {
        /// Whose login was named, if there is such a login.
        person: Option<PersonId>,
        /// From where.
        source: Source,
    },
    /// A person in a session gave a wrong factor where it was asked for again.
    48 ProofMissed {
        /// The person.
        person: PersonId,
        /// What was wrong.
        outcome: SignInOutcome,
        /// From where.
        source: Source,
    },
    /// The page's certificate was to be replaced; since kind 81 the page checks it before.
    80 PageCertificateReplaced {},
    /// How loud a prompt is.
    60 PromptMeasured {
        /// Its object.
        object: ObjectHash,
        /// Mean level of the speech in dBm0.
        mean_dbm0: i32,
        /// Highest level in dBm0.
        peak_dbm0: i32,
    },
    /// A span of a card was set, anew or again.
    90 SpanSet {
        /// The span.
        config: Box<SpanConfig>,
    },
    /// The site uses a span no more.
    91 SpanRemoved {
        /// The span.
        span: SpanId,
    },
    /// A fact of a span's history.
    92 SpanHistory {
        /// The life of `lined` that tells it.
        life: u64,
        /// Its number within that life.
        seq: u64,
        /// When it happened.
        at: UnixMs,
        /// The fact.
        fact: SpanFact,
    },
    /// Something is ordered of a span; the order's number is this entry's.
    93 SpanOrdered {
        /// The span.
        span: SpanId,
        /// What.
        order: SpanOrder,
    },
    /// An order was carried out, or not.
    94 SpanOrderEnded {
        /// The entry that ordered it.
        ordered: u64,
        /// The span.
        span: SpanId,
        /// What.
        order: SpanOrder,
        /// Why it was not carried out.
        refusal: Option<SpanRefusal>,
    },
    /// A trace's file was fetched.
    95 SpanTraceTaken {
        /// The span.
        span: SpanId,
        /// The file.
        file: String,
        /// Its bytes.
        bytes: u64,
    },
    /// The page's certificate was replaced by one that the page had checked.
    81 PageCertificateSet {
        /// SHA-256 of the certificate.
        fingerprint: [u8; 32],
    },
    /// A technician signed in at the serial console; the session is this entry's (L-42).
    110 ConsoleOpened {
        /// Who.
        person: PersonId,
        /// The ticket it was opened for.
        ticket: ServiceTicket,
        /// The TOTP step used up.
        step: u64,
        /// SHA-256 of the token of the session.
        token: [u8; 32],
    },
    /// Something was looked at at the serial console (AUD-01).
    111 ConsoleUsed {
        /// What was asked.
        request: String,
    },
    /// At its start the process sealed the root key anew, as this release does.
    130 RootKeyResealed {},
    /// Something happened to the box itself, or was ordered of it.
    100 Box: BoxEvent,
    /// The custodians' shares, or what they opened.
    131 Custody: CustodyEvent,
    /// A line group was changed or removed.
    96 LineGroup: LineGroupEvent,
    /// The site's network: proposed, agreed to, confirmed, gone back.
    140 Network: NetworkEvent,
    /// A recorded session of the serial console.
    112 Console: ConsoleEvent,
}
