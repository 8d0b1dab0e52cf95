//! The columns of the state table as links brought there by inputs alone, and its rows as inputs.

use vocab::Millis;

use super::words;
use crate::api::{Input, Output, State};
use crate::config::{Config, N201, Side};
use crate::frame::{Frame, FrameReject, Role, Supervisory};
use crate::link::event::Event;
use crate::link::{Link, Saved};

/// A column of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    LineDown,
    TeiAssigned,
    CalledByLayer3,
    CalledByLayer2,
    AwaitingRelease,
    Established,
    Recovery,
}

/// All of them, as they stand in the table.
pub(super) const COLUMNS: [Column; 7] = [
    Column::LineDown,
    Column::TeiAssigned,
    Column::CalledByLayer3,
    Column::CalledByLayer2,
    Column::AwaitingRelease,
    Column::Established,
    Column::Recovery,
];

/// All rows.
pub(super) const ROWS: &[&str] = &[
    "SABME P=1",
    "SABME P=0",
    "DISC P=1",
    "DISC P=0",
    "UA F=1",
    "UA F=0",
    "DM F=1",
    "DM F=0",
    "FRMR",
    "UI",
    "XID command",
    "XID response",
    "I in order, P=0",
    "I in order, P=1",
    "I out of order, P=0",
    "I out of order, P=1",
    "I with wrong N(R)",
    "RR command P=0",
    "RR command P=1",
    "RR response F=0",
    "RR response F=1",
    "RR with wrong N(R)",
    "RNR command P=0",
    "RNR command P=1",
    "RNR response F=0",
    "RNR response F=1",
    "RNR with wrong N(R)",
    "REJ command P=0",
    "REJ command P=1",
    "REJ response F=0",
    "REJ response F=1",
    "REJ with wrong N(R)",
    "undefined frame",
    "frame of our own side",
    "information field not permitted",
    "wrong size",
    "longer than N201",
    "too short",
    "bad address",
    "other link",
    "DL-ESTABLISH request",
    "DL-RELEASE request",
    "DL-DATA request",
    "set own receiver busy",
    "clear own receiver busy",
    "PH-ACTIVATE indication",
    "PH-DEACTIVATE indication",
    "T200",
    "T200, RC = N200",
    "T203",
    "time to call again",
];

/// A link in a column, and the input of a row.
pub(super) struct Situation {
    link: Link,
    now: Millis,
    input: String,
    side: Side,
}

/// When the input comes.
const NOW: Millis = Millis(500);

impl Column {
    pub(super) const fn state(self) -> State {
        match self {
            Self::LineDown | Self::TeiAssigned => State::TeiAssigned,
            Self::CalledByLayer3 | Self::CalledByLayer2 => State::AwaitingEstablishment,
            Self::AwaitingRelease => State::AwaitingRelease,
            Self::Established => State::MultipleFrameEstablished,
            Self::Recovery => State::TimerRecovery,
        }
    }
}

impl Situation {
    /// A link of `side` in `column`; for the rows of timers and of release from being busy, prepared for them.
    pub(super) fn new(side: Side, column: Column, input: &str) -> Self {
        let mut link = Link::new(Config::new(side));
        let mut now = Millis(0);
        if column != Column::LineDown {
            step(&mut link, now, Input::PhysicalUp);
        }
        match column {
            Column::LineDown | Column::TeiAssigned => {}
            Column::CalledByLayer3 => step(&mut link, now, Input::Establish),
            Column::CalledByLayer2 => {
                establish(&mut link, now);
                hear(&mut link, now, frmr());
            }
            Column::AwaitingRelease => {
                establish(&mut link, now);
                step(&mut link, now, Input::Release);
            }
            Column::Established => establish(&mut link, now),
            Column::Recovery => {
                establish(&mut link, now);
                now = link.t200.expect("T200 runs");
                link.expire(now, &mut Vec::new());
            }
        }
        assert_eq!(link.state(), column.state());
        let mut made = Self { link, now, input: input.to_owned(), side };
        made.prepare(column);
        made.now = made.now + NOW.0;
        made
    }

