//! The inputs of the tables' rows: a valid message of each kind, each command, each timer, the data link.

use super::OWN;
use crate::bench::{Side, disconnect, pii, setup};
use idl::spans::PriSide;
use q931::control::{CallHandle, Command, Input, Timer, TimerValues};
use q931::ie::{
    BearerCapability, CallState, CallStateValue, CalledNumber, Cause, ChannelIdentification, Ia5, Location,
    Notification, NumberPlan, NumberType, Progress, ProgressIndicator, RestartClass,
};
use q931::{CallRef, CauseValue, Flag, Ie, Message, MessageType as M};
use vocab::{Millis, Pii};

/// The rows that are no messages.
pub fn all(side: PriSide) -> Vec<&'static str> {
    let mut rows = vec![
        "DISCONNECT with tones",
        "STATUS with state 0",
        "STATUS that does not fit",
        "STATUS with cause 97",
        "STATUS with cause 99",
        "national message",
        "unknown message",
        "Setup",
        "Digits",
        "SetupAck",
        "Proceed",
        "Progress",
        "Alert",
        "Connect",
        "Disconnect",
        "Disconnect with tones",
        "Reject",
        "Enquire",
        "T301",
        "T302 after digits",
        "T302 without digits",
        "T303, first",
        "T303, second",
        "T304",
        "T305",
        "T308, first",
        "T308, second",
        "T310",
        "T322, first",
        "T322, second",
        "reset",
        "gone, T309 used",
        "gone, T309 not used",
        "back within T309",
        "T309",
    ];
    rows.push(match side {
        PriSide::User => "T313",
        PriSide::Network => "T306",
    });
    rows
}

/// The timers of the walk: T322 ends before any other, and T305 ends when the states are reached.
pub fn timers(side: PriSide) -> TimerValues {
    let values = match side {
        PriSide::User => TimerValues::USER,
        PriSide::Network => TimerValues::NETWORK,
    };
    TimerValues { t322_ms: 400, t305_ms: 1_000, t306_ms: 1_500, ..values }
}

/// The timer of a name.
pub fn timer(name: &str) -> Timer {
    match name {
        "T301" => Timer::T301,
        "T302" => Timer::T302,
        "T303" => Timer::T303,
        "T304" => Timer::T304,
        "T305" => Timer::T305,
        "T306" => Timer::T306,
        "T308" => Timer::T308,
        "T309" => Timer::T309,
        "T310" => Timer::T310,
        "T313" => Timer::T313,
        "T316" => Timer::T316,
        "T322" => Timer::T322,
        other => panic!("no timer {other}"),
    }
}

/// What must come before the input of some rows, in the state itself.
pub fn before(side: PriSide, it: &mut Side, row: &str, call: CallHandle, now: Millis) {
    match row {
        "T302 after digits" => it.hear(now, &of("INFORMATION", side, call, true)),
        "T303, second" | "T308, second" => {
            let end = it.interface.deadline().expect("the timer runs");
            it.expire(end);
        }
        "T322, first" => it.order(now, Command::Enquire { call }),
        "T322, second" => {
            it.order(now, Command::Enquire { call });
            it.expire(now + timers(side).t322_ms);
        }
        "back within T309" | "T309" => it.step(now, Input::LinkReleased),
        _ => {}
    }
    it.establish = 0;
}

/// Gives the input of a row; says when that was.
pub fn give(side: PriSide, it: &mut Side, row: &str, call: CallHandle, now: Millis) -> Millis {
    match row {
        "reset" => it.step(now, Input::LinkReset),
        "gone, T309 used" | "gone, T309 not used" => it.step(now, Input::LinkReleased),
        "back within T309" => it.step(now, Input::LinkEstablished),
        timer if timer.starts_with('T') => {
            let end = it.interface.deadline().expect("the timer runs");
            it.expire(end);
            return end;
        }
        row => match command(row, call) {
            Some(command) => it.order(now, command),
            None => {
                let exists = it.interface.call_state(call).is_some();
                it.hear(now, &of(row, side, call, exists));
            }
        },
    }
    now
}

