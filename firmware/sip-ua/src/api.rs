//! What goes into an [`crate::Endpoint`] and what comes out of it.
//!
//! Deliberately not here: behaviour. Debug output of these types names no person.

use crate::dialog::DialogSnapshot;
use crate::flow::Flow;
use crate::trunk::{Attempt, TrunkId, TrunkState};
use sip::{Message, NameAddr, Uri};
use std::fmt;
use std::sync::Arc;
use vocab::{Pii, Secret};

/// A call, as its owner numbers it. A number is never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallHandle(pub u64);

/// What the sockets bring.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "it lives on the stack for one call of `receive`")]
pub enum Input {
    /// A message came.
    Received {
        /// The message.
        message: Message,
        /// Where it came from.
        source: Flow,
    },
    /// A flow broke. What was sent on it may have arrived.
    TransportFailed {
        /// The flow.
        flow: Flow,
    },
    /// A message was not sent: no byte of it left, and none will.
    NotSent {
        /// Where it was to go.
        flow: Flow,
        /// The bytes of [`Output::Send`] themselves, not a copy.
        bytes: Arc<[u8]>,
    },
}

/// What the endpoint asks of its owner.
pub enum Output {
    /// Send these bytes.
    Send {
        /// Where to.
        flow: Flow,
        /// The whole message.
        bytes: Arc<[u8]>,
    },
    /// Something the product must know.
    Event(Event),
}

impl fmt::Debug for Output {
    /// The bytes of a message name people: only their number is shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Send { flow, bytes } => write!(f, "Send({flow:?}, {} bytes)", bytes.len()),
            Self::Event(event) => event.fmt(f),
        }
    }
}

/// User name and password of a trunk.
#[derive(Clone)]
pub struct Login {
    /// The user name.
    pub user: Pii<String>,
    /// The password.
    pub password: Secret<String>,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Login(…)")
    }
}

/// A call to place.
#[derive(Clone)]
pub struct CallSpec {
    /// The number of the call.
    pub handle: CallHandle,
    /// The Request-URI.
    pub target: Uri,
    /// Where the INVITE goes: the trunk, or the connection of a registered phone.
    pub flow: Flow,
    /// From, without tag.
    pub from: NameAddr,
    /// To, without tag.
    pub to: NameAddr,
    /// P-Asserted-Identity (RFC 3325), on trunks that want it.
    pub asserted_identity: Option<NameAddr>,
    /// User part of our Contact.
    pub contact_user: Option<String>,
    /// Route headers, topmost first (Service-Route, Path, outbound proxy).
    pub routes: Vec<String>,
    /// The SDP offer.
    pub offer: Vec<u8>,
    /// How to answer 401 and 407.
    pub login: Option<Login>,
    /// How long the callee may ring before the call is cancelled.
    pub ring_timeout_ms: u64,
    /// Session interval to ask for (RFC 4028), 90 s at least.
    pub session_expires_s: Option<u32>,
    /// Whether to support reliable provisional responses (RFC 3262).
    pub reliable_provisionals: bool,
    /// The trunk the call goes over; its answers count as signs of life.
    pub trunk: Option<TrunkId>,
}

impl fmt::Debug for CallSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallSpec")
            .field("handle", &self.handle)
            .field("trunk", &self.trunk)
            .field("ring_timeout_ms", &self.ring_timeout_ms)
            .finish_non_exhaustive()
    }
}

/// Who ended a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndedBy {
    /// Our side hung up or gave up.
    Local,
    /// The peer refused or hung up.
    Remote,
    /// Nobody answered in time.
    Timeout,
    /// The message could not be delivered.
    Transport,
}

/// Why and how a call ended.
#[derive(Clone, PartialEq, Eq)]
pub struct EndCause {
    /// The final response, if one ended the call.
    pub status: Option<u16>,
    /// The Q.850 cause of a Reason header (RFC 3326).
    pub q850: Option<u8>,
    /// What to tell a technician; not personal.
    pub text: &'static str,
    /// Who ended it.
    pub by: EndedBy,
    /// What the attempt means for the next trunk; see [`crate::trunk::may_fail_over`].
    pub attempt: Attempt,
    /// Seconds of Retry-After.
    pub retry_after_s: Option<u32>,
    /// The targets of a 3xx. They are never followed (L-23).
    pub targets: Vec<Pii<String>>,
}

impl EndCause {
    /// A hang-up of ours. `q850` goes out in a Reason header.
    pub fn local(q850: Option<u8>, text: &'static str) -> Self {
        Self {
            status: None,
            q850,
            text,
            by: EndedBy::Local,
            attempt: Attempt::GivenUp,
            retry_after_s: None,
            targets: Vec::new(),
        }
    }

