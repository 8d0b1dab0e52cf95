//! The terminal at the other end of the line: what it can show, which way it is written to, and when the next frame is
//! due. It starts as one of which nothing is known, and is asked when somebody presses Enter.

use crate::clean::ascii;
use crate::paint::{self, Frame};
use crate::plain;
use crate::sheet::Sheet;
use crate::vt::{self, CLEAR, COLUMNS, ROWS, Skill};
use crate::words::Lang;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// What was set for a terminal; what is not set is asked of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wish {
    /// Full screen, or plain lines.
    pub full: Option<bool>,
    /// UTF-8, or ASCII.
    pub utf8: Option<bool>,
    /// Colours.
    pub colour: bool,
}

/// Milliseconds between two frames: at most ten a second.
pub const FRAME_MS: u64 = 100;
/// Milliseconds a terminal has for its answer; a slow line needs a few.
pub const PROBE_MS: u64 = 1_000;

/// The terminal.
#[derive(Debug)]
pub struct Terminal {
    wish: Wish,
    skill: Skill,
    full: bool,
    /// It was asked, or all is set.
    known: bool,
    /// Until when its answer is waited for.
    probe_until: Option<u64>,
    shown: Buffer,
    dirty: bool,
    next_frame: u64,
    /// The page as it was last printed line by line.
    printed: String,
}

impl Terminal {
    /// A terminal of which only this is known.
    #[must_use]
    pub fn new(wish: Wish) -> Self {
        let known = wish.full == Some(false) || (wish.full.is_some() && wish.utf8.is_some());
        let skill = Skill { utf8: wish.utf8.unwrap_or(false), colour: wish.colour };
        Self {
            wish,
            skill,
            full: known && wish.full == Some(true),
            known,
            probe_until: None,
            shown: empty(),
            dirty: true,
            next_frame: 0,
            printed: String::new(),
        }
    }

    /// Whether it shows UTF-8.
    #[must_use]
    pub const fn utf8(&self) -> bool {
        self.skill.utf8
    }

    /// Whether the full screen is drawn.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.full
    }

    /// Whether it was asked.
    #[must_use]
    pub const fn is_known(&self) -> bool {
        self.known
    }

    /// The language of a terminal nobody chose one for.
    #[must_use]
    pub const fn first_language(&self) -> Lang {
        if self.skill.utf8 { Lang::Zh } else { Lang::En }
    }

    /// Asks what it can show: a wide character, then where the cursor is.
    pub fn probe(&mut self, now: u64, out: &mut Vec<u8>) {
        out.extend("\r中\x1b[6n".as_bytes());
        self.probe_until = Some(now + PROBE_MS);
    }

    /// The cursor's place came; true if it was waited for.
    pub fn placed(&mut self, column: u16, out: &mut Vec<u8>) -> bool {
        if self.probe_until.take().is_none() {
            return false;
        }
        // One character of two columns; without UTF-8 it is three of one.
        self.learn(true, column == 3, out);
        true
    }

    /// Whether no answer came in time; the terminal is one of plain lines then.
    pub fn gave_up(&mut self, now: u64, out: &mut Vec<u8>) -> bool {
        if self.probe_until.is_none_or(|until| now < until) {
            return false;
        }
        self.probe_until = None;
        self.learn(false, false, out);
        true
    }

    fn learn(&mut self, answers: bool, wide: bool, out: &mut Vec<u8>) {
        out.extend(b"\r   \r");
        self.known = true;
        self.skill.utf8 = self.wish.utf8.unwrap_or(wide);
        self.switch(self.wish.full.unwrap_or(answers), out);
    }

    /// Another terminal may be there: nothing is known of it.
    pub fn forget(&mut self) {
        *self = Self::new(self.wish);
    }

    /// Draws the full screen, or plain lines, from now on.
    pub fn switch(&mut self, full: bool, out: &mut Vec<u8>) {
        if self.full && !full {
            out.extend(CLEAR);
        }
        self.full = full;
        self.redraw(out);
    }

    /// Draws everything anew.
    pub fn redraw(&mut self, out: &mut Vec<u8>) {
        self.shown = empty();
        self.printed.clear();
        self.dirty = true;
        if self.full {
            out.extend(CLEAR);
        }
    }

    /// Something changed.
    pub const fn touch(&mut self) {
        self.dirty = true;
    }

    /// When it wants to be looked after.
    #[must_use]
    pub fn deadline(&self) -> Option<u64> {
        let frame = (self.full && self.dirty).then_some(self.next_frame);
        frame.into_iter().chain(self.probe_until).min()
    }

    /// The next frame of the full screen, if one is due.
    pub fn frame(&mut self, now: u64, sheet: Sheet, frame: &Frame<'_>, out: &mut Vec<u8>) {
        if !self.full || !self.dirty || now < self.next_frame {
            return;
        }
        self.dirty = false;
        self.next_frame = now + FRAME_MS;
        let sheet = if self.skill.utf8 { sheet } else { paint::in_ascii(sheet) };
        let mut screen = empty();
        let cursor = paint::paint(&sheet, frame, &mut screen);
        vt::emit(&self.shown, &screen, self.skill, cursor, out);
        self.shown = screen;
    }

    /// Prints the page as lines; where `changed` only if it is another than the one before.
    pub fn print(&mut self, sheet: &Sheet, frame: &Frame<'_>, changed: bool, out: &mut Vec<u8>) {
        let text = plain::lines(sheet, frame, self.skill.utf8);
        if changed && text == self.printed {
            return;
        }
        out.extend(text.as_bytes());
        let typed = paint::shown_line(frame.typed, sheet.prompt.as_ref().is_some_and(|asked| asked.hidden));
        out.extend(if self.skill.utf8 { typed } else { ascii(&typed) }.as_bytes());
        self.printed = text;
    }

    /// Shows a character as it is typed on a line.
    pub fn echo(&mut self, one: char, hidden: bool, out: &mut Vec<u8>) {
        if self.full {
            self.dirty = true;
            return;
        }
        let text = if hidden { "*".to_owned() } else { one.to_string() };
        out.extend(if self.skill.utf8 { text } else { ascii(&text) }.as_bytes());
    }

    /// Takes a character back that was typed on a line.
    pub fn unecho(&mut self, one: char, hidden: bool, out: &mut Vec<u8>) {
        if self.full {
            self.dirty = true;
            return;
        }
        let wide = self.skill.utf8 && !hidden && unicode_width::UnicodeWidthChar::width(one) == Some(2);
        out.extend(if wide { &b"\x08\x08  \x08\x08"[..] } else { &b"\x08 \x08"[..] });
    }

    /// Ends the line being typed.
    pub fn end_line(&mut self, out: &mut Vec<u8>) {
        if self.full {
            self.dirty = true;
        } else {
            out.extend(b"\r\n");
        }
    }

    /// What is on the screen, for tests.
    #[must_use]
    pub fn screen(&self) -> String {
        paint::as_text(&self.shown)
    }
}

fn empty() -> Buffer {
    Buffer::empty(Rect::new(0, 0, COLUMNS, ROWS))
}
