//! What the two halves of a span tell each other across their threads. No locks: neither waits for the other.

use idl::spans::LoopKind;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering};

/// The common state; the control half writes loop and signal, the audio half counts slips.
#[derive(Debug, Default)]
pub struct Shared {
    loop_kind: AtomicU8,
    signal: AtomicBool,
    slips: AtomicU32,
}

impl Shared {
    pub fn set_loop(&self, kind: Option<LoopKind>) {
        self.loop_kind.store(crate::packet::loop_code(kind), Ordering::Release);
    }

    pub fn loop_kind(&self) -> Option<LoopKind> {
        crate::packet::loop_of(self.loop_kind.load(Ordering::Acquire)).unwrap_or_default()
    }

    /// Whether the line brings a signal that can be believed.
    pub fn set_signal(&self, there: bool) {
        self.signal.store(there, Ordering::Release);
    }

    pub fn signal(&self) -> bool {
        self.signal.load(Ordering::Acquire)
    }

    pub fn add_slips(&self, slips: u32) {
        self.slips.fetch_add(slips, Ordering::Relaxed);
    }

    pub fn slips(&self) -> u32 {
        self.slips.load(Ordering::Relaxed)
    }
}
