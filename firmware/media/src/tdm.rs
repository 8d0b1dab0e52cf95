//! A leg on a timeslot: one frame comes and one goes each tick, paced by the card. No packets, no jitter, no keys on
//! the wire: digits are tones in the audio.
//!
//! It does not know which card or slot it is on; whoever ticks the call puts and takes the frames.

use std::fmt;

use crate::dtmf::Digit;
use crate::dtmf::generate::{ToneShape, add_digit};
use crate::g711::Law;
use crate::jitter::Popped;
use crate::session::MAX_QUEUED_DIGITS;
use crate::stats::LegStats;
use crate::units::{FRAME_SAMPLES, Frame};

/// Frames of a digit we send, and of the pause after it (Q.24: at least 40 ms each; carriers ask for more).
const DIGIT_FRAMES: u8 = 5;
const PAUSE_FRAMES: u8 = 5;

/// A leg without packets.
pub struct TdmLeg {
    law: Law,
    waiting: Option<Frame>,
    started: bool,
    expecting: bool,
    digits: [Option<Digit>; MAX_QUEUED_DIGITS],
    sending: Option<(Digit, u8)>,
    stats: LegStats,
}

/// Shows no audio.
impl fmt::Debug for TdmLeg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TdmLeg").field("law", &self.law).finish_non_exhaustive()
    }
}

impl TdmLeg {
    /// A leg whose slot speaks this law: A-law on every E1.
    #[must_use]
    pub fn new(law: Law) -> Self {
        Self {
            law,
            waiting: None,
            started: false,
            expecting: true,
            digits: [None; MAX_QUEUED_DIGITS],
            sending: None,
            stats: LegStats::default(),
        }
    }

    /// The slot's law.
    #[must_use]
    pub fn law(&self) -> Law {
        self.law
    }

    /// Takes the frame that the card delivered for this tick. One that was not fetched is replaced and counted.
    pub fn put(&mut self, frame: &Frame, now_us: u64) {
        self.stats.datagrams += 1;
        self.stats.accepted += 1;
        self.stats.last_packet_us = Some(now_us);
        self.started = true;
        if self.waiting.replace(*frame).is_some() {
            self.stats.jitter_buffer.dropped_frames += 1;
        }
    }

    /// The frame of this tick; silence where the card delivered none.
    pub fn take_frame(&mut self, raw: &mut Frame, heard: &mut Frame) -> Popped {
        if !self.started {
            raw.fill(self.law.silence());
            heard.fill(self.law.silence());
            return Popped::default();
        }
        self.stats.jitter_buffer.frames += 1;
        match self.waiting.take() {
            Some(frame) => {
                *raw = frame;
                *heard = frame;
                Popped { missing: 0, started: true }
            }
            None => {
                raw.fill(self.law.silence());
                heard.fill(self.law.silence());
                let missing = if self.expecting { SAMPLES } else { 0 };
                self.stats.jitter_buffer.gap_samples += u64::from(missing);
                Popped { missing, started: true }
            }
        }
    }

    /// What goes out in this tick: the frame, or a digit that is being sent in its place.
    pub fn send_frame(&mut self, frame: &Frame, out: &mut Frame) {
        self.stats.sent += 1;
        self.stats.sent_octets += FRAME_SAMPLES as u64;
        *out = *frame;
        if self.sending.is_none() {
            self.sending = self.digits[0].take().map(|digit| (digit, 0));
            self.digits.rotate_left(1);
        }
        let Some((digit, at)) = self.sending else { return };
        if at < DIGIT_FRAMES {
            self.tone(digit, at, out);
        } else {
            out.fill(self.law.silence());
        }
        let next = at + 1;
        self.sending = (next < DIGIT_FRAMES + PAUSE_FRAMES).then_some((digit, next));
    }

