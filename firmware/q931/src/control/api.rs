//! What goes into an interface and what comes out of it. It names no octet: messages are opaque bytes here.
//!
//! `Debug` shows no number: digits live in [`Pii`], and of a message only its length is shown.

use super::state::CallState;
use super::timer::Timer;
use crate::CauseValue;
use crate::ie::Location;
use idl::spans::{NumberType, SlotState};
use std::fmt;
use vocab::{Pii, Timeslot};

/// One call, as the caller names it. The caller gives the handles of calls it sets up, all below
/// [`PEER_CALLS_FROM`]; the interface gives those of calls the peer sets up, from there on upwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallHandle(pub u64);

/// The first handle of calls that the peer sets up.
pub const PEER_CALLS_FROM: u64 = 1 << 63;
/// Most digits of a number in one command or message.
pub const MAX_DIGITS: usize = 32;

/// What goes into an interface.
#[derive(Clone, PartialEq, Eq)]
pub enum Input<'a> {
    /// The data link stands (DL-ESTABLISH confirm, or indication while it was down).
    LinkEstablished,
    /// The data link is gone (DL-RELEASE indication).
    LinkReleased,
    /// The data link was re-established while it stood (DL-ESTABLISH indication): messages may be lost.
    LinkReset,
    /// A message of the peer (DL-DATA indication).
    Message(&'a [u8]),
    /// A command of the caller.
    Command(Command),
}

impl fmt::Debug for Input<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LinkEstablished => f.write_str("LinkEstablished"),
            Self::LinkReleased => f.write_str("LinkReleased"),
            Self::LinkReset => f.write_str("LinkReset"),
            Self::Message(message) => write!(f, "Message({} octets)", message.len()),
            Self::Command(command) => f.debug_tuple("Command").field(command).finish(),
        }
    }
}

/// What the caller orders. An order that does not fit the call's state changes nothing and is answered with
/// [`Event::Refused`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Set up a call. It always ends with exactly one [`Event::Released`], at once where it cannot be begun (no channel,
    /// no data link, a number that is none); only a handle in use is [`Refusal::HandleInUse`].
    Setup(Box<Setup>),
    /// More digits of an outgoing call (overlap sending): kept until the peer asks for them.
    Digits {
        /// The call.
        call: CallHandle,
        /// The digits, `0`–`9`, `*`, `#`.
        digits: Pii<String>,
        /// Whether the number is complete with them.
        complete: bool,
    },
    /// The peer's call needs more digits: SETUP ACKNOWLEDGE.
    SetupAck {
        /// The call.
        call: CallHandle,
    },
    /// The peer's call is being set up: CALL PROCEEDING.
    Proceed {
        /// The call.
        call: CallHandle,
    },
    /// News of the peer's call before its answer: PROGRESS with progress indicator 8 (in-band) or 1 (not end-to-end
    /// ISDN).
    Progress {
        /// The call.
        call: CallHandle,
        /// Whether there is something to hear on the channel.
        in_band: bool,
    },
    /// The peer's call rings: ALERTING.
    Alert {
        /// The call.
        call: CallHandle,
        /// Whether there is something to hear on the channel.
        in_band: bool,
    },
    /// The peer's call is answered: CONNECT.
    Connect {
        /// The call.
        call: CallHandle,
    },
    /// End a call, in any state: RELEASE COMPLETE before the first answer to a SETUP, RELEASE after the peer's
    /// DISCONNECT, DISCONNECT otherwise. Repeating it is allowed and does nothing.
    Disconnect {
        /// The call.
        call: CallHandle,
        /// Why.
        cause: CauseValue,
        /// Whether tones are offered to the peer until it releases: progress indicator 8. Network side only; ignored on
        /// the user side.
        in_band: bool,
    },
    /// Refuse the peer's call before anything else was answered: RELEASE COMPLETE.
    Reject {
        /// The call.
        call: CallHandle,
        /// Why.
        cause: CauseValue,
    },
    /// Ask the peer for the call's state: STATUS ENQUIRY with T322.
    Enquire {
        /// The call.
        call: CallHandle,
    },
    /// Take no more calls on this channel; a call on it goes on.
    Block(Timeslot),
    /// Take calls on it again: undoes [`Command::Block`] and a restart that failed, not the peer's own SERVICE.
    Unblock(Timeslot),
    /// RESTART of one channel; a call on it ends.
    RestartChannel(Timeslot),
    /// RESTART of the interface; its calls end.
    RestartAll,
}

