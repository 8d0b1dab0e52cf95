//! What people ask about spans: setting and removing them, orders to their cards, fetching a trace.
//!
//! Each change, order and download is an entry. What a span may be set to is checked in `span_checks`.

use super::span_checks::check_span;
use super::{Actor, Handled, Refusal};
use crate::command::{Job, Message, ReadJob, ReplyTo, TracePiece};
use crate::entries::{EntryResult, Event};
use crate::spans::{ORDER_WAITS_MS, Order, of_order};
use crate::state::is_span;
use crate::vault::Vault;
use idl::admin::Answer;
use idl::lines::VaultToLined;
use idl::spans::{SpanConfig, SpanOrder, SpanRefusal};
use idl::views::SpanAsk;
use vocab::{SpanId, TrunkId};

impl Vault {
    pub(super) fn span_request(&mut self, actor: &Actor, ask: SpanAsk) -> Handled {
        match ask {
            SpanAsk::All => Ok(Some(Answer::Spans(self.spans_view()))),
            SpanAsk::One { span } => {
                let card = self.span_card(span).ok_or_else(|| Refusal::unknown("span"))?;
                Ok(Some(Answer::Span(Box::new(card))))
            }
            SpanAsk::History { span, before } => {
                Ok(Some(Answer::SpanHistory(Box::new(self.span_history(span, before)))))
            }
            SpanAsk::Quality { span } => {
                let bins = self.state.cards.bins_of(span).copied().collect();
                Ok(Some(Answer::SpanQuality(bins)))
            }
            SpanAsk::Set(config) => self.set_span(actor, *config),
            SpanAsk::Remove { span } => self.remove_span(actor, span),
            SpanAsk::Order { span, order } => self.order_span(actor, span, order),
            SpanAsk::Trace { file, offset } => self.trace_piece(actor, file, offset),
        }
    }

    fn set_span(&mut self, actor: &Actor, mut config: SpanConfig) -> Handled {
        let known = self.state.cards.spans.get(&config.span).map(|known| known.trunk);
        if config.trunk == TrunkId(0) {
            config.trunk = match known {
                Some(trunk) => trunk,
                None => self.free_trunk()?,
            };
        }
        let status = self.spans_now.status.get(&config.span);
        check_span(&self.state, &config, status)?;
        if let Some(trunk) = known.filter(|trunk| *trunk != config.trunk) {
            self.is_idle_trunk(trunk)?;
        }
        self.lines_fit(|site| {
            site.spans.retain(|other| other.span != config.span);
            site.spans.push(config.clone());
        })?;
        let id = u64::from(config.trunk.0);
        self.change_lines(actor, Event::SpanSet { config: Box::new(config) });
        Ok(Some(Answer::Created { ids: vec![id] }))
    }

    fn remove_span(&mut self, actor: &Actor, span: SpanId) -> Handled {
        let known = self.state.cards.spans.get(&span).ok_or_else(|| Refusal::unknown("span"))?;
        self.is_idle_trunk(known.trunk)?;
        self.change_lines(actor, Event::SpanRemoved { span });
        Ok(Some(Answer::Done))
    }

    /// A trunk that a line group names, or that carries calls, stays.
    fn is_idle_trunk(&self, trunk: TrunkId) -> Result<(), Refusal> {
        let names = |group: &&idl::lines::LineGroup| group.members.iter().any(|member| member.trunk == trunk);
        if let Some(group) = self.state.groups.values().find(names) {
            return Err(Refusal::new(
                "span-in-group",
                format!("The line group \"{}\" uses this span. Set its use to off instead.", group.name),
                format!("线路组“{}”正在使用此线路接口：请改为将其用途设为停用。", group.name),
            ));
        }
        let carries =
            |call: &vocab::CallId| self.calls.get(*call).is_some_and(|record| record.trunk == Some(trunk));
        if self.state.open_calls.iter().any(carries) {
            return Err(of_order(SpanRefusal::InUse));
        }
        Ok(())
    }

    fn order_span(&mut self, actor: &Actor, span: SpanId, order: SpanOrder) -> Handled {
        let conn = self.lined.as_ref().filter(|lined| lined.ready()).map(|lined| lined.conn);
        let refusal = match conn {
            _ if !is_span(span) => Some(of_order(SpanRefusal::NoSuchSpan)),
            None => Some(of_order(SpanRefusal::NoAnswer)),
            Some(_) if !self.spans_now.has_room(actor.id) => {
                Some(Refusal::new("busy", "Wait for what was ordered before.", "请等待之前的操作完成。"))
            }
            Some(_) => None,
        };
        let result =
            refusal.as_ref().map_or(EntryResult::Done, |told| EntryResult::Refused(told.code.to_owned()));
        let event = Event::SpanOrdered { span, order };
        let id = self.record_from(actor.who(), actor.from, result, event);
        if let (None, Some(conn)) = (&refusal, conn) {
            let until_boot_ms = self.clock.boot_ms + ORDER_WAITS_MS;
            self.spans_now.keep(id, Order { actor: actor.clone(), span, order, until_boot_ms });
            self.send(conn, Message::Lined(VaultToLined::SpanOrder { id, span, order }));
        }
        Ok(refusal.map(Refusal::into_answer))
    }

    fn trace_piece(&mut self, actor: &Actor, file: String, offset: u64) -> Handled {
        let span = self.state.cards.span_of_trace(&file).ok_or_else(|| Refusal::unknown("trace"))?;
        if offset > 0 && !self.spans_now.takes(actor.id, &file, self.clock.boot_ms) {
            return Err(Refusal::new(
                "trace-begin",
                "Fetch the trace from its begin again.",
                "请从头重新下载跟踪文件。",
            ));
        }
        self.work(Job::Read(ReadJob::Trace { reply: actor.reply(), span, file, offset }));
        Ok(None)
    }

    /// The first piece of a trace was read: that it is handed out is an entry before it is an answer.
    pub(crate) fn trace_read(
        &mut self,
        reply: ReplyTo,
        span: SpanId,
        file: String,
        piece: Option<TracePiece>,
    ) {
        let Some(actor) = self.actor_of(reply) else {
            return;
        };
        let (result, bytes, answer) = match piece {
            Some(TracePiece { bytes, total }) => {
                self.spans_now.begin_taking(actor.id, file.clone(), self.clock.boot_ms);
                (EntryResult::Done, total, Answer::TracePiece { bytes, total })
            }
            None => {
                let gone = trace_gone();
                (EntryResult::Refused(gone.code.to_owned()), 0, gone.into_answer())
            }
        };
        self.record_from(actor.who(), actor.from, result, Event::SpanTraceTaken { span, file, bytes });
        self.answer(reply.conn, reply.id, answer);
    }
}

/// The file of a trace is not there any more.
pub(crate) fn trace_gone() -> Refusal {
    Refusal::new(
        "trace-gone",
        "The trace's file cannot be read any more. Run a new trace.",
        "跟踪文件已无法读取：请重新进行跟踪。",
    )
}
