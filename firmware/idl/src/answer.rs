//! The answers of `vaultd` to the page and to tools: already masked, within the role's sight.

use crate::account::{Door, EnrolSecret, Me, PersonView, SessionView, SignInView};
use crate::admin::Role;
use crate::campaign::Disposition;
use crate::network::Listening;
use crate::spans::QualityBin;
use crate::views::{
    BatchView, BoxView, CallCard, CallsPage, CampaignDetail, CampaignRow, Choices, ConsolePiece,
    ConsolesView, ContactsPage, CustodyView, DeskView, DncView, LedgerPage, LinesView, LiveView, NetworkView,
    NumberCard, Overview, Playing, PromptView, RefusalRow, ScriptView, Series, SettingsView, SpanCard,
    SpanHistory, SpanView,
};
use serde::{Deserialize, Serialize};
use vocab::{AgentId, CallId, CampaignId, DepartmentId, ObjectHash, PersonId, Secret, TrunkId, UnixMs};

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
    /// What a stranger may know.
    Door(Box<Door>),
    /// The claim code of a blank box.
    ClaimCode(Secret<String>),
    /// The box is the company's; the enrolment codes of its three administrators, told once.
    Claimed {
        /// Person and code, in the order asked for.
        codes: Vec<(PersonId, Secret<String>)>,
    },
    /// Signed in.
    SignedIn {
        /// The token.
        token: Secret<[u8; 32]>,
        /// Who.
        me: Box<Me>,
    },
    /// An enrolment has begun.
    Enrol(Box<EnrolSecret>),
    /// Whose session this is.
    Me(Box<Me>),
    /// Sessions.
    Sessions(Vec<SessionView>),
    /// Sign-ins, newest first.
    SignIns(Vec<SignInView>),
    /// A page of persons; an empty page ends the list.
    Persons(Vec<PersonView>),
    /// A one-time enrolment code, told once.
    EnrolCode {
        /// Whose.
        person: PersonId,
        /// The code.
        code: Secret<String>,
        /// Until when.
        until: UnixMs,
    },
    /// The first page.
    Overview(Box<Overview>),
    /// Calls by hour.
    Series(Box<Series>),
    /// Departments.
    Departments(Vec<(DepartmentId, String)>),
    /// A page of campaigns.
    Campaigns(Vec<CampaignRow>),
    /// A campaign.
    Campaign(Box<CampaignDetail>),
    /// What a new campaign may be made of.
    Choices(Box<Choices>),
    /// Contacts refused.
    Refusals(Vec<RefusalRow>),
    /// Batches.
    Batches(Vec<BatchView>),
    /// Contacts.
    Contacts(Box<ContactsPage>),
    /// What is known of a number.
    Number(Box<NumberCard>),
    /// The lists of those not to be called.
    DoNotCall(Box<DncView>),
    /// Scripts.
    Scripts(Vec<ScriptView>),
    /// Prompts.
    Prompts(Vec<PromptView>),
    /// Audio is attached as a file in memory (WAV).
    Audio {
        /// Its bytes.
        bytes: u64,
    },
    /// A page of calls.
    CallsPage(Box<CallsPage>),
    /// A call.
    CallCard(Box<CallCard>),
    /// A recording is being heard.
    Playing(Box<Playing>),
    /// Ledger entries.
    LedgerPage(Box<LedgerPage>),
    /// Trunks, groups, caller numbers, phones.
    Lines(Box<LinesView>),
    /// Settings.
    Settings(Box<SettingsView>),
    /// The floor now.
    Live(Box<LiveView>),
    /// An agent's desk.
    Desk(Box<DeskView>),
    /// All spans.
    Spans(Vec<SpanView>),
    /// One span.
    Span(Box<SpanCard>),
    /// A page of the history of spans.
    SpanHistory(Box<SpanHistory>),
    /// Quarters of an hour of a span, oldest first, at most [`crate::views::KEPT_BINS`].
    SpanQuality(Vec<QualityBin>),
    /// A piece of a trace, at most [`crate::views::TRACE_PIECE_BYTES`]; an empty one ends it.
    TracePiece {
        /// The piece.
        bytes: Vec<u8>,
        /// Bytes of the whole file.
        total: u64,
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
    /// The box itself.
    Box(Box<BoxView>),
    /// A bundle is stored.
    Bundle {
        /// Its SHA-256, by which it is ordered.
        bundle: [u8; 32],
        /// Its bytes.
        bytes: u64,
    },
    /// How custody stands.
    Custody(Box<CustodyView>),
    /// A custodian's share, shown once.
    Share {
        /// Its set.
        set: [u8; 4],
        /// Its number, from 1.
        number: u8,
        /// What is to be printed or copied.
        text: Secret<String>,
    },
    /// The site's network.
    Network(Box<NetworkView>),
    /// Recorded sessions of the serial console.
    Consoles(Box<ConsolesView>),
    /// A piece of a recorded session.
    ConsolePiece(Box<ConsolePiece>),
    /// Where the page listens; `None`: it is not known yet, and the page stays where it is.
    PageListens(Option<Listening>),
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
