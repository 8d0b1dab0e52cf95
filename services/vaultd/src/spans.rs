//! Spans as `lined` tells of them: how they stand, the facts of their history, and how orders ended.
//!
//! A fact is acknowledged when it is durable, and stored once. How a span stands is kept in memory alone and
//! gone with `lined`. Who may order what is decided in `admin::spans`.

use crate::admin::{Actor, Refusal};
use crate::command::Message;
use crate::entries::{EntryResult, Event, Who};
use crate::state::{is_span, span_of};
use crate::vault::Vault;
use idl::admin::Answer;
use idl::hello::Process;
use idl::lines::VaultToLined;
use idl::spans::{E1_TIMESLOTS, SpanFact, SpanOrder, SpanRefusal, SpanStatus};
use std::collections::BTreeMap;
use vocab::{PersonId, SpanId, UnixMs};

/// An order that `lined` has not answered.
#[derive(Debug)]
pub(crate) struct Order {
    /// Who ordered.
    pub(crate) actor: Actor,
    /// The span.
    pub(crate) span: SpanId,
    /// What.
    pub(crate) order: SpanOrder,
    /// Until when it is waited for, in milliseconds of `CLOCK_BOOTTIME`.
    pub(crate) until_boot_ms: u64,
}

/// Somebody fetches the file of a trace.
#[derive(Debug)]
struct Taking {
    person: PersonId,
    file: String,
    until_boot_ms: u64,
}

/// What is known of spans between two requests; after a restart it is asked for anew.
#[derive(Debug, Default)]
pub(crate) struct SpansNow {
    /// How each span stands.
    pub(crate) status: BTreeMap<SpanId, SpanStatus>,
    orders: BTreeMap<u64, Order>,
    takings: Vec<Taking>,
}

impl SpansNow {
    /// Whether another order may be given by this person.
    pub(crate) fn has_room(&self, person: PersonId) -> bool {
        let own = self.orders.values().filter(|order| order.actor.id == person).count();
        own < MAX_ORDERS_OF_ONE && self.orders.len() < MAX_ORDERS
    }

    /// Keeps an order under the number of its entry.
    pub(crate) fn keep(&mut self, id: u64, order: Order) {
        self.orders.insert(id, order);
    }

    fn take_where(&mut self, over: impl Fn(&Order) -> bool) -> Vec<(u64, Order)> {
        let ids: Vec<u64> = self.orders.iter().filter(|(_, order)| over(order)).map(|(id, _)| *id).collect();
        ids.into_iter().filter_map(|id| Some((id, self.orders.remove(&id)?))).collect()
    }

    /// A person begins to fetch a trace; the oldest makes room.
    pub(crate) fn begin_taking(&mut self, person: PersonId, file: String, now_boot_ms: u64) {
        self.takings.retain(|taking| !(taking.person == person && taking.file == file));
        if self.takings.len() >= MAX_TAKINGS {
            self.takings.remove(0);
        }
        self.takings.push(Taking { person, file, until_boot_ms: now_boot_ms + TAKING_LIFE_MS });
    }

    /// Whether a person has begun to fetch a trace, not too long ago.
    pub(crate) fn takes(&self, person: PersonId, file: &str, now_boot_ms: u64) -> bool {
        let own = |taking: &Taking| taking.person == person && taking.file == file;
        self.takings.iter().any(|taking| own(taking) && now_boot_ms <= taking.until_boot_ms)
    }
}

impl Vault {
    /// How a span stands: the last word counts.
    pub(crate) fn span_stands(&mut self, mut status: SpanStatus) {
        if !is_span(status.span) {
            log::error!("lined tells of {}, which no box has", status.span);
            return;
        }
        status.place = status.place.chars().take(MAX_PLACE_CHARS).collect();
        status.slots.truncate(usize::from(E1_TIMESLOTS));
        self.spans_now.status.insert(status.span, status);
    }

    /// A fact of the cards' history: durable before it is acknowledged, and stored once.
    pub(crate) fn span_fact(&mut self, life: u64, seq: u64, at: UnixMs, fact: SpanFact) {
        if !self.state.cards.has_fact(life, seq) {
            if may_stand(&fact) {
                let event = Event::SpanHistory { life, seq, at, fact };
                self.record(Who::Process(Process::Lined), event);
            } else {
                log::error!("lined tells what no card can: it is not kept");
            }
        }
        if let Some(conn) = self.lined.as_ref().map(|lined| lined.conn) {
            self.send(conn, Message::Lined(VaultToLined::SpanFactStored { life, seq }));
        }
    }

    /// `lined` has done an order, or not.
    pub(crate) fn span_order_done(&mut self, id: u64, result: Result<(), SpanRefusal>) {
        // An order given up before is no news any more.
        if let Some(order) = self.spans_now.orders.remove(&id) {
            self.end_order(id, order, result.err());
        }
    }

    /// Orders that nobody answers any more.
    pub(crate) fn forget_orders(&mut self) {
        let now = self.clock.boot_ms;
        for (id, order) in self.spans_now.take_where(|order| order.until_boot_ms <= now) {
            self.end_order(id, order, Some(SpanRefusal::NoAnswer));
        }
    }