fn command(row: &str, call: CallHandle) -> Option<Command> {
    let cause = CauseValue::NormalClearing;
    Some(match row {
        "Setup" => match setup(OWN.0) {
            Command::Setup(mut wanted) => {
                wanted.call = call;
                Command::Setup(wanted)
            }
            other => other,
        },
        "Digits" => Command::Digits { call, digits: pii("5"), complete: false },
        "SetupAck" => Command::SetupAck { call },
        "Proceed" => Command::Proceed { call },
        "Progress" => Command::Progress { call, in_band: true },
        "Alert" => Command::Alert { call, in_band: false },
        "Connect" => Command::Connect { call },
        "Disconnect" => disconnect(call),
        "Disconnect with tones" => Command::Disconnect { call, cause, in_band: true },
        "Reject" => Command::Reject { call, cause },
        "Enquire" => Command::Enquire { call },
        _ => return None,
    })
}

/// A message for the call that this side set up.
pub fn of_own(row: &str, side: PriSide) -> Message {
    of(row, side, OWN, true)
}

/// SETUP of the peer's call.
pub fn peers_setup() -> Message {
    let reference = CallRef::long(PEERS, Flag::FromOriginator).expect("in range");
    with_elements("SETUP", reference, PriSide::User)
}

fn of(row: &str, side: PriSide, call: CallHandle, exists: bool) -> Message {
    let reference = match (exists, call == OWN) {
        (true, true) => CallRef::long(1, Flag::ToOriginator),
        (true, false) => CallRef::long(PEERS, Flag::FromOriginator),
        (false, _) => CallRef::long(1, Flag::FromOriginator),
    };
    let reference = reference.expect("in range");
    with_elements(row, reference, side)
}

fn with_elements(row: &str, reference: CallRef, side: PriSide) -> Message {
    let kind = M::NAMED.iter().find(|kind| row == kind.name()).copied();
    let kind = kind.unwrap_or_else(|| match row {
        "DISCONNECT with tones" => M::Disconnect,
        "national message" => M::National(0x42),
        "unknown message" => M::Unknown(0x7f),
        status if status.starts_with("STATUS") => M::Status,
        other => panic!("no message {other}"),
    });
    let message = Message::new(reference, kind);
    let cause = |value| Ie::Cause(Cause::new(Location::User, value));
    match kind {
        M::Setup => message
            .with(Ie::BearerCapability(BearerCapability::speech_a_law()))
            .with(Ie::ChannelIdentification(ChannelIdentification::b_channel(5, true))),
        M::SetupAcknowledge | M::CallProceeding => {
            message.with(Ie::ChannelIdentification(ChannelIdentification::b_channel(1, true)))
        }
        M::Progress => message.with(tones()),
        M::Information => message.with(digits()),
        M::Notify => message.with(Ie::NotificationIndicator(Notification::UserSuspended)),
        M::Disconnect if row.ends_with("tones") => message.with(cause(CauseValue::UserBusy)).with(tones()),
        M::Disconnect | M::Release | M::ReleaseComplete => message.with(cause(CauseValue::UserBusy)),
        M::SuspendReject | M::ResumeReject => message.with(cause(CauseValue::FacilityRejected)),
        M::Restart | M::RestartAcknowledge => message.with(Ie::RestartIndicator(RestartClass::Interface)),
        M::Status => status(row, message, side),
        _ => message,
    }
}

fn tones() -> Ie {
    Ie::ProgressIndicator(ProgressIndicator::new(Location::PublicNearLocal, Progress::InBand))
}

fn digits() -> Ie {
    let digits = Pii::new(Ia5::new("7").expect("a digit"));
    Ie::CalledNumber(CalledNumber { kind: NumberType::Unknown, plan: NumberPlan::Isdn, digits })
}

/// STATUS: 19 fits every state, for a peer that clears is possible everywhere; 17 fits none.
fn status(row: &str, message: Message, _side: PriSide) -> Message {
    let (cause, state) = match row {
        "STATUS" => (CauseValue::ResponseToStatusEnquiry, 19),
        "STATUS with state 0" => (CauseValue::ResponseToStatusEnquiry, 0),
        "STATUS that does not fit" => (CauseValue::ResponseToStatusEnquiry, 17),
        "STATUS with cause 97" => (CauseValue::MessageTypeNotImplemented, 19),
        "STATUS with cause 99" => (CauseValue::IeNotImplemented, 19),
        other => panic!("no STATUS {other}"),
    };
    let state = CallState::new(CallStateValue::from_code(state));
    message.with(Ie::Cause(Cause::new(Location::User, cause))).with(Ie::CallState(state))
}

/// The reference of the peer's call.
const PEERS: u16 = 77;
