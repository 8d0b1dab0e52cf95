//! Cards: all spans, one span with its timeslots, its history and quality, and the orders a technician may give.

use super::{Page, Verb};
use crate::clean::{clean, padded};
use crate::console::{Console, Out};
use crate::session::For;
use crate::sheet::{Prompt, Sheet, Tone};
use crate::span_words::{self, order_word};
use crate::words::fill;
use idl::admin::Admin;
use idl::handset::HANDSET_LIMIT_MS;
use idl::spans::{BertPattern, E1_TIMESLOTS, LoopKind, SpanOrder};
use idl::views::{SpanAsk, SpanView};
use vocab::{SpanId, Timeslot};

impl Console {
    pub(super) fn cards(&self) -> Sheet {
        let w = self.w();
        let mut sheet = Sheet::of(w.cards);
        match self.told.spans.as_deref() {
            None => {}
            Some([]) => sheet.say(Tone::Plain, w.no_spans),
            Some(spans) => {
                for view in spans {
                    let (tone, alarms) = span_words::state(w, view);
                    let number = view.span.0;
                    let name = padded(&clean(&name_of(view), 24), 24);
                    let link = view.status.as_ref().map_or("", |status| span_words::link(w, status.link));
                    sheet.say(tone, format!("{number:>3}  {name} {}  {link}", padded(&alarms, 30)));
                }
            }
        }
        sheet.prompt = Some(Prompt { label: w.which_span.to_owned(), hidden: false });
        sheet
    }

    pub(super) fn typed_span(&mut self, line: &str, out: &mut Out) {
        if line.is_empty() {
            self.back(out);
            return;
        }
        let spans = self.told.spans.as_deref().unwrap_or_default();
        let wanted = line.parse().ok().map(SpanId).filter(|id| spans.iter().any(|view| view.span == *id));
        match wanted {
            Some(span) => {
                self.told.span = None;
                self.go(Page::Span(span), out);
            }
            None => self.note(Tone::Warn, self.w().no_such_span),
        }
    }

    pub(super) fn span(&self, span: SpanId) -> Sheet {
        let w = self.w();
        let mut sheet = Sheet::of(format!("{} {}", w.span, span.0));
        if let Some(card) = self.told.span.as_ref().filter(|card| card.view.span == span) {
            let view = &card.view;
            let (tone, alarms) = span_words::state(w, view);
            sheet.row(Tone::Head, w.span, clean(&name_of(view), 50));
            if let Some(status) = &view.status {
                sheet.row(Tone::Plain, w.place, clean(&status.place, 50));
                sheet.row(tone, w.state, format!("{alarms}  {} {}", w.since, self.at(status.since)));
                sheet.row(Tone::Plain, w.link, span_words::link(w, status.link));
                let counts = status.counters;
                let text = format!(
                    "BPV {}  CRC4 {}  E {}  FAS {}  slip {}  HDLC {}",
                    counts.bipolar, counts.crc4, counts.e_bit, counts.frame, counts.slips, counts.hdlc
                );
                sheet.row(Tone::Plain, w.counters, text);
                sheet.row(Tone::Plain, w.slots, span_words::ruler(status.slots.len()));
                sheet.row(Tone::Plain, " ", span_words::slots(&status.slots));
                sheet.say(Tone::Plain, w.slots_calls);
                sheet.say(Tone::Plain, w.slots_work);
                sheet.row(Tone::Plain, w.test, span_words::test(w, status.test.as_ref()));
                if let Some(frames) = status.trace_frames {
                    sheet.row(Tone::Warn, w.trace, fill(w.trace_runs, &[&frames.to_string()]));
                }
            } else {
                sheet.row(tone, w.state, alarms);
            }
            for trace in card.traces.iter().take(MAX_TRACES) {
                let frames = fill(w.frames, &[&trace.frames.to_string()]);
                sheet.row(Tone::Plain, w.traces, format!("{}  {frames}", span_words::file(&trace.file)));
            }
        }
        let all = [
            ('b', w.block),
            ('u', w.unblock),
            ('c', w.restart_slot),
            ('r', w.restart_span),
            ('s', w.start_trace),
            ('p', w.stop_trace),
            ('l', w.close_loop),
            ('t', w.start_bert),
            ('e', w.bit_error),
            ('a', w.handset),
            ('k', w.stop_test),
            ('h', w.history),
            ('q', w.quality),
        ];
        for (key, label) in all {
            sheet.choice(key, label);
        }
        self.leave_choices(&mut sheet);
        sheet
    }