    /// `lined` is gone, and what it told with it.
    pub(crate) fn spans_without_lined(&mut self) {
        self.spans_now.status.clear();
        for (id, order) in self.spans_now.take_where(|_| true) {
            self.end_order(id, order, Some(SpanRefusal::NoAnswer));
        }
    }

    fn end_order(&mut self, ordered: u64, order: Order, refusal: Option<SpanRefusal>) {
        let Order { actor, span, order, .. } = order;
        let by = if refusal == Some(SpanRefusal::NoAnswer) { Process::Vaultd } else { Process::Lined };
        let told = refusal.map(of_order);
        let result =
            told.as_ref().map_or(EntryResult::Done, |told| EntryResult::Refused(told.code.to_owned()));
        let event = Event::SpanOrderEnded { ordered, span, order, refusal };
        self.record_from(Who::Process(by), by, result, event);
        let answer = told.map_or(Answer::Done, Refusal::into_answer);
        self.answer(actor.conn, actor.request, answer);
    }
}

/// Whether a fact can be true of this product: a box has such a span, a trace has such a name.
fn may_stand(fact: &SpanFact) -> bool {
    let named = match fact {
        SpanFact::Trace { file, .. } => is_trace_name(file),
        SpanFact::Alarms { .. }
        | SpanFact::Link { .. }
        | SpanFact::Quality(_)
        | SpanFact::Bert { .. }
        | SpanFact::Handset(_) => true,
    };
    named && is_span(span_of(fact))
}

/// A trace's file lies in the folder of traces and nowhere else.
#[must_use]
pub(crate) fn is_trace_name(file: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    file.len() <= MAX_TRACE_NAME
        && file.ends_with(".pcap")
        && file.starts_with(|c: char| c.is_ascii_alphanumeric())
        && file.chars().all(plain)
}

/// Why an order was not carried out, and what to do.
pub(crate) fn of_order(refusal: SpanRefusal) -> Refusal {
    let (code, en, zh) = match refusal {
        SpanRefusal::NoSuchSpan => (
            "span-none",
            "No card of this box has this span. Look whether the card is there and its driver loaded.",
            "本机没有此线路接口：请检查板卡是否在位、驱动是否加载。",
        ),
        SpanRefusal::NoSuchSlot => (
            "span-slot-none",
            "The span has no such timeslot or port, or it is not of this kind. Choose another.",
            "该线路接口没有此时隙或端口，或其类型不符：请另选。",
        ),
        SpanRefusal::InUse => (
            "span-calls",
            "Calls are on it. Block it and wait until they are over.",
            "其上仍有通话：请先闭塞，待通话结束后再试。",
        ),
        SpanRefusal::Running => (
            "span-running",
            "Another test or trace runs on this span. Stop it first.",
            "该线路接口正在进行其他测试或跟踪：请先停止。",
        ),
        SpanRefusal::NothingRuns => (
            "span-nothing-runs",
            "Nothing runs that could be stopped or changed.",
            "当前没有可停止或更改的测试或跟踪。",
        ),
        SpanRefusal::NotSupported => ("span-unsupported", "This card cannot do it.", "此板卡不支持该操作。"),
        SpanRefusal::LinkDown => (
            "span-link-down",
            "The D channel's data link is down. Look at the alarms, then ask the carrier.",
            "D信道链路未建立：请查看告警，必要时联系运营商。",
        ),
        SpanRefusal::Failed => (
            "span-failed",
            "The card or the trace's file refused. Look at the log of lined.",
            "板卡或跟踪文件出错：请查看线路服务日志。",
        ),
        SpanRefusal::NoAnswer => (
            "lined-gone",
            "The lines' process does not answer. Look how the span stands, then try again.",
            "线路服务无响应：请先查看线路接口当前状态，再重试。",
        ),
        SpanRefusal::NoHandset => (
            "span-no-handset",
            "This box has no handset, or lined could not start it. Look at its board file.",
            "本机没有测试听筒，或线路服务未能启用：请查看主板配置文件。",
        ),
    };
    Refusal::new(code, en, zh)
}

/// `lined` answers an order within this time, or is gone.
pub(crate) const ORDER_WAITS_MS: u64 = 5_000;
/// Orders on their way at once.
const MAX_ORDERS: usize = 32;
/// Orders of one person on their way at once.
const MAX_ORDERS_OF_ONE: usize = 4;
/// Traces being fetched at once.
const MAX_TAKINGS: usize = 32;
/// A trace is fetched within this time.
const TAKING_LIFE_MS: u64 = 600_000;
/// Characters of the board's words for a span.
const MAX_PLACE_CHARS: usize = 64;
/// Bytes of the name of a trace's file.
const MAX_TRACE_NAME: usize = 64;

#[cfg(test)]
mod tests {
    use super::is_trace_name;

    #[test]
    fn the_name_of_a_trace_never_leaves_its_folder() {
        assert!(is_trace_name("span-1-20261122T101500Z.pcap"));
        for bad in ["../keys.pcap", "/etc/x.pcap", ".pcap", "a/b.pcap", "a.txt", "", "跟踪.pcap", "a\0.pcap"]
        {
            assert!(!is_trace_name(bad), "{bad:?}");
        }
        assert!(!is_trace_name(&format!("{}.pcap", "x".repeat(64))));
    }
}