    pub(crate) fn of(by: EndedBy, attempt: Attempt, text: &'static str) -> Self {
        Self { by, attempt, ..Self::local(None, text) }
    }
}

impl fmt::Debug for EndCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EndCause")
            .field("status", &self.status)
            .field("q850", &self.q850)
            .field("text", &self.text)
            .field("by", &self.by)
            .finish_non_exhaustive()
    }
}

/// How an offer of ours inside a call ended.
#[derive(Clone, PartialEq, Eq)]
pub enum OfferResult {
    /// The peer's answer.
    Accepted(Vec<u8>),
    /// The peer refused; the session goes on as it was.
    Refused(u16),
}

impl fmt::Debug for OfferResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accepted(sdp) => write!(f, "Accepted({} bytes)", sdp.len()),
            Self::Refused(status) => write!(f, "Refused({status})"),
        }
    }
}

/// A session description. Its Debug output shows its length only: it may hold keys.
#[derive(Clone, PartialEq, Eq)]
pub struct Sdp(pub Vec<u8>);

impl fmt::Debug for Sdp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sdp({} bytes)", self.0.len())
    }
}

/// What the product must know.
#[derive(Debug)]
pub enum Event {
    /// The next hop has the call (100).
    Trying {
        /// The call.
        handle: CallHandle,
    },
    /// The callee's side reports progress.
    Provisional {
        /// The call.
        handle: CallHandle,
        /// 101 to 199.
        status: u16,
        /// Whether it came reliably (RFC 3262).
        reliable: bool,
        /// A session description for early media; final if `reliable`.
        sdp: Option<Sdp>,
        /// Which fork speaks, counted from 0.
        fork: u32,
    },
    /// The call is answered and acknowledged.
    Answered {
        /// The call.
        handle: CallHandle,
        /// The answer to our offer.
        sdp: Sdp,
        /// What a later process needs to end the call.
        dialog: DialogSnapshot,
    },
    /// The peer offers a new session: answer with `answer_offer` or `reject_offer`.
    RemoteOffer {
        /// The call.
        handle: CallHandle,
        /// The offer; `None` asks us to make one.
        sdp: Option<Sdp>,
    },
    /// The answer to an offer we made at the peer's request, or a changed answer to a refresh.
    RemoteAnswer {
        /// The call.
        handle: CallHandle,
        /// The answer; `None` when the peer sent none.
        sdp: Option<Sdp>,
    },
    /// The peer took its offer back, or it was not answered in time.
    OfferWithdrawn {
        /// The call.
        handle: CallHandle,
    },
    /// How a re-INVITE or UPDATE of ours ended.
    Reoffered {
        /// The call.
        handle: CallHandle,
        /// Its end.
        result: OfferResult,
    },
    /// An INFO came (DTMF relay) and was accepted.
    Info {
        /// The call.
        handle: CallHandle,
        /// Its Content-Type.
        content_type: String,
        /// Its body: may hold digits the caller typed.
        body: Secret<Vec<u8>>,
    },
    /// The call is over. It comes exactly once for each call.
    Ended {
        /// The call.
        handle: CallHandle,
        /// Why.
        how: EndCause,
    },
    /// A phone registered or refreshed.
    Registered {
        /// The address of record: the user name.
        aor: Pii<String>,
        /// The flow that reaches the phone.
        flow: Flow,
        /// Seconds granted.
        expires_s: u32,
    },
    /// A phone's last binding is gone.
    Unregistered {
        /// The address of record.
        aor: Pii<String>,
    },
    /// A phone failed to log in; for brute-force blocking (NET-02).
    LoginFailed {
        /// Where it came from.
        flow: Flow,
    },
    /// A trunk changed its state.
    TrunkState {
        /// The trunk.
        trunk: TrunkId,
        /// The new state.
        state: TrunkState,
    },
    /// The registration of a trunk changed.
    Registration {
        /// The trunk.
        trunk: TrunkId,
        /// The new state.
        state: RegistrationState,
    },
    /// A call from outside was refused (L-23).
    IncomingRefused {
        /// Where it came from.
        flow: Flow,
        /// The status it was refused with.
        status: u16,
    },
    /// A dialog of a former process was ended, or its peer is gone.
    OrphanReleased {
        /// As given to `release_orphan`.
        orphan: u64,
        /// Whether the peer answered.
        answered: bool,
    },
}

/// The registration of a trunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegistrationState {
    /// Granted, for so many seconds.
    Registered {
        /// Seconds granted.
        expires_s: u32,
    },
    /// Refused or unanswered; it is tried again.
    Failed {
        /// The final response, if one came.
        status: Option<u16>,
        /// Milliseconds to the next attempt.
        retry_ms: u64,
    },
    /// Taken back on our wish.
    Unregistered,
}
