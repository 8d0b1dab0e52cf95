//! RTP packets (RFC 3550 section 5.1): a bounded parse and a write into the caller's buffer.
//!
//! It does not keep any state of the stream: see [`crate::source`].

use thiserror::Error;

/// The fixed header (RFC 3550 section 5.1).
pub const RTP_HEADER_LEN: usize = 12;

/// Why a datagram is not an RTP packet. The peer's fault, except `NoSpace`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RtpError {
    /// Shorter than its header, CSRC list or extension says.
    #[error("the datagram ends inside the RTP header")]
    Truncated,
    /// Version is not 2.
    #[error("RTP version {0}, not 2")]
    Version(u8),
    /// The padding count is zero or longer than the payload.
    #[error("RTP padding of {0} octets does not fit")]
    Padding(u8),
    /// The caller's buffer is too short.
    #[error("no space to write the RTP packet")]
    NoSpace,
}

/// The header fields an endpoint writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RtpHeader {
    /// Start of a talk spurt or of an event.
    pub marker: bool,
    /// Payload type, 7 bits.
    pub payload_type: u8,
    /// Sequence number.
    pub sequence: u16,
    /// Timestamp in 8 kHz ticks.
    pub timestamp: u32,
    /// Synchronisation source.
    pub ssrc: u32,
}

impl RtpHeader {
    /// Writes header and payload; gives the length of the packet.
    ///
    /// # Errors
    /// `NoSpace` when `out` is shorter than header plus payload.
    pub fn write(&self, payload: &[u8], out: &mut [u8]) -> Result<usize, RtpError> {
        let len = RTP_HEADER_LEN + payload.len();
        let out = out.get_mut(..len).ok_or(RtpError::NoSpace)?;
        let (header, body) = out.split_at_mut(RTP_HEADER_LEN);
        header[0] = VERSION << 6;
        header[1] = (u8::from(self.marker) << 7) | (self.payload_type & 0x7F);
        header[2..4].copy_from_slice(&self.sequence.to_be_bytes());
        header[4..8].copy_from_slice(&self.timestamp.to_be_bytes());
        header[8..12].copy_from_slice(&self.ssrc.to_be_bytes());
        body.copy_from_slice(payload);
        Ok(len)
    }
}

/// A header extension (RFC 3550 section 5.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extension<'a> {
    /// The profile's 16 bits.
    pub profile: u16,
    /// Its words, not interpreted.
    pub data: &'a [u8],
}

/// A parsed packet that borrows the datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RtpPacket<'a> {
    /// The fixed header.
    pub header: RtpHeader,
    /// Contributing sources, four octets each.
    pub csrc: &'a [u8],
    /// The extension, if its bit is set.
    pub extension: Option<Extension<'a>>,
    /// The payload without padding.
    pub payload: &'a [u8],
    /// Octets of padding at the end, zero when there is none.
    pub padding: u8,
}

impl<'a> RtpPacket<'a> {
    /// Parses a clear packet.
    ///
    /// # Errors
    /// See [`RtpError`]; nothing is read past the slice.
    pub fn parse(datagram: &'a [u8]) -> Result<Self, RtpError> {
        let prefix = header_len(datagram)?;
        let (front, mut payload) = datagram.split_at(prefix);
        let csrc_len = 4 * usize::from(front[0] & 0x0F);
        let csrc = &front[RTP_HEADER_LEN..RTP_HEADER_LEN + csrc_len];
        let extension = front
            .get(RTP_HEADER_LEN + csrc_len..)
            .filter(|rest| rest.len() >= EXTENSION_HEADER_LEN)
            .map(|rest| Extension {
                profile: u16::from_be_bytes([rest[0], rest[1]]),
                data: &rest[EXTENSION_HEADER_LEN..],
            });
        let mut padding = 0;
        if front[0] & PADDING_BIT != 0 {
            padding = payload.last().copied().unwrap_or(0);
            let kept = payload.len().checked_sub(usize::from(padding));
            match kept {
                Some(kept) if padding > 0 => payload = &payload[..kept],
                Some(_) | None => return Err(RtpError::Padding(padding)),
            }
        }
        Ok(Self { header: read_header(front), csrc, extension, payload, padding })
    }
}

/// Length of header, CSRC list and extension: where the payload begins, in clear or protected.
///
/// # Errors
/// `Truncated` or `Version`.
pub fn header_len(datagram: &[u8]) -> Result<usize, RtpError> {
    let first = *datagram.first().ok_or(RtpError::Truncated)?;
    if first >> 6 != VERSION {
        return Err(RtpError::Version(first >> 6));
    }
    let mut len = RTP_HEADER_LEN + 4 * usize::from(first & 0x0F);
    if first & EXTENSION_BIT != 0 {
        let words = datagram.get(len + 2..len + 4).ok_or(RtpError::Truncated)?;
        len += EXTENSION_HEADER_LEN + 4 * usize::from(u16::from_be_bytes([words[0], words[1]]));
    }
    if datagram.len() < len {
        return Err(RtpError::Truncated);
    }
    Ok(len)
}

/// The fixed header of a datagram, without looking further: usable on protected packets.
///
/// # Errors
/// `Truncated` or `Version`.
pub fn peek_header(datagram: &[u8]) -> Result<RtpHeader, RtpError> {
    let front = datagram.get(..RTP_HEADER_LEN).ok_or(RtpError::Truncated)?;
    if front[0] >> 6 != VERSION {
        return Err(RtpError::Version(front[0] >> 6));
    }
    Ok(read_header(front))
}

/// Whether a datagram on a shared port is RTCP rather than RTP (RFC 5761 section 4).
#[must_use]
pub fn looks_like_rtcp(datagram: &[u8]) -> bool {
    datagram.get(1).is_some_and(|octet| (192..=223).contains(octet))
}

fn read_header(front: &[u8]) -> RtpHeader {
    RtpHeader {
        marker: front[1] & 0x80 != 0,
        payload_type: front[1] & 0x7F,
        sequence: u16::from_be_bytes([front[2], front[3]]),
        timestamp: u32::from_be_bytes([front[4], front[5], front[6], front[7]]),
        ssrc: u32::from_be_bytes([front[8], front[9], front[10], front[11]]),
    }
}

const VERSION: u8 = 2;
const PADDING_BIT: u8 = 0x20;
const EXTENSION_BIT: u8 = 0x10;
const EXTENSION_HEADER_LEN: usize = 4;
