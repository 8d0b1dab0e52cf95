//! The cards of the box: one [`Span`] for each that the board file names, their D channels, analogue ports, alarms,
//! history, tests and traces. It belongs to signalling's task and never waits.
//!
//! It places calls that it is told to place and knows nothing of tickets, recordings or agents. Calls that come in are
//! refused: there is no way through the box (L-23).

mod handset;
#[cfg(test)]
mod handset_tests;
mod history;
mod line_test;
mod open;
mod orders;
mod pace;
mod ports;
mod pri;
mod span;
mod status;
mod tracing;

pub use history::History;
pub use open::{OpenError, OpenSpan, board, handset, open};
pub use span::Span;

use crate::call::Failure;
use crate::voice::{FrameRings, SlotProcessor};
use card::SpanControl;
use idl::lines::TrunkState;
use idl::spans::{SpanConfig, SpanFact, SpanOrder, SpanRefusal, SpanStatus};
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use sip_ua::CallHandle;
use std::os::fd::{AsFd, BorrowedFd};
use vocab::{AgentId, FailCause, Millis, PhoneNumber, Pii, SpanId, Timeslot, TrunkId, UnixMs};

/// Events of one span taken before the next span has its turn.
const MAX_EVENTS: usize = 256;

/// Monotonic and wall time of one step.
#[derive(Debug, Clone, Copy)]
pub struct Now {
    /// Monotonic.
    pub at: Millis,
    /// Wall time, for facts.
    pub wall: UnixMs,
}

/// A call to be placed on a span.
#[derive(Debug)]
pub struct CardCall {
    /// Signalling's name for the leg.
    pub handle: CallHandle,
    /// The number.
    pub number: Pii<PhoneNumber>,
    /// The registered number to show.
    pub caller: Pii<PhoneNumber>,
}

/// What the cards want done, and what they tell.
#[derive(Debug)]
pub enum DeckOutput {
    /// The customer's phone rings.
    Ringing(CallHandle),
    /// The call is answered on this slot.
    Answered(CallHandle, SpanId, Timeslot),
    /// The call is over. Told once of each.
    Ended(CallHandle, CardEnd),
    /// A span takes calls or not, and has so many idle channels.
    Trunk {
        /// Its trunk.
        trunk: TrunkId,
        /// Whether it takes calls.
        state: TrunkState,
        /// Why, with what to do.
        reason: &'static str,
        /// Idle channels.
        idle: u32,
    },
    /// How a span stands, for the page.
    Status(Box<SpanStatus>),
    /// A fact of the history.
    Fact(SpanFact),
    /// An order is done or refused.
    Done(u64, Result<(), SpanRefusal>),
    /// What runs on a slot that carries no call.
    Process(SpanId, Timeslot, Option<Box<dyn SlotProcessor>>),
    /// What the technician's handset hears and says, until the other end is dropped.
    Handset(FrameRings),
    /// An agent's plain telephone is connected or not.
    Phone(AgentId, bool),
}

/// Who ended a call on a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CardEndedBy {
    /// The far side.
    Remote,
    /// We did.
    Local,
    /// The line, the data link or a restart.
    Lost,
}

/// How a call on a card ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CardEnd {
    /// Who ended it.
    pub by: CardEndedBy,
    /// What that means where it was not answered.
    pub failure: Failure,
    /// Whether nothing can have rung, so that the next trunk may be tried.
    pub next_line: bool,
}

impl CardEnd {
    /// There is no line that could be asked.
    pub(super) const NO_LINE: Self = Self {
        by: CardEndedBy::Lost,
        failure: Failure { cause: FailCause::NoLine, sip_status: 0, q850: 0 },
        next_line: true,
    };
    /// The span was taken away from its calls.
    pub(super) const LOST: Self = Self {
        by: CardEndedBy::Lost,
        failure: Failure { cause: FailCause::Carrier, sip_status: 0, q850: TEMPORARY_FAILURE },
        next_line: false,
    };
}

/// Q.850 cause 41.
const TEMPORARY_FAILURE: u8 = 41;

/// All spans.
#[derive(Debug)]
pub struct Deck {
    spans: Vec<Span>,
    epoll: Epoll,
    handset: bool,
}

impl Deck {
    /// The spans of the board, each with its driver's control half.
    ///
    /// # Errors
    /// The system's, if their descriptors cannot be watched.
    pub fn new(
        controls: Vec<(SpanId, Box<dyn SpanControl>)>,
        traces: &std::path::Path,
    ) -> std::io::Result<Self> {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        for (span, control) in &controls {
            epoll.add(control.descriptor(), EpollEvent::new(EpollFlags::EPOLLIN, u64::from(span.0)))?;
        }
        let spans = controls.into_iter().map(|(id, control)| Span::new(id, control, traces)).collect();
        Ok(Self { spans, epoll, handset: false })
    }

