//! Cards on the page: the spans with their state, their history, and what may be asked of them.
//!
//! A span is a trunk, too: line groups name its trunk like any other. Nothing here decides.

use crate::spans::{SpanConfig, SpanFact, SpanOrder, SpanStatus};
use crate::views::TrunkLive;
use serde::{Deserialize, Serialize};
use vocab::{LineGroupId, SpanId, UnixMs};

/// What is asked about spans.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum SpanAsk {
    /// All spans, those set and those that only a card reports: [`crate::admin::Answer::Spans`].
    All,
    /// One span: [`crate::admin::Answer::Span`].
    One {
        /// The span.
        span: SpanId,
    },
    /// Alarms, data link, tests and traces, newest first: [`crate::admin::Answer::SpanHistory`].
    History {
        /// The span; `None`: all of them.
        span: Option<SpanId>,
        /// Only entries below this one.
        before: Option<u64>,
    },
    /// Quarters of an hour of the last seven days, oldest first: [`crate::admin::Answer::SpanQuality`].
    Quality {
        /// The span.
        span: SpanId,
    },
    /// Sets a span, new or known: `Created` with the id of its trunk. Trunk 0 has the box give one, or keep the
    /// one the span has.
    Set(Box<SpanConfig>),
    /// The site uses a span no more: `Done`.
    Remove {
        /// The span.
        span: SpanId,
    },
    /// Orders something of a span: `Done` when the card has done it, within five seconds.
    Order {
        /// The span.
        span: SpanId,
        /// What.
        order: SpanOrder,
    },
    /// A piece of a trace's file: [`crate::admin::Answer::TracePiece`]. The piece that begins at 0 is an entry;
    /// within ten minutes of it the same person may fetch the others.
    Trace {
        /// The file, as [`TraceView::file`] or [`SpanFact::Trace`] names it.
        file: String,
        /// From this byte on.
        offset: u64,
    },
}

/// A span as it is set and as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpanView {
    /// The span.
    pub span: SpanId,
    /// What the site sets it to; `None`: a card has it, the site does not use it.
    pub config: Option<SpanConfig>,
    /// How it stands; `None`: nobody reports of it, since `lined` is gone or no card has it.
    pub status: Option<SpanStatus>,
    /// The trunk it is; `None` where the site does not use it.
    pub trunk: Option<TrunkLive>,
}

/// One span with what belongs to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpanCard {
    /// The span.
    pub view: SpanView,
    /// Line groups that name its trunk.
    pub groups: Vec<(LineGroupId, String)>,
    /// Its traces, newest first.
    pub traces: Vec<TraceView>,
}

/// A trace that may be fetched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceView {
    /// When it ended.
    pub at: UnixMs,
    /// The file.
    pub file: String,
    /// Frames in it.
    pub frames: u64,
}

/// An event of a span's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpanEvent {
    /// Its entry of the ledger.
    pub seq: u64,
    /// When it happened.
    pub at: UnixMs,
    /// What happened; never [`SpanFact::Quality`].
    pub fact: SpanFact,
}

/// A page of a span's history.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SpanHistory {
    /// Newest first.
    pub rows: Vec<SpanEvent>,
    /// To be given as `before` for the next page; `None`: nothing older is kept here.
    pub next: Option<u64>,
}

/// Quarters of an hour kept of a span: seven days.
pub const KEPT_BINS: usize = 672;
/// Bytes of a piece of a trace.
pub const TRACE_PIECE_BYTES: usize = 32 * 1024;
