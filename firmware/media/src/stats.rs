//! Totals of a leg and of a call. Plain numbers, read at the end of the call or while it lasts.

use crate::jitter::JitterStats;
use crate::session::Refusal;
use crate::source::Source;
use crate::units::samples_to_ms;

/// Totals of one leg.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LegStats {
    /// Datagrams of any kind that came.
    pub datagrams: u64,
    /// RTP packets accepted.
    pub accepted: u64,
    /// RTP packets expected by sequence number.
    pub expected: u64,
    /// RTP packets received by the accepted sources, duplicates included.
    pub received: u64,
    /// RTP packets that never came.
    pub lost: u64,
    /// RTP packets that came twice.
    pub duplicates: u64,
    /// Interarrival jitter in timestamp units.
    pub jitter_ticks: u32,
    /// Telephone event packets.
    pub events: u64,
    /// Datagrams that are no RTP or RTCP.
    pub malformed: u64,
    /// Datagrams from an address that may not send.
    pub wrong_source: u64,
    /// RTP packets of a payload type that was not negotiated.
    pub wrong_payload: u64,
    /// Packets that did not authenticate.
    pub srtp_failures: u64,
    /// Packets refused as replays.
    pub srtp_replays: u64,
    /// Packets of a new SSRC refused before it was believed.
    pub probation: u64,
    /// Times the peer changed its SSRC.
    pub source_changes: u64,
    /// RTP packets sent.
    pub sent: u64,
    /// Payload octets sent.
    pub sent_octets: u64,
    /// Packets that could not be protected or written.
    pub send_failures: u64,
    /// Round trip by RTCP, when measured.
    pub round_trip_us: Option<u64>,
    /// Loss the peer reports of our packets, in 1/256, when it does.
    pub peer_fraction_lost: Option<u8>,
    /// The jitter buffer's totals.
    pub jitter_buffer: JitterStats,
    /// Time the last accepted packet came.
    pub last_packet_us: Option<u64>,
}

impl LegStats {
    /// Gaps of the incoming audio in milliseconds.
    #[must_use]
    pub fn gap_ms(&self) -> u64 {
        samples_to_ms(self.jitter_buffer.gap_samples)
    }

    /// Frames dropped or inserted against drift.
    #[must_use]
    pub fn drift_frames(&self) -> u64 {
        self.jitter_buffer.dropped_frames + self.jitter_buffer.inserted_frames
    }

    /// A listening-quality estimate 1.0–4.5 by the E-model's short form (ITU-T G.107, G.113
    /// appendix I: G.711 with concealment, Bpl 25.1), from delay and effective loss.
    #[must_use]
    pub fn mos_estimate(&self) -> f64 {
        let frames = self.jitter_buffer.frames.max(1) as f64;
        let loss = 100.0 * self.jitter_buffer.gap_samples as f64 / (frames * 160.0);
        let delay_ms = self.round_trip_us.unwrap_or(0) as f64 / 2_000.0 + 60.0;
        let late_delay = (delay_ms - 177.3).max(0.0);
        let delay_factor = 0.024 * delay_ms + 0.11 * late_delay;
        let loss_factor = 95.0 * loss / (loss + 25.1);
        let r = (93.2 - delay_factor - loss_factor).clamp(0.0, 100.0);
        (1.0 + 0.035 * r + 7.0e-6 * r * (r - 60.0) * (100.0 - r)).clamp(1.0, 4.5)
    }

    pub(crate) fn add_source(&mut self, source: &Source) {
        self.expected += source.expected();
        self.received += source.received();
        self.lost += source.lost();
        self.duplicates += source.duplicates();
        self.jitter_ticks = source.jitter();
    }

    pub(crate) fn count_refusal(&mut self, refusal: Refusal) {
        use crate::srtp::SrtpError;
        match refusal {
            Refusal::WrongSource => self.wrong_source += 1,
            Refusal::Malformed | Refusal::Srtp(SrtpError::Malformed) => self.malformed += 1,
            Refusal::Srtp(SrtpError::Replayed) => self.srtp_replays += 1,
            Refusal::Srtp(
                SrtpError::Authentication
                | SrtpError::NotEncrypted
                | SrtpError::TooManySources
                | SrtpError::NoSpace
                | SrtpError::IndexUsedUp
                | SrtpError::Key,
            ) => self.srtp_failures += 1,
            Refusal::PayloadType(_) => self.wrong_payload += 1,
            Refusal::Probation => self.probation += 1,
            // Counted where they are found: by the source or by the jitter buffer.
            Refusal::Duplicate | Refusal::Late | Refusal::NoRoom => {}
        }
    }
}

/// Totals of a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallStats {
    /// The customer's leg.
    pub customer: LegStats,
    /// The agent's legs, the present or last one.
    pub agent: LegStats,
    /// Ticks run.
    pub ticks: u64,
    /// Ticks given to the recorder.
    pub recorded_ticks: u64,
    /// Milliseconds missing in the recording's left (customer) channel.
    pub recorded_gap_left_ms: u64,
    /// Milliseconds missing in the recording's right (agent) channel.
    pub recorded_gap_right_ms: u64,
    /// Events that found the list full.
    pub events_lost: u64,
}
