//! A frame's address and control fields (clauses 2 and 3), modulo 128, without flags and checksum.
//!
//! Deliberately not here: the sequence of frames, and links other than SAPI 0, TEI 0.
//!
//! ```text
//!            8   7   6   5   4   3   2   1
//! octet 1    [        SAPI         ] C/R  0      (3.2)
//! octet 2    [          TEI            ]  1
//! I          [         N(S)            ]  0      (3.4, table 5)
//!            [         N(R)            ]  P
//! S           0   0   0   0  [ S   S ] 0  1      RR 00, RNR 01, REJ 10
//!            [         N(R)            ] P/F
//! U          [ M   M   M ] P/F [ M M ] 1  1
//! ```

use std::fmt;

use crate::config::{N201, Side};
use crate::error::FrameError;

/// Sequence numbers count modulo this (3.5.2.1).
pub const MODULUS: u8 = 128;
/// Octets of the information field of a FRMR (3.6.11).
pub const FRMR_OCTETS: usize = 5;
/// Most octets of a frame: address, control, N201.
pub const MAX_FRAME: usize = 4 + N201;

/// Whether a frame is a command or a response (3.3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// A command.
    Command,
    /// A response.
    Response,
}

impl Role {
    /// The C/R bit of a frame that `from` sends (table 1).
    const fn bit(self, from: Side) -> u8 {
        match (self, from) {
            (Self::Command, Side::Network) | (Self::Response, Side::User) => 1,
            (Self::Command, Side::User) | (Self::Response, Side::Network) => 0,
        }
    }
}

/// Which supervisory frame (3.6.6 to 3.6.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Supervisory {
    /// Receive ready.
    Rr,
    /// Receive not ready.
    Rnr,
    /// Reject.
    Rej,
}

/// A frame of SAPI 0, TEI 0 (table 5).
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Frame<'a> {
    /// Information, a command (3.6.5).
    I {
        /// Its number, N(S).
        ns: u8,
        /// The number expected next, N(R).
        nr: u8,
        /// Poll.
        p: bool,
        /// The message of layer 3.
        information: &'a [u8],
    },
    /// RR, RNR or REJ, each a command or a response.
    S {
        /// Which.
        kind: Supervisory,
        /// Command or response.
        role: Role,
        /// The number expected next, N(R).
        nr: u8,
        /// Poll or final.
        pf: bool,
    },
    /// Set asynchronous balanced mode extended, a command (3.6.2).
    Sabme {
        /// Poll.
        p: bool,
    },
    /// Disconnect, a command (3.6.3).
    Disc {
        /// Poll.
        p: bool,
    },
    /// Unnumbered acknowledgement, a response (3.6.9).
    Ua {
        /// Final.
        f: bool,
    },
    /// Disconnected mode, a response (3.6.10).
    Dm {
        /// Final.
        f: bool,
    },
    /// Frame reject, a response (3.6.11).
    Frmr {
        /// Final.
        f: bool,
        /// What was rejected and why.
        reject: FrameReject,
    },
    /// Unnumbered information, a command (3.6.4).
    Ui {
        /// Poll.
        p: bool,
        /// The message.
        information: &'a [u8],
    },
    /// Exchange identification, a command or a response (3.6.12).
    Xid {
        /// Command or response.
        role: Role,
        /// Poll or final.
        pf: bool,
        /// Its parameters, not read here.
        information: &'a [u8],
    },
}

/// The information field of a FRMR (3.6.11, figure 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameReject {
    /// Control field of the rejected frame; the second octet is 0 for an unnumbered one.
    pub control: [u8; 2],
    /// V(S) of the rejecting side.
    pub vs: u8,
    /// V(R) of the rejecting side.
    pub vr: u8,
    /// The rejected frame was a response.
    pub response: bool,
    /// W: the control field is undefined or not implemented.
    pub w: bool,
    /// X: an information field that is not permitted, or a wrong size.
    pub x: bool,
    /// Y: the information field is too long.
    pub y: bool,
    /// Z: N(R) is wrong.
    pub z: bool,
}