    /// Does the input, and says what came of it.
    pub(super) fn run(mut self) -> String {
        let before = (self.link.state(), self.link.t200, self.link.t203, self.link.retry);
        let saved_before = self.link.saved;
        let mut out = Vec::new();
        let due = match self.input.as_str() {
            "T200" | "T200, RC = N200" => Some(self.link.t200),
            "T203" => Some(self.link.t203),
            "time to call again" => Some(self.link.retry),
            _ => None,
        };
        match due {
            Some(None) => return "cannot be".to_owned(),
            Some(Some(due)) => {
                self.now = due;
                self.link.expire(due, &mut out);
            }
            None => self.link.turn(self.now, Self::event(self.side, &self.input), &mut out),
        }
        let mut said: Vec<String> = out.iter().map(|output| words::output(self.side, output)).collect();
        let now = self.now;
        let (t200, t203) = (now + self.link.config.t200_ms, now + self.link.config.t203_ms);
        if self.link.t200 == Some(t200) && (before.1 != Some(t200) || due.is_some()) {
            said.push("start T200".to_owned());
        }
        if self.link.t203 == Some(t203) && (before.2 != Some(t203) || due.is_some()) {
            said.push("start T203".to_owned());
        }
        let ran = before.1.is_some() || before.2.is_some();
        if ran && due.is_none() && self.link.t200.is_none() && self.link.t203.is_none() {
            said.push("stop timers".to_owned());
        }
        if self.link.retry.is_some() && before.3.is_none() {
            said.push("plan call".to_owned());
        }
        if self.link.saved.is_some() && saved_before.is_none() {
            said.push("save".to_owned());
        }
        let words = if said.is_empty() { "–".to_owned() } else { said.join(", ") };
        if self.link.state() == before.0 {
            words
        } else {
            format!("{words} → {}", self.link.state().number())
        }
    }

    /// The event of a row, the timers' as such.
    pub(super) fn event(side: Side, row: &str) -> Event<'static> {
        match row {
            "DL-ESTABLISH request" => Event::Establish,
            "DL-RELEASE request" => Event::Release,
            "DL-DATA request" => Event::Data(b"message".to_vec()),
            "set own receiver busy" => Event::SetBusy,
            "clear own receiver busy" => Event::ClearBusy,
            "PH-ACTIVATE indication" => Event::PhysicalUp,
            "PH-DEACTIVATE indication" => Event::PhysicalDown,
            "T200" | "T200, RC = N200" => Event::T200,
            "T203" => Event::T203,
            "time to call again" => Event::Retry,
            frame => {
                let octets = octets(side.peer(), frame).leak();
                Link::new(Config::new(side)).read(octets)
            }
        }
    }

    fn prepare(&mut self, column: Column) {
        match self.input.as_str() {
            "clear own receiver busy" => step(&mut self.link, self.now, Input::SetBusy(true)),
            "T200, RC = N200" => {
                while self.link.t200.is_some() && self.link.rc < self.link.config.n200 {
                    self.now = self.link.t200.expect("T200 runs");
                    if self.link.state() == State::MultipleFrameEstablished {
                        // Counts from the first enquiry on, which is in state 8.
                        self.link.t200 = None;
                        break;
                    }
                    self.link.expire(self.now, &mut Vec::new());
                }
            }
            "T203" if column == Column::Established => hear(&mut self.link, self.now, rr(1)),
            "time to call again" if column == Column::TeiAssigned => {
                establish(&mut self.link, self.now);
                hear(&mut self.link, self.now, Frame::Disc { p: true });
            }
            _ => {}
        }
        assert_eq!(self.link.state(), column.state());
        assert_ne!(self.link.saved, Some(Saved::Release));
    }
}

