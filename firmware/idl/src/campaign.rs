//! Between `calld` and `vaultd`: campaigns, the queue of opaque contacts, dialling, wrap-up.

use crate::desk::{DeskReply, DeskRequest};
use serde::{Deserialize, Serialize};
use vocab::{
    AgentId, CallId, CampaignClass, CampaignId, CampaignMode, ContactId, DepartmentId, LineGroupId, Outcome,
    Pii, RuleId, UnixMs,
};

/// A request of `calld`.
#[derive(Debug, Serialize, Deserialize)]
pub struct CalldToVault {
    /// Echoed in the reply.
    pub id: u64,
    /// What is wanted.
    pub request: CampaignRequest,
}

/// What `calld` may ask.
#[derive(Debug, Serialize, Deserialize)]
pub enum CampaignRequest {
    /// All campaigns.
    Campaigns,
    /// The agents who may work, in pages.
    Agents {
        /// Only ids above this one.
        after: Option<AgentId>,
    },
    /// The agents' states as last recorded: asked once after a start.
    AgentStates,
    /// Contacts that may be tried, earliest first. A contact given out is not given again before it was
    /// dialled, refused or returned.
    Queue {
        /// The campaign.
        campaign: CampaignId,
        /// At most so many; at most [`crate::MAX_PAGE_ITEMS`].
        max: u16,
    },
    /// Contacts taken from the queue and not used.
    Return {
        /// The campaign.
        campaign: CampaignId,
        /// The contacts.
        contacts: Vec<ContactId>,
    },
    /// Dial now. The gate decides; if it allows, the intent is durable and `lined` has the ticket.
    Dial {
        /// The campaign.
        campaign: CampaignId,
        /// The contact.
        contact: ContactId,
        /// The agent reserved for the call.
        agent: Option<AgentId>,
    },
    /// What the agent wrote after the call (CAM-15).
    WrapUp {
        /// The call.
        call: CallId,
        /// The agent.
        agent: AgentId,
        /// The mandatory disposition.
        disposition: Disposition,
        /// Notes; personal data.
        note: Pii<String>,
    },
    /// An agent changed state.
    AgentState {
        /// The agent.
        agent: AgentId,
        /// The new state.
        state: AgentState,
        /// When.
        at: UnixMs,
    },
    /// An agent's phone registered or left; kept in memory only.
    Phone {
        /// The agent.
        agent: AgentId,
        /// Whether it can be called.
        registered: bool,
    },
    /// The answer to [`VaultToCalld::Desk`]; `vaultd` sends no reply to it.
    DeskReply(DeskReply),
}

/// From `vaultd` to `calld`.
#[derive(Debug, Serialize, Deserialize)]
pub enum VaultToCalld {
    /// The answer to a request.
    Reply {
        /// The request's id.
        id: u64,
        /// The answer.
        reply: CampaignReply,
    },
    /// Campaigns or agents changed: ask again.
    Changed,
    /// What an agent asks at the desk; `vaultd` has proven who it is. Answered by
    /// [`CampaignRequest::DeskReply`] with the same id.
    Desk(DeskRequest),
    /// A call's end is durable.
    CallClosed {
        /// The call.
        call: CallId,
        /// Its campaign.
        campaign: CampaignId,
        /// How it ended.
        outcome: Outcome,
        /// Whether the customer opted out in it.
        opted_out: bool,
    },
}

/// An answer of `vaultd`.
#[derive(Debug, Serialize, Deserialize)]
pub enum CampaignReply {
    /// All campaigns.
    Campaigns(Vec<CampaignView>),
    /// A page of agents; an empty page ends the list.
    Agents(Vec<AgentView>),
    /// Each agent who is not signed out, with the state last recorded and the call that still lacks its
    /// wrap-up (connected to the agent, no [`CampaignRequest::WrapUp`] stored), if there is one.
    AgentStates(Vec<(AgentId, AgentState, Option<CallId>)>),
    /// Contacts to try.
    Queue {
        /// The contacts.
        contacts: Vec<ContactId>,
        /// When to ask again if there are none now; `None`: the campaign has nothing left.
        again_at: Option<UnixMs>,
    },
    /// `lined` has the ticket.
    Ticketed {
        /// The call.
        call: CallId,
    },
    /// The gate refused; the verdict is stored.
    Refused {
        /// Every rule that refused.
        rules: Vec<RuleId>,
        /// The earliest instant at which it could pass; `None`: never.
        again_at: Option<UnixMs>,
    },
    /// Not decided now (no line, storage, starting); the contact is back in the queue.
    NotNow {
        /// Plain reason.
        reason: String,
    },
    /// Durable.
    Stored,
    /// The request was wrong.
    Error {
        /// Plain reason.
        reason: String,
    },
}

/// A campaign as `calld` needs it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CampaignView {
    /// Its id.
    pub id: CampaignId,
    /// Its name.
    pub name: String,
    /// Class.
    pub class: CampaignClass,
    /// Mode.
    pub mode: CampaignMode,
    /// Whether it runs.
    pub running: bool,
    /// The lines it dials through.
    pub group: LineGroupId,
    /// The department whose agents work on it.
    pub department: DepartmentId,
    /// Most calls at once.
    pub max_calls: u16,
    /// LIN-05: calls a minute that one caller number may make (bounds 1–20 on real lines).
    pub calls_per_minute: u32,
    /// Wrap-up time of its agents in seconds (CAM-15, 10–300).
    pub wrap_up_s: u16,
}

/// An agent as `calld` needs it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentView {
    /// The agent.
    pub id: AgentId,
    /// The department.
    pub department: DepartmentId,
    /// Whether the account is active.
    pub active: bool,
}

/// State of an agent (CAM-15).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum AgentState {
    /// Signed out.
    Out,
    /// Signed in, on a break.
    Break,
    /// Free for a call.
    Ready,
    /// Reserved for a call that is being dialled.
    Reserved,
    /// Speaking.
    Talking,
    /// Writing what came of it; ends only with a disposition.
    WrapUp,
}

/// What came of a call, chosen by the agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Disposition {
    /// Done.
    Done,
    /// Wants to be called again: counts against the same budget.
    Callback,
    /// Refuses further calls: blacklisted (CAM-04).
    Refused,
    /// Not the person: the number is blocked for this customer.
    WrongPerson,
    /// A minor answered (CAM-09).
    Minor,
    /// A complaint.
    Complaint,
    /// A machine answered.
    Voicemail,
}