/// A call to be set up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setup {
    /// The caller's handle, used for no other call that is not over.
    pub call: CallHandle,
    /// The called number's digits; may be incomplete or empty with `overlap`.
    pub called: Pii<String>,
    /// The calling number's digits; none sends no calling party number.
    pub calling: Option<Pii<String>>,
    /// Type of the called number; none: as configured.
    pub called_type: Option<NumberType>,
    /// Type of the calling number; none: as configured.
    pub calling_type: Option<NumberType>,
    /// Whether the called party may see the calling number.
    pub presentation: Presentation,
    /// The channel; none: as the selection strategy finds it.
    pub channel: Option<Timeslot>,
    /// Whether the peer may give another channel; none: as configured.
    pub exclusive: Option<bool>,
    /// Overlap sending: the number follows digit by digit after SETUP ACKNOWLEDGE; none: as configured.
    pub overlap: Option<bool>,
    /// Whether `called` is the whole number. Without overlap it always is.
    pub complete: bool,
    /// What is carried.
    pub bearer: Bearer,
}

impl Setup {
    /// A call with everything as configured: 3.1 kHz audio, number presented and complete.
    #[must_use]
    pub const fn new(call: CallHandle, called: Pii<String>, calling: Option<Pii<String>>) -> Self {
        Self {
            call,
            called,
            calling,
            called_type: None,
            calling_type: None,
            presentation: Presentation::Allowed,
            channel: None,
            exclusive: None,
            overlap: None,
            complete: true,
            bearer: Bearer::Audio,
        }
    }
}

/// Whether the calling number may be shown (Q.931 4.5.10).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Presentation {
    /// It may.
    Allowed,
    /// It may not.
    Restricted,
}

/// What a call carries, A-law both (Q.931 4.5.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Bearer {
    /// 3.1 kHz audio.
    Audio,
    /// Speech.
    Speech,
}

/// What comes out of an interface, in this order.
#[derive(Clone, PartialEq, Eq)]
pub enum Output {
    /// Send this message (DL-DATA request).
    ToLink(Vec<u8>),
    /// Establish the data link (DL-ESTABLISH request).
    EstablishLink,
    /// News for the caller.
    Event(Event),
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ToLink(message) => write!(f, "ToLink({} octets)", message.len()),
            Self::EstablishLink => f.write_str("EstablishLink"),
            Self::Event(event) => f.debug_tuple("Event").field(event).finish(),
        }
    }
}

/// What the caller is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The peer sets up a call and waits for [`Command::SetupAck`], [`Command::Proceed`], [`Command::Alert`],
    /// [`Command::Connect`] or [`Command::Reject`].
    Incoming(Box<Incoming>),
    /// The peer tried to set up a call and was refused by itself: by the policy, or because no channel fits. No
    /// handle was given.
    IncomingRefused {
        /// The cause it was refused with.
        cause: CauseValue,
        /// The number it called, as far as it came.
        called: Pii<String>,
        /// The number that called.
        calling: Option<Pii<String>>,
    },
    /// The peer's SETUP ACKNOWLEDGE: more digits are wanted or may be sent.
    SetupAck {
        /// The call.
        call: CallHandle,
        /// Its channel.
        channel: Timeslot,
    },
    /// More digits of the peer's call.
    Digits {
        /// The call.
        call: CallHandle,
        /// The digits; may be empty where only the end of the number is told.
        digits: Pii<String>,
        /// Whether the number is complete: told by the peer, or T302 ran out after some digits.
        complete: bool,
    },
    /// The peer sets the call up and needs no more digits.
    Proceeding {
        /// The call.
        call: CallHandle,
        /// Its channel.
        channel: Timeslot,
    },
    /// The peer tells of the call on its way.
    Progress {
        /// The call.
        call: CallHandle,
        /// Whether there is something to hear on the channel (progress indicator 1 or 8).
        in_band: bool,
        /// The cause the peer gives, if it gives one.
        cause: Option<CauseValue>,
    },
    /// It rings.
    Alerting {
        /// The call.
        call: CallHandle,
        /// Its channel.
        channel: Timeslot,
        /// Whether there is something to hear on the channel.
        in_band: bool,
    },
    /// It is answered, or (peer's call) its answer is confirmed.
    Connected {
        /// The call.
        call: CallHandle,
        /// Its channel.
        channel: Timeslot,
    },
    /// The peer disconnects. With `in_band` (user side only) its tones can be heard until
    /// [`Command::Disconnect`] or the peer's T306 ends that; otherwise the release is under way.
    Disconnected {
        /// The call.
        call: CallHandle,
        /// Why.
        cause: CauseValue,
        /// Whether there is something to hear on the channel.
        in_band: bool,
    },
    /// The call is over. Told exactly once of each call; its handle and its channel are free, or the channel is being
    /// restarted.
    Released {
        /// The call.
        call: CallHandle,
        /// Why.
        end: CallEnd,
    },
    /// The order did not fit the call's state, or there is no such call or channel; nothing was done.
    Refused(Refusal),
    /// The peer's STATUS told that something of ours was not understood; the call goes on.
    Status {
        /// The call; none for the interface itself.
        call: Option<CallHandle>,
        /// What the peer says.
        cause: CauseValue,
        /// The state the peer is in.
        state: u8,
    },
    /// A channel changed in the page's words.
    Channel {
        /// The channel.
        channel: Timeslot,
        /// How it is now.
        state: SlotState,
    },
    /// The peer acknowledged a RESTART of ours.
    RestartDone {
        /// The channels.
        channels: Vec<Timeslot>,
    },
    /// The peer did not acknowledge a RESTART of ours; the channels stay blocked.
    RestartFailed {
        /// The channels.
        channels: Vec<Timeslot>,
    },
    /// The peer restarted channels; their calls are over.
    RestartedByPeer {
        /// The channels.
        channels: Vec<Timeslot>,
    },
    /// The peer did not acknowledge a SERVICE of ours (T321); the channel is blocked, or not, on our side all the same.
    ServiceUnanswered {
        /// The channel.
        channel: Timeslot,
    },
    /// A message was not usable; it was answered as 5.8 says, or ignored.
    Faulty(Fault),
}

