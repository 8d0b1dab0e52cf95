//! What an interface is set to, and its limits. It holds no state.

use super::timer::TimerValues;
use crate::CauseValue;
use idl::spans::{ChannelSelection, E1_TIMESLOTS, NumberType, PriConfig, PriSide};
use vocab::Timeslot;

/// Most calls of one interface, those included that have no channel (yet) or are being cleared.
pub const MAX_CALLS: usize = 64;
/// How many other channels one call tries after the peer took its channel (5.7).
pub const MAX_RESELECTIONS: u8 = 4;
/// How often RESTART is sent before it counts as failed (5.5: "the default limit is two").
pub const MAX_RESTARTS_SENT: u8 = 2;
/// How often SETUP, RELEASE, STATUS ENQUIRY and SERVICE are sent: the first time and one repetition.
pub const MAX_SENT: u8 = 2;

/// What an interface is set to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Which side it is.
    pub side: PriSide,
    /// How a channel is chosen.
    pub selection: ChannelSelection,
    /// Whether SETUP names its channel as exclusive.
    pub exclusive: bool,
    /// Overlap sending.
    pub overlap: bool,
    /// Type of the called number.
    pub called_type: NumberType,
    /// Type of the calling number.
    pub calling_type: NumberType,
    /// Keep active calls for T309 while the data link is gone.
    pub t309: bool,
    /// Restart every channel when the data link comes up.
    pub restart_on_start: bool,
    /// Timeslots that are not rented.
    pub unused: Vec<Timeslot>,
    /// What happens to calls of the peer.
    pub incoming: IncomingPolicy,
    /// Tell the peer of [`super::Command::Block`] and `Unblock` by SERVICE: only for networks that know it.
    pub service: bool,
    /// Answer unknown and invalid optional information elements with STATUS 99 or 100 (5.8.7 leaves it open).
    pub report_elements: bool,
    /// The timers.
    pub timers: TimerValues,
}

/// What happens to a SETUP of the peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IncomingPolicy {
    /// Refuse it at once with this cause and tell the caller.
    Refuse(CauseValue),
    /// Reserve a channel and ask the caller.
    Offer,
}

impl Config {
    /// The settings of a site. A user side refuses incoming calls with cause 21 (the product only calls out); a network
    /// side offers them.
    #[must_use]
    pub fn of(pri: &PriConfig) -> Self {
        let (incoming, timers) = match pri.side {
            PriSide::User => (IncomingPolicy::Refuse(CauseValue::CallRejected), TimerValues::USER),
            PriSide::Network => (IncomingPolicy::Offer, TimerValues::NETWORK),
        };
        Self {
            side: pri.side,
            selection: pri.selection,
            exclusive: pri.exclusive,
            overlap: pri.overlap,
            called_type: pri.called_type,
            calling_type: pri.calling_type,
            t309: pri.t309,
            restart_on_start: pri.restart_on_start,
            unused: pri.unused.iter().copied().filter(|slot| slot.0 <= E1_TIMESLOTS).collect(),
            incoming,
            service: false,
            report_elements: true,
            timers,
        }
    }
}
