//! Spans on the page: what they are set to, how they stand, their history. Nothing of it is a person's.

use super::page::{MAX_PAGE_BYTES, Page};
use crate::vault::Vault;
use idl::MAX_FRAME_BYTES;
use idl::lines::LineGroup;
use idl::spans::{E1_TIMESLOTS, MAX_SPANS, PortKind, SpanConfig, SpanPurpose};
use idl::views::{KEPT_BINS, SpanCard, SpanEvent, SpanHistory, SpanView, TraceView, TrunkLive};
use std::collections::BTreeSet;
use vocab::{LineGroupId, SpanId};

impl Vault {
    /// All spans that are set or reported.
    pub(crate) fn spans_view(&self) -> Vec<SpanView> {
        let set = self.state.cards.spans.keys();
        let all: BTreeSet<SpanId> = set.chain(self.spans_now.status.keys()).copied().collect();
        let lives = self.trunks_live();
        let mut page = Page::of(MAX_SPANS);
        for span in all {
            if self.span_view(span, &lives).is_some_and(|view| !page.push(view)) {
                break;
            }
        }
        page.into_rows()
    }

    fn span_view(&self, span: SpanId, lives: &[TrunkLive]) -> Option<SpanView> {
        let config = self.state.cards.spans.get(&span).cloned();
        let status = self.spans_now.status.get(&span).cloned();
        if config.is_none() && status.is_none() {
            return None;
        }
        let trunk =
            config.as_ref().and_then(|config| lives.iter().find(|live| live.id == config.trunk).cloned());
        Some(SpanView { span, config, status, trunk })
    }

    /// One span with its groups and traces.
    pub(crate) fn span_card(&self, span: SpanId) -> Option<SpanCard> {
        let view = self.span_view(span, &self.trunks_live())?;
        let trunk = view.config.as_ref().map(|config| config.trunk);
        let names = |group: &&LineGroup| group.members.iter().any(|member| Some(member.trunk) == trunk);
        let groups: Vec<(LineGroupId, String)> =
            self.state.groups.values().filter(names).map(|group| (group.id, group.name.clone())).collect();
        let traces = self.state.cards.traces_of(span);
        let traces = traces
            .map(|trace| TraceView { at: trace.at, file: trace.file.clone(), frames: trace.frames })
            .collect();
        Some(SpanCard { view, groups, traces })
    }

    /// A page of the history of one span, or of all.
    pub(crate) fn span_history(&self, span: Option<SpanId>, before: Option<u64>) -> SpanHistory {
        let before = before.unwrap_or(u64::MAX);
        let mut page = Page::within(EVENTS_A_PAGE, MAX_PAGE_BYTES);
        let mut next = None;
        for event in self.state.cards.events_before(span, before, EVENTS_A_PAGE + 1) {
            let row = SpanEvent { seq: event.seq, at: event.at, fact: event.fact.clone() };
            if !page.push(row) {
                next = Some(event.seq + 1);
                break;
            }
        }
        SpanHistory { rows: page.into_rows(), next }
    }
}

/// Calls a span can carry at once.
pub(super) fn channels_of(config: &SpanConfig) -> u16 {
    let count = match &config.purpose {
        SpanPurpose::Off => 0,
        SpanPurpose::Pri(pri) => usize::from(E1_TIMESLOTS - 1).saturating_sub(pri.unused.len()),
        SpanPurpose::Ports(ports) => {
            ports.iter().filter(|port| matches!(port.kind, PortKind::Fxo { .. })).count()
        }
    };
    u16::try_from(count).unwrap_or(u16::MAX)
}

/// Events of a page.
const EVENTS_A_PAGE: usize = 50;
/// Bytes of a quarter of an hour on the wire, at most: an id, an instant, four seconds, five counters.
const BIN_BYTES: usize = 3 + 10 + 4 * 3 + 5 * 5;
const _: () = assert!(KEPT_BINS * BIN_BYTES < MAX_FRAME_BYTES, "all of them fit one answer");
