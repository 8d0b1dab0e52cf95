//! What the state table has rows for: a frame, a request of layer 3, a change of the line, a timer.
//!
//! Deliberately not here: what it does.

use crate::error::MdlError;
use crate::frame::{Frame, Role, Supervisory};

/// An input of the table.
#[derive(Clone)]
pub(super) enum Event<'a> {
    Sabme {
        p: bool,
    },
    Disc {
        p: bool,
    },
    Ua {
        f: bool,
    },
    Dm {
        f: bool,
    },
    Frmr,
    Ui(&'a [u8]),
    Xid,
    I(Information<'a>),
    S(Status),
    /// A frame that must be rejected (5.8.5): codes L to O.
    Rejected(MdlError),
    /// A frame that is none (2.9).
    Invalid,
    /// A frame of another link.
    OtherLink,
    Establish,
    Release,
    Data(Vec<u8>),
    SetBusy,
    ClearBusy,
    PhysicalUp,
    PhysicalDown,
    T200,
    T203,
    /// The time to call a lost link again.
    Retry,
}

/// An I frame.
#[derive(Clone, Copy)]
pub(super) struct Information<'a> {
    pub(super) ns: u8,
    pub(super) nr: u8,
    pub(super) p: bool,
    pub(super) message: &'a [u8],
}

/// A supervisory frame.
#[derive(Clone, Copy)]
pub(super) struct Status {
    pub(super) kind: Supervisory,
    pub(super) role: Role,
    pub(super) nr: u8,
    pub(super) pf: bool,
}

impl<'a> Event<'a> {
    /// The row of a frame.
    pub(super) const fn of(frame: Frame<'a>) -> Self {
        match frame {
            Frame::I { ns, nr, p, information } => Self::I(Information { ns, nr, p, message: information }),
            Frame::S { kind, role, nr, pf } => Self::S(Status { kind, role, nr, pf }),
            Frame::Sabme { p } => Self::Sabme { p },
            Frame::Disc { p } => Self::Disc { p },
            Frame::Ua { f } => Self::Ua { f },
            Frame::Dm { f } => Self::Dm { f },
            Frame::Frmr { .. } => Self::Frmr,
            Frame::Ui { information, .. } => Self::Ui(information),
            Frame::Xid { .. } => Self::Xid,
        }
    }
}
