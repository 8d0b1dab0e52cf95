//! What a person orders of a span. What ends calls or takes a span out of use is asked for on a page of its own first;
//! `vaultd` decides, and what it refuses is said where the person came from.

use super::{NAV, card, path, words};
use crate::fault::Fault;
use crate::form::Form;
use crate::page::{Page, render};
use crate::texts::{Texts, fill};
use crate::visit::{Visit, to};
use askama::Template;
use axum::extract::Path;
use axum::response::{Html, Response};
use idl::admin::Admin;
use idl::spans::{BertPattern, E1_TIMESLOTS, LoopKind, SlotState, SpanOrder};
use idl::views::SpanAsk;
use rights::Request;
use vocab::{SpanId, Timeslot};

/// An order by its word in forms and addresses: `block-7`, `restart`, `loop-local`.
fn parse(word: &str) -> Option<SpanOrder> {
    Some(match word {
        "restart" => SpanOrder::RestartSpan,
        "trace-start" => SpanOrder::StartTrace,
        "trace-stop" => SpanOrder::StopTrace,
        "loop-local" => SpanOrder::Loop(LoopKind::Local),
        "loop-network" => SpanOrder::Loop(LoopKind::Network),
        "loop-payload" => SpanOrder::Loop(LoopKind::Payload),
        "error" => SpanOrder::InsertBitError,
        "stop" => SpanOrder::StopTest,
        _ => {
            let (what, slot) = word.rsplit_once('-')?;
            let slot = slot_of(slot)?;
            match what {
                "block" => SpanOrder::Block(slot),
                "unblock" => SpanOrder::Unblock(slot),
                "restart" => SpanOrder::RestartChannel(slot),
                _ => return None,
            }
        }
    })
}

fn slot_of(word: &str) -> Option<Timeslot> {
    let slot = word.parse().ok().filter(|slot| (1..=E1_TIMESLOTS).contains(slot))?;
    Some(Timeslot(slot))
}

/// What ends calls or keeps a span from carrying any.
const fn needs_a_second_step(order: SpanOrder) -> bool {
    matches!(order, SpanOrder::RestartChannel(_) | SpanOrder::RestartSpan | SpanOrder::Loop(_))
}

fn done(t: &Texts, order: SpanOrder) -> String {
    match order {
        SpanOrder::Block(slot) => fill(t.spans.done_block, &[&slot.0]),
        SpanOrder::Unblock(slot) => fill(t.spans.done_unblock, &[&slot.0]),
        SpanOrder::RestartChannel(slot) => fill(t.spans.done_restart_slot, &[&slot.0]),
        SpanOrder::RestartSpan => t.spans.done_restart.to_owned(),
        SpanOrder::StartTrace => t.spans.done_trace_start.to_owned(),
        SpanOrder::StopTrace => t.spans.done_trace_stop.to_owned(),
        SpanOrder::Loop(_) => t.spans.done_loop.to_owned(),
        SpanOrder::StartBert { slot, .. } => fill(t.spans.done_bert, &[&slot.0]),
        SpanOrder::InsertBitError => t.spans.done_error.to_owned(),
        // Only who stands at the box uses it; the page offers it to nobody.
        SpanOrder::StopTest | SpanOrder::Handset(_) => t.spans.done_stop.to_owned(),
    }
}

/// Orders something.
pub(super) async fn order(visit: Visit, Path(id): Path<u16>, form: Form) -> Result<Response, Fault> {
    let word = form.value("order");
    let order = parse(word).ok_or(Fault::Bad("form-malformed"))?;
    if needs_a_second_step(order) && !form.has("sure", "yes") {
        return Ok(to(&format!("{}/sure/{word}", path(SpanId(id)))));
    }
    carry_out(&visit, SpanId(id), order).await
}

/// Starts a bit error test.
pub(super) async fn bert(visit: Visit, Path(id): Path<u16>, mut form: Form) -> Result<Response, Fault> {
    let patterns = [("prbs15", BertPattern::Prbs15), ("prbs11", BertPattern::Prbs11)];
    let pattern = form.choice(visit.t, "pattern", &patterns);
    let (Some(slot), Some(pattern)) = (slot_of(form.value("slot")), pattern) else {
        return Err(Fault::Bad("form-malformed"));
    };
    carry_out(&visit, SpanId(id), SpanOrder::StartBert { slot, pattern }).await
}

async fn carry_out(visit: &Visit, span: SpanId, order: SpanOrder) -> Result<Response, Fault> {
    let what = Admin::Span(SpanAsk::Order { span, order });
    visit.ordered(what, &path(span), &done(visit.t, order)).await
}

/// The site uses a span no more.
pub(super) async fn remove(visit: Visit, Path(id): Path<u16>, form: Form) -> Result<Response, Fault> {
    let span = SpanId(id);
    if !form.has("sure", "yes") {
        return Ok(to(&format!("{}/sure/remove", path(span))));
    }
    let what = Admin::Span(SpanAsk::Remove { span });
    match visit.ask(what).await {
        Ok(_) => Ok(visit.done(NAV, visit.t.spans.done_remove)),
        Err(Fault::Refused(refusal)) => Ok(visit.refused(&path(span), refusal.text(visit.lang))),
        Err(fault) => Err(fault),
    }
}

