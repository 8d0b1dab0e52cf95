//! Between the page (or a tool) and `vaultd`: commissioning, people, lists, scripts, campaigns, reports.
//!
//! `vaultd` decides whether the actor may; everything it answers is already masked (DAT-04).

use crate::campaign::Disposition;
use crate::lines::{LineGroupMember, PromptRole, SrtpPolicy, TrunkConfig};
use serde::{Deserialize, Serialize};
use vocab::{
    AgentId, CallId, CampaignClass, CampaignId, CampaignMode, DepartmentId, LineGroupId, ObjectHash,
    PersonId, Pii, ScriptId, Secret, TrunkId, UnixMs,
};

/// A request.
#[derive(Debug, Serialize, Deserialize)]
pub struct AdminRequest {
    /// Echoed in every answer.
    pub id: u64,
    /// Who acts; `None` only for [`Admin::Commission`] and [`Admin::Status`].
    pub actor: Option<PersonId>,
    /// What is wanted. Where it says *attached*, a descriptor (a memfd or pipe) comes with the frame.
    pub what: Admin,
}

/// Roles (requirements §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Role {
    /// 系统管理员.
    SystemAdmin,
    /// 安全管理员.
    SecurityAdmin,
    /// 审计管理员.
    AuditAdmin,
    /// 合规部门.
    Compliance,
    /// 管理者.
    Manager,
    /// 主管.
    Supervisor,
    /// 质检人员.
    Qa,
    /// 数据专员.
    DataSpecialist,
    /// 坐席.
    Agent,
    /// 现场技术员.
    Technician,
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
}

/// A campaign to create.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewCampaign {
    /// Its name.
    pub name: String,
    /// Class.
    pub class: CampaignClass,
    /// Mode.
    pub mode: CampaignMode,
    /// Purpose; the contacts' purpose must be the same.
    pub purpose: String,
    /// Department.
    pub department: DepartmentId,
    /// Lines.
    pub group: LineGroupId,
    /// Caller number shown, as text.
    pub caller: Pii<String>,
    /// Script.
    pub script: ScriptId,
    /// Batches of contacts.
    pub batches: Vec<u64>,
    /// Most calls at once.
    pub max_calls: u16,
    /// Calls a minute (LIN-05).
    pub calls_per_minute: u32,
    /// Wrap-up seconds (10–300).
    pub wrap_up_s: u16,
    /// Attempts by each contact within the person's budget (1–3).
    pub attempts: u8,
}

/// An answer.
#[derive(Debug, Serialize, Deserialize)]
pub struct AdminReply {
    /// The request's id.
    pub id: u64,
    /// The answer.
    pub answer: Answer,
}

/// Answers.
#[derive(Debug, Serialize, Deserialize)]
pub enum Answer {
    /// Done and durable.
    Done,
    /// Created, with ids in the order asked for.
    Created {
        /// The ids as numbers.
        ids: Vec<u64>,
    },
    /// A stored prompt.
    Prompt {
        /// Its object.
        object: ObjectHash,
        /// Its length in milliseconds.
        duration_ms: u64,
    },
    /// A phone's new account, shown once.
    Phone {
        /// SIP user.
        user: String,
        /// Realm.
        realm: String,
        /// Password.
        password: Secret<String>,
        /// The agent.
        agent: AgentId,
    },
    /// Progress of long work; the last answer follows.
    Progress {
        /// Done so far.
        done: u64,
        /// Of so many; 0 where unknown.
        total: u64,
    },
    /// The end of an import. `batch` is `None` if there were errors: nothing was imported.
    Imported {
        /// The batch.
        batch: Option<u64>,
        /// Rows read.
        rows: u64,
        /// Errors found.
        errors_total: u64,
        /// The first of them, masked.
        errors: Vec<RowError>,
    },
    /// State of the box.
    Status(Box<BoxStatus>),
    /// Figures.
    Figures(Box<Figures>),
    /// A call.
    Call(Box<CallView>),
    /// A page of calls.
    Calls(Vec<CallView>),
    /// The key of a recording.
    Listen {
        /// The key.
        key: Secret<[u8; 32]>,
        /// The file's name within the recordings folder.
        file: String,
    },
    /// The ledger's state.
    Ledger {
        /// Entries.
        entries: u64,
        /// Whether chain and heads are whole.
        ok: bool,
        /// What is wrong and where, or empty.
        fault: String,
    },
    /// Not done, and what to do next.
    Refused {
        /// A stable code, such as `same-person`.
        code: String,
        /// English.
        text_en: String,
        /// Chinese.
        text_zh: String,
    },
}

/// An error of an import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowError {
    /// Line of the file, from 1.
    pub row: u64,
    /// Column header.
    pub column: String,
    /// Stable code.
    pub code: String,
    /// English, without the value.
    pub text_en: String,
    /// Chinese.
    pub text_zh: String,
}

/// State of the box.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct BoxStatus {
    /// The company; empty on a blank box.
    pub company: String,
    /// Whether it was commissioned.
    pub commissioned: bool,
    /// What is missing before the first call, in plain words (English, Chinese).
    pub missing: Vec<(String, String)>,
    /// Whether the TPM is a real chip or the development stand-in.
    pub tpm: String,
    /// Ledger entries.
    pub ledger_entries: u64,
    /// The last signed head.
    pub signed_up_to: u64,
    /// Departments by id and name.
    pub departments: Vec<(DepartmentId, String)>,
    /// Campaigns by id, name and whether they run.
    pub campaigns: Vec<(CampaignId, String, bool)>,
    /// Trunks by id and name.
    pub trunks: Vec<(TrunkId, String)>,
    /// Persons by id and role.
    pub persons: Vec<(PersonId, Role)>,
}

/// Figures of one campaign or of all.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Figures {
    /// Verdicts asked for: refused + placed.
    pub offered: u64,
    /// Refusals by the first rule that refused.
    pub refused: Vec<(String, u64)>,
    /// Calls placed.
    pub placed: u64,
    /// Calls answered.
    pub answered: u64,
    /// Calls in which the customer opted out.
    pub opted_out: u64,
    /// Calls not answered, by cause.
    pub failed: Vec<(String, u64)>,
    /// Calls not ended yet.
    pub open: u64,
    /// Recordings.
    pub recordings: u64,
    /// Recordings verified after their call.
    pub recordings_verified: u64,
    /// Answered calls without a recording, by reason.
    pub unrecorded: Vec<(String, u64)>,
    /// Contacts still to be tried, now or later.
    pub contacts_left: u64,
    /// Ledger entries.
    pub ledger_entries: u64,
}

/// A call as people may see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallView {
    /// The call.
    pub call: CallId,
    /// The campaign.
    pub campaign: CampaignId,
    /// The masked number.
    pub number: String,
    /// When it was decided.
    pub at: UnixMs,
    /// Each rule with its input's version and result, in plain words.
    pub verdict: Vec<(String, u64, String)>,
    /// How it ended; `None` while it runs.
    pub outcome: Option<vocab::Outcome>,
    /// Whether the customer opted out.
    pub opted_out: bool,
    /// The agent.
    pub agent: Option<AgentId>,
    /// When it was answered.
    pub answered_at: Option<UnixMs>,
    /// When it ended.
    pub ended_at: Option<UnixMs>,
    /// The recording's verification in plain words, or why there is none.
    pub recording: String,
    /// The disposition.
    pub disposition: Option<Disposition>,
}
