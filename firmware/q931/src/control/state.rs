//! The states of a call, by meaning and by the numbers of Q.931 2.1.1 (user) and 2.1.2 (network).
//!
//! The suspend and resume states (15, 17), call abort (22) and call independent service (31) do not exist on a
//! point-to-point primary rate interface without those services.

use idl::spans::{PriSide, SlotState};

/// A state of a call. "Ours" are the calls this side set up, "peer's" the others: a user's own calls pass U1 to U4, a
/// network's own calls N6, N25, N9 and N7.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CallState {
    /// Ours: SETUP is out, nothing came (U1, N6).
    SetupSent,
    /// Ours: the peer takes digits (U2, N25).
    OverlapSending,
    /// Ours: the peer has all it needs (U3, N9).
    SentProceeding,
    /// Ours: it rings (U4, N7).
    Delivered,
    /// Peer's: its SETUP is here, nothing was answered (U6, N1).
    Present,
    /// Peer's: we take digits (U25, N2).
    OverlapReceiving,
    /// Peer's: we have all we need (U9, N3).
    Proceeding,
    /// Peer's: it rings here (U7, N4).
    Received,
    /// Peer's: we answered and wait for the award (U8).
    ConnectRequest,
    /// Answered (U10, N10).
    Active,
    /// We sent DISCONNECT (U11, N12).
    DisconnectSent,
    /// The peer sent DISCONNECT and lets us hear tones (U12; the network side passes N11 at once).
    DisconnectReceived,
    /// We sent RELEASE (U19, N19).
    ReleaseRequest,
}

impl CallState {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::SetupSent,
        Self::OverlapSending,
        Self::SentProceeding,
        Self::Delivered,
        Self::Present,
        Self::OverlapReceiving,
        Self::Proceeding,
        Self::Received,
        Self::ConnectRequest,
        Self::Active,
        Self::DisconnectSent,
        Self::DisconnectReceived,
        Self::ReleaseRequest,
    ];

    /// Its number on a side; the call state information element carries it.
    #[must_use]
    pub const fn number(self, side: PriSide) -> u8 {
        match (self, side) {
            (Self::SetupSent, PriSide::User) | (Self::Present, PriSide::Network) => 1,
            (Self::OverlapSending, PriSide::User) | (Self::OverlapReceiving, PriSide::Network) => 2,
            (Self::SentProceeding, PriSide::User) | (Self::Proceeding, PriSide::Network) => 3,
            (Self::Delivered, PriSide::User) | (Self::Received, PriSide::Network) => 4,
            (Self::Present, PriSide::User) | (Self::SetupSent, PriSide::Network) => 6,
            (Self::Received, PriSide::User) | (Self::Delivered, PriSide::Network) => 7,
            (Self::ConnectRequest, PriSide::User | PriSide::Network) => 8,
            (Self::Proceeding, PriSide::User) | (Self::SentProceeding, PriSide::Network) => 9,
            (Self::Active, PriSide::User | PriSide::Network) => 10,
            (Self::DisconnectSent, PriSide::User) | (Self::DisconnectReceived, PriSide::Network) => 11,
            (Self::DisconnectReceived, PriSide::User) | (Self::DisconnectSent, PriSide::Network) => 12,
            (Self::ReleaseRequest, PriSide::User | PriSide::Network) => 19,
            (Self::OverlapReceiving, PriSide::User) | (Self::OverlapSending, PriSide::Network) => 25,
        }
    }

    /// How the page shows the channel of a call in this state.
    #[must_use]
    pub const fn slot(self) -> SlotState {
        match self {
            Self::SetupSent
            | Self::OverlapSending
            | Self::SentProceeding
            | Self::Present
            | Self::OverlapReceiving
            | Self::Proceeding => SlotState::Dialling,
            Self::Delivered | Self::Received | Self::ConnectRequest => SlotState::Ringing,
            Self::Active => SlotState::Connected,
            Self::DisconnectSent | Self::DisconnectReceived | Self::ReleaseRequest => SlotState::Clearing,
        }
    }

    /// Whether the call is being cleared.
    #[must_use]
    pub const fn is_clearing(self) -> bool {
        matches!(self.slot(), SlotState::Clearing)
    }

    /// Whether a peer in the state of this number can be right while we are in this state (5.8.11): messages on their
    /// way may have moved one side further, never back.
    #[must_use]
    pub fn fits(self, side: PriSide, peer_number: u8) -> bool {
        let peer_side = match side {
            PriSide::User => PriSide::Network,
            PriSide::Network => PriSide::User,
        };
        let n8 = peer_side == PriSide::Network && peer_number == 8;
        Self::ALL.iter().any(|peer| peer.number(peer_side) == peer_number && self.fits_state(*peer, side))
            || n8 && self == Self::ConnectRequest
    }

    fn fits_state(self, peer: Self, side: PriSide) -> bool {
        if peer.is_clearing() || self.is_clearing() {
            return self != Self::DisconnectReceived || peer.is_clearing();
        }
        match (self.progress(), peer.progress()) {
            (Progress::Ours(own), Progress::Peers(theirs)) => theirs >= own,
            (Progress::Peers(own), Progress::Ours(theirs)) => theirs <= own,
            (Progress::Ours(_), Progress::Both) => true,
            // A network is active with its CONNECT, which the user may not have seen yet.
            (Progress::Both, Progress::Ours(_)) => side == PriSide::Network,
            (Progress::Peers(own), Progress::Both) => own == CONNECTING,
            (Progress::Both, Progress::Peers(theirs)) => theirs == CONNECTING,
            (Progress::Both, Progress::Both) => true,
            (Progress::Ours(_), Progress::Ours(_)) | (Progress::Peers(_), Progress::Peers(_)) => false,
        }
    }

    const fn progress(self) -> Progress {
        match self {
            Self::SetupSent => Progress::Ours(0),
            Self::OverlapSending => Progress::Ours(1),
            Self::SentProceeding => Progress::Ours(2),
            Self::Delivered => Progress::Ours(3),
            Self::Present => Progress::Peers(0),
            Self::OverlapReceiving => Progress::Peers(1),
            Self::Proceeding => Progress::Peers(2),
            Self::Received => Progress::Peers(3),
            Self::ConnectRequest => Progress::Peers(CONNECTING),
            Self::Active | Self::DisconnectSent | Self::DisconnectReceived | Self::ReleaseRequest => {
                Progress::Both
            }
        }
    }
}

/// How far a call is, and whose it is.
enum Progress {
    Ours(u8),
    Peers(u8),
    Both,
}

const CONNECTING: u8 = 4;