#[derive(Template)]
#[template(path = "lines/span_sure.html")]
struct Sure {
    page: Page,
    t: &'static Texts,
    here: String,
    name: String,
    action: String,
    word: String,
    text: String,
    calls: usize,
    button: &'static str,
}

/// Asks whether it is meant.
pub(super) async fn sure(visit: Visit, Path((id, word)): Path<(u16, String)>) -> Result<Html<String>, Fault> {
    let t = visit.t;
    let order = parse(&word).filter(|order| needs_a_second_step(*order));
    let request = if word == "remove" { Request::RemoveSpan } else { Request::OrderSpan };
    if !visit.may(request) {
        return Err(Fault::Forbidden);
    }
    let (title, text, button) = match order {
        None if word == "remove" => (t.spans.remove_title.to_owned(), t.spans.remove_text, t.spans.remove),
        Some(SpanOrder::RestartChannel(slot)) => {
            (fill(t.spans.restart_slot_title, &[&slot.0]), t.spans.restart_slot_text, t.spans.restart)
        }
        Some(SpanOrder::RestartSpan) => {
            (t.spans.restart_title.to_owned(), t.spans.restart_text, t.spans.restart)
        }
        Some(SpanOrder::Loop(kind)) => {
            let title = fill(t.spans.loop_title, &[&words::loop_kind(t, kind)]);
            (title, t.spans.loop_text, t.spans.loop_close)
        }
        _ => return Err(Fault::NotFound),
    };
    let card = card(&visit, id).await?;
    let slots = card.view.status.as_ref().map_or(&[][..], |status| status.slots.as_slice());
    let calls = match order {
        Some(SpanOrder::RestartChannel(slot)) => {
            let state = slots.get(usize::from(slot.0) - 1);
            usize::from(state.is_some_and(|state| words::has_call(*state)))
        }
        _ => slots.iter().filter(|state| words::has_call(**state)).count(),
    };
    let here = path(SpanId(id));
    let end = if order.is_none() { "remove" } else { "order" };
    render(&Sure {
        page: visit.page(&title, NAV),
        t,
        name: words::name(t, &card.view),
        action: format!("{here}/{end}"),
        here,
        word,
        text: text.to_owned(),
        calls,
        button,
    })
}

#[derive(Template)]
#[template(path = "lines/span_slot.html")]
struct SlotPage {
    page: Page,
    t: &'static Texts,
    here: String,
    name: String,
    number: u8,
    slot: words::Slot,
    call: bool,
    may_block: bool,
    may_unblock: bool,
    may_restart: bool,
}

/// One timeslot or port with what can be done with it.
pub(super) async fn slot(visit: Visit, Path((id, number)): Path<(u16, u8)>) -> Result<Html<String>, Fault> {
    let t = visit.t;
    let card = card(&visit, id).await?;
    let status = card.view.status.as_ref().ok_or(Fault::NotFound)?;
    let at = usize::from(number).checked_sub(1).ok_or(Fault::NotFound)?;
    let state = *status.slots.get(at).ok_or(Fault::NotFound)?;
    let may = visit.may(Request::OrderSpan) && !matches!(state, SlotState::Unused | SlotState::Signalling);
    let word = if status.is_e1 { t.spans.slot_title } else { t.spans.port_title };
    render(&SlotPage {
        page: visit.page(&fill(word, &[&number]), NAV),
        t,
        here: path(SpanId(id)),
        name: words::name(t, &card.view),
        number,
        slot: words::slot(t, state),
        call: words::has_call(state),
        may_block: may && state != SlotState::Blocked,
        may_unblock: may && state == SlotState::Blocked,
        may_restart: may && status.link != idl::spans::LinkState::None,
    })
}

#[cfg(test)]
mod tests {
    use super::{needs_a_second_step, parse};
    use idl::spans::SpanOrder;
    use vocab::Timeslot;

    #[test]
    fn an_order_is_one_word_and_anything_else_is_none() {
        assert_eq!(parse("block-7"), Some(SpanOrder::Block(Timeslot(7))));
        assert_eq!(parse("restart-31"), Some(SpanOrder::RestartChannel(Timeslot(31))));
        for bad in ["", "block", "block-0", "block-32", "block--1", "restart-x", "remove", "bert-1", "stop-1"]
        {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn what_ends_calls_or_takes_the_span_out_of_use_takes_two_steps() {
        for word in ["restart", "restart-1", "loop-local", "loop-network", "loop-payload"] {
            assert!(parse(word).is_some_and(needs_a_second_step), "{word}");
        }
        for word in ["block-1", "unblock-1", "trace-start", "trace-stop", "error", "stop"] {
            assert!(!parse(word).is_some_and(needs_a_second_step), "{word}");
        }
    }
}