/// State 7 at layer 3's wish, with one I frame sent and not acknowledged.
fn establish(link: &mut Link, now: Millis) {
    step(link, now, Input::Establish);
    hear(link, now, Frame::Ua { f: true });
    step(link, now, Input::Data(b"first".to_vec()));
    assert_eq!((link.vs, link.va), (1, 0));
}

fn step(link: &mut Link, now: Millis, input: Input<'_>) {
    let mut out: Vec<Output> = Vec::new();
    link.step(now, input, &mut out);
}

fn hear(link: &mut Link, now: Millis, frame: Frame<'_>) {
    step(link, now, Input::Frame(&frame.encode(link.config.side.peer())));
}

/// The frame of a row as `peer` sends it. RR acknowledges the I frame that is out; RNR and REJ do not.
fn octets(peer: Side, row: &str) -> Vec<u8> {
    let command = |control: &[u8]| {
        let mut octets = Frame::Sabme { p: true }.encode(peer);
        octets.truncate(2);
        octets.extend_from_slice(control);
        octets
    };
    match row {
        "undefined frame" => return command(&[0x2f]),
        "frame of our own side" => return Frame::Sabme { p: true }.encode(peer.peer()),
        "information field not permitted" => return command(&[0x7f, 0x00]),
        "wrong size" => return command(&[0x87, 0x00]),
        "too short" => return vec![0x02, 0x01],
        "bad address" => return vec![0x02, 0x00, 0x7f],
        "other link" => return vec![0x02, 0xff, 0x03, 0x08],
        _ => {}
    }
    let i = |ns, nr, p| Frame::I { ns, nr, p, information: b"peer's" };
    let s = |kind, role, nr, pf| Frame::S { kind, role, nr, pf };
    let frame = match row {
        "SABME P=1" => Frame::Sabme { p: true },
        "SABME P=0" => Frame::Sabme { p: false },
        "DISC P=1" => Frame::Disc { p: true },
        "DISC P=0" => Frame::Disc { p: false },
        "UA F=1" => Frame::Ua { f: true },
        "UA F=0" => Frame::Ua { f: false },
        "DM F=1" => Frame::Dm { f: true },
        "DM F=0" => Frame::Dm { f: false },
        "FRMR" => frmr(),
        "UI" => Frame::Ui { p: false, information: b"unit" },
        "XID command" => Frame::Xid { role: Role::Command, pf: true, information: &[0x82] },
        "XID response" => Frame::Xid { role: Role::Response, pf: true, information: &[0x82] },
        "I in order, P=0" => i(0, 1, false),
        "I in order, P=1" => i(0, 1, true),
        "I out of order, P=0" => i(5, 1, false),
        "I out of order, P=1" => i(5, 1, true),
        "I with wrong N(R)" => i(0, 2, false),
        "longer than N201" => Frame::I { ns: 0, nr: 1, p: false, information: &[0; N201 + 1] },
        _ => {
            let (name, rest) = row.split_once(' ').expect("a supervisory frame");
            let (kind, nr) = match name {
                "RR" => (Supervisory::Rr, 1),
                "RNR" => (Supervisory::Rnr, 0),
                "REJ" => (Supervisory::Rej, 0),
                other => panic!("no frame {other}"),
            };
            match rest {
                "command P=0" => s(kind, Role::Command, nr, false),
                "command P=1" => s(kind, Role::Command, nr, true),
                "response F=0" => s(kind, Role::Response, nr, false),
                "response F=1" => s(kind, Role::Response, nr, true),
                "with wrong N(R)" => s(kind, Role::Response, 2, false),
                other => panic!("no row {other}"),
            }
        }
    };
    frame.encode(peer)
}

fn frmr() -> Frame<'static> {
    let reject =
        FrameReject { control: [0, 0], vs: 0, vr: 0, response: false, w: true, x: false, y: false, z: false };
    Frame::Frmr { f: false, reject }
}

fn rr(nr: u8) -> Frame<'static> {
    Frame::S { kind: Supervisory::Rr, role: Role::Response, nr, pf: false }
}
