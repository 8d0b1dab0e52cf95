//! What the ledger says now: a pure fold over its entries. It opens no file and asks no clock.
//!
//! Nothing changes here but by [`State::apply`]; so the state after a crash is the state of the durable
//! entries, and a lost projection is rebuilt by replaying them.

mod accounts;
mod agent_day;
mod apply;
mod apply_calls;
mod calls;
mod cards;
mod consoles;
mod figures;
mod host;
mod network;
mod queue;
mod seen;

pub use accounts::{Account, Accounts, Enrolment, MAX_OWN_SIGN_INS, MAX_SIGN_INS, SignIn};
pub use agent_day::AgentDay;
pub use apply::hash_of_script;
pub(crate) use apply_calls::of_the_campaign;
pub use calls::{CallDisk, CallRecord, Calls, NoDisk, RecordingState};
pub use cards::{Cards, EventKept, KEPT_EVENTS, KEPT_TRACES, TraceKept, is_span, span_of, telephones};
pub use consoles::{ConsoleKept, ConsolesKept};
pub use figures::Counts;
pub use host::{BundleKept, EndedKept, HostKept, OrderKept};
pub use network::NetworkKept;
pub use queue::{Due, Queue, Slot, SlotState};
pub use seen::{BlockedKept, HourCounts, KEPT_HOURS, KEPT_REFUSALS, RefusalKept, Seen};

use crate::entries::{BatchEntry, PhoneEntry, Sealed, StoredObject};
use idl::admin::{NewCampaign, Role};
use idl::campaign::AgentState;
use idl::lines::{LineGroup, PromptRole, TrunkConfig, TrunkStatus};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use vocab::{
    AgentId, CallId, CampaignId, ContactId, DepartmentId, LineGroupId, ObjectHash, PersonId, PhoneNumber,
    ScriptId, SubjectId, TrunkId, UnixMs,
};

/// A person with an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The key their data is sealed under.
    pub subject: SubjectId,
    /// The sealed name.
    pub name: Sealed,
    /// The role.
    pub role: Role,
    /// The department.
    pub department: Option<DepartmentId>,
}

/// A registered caller number (LIN-01).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallerNumber {
    /// Its groups.
    pub groups: Vec<LineGroupId>,
    /// The contract.
    pub contract: String,
    /// Valid until.
    pub valid_to: UnixMs,
    /// Who entered it.
    pub entered_by: PersonId,
    /// Who approved it.
    pub approved_by: Option<PersonId>,
    /// The entry that last changed it.
    pub version: u64,
}

/// A stored prompt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredPrompt {
    /// The object with its key.
    pub object: StoredObject,
    /// Its text.
    pub text: String,
    /// Its length.
    pub duration_ms: u64,
    /// The entry that stored it.
    pub seq: u64,
    /// Who stored it.
    pub by: PersonId,
    /// When.
    pub at: UnixMs,
    /// Mean level of the speech and peak in dBm0, where they were measured.
    pub level: Option<(i32, i32)>,
}

/// A script.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Script {
    /// Its name.
    pub name: String,
    /// Its prompts in order.
    pub prompts: Vec<(PromptRole, ObjectHash)>,
    /// Its author.
    pub author: PersonId,
    /// The entry that last changed it.
    pub version: u64,
    /// The hash over text and audio.
    pub hash: [u8; 32],
    /// The approval.
    pub approval: Option<gate::ScriptApproval>,
}

/// A campaign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Campaign {
    /// As created.
    pub plan: NewCampaign,
    /// The caller number, parsed.
    pub caller: PhoneNumber,
    /// Whether it runs.
    pub running: bool,
    /// The entry that last changed it.
    pub version: u64,
    /// Before this instant no contact of it can pass the gate.
    pub hold_until: UnixMs,
}

/// A batch of contacts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    /// As imported.
    pub entry: BatchEntry,
    /// Who imported it.
    pub imported_by: PersonId,
    /// When.
    pub imported_at: UnixMs,
    /// Who released it.
    pub released_by: Option<PersonId>,
}

/// The official do-not-call list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DncList {
    /// The object.
    pub object: StoredObject,
    /// When it was imported.
    pub imported_at: UnixMs,
    /// When the authority issued it.
    pub issued_at: UnixMs,
    /// The entry that imported it.
    pub version: u64,
    /// Its entries.
    pub entries: u64,
}

/// Why a number is on the blacklist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum BlacklistReason {
    /// Entered by hand.
    Entered,
    /// The customer opted out in a call.
    OptOut,
    /// The agent noted a refusal.
    Refused,
    /// Another person answers there.
    WrongPerson,
    /// A minor answers there.
    Minor,
}