impl<'a> Frame<'a> {
    /// Reads a frame that `from` sent.
    ///
    /// # Errors
    /// [`FrameError`]: what of 2.9 or 5.8.5 does not hold.
    pub fn parse(from: Side, octets: &'a [u8]) -> Result<Self, FrameError> {
        let [first, second, control, rest @ ..] = octets else { return Err(FrameError::TooShort) };
        if first & EXTENSION != 0 || second & EXTENSION == 0 {
            return Err(FrameError::Address);
        }
        let (sapi, tei) = (first >> 2, second >> 1);
        if (sapi, tei) != (SAPI, TEI) {
            return Err(FrameError::OtherLink { sapi, tei });
        }
        let role = if (first & COMMAND_RESPONSE != 0) == (Role::Command.bit(from) == 1) {
            Role::Command
        } else {
            Role::Response
        };
        if control & UNNUMBERED == UNNUMBERED {
            return unnumbered(role, *control, rest);
        }
        let (second, rest) = rest.split_first().ok_or(FrameError::TooShort)?;
        let (nr, pf) = (second >> 1, second & 1 != 0);
        if control & 1 != 0 {
            return supervisory(role, *control, nr, pf, rest);
        }
        match role {
            Role::Response => Err(FrameError::OwnSide),
            Role::Command if rest.len() > N201 => Err(FrameError::TooLong),
            Role::Command => Ok(Self::I { ns: control >> 1, nr, p: pf, information: rest }),
        }
    }

    /// Command or response.
    #[must_use]
    pub const fn role(&self) -> Role {
        match self {
            Self::I { .. } | Self::Sabme { .. } | Self::Disc { .. } | Self::Ui { .. } => Role::Command,
            Self::Ua { .. } | Self::Dm { .. } | Self::Frmr { .. } => Role::Response,
            Self::S { role, .. } | Self::Xid { role, .. } => *role,
        }
    }

    /// Its octets, as `from` sends them.
    #[must_use]
    pub fn encode(&self, from: Side) -> Vec<u8> {
        let address = [SAPI << 2 | self.role().bit(from) << 1, TEI << 1 | EXTENSION];
        let mut octets = Vec::with_capacity(MAX_FRAME);
        octets.extend_from_slice(&address);
        match *self {
            Self::I { ns, nr, p, information } => {
                octets.extend_from_slice(&[number(ns), number(nr) | u8::from(p)]);
                octets.extend_from_slice(information);
            }
            Self::S { kind, role: _, nr, pf } => {
                octets.extend_from_slice(&[kind.control(), number(nr) | u8::from(pf)]);
            }
            Self::Sabme { p } => octets.push(SABME | poll_final(p)),
            Self::Disc { p } => octets.push(DISC | poll_final(p)),
            Self::Ua { f } => octets.push(UA | poll_final(f)),
            Self::Dm { f } => octets.push(DM | poll_final(f)),
            Self::Frmr { f, reject } => {
                octets.push(FRMR | poll_final(f));
                octets.extend_from_slice(&reject.octets());
            }
            Self::Ui { p, information } => {
                octets.push(UI | poll_final(p));
                octets.extend_from_slice(information);
            }
            Self::Xid { role: _, pf, information } => {
                octets.push(XID | poll_final(pf));
                octets.extend_from_slice(information);
            }
        }
        octets
    }
}

fn supervisory<'a>(role: Role, control: u8, nr: u8, pf: bool, rest: &[u8]) -> Result<Frame<'a>, FrameError> {
    let kind = match control {
        RR => Supervisory::Rr,
        RNR => Supervisory::Rnr,
        REJ => Supervisory::Rej,
        _ => return Err(FrameError::Undefined),
    };
    if rest.is_empty() { Ok(Frame::S { kind, role, nr, pf }) } else { Err(FrameError::FieldNotPermitted) }
}

