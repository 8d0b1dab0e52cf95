//! Audio packets: a block of every slot of a span, in the order of the slots, under a sequence number. One length for
//! each kind of span; any other is no block.

use card::{SLOT_BLOCK, SpanKind};

/// Octets before the samples: version, slots, two of nothing, the sequence number, little-endian.
pub const HEADER: usize = 8;
/// A-law silence as it lies on the line (G.711: +0, even bits inverted).
pub const SILENCE: u8 = 0xD5;

/// Octets of a packet of such a span.
#[must_use]
pub const fn packet_length(kind: SpanKind) -> usize {
    HEADER + kind.slots() as usize * SLOT_BLOCK
}

/// The sequence number of a packet, if it is one of such a span.
#[must_use]
pub fn sequence(kind: SpanKind, packet: &[u8]) -> Option<u32> {
    let &[super::packet::VERSION, slots, 0, 0, a, b, c, d] = packet.first_chunk::<HEADER>()? else {
        return None;
    };
    (slots == kind.slots() && packet.len() == packet_length(kind)).then(|| u32::from_le_bytes([a, b, c, d]))
}

/// Room for one packet, made once. It is one octet longer than a packet, so that a longer one shows.
#[derive(Debug, Clone)]
pub struct Buffer {
    kind: SpanKind,
    octets: Box<[u8]>,
}

impl Buffer {
    /// A packet of silence.
    #[must_use]
    pub fn new(kind: SpanKind) -> Self {
        let mut octets = vec![SILENCE; packet_length(kind) + 1].into_boxed_slice();
        octets[..HEADER].copy_from_slice(&[super::packet::VERSION, kind.slots(), 0, 0, 0, 0, 0, 0]);
        Self { kind, octets }
    }

    /// The packet.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.octets[..packet_length(self.kind)]
    }

    /// Where to receive one.
    pub fn room(&mut self) -> &mut [u8] {
        &mut self.octets
    }

    /// The number of the packet that `length` received octets are, if they are one.
    #[must_use]
    pub fn received(&self, length: usize) -> Option<u32> {
        sequence(self.kind, self.octets.get(..length)?)
    }

    /// Numbers it.
    pub fn set_sequence(&mut self, sequence: u32) {
        self.octets[HEADER - size_of::<u32>()..HEADER].copy_from_slice(&sequence.to_le_bytes());
    }

    /// The samples of a slot from 1 on.
    #[must_use]
    pub fn slot(&self, slot: u8) -> Option<&[u8; SLOT_BLOCK]> {
        let from = HEADER + usize::from(slot.checked_sub(1)?) * SLOT_BLOCK;
        self.bytes().get(from..)?.first_chunk()
    }

    /// The samples of a slot from 1 on, to write.
    pub fn slot_mut(&mut self, slot: u8) -> Option<&mut [u8; SLOT_BLOCK]> {
        let from = HEADER + usize::from(slot.checked_sub(1)?) * SLOT_BLOCK;
        self.octets[..packet_length(self.kind)].get_mut(from..)?.first_chunk_mut()
    }

    /// Takes the samples of another packet of the same kind.
    pub fn copy_samples(&mut self, other: &Self) {
        debug_assert_eq!(self.kind, other.kind, "blocks of different spans");
        let length = self.octets.len().min(other.octets.len());
        self.octets[HEADER..length].copy_from_slice(&other.octets[HEADER..length]);
    }

    /// Silence on every slot.
    pub fn hush(&mut self) {
        self.octets[HEADER..].fill(SILENCE);
    }
}
