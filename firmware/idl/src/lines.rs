//! Between `lined` and the others: the site's lines, tickets, the facts of each call, live states.

pub use crate::trunks::{
    Codec, LineGroup, LineGroupMember, PhoneAccount, SipTransport, SiteLines, SrtpPolicy, TrunkAccount,
    TrunkConfig,
};

use crate::network::Listening;
use crate::spans::{SpanFact, SpanOrder, SpanRefusal, SpanStatus};
use serde::{Deserialize, Serialize};
use vocab::{
    AgentId, CallId, CampaignMode, LineGroupId, ObjectHash, Outcome, PhoneNumber, Pii, Secret, SpanId,
    TrunkId, UnixMs,
};

/// From `lined` to `vaultd`.
#[derive(Debug, Serialize, Deserialize)]
pub enum LinedToVault {
    /// The first message after the hello: calls still alive in `lined`. Any other ticketed call is lost.
    Live {
        /// Their ids.
        calls: Vec<CallId>,
    },
    /// A fact of a call. Kept and sent again until [`VaultToLined::FactStored`].
    Fact {
        /// The call.
        call: CallId,
        /// Counts from 1 within the call; a fact stored already is acknowledged again and ignored.
        seq: u32,
        /// When it happened.
        at: UnixMs,
        /// What happened.
        fact: CallFact,
    },
    /// A trunk changed its state: an entry of the alarm history.
    Trunk(TrunkStatus),
    /// How a span stands, for the page; the last one counts and none is stored.
    Span(Box<SpanStatus>),
    /// A fact of the cards' history. Kept and sent again until [`VaultToLined::SpanFactStored`].
    SpanFact {
        /// This life of `lined`: the same for all facts of one run of the process.
        life: u64,
        /// Counts from 1 within the life; a fact stored already is acknowledged again and ignored.
        seq: u64,
        /// When it happened.
        at: UnixMs,
        /// What happened.
        fact: SpanFact,
    },
    /// A [`VaultToLined::SpanOrder`] was carried out, or not.
    SpanOrderDone {
        /// The order's number.
        id: u64,
        /// How it went.
        result: Result<(), SpanRefusal>,
    },
    /// A dialog of an earlier life has been released (or its release was given up after the time limit).
    Released {
        /// The call it belonged to.
        call: CallId,
    },
}

/// From `vaultd` to `lined`.
#[derive(Debug, Serialize, Deserialize)]
pub enum VaultToLined {
    /// The site's trunks and groups; replaces what was sent before. Phones follow in pages.
    Site(SiteLines),
    /// A page of agents' phones; `first` starts the list anew.
    Phones {
        /// Whether this page is the first.
        first: bool,
        /// At most [`crate::MAX_PAGE_ITEMS`].
        phones: Vec<PhoneAccount>,
    },
    /// Permission for one call.
    Ticket(Box<Ticket>),
    /// A fact is durable.
    FactStored {
        /// The call.
        call: CallId,
        /// The fact's number.
        seq: u32,
    },
    /// A fact of the cards' history is durable.
    SpanFactStored {
        /// The life it came from.
        life: u64,
        /// The fact's number.
        seq: u64,
    },
    /// A person orders something of a span; answered by [`LinedToVault::SpanOrderDone`].
    SpanOrder {
        /// The order's number.
        id: u64,
        /// The span.
        span: SpanId,
        /// What.
        order: SpanOrder,
    },
    /// A call of `lined`'s former life was answered and never ended: send its BYE.
    Release {
        /// The call.
        call: CallId,
        /// The dialog as `lined` described it in [`CallFact::Answered`].
        dialog: Secret<Vec<u8>>,
    },
    /// Where SIP and RTP are received; told when the calls were told, and whenever it changes.
    Listen(Listening),
}

