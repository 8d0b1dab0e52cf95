//! One live call as signalling holds it: the machine, what is left of its ticket, its legs and its media.

use super::leg::LegSdp;
use crate::call::{CallMachine, Plan, Timer};
use crate::voice::{LegSockets, PlaceId};
use idl::lines::{Prompt, PromptRole, RecordingClosed, Ticket};
use media::Law;
use media::prompt::{Clip, ClipRole, ListId, Playlist, PromptId};
use media::stats::CallStats;
use sip_ua::CallHandle;
use std::sync::Arc;
use vocab::{AgentId, CallId, LineGroupId, ObjectHash, PhoneNumber, Pii, SpanId, Timeslot, TrunkId, UnixMs};

/// The right to dial one number once. It is taken out to dial and comes back only where no phone can have rung.
#[derive(Debug)]
pub struct Permit {
    /// The number.
    pub number: Pii<PhoneNumber>,
    /// `CLOCK_BOOTTIME` in milliseconds after which it is void.
    pub expires_boot_ms: u64,
}

/// A leg.
#[derive(Debug)]
pub struct Leg {
    /// Its call at the endpoint, or at the card.
    pub handle: CallHandle,
    /// What it goes over.
    pub wire: Wire,
    /// Whether it was answered.
    pub answered: bool,
    /// Whether its phone rang.
    pub rang: bool,
}

/// What a leg goes over.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "most legs are SIP; a call has two")]
pub enum Wire {
    /// SIP and RTP.
    Sip(SipWire),
    /// A timeslot of a card.
    Card {
        /// The span.
        span: SpanId,
        /// The slot, once it is known.
        slot: Option<Timeslot>,
    },
}

/// A leg by SIP.
#[derive(Debug)]
pub struct SipWire {
    /// Its description.
    pub sdp: LegSdp,
    /// Its sockets, until the media thread has them.
    pub sockets: Option<LegSockets>,
    /// Its media, until it is joined.
    pub session: Option<Box<media::Session>>,
}

impl Leg {
    /// A leg that is being called by SIP.
    #[must_use]
    pub fn sip(handle: CallHandle, sdp: LegSdp, sockets: LegSockets) -> Self {
        let wire = Wire::Sip(SipWire { sdp, sockets: Some(sockets), session: None });
        Self { handle, wire, answered: false, rang: false }
    }

    /// A leg that is being called through a card.
    #[must_use]
    pub fn card(handle: CallHandle, span: SpanId) -> Self {
        Self { handle, wire: Wire::Card { span, slot: None }, answered: false, rang: false }
    }

    /// The SIP side, if it is one.
    pub fn as_sip(&mut self) -> Option<&mut SipWire> {
        match &mut self.wire {
            Wire::Sip(sip) => Some(sip),
            Wire::Card { .. } => None,
        }
    }
}

/// One call.
#[derive(Debug)]
pub struct Live {
    /// Its id.
    pub call: CallId,
    /// Its machine.
    pub machine: CallMachine,
    /// The right to dial, while it was not used.
    pub permit: Option<Permit>,
    /// The caller number shown.
    pub caller: Pii<PhoneNumber>,
    /// Its lines.
    pub group: LineGroupId,
    /// Its agent.
    pub agent_id: Option<AgentId>,
    /// Ring time.
    pub ring_timeout_ms: u64,
    /// Longest call.
    pub limit_ms: u64,
    /// The key that opts out.
    pub opt_out_key: u8,
    /// Prompts still being read.
    pub missing: Vec<Prompt>,
    /// Prompts in memory; kept until the media thread has let go of them.
    pub audio: Vec<(PromptRole, Arc<[u8]>)>,
    /// Whether the file is there and everything can begin.
    pub started: bool,
    /// Trunks that were tried.
    pub tried: Vec<TrunkId>,
    /// The trunk in use.
    pub trunk: Option<TrunkId>,
    /// The customer.
    pub customer: Option<Leg>,
    /// The agent.
    pub agent: Option<Leg>,
    /// The media.
    pub place: Option<PlaceId>,
    /// Lists played so far.
    pub lists: u32,
    /// How the recording stands.
    pub recording: RecordingStand,
    /// Totals of the media, once it is closed.
    pub stats: Option<Box<CallStats>>,
    /// Whether `CloseMedia` was carried out.
    pub closing: bool,
    /// The number of the opt-out fact.
    pub opt_out_seq: Option<u32>,
    /// Times.
    pub times: Times,
    /// Media faults noted, bounded.
    pub faults: u8,
    /// Whether the customer's media was encrypted.
    pub encrypted: bool,
}

/// How a call's recording stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordingStand {
    /// The file is being made.
    Opening,
    /// The file is there.
    Open,
    /// It could not be made or written.
    Failed,
    /// It is closed; `None` if nothing was recorded.
    Closed(Option<RecordingClosed>),
}

/// When what happened; microseconds of the boot clock, wall time where facts want it.
#[derive(Debug, Default)]
pub struct Times {
    /// Answer.
    pub answered_us: Option<u64>,
    /// Answer by the wall clock.
    pub answered_at: Option<UnixMs>,
    /// First sample of the identification.
    pub identify_us: Option<u64>,
    /// End of the recording notice.
    pub notice_us: Option<u64>,
    /// End of the mandatory announcement.
    pub announced_us: Option<u64>,
    /// End of the media by the wall clock.
    pub ended_at: Option<UnixMs>,
    /// The agent was joined and has not been heard yet.
    pub awaiting_agent: bool,
}