    pub(super) fn choose_of_span(&mut self, span: SpanId, key: char, out: &mut Out) {
        match key {
            'b' => self.go(Page::Slot(span, Verb::Block), out),
            'u' => self.go(Page::Slot(span, Verb::Unblock), out),
            'c' => self.go(Page::Slot(span, Verb::Restart), out),
            't' => self.go(Page::Slot(span, Verb::Test), out),
            'a' => self.go(Page::Slot(span, Verb::Handset), out),
            'r' => self.go(Page::Confirm(span, SpanOrder::RestartSpan), out),
            'l' => self.go(Page::Loop(span), out),
            'h' => self.go(Page::History(span, None), out),
            'q' => self.go(Page::Quality(span), out),
            's' => self.order(span, SpanOrder::StartTrace, out),
            'p' => self.order(span, SpanOrder::StopTrace, out),
            'e' => self.order(span, SpanOrder::InsertBitError, out),
            'k' => self.order(span, SpanOrder::StopTest, out),
            _ => self.look(false, out),
        }
    }

    pub(super) fn order(&mut self, span: SpanId, order: SpanOrder, out: &mut Out) {
        let word = order_word(self.w(), order);
        self.ask_and_wait(For::Order(word), Admin::Span(SpanAsk::Order { span, order }), out);
    }

    /// Back from where an order was asked for, without a look of its own: the screen is refreshed by itself.
    pub(super) fn back_from_order(&mut self, out: &mut Out) {
        match self.page {
            Page::Slot(span, _)
            | Page::Loop(span)
            | Page::Pattern(span, _)
            | Page::Handset(span, _)
            | Page::Confirm(span, _) => {
                self.page = Page::Span(span);
                self.line.clear();
            }
            Page::Sure(_) | Page::Reset => {
                self.page = Page::Appliance;
                self.line.clear();
            }
            Page::Span(_) | Page::Appliance => {}
            _ => return,
        }
        self.look_again(out);
    }

    pub(super) fn slot(&self, span: SpanId, verb: Verb) -> Sheet {
        let w = self.w();
        let word = match verb {
            Verb::Block => w.block,
            Verb::Unblock => w.unblock,
            Verb::Restart => w.restart_slot,
            Verb::Test => w.start_bert,
            Verb::Handset => w.handset,
        };
        let mut sheet = Sheet::of(format!("{} {}  {word}", w.span, span.0));
        if let Some(status) = self.told.span.as_ref().and_then(|card| card.view.status.as_ref()) {
            sheet.row(Tone::Plain, w.slots, span_words::ruler(status.slots.len()));
            sheet.row(Tone::Plain, " ", span_words::slots(&status.slots));
            sheet.say(Tone::Plain, w.slots_calls);
            sheet.say(Tone::Plain, w.slots_work);
        }
        sheet.prompt = Some(Prompt { label: w.which_slot.to_owned(), hidden: false });
        sheet
    }

    pub(super) fn typed_slot(&mut self, span: SpanId, verb: Verb, line: &str, out: &mut Out) {
        if line.is_empty() {
            self.back(out);
            return;
        }
        let slot = line.parse().ok().filter(|slot| (1..=E1_TIMESLOTS).contains(slot)).map(Timeslot);
        let Some(slot) = slot else {
            self.note(Tone::Warn, self.w().no_such_slot);
            return;
        };
        match verb {
            Verb::Block => self.order(span, SpanOrder::Block(slot), out),
            Verb::Unblock => self.order(span, SpanOrder::Unblock(slot), out),
            Verb::Restart => self.go(Page::Confirm(span, SpanOrder::RestartChannel(slot)), out),
            Verb::Test => self.go(Page::Pattern(span, slot), out),
            Verb::Handset => self.go(Page::Handset(span, slot), out),
        }
    }

