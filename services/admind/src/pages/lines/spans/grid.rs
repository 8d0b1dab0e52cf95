//! The live parts of a span's page: its state, its timeslots, its counters, test and trace. They show what `vaultd`
//! was last told and order nothing by themselves.

use super::{path, words};
use crate::format;
use crate::page::Page;
use crate::pages::words::Badge;
use crate::texts::{Texts, fill};
use crate::visit::Visit;
use askama::Template;
use idl::handset::HandsetTest;
use idl::spans::{D_CHANNEL, E1_TIMESLOTS, LinkState, LoopKind, SlotState, SpanStatus, TestStatus};
use idl::views::{SpanCard, SpanView, TraceView};
use rights::Request;

/// One part.
#[derive(Template)]
#[template(path = "lines/span_part.html")]
pub(super) struct Part<'a> {
    page: &'a Page,
    t: &'static Texts,
    part: &'static str,
    view: &'a SpanView,
    traces: &'a [TraceView],
    here: String,
    may_order: bool,
    may_take: bool,
}

/// A cell of the grid.
pub(super) struct Cell {
    /// Its number.
    number: usize,
    /// How it stands.
    slot: words::Slot,
    /// Whether something can be done with it.
    leads: bool,
}

/// A test's figures: name, value, unit.
type Figure = (&'static str, String, &'static str);

impl<'a> Part<'a> {
    /// A part of a span's page.
    pub(super) fn of(visit: &Visit, page: &'a Page, card: &'a SpanCard, part: &'static str) -> Self {
        Self {
            page,
            t: visit.t,
            part,
            view: &card.view,
            traces: &card.traces,
            here: path(card.view.span),
            may_order: visit.may(Request::OrderSpan),
            may_take: visit.may(Request::SpanTrace),
        }
    }

    /// What the part shows, without the proofs of its forms.
    pub(super) fn key(&self) -> String {
        match self.part {
            "trace" => format!("{:?} {:?}", self.trace_frames(), self.traces),
            _ => format!("{:?} {}", self.test(), self.view.status.is_some()),
        }
    }

    fn status(&self) -> Option<&'a SpanStatus> {
        self.view.status.as_ref()
    }

    fn state(&self) -> Vec<Badge> {
        words::state(self.t, self.view)
    }

    fn kind(&self) -> &'static str {
        words::kind(self.t, self.view)
    }

    fn place(&self) -> &str {
        self.status().map_or("–", |status| status.place.as_str())
    }

    fn since(&self) -> String {
        self.status().map_or_else(|| "–".to_owned(), |status| self.page.zone.time(status.since))
    }

    /// The data link, where there is one.
    fn link(&self) -> Option<Badge> {
        let link = self.status()?.link;
        (link != LinkState::None).then(|| words::link(self.t, link))
    }

    fn load(&self) -> (usize, usize) {
        self.status().map_or((0, 0), words::load)
    }

    fn is_e1(&self) -> bool {
        words::is_e1(self.view)
    }

    fn cells(&self) -> Vec<Cell> {
        let slots = self.status().map_or(&[][..], |status| status.slots.as_slice());
        let cell = |(at, state): (usize, &SlotState)| Cell {
            number: at + 1,
            slot: words::slot(self.t, *state),
            leads: self.may_order && !matches!(*state, SlotState::Signalling | SlotState::Unused),
        };
        slots.iter().enumerate().map(cell).collect()
    }

    /// Each state with how many slots are in it; those that no slot is in are left out.
    fn legend(&self) -> Vec<(words::Slot, usize)> {
        let slots = self.status().map_or(&[][..], |status| status.slots.as_slice());
        let count = |state: SlotState| slots.iter().filter(|known| **known == state).count();
        words::SLOTS
            .into_iter()
            .map(|state| (words::slot(self.t, state), count(state)))
            .filter(|(_, count)| *count > 0)
            .collect()
    }

    fn counters(&self) -> Vec<(&'static str, String)> {
        let Some(status) = self.status() else { return vec![] };
        let all = words::counters(self.t, status.counters);
        // A card of analogue ports has no frames whose errors could be counted.
        let of_e1 = |(name, _): &(&str, u32)| status.is_e1 || *name == self.t.spans.slips;
        all.into_iter().filter(of_e1).map(|(name, value)| (name, format::count(value.into()))).collect()
    }

    fn test(&self) -> Option<TestStatus> {
        self.status()?.test
    }

    fn trace_frames(&self) -> Option<u64> {
        self.status()?.trace_frames
    }

    /// Whether there is a D channel whose frames could be written.
    fn has_link(&self) -> bool {
        self.status().is_some_and(|status| status.link != LinkState::None)
    }

    fn test_badge(&self, test: &TestStatus) -> Badge {
        match *test {
            TestStatus::Loop(kind) => Badge { kind: "warn", text: words::loop_kind(self.t, kind) },
            TestStatus::Bert { synced: true, .. } => Badge { kind: "live", text: self.t.spans.synced },
            TestStatus::Bert { .. } => Badge { kind: "warn", text: self.t.spans.not_synced },
            TestStatus::Handset(_) => Badge { kind: "live", text: self.t.spans.fact_handset },
        }
    }

    /// What a bit error test has found so far; nothing of a loop.
    fn figures(&self, test: &TestStatus) -> Vec<Figure> {
        let t = self.t;
        match *test {
            TestStatus::Loop(_) => vec![],
            TestStatus::Handset(HandsetTest { slot, .. }) => {
                vec![(t.spans.timeslot, slot.0.to_string(), "")]
            }
            TestStatus::Bert { slot, pattern, seconds, bits, errors, .. } => vec![
                (t.spans.timeslot, slot.0.to_string(), ""),
                (t.spans.pattern, words::pattern(pattern).to_owned(), ""),
                (t.spans.seconds_run, format::count(seconds.into()), t.spans.seconds_unit),
                (t.spans.bits, format::count(bits), ""),
                (t.spans.bit_errors, format::count(errors), ""),
                (t.spans.error_rate, words::error_rate(errors, bits), ""),
            ],
        }
    }

    fn is_bert(&self) -> bool {
        matches!(self.test(), Some(TestStatus::Bert { .. }))
    }

    fn loops(&self) -> [(&'static str, &'static str, &'static str); 3] {
        let t = self.t;
        [
            ("loop-local", words::loop_kind(t, LoopKind::Local), t.spans.loop_local_text),
            ("loop-network", words::loop_kind(t, LoopKind::Network), t.spans.loop_network_text),
            ("loop-payload", words::loop_kind(t, LoopKind::Payload), t.spans.loop_payload_text),
        ]
    }

    /// Slots on which a bit error test may run.
    fn bearers(&self) -> Vec<u8> {
        (1..=E1_TIMESLOTS).filter(|slot| *slot != D_CHANNEL.0).collect()
    }

    fn trace_rows(&self) -> Vec<(String, &'a str, String)> {
        let row = |trace: &'a TraceView| {
            (self.page.zone.time(trace.at), trace.file.as_str(), format::count(trace.frames))
        };
        self.traces.iter().map(row).collect()
    }

    fn trace_text(&self, frames: &u64) -> String {
        fill(self.t.spans.trace_runs, &[&format::count(*frames)])
    }
}