impl Live {
    /// Takes a ticket apart; the recording key goes to the recorder.
    #[must_use]
    pub fn new(ticket: Ticket) -> (Self, vocab::Secret<[u8; 32]>) {
        let Ticket {
            call,
            expires_boot_ms,
            number,
            caller,
            group,
            mode,
            agent,
            prompts,
            recording_key,
            ring_timeout_s,
            max_call_s,
            opt_out_key,
        } = ticket;
        let roles = prompts.iter().map(|prompt| prompt.role).collect();
        let plan = Plan { mode, has_agent: agent.is_some(), roles };
        let live = Self {
            call,
            machine: CallMachine::new(plan),
            permit: Some(Permit { number, expires_boot_ms }),
            caller,
            group,
            agent_id: agent,
            ring_timeout_ms: u64::from(ring_timeout_s.max(1)) * 1_000,
            limit_ms: u64::from(max_call_s.max(1)) * 1_000,
            opt_out_key,
            missing: prompts,
            audio: Vec::new(),
            started: false,
            tried: Vec::new(),
            trunk: None,
            customer: None,
            agent: None,
            place: None,
            lists: 0,
            recording: RecordingStand::Opening,
            stats: None,
            closing: false,
            opt_out_seq: None,
            times: Times::default(),
            faults: 0,
            encrypted: false,
        };
        (live, recording_key)
    }

    /// The notice of this call, for the recording's header.
    #[must_use]
    pub fn notice(&self) -> ObjectHash {
        let notice = self.missing.iter().find(|prompt| prompt.role == PromptRole::RecordingNotice);
        notice.map_or(ObjectHash([0; 32]), |prompt| prompt.object)
    }

    /// A prompt came into memory.
    pub fn take_audio(&mut self, object: ObjectHash, audio: &Arc<[u8]>) {
        for prompt in self.missing.extract_if(.., |prompt| prompt.object == object) {
            self.audio.push((prompt.role, Arc::clone(audio)));
        }
    }

    /// Whether everything a call needs is at hand.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.missing.is_empty() && self.recording == RecordingStand::Open
    }

    /// A list of prompts and how long it lasts.
    pub fn playlist(&mut self, roles: &[PromptRole], looped: bool) -> (Playlist, u64) {
        self.lists += 1;
        let mut list = Playlist::new(ListId(self.lists));
        for role in roles {
            let Some((_, audio)) = self.audio.iter().find(|(at_hand, _)| at_hand == role) else { continue };
            let clip = Clip {
                id: PromptId(prompt_id(*role)),
                role: clip_role(*role),
                law: Law::A,
                audio: Arc::clone(audio),
            };
            // A list of at most three clips always fits.
            let _ = list.push(clip);
        }
        let ms = list.samples() / 8;
        (if looped { list.looped() } else { list }, ms)
    }

    /// Whether media and recorder have closed.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        let recorder_done = matches!(self.recording, RecordingStand::Closed(_) | RecordingStand::Failed);
        self.closing && self.place.is_none() && recorder_done
    }

    /// How long a timer runs; the guard of prompts is set with the list.
    #[must_use]
    pub fn timer_ms(&self, timer: Timer) -> u64 {
        match timer {
            Timer::AgentRing => AGENT_RING_MS,
            Timer::Ring => self.ring_timeout_ms,
            Timer::CancelGuard => CANCEL_GUARD_MS,
            Timer::Limit => self.limit_ms,
            Timer::AgentWait => AGENT_WAIT_MS,
            Timer::PromptGuard => PROMPT_GUARD_MS,
            Timer::OptOutStore => OPT_OUT_STORE_MS,
            Timer::CloseGuard => CLOSE_GUARD_MS,
        }
    }
}

/// The number a prompt has in the media thread.
#[must_use]
pub const fn prompt_id(role: PromptRole) -> u32 {
    match role {
        PromptRole::Identify => 1,
        PromptRole::RecordingNotice => 2,
        PromptRole::OptOutHint => 3,
        PromptRole::Body => 4,
        PromptRole::OptOutConfirmation => 5,
        PromptRole::Hold => 6,
        PromptRole::NoAgent => 7,
    }
}

/// The prompt of a number.
#[must_use]
pub fn prompt_role(id: PromptId) -> Option<PromptRole> {
    ROLES.into_iter().find(|role| prompt_id(*role) == id.0)
}

const ROLES: [PromptRole; 7] = [
    PromptRole::Identify,
    PromptRole::RecordingNotice,
    PromptRole::OptOutHint,
    PromptRole::Body,
    PromptRole::OptOutConfirmation,
    PromptRole::Hold,
    PromptRole::NoAgent,
];

const fn clip_role(role: PromptRole) -> ClipRole {
    match role {
        PromptRole::Identify => ClipRole::Identify,
        PromptRole::RecordingNotice => ClipRole::RecordingNotice,
        PromptRole::OptOutHint => ClipRole::Purpose,
        PromptRole::Body | PromptRole::NoAgent => ClipRole::Body,
        PromptRole::OptOutConfirmation => ClipRole::OptOutConfirmation,
        PromptRole::Hold => ClipRole::Waiting,
    }
}

const AGENT_RING_MS: u64 = 9_000;
const CANCEL_GUARD_MS: u64 = 33_000;
const AGENT_WAIT_MS: u64 = 10_000;
/// Beyond the length of what plays.
pub const PROMPT_GUARD_MS: u64 = 5_000;
const OPT_OUT_STORE_MS: u64 = 5_000;
const CLOSE_GUARD_MS: u64 = 10_000;

impl Live {
    /// Whether a recording's file is held for this call.
    #[must_use]
    pub fn holds_recorder(&self) -> bool {
        matches!(self.recording, RecordingStand::Opening | RecordingStand::Open)
    }
}