    pub(super) fn loops(&self, span: SpanId) -> Sheet {
        let w = self.w();
        let mut sheet = Sheet::of(format!("{} {}  {}", w.span, span.0, w.which_loop));
        for (key, kind) in [('1', LoopKind::Local), ('2', LoopKind::Network), ('3', LoopKind::Payload)] {
            sheet.choice(key, span_words::loop_kind(w, kind));
        }
        sheet.choice('x', w.back);
        sheet
    }

    pub(super) fn patterns(&self, span: SpanId, slot: Timeslot) -> Sheet {
        let w = self.w();
        let title = fill(w.which_pattern, &[&slot.0.to_string()]);
        let mut sheet = Sheet::of(format!("{} {}  {title}", w.span, span.0));
        sheet.choice('1', span_words::pattern(BertPattern::Prbs11));
        sheet.choice('2', span_words::pattern(BertPattern::Prbs15));
        sheet.choice('x', w.back);
        sheet
    }

    pub(super) fn handset(&self, span: SpanId, slot: Timeslot) -> Sheet {
        let w = self.w();
        let mut sheet = Sheet::of(format!("{} {}  {} {}", w.span, span.0, w.handset, slot.0));
        sheet.say(Tone::Plain, fill(w.handset_limit, &[&(HANDSET_LIMIT_MS / 1_000).to_string()]));
        sheet.choice('1', w.handset_listen);
        sheet.choice('2', w.handset_talk);
        sheet.choice('x', w.back);
        sheet
    }

    pub(super) fn confirm(&self, span: SpanId, order: SpanOrder) -> Sheet {
        let w = self.w();
        let slot = match order {
            SpanOrder::RestartChannel(slot) => format!(" {}", slot.0),
            _ => String::new(),
        };
        let mut sheet = Sheet::of(format!("{} {}  {}{slot}", w.span, span.0, order_word(w, order)));
        let sure = if matches!(order, SpanOrder::Loop(_)) { w.sure_loop } else { w.sure_calls };
        sheet.say(Tone::Warn, sure);
        sheet.choice('y', w.yes);
        sheet.choice('n', w.no);
        sheet
    }

    pub(super) fn history(&self, span: SpanId, _before: Option<u64>) -> Sheet {
        let w = self.w();
        let mut sheet = Sheet::of(format!("{} {}  {}", w.span, span.0, w.history));
        if let Some(history) = &self.told.history {
            if history.rows.is_empty() {
                sheet.say(Tone::Plain, w.no_history);
            }
            for event in &history.rows {
                let (tone, text) = span_words::fact(w, &event.fact);
                sheet.say(tone, format!("{}  {text}", self.at(event.at)));
            }
            if history.next.is_some() {
                sheet.choice('o', w.older);
            }
        }
        self.leave_choices(&mut sheet);
        sheet
    }

    pub(super) fn quality(&self, span: SpanId) -> Sheet {
        let w = self.w();
        let mut sheet = Sheet::of(format!("{} {}  {}", w.span, span.0, w.quality));
        let bins = self.told.quality.as_deref().unwrap_or_default();
        if bins.is_empty() {
            sheet.say(Tone::Plain, w.no_history);
        } else {
            sheet.say(Tone::Head, w.quality_head);
        }
        for hour in span_words::hours(bins).into_iter().rev().take(MAX_HOURS) {
            let tone = if hour.ses + hour.uas > 0 {
                Tone::Bad
            } else if hour.es > 0 {
                Tone::Warn
            } else {
                Tone::Plain
            };
            let figures = format!(
                "{:>8} {:>6} {:>6} {:>6} {:>7}",
                hour.seconds, hour.es, hour.ses, hour.uas, hour.slips
            );
            sheet.say(tone, format!("{}  {figures}", self.at(hour.began)));
        }
        self.leave_choices(&mut sheet);
        sheet
    }
}

/// The site's name for a span, or the card's.
fn name_of(view: &SpanView) -> String {
    let named = view.config.as_ref().map(|config| config.name.clone());
    let placed = view.status.as_ref().map(|status| status.place.clone());
    named.or(placed).unwrap_or_default()
}

const MAX_TRACES: usize = 4;
const MAX_HOURS: usize = 168;
