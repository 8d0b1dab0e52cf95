//! What goes into a link and what comes out of it, its states and its counters.
//!
//! Frames are without flags and checksum, which are the card's. `Debug` shows lengths, never contents: they hold
//! telephone numbers.

use std::fmt;

use crate::error::MdlError;

/// The states of a link with an assigned TEI (annex B.2, annex D), by their numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// State 4: no link.
    TeiAssigned,
    /// State 5: SABME was sent.
    AwaitingEstablishment,
    /// State 6: DISC was sent.
    AwaitingRelease,
    /// State 7: the link stands.
    MultipleFrameEstablished,
    /// State 8: the link stands, and the peer is being asked how far it is.
    TimerRecovery,
}

impl State {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::TeiAssigned,
        Self::AwaitingEstablishment,
        Self::AwaitingRelease,
        Self::MultipleFrameEstablished,
        Self::TimerRecovery,
    ];

    /// Its number in Q.921.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::TeiAssigned => 4,
            Self::AwaitingEstablishment => 5,
            Self::AwaitingRelease => 6,
            Self::MultipleFrameEstablished => 7,
            Self::TimerRecovery => 8,
        }
    }

    /// Whether layer 3 can use the link.
    #[must_use]
    pub const fn is_established(self) -> bool {
        match self {
            Self::MultipleFrameEstablished | Self::TimerRecovery => true,
            Self::TeiAssigned | Self::AwaitingEstablishment | Self::AwaitingRelease => false,
        }
    }
}

/// What goes into a link.
#[derive(Clone, PartialEq, Eq)]
pub enum Input<'a> {
    /// A frame of the peer (PH-DATA indication).
    Frame(&'a [u8]),
    /// DL-ESTABLISH request: layer 3 wants the link, now and after every loss, until it says [`Input::Release`].
    Establish,
    /// DL-RELEASE request: layer 3 no longer wants the link.
    Release,
    /// DL-DATA request: a message of layer 3 to be acknowledged, 1 to [`crate::N201`] octets.
    Data(Vec<u8>),
    /// PH-ACTIVATE indication: the line carries frames. A new link has its line down.
    PhysicalUp,
    /// PH-DEACTIVATE indication: the line is in alarm.
    PhysicalDown,
    /// Layer 3 can take no more messages (own receiver busy), or can again.
    SetBusy(bool),
}

impl fmt::Debug for Input<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Frame(frame) => write!(f, "Frame({} octets)", frame.len()),
            Self::Establish => f.write_str("Establish"),
            Self::Release => f.write_str("Release"),
            Self::Data(data) => write!(f, "Data({} octets)", data.len()),
            Self::PhysicalUp => f.write_str("PhysicalUp"),
            Self::PhysicalDown => f.write_str("PhysicalDown"),
            Self::SetBusy(busy) => write!(f, "SetBusy({busy})"),
        }
    }
}

/// What comes out of a link, in this order.
#[derive(Clone, PartialEq, Eq)]
pub enum Output {
    /// Send this frame (PH-DATA request).
    Send(Vec<u8>),
    /// The link stands.
    Established {
        /// The peer asked for it (DL-ESTABLISH indication); otherwise we did (DL-ESTABLISH confirm).
        by_peer: bool,
        /// The link stood before and messages of layer 3 may be lost: one that was sent and not acknowledged, and
        /// all that waited.
        reset: bool,
    },
    /// The link is gone, or could not be established. After anything but [`ReleaseCause::Requested`] the link that
    /// layer 3 asked for is called again by itself.
    Released {
        /// Why.
        cause: ReleaseCause,
    },
    /// DL-DATA indication: the next message of the peer.
    Data(Vec<u8>),
    /// DL-UNIT DATA indication: a message that is not acknowledged. Layer 3 of a primary rate access uses none.
    UnitData(Vec<u8>),
    /// A message of layer 3 was not taken: it is lost.
    Refused(RefuseCause),
    /// MDL-ERROR indication: for the log and the line's history.
    Error(MdlError),
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Send(frame) => write!(f, "Send({} octets)", frame.len()),
            Self::Established { by_peer, reset } => {
                f.debug_struct("Established").field("by_peer", by_peer).field("reset", reset).finish()
            }
            Self::Released { cause } => f.debug_struct("Released").field("cause", cause).finish(),
            Self::Data(data) => write!(f, "Data({} octets)", data.len()),
            Self::UnitData(data) => write!(f, "UnitData({} octets)", data.len()),
            Self::Refused(cause) => f.debug_tuple("Refused").field(cause).finish(),
            Self::Error(error) => f.debug_tuple("Error").field(error).finish(),
        }
    }
}

/// Why a link is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReleaseCause {
    /// Layer 3 asked for it (DL-RELEASE confirm). All others are DL-RELEASE indications.
    Requested,
    /// The peer sent DISC, or answered SABME with DM.
    Peer,
    /// The peer did not answer N200 times.
    NoAnswer,
    /// The line is down.
    PhysicalDown,
    /// The link fails again and again: it rests before it is called again (ours, see [`crate::Persistence`]).
    Bouncing,
}

/// Why a message of layer 3 was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RefuseCause {
    /// There is no link.
    NotEstablished,
    /// [`crate::MAX_QUEUE`] messages wait.
    QueueFull,
    /// It is empty or longer than [`crate::N201`].
    Size,
}

/// What a link counted since it was made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Frames sent, of any kind.
    pub frames_sent: u64,
    /// Frames received, of any kind, good or bad.
    pub frames_received: u64,
    /// I frames sent, repetitions included.
    pub information_sent: u64,
    /// I frames received and handed to layer 3.
    pub information_received: u64,
    /// I frames sent again.
    pub retransmissions: u64,
    /// I frames received out of order, twice or while we were busy, and thrown away.
    pub information_discarded: u64,
    /// REJ frames sent.
    pub rejects_sent: u64,
    /// REJ frames received.
    pub rejects_received: u64,
    /// RNR frames received.
    pub peer_busy: u64,
    /// Times timer recovery was entered: the peer was asked how far it is.
    pub timer_recoveries: u64,
    /// Frames that are none (2.9).
    pub invalid: u64,
    /// Frames of other links.
    pub other_link: u64,
    /// Frames that our own side of the interface sends: a looped line, or two ends set to one side.
    pub own_side: u64,
    /// Times the link came to stand.
    pub establishments: u64,
    /// Times it was lost, or layer 2 re-established it, without layer 3 asking.
    pub losses: u64,
    /// Times the peer re-established it.
    pub peer_resets: u64,
    /// Messages of layer 3 refused.
    pub refused: u64,
    /// MDL-ERROR indications, by code A to O.
    pub errors: [u64; 15],
}
