//! Sizes and times every part of the media core agrees on. It holds no behaviour.

/// Samples a second of every codec here (G.711).
pub const SAMPLE_RATE_HZ: u32 = 8_000;
/// One media tick in milliseconds.
pub const TICK_MS: u64 = 20;
/// One media tick in microseconds.
pub const TICK_US: u64 = TICK_MS * 1_000;
/// Samples, and G.711 octets, in one tick.
pub const FRAME_SAMPLES: usize = 160;
/// Largest datagram accepted or produced.
pub const MAX_PACKET: usize = 1_500;
/// Largest protected audio packet: header, 40 ms of G.711, the longest tag.
pub const MAX_TX_PACKET: usize = 512;

/// One tick of G.711 octets.
pub type Frame = [u8; FRAME_SAMPLES];
/// One tick of linear samples.
pub type PcmFrame = [i16; FRAME_SAMPLES];

/// Converts microseconds of monotonic time to 8 kHz RTP ticks.
#[must_use]
pub const fn us_to_ticks(us: u64) -> u32 {
    // The low 32 bits are what RTP carries.
    (us / 125) as u32
}

/// Converts a count of samples to whole milliseconds.
#[must_use]
pub const fn samples_to_ms(samples: u64) -> u64 {
    samples / (SAMPLE_RATE_HZ as u64 / 1_000)
}
