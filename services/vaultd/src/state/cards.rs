//! Cards in the state: the spans as they are set, and the newest part of their history.
//!
//! Bounded in every direction; what is older stands in the ledger alone. How a span stands now is no part of the
//! state.

use idl::spans::{MAX_SPANS, QualityBin, SpanConfig, SpanFact};
use idl::views::KEPT_BINS;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use vocab::{AgentId, SpanId, TrunkId, UnixMs};

/// An event of a span's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventKept {
    /// The entry.
    pub seq: u64,
    /// When it happened.
    pub at: UnixMs,
    /// What happened.
    pub fact: SpanFact,
}

/// A trace whose file may be fetched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceKept {
    /// When it ended.
    pub at: UnixMs,
    /// The file's name.
    pub file: String,
    /// Frames in it.
    pub frames: u64,
}

/// Everything known of cards.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Cards {
    /// The spans the site uses.
    pub spans: BTreeMap<SpanId, SpanConfig>,
    /// The highest trunk a span ever was: calls of the past keep their trunk to themselves.
    highest_trunk: u16,
    last_fact: Option<(u64, u64)>,
    events: BTreeMap<SpanId, VecDeque<EventKept>>,
    bins: BTreeMap<SpanId, BTreeMap<UnixMs, QualityBin>>,
    traces: BTreeMap<SpanId, VecDeque<TraceKept>>,
}

impl Cards {
    /// The span that is this trunk.
    #[must_use]
    pub fn of_trunk(&self, trunk: TrunkId) -> Option<&SpanConfig> {
        self.spans.values().find(|config| config.trunk == trunk)
    }

    /// Whether a fact is stored already.
    #[must_use]
    pub fn has_fact(&self, life: u64, seq: u64) -> bool {
        self.last_fact.is_some_and(|(known, last)| known == life && seq <= last)
    }

    /// Events of one span or of all below an entry, newest first.
    #[must_use]
    pub fn events_before(&self, span: Option<SpanId>, before: u64, max: usize) -> Vec<&EventKept> {
        let rings = self.events.iter().filter(|(known, _)| span.is_none_or(|only| only == **known));
        let below = |ring: &&EventKept| ring.seq < before;
        let mut found: Vec<&EventKept> =
            rings.flat_map(|(_, ring)| ring.iter().rev().filter(below).take(max)).collect();
        found.sort_unstable_by_key(|event| std::cmp::Reverse(event.seq));
        found.truncate(max);
        found
    }

    /// Quarters of an hour of a span, oldest first.
    pub fn bins_of(&self, span: SpanId) -> impl Iterator<Item = &QualityBin> {
        self.bins.get(&span).into_iter().flat_map(BTreeMap::values)
    }

    /// Traces of a span, newest first.
    pub fn traces_of(&self, span: SpanId) -> impl Iterator<Item = &TraceKept> {
        self.traces.get(&span).into_iter().flat_map(|traces| traces.iter().rev())
    }

    /// The span whose trace lies in a file of this name.
    #[must_use]
    pub fn span_of_trace(&self, file: &str) -> Option<SpanId> {
        let holds = |traces: &VecDeque<TraceKept>| traces.iter().any(|trace| trace.file == file);
        self.traces.iter().find(|(_, traces)| holds(traces)).map(|(span, _)| *span)
    }

    /// Whether an agent's plain telephone is a port of a card.
    #[must_use]
    pub fn has_telephone(&self, agent: AgentId) -> bool {
        self.spans.values().flat_map(telephones).any(|(_, known)| known == agent)
    }

    /// The highest trunk a span is or was.
    #[must_use]
    pub const fn highest_trunk(&self) -> u16 {
        self.highest_trunk
    }

    pub(super) fn set(&mut self, config: &SpanConfig) {
        self.highest_trunk = self.highest_trunk.max(config.trunk.0);
        self.spans.insert(config.span, config.clone());
    }

    pub(super) fn fact(&mut self, entry: u64, life: u64, seq: u64, at: UnixMs, fact: &SpanFact) {
        self.last_fact = Some((life, seq));
        let span = span_of(fact);
        if !is_span(span) {
            return;
        }
        if let SpanFact::Quality(bin) = fact {
            return self.quarter(*bin);
        }
        if let SpanFact::Trace { file, frames, .. } = fact {
            let traces = self.traces.entry(span).or_default();
            traces.push_back(TraceKept { at, file: file.clone(), frames: *frames });
            if traces.len() > KEPT_TRACES {
                traces.pop_front();
            }
        }
        let events = self.events.entry(span).or_default();
        events.push_back(EventKept { seq: entry, at, fact: fact.clone() });
        if events.len() > KEPT_EVENTS {
            events.pop_front();
        }
    }

    /// A quarter of an hour; a second part of the same one, after a restart of `lined`, adds to the first.
    fn quarter(&mut self, bin: QualityBin) {
        let bins = self.bins.entry(bin.span).or_default();
        let known = bins.get(&bin.began).copied();
        bins.insert(bin.began, known.map_or(bin, |known| sum(known, bin)));
        if bins.len() > KEPT_BINS {
            bins.pop_first();
        }
    }
}

/// The span a fact is of.
#[must_use]
pub const fn span_of(fact: &SpanFact) -> SpanId {
    match fact {
        SpanFact::Alarms { span, .. }
        | SpanFact::Link { span, .. }
        | SpanFact::Bert { span, .. }
        | SpanFact::Trace { span, .. } => *span,
        SpanFact::Quality(bin) => bin.span,
        SpanFact::Handset(used) => used.span,
    }
}

/// Whether a box can have a span of this number.
#[must_use]
pub const fn is_span(span: SpanId) -> bool {
    span.0 >= 1 && span.0 as usize <= MAX_SPANS
}

/// The agents' telephones of a span, each with its port.
pub fn telephones(config: &SpanConfig) -> impl Iterator<Item = (vocab::Timeslot, AgentId)> {
    use idl::spans::{PortKind, SpanPurpose};
    let ports = match &config.purpose {
        SpanPurpose::Ports(ports) => ports.as_slice(),
        SpanPurpose::Off | SpanPurpose::Pri(_) => &[],
    };
    ports.iter().filter_map(|port| match port.kind {
        PortKind::Fxs { agent } => Some((port.port, agent)),
        PortKind::Fxo { .. } => None,
    })
}

fn sum(one: QualityBin, other: QualityBin) -> QualityBin {
    let seconds = |one: u16, other: u16| one.saturating_add(other).min(QUARTER_S);
    QualityBin {
        span: one.span,
        began: one.began,
        seconds: seconds(one.seconds, other.seconds),
        es: seconds(one.es, other.es),
        ses: seconds(one.ses, other.ses),
        uas: seconds(one.uas, other.uas),
        bipolar: one.bipolar.saturating_add(other.bipolar),
        crc4: one.crc4.saturating_add(other.crc4),
        e_bit: one.e_bit.saturating_add(other.e_bit),
        frame: one.frame.saturating_add(other.frame),
        slips: one.slips.saturating_add(other.slips),
    }
}

/// Events kept of one span.
pub const KEPT_EVENTS: usize = 512;
/// Traces kept of one span.
pub const KEPT_TRACES: usize = 64;
const QUARTER_S: u16 = 900;
