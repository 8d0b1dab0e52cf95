//! What a leg is plugged into: a pair of sockets, a timeslot of the thread's own card, or rings to another card's
//! thread; and what may run on a timeslot that carries no call.

use super::ports::PortPair;
use analog::fxo::FxoEar;
use card::SLOT_BLOCK;
use idl::handset::HandsetEnd;
use idl::spans::TestStatus;
use media::Digit;
use media::units::Frame;
use rtrb::{Consumer, Producer};
use socket2::Socket;
use std::fmt;
use vocab::Timeslot;

/// Frames between two card threads: more than these is delay, and the oldest are dropped.
pub const MAX_RING_FRAMES: usize = 8;
/// Frames kept in a ring against the two clocks' jitter.
const KEPT_FRAMES: usize = 3;

/// The two sockets of a leg. Dropping them (on signalling's side) frees the ports.
#[derive(Debug)]
pub struct LegSockets {
    /// RTP.
    pub rtp: Socket,
    /// RTCP, one port above.
    pub rtcp: Socket,
    /// The ports, free again when dropped.
    pub pair: PortPair,
}

/// Frames from and to another thread's card.
pub struct FrameRings {
    /// What the other side says.
    pub incoming: Consumer<Frame>,
    /// What it shall hear.
    pub outgoing: Producer<Frame>,
}

/// Shows no audio.
impl fmt::Debug for FrameRings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FrameRings").finish_non_exhaustive()
    }
}

impl FrameRings {
    /// Two ends that belong together: what one sends the other receives.
    #[must_use]
    pub fn pair() -> (Self, Self) {
        let (to_b, from_a) = rtrb::RingBuffer::new(MAX_RING_FRAMES);
        let (to_a, from_b) = rtrb::RingBuffer::new(MAX_RING_FRAMES);
        (Self { incoming: from_b, outgoing: to_b }, Self { incoming: from_a, outgoing: to_a })
    }

    /// The next frame of the other side. When its clock runs ahead, the oldest frames are given up.
    pub fn receive(&mut self) -> Option<Frame> {
        while self.incoming.slots() > KEPT_FRAMES {
            let _ = self.incoming.pop();
        }
        self.incoming.pop().ok()
    }

    /// Sends a frame; one that finds the ring full is lost.
    pub fn send(&mut self, frame: &Frame) {
        let _ = self.outgoing.push(*frame);
    }
}

/// What a leg is plugged into.
#[derive(Debug)]
pub enum Port {
    /// RTP.
    Sockets(LegSockets),
    /// A timeslot of the card whose clock drives this thread.
    Slot(Timeslot),
    /// A timeslot of another card.
    Rings(FrameRings),
}

impl From<LegSockets> for Port {
    fn from(sockets: LegSockets) -> Self {
        Self::Sockets(sockets)
    }
}

impl Port {
    /// Its sockets, if it has any.
    #[must_use]
    pub fn sockets(&self) -> Option<&LegSockets> {
        match self {
            Self::Sockets(sockets) => Some(sockets),
            Self::Slot(_) | Self::Rings(_) => None,
        }
    }
}

/// Something that listens and speaks on a timeslot beside a call's media: an analogue line being dialled, a bit error
/// test, the bridge of an agent's plain telephone.
pub trait SlotProcessor: Send + fmt::Debug {
    /// Whether the slot must be clear: no echo canceller on it.
    fn wants_clear_slot(&self) -> bool {
        false
    }

    /// One block: what came, and what is to go out (silence unless written). News go to signalling.
    fn block(
        &mut self,
        incoming: &[u8; SLOT_BLOCK],
        outgoing: &mut [u8; SLOT_BLOCK],
        news: &mut dyn FnMut(SlotNews),
    );

    /// Whether what it wrote goes out. One that only listens shares its slot with a call, whose place speaks.
    fn speaks(&self) -> bool {
        true
    }
}

/// What a [`SlotProcessor`] tells.
#[derive(Debug, Clone, Copy, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "no allocation on the way from the media thread")]
pub enum SlotNews {
    /// A bit error test, once a second.
    Bert(TestStatus),
    /// What a line to the exchange hears.
    Fxo(FxoEar),
    /// A key of an agent's plain telephone.
    Fxs(Digit),
    /// The technician's handset cannot stay on the line.
    Handset(HandsetEnd),
}
