//! Between `calld` and the page or a tool: agents at their desks, live figures.

use crate::campaign::{AgentState, Disposition};
use crate::lines::{LiveState, TrunkStatus};
use serde::{Deserialize, Serialize};
use vocab::{AgentId, CallId, CampaignId, ContactId, Pii, UnixMs};

/// A request at a desk.
#[derive(Debug, Serialize, Deserialize)]
pub struct DeskRequest {
    /// Echoed in the reply.
    pub id: u64,
    /// What is wanted.
    pub what: Desk,
}

/// What a desk may ask.
#[derive(Debug, Serialize, Deserialize)]
pub enum Desk {
    /// Change an agent's state: `Out`, `Break` and `Ready` may be asked for.
    State {
        /// The agent.
        agent: AgentId,
        /// The state wanted.
        state: AgentState,
    },
    /// The next contact of a preview campaign for this agent.
    PreviewNext {
        /// The agent.
        agent: AgentId,
        /// The campaign.
        campaign: CampaignId,
    },
    /// The agent confirmed identity and purpose: dial (CAM-13).
    PreviewDial {
        /// The agent.
        agent: AgentId,
        /// The contact shown; used up by this request.
        contact: ContactId,
    },
    /// End the agent's call.
    HangUp {
        /// The agent.
        agent: AgentId,
    },
    /// The customer refuses further calls.
    Refused {
        /// The agent.
        agent: AgentId,
    },
    /// Wrap-up with the mandatory disposition (CAM-15).
    WrapUp {
        /// The agent.
        agent: AgentId,
        /// The call.
        call: CallId,
        /// The disposition.
        disposition: Disposition,
        /// Notes.
        note: Pii<String>,
    },
    /// Send [`DeskReply::Live`] now and on each change, at most five a second.
    Watch,
    /// Stop dialling, end every call with BYE, then answer `Done`.
    Stop,
}

/// An answer, or a live figure.
#[derive(Debug, Serialize, Deserialize)]
pub enum DeskReply {
    /// Done.
    Done {
        /// The request's id.
        id: u64,
    },
    /// A contact to look at.
    Preview {
        /// The request's id.
        id: u64,
        /// The contact; its masked card comes from `vaultd`. `None`: nothing to call now.
        contact: Option<ContactId>,
    },
    /// The call a preview dial made.
    Dialled {
        /// The request's id.
        id: u64,
        /// The call.
        call: CallId,
    },
    /// Not done, and what to do next.
    Refused {
        /// The request's id.
        id: u64,
        /// A stable code, such as `wrap-up-missing`.
        code: String,
        /// English.
        text_en: String,
        /// Chinese.
        text_zh: String,
    },
    /// Live figures.
    Live(Live),
}

/// Live figures of the floor.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Live {
    /// Live calls, at most [`crate::MAX_PAGE_ITEMS`].
    pub calls: Vec<(CallId, LiveState)>,
    /// All live calls.
    pub calls_total: u32,
    /// Agents with their state and since when.
    pub agents: Vec<(AgentId, AgentState, UnixMs)>,
    /// Agents who owe a wrap-up, with the call it is for.
    pub wrap_ups: Vec<(AgentId, CallId)>,
    /// Trunks.
    pub trunks: Vec<TrunkStatus>,
    /// Whether any running campaign has something left to do (now or later).
    pub work_left: bool,
    /// When the next contact may be tried, if none can be tried now.
    pub next_at: Option<UnixMs>,
}
