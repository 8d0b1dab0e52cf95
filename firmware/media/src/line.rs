//! What carries a leg: packets, or a timeslot. Everything above treats both alike.

use std::net::SocketAddr;

use crate::dtmf::Digit;
use crate::g711::Law;
use crate::jitter::Popped;
use crate::session::{Received, Refusal, Session, SrtpPair};
use crate::stats::LegStats;
use crate::tdm::TdmLeg;
use crate::units::Frame;

/// A leg's carrier.
#[derive(Debug)]
pub enum Line {
    /// RTP or SRTP.
    Rtp(Box<Session>),
    /// A timeslot of a card.
    Tdm(Box<TdmLeg>),
}

impl From<Box<Session>> for Line {
    fn from(session: Box<Session>) -> Self {
        Self::Rtp(session)
    }
}

impl From<Box<TdmLeg>> for Line {
    fn from(leg: Box<TdmLeg>) -> Self {
        Self::Tdm(leg)
    }
}

impl Line {
    /// The codec of both directions.
    #[must_use]
    pub fn law(&self) -> Law {
        match self {
            Self::Rtp(session) => session.law(),
            Self::Tdm(leg) => leg.law(),
        }
    }

    /// The totals.
    #[must_use]
    pub fn stats(&self) -> LegStats {
        match self {
            Self::Rtp(session) => session.stats(),
            Self::Tdm(leg) => leg.stats(),
        }
    }

    pub(crate) fn receive(&mut self, from: SocketAddr, datagram: &mut [u8], now_us: u64) -> Received {
        match self {
            Self::Rtp(session) => session.receive(from, datagram, now_us),
            Self::Tdm(_) => Received::Refused(Refusal::Malformed),
        }
    }

    pub(crate) fn receive_control(&mut self, from: SocketAddr, datagram: &mut [u8], now_us: u64) -> Received {
        match self {
            Self::Rtp(session) => session.receive_control(from, datagram, now_us),
            Self::Tdm(_) => Received::Refused(Refusal::Malformed),
        }
    }

    pub(crate) fn put(&mut self, frame: &Frame, now_us: u64) -> Received {
        match self {
            Self::Rtp(_) => Received::Refused(Refusal::Malformed),
            Self::Tdm(leg) => {
                leg.put(frame, now_us);
                Received::Audio
            }
        }
    }

    pub(crate) fn take_frame(&mut self, raw: &mut Frame, heard: &mut Frame) -> Popped {
        match self {
            Self::Rtp(session) => session.take_frame(raw, heard),
            Self::Tdm(leg) => leg.take_frame(raw, heard),
        }
    }

    /// Frames that came faster than they are taken; a card brings one for each tick.
    pub(crate) fn surplus_frames(&self) -> u32 {
        match self {
            Self::Rtp(session) => session.surplus_frames(),
            Self::Tdm(_) => 0,
        }
    }

    pub(crate) fn event_is_down(&self, now_us: u64) -> bool {
        match self {
            Self::Rtp(session) => session.event_is_down(now_us),
            Self::Tdm(_) => false,
        }
    }

    pub(crate) fn set_remote(&mut self, remote: SocketAddr) {
        match self {
            Self::Rtp(session) => session.set_remote(remote),
            Self::Tdm(_) => {}
        }
    }

    pub(crate) fn expect_audio(&mut self, expecting: bool) {
        match self {
            Self::Rtp(session) => session.expect_audio(expecting),
            Self::Tdm(leg) => leg.expect_audio(expecting),
        }
    }

    pub(crate) fn rekey(&mut self, pair: Box<SrtpPair>) -> Option<Box<SrtpPair>> {
        match self {
            Self::Rtp(session) => session.rekey(pair),
            Self::Tdm(_) => Some(pair),
        }
    }

    pub(crate) fn queue_digit(&mut self, digit: Digit) -> bool {
        match self {
            Self::Rtp(session) => session.queue_digit(digit),
            Self::Tdm(leg) => leg.queue_digit(digit),
        }
    }
}
