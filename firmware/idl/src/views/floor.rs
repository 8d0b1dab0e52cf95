//! The floor and the agent's desk.
//!
//! Words, masked; nothing here decides.

use super::contact::ConsentView;
use super::site::{CampaignPulse, DayFigures, TrunkLive};
use crate::campaign::{AgentState, Disposition};
use crate::lines::{LiveState, PromptRole};
use serde::{Deserialize, Serialize};
use vocab::{AgentId, CallId, CampaignId, CampaignMode, ContactId, DepartmentId, Outcome, Pii, UnixMs};

/// The floor now.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LiveView {
    /// Now.
    pub now: UnixMs,
    /// Calls, oldest first, at most a page.
    pub calls: Vec<LiveCall>,
    /// All live calls within reach.
    pub calls_total: u32,
    /// Agents within reach.
    pub agents: Vec<LiveAgent>,
    /// Trunks.
    pub trunks: Vec<TrunkLive>,
    /// Running campaigns within reach.
    pub campaigns: Vec<CampaignPulse>,
    /// The site's today.
    pub today: DayFigures,
}

/// A live call: no number, for it is watched without a look of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveCall {
    /// The call.
    pub call: CallId,
    /// Campaign.
    pub campaign: CampaignId,
    /// The agent.
    pub agent: Option<AgentId>,
    /// Its state.
    pub state: LiveState,
    /// Since when.
    pub since: UnixMs,
}

/// An agent on the floor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveAgent {
    /// The agent.
    pub agent: AgentId,
    /// The name, within the asker's sight.
    pub name: String,
    /// Login name.
    pub login: String,
    /// Department.
    pub department: DepartmentId,
    /// State.
    pub state: AgentState,
    /// Since when.
    pub since: UnixMs,
    /// The phone is registered; `None`: not known.
    pub phone: Option<bool>,
    /// The call that still lacks its wrap-up.
    pub owes: Option<CallId>,
}

/// What an agent does at the desk.
#[derive(Debug, Serialize, Deserialize)]
pub enum DeskAction {
    /// Shows the desk: [`DeskView`].
    Look,
    /// Changes one's state: `Out`, `Break` and `Ready`.
    State(AgentState),
    /// The next contact of a preview campaign: [`DeskView`] with its card and token.
    Next {
        /// The campaign.
        campaign: CampaignId,
    },
    /// Identity and purpose were confirmed: dial (CAM-13). The token is used up; it lives 120 s.
    Dial {
        /// What [`DeskView::preview`] gave.
        token: u64,
    },
    /// Ends one's call.
    HangUp,
    /// The customer refuses further calls.
    Refused,
    /// Wrap-up with the mandatory disposition (CAM-15).
    WrapUp {
        /// The call.
        call: CallId,
        /// The disposition.
        disposition: Disposition,
        /// Notes.
        note: Pii<String>,
    },
}

/// An agent's desk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeskView {
    /// The agent.
    pub agent: AgentId,
    /// Now.
    pub now: UnixMs,
    /// State.
    pub state: AgentState,
    /// Since when.
    pub since: UnixMs,
    /// The phone is registered; `None`: not known.
    pub phone: Option<bool>,
    /// Has a phone account at all.
    pub has_phone: bool,
    /// Running campaigns of the department.
    pub campaigns: Vec<(CampaignId, String, CampaignMode)>,
    /// The contact shown before dialling, and the token that dials it, until when.
    pub preview: Option<(CustomerCard, u64, UnixMs)>,
    /// The call: its state, since when, whom with.
    pub call: Option<(CallId, LiveState, UnixMs, CustomerCard)>,
    /// The call that lacks its wrap-up, with its card and the seconds its campaign gives for it.
    pub wrap_up: Option<(CallId, CustomerCard, u16)>,
    /// One's own today: calls, answered, talk seconds.
    pub today: (u32, u32, u32),
}

/// A customer as the agent sees them: masked, with what CAM-13, CAM-14 and CAM-18 ask for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerCard {
    /// The contact.
    pub contact: ContactId,
    /// Campaign.
    pub campaign: (CampaignId, String),
    /// Why we call.
    pub purpose: String,
    /// Masked number.
    pub number: String,
    /// Masked name.
    pub name: String,
    /// Order number.
    pub order_no: String,
    /// Demand type.
    pub demand: String,
    /// Tag.
    pub tag: String,
    /// Issue text.
    pub issue: String,
    /// Where the data come from: source type and document.
    pub source: String,
    /// When they were imported.
    pub imported_at: UnixMs,
    /// Consent.
    pub consent: ConsentView,
    /// There is a basis for this call: a good consent, or a source that needs none (CAM-18). Without one the
    /// call is not dialled, and one that goes on is to be ended.
    pub basis: bool,
    /// The last contacts: when, and how they ended.
    pub last: Vec<(UnixMs, Option<Outcome>)>,
    /// Attempts left today and within seven days.
    pub quota: (u32, u32),
    /// The approved script: role and text.
    pub script: Vec<(PromptRole, String)>,
}