/// Permission to place one call. It cannot be copied and is used up by dialling.
#[derive(Debug, Serialize, Deserialize)]
pub struct Ticket {
    /// The call.
    pub call: CallId,
    /// `CLOCK_BOOTTIME` in milliseconds after which it may not be used (ten seconds after issue).
    pub expires_boot_ms: u64,
    /// The number to dial.
    pub number: Pii<PhoneNumber>,
    /// The registered caller number to show (LIN-01).
    pub caller: Pii<PhoneNumber>,
    /// The trunks that may be tried, all of one line group, each with the caller number registered.
    pub group: LineGroupId,
    /// How the campaign dials; decides when the agent's phone is called.
    pub mode: CampaignMode,
    /// The agent's leg, if the call has one.
    pub agent: Option<AgentId>,
    /// What is played, in this order; the mandatory ones first.
    pub prompts: Vec<Prompt>,
    /// The key of this recording, made for it alone.
    pub recording_key: Secret<[u8; 32]>,
    /// Longest time the phone may ring, in seconds.
    pub ring_timeout_s: u16,
    /// Longest call, in seconds.
    pub max_call_s: u32,
    /// The key that opts out (CAM-05), `9` by default.
    pub opt_out_key: u8,
}

/// One prompt of a script: an encrypted object file of 8 kHz A-law.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prompt {
    /// What it says.
    pub role: PromptRole,
    /// The object file, named by the hash of its ciphertext.
    pub object: ObjectHash,
    /// Its key.
    pub key: Secret<[u8; 32]>,
}

/// What a prompt says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum PromptRole {
    /// Company and purpose (CAM-11): first, cannot be skipped.
    Identify,
    /// This call is recorded (REC-01); recording starts when it has been heard.
    RecordingNotice,
    /// Press 9 and we do not call again (CAM-05).
    OptOutHint,
    /// The message itself (announcement campaigns).
    Body,
    /// You will not be called again: played after the opt-out is durable, then the call ends.
    OptOutConfirmation,
    /// Please hold, an agent comes.
    Hold,
    /// No agent is free, we are sorry; then the call ends.
    NoAgent,
}

/// A fact of a call, in the order in which they may come.
#[derive(Debug, Serialize, Deserialize)]
pub enum CallFact {
    /// The INVITE (or SETUP) is being sent on this trunk.
    Dialling {
        /// The trunk.
        trunk: TrunkId,
    },
    /// The phone rings.
    Ringing,
    /// It was answered.
    Answered {
        /// The trunk.
        trunk: TrunkId,
        /// What a restarted `lined` needs to end the call; opaque here, holds the number.
        dialog: Secret<Vec<u8>>,
    },
    /// Company, purpose and recording notice were heard in full; the recorder runs from here.
    NoticeHeard {
        /// Milliseconds from answer to the first sample of the identification (CAM-11).
        began_after_ms: u32,
        /// Milliseconds from answer to its end.
        ended_after_ms: u32,
    },
    /// The customer hears the agent.
    AgentConnected {
        /// The agent.
        agent: AgentId,
        /// Milliseconds from the end of the mandatory announcement to the agent's first audio.
        after_announcement_ms: u32,
    },
    /// The customer opted out. The confirmation is played after this fact is stored.
    OptOut {
        /// How it was said.
        by: OptOutBy,
    },
    /// Media is at fault; the text is plain language without personal data.
    MediaFault {
        /// A stable code.
        code: String,
    },
    /// The call is over; the last fact of a call.
    Ended(Box<CallEnd>),
}

/// How an opt-out was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum OptOutBy {
    /// RFC 4733 telephone-event.
    Rfc4733,
    /// SIP INFO.
    Info,
    /// Tones in the audio.
    InBand,
    /// The agent's button.
    Agent,
}

/// The end of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallEnd {
    /// How.
    pub outcome: Outcome,
    /// The final SIP status, 0 if there was none.
    pub sip_status: u16,
    /// Q.850 cause, 0 if there was none.
    pub q850: u8,
    /// When it was answered.
    pub answered_at: Option<UnixMs>,
    /// When the media ended.
    pub ended_at: UnixMs,
    /// The recording, or why there is none (REC-02).
    pub recording: Result<RecordingClosed, NoRecording>,
    /// Media statistics of the customer's leg.
    pub media: MediaSummary,
}

