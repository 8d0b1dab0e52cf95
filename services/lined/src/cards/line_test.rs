//! Line tests of a span: a loop, or a bit error test or the technician's handset on one slot that carries no call. One at a
//! time.

use crate::voice::{SlotNews, SlotProcessor};
use card::SLOT_BLOCK;
use card::bert::Bert;
use idl::handset::{HANDSET_LIMIT_MS, HandsetTest};
use idl::spans::{BertPattern, LoopKind, TestStatus};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use vocab::{Millis, Timeslot};

/// Blocks between two words of a running test: a second.
const NEWS_BLOCKS: u32 = 50;

/// The test that runs on a span.
#[derive(Debug)]
pub(super) enum LineTest {
    /// A loop is closed.
    Loop(LoopKind),
    /// Bits are compared.
    Bert {
        /// Where.
        slot: Timeslot,
        /// What was told last.
        status: TestStatus,
        /// Errors still to be put in.
        wanted_errors: Arc<AtomicU32>,
        /// The loop that was closed before and stays when the bits have been compared.
        under: Option<LoopKind>,
    },
    /// The technician's handset is on a slot.
    Handset {
        /// What it does there.
        test: HandsetTest,
        /// Since when.
        began: Millis,
        /// The slot was blocked before and stays so.
        blocked: bool,
        /// As of a bit error test.
        under: Option<LoopKind>,
    },
}

impl LineTest {
    /// A bit error test, and what runs it on its slot.
    pub fn bert(
        slot: Timeslot,
        pattern: BertPattern,
        under: Option<LoopKind>,
    ) -> (Self, Box<dyn SlotProcessor>) {
        let bert = Bert::new(slot, pattern);
        let wanted_errors = Arc::new(AtomicU32::new(0));
        let status = bert.status();
        let processor = BertProcessor { bert, wanted_errors: Arc::clone(&wanted_errors), blocks: 0 };
        (Self::Bert { slot, status, wanted_errors, under }, Box::new(processor))
    }

    /// How it stands.
    pub fn status(&self) -> TestStatus {
        match self {
            Self::Loop(kind) => TestStatus::Loop(*kind),
            Self::Bert { status, .. } => *status,
            Self::Handset { test, .. } => TestStatus::Handset(*test),
        }
    }

    /// The slot it runs on, if not on all of them.
    pub fn slot(&self) -> Option<Timeslot> {
        match self {
            Self::Loop(_) => None,
            Self::Bert { slot, .. } => Some(*slot),
            Self::Handset { test, .. } => Some(test.slot),
        }
    }

    /// When it ends by itself.
    pub fn deadline(&self) -> Option<Millis> {
        match self {
            Self::Loop(_) | Self::Bert { .. } => None,
            Self::Handset { began, .. } => Some(*began + HANDSET_LIMIT_MS),
        }
    }
}

/// Sends and compares a pattern.
#[derive(Debug)]
struct BertProcessor {
    bert: Bert,
    wanted_errors: Arc<AtomicU32>,
    blocks: u32,
}

impl SlotProcessor for BertProcessor {
    fn wants_clear_slot(&self) -> bool {
        true
    }

    fn block(
        &mut self,
        incoming: &[u8; SLOT_BLOCK],
        outgoing: &mut [u8; SLOT_BLOCK],
        news: &mut dyn FnMut(SlotNews),
    ) {
        let wanted = self.wanted_errors.load(Ordering::Relaxed);
        if wanted > 0 {
            self.wanted_errors.fetch_sub(1, Ordering::Relaxed);
            self.bert.insert_error();
        }
        self.bert.turn(incoming, outgoing);
        self.blocks += 1;
        if self.blocks.is_multiple_of(NEWS_BLOCKS) {
            news(SlotNews::Bert(self.bert.status()));
        }
    }
}
