//! Between the page (or a tool) and `vaultd`: commissioning, people, lists, scripts, campaigns, reports.
//!
//! `vaultd` decides whether the actor may; everything it answers is already masked (DAT-04).

use crate::account::{Claim, ServiceTicket, SessionId, Source, Whose};
use crate::lines::{LineGroupMember, PromptRole, SrtpPolicy, TrunkConfig};
use crate::views::{
    BoxAsk, CallFilter, ConsoleAsk, ContactFilter, CustodyAsk, DeskAction, LedgerFilter, NetworkAsk, PlayId,
    SpanAsk,
};
use serde::{Deserialize, Serialize};
use vocab::{
    CallId, CampaignId, DepartmentId, LineGroupId, ObjectHash, PersonId, Pii, ScriptId, Secret, UnixMs,
};

pub use crate::answer::{AdminReply, Answer, BoxStatus, CallView, Figures, RowError};
pub use crate::draft::NewCampaign;
pub use crate::role::Role;

/// A request.
#[derive(Debug, Serialize, Deserialize)]
pub struct AdminRequest {
    /// Echoed in every answer.
    pub id: u64,
    /// Who acts, as a tool says; the page's requests are acted on by the person of their session alone.
    pub actor: Option<PersonId>,
    /// The token of the session, from the page.
    pub session: Option<Secret<[u8; 32]>>,
    /// Where the request came from, from the page.
    pub source: Option<Source>,
    /// The page asks by itself (a live view): the session's idle time runs on.
    pub passive: bool,
    /// What is wanted. Where it says *attached*, a descriptor (a memfd or pipe) comes with the frame.
    pub what: Admin,
}

impl AdminRequest {
    /// A request of a tool, in the name of a person.
    #[must_use]
    pub const fn of_tool(id: u64, actor: Option<PersonId>, what: Admin) -> Self {
        Self { id, actor, session: None, source: None, passive: false, what }
    }
}

