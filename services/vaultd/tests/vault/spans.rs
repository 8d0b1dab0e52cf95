//! Spans of cards: what they may be set to, who may work on them, their history, orders and traces.

use idl::spans::{E1Config, PriConfig, SpanConfig, SpanPurpose};
use vocab::{SpanId, TrunkId};

/// A primary rate access; the box gives its trunk.
pub fn pri(span: u16) -> SpanConfig {
    SpanConfig {
        span: SpanId(span),
        trunk: TrunkId(0),
        name: format!("E1-{span}"),
        e1: E1Config { timing: u8::try_from(span).unwrap(), ..E1Config::default() },
        purpose: SpanPurpose::Pri(PriConfig::default()),
    }
}