    /// The box has a handset for the technician.
    #[must_use]
    pub fn with_handset(self, handset: bool) -> Self {
        Self { handset, ..self }
    }

    /// Readable when a card has something to tell.
    #[must_use]
    pub fn descriptor(&self) -> BorrowedFd<'_> {
        self.epoll.0.as_fd()
    }

    /// Whether there is any card.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// Takes the site's spans as they are now.
    pub fn apply(&mut self, now: Now, site: &[SpanConfig], out: &mut Vec<DeckOutput>) {
        for span in &mut self.spans {
            let config = site.iter().find(|config| config.span == span.id());
            span.apply(now, config, out);
        }
    }

    /// Takes what the cards have to tell, a bounded number of events of each.
    pub fn on_ready(&mut self, now: Now, out: &mut Vec<DeckOutput>) {
        let mut ready = [EpollEvent::empty(); idl::spans::MAX_SPANS];
        let count = self.epoll.wait(&mut ready, EpollTimeout::ZERO).unwrap_or(0);
        for event in &ready[..count] {
            let id = SpanId(u16::try_from(event.data()).unwrap_or(0));
            if let Some(span) = self.span(id) {
                span.on_ready(now, MAX_EVENTS, out);
            }
        }
    }

    /// Everything that is due.
    pub fn expire(&mut self, now: Now, out: &mut Vec<DeckOutput>) {
        for span in &mut self.spans {
            span.expire(now, out);
        }
    }

    /// When something is due next.
    #[must_use]
    pub fn deadline(&self) -> Option<Millis> {
        self.spans.iter().filter_map(Span::deadline).min()
    }

    /// Places a call; [`DeckOutput::Ended`] follows in any case. `false` if there is no such span.
    pub fn call(&mut self, now: Now, span: SpanId, call: CardCall, out: &mut Vec<DeckOutput>) -> bool {
        let Some(span) = self.span(span) else { return false };
        span.call(now, call, out);
        true
    }

    /// Rings an agent's plain telephone; `false` if the agent has none that is connected.
    pub fn ring(
        &mut self,
        now: Now,
        agent: AgentId,
        handle: CallHandle,
        out: &mut Vec<DeckOutput>,
    ) -> Option<SpanId> {
        self.spans.iter_mut().find_map(|span| span.ring(now, agent, handle, out).then(|| span.id()))
    }

    /// What connects an agent's plain telephone on this slot with a call that another place ticks.
    pub fn bridge(
        &mut self,
        span: SpanId,
        slot: Timeslot,
        rings: FrameRings,
    ) -> Option<Box<dyn SlotProcessor>> {
        self.span(span)?.ports()?.bridge(slot, rings)
    }

    /// Agents whose plain telephone can be rung.
    pub fn telephones(&self) -> impl Iterator<Item = AgentId> + '_ {
        self.spans.iter().flat_map(Span::telephones)
    }

    /// Ends a call with Q.850 cause 16; `false` if no card knows it.
    pub fn hang_up(&mut self, now: Now, handle: CallHandle, out: &mut Vec<DeckOutput>) -> bool {
        self.spans.iter_mut().any(|span| span.hang_up(now, handle, out))
    }

    /// Carries out a person's order; [`DeckOutput::Done`] follows.
    pub fn order(&mut self, now: Now, id: u64, span: SpanId, order: SpanOrder, out: &mut Vec<DeckOutput>) {
        let handset = self.handset;
        let in_use = self.spans.iter().any(Span::has_handset);
        let result = match (self.span(span), order) {
            (Some(_), SpanOrder::Handset(_)) if !handset => Err(SpanRefusal::NoHandset),
            (Some(_), SpanOrder::Handset(_)) if in_use => Err(SpanRefusal::Running),
            (Some(span), order) => span.order(now, order, out),
            (None, _) => Err(SpanRefusal::NoSuchSpan),
        };
        out.push(DeckOutput::Done(id, result));
    }

    /// News of what runs on a slot.
    pub fn news(
        &mut self,
        now: Now,
        span: SpanId,
        slot: Timeslot,
        news: crate::voice::SlotNews,
        out: &mut Vec<DeckOutput>,
    ) {
        if let Some(span) = self.span(span) {
            span.news(now, slot, news, out);
        }
    }

    /// Everything as it stands, for a vault that has just connected.
    pub fn tell_all(&mut self, now: Now, out: &mut Vec<DeckOutput>) {
        for span in &mut self.spans {
            span.tell_status(now, out);
        }
    }

    fn span(&mut self, id: SpanId) -> Option<&mut Span> {
        self.spans.iter_mut().find(|span| span.id() == id)
    }
}