    /// Queues a key to be sent as tones; `false` when the queue is full.
    pub fn queue_digit(&mut self, digit: Digit) -> bool {
        match self.digits.iter_mut().find(|slot| slot.is_none()) {
            Some(slot) => {
                *slot = Some(digit);
                true
            }
            None => false,
        }
    }

    /// Whether missing frames count as gaps.
    pub fn expect_audio(&mut self, expecting: bool) {
        self.expecting = expecting;
    }

    /// The totals.
    #[must_use]
    pub fn stats(&self) -> LegStats {
        self.stats
    }

    /// One frame of a digit's tones, in phase with the frames before it.
    fn tone(&self, digit: Digit, at: u8, out: &mut Frame) {
        let mut samples = [0i16; FRAME_SAMPLES * DIGIT_FRAMES as usize];
        let end = FRAME_SAMPLES * (usize::from(at) + 1);
        add_digit(digit, &ToneShape::default(), &mut samples[..end]);
        for (octet, sample) in out.iter_mut().zip(&samples[end - FRAME_SAMPLES..end]) {
            *octet = self.law.encode(*sample);
        }
    }
}

const SAMPLES: u16 = FRAME_SAMPLES as u16;

#[cfg(test)]
mod tests {
    use super::TdmLeg;
    use crate::dtmf::Digit;
    use crate::dtmf::inband::InBandDetector;
    use crate::g711::Law;
    use crate::units::{FRAME_SAMPLES, Frame};

    fn frame(first: u8) -> Frame {
        std::array::from_fn(|n| first.wrapping_add(u8::try_from(n).unwrap_or(0)))
    }

    #[test]
    fn what_the_card_delivers_is_heard_octet_by_octet() {
        let mut leg = TdmLeg::new(Law::A);
        for n in 0..50 {
            leg.put(&frame(n), u64::from(n) * 20_000);
            let (mut raw, mut heard) = ([0; FRAME_SAMPLES], [0; FRAME_SAMPLES]);
            assert_eq!(leg.take_frame(&mut raw, &mut heard).missing, 0);
            assert_eq!((raw, heard), (frame(n), frame(n)));
            let mut out = [0; FRAME_SAMPLES];
            leg.send_frame(&frame(n), &mut out);
            assert_eq!(out, frame(n));
        }
        assert_eq!(leg.stats().gap_ms(), 0);
    }

    #[test]
    fn a_frame_that_did_not_come_is_a_gap_only_once_the_line_has_begun() {
        let mut leg = TdmLeg::new(Law::A);
        let (mut raw, mut heard) = ([1; FRAME_SAMPLES], [1; FRAME_SAMPLES]);
        assert_eq!(leg.take_frame(&mut raw, &mut heard).missing, 0);
        leg.put(&frame(1), 0);
        leg.take_frame(&mut raw, &mut heard);
        assert_eq!(leg.take_frame(&mut raw, &mut heard).missing, 160);
        assert!(raw.iter().all(|octet| *octet == Law::A.silence()));
        leg.expect_audio(false);
        assert_eq!(leg.take_frame(&mut raw, &mut heard).missing, 0);
        assert_eq!(leg.stats().gap_ms(), 20);
    }

    #[test]
    fn queued_digits_go_out_as_tones_a_detector_hears_once_each() {
        let mut leg = TdmLeg::new(Law::A);
        let sent = [Digit::from_char('9'), Digit::from_char('#')];
        for digit in sent.into_iter().flatten() {
            assert!(leg.queue_digit(digit));
        }
        let mut detector = InBandDetector::new();
        let mut heard = Vec::new();
        for _ in 0..30 {
            let mut out = [0; FRAME_SAMPLES];
            leg.send_frame(&[Law::A.silence(); FRAME_SAMPLES], &mut out);
            let mut pcm = [0; FRAME_SAMPLES];
            Law::A.decode_into(&out, &mut pcm);
            heard.extend(detector.process(&pcm));
        }
        assert_eq!(heard, sent.into_iter().flatten().collect::<Vec<_>>());
    }
}
