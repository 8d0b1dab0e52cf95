//! The console as a machine without clock, socket or terminal: bytes, facts and answers in; bytes and requests out.
//!
//! One request of the person is under way at a time; what the screen refreshes by itself is asked beside it and keeps
//! no session alive. A session ends here when nothing was typed for [`IDLE_MS`] or after [`LIMIT_MS`], whatever
//! `vaultd` says; and as soon as `vaultd` says so.

use crate::facts::Facts;
use crate::keys::{Key, Keys};
use crate::line::Line;
use crate::pages::{Page, Step};
use crate::paint::{self, Frame};
use crate::recording::Recording;
use crate::session::{For, Session, Told, Typed};
use crate::sheet::{Sheet, Tone};
use crate::terminal::{Terminal, Wish};
use crate::words::{Lang, Words, fill, words};
use idl::admin::{Admin, Answer};
use std::collections::BTreeMap;
use vocab::{MINUTE_MS, Secret};

/// Nothing typed for so long ends a session.
pub const IDLE_MS: u64 = 5 * MINUTE_MS as u64;
/// So long after its begin a session ends.
pub const LIMIT_MS: u64 = 60 * MINUTE_MS as u64;
/// Between two questions the console asks by itself.
pub const POLL_MS: u64 = 1_000;
/// After so long without a byte an escape is the key of that name.
pub const PAUSE_MS: u64 = 60;
/// Requests under way at once, pieces of the recording apart.
pub const MAX_PENDING: usize = 4;

/// What comes in.
#[derive(Debug)]
pub enum Input<'a> {
    /// Bytes of the terminal.
    Bytes(&'a [u8]),
    /// The facts of this moment.
    Facts(Box<Facts>),
    /// The answer to a request; `None`: there will be none.
    Answer {
        /// The request's number.
        id: u64,
        /// The answer.
        answer: Option<Box<Answer>>,
    },
    /// The line was hung up: whoever comes next is somebody else.
    Hangup,
    /// Time has passed.
    Tick,
}

/// A request to `vaultd`.
#[derive(Debug)]
pub struct Ask {
    /// Its number.
    pub id: u64,
    /// The session it is asked in.
    pub session: Option<Secret<[u8; 32]>>,
    /// The screen asks by itself.
    pub passive: bool,
    /// What.
    pub what: Admin,
}

/// What goes out.
#[derive(Debug, Default)]
pub struct Out {
    /// To the terminal.
    pub bytes: Vec<u8>,
    /// To `vaultd`.
    pub asks: Vec<Ask>,
}

/// The console.
pub struct Console {
    pub(crate) terminal: Terminal,
    keys: Keys,
    pub(crate) line: Line,
    pub(crate) lang: Option<Lang>,
    pub(crate) page: Page,
    pub(crate) facts: Facts,
    pub(crate) told: Told,
    pub(crate) typed: Typed,
    pub(crate) session: Option<Session>,
    pub(crate) recording: Recording,
    pub(crate) note: Option<(Tone, String)>,
    pub(crate) busy: Option<u64>,
    pub(crate) pending: BTreeMap<u64, For>,
    pub(crate) now: u64,
    part: usize,
    next_id: u64,
    last_byte: u64,
    pub(crate) next_poll: u64,
    print: bool,
}

impl std::fmt::Debug for Console {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Console").field("page", &self.page).finish_non_exhaustive()
    }
}

impl Console {
    /// A console nobody has typed at.
    #[must_use]
    pub fn new(wish: Wish) -> Self {
        Self {
            terminal: Terminal::new(wish),
            keys: Keys::default(),
            line: Line::default(),
            lang: None,
            page: Page::Welcome,
            facts: Facts::default(),
            told: Told::default(),
            typed: Typed::default(),
            session: None,
            recording: Recording::default(),
            note: None,
            busy: None,
            pending: BTreeMap::new(),
            now: 0,
            part: 0,
            next_id: 1,
            last_byte: 0,
            next_poll: 0,
            print: true,
        }
    }

    /// Takes what came, at this instant of a clock that only runs forward (milliseconds).
    pub fn step(&mut self, now: u64, input: Input<'_>, out: &mut Out) {
        self.now = self.now.max(now);
        self.recording.mark(out.bytes.len());
        match input {
            Input::Bytes(bytes) => {
                self.last_byte = self.now;
                for byte in bytes {
                    if let Some(key) = self.keys.feed(*byte) {
                        self.key(key, out);
                    }
                }
            }
            Input::Facts(facts) => {
                if self.facts != *facts {
                    self.facts = *facts;
                    self.terminal.touch();
                }
            }
            Input::Answer { id, answer } => self.answered(id, answer, out),
            Input::Hangup => self.hung_up(out),
            Input::Tick => {}
        }
        self.timers(out);
        self.poll(out);
        self.print_lines(out);
        self.record_step(out);
    }

