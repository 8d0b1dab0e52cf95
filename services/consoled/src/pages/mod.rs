//! The pages: which there are, what each shows, what a key or a line does on it. What is shown stands beside it in a
//! file for each group of pages; who may is decided by `vaultd`.

mod answers;
mod appliance;
mod box_state;
mod spans;
mod welcome;

pub use appliance::BoxVerb;

use crate::console::{Console, Out};
use crate::session::For;
use crate::sheet::{Sheet, Tone};
use idl::admin::Admin;
use idl::handset::HandsetTest;
use idl::spans::{BertPattern, LoopKind, SpanOrder};
use idl::views::{BoxAsk, SpanAsk};
use vocab::{SpanId, Timeslot};

/// A page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page {
    /// Before anybody has signed in.
    Welcome,
    /// The sign-in.
    SignIn(Step),
    /// The menu.
    Menu,
    /// Processes, alarms, storage.
    Status,
    /// Addresses.
    Network,
    /// Clock and calling hours.
    Time,
    /// Trunks.
    Trunks,
    /// All spans.
    Cards,
    /// One span.
    Span(SpanId),
    /// Events of a span, below this entry.
    History(SpanId, Option<u64>),
    /// Quality of a span.
    Quality(SpanId),
    /// A timeslot is asked for.
    Slot(SpanId, Verb),
    /// A loop is asked for.
    Loop(SpanId),
    /// A pattern is asked for.
    Pattern(SpanId, Timeslot),
    /// What the handset shall do there is asked for.
    Handset(SpanId, Timeslot),
    /// Are you sure?
    Confirm(SpanId, SpanOrder),
    /// The box itself.
    Appliance,
    /// Are you sure, of the box?
    Sure(BoxVerb),
    /// Which box is to be reset?
    Reset,
}

/// A step of the sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The ticket.
    Ticket,
    /// The login.
    Login,
    /// The password.
    Password,
    /// The one-time code.
    Code,
}

/// What is done to a timeslot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// Block it.
    Block,
    /// Unblock it.
    Unblock,
    /// Restart it.
    Restart,
    /// Test it.
    Test,
    /// Put the handset onto it.
    Handset,
}

impl Console {
    /// What the page says.
    pub(crate) fn page_sheet(&self) -> Sheet {
        match self.page {
            Page::Welcome => self.welcome(),
            Page::SignIn(step) => self.sign_in(step),
            Page::Menu => self.menu(),
            Page::Status => self.status(),
            Page::Network => self.network(),
            Page::Time => self.time(),
            Page::Trunks => self.trunks(),
            Page::Cards => self.cards(),
            Page::Span(span) => self.span(span),
            Page::History(span, before) => self.history(span, before),
            Page::Quality(span) => self.quality(span),
            Page::Slot(span, verb) => self.slot(span, verb),
            Page::Loop(span) => self.loops(span),
            Page::Pattern(span, slot) => self.patterns(span, slot),
            Page::Handset(span, slot) => self.handset(span, slot),
            Page::Confirm(span, order) => self.confirm(span, order),
            Page::Appliance => self.appliance(),
            Page::Sure(verb) => self.sure(verb),
            Page::Reset => self.reset(),
        }
    }

    /// What the page is made of, asked by the person, or by the screen itself.
    pub(crate) fn look(&mut self, passive: bool, out: &mut Out) {
        let Some(what) = self.page_asks() else {
            return;
        };
        if self.session.is_none() {
            return;
        }
        if passive {
            self.ask(For::Look, what, true, out);
        } else {
            self.ask_and_wait(For::Look, what, out);
        }
    }

    /// What the page tells changed by what was ordered: it is shown once that came, and no look of the person's own.
    pub(crate) fn look_again(&mut self, out: &mut Out) {
        if self.session.is_some()
            && let Some(what) = self.page_asks()
        {
            self.busy = self.ask(For::Look, what, true, out);
        }
    }

