//! What passes between signalling and the media thread: plain values for a ring each way.
//!
//! Boxes are built and freed by signalling only: what the media thread is done with comes back
//! as [`Event::Retired`].

use std::net::SocketAddr;

use crate::dtmf::{Digit, DigitSource};
use crate::line::Line;
use crate::prompt::{ListId, Playlist, PromptId};
use crate::session::SrtpPair;
use crate::watchdog::MediaFault;

/// One of the two parties of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Leg {
    /// The called customer.
    Customer,
    /// The agent.
    Agent,
}

/// An order from signalling.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "no allocation on the way to the media thread")]
pub enum Command {
    /// The call was answered: the watchdog's clock starts.
    Answered,
    /// Plays a list to the customer, pre-empting what plays.
    Play(Playlist),
    /// Stops the list that plays.
    Stop,
    /// Joins an agent's leg, built by signalling.
    ConnectAgent(Line),
    /// Takes the agent's leg away; it comes back as [`Retired::Agent`].
    DisconnectAgent,
    /// Asks for recording, or ends it. Asked for before the notice has been played to its end,
    /// it begins with the tick after that end.
    SetRecording(bool),
    /// Leaves a stretch out of the recording (card numbers), or ends the stretch.
    PauseRecording(bool),
    /// Holds a leg: it hears silence or the list that plays, and is not heard.
    Hold(Leg, bool),
    /// A re-INVITE moved the leg's peer. The latch opens again for the new address.
    SetRemote(Leg, SocketAddr),
    /// New SRTP keys; the old contexts come back as [`Retired::Srtp`].
    Rekey(Leg, Box<SrtpPair>),
    /// Keeps the customer's keys from the agent's ear and from the recording.
    SuppressDigits(bool),
    /// Sends keys to a leg by telephone events.
    SendDigit(Leg, Digit),
    /// A key that came by SIP INFO from the customer.
    InfoDigit(Digit),
    /// Ends the call's media: RTCP BYE goes out with the next tick.
    HangUp,
}

/// What signalling must free.
#[derive(Debug)]
pub enum Retired {
    /// The agent's leg.
    Agent(Line),
    /// SRTP contexts after a rekey.
    Srtp(Box<SrtpPair>),
}

/// Where the recorder stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordingState {
    /// Not asked for.
    Off,
    /// Asked for; the notice has not been played to its end.
    AwaitingNotice,
    /// Recording after this notice.
    On(PromptId),
    /// A stretch is being left out.
    Paused(PromptId),
}

/// What the media thread tells signalling.
#[derive(Debug)]
pub enum Event {
    /// A key of the customer: exactly one event per press.
    Digit(Digit, DigitSource),
    /// A prompt's first sample goes out with this tick.
    PromptStarted {
        /// The list.
        list: ListId,
        /// Its place in the list.
        index: usize,
        /// The prompt.
        prompt: PromptId,
    },
    /// A prompt's last sample goes out with this tick.
    PromptFinished {
        /// The list.
        list: ListId,
        /// Its place in the list.
        index: usize,
        /// The prompt.
        prompt: PromptId,
    },
    /// The list is through.
    ListFinished(ListId),
    /// The list was cut here.
    ListInterrupted {
        /// The list.
        list: ListId,
        /// The prompt it was in.
        prompt: PromptId,
        /// Samples of that prompt that were played.
        offset: usize,
    },
    /// The recorder's state changed.
    Recording(RecordingState),
    /// The leg's first packet came.
    FirstPacket(Leg),
    /// The peer sent RTCP BYE.
    Bye(Leg),
    /// Something is wrong with a leg's media.
    Fault(Leg, MediaFault),
    /// It is well again.
    Cleared(Leg, MediaFault),
    /// Something for signalling to free.
    Retired(Retired),
}