/// What may be asked.
#[derive(Debug, Serialize, Deserialize)]
pub enum Admin {
    /// Turns a blank box into this company's box: once. Creates the first system, security and audit
    /// administrator, three different persons (L-32), and answers with their ids in `Created` order.
    Commission {
        /// Company name as announced.
        company: String,
        /// IANA zone of the site.
        zone: String,
        /// Names of the three administrators.
        administrators: [Pii<String>; 3],
        /// Ed25519 public key that signs holiday calendars.
        calendar_key: [u8; 32],
    },
    /// State of the box.
    Status,
    /// Adds a department.
    AddDepartment {
        /// Its name.
        name: String,
    },
    /// Adds a person.
    AddPerson {
        /// Name.
        name: Pii<String>,
        /// Role.
        role: Role,
        /// Department.
        department: Option<DepartmentId>,
    },
    /// Gives an agent a SIP phone; the answer holds its new password, shown once.
    AddPhone {
        /// The person, who must be an agent.
        person: PersonId,
        /// SRTP policy.
        srtp: SrtpPolicy,
        /// Whether the phone may use MD5 digests.
        allow_md5: bool,
    },
    /// Whether agents' phones may use UDP and plain RTP on this site.
    AllowUdpPhones {
        /// The choice.
        allow: bool,
    },
    /// Adds a trunk; its id is given by the box.
    AddTrunk(Box<TrunkConfig>),
    /// Replaces a trunk.
    SetTrunk(Box<TrunkConfig>),
    /// Adds a line group.
    AddLineGroup {
        /// Its name.
        name: String,
        /// Its members.
        members: Vec<LineGroupMember>,
    },
    /// Enters a caller number (LIN-01); approved by compliance before use.
    AddCallerNumber {
        /// The number as text.
        number: Pii<String>,
        /// The groups it is registered for.
        groups: Vec<LineGroupId>,
        /// The carrier's contract.
        contract: String,
        /// Valid until.
        valid_to: UnixMs,
    },
    /// Approves a caller number; another person than who entered it.
    ApproveCallerNumber {
        /// The number as text.
        number: Pii<String>,
    },
    /// Loads a holiday calendar: a TOML text (`year`, `off`, `working`) and its Ed25519 signature.
    Holidays {
        /// The file.
        toml: String,
        /// Its signature, 64 bytes.
        signature: Vec<u8>,
    },
    /// Loads the official do-not-call list: attached, one number a line.
    ImportDoNotCall {
        /// When the authority issued it.
        issued_at: UnixMs,
    },
    /// Adds a number to the internal blacklist (CAM-04).
    Blacklist {
        /// The number as text.
        number: Pii<String>,
    },
    /// Imports contacts: attached CSV (UTF-8 or GB18030). Quarantined until released (DAT-02).
    ImportContacts {
        /// The file's name.
        file: String,
        /// The purpose they are bound to (CAM-16).
        purpose: String,
        /// The department.
        department: DepartmentId,
        /// Where they come from: source type and document.
        source: String,
        /// Header mapping: header text → field name; empty uses the known headers.
        mapping: Vec<(String, String)>,
        /// Columns to drop.
        drop: Vec<String>,
    },
    /// Releases a batch; another person than the importer.
    ReleaseBatch {
        /// The batch.
        batch: u64,
    },
    /// Stores an audio prompt: attached WAV (8 kHz mono 16-bit PCM, A-law or µ-law).
    UploadPrompt {
        /// The spoken text.
        text: String,
    },
    /// Drafts a script.
    CreateScript {
        /// Name.
        name: String,
        /// Prompts in order.
        prompts: Vec<(PromptRole, ObjectHash)>,
    },
    /// Approves a script as it is now; another person than the author, of compliance (CAM-12).
    ApproveScript {
        /// The script.
        script: ScriptId,
    },
    /// Creates a campaign, paused.
    CreateCampaign(Box<NewCampaign>),
    /// Starts a campaign.
    StartCampaign {
        /// The campaign.
        campaign: CampaignId,
    },
    /// Pauses a campaign.
    PauseCampaign {
        /// The campaign.
        campaign: CampaignId,
    },
    /// Figures of a campaign.
    Figures {
        /// The campaign; `None`: all.
        campaign: Option<CampaignId>,
    },
    /// A call's record with its verdict and recording, masked.
    Call {
        /// The call.
        call: CallId,
    },
    /// A page of calls, newest last.
    Calls {
        /// Only ids above this one.
        after: Option<CallId>,
    },
    /// The key of a recording, for one look (REC-05, REC-06); the look is an entry of the ledger.
    Listen {
        /// The call.
        call: CallId,
        /// One of `quality`, `dispute`, `strategy`.
        purpose: String,
    },
    /// Verifies the ledger from its first byte.
    VerifyLedger,
    /// Changes the policy's values within their bounds; a TOML text with the fields to change.
    SetPolicy {
        /// The values.
        toml: String,
    },
    // ── the door ───────────────────────────────────────────────────────────────────────────────────
    /// What a stranger may know: [`Answer::Door`].
    Door,
    /// The claim code of a blank box, for the console: [`Answer::ClaimCode`].
    ClaimCode,
    /// Turns a blank box into this company's box, by the claim code: [`Answer::Claimed`].
    Claim(Box<Claim>),
    /// Signs in: [`Answer::SignedIn`] or `sign-in` as the one refusal that tells nothing (IAM-01, IAM-05).
    SignIn {
        /// Login name.
        login: String,
        /// Password.
        password: Secret<String>,
        /// TOTP code.
        code: Secret<String>,
    },
    /// Begins an enrolment: [`Answer::Enrol`].
    BeginEnrol {
        /// Login name.
        login: String,
        /// The one-time enrolment code.
        code: Secret<String>,
    },
    /// Ends an enrolment: [`Answer::Done`].
    FinishEnrol {
        /// Login name.
        login: String,
        /// The one-time enrolment code, used up by this.
        code: Secret<String>,
        /// The password chosen.
        password: Secret<String>,
        /// A TOTP code of the secret that [`Answer::Enrol`] told.
        totp: Secret<String>,
    },
    // ── one's own account ──────────────────────────────────────────────────────────────────────────
    /// Whose session this is: [`Answer::Me`].
    Me,
    /// Ends this session.
    SignOut,
    /// Changes one's own password; one's other sessions end.
    ChangePassword {
        /// The present one.
        old: Secret<String>,
        /// The new one.
        new: Secret<String>,
        /// A TOTP code.
        code: Secret<String>,
    },
    /// One's own sessions: [`Answer::Sessions`].
    MySessions,
    /// Ends one of one's own sessions.
    EndMySession {
        /// The session.
        session: SessionId,
    },
    /// One's own last sign-ins, at most twenty: [`Answer::SignIns`] (IAM-04).
    MySignIns,
    // ── accounts ───────────────────────────────────────────────────────────────────────────────────
    /// A page of persons: [`Answer::Persons`].
    Persons {
        /// Only ids above this one.
        after: Option<PersonId>,
    },
    /// Adds a person with an account: [`Answer::EnrolCode`].
    AddAccount {
        /// Name.
        name: Pii<String>,
        /// Login name.
        login: String,
        /// Role.
        role: Role,
        /// Department.
        department: Option<DepartmentId>,
    },
    /// Gives a person who has none an account: [`Answer::EnrolCode`].
    GiveAccount {
        /// The person.
        person: PersonId,
        /// Login name.
        login: String,
    },
    /// Password and TOTP secret are void, sessions end: [`Answer::EnrolCode`].
    ResetAccount {
        /// The person; not oneself.
        person: PersonId,
    },
    /// Switches an account off or on; sessions end.
    SetActive {
        /// The person; not oneself.
        person: PersonId,
        /// On.
        active: bool,
    },
    /// Lifts a lock-out.
    Unlock {
        /// The person; not oneself.
        person: PersonId,
    },
    /// All sessions: [`Answer::Sessions`].
    Sessions,
    /// Ends anybody's session.
    EndSession {
        /// The session.
        session: SessionId,
    },
    /// Sign-ins, newest first, a page: [`Answer::SignIns`].
    SignIns {
        /// Whose.
        whose: Whose,
        /// Only entries below this one.
        before: Option<u64>,
    },
    // ── looking ────────────────────────────────────────────────────────────────────────────────────
    /// The first page: [`Answer::Overview`].
    Overview,
    /// Calls by hour: [`Answer::Series`].
    Series {
        /// The campaign; `None`: all.
        campaign: Option<CampaignId>,
        /// The last so many hours (1–744).
        hours: u16,
    },
    /// Departments: [`Answer::Departments`].
    Departments,
    /// A page of campaigns: [`Answer::Campaigns`].
    Campaigns {
        /// Only ids above this one.
        after: Option<CampaignId>,
    },
    /// A campaign: [`Answer::Campaign`].
    Campaign {
        /// The campaign.
        campaign: CampaignId,
    },
    /// What a new campaign may be made of: [`Answer::Choices`].
    CampaignChoices,
    /// Contacts refused by the gate, newest first: [`Answer::Refusals`].
    Refusals {
        /// The campaign.
        campaign: CampaignId,
        /// Only entries below this one.
        before: Option<u64>,
    },
    /// Batches, newest first: [`Answer::Batches`].
    Batches {
        /// Only batches below this one.
        before: Option<u64>,
    },
    /// Contacts of a batch with their consents: [`Answer::Contacts`].
    Contacts {
        /// The batch.
        batch: u64,
        /// From this row on.
        from_row: u64,
        /// Which.
        only: ContactFilter,
    },
    /// What is known of a number: [`Answer::Number`].
    Lookup {
        /// The number as text.
        number: Pii<String>,
    },
    /// The lists of those not to be called: [`Answer::DoNotCall`].
    DoNotCall {
        /// Only entries below this one.
        before: Option<u64>,
    },
    /// Scripts: [`Answer::Scripts`].
    Scripts {
        /// Only ids above this one.
        after: Option<ScriptId>,
    },
    /// Prompts, newest first: [`Answer::Prompts`].
    Prompts {
        /// Only entries below this one.
        before: Option<u64>,
    },
    /// A prompt's audio: [`Answer::Audio`], attached.
    PromptAudio {
        /// Its object.
        object: ObjectHash,
    },
    /// A page of calls, newest first: [`Answer::CallsPage`].
    CallsPage {
        /// Which.
        filter: CallFilter,
        /// Only ids below this one.
        before: Option<CallId>,
    },
    /// A call with all that is known of it: [`Answer::CallCard`].
    CallCard {
        /// The call.
        call: CallId,
    },
    /// Begins to hear a recording: [`Answer::Playing`]; the look is an entry (REC-05, REC-06).
    Play {
        /// The call.
        call: CallId,
        /// One of `quality`, `dispute`, `strategy`.
        purpose: String,
    },
    /// A piece of a recording being heard: [`Answer::Audio`], attached. Each piece once, and no faster than
    /// one and a half times real time.
    PlaySegment {
        /// What [`Answer::Playing`] gave.
        play: PlayId,
        /// Which piece, from 0.
        index: u32,
    },
    /// Ledger entries, newest first: [`Answer::LedgerPage`].
    LedgerPage {
        /// Which.
        filter: LedgerFilter,
        /// Only entries below this one.
        before: Option<u64>,
    },
    /// The page replaces its certificate by one it has checked: allowed and recorded, the page does it.
    ReplacePageCertificate {
        /// SHA-256 of the certificate.
        fingerprint: [u8; 32],
    },
    /// Trunks, groups, caller numbers, phones: [`Answer::Lines`].
    Lines,
    /// The site's settings: [`Answer::Settings`].
    Settings,
    /// The floor now: [`Answer::Live`].
    Live,
    /// The spans of cards: what [`SpanAsk`] says.
    Span(SpanAsk),
    // ── the agent's desk ───────────────────────────────────────────────────────────────────────────
    /// An agent's own desk: [`Answer::Desk`], or `Done`.
    Desk(DeskAction),
    // ── the serial console ─────────────────────────────────────────────────────────────────────────
    /// A technician signs in at the serial console for one service ticket: [`Answer::SignedIn`], or as
    /// [`Admin::SignIn`]; `not-at-console` for everybody else who has both factors (L-42).
    SignInConsole {
        /// Login name.
        login: String,
        /// Password.
        password: Secret<String>,
        /// TOTP code.
        code: Secret<String>,
        /// The ticket the console is opened for.
        ticket: ServiceTicket,
    },
    /// The box itself: what [`BoxAsk`] says.
    Box(BoxAsk),
    /// The custodians' shares: what [`CustodyAsk`] says.
    Custody(CustodyAsk),
    /// Changes a line group; a caller number of it is approved anew where a trunk comes in (LIN-01).
    SetLineGroup {
        /// The group.
        group: LineGroupId,
        /// Its name.
        name: String,
        /// Its members, in place of those it had.
        members: Vec<LineGroupMember>,
    },
    /// Removes a line group that no campaign and no caller number names.
    RemoveLineGroup {
        /// The group.
        group: LineGroupId,
    },
    /// The site's network: what [`NetworkAsk`] says.
    Network(NetworkAsk),
    /// Recorded sessions of the serial console: what [`ConsoleAsk`] says.
    Consoles(ConsoleAsk),
    /// Where the page is to listen: [`Answer::PageListens`].
    PageListens,
}
