//! The words of the state table for what comes out of a link, and the names of events.

use crate::api::{Output, ReleaseCause};
use crate::config::Side;
use crate::frame::{Frame, Role, Supervisory};
use crate::link::event::Event;

/// Every name that [`kind`] gives.
pub(super) const KINDS: [&str; 22] = [
    "SABME",
    "DISC",
    "UA",
    "DM",
    "FRMR",
    "UI",
    "XID",
    "I",
    "S",
    "rejected",
    "invalid",
    "other link",
    "establish",
    "release",
    "data",
    "set busy",
    "clear busy",
    "line up",
    "line down",
    "T200",
    "T203",
    "retry",
];

/// The name of an event's kind.
pub(super) const fn kind(event: &Event<'_>) -> &'static str {
    match event {
        Event::Sabme { .. } => "SABME",
        Event::Disc { .. } => "DISC",
        Event::Ua { .. } => "UA",
        Event::Dm { .. } => "DM",
        Event::Frmr => "FRMR",
        Event::Ui(_) => "UI",
        Event::Xid => "XID",
        Event::I(_) => "I",
        Event::S(_) => "S",
        Event::Rejected(_) => "rejected",
        Event::Invalid => "invalid",
        Event::OtherLink => "other link",
        Event::Establish => "establish",
        Event::Release => "release",
        Event::Data(_) => "data",
        Event::SetBusy => "set busy",
        Event::ClearBusy => "clear busy",
        Event::PhysicalUp => "line up",
        Event::PhysicalDown => "line down",
        Event::T200 => "T200",
        Event::T203 => "T203",
        Event::Retry => "retry",
    }
}

/// An output in the table's words.
pub(super) fn output(side: Side, output: &Output) -> String {
    match output {
        Output::Send(octets) => frame(&Frame::parse(side, octets).expect("a link sends frames of its side")),
        Output::Established { by_peer: true, reset: false } => "DL-ESTABLISH ind".to_owned(),
        Output::Established { by_peer: true, reset: true } => "DL-ESTABLISH ind (reset by peer)".to_owned(),
        Output::Established { by_peer: false, reset: false } => "DL-ESTABLISH conf".to_owned(),
        Output::Established { by_peer: false, reset: true } => "DL-ESTABLISH ind (reset)".to_owned(),
        Output::Released { cause } => match cause {
            ReleaseCause::Requested => "DL-RELEASE conf".to_owned(),
            ReleaseCause::Peer => "DL-RELEASE ind (peer)".to_owned(),
            ReleaseCause::NoAnswer => "DL-RELEASE ind (no answer)".to_owned(),
            ReleaseCause::PhysicalDown => "DL-RELEASE ind (line)".to_owned(),
            ReleaseCause::Bouncing => "DL-RELEASE ind (bouncing)".to_owned(),
        },
        Output::Data(_) => "DL-DATA ind".to_owned(),
        Output::UnitData(_) => "DL-UNIT DATA ind".to_owned(),
        Output::Refused(_) => "refuse".to_owned(),
        Output::Error(error) => format!("MDL-ERROR {}", error.code()),
    }
}

fn frame(frame: &Frame<'_>) -> String {
    match frame {
        Frame::I { ns, .. } => format!("I N(S)={ns}"),
        Frame::S { kind, role, pf, .. } => {
            let name = match kind {
                Supervisory::Rr => "RR",
                Supervisory::Rnr => "RNR",
                Supervisory::Rej => "REJ",
            };
            match role {
                Role::Command => format!("{name} command P={}", u8::from(*pf)),
                Role::Response => format!("{name} F={}", u8::from(*pf)),
            }
        }
        Frame::Sabme { .. } => "SABME".to_owned(),
        Frame::Disc { .. } => "DISC".to_owned(),
        Frame::Ua { f } => format!("UA F={}", u8::from(*f)),
        Frame::Dm { f } => format!("DM F={}", u8::from(*f)),
        Frame::Frmr { .. } | Frame::Ui { .. } | Frame::Xid { .. } => "a frame a link never sends".to_owned(),
    }
}
