//! What the audio half tells the control half. No lock.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

/// State of the PCMs.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    gone: AtomicBool,
    slips: AtomicU32,
}

impl Shared {
    pub fn is_gone(&self) -> bool {
        self.gone.load(Ordering::Relaxed)
    }

    pub fn set_gone(&self, gone: bool) {
        self.gone.store(gone, Ordering::Relaxed);
    }

    pub fn slips(&self) -> u32 {
        self.slips.load(Ordering::Relaxed)
    }

    /// A block was lost, or a PCM ran out.
    pub fn slipped(&self) {
        self.slips.fetch_add(1, Ordering::Relaxed);
    }
}
