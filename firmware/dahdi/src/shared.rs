//! What the two halves of a span share: which slots are audio, who owns their events, and what was lost.
//!
//! The lock is taken by control when it configures and by audio when it sees that something changed, never while
//! audio runs.

use crate::device::ChannelFile;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Slots of a span with index 0, which is none.
pub(crate) const SLOTS: usize = idl::spans::E1_TIMESLOTS as usize + 1;

/// What a slot is for the audio half.
#[derive(Debug, Clone, Default)]
pub(crate) enum SlotUse {
    /// No audio: the D channel, or not configured.
    #[default]
    None,
    /// A clear channel: audio opens it and fetches its events.
    Clear,
    /// A port with signalling: control has it open and fetches its events.
    Port(Arc<ChannelFile>),
}

/// How a span is laid out.
#[derive(Debug, Clone, Default)]
pub(crate) struct Layout {
    pub slots: [SlotUse; SLOTS],
    pub echo_canceller: bool,
}

/// The shared part.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    generation: AtomicU32,
    layout: Mutex<Layout>,
    lost: AtomicU32,
}

impl Shared {
    /// Control has configured the span.
    pub(crate) fn publish(&self, layout: Layout) {
        *self.layout.lock().unwrap_or_else(PoisonError::into_inner) = layout;
        self.generation.fetch_add(1, Ordering::Release);
    }

    /// Grows with each configuration; 0 before the first.
    pub(crate) fn generation(&self) -> u32 {
        self.generation.load(Ordering::Acquire)
    }

    pub(crate) fn layout(&self) -> Layout {
        self.layout.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A block was lost.
    pub(crate) fn count_lost(&self) {
        self.lost.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn lost(&self) -> u32 {
        self.lost.load(Ordering::Relaxed)
    }
}
