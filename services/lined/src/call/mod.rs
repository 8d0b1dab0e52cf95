//! The life of one call in `lined`: which leg is called when, what is played, when recording and facts happen.
//!
//! Pure: no socket, clock, SIP or RTP here. The driver (`signalling`) turns [`Action`]s into requests, media
//! commands and facts, and everything that happens into [`Input`]s. There is one customer leg and at most one
//! agent leg; no action can join two trunks (L-23).
//!
//! | state | leaves by | to |
//! |---|---|---|
//! | AgentFirst | agent answers | Dialling |
//! | Dialling, Ringing | customer answers | Announcing |
//! | Dialling, Ringing | refused, failed | Closing |
//! | Dialling, Ringing | ring time-out, hang-up | Cancelling |
//! | Cancelling | final answer, guard | Closing |
//! | Announcing | mandatory announcement heard | Delivering (announcement), Talking (agent there), Waiting |
//! | Delivering | body heard | Closing |
//! | Waiting | agent answers | Talking |
//! | Waiting | ten seconds, agent fails | Apologising |
//! | Apologising | prompt heard | Closing |
//! | Talking | either side hangs up | Closing |
//! | any answered | key 9 | OptingOut |
//! | OptingOut | fact durable | Confirming |
//! | OptingOut | five seconds | Closing |
//! | Confirming | prompt heard | Closing |
//! | any answered | customer hangs up, media lost, limit | Closing |
//! | Closing | media and recorder closed | Over |

mod machine;
#[cfg(test)]
mod tests;

pub use machine::CallMachine;

use idl::lines::{LiveState, OptOutBy, PromptRole};
use vocab::{CampaignMode, EndedBy, FailCause, Outcome};

/// Where a call stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Preview: the agent's phone rings before the customer is dialled.
    AgentFirst,
    /// The customer's INVITE is out.
    Dialling,
    /// The customer's phone rings.
    Ringing,
    /// The INVITE is being cancelled.
    Cancelling,
    /// The mandatory announcement plays.
    Announcing,
    /// The body of an announcement campaign plays.
    Delivering,
    /// The announcement is over and the agent's phone has not answered yet.
    Waiting,
    /// The customer is told that no agent is free.
    Apologising,
    /// Customer and agent speak.
    Talking,
    /// The opt-out is being made durable.
    OptingOut,
    /// The opt-out is being confirmed to the customer.
    Confirming,
    /// Legs are ended; media and recorder are closing.
    Closing,
    /// Nothing is left.
    Over,
}

/// Timers of a call; the driver holds their deadlines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Timer {
    /// The agent's phone in preview mode.
    AgentRing,
    /// The customer's phone rings no longer than the ticket says.
    Ring,
    /// A cancelled INVITE gets its final answer.
    CancelGuard,
    /// The longest call.
    Limit,
    /// The customer waits for an agent.
    AgentWait,
    /// A list of prompts must have been heard by now.
    PromptGuard,
    /// The opt-out must be durable by now.
    OptOutStore,
    /// Media and recorder must have closed by now.
    CloseGuard,
}

impl Timer {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::AgentRing,
        Self::Ring,
        Self::CancelGuard,
        Self::Limit,
        Self::AgentWait,
        Self::PromptGuard,
        Self::OptOutStore,
        Self::CloseGuard,
    ];
}

/// Why the customer's leg was not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failure {
    /// In words.
    pub cause: FailCause,
    /// The final SIP status, or 0.
    pub sip_status: u16,
    /// Q.850 cause, or 0.
    pub q850: u8,
}

/// What can happen to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// The ticket was accepted and everything it needs is at hand.
    Start,
    /// The customer's phone rings.
    CustomerRings,
    /// The customer answered and media is agreed.
    CustomerAnswered,
    /// The customer's leg failed before an answer, on the last trunk that may be tried.
    CustomerFailed(Failure),
    /// The customer hung up.
    CustomerHungUp,
    /// The customer's dialog or media died.
    CustomerLost,
    /// The agent's phone answered.
    AgentAnswered,
    /// The agent's phone refused, failed or hung up.
    AgentGone,
    /// A prompt was heard to its last sample.
    PromptOver(PromptRole),
    /// The customer pressed the key, or the agent's button was pressed.
    OptOut(OptOutBy),
    /// The opt-out fact is durable.
    OptOutStored,
    /// End it: the desk, a limit, or a drain wants it.
    HangUp(EndedBy),
    /// The recorder cannot go on (REC-02).
    RecorderFailed,
    /// Media and recorder have closed.
    Closed,
    /// A timer fired.
    TimerFired(Timer),
}

/// A list of prompts to play, by purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Playing {
    /// Identification, recording notice, opt-out hint.
    Mandatory,
    /// The message itself.
    Body,
    /// Please hold, again and again.
    Hold,
    /// No agent is free.
    NoAgent,
    /// You will not be called again.
    Confirmation,
}

/// What the driver has to note as a fact; it adds trunk, times and statistics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Note {
    /// [`idl::lines::CallFact::Ringing`].
    Ringing,
    /// [`idl::lines::CallFact::Answered`].
    Answered,
    /// [`idl::lines::CallFact::NoticeHeard`].
    NoticeHeard,
    /// [`idl::lines::CallFact::AgentConnected`].
    AgentConnected,
    /// [`idl::lines::CallFact::OptOut`].
    OptOut(OptOutBy),
    /// [`idl::lines::CallFact::Ended`], the last.
    Ended {
        /// How.
        outcome: Outcome,
        /// Status and cause of a failure, zeros otherwise.
        sip_status: u16,
        /// Q.850.
        q850: u8,
    },
}

/// What the driver has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Send the customer's INVITE, with the ticket.
    Dial,
    /// Cancel the customer's INVITE.
    CancelCustomer,
    /// Send BYE to the customer.
    ByeCustomer,
    /// Call the agent's phone.
    CallAgent,
    /// CANCEL or BYE, whichever fits the agent's leg.
    EndAgent,
    /// Play to the customer.
    Play(Playing),
    /// Stop what plays.
    StopPlaying,
    /// Let customer and agent hear each other.
    Bridge,
    /// Take the agent's leg out of the media.
    Unbridge,
    /// Close media and recorder; answered by [`Input::Closed`].
    CloseMedia,
    /// Note a fact.
    Note(Note),
    /// Tell `calld`.
    Live(LiveState),
    /// Start a timer.
    Arm(Timer),
    /// Stop a timer.
    Disarm(Timer),
}

/// What the machine must know of the ticket.
#[derive(Debug, Clone)]
pub struct Plan {
    /// How the campaign dials.
    pub mode: CampaignMode,
    /// Whether there is an agent's leg.
    pub has_agent: bool,
    /// The roles of the prompts at hand.
    pub roles: Vec<PromptRole>,
}

impl Plan {
    /// Whether the ticket can lead to a lawful, recorded call: it identifies itself and gives notice.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.has(PromptRole::Identify) && self.has(PromptRole::RecordingNotice)
    }

    /// The last prompt of the mandatory announcement.
    #[must_use]
    pub fn last_mandatory(&self) -> PromptRole {
        if self.has(PromptRole::OptOutHint) { PromptRole::OptOutHint } else { PromptRole::RecordingNotice }
    }

    /// Whether a prompt is at hand.
    #[must_use]
    pub fn has(&self, role: PromptRole) -> bool {
        self.roles.contains(&role)
    }
}
