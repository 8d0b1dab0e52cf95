//! A box's cards: the simulated exchange at their other end, spans as the site sets them, and how they stand.

use crate::place::Place;
use crate::site::Line;
use crate::testbox::TestBox;
use exchange::{Exchange, ExchangeConfig, ExchangeHandle};
use idl::admin::{Admin, Answer};
use idl::lines::TrunkState;
use idl::spans::{E1Config, PriConfig, SpanConfig, SpanOrder, SpanPurpose};
use idl::views::{SpanAsk, SpanCard};
use vocab::{SpanId, TrunkId};

/// The simulated exchange behind the cards of a place: two spans; it rings a tenth of a second.
///
/// # Panics
/// If it does not start.
#[must_use]
pub fn exchange_at(place: &Place, change: impl FnOnce(&mut ExchangeConfig)) -> ExchangeHandle {
    let mut config = ExchangeConfig {
        folder: place.folder("cards"),
        spans: 2,
        ring_ms: Some(100),
        ..ExchangeConfig::default()
    };
    change(&mut config);
    Exchange::start(&config).expect("the simulated exchange starts")
}

impl TestBox {
    /// Sets a span as a primary rate access; the box gives its trunk.
    pub fn span(&mut self, number: u8) -> TrunkId {
        let config = SpanConfig {
            span: SpanId(number.into()),
            trunk: TrunkId(0),
            name: format!("E1-{number}"),
            e1: E1Config { timing: number, ..E1Config::default() },
            purpose: SpanPurpose::Pri(PriConfig::default()),
        };
        let id = self.create(self.people.system, Admin::Span(SpanAsk::Set(Box::new(config))));
        TrunkId(u16::try_from(id).expect("a small id"))
    }

    /// Spans up to this number as one group of equal rank, all of them up.
    pub fn e1_line(&mut self, spans: u8) -> Line {
        let ranks: Vec<(TrunkId, u8)> = (1..=spans).map(|number| (self.span(number), 0)).collect();
        let line = self.group(&ranks);
        for number in 1..=spans {
            self.wait_for_span(number, "is up", |card| trunk_is(card, TrunkState::Up));
        }
        line
    }

    /// One span as the page shows it.
    #[track_caller]
    pub fn span_card(&mut self, number: u8) -> SpanCard {
        let system = self.people.system;
        match self.read(Some(system), || Admin::Span(SpanAsk::One { span: SpanId(number.into()) })) {
            Answer::Span(card) => *card,
            other => panic!("no span: {other:?}"),
        }
    }

    /// Waits until a span is as wanted.
    #[track_caller]
    pub fn wait_for_span(&mut self, number: u8, what: &str, wanted: impl Fn(&SpanCard) -> bool) -> SpanCard {
        crate::until(&format!("span {number} {what}"), crate::LONG, || {
            Some(self.span_card(number)).filter(|card| wanted(card))
        })
    }

    /// An order to a card, done or the test fails.
    #[track_caller]
    pub fn order_span(&mut self, number: u8, order: SpanOrder) {
        self.order(self.people.system, Admin::Span(SpanAsk::Order { span: SpanId(number.into()), order }));
    }
}

/// Whether the span's trunk is in this state.
#[must_use]
pub fn trunk_is(card: &SpanCard, state: TrunkState) -> bool {
    card.view.trunk.as_ref().is_some_and(|trunk| trunk.state == state)
}
