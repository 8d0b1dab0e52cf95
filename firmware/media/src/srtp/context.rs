//! One direction's SRTP context: rollover counters and replay windows per source.
//!
//! A receiving context learns a source only from a packet that authenticated.

use thiserror::Error;

use super::replay::Window;
use super::transform::{ENCRYPTED, RTCP_PREFIX, Transform};
use super::{SdesKey, Suite};
use crate::rtp;

/// Sources one context follows. A source is never forgotten: forgetting would reopen replays.
pub const MAX_SRTP_SOURCES: usize = 16;

/// Why a packet was not protected or not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SrtpError {
    /// Not long enough to be such a packet, or not version 2. The peer's fault.
    #[error("not an SRTP packet")]
    Malformed,
    /// The tag does not verify: wrong key, damaged or forged.
    #[error("the packet does not authenticate")]
    Authentication,
    /// Seen before, or older than the replay window.
    #[error("the packet is a replay")]
    Replayed,
    /// SRTCP came unencrypted, which was not negotiated.
    #[error("the packet is not encrypted")]
    NotEncrypted,
    /// More sources under one key than [`MAX_SRTP_SOURCES`].
    #[error("too many sources under one key")]
    TooManySources,
    /// The buffer has no room for the tag. Our fault.
    #[error("no space for the authentication tag")]
    NoSpace,
    /// The index would be used twice or has run out: a new key is needed. Our fault.
    #[error("the packet index is used up")]
    IndexUsedUp,
    /// The key could not be set up. Our fault.
    #[error("the key could not be set up")]
    Key,
}

#[derive(Clone, Copy, Debug, Default)]
struct Stream {
    ssrc: u32,
    rtp: Window,
    rtcp: Window,
    /// Next index to send.
    rtcp_next: u32,
    /// Highest index sent.
    rtp_sent: Option<u64>,
}

/// Protects what is sent, or unprotects what is received, under one master key.
#[derive(Debug)]
pub struct Srtp {
    suite: Suite,
    rtp: Transform,
    rtcp: Transform,
    streams: [Option<Stream>; MAX_SRTP_SOURCES],
}

impl Srtp {
    /// Derives the session keys. This allocates; nothing after it does.
    ///
    /// # Errors
    /// `Key` when the cipher library refuses the key.
    pub fn new(master: &SdesKey) -> Result<Self, SrtpError> {
        Ok(Self {
            suite: master.suite(),
            rtp: Transform::for_rtp(master).ok_or(SrtpError::Key)?,
            rtcp: Transform::for_rtcp(master).ok_or(SrtpError::Key)?,
            streams: [None; MAX_SRTP_SOURCES],
        })
    }

    /// The suite in use.
    #[must_use]
    pub fn suite(&self) -> Suite {
        self.suite
    }

    /// Protects the RTP packet in `buffer[..len]`; gives the protected length.
    ///
    /// # Errors
    /// `Malformed`, `NoSpace`, `TooManySources`, `IndexUsedUp`.
    pub fn protect(&mut self, buffer: &mut [u8], len: usize) -> Result<usize, SrtpError> {
        if buffer.len() < len + self.suite.tag_len() {
            return Err(SrtpError::NoSpace);
        }
        let header_len = rtp::header_len(&buffer[..len]).map_err(|_| SrtpError::Malformed)?;
        let header = rtp::peek_header(buffer).map_err(|_| SrtpError::Malformed)?;
        let slot = self.slot(header.ssrc)?;
        let mut stream = self.stream(slot, header.ssrc);
        let index = stream.rtp.guess(header.sequence);
        // A second packet under one index would reveal the key stream.
        if stream.rtp_sent.is_some_and(|sent| index <= sent) || index > MAX_RTP_INDEX {
            return Err(SrtpError::IndexUsedUp);
        }
        let protected =
            self.rtp.seal_rtp(buffer, header_len, len, header.ssrc, index).map_err(|_| SrtpError::Key)?;
        stream.rtp_sent = Some(index);
        stream.rtp.mark(index);
        self.streams[slot] = Some(stream);
        Ok(protected)
    }