/// What is known of the person behind a number, over all campaigns.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Subject {
    /// Attempts of the last 31 days with their calls.
    pub attempts: Vec<(CallId, gate::Attempt)>,
    /// The person declined a call.
    pub declined: bool,
    /// A child answered.
    pub child: bool,
    /// The call that is being made.
    pub in_call: Option<CallId>,
}

/// An agent's last recorded state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentNow {
    /// The state.
    pub state: AgentState,
    /// Since when.
    pub since: UnixMs,
    /// The call that still lacks its wrap-up.
    pub unwrapped: Option<CallId>,
}

/// Version of [`State`] as it is stored; another one is rebuilt from the ledger.
pub const SCHEMA: u32 = 12;

/// A set of shares in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustodyKept {
    /// The set.
    pub set: [u8; 4],
    /// Its custodians, in the order of their shares.
    pub custodians: Vec<PersonId>,
    /// When it came into force.
    pub since: UnixMs,
}

/// Everything the box knows. Call records are kept beside it ([`Calls`]).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// The last entry applied.
    pub applied_seq: u64,
    /// The instant of the newest entry.
    pub last_time: UnixMs,
    /// What the TPM is.
    pub tpm: String,
    /// The company; empty on a blank box.
    pub company: String,
    /// Key of the holiday calendars; all zero on a blank box.
    pub calendar_key: [u8; 32],
    /// Departments.
    pub departments: BTreeMap<DepartmentId, String>,
    /// Persons.
    pub people: BTreeMap<PersonId, Person>,
    /// Phones.
    pub phones: BTreeMap<AgentId, PhoneEntry>,
    /// Agents' last states.
    pub agents: BTreeMap<AgentId, AgentNow>,
    /// Trunks.
    pub trunks: BTreeMap<TrunkId, TrunkConfig>,
    /// Trunks' last states.
    pub trunk_states: BTreeMap<TrunkId, TrunkStatus>,
    /// Line groups.
    pub groups: BTreeMap<LineGroupId, LineGroup>,
    /// The entry that last changed lines or phones.
    pub lines_version: u64,
    /// Whether phones may use UDP.
    pub phones_allow_udp: bool,
    /// Caller numbers.
    pub numbers: BTreeMap<PhoneNumber, CallerNumber>,
    /// Prompts.
    pub prompts: BTreeMap<ObjectHash, StoredPrompt>,
    /// Scripts.
    pub scripts: BTreeMap<ScriptId, Script>,
    /// Campaigns.
    pub campaigns: BTreeMap<CampaignId, Campaign>,
    /// Their queues.
    pub queues: BTreeMap<CampaignId, Queue>,
    /// Batches.
    pub batches: BTreeMap<u64, Batch>,
    /// The first id of the next batch.
    pub next_contact: u64,
    /// The policy.
    pub policy: gate::Policy,
    /// Holiday calendars by year.
    pub holidays: BTreeMap<i16, gate::HolidayCalendar>,
    /// The official do-not-call list.
    pub dnc: Option<DncList>,
    /// The internal blacklist.
    pub blacklist: BTreeMap<SubjectId, BlacklistReason>,
    /// The entry that last changed it.
    pub blacklist_version: u64,
    /// Persons called.
    pub subjects: BTreeMap<SubjectId, Subject>,
    /// Calls not ended.
    pub open_calls: BTreeSet<CallId>,
    /// Ended calls whose recording is still to be verified.
    pub unverified: BTreeSet<CallId>,
    /// Calls whose dialog a former life of `lined` left behind.
    pub unreleased: BTreeSet<CallId>,
    /// Calls whose recording is bad.
    pub bad_recordings: BTreeSet<CallId>,
    /// Figures of each campaign.
    pub counts: BTreeMap<CampaignId, Counts>,
    /// Accounts and sessions.
    pub accounts: Accounts,
    /// Agents' own figures of their last day.
    pub agent_days: BTreeMap<AgentId, AgentDay>,
    /// What only the views show.
    pub seen: Seen,
    /// Spans of cards with their history.
    pub cards: Cards,
    /// The box itself.
    pub host: HostKept,
    /// The custodians whose shares are in force.
    pub custody: Option<CustodyKept>,
    /// The network.
    pub network: NetworkKept,
    /// When custodians recovered the keys, and with which set; newest last.
    pub recoveries: VecDeque<(UnixMs, [u8; 4])>,
    /// Recorded sessions of the serial console.
    pub consoles: ConsolesKept,
}

