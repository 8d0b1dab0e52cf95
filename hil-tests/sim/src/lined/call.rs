//! One call as the driver holds it: the machine, the ticket, and media as a clock.

use idl::lines::{PromptRole, Ticket};
use lined::call::{CallMachine, Plan, Timer};
use sip_ua::CallHandle;
use vocab::{AgentId, LineGroupId, PhoneNumber, TrunkId, UnixMs};

/// What media has to say at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Media {
    /// Files and prompts are at hand.
    Ready,
    /// A prompt was heard.
    Heard(PromptRole),
    /// The agent's phone answered.
    AgentAnswered,
    /// The agent's phone refused, or the agent hung up.
    AgentGone,
    /// Media and recorder have closed.
    Closed,
}

/// One call.
#[derive(Debug)]
pub struct LiveCall {
    /// Its machine.
    pub machine: CallMachine,
    /// The right to dial, while it was not used.
    pub permit: Option<(PhoneNumber, u64)>,
    /// The caller number shown.
    pub caller: PhoneNumber,
    /// Its lines.
    pub group: LineGroupId,
    /// Its agent.
    pub agent: Option<AgentId>,
    /// Trunks tried.
    pub tried: Vec<TrunkId>,
    /// The trunk in use.
    pub trunk: Option<TrunkId>,
    /// The customer's leg.
    pub handle: Option<CallHandle>,
    /// Whether `calld` was told of it.
    pub told: bool,
    /// Whether the customer's phone rang.
    pub rang: bool,
    /// Whether the customer's leg was answered.
    pub answered: bool,
    /// When.
    pub answered_at: Option<UnixMs>,
    /// The dialog.
    pub dialog: Vec<u8>,
    /// Whether the notice was heard: the recorder runs.
    pub noticed: bool,
    /// The number of the opt-out fact.
    pub opt_out_seq: Option<u32>,
    /// What media will say, in order.
    pub media: Vec<(u64, Media)>,
    ring_ms: u64,
    limit_ms: u64,
}

impl LiveCall {
    /// Takes a ticket apart.
    pub fn new(ticket: Ticket) -> Self {
        let roles = ticket.prompts.iter().map(|prompt| prompt.role).collect();
        let plan = Plan { mode: ticket.mode, has_agent: ticket.agent.is_some(), roles };
        Self {
            machine: CallMachine::new(plan),
            permit: Some((ticket.number.into_inner(), ticket.expires_boot_ms)),
            caller: ticket.caller.into_inner(),
            group: ticket.group,
            agent: ticket.agent,
            tried: Vec::new(),
            trunk: None,
            handle: None,
            told: false,
            rang: false,
            answered: false,
            answered_at: None,
            dialog: Vec::new(),
            noticed: false,
            opt_out_seq: None,
            media: Vec::new(),
            ring_ms: u64::from(ticket.ring_timeout_s) * 1_000,
            limit_ms: u64::from(ticket.max_call_s) * 1_000,
        }
    }

    /// How long the phone may ring.
    pub fn ring_ms(&self) -> u64 {
        self.ring_ms
    }

    /// Media will say this.
    pub fn later(&mut self, at: u64, what: Media) {
        self.media.push((at, what));
        self.media.sort_by_key(|(at, _)| *at);
    }

    /// When media says something next.
    pub fn media_deadline(&self) -> Option<u64> {
        self.media.first().map(|(at, _)| *at)
    }

    /// How long a timer runs: the product's values.
    pub fn timer_ms(&self, timer: Timer) -> u64 {
        match timer {
            Timer::AgentRing => 9_000,
            Timer::Ring => self.ring_ms,
            Timer::CancelGuard => 33_000,
            Timer::Limit => self.limit_ms.min(LONGEST_MS),
            Timer::AgentWait | Timer::CloseGuard => 10_000,
            Timer::PromptGuard => 15_000,
            Timer::OptOutStore => 5_000,
        }
    }
}

/// How long a prompt lasts.
pub const fn prompt_ms(role: PromptRole) -> u64 {
    match role {
        PromptRole::Identify => 2_000,
        PromptRole::RecordingNotice | PromptRole::OptOutConfirmation => 1_500,
        PromptRole::OptOutHint => 1_200,
        PromptRole::Body => 4_000,
        PromptRole::Hold | PromptRole::NoAgent => 2_500,
    }
}

/// The longest call of the simulation.
const LONGEST_MS: u64 = 120_000;
