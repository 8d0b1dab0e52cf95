//! One running transaction of either kind: which table it follows and how long its timers run.
//!
//! Deliberately not here: the tables, and the message traffic; see [`super::layer`].

use super::{Action, Timer, invite_client, invite_server, non_invite_client, non_invite_server};
use crate::time::Timing;
use sip::{Method, StatusCode};

/// A machine with its state.
#[derive(Clone, Copy, Debug)]
pub(super) enum Machine {
    InviteClient(invite_client::State),
    NonInviteClient(non_invite_client::State),
    InviteServer(invite_server::State),
    NonInviteServer(non_invite_server::State),
}

/// The next state and what to do.
pub(super) type Step = (Machine, &'static [Action]);

impl Machine {
    /// A new client transaction.
    pub(super) fn client(method: &Method, reliable: bool) -> Step {
        if *method == Method::Invite {
            let (state, actions) = invite_client::start(reliable);
            (Self::InviteClient(state), actions)
        } else {
            let (state, actions) = non_invite_client::start(reliable);
            (Self::NonInviteClient(state), actions)
        }
    }

    /// A new server transaction.
    pub(super) fn server(method: &Method) -> Self {
        if *method == Method::Invite {
            Self::InviteServer(invite_server::State::Proceeding)
        } else {
            Self::NonInviteServer(non_invite_server::State::Trying)
        }
    }

    /// A response came.
    pub(super) fn on_response(self, status: StatusCode) -> Step {
        match self {
            Self::InviteClient(state) => {
                let input = match (status.is_provisional(), status.is_success()) {
                    (true, _) => invite_client::Input::Provisional,
                    (false, true) => invite_client::Input::Success,
                    (false, false) => invite_client::Input::Failure,
                };
                let (next, actions) = invite_client::step(state, input);
                (Self::InviteClient(next), actions)
            }
            Self::NonInviteClient(state) => {
                let input = if status.is_provisional() {
                    non_invite_client::Input::Provisional
                } else {
                    non_invite_client::Input::Final
                };
                let (next, actions) = non_invite_client::step(state, input);
                (Self::NonInviteClient(next), actions)
            }
            Self::InviteServer(_) | Self::NonInviteServer(_) => (self, &[]),
        }
    }

    /// The request came again, or the ACK of an INVITE.
    pub(super) fn on_request(self, ack: bool, reliable: bool) -> Step {
        match self {
            Self::InviteServer(state) => {
                let input = if ack { invite_server::Input::Ack } else { invite_server::Input::Request };
                let (next, actions) = invite_server::step(state, input, reliable);
                (Self::InviteServer(next), actions)
            }
            Self::NonInviteServer(state) => {
                let (next, actions) = non_invite_server::step(state, non_invite_server::Input::Request);
                (Self::NonInviteServer(next), actions)
            }
            Self::InviteClient(_) | Self::NonInviteClient(_) => (self, &[]),
        }
    }

    /// The user answers.
    pub(super) fn on_answer(self, status: StatusCode, reliable: bool) -> Step {
        match self {
            Self::InviteServer(state) => {
                let input = match (status.is_provisional(), status.is_success()) {
                    (true, _) => invite_server::Input::SendProvisional,
                    (false, true) => invite_server::Input::SendSuccess,
                    (false, false) => invite_server::Input::SendFailure,
                };
                let (next, actions) = invite_server::step(state, input, reliable);
                (Self::InviteServer(next), actions)
            }
            Self::NonInviteServer(state) => {
                let input = if status.is_provisional() {
                    non_invite_server::Input::SendProvisional
                } else {
                    non_invite_server::Input::SendFinal
                };
                let (next, actions) = non_invite_server::step(state, input);
                (Self::NonInviteServer(next), actions)
            }
            Self::InviteClient(_) | Self::NonInviteClient(_) => (self, &[]),
        }
    }

    /// The transport failed.
    pub(super) fn on_transport_error(self, reliable: bool) -> Step {
        match self {
            Self::InviteClient(state) => {
                let (next, actions) = invite_client::step(state, invite_client::Input::TransportError);
                (Self::InviteClient(next), actions)
            }
            Self::NonInviteClient(state) => {
                let (next, actions) =
                    non_invite_client::step(state, non_invite_client::Input::TransportError);
                (Self::NonInviteClient(next), actions)
            }
            Self::InviteServer(state) => {
                let (next, actions) =
                    invite_server::step(state, invite_server::Input::TransportError, reliable);
                (Self::InviteServer(next), actions)
            }
            Self::NonInviteServer(state) => {
                let (next, actions) =
                    non_invite_server::step(state, non_invite_server::Input::TransportError);
                (Self::NonInviteServer(next), actions)
            }
        }
    }

    /// A timer ran out.
    pub(super) fn on_timer(self, timer: Timer, reliable: bool) -> Step {
        use {invite_client as ic, invite_server as is, non_invite_client as nc};
        let stay: Step = (self, &[]);
        match self {
            Self::InviteClient(state) => {
                let input = match timer {
                    Timer::A => ic::Input::TimerA,
                    Timer::B => ic::Input::TimerB,
                    Timer::D => ic::Input::TimerD,
                    Timer::M => ic::Input::TimerM,
                    Timer::E | Timer::F | Timer::G | Timer::H | Timer::I | Timer::J | Timer::K | Timer::L => {
                        return stay;
                    }
                };
                let (next, actions) = ic::step(state, input);
                (Self::InviteClient(next), actions)
            }
            Self::NonInviteClient(state) => {
                let input = match timer {
                    Timer::E => nc::Input::TimerE,
                    Timer::F => nc::Input::TimerF,
                    Timer::K => nc::Input::TimerK,
                    Timer::A
                    | Timer::B
                    | Timer::D
                    | Timer::G
                    | Timer::H
                    | Timer::I
                    | Timer::J
                    | Timer::L
                    | Timer::M => return stay,
                };
                let (next, actions) = nc::step(state, input);
                (Self::NonInviteClient(next), actions)
            }
            Self::InviteServer(state) => {
                let input = match timer {
                    Timer::G => is::Input::TimerG,
                    Timer::H => is::Input::TimerH,
                    Timer::I => is::Input::TimerI,
                    Timer::L => is::Input::TimerL,
                    Timer::A | Timer::B | Timer::D | Timer::E | Timer::F | Timer::J | Timer::K | Timer::M => {
                        return stay;
                    }
                };
                let (next, actions) = is::step(state, input, reliable);
                (Self::InviteServer(next), actions)
            }
            Self::NonInviteServer(state) => {
                if timer != Timer::J {
                    return stay;
                }
                let (next, actions) = non_invite_server::step(state, non_invite_server::Input::TimerJ);
                (Self::NonInviteServer(next), actions)
            }
        }
    }

    /// Whether an INVITE of ours got a 3xx–6xx.
    pub(super) fn has_failed(self) -> bool {
        matches!(self, Self::InviteClient(invite_client::State::Completed))
    }

    /// Whether the machine has nothing left to do.
    pub(super) fn is_terminated(self) -> bool {
        match self {
            Self::InviteClient(state) => state == invite_client::State::Terminated,
            Self::NonInviteClient(state) => state == non_invite_client::State::Terminated,
            Self::InviteServer(state) => state == invite_server::State::Terminated,
            Self::NonInviteServer(state) => state == non_invite_server::State::Terminated,
        }
    }

    /// The timers the machine may run.
    pub(super) fn timers(self) -> &'static [Timer] {
        match self {
            Self::InviteClient(_) => &[Timer::A, Timer::B, Timer::D, Timer::M],
            Self::NonInviteClient(_) => &[Timer::E, Timer::F, Timer::K],
            Self::InviteServer(_) => &[Timer::G, Timer::H, Timer::I, Timer::L],
            Self::NonInviteServer(_) => &[Timer::J],
        }
    }
}

/// RFC 3261 table 4 and RFC 6026 8.11.
///
/// `interval_ms` is the last retransmission interval of the transaction, 0 at first.
pub(super) fn duration(timer: Timer, interval_ms: &mut u64, reliable: bool, timing: &Timing) -> u64 {
    match timer {
        Timer::A => {
            *interval_ms = if *interval_ms == 0 { timing.t1_ms } else { *interval_ms * 2 };
            *interval_ms
        }
        Timer::E | Timer::G => {
            let next = if *interval_ms == 0 { timing.t1_ms } else { *interval_ms * 2 };
            *interval_ms = next.min(timing.t2_ms);
            *interval_ms
        }
        Timer::B | Timer::F | Timer::H | Timer::L | Timer::M => timing.transaction_ms(),
        Timer::D if reliable => 0,
        Timer::D => timing.transaction_ms().max(MIN_TIMER_D_MS),
        Timer::I | Timer::K if reliable => 0,
        Timer::I | Timer::K => timing.t4_ms,
        Timer::J if reliable => 0,
        Timer::J => timing.transaction_ms(),
    }
}

/// RFC 3261 17.1.1.2: at least 32 s on unreliable transports.
const MIN_TIMER_D_MS: u64 = 32_000;