impl Default for State {
    fn default() -> Self {
        Self {
            custody: None,
            recoveries: VecDeque::new(),
            consoles: ConsolesKept::default(),
            applied_seq: 0,
            last_time: UnixMs(0),
            tpm: String::new(),
            company: String::new(),
            calendar_key: [0; 32],
            departments: BTreeMap::new(),
            people: BTreeMap::new(),
            phones: BTreeMap::new(),
            agents: BTreeMap::new(),
            trunks: BTreeMap::new(),
            trunk_states: BTreeMap::new(),
            groups: BTreeMap::new(),
            lines_version: 0,
            phones_allow_udp: false,
            numbers: BTreeMap::new(),
            prompts: BTreeMap::new(),
            scripts: BTreeMap::new(),
            campaigns: BTreeMap::new(),
            queues: BTreeMap::new(),
            batches: BTreeMap::new(),
            next_contact: 1,
            policy: gate::Policy::default(),
            holidays: BTreeMap::new(),
            dnc: None,
            blacklist: BTreeMap::new(),
            blacklist_version: 0,
            subjects: BTreeMap::new(),
            open_calls: BTreeSet::new(),
            unverified: BTreeSet::new(),
            unreleased: BTreeSet::new(),
            bad_recordings: BTreeSet::new(),
            counts: BTreeMap::new(),
            accounts: Accounts::default(),
            agent_days: BTreeMap::new(),
            seen: Seen::default(),
            cards: Cards::default(),
            host: HostKept::default(),
            network: NetworkKept::default(),
        }
    }
}

impl State {
    /// Whether the box is a company's.
    #[must_use]
    pub fn commissioned(&self) -> bool {
        !self.company.is_empty()
    }

    /// The batch a contact belongs to, and its row within it.
    #[must_use]
    pub fn batch_of(&self, contact: ContactId) -> Option<(&Batch, u64)> {
        // Batches get their contacts in the order of their numbers, so their first ids grow.
        let mut low = self.batches.iter().rev();
        let (_, batch) = low.find(|(_, batch)| batch.entry.first <= contact)?;
        let row = contact.0 - batch.entry.first.0;
        (row < batch.entry.rows).then_some((batch, row))
    }

    /// The next free id of a map that counts from 1.
    fn next_id<K: Copy + Ord, V>(map: &BTreeMap<K, V>, number: impl Fn(K) -> u64) -> u64 {
        map.last_key_value().map_or(1, |(key, _)| number(*key) + 1)
    }

    /// The id the next department gets.
    #[must_use]
    pub fn next_department(&self) -> DepartmentId {
        DepartmentId(narrow(Self::next_id(&self.departments, |id| id.0.into())))
    }

    /// The id the next person gets.
    #[must_use]
    pub fn next_person(&self) -> PersonId {
        PersonId(narrow(Self::next_id(&self.people, |id| id.0.into())))
    }

    /// The id the next trunk gets, be it SIP or a span.
    #[must_use]
    pub fn next_trunk(&self) -> TrunkId {
        let spans = u64::from(self.cards.highest_trunk()) + 1;
        TrunkId(narrow(Self::next_id(&self.trunks, |id| id.0.into()).max(spans)))
    }

    /// Whether an agent has a phone: a SIP account, or a port of a card.
    #[must_use]
    pub fn has_phone(&self, agent: AgentId) -> bool {
        self.phones.contains_key(&agent) || self.cards.has_telephone(agent)
    }

    /// A trunk's name, be it SIP or a span; `None`: there is no such trunk.
    #[must_use]
    pub fn trunk_name(&self, trunk: TrunkId) -> Option<&str> {
        let sip = self.trunks.get(&trunk).map(|trunk| trunk.name.as_str());
        sip.or_else(|| self.cards.of_trunk(trunk).map(|span| span.name.as_str()))
    }

    /// The id the next group gets.
    #[must_use]
    pub fn next_group(&self) -> LineGroupId {
        LineGroupId(narrow(Self::next_id(&self.groups, |id| id.0.into())))
    }

    /// The id the next script gets.
    #[must_use]
    pub fn next_script(&self) -> ScriptId {
        ScriptId(narrow(Self::next_id(&self.scripts, |id| id.0.into())))
    }

    /// The id the next campaign gets.
    #[must_use]
    pub fn next_campaign(&self) -> CampaignId {
        CampaignId(narrow(Self::next_id(&self.campaigns, |id| id.0.into())))
    }

    /// The number the next batch gets.
    #[must_use]
    pub fn next_batch(&self) -> u64 {
        Self::next_id(&self.batches, |id| id)
    }
}

/// Ids are bounded by the limits checked before an entry is written, so this never narrows for real.
fn narrow<T: TryFrom<u64>>(id: u64) -> T {
    T::try_from(id).unwrap_or_else(|_| unreachable!("the number of records is bounded before each entry"))
}
