//! The trace of a D channel as a capture file that Wireshark decodes: bytes out, for whoever owns the file.
//!
//! Classic pcap with link type LINUX_LAPD (177): before each frame a pseudo header of 16 octets that says who sent it
//! and which side we are. The plain type LAPD (203) has none: tshark 4.0 then shows no direction, and takes each
//! response for a command.
//!
//! Subscribers' digits never get into it: what is information of layer 3 (I and UI frames) passes through the caller's
//! mask first. Of what is no frame of Q.921, or carries information that is not layer 3's, only the head is kept; the
//! file tells its true length.

use idl::spans::PriSide;
use vocab::UnixMs;

/// Where a trace stops, unless it is told otherwise: some 700 000 frames.
pub const MAX_TRACE_BYTES: u64 = 64 * 1024 * 1024;

/// Who sent a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// We did.
    Sent,
    /// The other side.
    Received,
}

/// A trace that runs.
#[derive(Debug, Clone)]
pub struct Trace {
    side: PriSide,
    limit: u64,
    bytes: u64,
    frames: u64,
}

impl Trace {
    /// Begins a trace of at most `limit` bytes: the head of the file goes to `out`.
    #[must_use]
    pub fn begin(side: PriSide, limit: u64, out: &mut Vec<u8>) -> Self {
        out.extend_from_slice(&MAGIC_MICROSECONDS.to_le_bytes());
        out.extend_from_slice(&2_u16.to_le_bytes());
        out.extend_from_slice(&4_u16.to_le_bytes());
        // The zone is UTC, the accuracy is not told.
        out.extend_from_slice(&[0; 8]);
        out.extend_from_slice(&SNAPSHOT_BYTES.to_le_bytes());
        out.extend_from_slice(&LINKTYPE_LINUX_LAPD.to_le_bytes());
        Self { side, limit, bytes: FILE_HEAD, frames: 0 }
    }

    /// Writes a frame, without its checksum, to `out`; false, and nothing written, where it would not fit any more:
    /// the trace is over.
    pub fn frame(
        &mut self,
        at: UnixMs,
        direction: Direction,
        frame: &[u8],
        mask: impl FnOnce(&mut [u8]),
        out: &mut Vec<u8>,
    ) -> bool {
        let parts = Parts::of(frame);
        let kept = parts.head + parts.layer_3;
        let length = RECORD_HEAD + PSEUDO_HEAD + kept as u64;
        if self.bytes.saturating_add(length) > self.limit {
            return false;
        }
        let ms = at.0.max(0);
        let seconds = u32::try_from(ms / 1_000).unwrap_or(u32::MAX);
        let micros = u32::try_from(ms % 1_000 * 1_000).unwrap_or_default();
        let on_line = u32::try_from(PSEUDO_HEAD as usize + frame.len()).unwrap_or(u32::MAX);
        let in_file = u32::try_from(PSEUDO_HEAD as usize + kept).unwrap_or(u32::MAX);
        for number in [seconds, micros, in_file, on_line] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        out.extend_from_slice(&self.pseudo_head(direction));
        let begin = out.len();
        out.extend_from_slice(&frame[..kept]);
        mask(&mut out[begin + parts.head..]);
        self.bytes += length;
        self.frames += 1;
        true
    }

    /// As the kernel's packet sockets would give it, big-endian: kind of packet, hardware, length of the address, the
    /// address, whose first octet says whether we are the network, and the protocol.
    const fn pseudo_head(&self, direction: Direction) -> [u8; PSEUDO_HEAD as usize] {
        let kind = match direction {
            Direction::Sent => PACKET_OUTGOING,
            Direction::Received => PACKET_HOST,
        };
        let network = matches!(self.side, PriSide::Network) as u8;
        let [hardware_high, hardware_low] = ARPHRD_LAPD.to_be_bytes();
        let [protocol_high, protocol_low] = ETH_P_LAPD.to_be_bytes();
        [
            0,
            kind,
            hardware_high,
            hardware_low,
            0,
            1,
            network,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            protocol_high,
            protocol_low,
        ]
    }

    /// Frames written.
    #[must_use]
    pub const fn frames(&self) -> u64 {
        self.frames
    }

    /// Bytes written, the file's head among them.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }
}

/// What of a frame is kept: the head as it is, the information of layer 3 masked.
struct Parts {
    head: usize,
    layer_3: usize,
}

impl Parts {
    /// By the formats of Q.921 3.4 and 3.5, modulo 128.
    fn of(frame: &[u8]) -> Self {
        let longest = frame.len().min(card_frame());
        let head = |octets: usize| Self { head: octets.min(longest), layer_3: 0 };
        let with_layer_3 =
            |octets: usize| Self { head: octets.min(longest), layer_3: longest.saturating_sub(octets) };
        match frame {
            // Two octets of address, the first not extended: else it is no frame.
            [sapi, tei, ..] if sapi & 1 != 0 || tei & 1 == 0 => head(ADDRESS),
            [_, _, control, ..] if control & 0x01 == 0 => with_layer_3(ADDRESS + 2),
            [_, _, control, ..] if control & 0x03 == 0x01 => head(ADDRESS + 2),
            [_, _, control, ..] if control & !POLL_FINAL == UI => with_layer_3(ADDRESS + 1),
            [_, _, control, ..] if control & !POLL_FINAL == FRMR => head(ADDRESS + 1 + FRMR_INFORMATION),
            _ => head(ADDRESS + 1),
        }
    }
}

const fn card_frame() -> usize {
    crate::driver::MAX_D_FRAME
}

const ADDRESS: usize = 2;
const POLL_FINAL: u8 = 0x10;
const UI: u8 = 0x03;
const FRMR: u8 = 0x87;
/// The rejected control field, V(S), V(R) and the reasons (Q.921 figure 8): no digits.
const FRMR_INFORMATION: usize = 5;
const MAGIC_MICROSECONDS: u32 = 0xA1B2_C3D4;
const SNAPSHOT_BYTES: u32 = 65_535;
/// The registered number of the link type (tcpdump.org, LINKTYPE_LINUX_LAPD).
const LINKTYPE_LINUX_LAPD: u32 = 177;
const FILE_HEAD: u64 = 24;
const RECORD_HEAD: u64 = 16;
const PSEUDO_HEAD: u64 = 16;
/// Linux's numbers for packets to us and from us, LAPD as hardware, LAPD as protocol.
const PACKET_HOST: u8 = 0;
const PACKET_OUTGOING: u8 = 4;
const ARPHRD_LAPD: u16 = 8_445;
const ETH_P_LAPD: u16 = 0x0030;
