//! Q.931 5.8.6 and 5.8.7: mandatory elements that are missing or invalid, elements that are unknown or invalid. What is
//! wrong is found here; 5.8.1 to 5.8.4 stand with the octets and the call machine.

use super::api::Fault;
use super::messages::wants_progress;
use super::state::CallState;
use super::wire::Received;
use crate::{CauseValue, IeId, MessageType as M};
use idl::spans::PriSide;

/// What 5.8.6 and 5.8.7 say of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing is wrong.
    Fine,
    /// It is acted upon; STATUS with this cause may follow.
    Odd { cause: CauseValue, elements: Vec<u8>, fault: Fault },
    /// It is not acted upon, or as the clearing message it is; this is the cause of the answer.
    Broken { cause: CauseValue, elements: Vec<u8>, fault: Fault },
}

/// Looks at the elements of a message for a call in a state; none for one that is not there (yet).
pub(super) fn judge(m: &Received, state: Option<CallState>, side: PriSide) -> Verdict {
    let ies = &m.message.ies;
    let mandatory = mandatory(m.kind, state, side);
    let missing: Vec<u8> = mandatory
        .iter()
        .filter(|id| !ies.has(**id) && ies.invalid_of(**id).is_none())
        .map(|id| id.0)
        .chain(ies.comprehension_required().map(|unknown| unknown.id))
        .take(MAX_DIAGNOSTICS)
        .collect();
    if let Some(&first) = missing.first() {
        let fault = Fault::Missing(first);
        return Verdict::Broken { cause: CauseValue::MandatoryIeMissing, elements: missing, fault };
    }
    let unusable = mandatory.iter().filter(|id| !ies.has(**id));
    let unusable: Vec<u8> = unusable.map(|id| id.0).take(MAX_DIAGNOSTICS).collect();
    if let Some(&first) = unusable.first() {
        let fault = Fault::Content(first);
        return Verdict::Broken { cause: CauseValue::InvalidIeContents, elements: unusable, fault };
    }
    let unknown = ies.unknown().filter(|unknown| unknown.codeset == 0);
    let unknown: Vec<u8> = unknown.map(|unknown| unknown.id).take(MAX_DIAGNOSTICS).collect();
    if let Some(&first) = unknown.first() {
        let fault = Fault::UnknownElement(first);
        return Verdict::Odd { cause: CauseValue::IeNotImplemented, elements: unknown, fault };
    }
    let invalid: Vec<u8> = ies.invalid().map(|invalid| invalid.id.0).take(MAX_DIAGNOSTICS).collect();
    match invalid.first() {
        Some(&first) => {
            let fault = Fault::OptionalContent(first);
            Verdict::Odd { cause: CauseValue::InvalidIeContents, elements: invalid, fault }
        }
        None => Verdict::Fine,
    }
}

/// The mandatory elements (Q.931 3.1, 3.4). Channel identification of a first answer is not among them: without it the
/// channel of the SETUP is meant, as many networks do. RELEASE and RELEASE COMPLETE owe a cause where they come first.
fn mandatory(kind: M, state: Option<CallState>, side: PriSide) -> &'static [IeId] {
    let cleared = matches!(
        state,
        Some(CallState::DisconnectSent | CallState::DisconnectReceived | CallState::ReleaseRequest)
    );
    match kind {
        M::Setup => match side {
            PriSide::User => &[IeId::BEARER_CAPABILITY, IeId::CHANNEL_IDENTIFICATION],
            PriSide::Network => &[IeId::BEARER_CAPABILITY],
        },
        M::Disconnect => &[IeId::CAUSE],
        M::Release | M::ReleaseComplete if !cleared => &[IeId::CAUSE],
        M::Release | M::ReleaseComplete => &[],
        M::Status => &[IeId::CAUSE, IeId::CALL_STATE],
        // 5.8.4 comes first: a message that is not expected is not looked into.
        M::Progress if state.is_some_and(wants_progress) => &[IeId::PROGRESS_INDICATOR],
        M::Notify if state.is_some_and(|state| state != CallState::ReleaseRequest) => {
            &[IeId::NOTIFICATION_INDICATOR]
        }
        M::Restart | M::RestartAcknowledge if state.is_none() => &[IeId::RESTART_INDICATOR],
        M::Service => &[IeId::CHANGE_STATUS],
        M::Alerting
        | M::CallProceeding
        | M::Progress
        | M::Connect
        | M::SetupAcknowledge
        | M::ConnectAcknowledge
        | M::UserInformation
        | M::SuspendReject
        | M::ResumeReject
        | M::Suspend
        | M::Resume
        | M::SuspendAcknowledge
        | M::ResumeAcknowledge
        | M::Restart
        | M::RestartAcknowledge
        | M::Segment
        | M::Facility
        | M::Notify
        | M::StatusEnquiry
        | M::CongestionControl
        | M::Information
        | M::ServiceAcknowledge
        | M::National(_)
        | M::Unknown(_)
        | M::UnknownMaintenance(_) => &[],
    }
}

/// Most element identifiers in a diagnostics field.
const MAX_DIAGNOSTICS: usize = 8;