    /// The next frame of the full screen, if one is due; asked for when the line has taken all that was written.
    pub fn frame(&mut self, now: u64, out: &mut Vec<u8>) {
        let now = self.now.max(now);
        let sheet = self.sheet();
        let (w, who) = (self.w(), self.who());
        let frame = Frame {
            w,
            who: &who,
            version: &self.facts.version,
            development: self.facts.development,
            typed: self.line.text(),
            part: self.part,
        };
        let before = out.len();
        self.terminal.frame(now, sheet, &frame, out);
        self.recording.shown(now, out.get(before..).unwrap_or_default());
    }

    /// When it wants to be stepped at the latest.
    #[must_use]
    pub fn deadline(&self) -> u64 {
        let pause = self.keys.is_within().then_some(self.last_byte + PAUSE_MS);
        let session =
            self.session.as_ref().map(|session| (session.used + IDLE_MS).min(session.began + LIMIT_MS));
        [Some(self.next_poll), pause, session, self.recording.deadline(), self.terminal.deadline()]
            .into_iter()
            .flatten()
            .min()
            .unwrap_or(0)
    }

    /// The words of the language chosen.
    pub(crate) fn w(&self) -> &'static Words {
        words(self.language())
    }

    pub(crate) fn language(&self) -> Lang {
        // What a terminal cannot show nobody can read.
        let chosen = self.lang.filter(|_| self.terminal.utf8());
        chosen.unwrap_or_else(|| self.terminal.first_language())
    }

    /// Of two texts the one of the language.
    pub(crate) fn say(&self, zh: &str, en: &str) -> String {
        let text = if self.language() == Lang::Zh { zh } else { en };
        crate::clean::clean(text, MAX_NOTE)
    }

    fn who(&self) -> String {
        let Some(session) = &self.session else { return String::new() };
        let left = (session.began + LIMIT_MS).saturating_sub(self.now).div_ceil(MINUTE_MS as u64);
        let left = fill(self.w().left, &[&left.to_string()]);
        format!("{}  {}  {left}", session.login, session.ticket)
    }

    /// The page as it stands.
    pub(crate) fn sheet(&self) -> Sheet {
        let mut sheet = self.page_sheet();
        if self.busy.is_some() {
            let w = self.w();
            let words = if matches!(self.page, Page::SignIn(_)) { w.checking } else { w.working };
            sheet.note = Some((Tone::Plain, words.to_owned()));
        } else if self.note.is_some() {
            sheet.note.clone_from(&self.note);
        }
        sheet
    }

    /// Goes to a page.
    pub(crate) fn go(&mut self, page: Page, out: &mut Out) {
        self.page = page;
        self.part = 0;
        self.line.clear();
        self.look(false, out);
        self.show();
    }

    /// Shows the page again.
    pub(crate) fn show(&mut self) {
        self.print = true;
        self.terminal.touch();
    }

    pub(crate) fn note(&mut self, tone: Tone, words: impl Into<String>) {
        self.note = Some((tone, words.into()));
        self.show();
    }

    fn key(&mut self, key: Key, out: &mut Out) {
        if let Key::Place { column } = key {
            if self.terminal.placed(column, &mut out.bytes) {
                self.show();
            }
            return;
        }
        if let Some(session) = &mut self.session {
            session.used = self.now;
        }
        self.record_key(key);
        match key {
            Key::Control('l') => {
                self.terminal.redraw(&mut out.bytes);
                self.show();
            }
            Key::Control('t') => self.switch_mode(out),
            Key::Control('g') => self.switch_language(),
            Key::Forward | Key::Backward => self.turn(key == Key::Forward),
            Key::Enter if !self.terminal.is_known() => self.terminal.probe(self.now, &mut out.bytes),
            // One thing at a time: what is typed meanwhile is not kept.
            _ if self.busy.is_some() => {}
            Key::Escape | Key::Control('c') => {
                self.line.clear();
                self.note = None;
                self.back(out);
                self.show();
            }
            Key::Enter => self.entered(out),
            Key::Back => {
                if let Some(one) = self.line.pop() {
                    self.terminal.unecho(one, self.hides(), &mut out.bytes);
                }
            }
            Key::Char(one) => self.character(one, out),
            Key::Control(_) | Key::Place { .. } => {}
        }
    }

    fn character(&mut self, one: char, out: &mut Out) {
        if self.terminal.is_full() && self.page_sheet().prompt.is_none() {
            self.note = None;
            self.terminal.touch();
            self.choose(one.to_ascii_lowercase(), out);
        } else if self.line.push(one) {
            let hidden = self.hides();
            self.terminal.echo(one, hidden, &mut out.bytes);
        }
    }

    pub(crate) fn hides(&self) -> bool {
        self.page_sheet().prompt.is_some_and(|asked| asked.hidden)
    }

    fn entered(&mut self, out: &mut Out) {
        self.terminal.end_line(&mut out.bytes);
        self.note = None;
        self.show();
        if self.page_sheet().prompt.is_some() {
            self.typed_line(out);
            return;
        }
        let line = self.line.take();
        match line.chars().next() {
            Some(key) => self.choose(key.to_ascii_lowercase(), out),
            None => self.look(false, out),
        }
    }

    pub(crate) fn switch_mode(&mut self, out: &mut Out) {
        let full = !self.terminal.is_full();
        self.terminal.switch(full, &mut out.bytes);
        self.show();
    }

    pub(crate) fn switch_language(&mut self) {
        self.lang = Some(if self.language() == Lang::Zh { Lang::En } else { Lang::Zh });
        self.show();
    }

    fn turn(&mut self, forward: bool) {
        let parts = paint::parts(&self.page_sheet());
        self.part = if forward { (self.part + 1).min(parts - 1) } else { self.part.saturating_sub(1) };
        self.terminal.touch();
    }

    fn timers(&mut self, out: &mut Out) {
        if self.keys.is_within()
            && self.now >= self.last_byte + PAUSE_MS
            && let Some(key) = self.keys.pause()
        {
            self.key(key, out);
        }
        if self.terminal.gave_up(self.now, &mut out.bytes) {
            self.show();
        }
        self.watch_recording(out);
        let Some(session) = &self.session else { return };
        if self.now >= session.began + LIMIT_MS {
            self.leave(Tone::Warn, self.w().ended_limit, out);
        } else if self.now >= session.used + IDLE_MS {
            self.leave(Tone::Warn, self.w().ended_idle, out);
        }
    }

    /// Ends the session from here.
    pub(crate) fn leave(&mut self, tone: Tone, words: &'static str, out: &mut Out) {
        if self.session.is_some() {
            self.ask(For::Leave, Admin::SignOut, false, out);
        }
        self.close(tone, words);
    }

    /// Nobody is signed in any more; nothing of what was shown stays.
    pub(crate) fn close(&mut self, tone: Tone, words: &'static str) {
        self.session = None;
        self.end_recording();
        self.busy = None;
        self.typed = Typed::default();
        self.line.clear();
        self.told = Told { door: self.told.door.take(), ..Told::default() };
        self.page = Page::Welcome;
        self.part = 0;
        self.next_poll = self.now;
        self.note(tone, words);
    }

    fn hung_up(&mut self, out: &mut Out) {
        self.keys = Keys::default();
        self.leave(Tone::Plain, self.w().ended, out);
        self.note = None;
        self.lang = None;
        self.terminal.forget();
    }

    /// Asks, if there is room among the requests under way; its number. The recording goes before what a person asks.
    pub(crate) fn ask(&mut self, why: For, what: Admin, passive: bool, out: &mut Out) -> Option<u64> {
        if self.pending.values().filter(|why| **why != For::Piece).count() >= MAX_PENDING {
            return None;
        }
        if !passive && !self.give_pieces(true, out) && why != For::Leave {
            return None;
        }
        Some(self.send(why, what, passive, out))
    }

    pub(crate) fn send(&mut self, why: For, what: Admin, passive: bool, out: &mut Out) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        self.pending.insert(id, why);
        let session = self.session.as_ref().map(|session| session.token.clone());
        out.asks.push(Ask { id, session, passive, what });
        id
    }

    /// Asks what the person waits for.
    pub(crate) fn ask_and_wait(&mut self, why: For, what: Admin, out: &mut Out) {
        self.busy = self.ask(why, what, false, out);
        self.show();
    }

    fn print_lines(&mut self, out: &mut Out) {
        let changed = !self.print;
        if self.terminal.is_full() || self.busy.is_some() {
            return;
        }
        // A page that is read on a log of the line is printed anew when it says something else.
        if changed && !(self.page == Page::Welcome && self.line.is_empty()) {
            return;
        }
        self.print = false;
        let sheet = self.sheet();
        let (w, who) = (self.w(), self.who());
        let development = self.facts.development;
        let version = &self.facts.version;
        let frame = Frame { w, who: &who, version, development, typed: self.line.text(), part: 0 };
        self.terminal.print(&sheet, &frame, changed, &mut out.bytes);
    }

    /// What is on the full screen, for tests.
    #[must_use]
    pub fn screen(&self) -> String {
        self.terminal.screen()
    }

    /// Whether the full screen is drawn.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.terminal.is_full()
    }

    /// Whether somebody is signed in.
    #[must_use]
    pub const fn is_signed_in(&self) -> bool {
        self.session.is_some()
    }

    /// The step of the sign-in that is asked for.
    pub(crate) const fn step_of(&self) -> Option<Step> {
        match self.page {
            Page::SignIn(step) => Some(step),
            _ => None,
        }
    }
}

const MAX_NOTE: usize = 78;
