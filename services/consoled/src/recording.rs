//! The recording of a session (AUD-09): from the sign-in on everything the screen is sent and everything that is typed,
//! given to `vaultd` in pieces. It goes before what its person asks, and every [`EVERY_MS`] besides; a session whose
//! recording is not taken is closed. What was typed before the sign-in is never in it, nor what is hidden on the screen.

use crate::console::{Console, Out};
use crate::keys::Key;
use crate::session::For;
use crate::sheet::Tone;
use cast::Tape;
use idl::admin::{Admin, Answer};
use idl::views::ConsoleAsk;
use std::collections::BTreeMap;
use vocab::Pii;

/// A piece goes at the latest after so long, be it an empty one.
pub const EVERY_MS: u64 = 2_000;
/// A piece that is not acknowledged for so long closes the session.
pub const ACKNOWLEDGED_MS: u64 = 10_000;
/// Pieces under way at once.
pub const MAX_WAITING: usize = 4;

/// What is recorded, and how far it was given.
#[derive(Debug, Default)]
pub(crate) struct Recording {
    /// `None`: nobody is signed in.
    tape: Option<Tape>,
    /// So much of what this step wrote is in it.
    marked: usize,
    /// When the next piece is due.
    next: u64,
    /// Pieces given.
    given: u32,
    /// Pieces not acknowledged: the request, and when it was made.
    waiting: BTreeMap<u64, u64>,
}

impl Recording {
    /// When it wants to be looked after.
    pub(crate) fn deadline(&self) -> Option<u64> {
        self.tape.as_ref().map(|_| self.next)
    }

    /// A step begins: so much was written before it.
    pub(crate) const fn mark(&mut self, written: usize) {
        self.marked = written;
    }

    /// What the screen is sent.
    pub(crate) fn shown(&mut self, now: u64, bytes: &[u8]) {
        if let Some(tape) = &mut self.tape {
            tape.shown(now, &String::from_utf8_lossy(bytes));
        }
    }
}

impl Console {
    /// Somebody is signed in: the screen is drawn anew, so that the recording holds all of it.
    pub(crate) fn begin_recording(&mut self, out: &mut Out) {
        let tape = Tape::begin(self.now, self.facts.now.0.div_euclid(1_000));
        let marked = out.bytes.len();
        self.recording = Recording { tape: Some(tape), marked, next: self.now, ..Recording::default() };
        self.terminal.redraw(&mut out.bytes);
    }

    /// Nobody is signed in any more.
    pub(crate) fn end_recording(&mut self) {
        self.recording = Recording::default();
    }

    /// A key of whoever is signed in.
    pub(crate) fn record_key(&mut self, key: Key) {
        let hidden = self.recording.tape.is_some() && self.hides();
        let Some(tape) = &mut self.recording.tape else { return };
        let mut letter = [0; 4];
        let typed: &str = match key {
            Key::Char(_) if hidden => "*",
            Key::Char(one) => one.encode_utf8(&mut letter),
            Key::Control(one) => char::from(u8::try_from(one).unwrap_or(0) & 0x1f).encode_utf8(&mut letter),
            Key::Enter => "\r",
            Key::Back => "\u{7f}",
            Key::Escape => "\u{1b}",
            Key::Forward => "\u{1b}[6~",
            Key::Backward => "\u{1b}[5~",
            Key::Place { .. } => return,
        };
        tape.typed(self.now, typed);
    }

    /// Gives all that waits; an empty piece too, if `always`. False: so many are under way that it must wait.
    pub(crate) fn give_pieces(&mut self, always: bool, out: &mut Out) -> bool {
        self.record_shown(out);
        let mut wanted = always;
        loop {
            let Some(tape) = &mut self.recording.tape else { return true };
            if !wanted && tape.waiting() == 0 {
                return true;
            }
            if self.recording.waiting.len() >= MAX_WAITING {
                return false;
            }
            wanted = false;
            let piece = tape.take().unwrap_or_default();
            let (index, length_ms) = (self.recording.given, tape.length_ms());
            self.recording.given += u32::from(!piece.is_empty());
            let what = ConsoleAsk::Record { index, length_ms, piece: Pii::new(piece) };
            let id = self.send(For::Piece, Admin::Consoles(what), true, out);
            self.recording.waiting.insert(id, self.now);
        }
    }

    /// At the end of a step: what it wrote is recorded, and given if it is time.
    pub(crate) fn record_step(&mut self, out: &mut Out) {
        self.record_shown(out);
        let Some(tape) = &self.recording.tape else { return };
        let due = self.now >= self.recording.next;
        if due || tape.waiting() >= GIVEN_AT_BYTES {
            self.recording.next = self.now + EVERY_MS;
            // What finds no room now waits; a session whose pieces are not taken ends below.
            let _waits = self.give_pieces(due, out);
        }
    }

    /// Ends a session that is not recorded any more.
    pub(crate) fn watch_recording(&mut self, out: &mut Out) {
        let Some(tape) = &self.recording.tape else { return };
        let oldest = self.recording.waiting.values().min();
        if tape.is_full() {
            self.leave(Tone::Warn, self.w().ended_full, out);
        } else if oldest.is_some_and(|since| self.now >= since + ACKNOWLEDGED_MS) {
            self.leave(Tone::Bad, self.w().ended_unrecorded, out);
        }
    }

    /// What became of a piece.
    pub(crate) fn piece_answered(&mut self, id: u64, answer: Option<&Answer>, out: &mut Out) {
        // A piece of a session before is nobody's any more.
        if self.recording.waiting.remove(&id).is_none() {
            return;
        }
        match answer {
            Some(Answer::Done) => {}
            Some(Answer::Refused { code, .. }) if code == "no-session" || code == "session-elsewhere" => {
                self.close(Tone::Warn, self.w().ended_outside);
            }
            Some(_) | None => self.leave(Tone::Bad, self.w().ended_unrecorded, out),
        }
    }

    fn record_shown(&mut self, out: &Out) {
        let new = out.bytes.get(self.recording.marked..).unwrap_or_default();
        self.recording.shown(self.now, new);
        self.recording.marked = out.bytes.len();
    }
}

/// A piece goes as soon as so much waits.
const GIVEN_AT_BYTES: usize = cast::PIECE_BYTES / 2;