fn unnumbered(role: Role, control: u8, rest: &[u8]) -> Result<Frame<'_>, FrameError> {
    let pf = control & POLL_FINAL != 0;
    let (frame, expected) = match control & !POLL_FINAL {
        SABME => (Frame::Sabme { p: pf }, Role::Command),
        DISC => (Frame::Disc { p: pf }, Role::Command),
        UA => (Frame::Ua { f: pf }, Role::Response),
        DM => (Frame::Dm { f: pf }, Role::Response),
        FRMR => {
            let field = <&[u8; FRMR_OCTETS]>::try_from(rest).map_err(|_| FrameError::WrongSize)?;
            (Frame::Frmr { f: pf, reject: FrameReject::read(field) }, Role::Response)
        }
        UI => (Frame::Ui { p: pf, information: rest }, Role::Command),
        XID => (Frame::Xid { role, pf, information: rest }, role),
        _ => return Err(FrameError::Undefined),
    };
    if role != expected {
        return Err(FrameError::OwnSide);
    }
    match frame {
        Frame::Ui { .. } | Frame::Xid { .. } if rest.len() > N201 => Err(FrameError::TooLong),
        Frame::Sabme { .. } | Frame::Disc { .. } | Frame::Ua { .. } | Frame::Dm { .. }
            if !rest.is_empty() =>
        {
            Err(FrameError::FieldNotPermitted)
        }
        frame => Ok(frame),
    }
}

impl Supervisory {
    const fn control(self) -> u8 {
        match self {
            Self::Rr => RR,
            Self::Rnr => RNR,
            Self::Rej => REJ,
        }
    }
}

impl FrameReject {
    const fn read(field: &[u8; FRMR_OCTETS]) -> Self {
        let [first, second, vs, vr, why] = *field;
        Self {
            control: [first, second],
            vs: vs >> 1,
            vr: vr >> 1,
            response: vr & 1 != 0,
            w: why & 1 != 0,
            x: why & 2 != 0,
            y: why & 4 != 0,
            z: why & 8 != 0,
        }
    }

    fn octets(&self) -> [u8; FRMR_OCTETS] {
        let [first, second] = self.control;
        let why = u8::from(self.w) | u8::from(self.x) << 1 | u8::from(self.y) << 2 | u8::from(self.z) << 3;
        [first, second, number(self.vs), number(self.vr) | u8::from(self.response), why]
    }
}

impl fmt::Debug for Frame<'_> {
    /// As a trace writes it, without the information field.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bit = |set: bool| u8::from(set);
        let side = match self.role() {
            Role::Command => "command",
            Role::Response => "response",
        };
        match self {
            Self::I { ns, nr, p, information } => {
                write!(f, "I N(S)={ns} N(R)={nr} P={} {} octets", bit(*p), information.len())
            }
            Self::S { kind, role: _, nr, pf } => {
                let name = match kind {
                    Supervisory::Rr => "RR",
                    Supervisory::Rnr => "RNR",
                    Supervisory::Rej => "REJ",
                };
                write!(f, "{name} {side} N(R)={nr} P/F={}", bit(*pf))
            }
            Self::Sabme { p } => write!(f, "SABME P={}", bit(*p)),
            Self::Disc { p } => write!(f, "DISC P={}", bit(*p)),
            Self::Ua { f: last } => write!(f, "UA F={}", bit(*last)),
            Self::Dm { f: last } => write!(f, "DM F={}", bit(*last)),
            Self::Frmr { f: last, reject } => write!(f, "FRMR F={} {reject:?}", bit(*last)),
            Self::Ui { p, information } => write!(f, "UI P={} {} octets", bit(*p), information.len()),
            Self::Xid { role: _, pf, information } => {
                write!(f, "XID {side} P/F={} {} octets", bit(*pf), information.len())
            }
        }
    }
}

const fn number(n: u8) -> u8 {
    n << 1
}

const fn poll_final(set: bool) -> u8 {
    if set { POLL_FINAL } else { 0 }
}

/// Call control procedures (table 2).
const SAPI: u8 = 0;
/// The TEI of a primary rate access.
const TEI: u8 = 0;
const EXTENSION: u8 = 0x01;
const COMMAND_RESPONSE: u8 = 0x02;
const UNNUMBERED: u8 = 0x03;
const POLL_FINAL: u8 = 0x10;
const RR: u8 = 0x01;
const RNR: u8 = 0x05;
const REJ: u8 = 0x09;
const SABME: u8 = 0x6f;
const DM: u8 = 0x0f;
const UI: u8 = 0x03;
const DISC: u8 = 0x43;
const UA: u8 = 0x63;
const FRMR: u8 = 0x87;
const XID: u8 = 0xaf;