    /// Unprotects an RTP packet in place; gives the length of the clear packet. Refused packets
    /// change no state.
    ///
    /// # Errors
    /// `Malformed`, `Replayed`, `Authentication`, `TooManySources`.
    pub fn unprotect(&mut self, packet: &mut [u8]) -> Result<usize, SrtpError> {
        let header_len = rtp::header_len(packet).map_err(|_| SrtpError::Malformed)?;
        let header = rtp::peek_header(packet).map_err(|_| SrtpError::Malformed)?;
        let slot = self.slot(header.ssrc)?;
        let mut stream = self.stream(slot, header.ssrc);
        let index = stream.rtp.guess(header.sequence);
        if !stream.rtp.is_new(index) {
            return Err(SrtpError::Replayed);
        }
        let len = self
            .rtp
            .open_rtp(packet, header_len, header.ssrc, index)
            .map_err(|_| SrtpError::Authentication)?;
        stream.rtp.mark(index);
        self.streams[slot] = Some(stream);
        Ok(len)
    }

    /// Protects the RTCP compound in `buffer[..len]`; gives the protected length.
    ///
    /// # Errors
    /// `Malformed`, `NoSpace`, `TooManySources`, `IndexUsedUp`.
    pub fn protect_rtcp(&mut self, buffer: &mut [u8], len: usize) -> Result<usize, SrtpError> {
        if buffer.len() < len + self.suite.tag_len() + 4 {
            return Err(SrtpError::NoSpace);
        }
        let ssrc = rtcp_ssrc(&buffer[..len])?;
        let slot = self.slot(ssrc)?;
        let mut stream = self.stream(slot, ssrc);
        let index = stream.rtcp_next;
        if index > MAX_RTCP_INDEX {
            return Err(SrtpError::IndexUsedUp);
        }
        let protected = self.rtcp.seal_rtcp(buffer, len, ssrc, index).map_err(|_| SrtpError::Key)?;
        stream.rtcp_next = index + 1;
        self.streams[slot] = Some(stream);
        Ok(protected)
    }

    /// Unprotects an RTCP compound in place; gives the length of the clear compound.
    ///
    /// # Errors
    /// `Malformed`, `NotEncrypted`, `Replayed`, `Authentication`, `TooManySources`.
    pub fn unprotect_rtcp(&mut self, packet: &mut [u8]) -> Result<usize, SrtpError> {
        let ssrc = rtcp_ssrc(packet)?;
        let word = self.rtcp.rtcp_word(packet).ok_or(SrtpError::Malformed)?;
        if word & ENCRYPTED == 0 {
            return Err(SrtpError::NotEncrypted);
        }
        let slot = self.slot(ssrc)?;
        let mut stream = self.stream(slot, ssrc);
        let index = u64::from(word & !ENCRYPTED);
        if !stream.rtcp.is_new(index) {
            return Err(SrtpError::Replayed);
        }
        let len = self.rtcp.open_rtcp(packet, ssrc, word).map_err(|_| SrtpError::Authentication)?;
        stream.rtcp.mark(index);
        self.streams[slot] = Some(stream);
        Ok(len)
    }

    /// The slot of a source: its own, or the first free one.
    fn slot(&self, ssrc: u32) -> Result<usize, SrtpError> {
        self.streams
            .iter()
            .position(|slot| slot.as_ref().is_none_or(|stream| stream.ssrc == ssrc))
            .ok_or(SrtpError::TooManySources)
    }

    fn stream(&self, slot: usize, ssrc: u32) -> Stream {
        self.streams[slot].unwrap_or(Stream { ssrc, ..Stream::default() })
    }

    #[cfg(test)]
    pub(super) fn with_session_gcm(key: &[u8], salt: [u8; 12], rtcp_next: (u32, u32)) -> Self {
        let mut streams = [None; MAX_SRTP_SOURCES];
        if rtcp_next.1 > 0 {
            streams[0] = Some(Stream { ssrc: rtcp_next.0, rtcp_next: rtcp_next.1, ..Stream::default() });
        }
        Self {
            suite: Suite::AeadAes256Gcm,
            rtp: Transform::gcm(key, salt).expect("a session key"),
            rtcp: Transform::gcm(key, salt).expect("a session key"),
            streams,
        }
    }
}

fn rtcp_ssrc(packet: &[u8]) -> Result<u32, SrtpError> {
    let prefix = packet.get(..RTCP_PREFIX).ok_or(SrtpError::Malformed)?;
    if prefix[0] >> 6 != 2 {
        return Err(SrtpError::Malformed);
    }
    Ok(u32::from_be_bytes([prefix[4], prefix[5], prefix[6], prefix[7]]))
}

/// 48 bits (RFC 3711 section 9.2).
const MAX_RTP_INDEX: u64 = (1 << 48) - 1;
/// 31 bits.
const MAX_RTCP_INDEX: u32 = !ENCRYPTED;
