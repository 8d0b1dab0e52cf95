//! RTCP (RFC 3550 section 6): compound packets parsed and built.
//!
//! SR, RR, SDES and BYE; other types are stepped over. No timers: see the session.

pub mod build;

use thiserror::Error;

use crate::list::Bounded;

/// Report blocks kept of one packet; further ones are stepped over.
pub const MAX_REPORTS: usize = 4;
/// Packets looked at in one compound.
pub const MAX_COMPOUND: usize = 16;

/// Why a datagram is no RTCP compound. The peer's fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RtcpError {
    /// A length points past the datagram.
    #[error("the datagram ends inside an RTCP packet")]
    Truncated,
    /// Version is not 2.
    #[error("RTCP version {0}, not 2")]
    Version(u8),
    /// The first packet is neither SR nor RR.
    #[error("the compound does not begin with a report")]
    NoReport,
    /// More packets than [`MAX_COMPOUND`].
    #[error("too many packets in the compound")]
    TooMany,
    /// The caller's buffer is too short.
    #[error("no space to write RTCP")]
    NoSpace,
}

/// What a sender reports of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SenderInfo {
    /// NTP timestamp, 32.32.
    pub ntp: u64,
    /// The same moment as RTP timestamp.
    pub rtp: u32,
    /// Packets sent.
    pub packets: u32,
    /// Payload octets sent.
    pub octets: u32,
}

/// What a receiver reports of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReportBlock {
    /// The source.
    pub ssrc: u32,
    /// Loss since the last report in 1/256.
    pub fraction_lost: u8,
    /// Loss since the beginning, 24 bits signed.
    pub cumulative_lost: i32,
    /// Extended highest sequence number.
    pub highest: u32,
    /// Interarrival jitter.
    pub jitter: u32,
    /// Middle of the last SR's NTP timestamp.
    pub last_sr: u32,
    /// Delay since then in 1/65536 s.
    pub delay_since_last_sr: u32,
}

/// What a compound says.
#[derive(Debug, Default)]
pub struct Compound {
    /// Who sent it.
    pub ssrc: u32,
    /// Its sender report, if any.
    pub sender: Option<SenderInfo>,
    /// Its report blocks.
    pub reports: Bounded<ReportBlock, MAX_REPORTS>,
    /// Whether a canonical name was given.
    pub has_cname: bool,
    /// Whether it says good-bye.
    pub bye: bool,
}

impl Compound {
    /// Parses a clear compound (validity checks of RFC 3550 A.2).
    ///
    /// # Errors
    /// See [`RtcpError`].
    pub fn parse(datagram: &[u8]) -> Result<Self, RtcpError> {
        let mut compound = Self::default();
        let mut rest = datagram;
        let mut first = true;
        for _ in 0..MAX_COMPOUND {
            let (packet, after) = split(rest)?;
            let kind = packet[1];
            if first && !matches!(kind, SR | RR) {
                return Err(RtcpError::NoReport);
            }
            compound.take(kind, packet, first)?;
            first = false;
            rest = after;
            if rest.is_empty() {
                return Ok(compound);
            }
        }
        Err(RtcpError::TooMany)
    }

    fn take(&mut self, kind: u8, packet: &[u8], first: bool) -> Result<(), RtcpError> {
        let count = usize::from(packet[0] & 0x1F);
        match kind {
            SR => {
                let ssrc = word(packet, 4)?;
                let sender = SenderInfo {
                    ntp: (u64::from(word(packet, 8)?) << 32) | u64::from(word(packet, 12)?),
                    rtp: word(packet, 16)?,
                    packets: word(packet, 20)?,
                    octets: word(packet, 24)?,
                };
                if first {
                    self.ssrc = ssrc;
                    self.sender = Some(sender);
                }
                self.take_reports(packet, 28, count)
            }
            RR => {
                let ssrc = word(packet, 4)?;
                if first {
                    self.ssrc = ssrc;
                }
                self.take_reports(packet, 8, count)
            }
            SDES => {
                self.has_cname |= count > 0 && packet.get(8) == Some(&CNAME);
                Ok(())
            }
            BYE => {
                self.bye |= count > 0;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn take_reports(&mut self, packet: &[u8], at: usize, count: usize) -> Result<(), RtcpError> {
        for n in 0..count {
            let at = at + n * REPORT_LEN;
            let loss = word(packet, at + 4)?;
            let block = ReportBlock {
                ssrc: word(packet, at)?,
                fraction_lost: (loss >> 24) as u8,
                cumulative_lost: (loss << 8).cast_signed() >> 8,
                highest: word(packet, at + 8)?,
                jitter: word(packet, at + 12)?,
                last_sr: word(packet, at + 16)?,
                delay_since_last_sr: word(packet, at + 20)?,
            };
            if self.reports.push(block).is_err() {
                break;
            }
        }
        Ok(())
    }
}

/// The round trip from a report block on our own SR (RFC 3550 section 6.4.1), in microseconds.
#[must_use]
pub fn round_trip_us(block: &ReportBlock, now_ntp_middle: u32) -> Option<u64> {
    if block.last_sr == 0 {
        return None;
    }
    let units = now_ntp_middle.wrapping_sub(block.delay_since_last_sr).wrapping_sub(block.last_sr);
    // Clocks of 1/65536 s round; a result just below zero is zero.
    let units = if units > u32::MAX / 2 { 0 } else { units };
    Some(u64::from(units) * 1_000_000 / 65_536)
}

/// A monotonic time as NTP timestamp: RFC 3550 section 4 allows the time since start.
#[must_use]
pub const fn ntp_of_us(us: u64) -> u64 {
    ((us / 1_000_000) << 32) | (((us % 1_000_000) << 32) / 1_000_000)
}

/// The middle 32 bits of an NTP timestamp.
#[must_use]
pub const fn ntp_middle(ntp: u64) -> u32 {
    (ntp >> 16) as u32
}

/// The next report's delay (RFC 3550 section 6.2): five seconds, spread over 0.5–1.5 times by
/// `random`; half of that for the first.
#[must_use]
pub fn interval_us(initial: bool, random: u16) -> u64 {
    let base = if initial { MIN_INTERVAL_US / 2 } else { MIN_INTERVAL_US };
    base / 2 + base * u64::from(random) / u64::from(u16::MAX)
}

fn split(rest: &[u8]) -> Result<(&[u8], &[u8]), RtcpError> {
    let header = rest.get(..4).ok_or(RtcpError::Truncated)?;
    if header[0] >> 6 != 2 {
        return Err(RtcpError::Version(header[0] >> 6));
    }
    let len = 4 * (usize::from(u16::from_be_bytes([header[2], header[3]])) + 1);
    rest.split_at_checked(len).ok_or(RtcpError::Truncated)
}

fn word(packet: &[u8], at: usize) -> Result<u32, RtcpError> {
    let octets = packet.get(at..at + 4).ok_or(RtcpError::Truncated)?;
    Ok(u32::from_be_bytes([octets[0], octets[1], octets[2], octets[3]]))
}

const SR: u8 = 200;
const RR: u8 = 201;
const SDES: u8 = 202;
const BYE: u8 = 203;
const CNAME: u8 = 1;
const REPORT_LEN: usize = 24;
const MIN_INTERVAL_US: u64 = 5_000_000;