    fn page_asks(&self) -> Option<Admin> {
        Some(match self.page {
            Page::Status | Page::Time | Page::Trunks => Admin::Overview,
            Page::Cards => Admin::Span(SpanAsk::All),
            Page::Span(span) => Admin::Span(SpanAsk::One { span }),
            Page::History(span, before) => Admin::Span(SpanAsk::History { span: Some(span), before }),
            Page::Quality(span) => Admin::Span(SpanAsk::Quality { span }),
            Page::Appliance => Admin::Box(BoxAsk::Look),
            Page::Welcome
            | Page::SignIn(_)
            | Page::Menu
            | Page::Network
            | Page::Slot(..)
            | Page::Loop(_)
            | Page::Pattern(..)
            | Page::Handset(..)
            | Page::Confirm(..)
            | Page::Sure(_)
            | Page::Reset => return None,
        })
    }

    /// A key that stands before a choice.
    pub(crate) fn choose(&mut self, key: char, out: &mut Out) {
        if !self.page_sheet().choices.iter().any(|choice| choice.key == key) {
            self.note(Tone::Warn, self.w().no_choice);
            return;
        }
        match (self.page, key) {
            (_, 'x') => self.back(out),
            (_, 'm') => self.switch_mode(out),
            (_, 'g') => self.switch_language(),
            (Page::Welcome, 's') => self.go(Page::SignIn(Step::Ticket), out),
            (Page::Welcome, 'v') => self.show(),
            (Page::Menu, '1') => self.go(Page::Status, out),
            (Page::Menu, '2') => self.go(Page::Network, out),
            (Page::Menu, '3') => self.go(Page::Time, out),
            (Page::Menu, '4') => self.go(Page::Cards, out),
            (Page::Menu, '5') => self.go(Page::Trunks, out),
            (Page::Menu, '6') => self.go(Page::Appliance, out),
            (Page::Menu, '0') => self.leave(Tone::Plain, self.w().ended, out),
            (Page::History(span, _), 'o') => {
                let next = self.told.history.as_ref().and_then(|history| history.next);
                self.go(Page::History(span, next), out);
            }
            (Page::Span(span), key) => self.choose_of_span(span, key, out),
            (Page::Loop(span), key) => {
                let kinds = [('1', LoopKind::Local), ('2', LoopKind::Network), ('3', LoopKind::Payload)];
                if let Some((_, kind)) = kinds.into_iter().find(|(of, _)| *of == key) {
                    self.go(Page::Confirm(span, SpanOrder::Loop(kind)), out);
                }
            }
            (Page::Pattern(span, slot), key) => {
                let pattern = if key == '1' { BertPattern::Prbs11 } else { BertPattern::Prbs15 };
                self.order(span, SpanOrder::StartBert { slot, pattern }, out);
            }
            (Page::Handset(span, slot), key) => {
                let test = HandsetTest { slot, talk: key == '2' };
                self.order(span, SpanOrder::Handset(test), out);
            }
            (Page::Confirm(span, order), 'y') => self.order(span, order, out),
            (Page::Appliance, key) => self.choose_of_box(key, out),
            (Page::Sure(verb), 'y') => self.order_of_box(verb, out),
            (Page::Confirm(..) | Page::Sure(_), 'n') => self.back(out),
            _ => self.look(false, out),
        }
    }

    /// The page before.
    pub(crate) fn back(&mut self, out: &mut Out) {
        match self.page {
            Page::Welcome | Page::Menu => self.show(),
            Page::SignIn(_) => {
                self.typed = crate::session::Typed::default();
                self.go(Page::Welcome, out);
            }
            Page::Sure(_) | Page::Reset => self.go(Page::Appliance, out),
            Page::Status | Page::Network | Page::Time | Page::Trunks | Page::Cards | Page::Appliance => {
                self.go(Page::Menu, out)
            }
            Page::Span(_) => self.go(Page::Cards, out),
            Page::History(span, _)
            | Page::Quality(span)
            | Page::Slot(span, _)
            | Page::Loop(span)
            | Page::Pattern(span, _)
            | Page::Handset(span, _)
            | Page::Confirm(span, _) => self.go(Page::Span(span), out),
        }
    }

    /// A whole line where one is asked for.
    pub(crate) fn typed_line(&mut self, out: &mut Out) {
        match self.page {
            Page::SignIn(step) => self.typed_at_sign_in(step, out),
            Page::Cards => {
                let line = self.line.take();
                self.typed_span(&line, out);
            }
            Page::Slot(span, verb) => {
                let line = self.line.take();
                self.typed_slot(span, verb, &line, out);
            }
            Page::Reset => {
                let line = self.line.take();
                self.typed_reset(&line, out);
            }
            _ => self.line.clear(),
        }
    }
}
