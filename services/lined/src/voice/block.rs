//! One second of a recording on its way from a media thread to the recorder. Fixed size, used again and again.

use media::call::TapFrame;
use media::g711::Law;
use media::units::{FRAME_SAMPLES, Frame};
use zeroize::Zeroize;

/// Frames of a block: one second.
pub const BLOCK_FRAMES: usize = 50;

/// Both sides of a second of audio with its missing parts.
pub struct Block {
    left: [Frame; BLOCK_FRAMES],
    right: [Frame; BLOCK_FRAMES],
    left_missing: u64,
    right_missing: u64,
    frames: usize,
    law: Law,
}

impl std::fmt::Debug for Block {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Block({} frames)", self.frames)
    }
}

impl Block {
    /// An empty block.
    #[must_use]
    pub fn boxed() -> Box<Self> {
        Box::new(Self {
            left: [[0; FRAME_SAMPLES]; BLOCK_FRAMES],
            right: [[0; FRAME_SAMPLES]; BLOCK_FRAMES],
            left_missing: 0,
            right_missing: 0,
            frames: 0,
            law: Law::A,
        })
    }

    /// Appends a tick; `true` when the block is full. A frame of which more than half is missing counts as a gap.
    pub fn push(&mut self, tap: &TapFrame) -> bool {
        let at = self.frames;
        assert!(at < BLOCK_FRAMES, "a full block is handed over before the next frame");
        self.left[at] = tap.left;
        self.right[at] = tap.right;
        self.left_missing |= u64::from(is_gap(tap.left_missing)) << at;
        self.right_missing |= u64::from(is_gap(tap.right_missing)) << at;
        self.law = tap.law;
        self.frames += 1;
        self.frames == BLOCK_FRAMES
    }

    /// Frames held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.frames
    }

    /// Whether nothing is held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.frames == 0
    }

    /// The law of both sides.
    #[must_use]
    pub fn law(&self) -> Law {
        self.law
    }

    /// The frames: left, right, and whether each is missing.
    pub fn frames(&self) -> impl Iterator<Item = (&Frame, &Frame, bool, bool)> {
        (0..self.frames).map(|at| {
            let missing = |map: u64| map >> at & 1 == 1;
            (&self.left[at], &self.right[at], missing(self.left_missing), missing(self.right_missing))
        })
    }

    /// Wipes the audio, so that no clear second of a call stays behind in memory.
    pub fn clear(&mut self) {
        for frame in self.left[..self.frames].iter_mut().chain(&mut self.right[..self.frames]) {
            frame.zeroize();
        }
        self.left_missing = 0;
        self.right_missing = 0;
        self.frames = 0;
    }
}

fn is_gap(missing: u16) -> bool {
    usize::from(missing) * 2 > FRAME_SAMPLES
}
