//! What `vaultd` answered, and what the console asks by itself.

use super::{Page, Step};
use crate::console::{Console, Out, POLL_MS};
use crate::session::{For, Session, Typed};
use crate::sheet::Tone;
use idl::account::Me;
use idl::admin::{Admin, Answer};
use jiff::tz::TimeZone;
use vocab::Secret;

impl Console {
    /// Asks what is due: the door while nobody is signed in, then whether the session still holds.
    pub(crate) fn poll(&mut self, out: &mut Out) {
        if self.now < self.next_poll {
            return;
        }
        self.next_poll = self.now + POLL_MS;
        let waits =
            self.pending.values().any(|why| matches!(why, For::Door | For::Claim | For::Poll | For::Look));
        if waits || !self.facts.connected {
            return;
        }
        if self.session.is_none() {
            self.ask(For::Door, Admin::Door, true, out);
        } else if self.terminal.is_full() && self.busy.is_none() && self.refreshes() {
            self.look(true, out);
        } else {
            self.ask(For::Poll, Admin::Me, true, out);
        }
    }

    /// Whether the page is kept fresh on the screen.
    const fn refreshes(&self) -> bool {
        matches!(
            self.page,
            Page::Status | Page::Time | Page::Trunks | Page::Cards | Page::Span(_) | Page::Appliance
        )
    }

    /// An answer, or the news that there will be none.
    pub(crate) fn answered(&mut self, id: u64, answer: Option<Box<Answer>>, out: &mut Out) {
        let Some(why) = self.pending.remove(&id) else {
            return;
        };
        if why == For::Piece {
            return self.piece_answered(id, answer.as_deref(), out);
        }
        let waited = self.busy == Some(id);
        if waited {
            self.busy = None;
            self.show();
        }
        self.terminal.touch();
        let Some(answer) = answer else {
            // What the screen asks by itself is asked again.
            if waited {
                self.note(Tone::Bad, self.w().lost);
            }
            return;
        };
        match (why, *answer) {
            (For::Leave, _) => {}
            (why, Answer::Refused { code, text_en, text_zh }) => {
                // A page that is refused is not asked for again by itself.
                let order = !matches!(why, For::Look);
                self.refused(&code, &text_zh, &text_en, waited, order.then_some(out));
            }
            (For::Door, Answer::Door(door)) => {
                let blank = !door.commissioned;
                self.told.door = Some(*door);
                if blank {
                    self.ask(For::Claim, Admin::ClaimCode, true, out);
                } else {
                    self.told.claim = None;
                }
            }
            (For::Claim, Answer::ClaimCode(code)) => self.told.claim = Some(code),
            (For::SignIn, Answer::SignedIn { token, me }) => self.signed_in(token, &me, out),
            (For::Look, answer) => self.looked(answer),
            (For::Order(word), Answer::Done | Answer::Created { .. }) => {
                let done = crate::words::fill(self.w().done, &[word]);
                self.back_from_order(out);
                self.note(Tone::Good, done);
            }
            _ => {}
        }
    }

    fn refused(&mut self, code: &str, text_zh: &str, text_en: &str, waited: bool, order: Option<&mut Out>) {
        if self.session.is_some() && (code == "no-session" || code == "session-elsewhere") {
            self.close(Tone::Warn, self.w().ended_outside);
            return;
        }
        if matches!(self.page, Page::SignIn(_)) && waited {
            self.typed = Typed::default();
            self.page = Page::Welcome;
        }
        if waited {
            if let Some(out) = order {
                self.back_from_order(out);
            }
            let words = self.say(text_zh, text_en);
            self.note(Tone::Bad, words);
        }
    }

    fn signed_in(&mut self, token: Secret<[u8; 32]>, me: &Me, out: &mut Out) {
        let (Some(ticket), Some(Step::Code)) = (self.typed.ticket, self.step_of()) else {
            return;
        };
        self.typed = Typed::default();
        self.session = Some(Session {
            token,
            login: me.login.clone(),
            ticket,
            zone_name: me.zone.clone(),
            zone: TimeZone::get(&me.zone).unwrap_or(TimeZone::UTC),
            began: self.now,
            used: self.now,
        });
        self.begin_recording(out);
        self.go(Page::Menu, out);
    }

    fn looked(&mut self, answer: Answer) {
        match answer {
            Answer::Overview(overview) => self.told.overview = Some(overview),
            Answer::Spans(spans) => self.told.spans = Some(spans),
            Answer::Span(span) => self.told.span = Some(span),
            Answer::SpanHistory(history) => self.told.history = Some(history),
            Answer::SpanQuality(bins) => self.told.quality = Some(bins),
            Answer::Box(view) => self.told.appliance = Some(view),
            _ => {}
        }
    }
}