/// A call of the peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incoming {
    /// The handle the interface gave it.
    pub call: CallHandle,
    /// Its channel, reserved.
    pub channel: Timeslot,
    /// The called number, as far as it came.
    pub called: Pii<String>,
    /// Whether the called number is complete (sending complete).
    pub complete: bool,
    /// The calling number, if it came.
    pub calling: Option<Pii<String>>,
    /// Whether the calling number may be shown.
    pub presentation: Presentation,
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CallEnd {
    /// The cause of the first clearing message or event.
    pub cause: CauseValue,
    /// Where the peer says it arose; none where this side made it.
    pub location: Option<Location>,
    /// What began the clearing.
    pub by: EndedBy,
}

/// What began the clearing of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EndedBy {
    /// The caller's command.
    Caller,
    /// The peer's message.
    Peer,
    /// A timer that ran out without an answer of the peer.
    Timer(Timer),
    /// The loss of the data link.
    Link,
    /// A RESTART of either side.
    Restart,
    /// The peer broke the protocol, or its state does not fit ours.
    Protocol,
    /// There was no channel for it, the data link was down, or the table of calls was full: nothing was sent.
    NoChannel,
}

/// Why an order was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// There is no such call.
    NoSuchCall(CallHandle),
    /// A call with this handle is not over yet, or the handle is of the peer's range.
    HandleInUse(CallHandle),
    /// Not in this state.
    State(CallHandle, CallState),
    /// The digits have other characters than `0`–`9`, `*` and `#`, or the number more than [`MAX_DIGITS`].
    Digits(CallHandle),
    /// The timeslot is no channel of this interface.
    NoSuchChannel(Timeslot),
    /// The data link is down: no RESTART now.
    LinkDown,
}

/// What was wrong with a message, for the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// 5.8.1: another protocol discriminator. Ignored.
    Discriminator,
    /// 5.8.2: too short to be a message. Ignored.
    TooShort,
    /// 5.8.3.1: the call reference has a wrong format. Ignored.
    ReferenceFormat,
    /// 5.8.3.2: the call reference is of no call, or a SETUP's is in use.
    ReferenceUnknown,
    /// 5.8.4: unknown message type.
    UnknownType(u8),
    /// 5.8.4: not expected in this state.
    Unexpected(u8),
    /// 5.8.5.2: an information element more often than allowed; the first were used.
    Repeated(u8),
    /// 5.8.6.1: a mandatory information element is missing.
    Missing(u8),
    /// 5.8.6.2: a mandatory information element has invalid content.
    Content(u8),
    /// 5.8.7.1: an information element that is not known.
    UnknownElement(u8),
    /// 5.8.7.2: an information element that is not mandatory has invalid content.
    OptionalContent(u8),
}
