//! The desk's states in words and badges, for the desk and the floor.

use crate::texts::Texts;
use idl::campaign::AgentState;
use idl::lines::{LiveState, PromptRole};
use idl::views::ConsentState;

/// An agent's state in words.
#[must_use]
pub const fn agent_state(t: &Texts, state: AgentState) -> &'static str {
    match state {
        AgentState::Out => t.desk.state_out,
        AgentState::Break => t.desk.state_break,
        AgentState::Ready => t.desk.state_ready,
        AgentState::Reserved => t.desk.state_reserved,
        AgentState::Talking => t.desk.state_talking,
        AgentState::WrapUp => t.desk.state_wrap_up,
    }
}

/// The badge of an agent's state.
#[must_use]
pub const fn agent_badge(state: AgentState) -> &'static str {
    match state {
        AgentState::Out => "idle",
        AgentState::Break => "paused",
        AgentState::Ready => "ok",
        AgentState::Reserved => "info",
        AgentState::Talking => "live",
        AgentState::WrapUp => "waiting",
    }
}

/// A call's state in words.
#[must_use]
pub const fn live_state(t: &Texts, state: LiveState) -> &'static str {
    match state {
        LiveState::Dialling => t.desk.live_dialling,
        LiveState::Ringing => t.desk.live_ringing,
        LiveState::Announcing => t.desk.live_announcing,
        LiveState::WaitingForAgent => t.desk.live_waiting,
        LiveState::Talking => t.desk.live_talking,
        LiveState::OptedOut => t.desk.live_opted_out,
        LiveState::Ended(_) => t.desk.live_ended,
    }
}

/// The badge of a call's state.
#[must_use]
pub const fn live_badge(state: LiveState) -> &'static str {
    match state {
        LiveState::Dialling | LiveState::Ringing => "info",
        LiveState::Announcing | LiveState::WaitingForAgent => "waiting",
        LiveState::Talking => "live",
        LiveState::OptedOut => "warn",
        LiveState::Ended(_) => "idle",
    }
}

/// A consent's badge and words.
pub(super) const fn consent(t: &Texts, state: ConsentState) -> (&'static str, &'static str) {
    match state {
        ConsentState::Good => ("ok", t.desk.consent_good),
        ConsentState::None => ("idle", t.desk.consent_none),
        ConsentState::Expired => ("warn", t.desk.consent_expired),
        ConsentState::OtherPurpose => ("warn", t.desk.consent_other),
        ConsentState::NoEvidence => ("warn", t.desk.consent_evidence),
        ConsentState::Withdrawn => ("bad", t.desk.consent_withdrawn),
    }
}

/// The title of a part of the script, and whether the agent speaks it. `None`: it has no place on the desk.
pub(super) const fn script_part(t: &Texts, role: PromptRole) -> Option<(&'static str, bool)> {
    match role {
        PromptRole::Identify => Some((t.desk.part_identify, false)),
        PromptRole::RecordingNotice => Some((t.desk.part_notice, false)),
        PromptRole::OptOutHint => Some((t.desk.part_opt_out, false)),
        PromptRole::Body => Some((t.desk.part_body, true)),
        PromptRole::OptOutConfirmation => Some((t.desk.part_confirmation, false)),
        PromptRole::Hold | PromptRole::NoAgent => None,
    }
}