/// A finished recording file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordingClosed {
    /// Milliseconds of audio in the file.
    pub duration_ms: u64,
    /// Milliseconds from the first recorded sample to the end of the call by the clock.
    pub expected_ms: u64,
    /// Missing audio of the customer's side, in milliseconds.
    pub gaps_customer_ms: u64,
    /// Missing audio of the agent's and prompts' side, in milliseconds.
    pub gaps_agent_ms: u64,
    /// Bytes of the file.
    pub bytes: u64,
}

/// Why a call has no recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum NoRecording {
    /// It was never answered.
    NotAnswered,
    /// It ended before the recording notice was over (REC-01 forbids recording before).
    EndedBeforeNotice,
    /// The file could not be written.
    Storage,
    /// The process that recorded died; what was written up to then is kept and verified.
    Crash,
}

/// Media statistics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct MediaSummary {
    /// RTP packets received and accepted.
    pub received: u64,
    /// Packets that never came, by sequence number.
    pub lost: u64,
    /// Packets that came too late.
    pub late: u64,
    /// Packets refused for their source or authentication.
    pub refused: u64,
    /// Interarrival jitter in microseconds (RFC 3550 A.8).
    pub jitter_us: u32,
    /// Whether SRTP protected both directions.
    pub encrypted: bool,
}

/// State of a trunk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrunkStatus {
    /// The trunk.
    pub trunk: TrunkId,
    /// Since when.
    pub since: UnixMs,
    /// The state.
    pub state: TrunkState,
    /// Plain reason with what to do, without personal data.
    pub reason: String,
    /// Calls on it now.
    pub calls: u16,
}

/// State of a trunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum TrunkState {
    /// Not asked yet.
    Unknown,
    /// Answers.
    Up,
    /// Answers with faults.
    Degraded,
    /// Does not answer.
    Down,
    /// The carrier refuses our registration.
    RegistrationFailed,
    /// Switched off.
    Disabled,
}

/// From `calld` to `lined`.
#[derive(Debug, Serialize, Deserialize)]
pub enum CalldToLined {
    /// End this call.
    HangUp {
        /// The call.
        call: CallId,
        /// Who wants it.
        by: vocab::EndedBy,
    },
    /// The agent pressed "refused": treat as an opt-out.
    Refused {
        /// The call.
        call: CallId,
    },
    /// Take no new tickets and end the live calls politely; answered by [`LinedToCalld::Drained`].
    Drain,
}

/// From `lined` to `calld`.
#[derive(Debug, Serialize, Deserialize)]
pub enum LinedToCalld {
    /// The calls alive now: sent first after the hello.
    Live {
        /// Each with its state.
        calls: Vec<(CallId, LiveState)>,
    },
    /// A call changed.
    Call {
        /// The call.
        call: CallId,
        /// Its state.
        state: LiveState,
    },
    /// The agent whose leg belongs to a call: sent before the call's first state and after `Live`.
    Agent {
        /// The call.
        call: CallId,
        /// The agent of its ticket.
        agent: AgentId,
    },
    /// The trunks.
    Trunks(Vec<TrunkStatus>),
    /// A phone registered or left.
    Phone {
        /// The agent.
        agent: AgentId,
        /// Whether it can be called.
        registered: bool,
    },
    /// Calls that may be added now, for each group.
    Free(Vec<(LineGroupId, u32)>),
    /// Nothing is alive any more.
    Drained,
}

/// State of a live call as `calld` sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum LiveState {
    /// Ticket accepted, being dialled.
    Dialling,
    /// Ringing.
    Ringing,
    /// Answered; the announcement runs.
    Announcing,
    /// Waiting for the agent's phone.
    WaitingForAgent,
    /// Customer and agent speak.
    Talking,
    /// Opted out; the confirmation runs.
    OptedOut,
    /// Over.
    Ended(Outcome),
}
