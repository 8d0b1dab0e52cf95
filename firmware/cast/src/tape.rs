//! A recording being made: events in, pieces of whole lines out. It is bounded: when it is full, that is told, and
//! nothing more is taken.

use crate::{COLUMNS, MAX_BYTES, PIECE_BYTES, ROWS};
use serde_json::json;
use std::collections::VecDeque;

/// A recording that is being made.
#[derive(Default)]
pub struct Tape {
    began_ms: u64,
    last_ms: u64,
    lines: VecDeque<String>,
    waiting: usize,
    total: usize,
    full: bool,
}

impl std::fmt::Debug for Tape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tape").field("total", &self.total).finish_non_exhaustive()
    }
}

impl Tape {
    /// Begins now, at this second of the wall clock.
    #[must_use]
    pub fn begin(now_ms: u64, unix_s: i64) -> Self {
        let mut tape = Self { began_ms: now_ms, last_ms: now_ms, ..Self::default() };
        let head = json!({ "version": 2, "width": COLUMNS, "height": ROWS, "timestamp": unix_s,
            "env": { "TERM": "vt100" } });
        tape.add(format!("{head}\n"));
        tape
    }

    /// What the screen was sent.
    pub fn shown(&mut self, now_ms: u64, text: &str) {
        self.event(now_ms, "o", text);
    }

    /// What was typed.
    pub fn typed(&mut self, now_ms: u64, text: &str) {
        self.event(now_ms, "i", text);
    }

    /// Whether it has no room for more.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.full
    }

    /// Bytes that wait to be taken.
    #[must_use]
    pub const fn waiting(&self) -> usize {
        self.waiting
    }

    /// Milliseconds from its begin to its last event.
    #[must_use]
    pub const fn length_ms(&self) -> u64 {
        self.last_ms - self.began_ms
    }

    /// The next piece: whole lines, at most [`PIECE_BYTES`]; `None`: nothing waits.
    pub fn take(&mut self) -> Option<Vec<u8>> {
        let mut piece = Vec::new();
        while let Some(line) = self.lines.pop_front_if(|line| piece.len() + line.len() <= PIECE_BYTES) {
            self.waiting -= line.len();
            piece.extend(line.into_bytes());
        }
        (!piece.is_empty()).then_some(piece)
    }

    fn event(&mut self, now_ms: u64, kind: &str, text: &str) {
        self.last_ms = self.last_ms.max(now_ms);
        let at = self.last_ms - self.began_ms;
        let mut rest = text;
        while !rest.is_empty() {
            let end = rest.char_indices().nth(MAX_EVENT_CHARS).map_or(rest.len(), |(at, _)| at);
            let (now, later) = rest.split_at(end);
            self.add(format!("[{}.{:03},\"{kind}\",{}]\n", at / 1_000, at % 1_000, json!(now)));
            rest = later;
        }
    }

    fn add(&mut self, line: String) {
        debug_assert!(line.len() <= PIECE_BYTES, "every line fits a piece");
        if self.full || self.total + line.len() > MAX_BYTES {
            self.full = true;
            return;
        }
        self.total += line.len();
        self.waiting += line.len();
        self.lines.push_back(line);
    }
}

/// Characters of one event: each is at most six bytes as JSON, so that the line fits a piece.
const MAX_EVENT_CHARS: usize = 2_048;
const _: () = assert!(MAX_EVENT_CHARS * 6 + 64 <= PIECE_BYTES, "every line fits a piece");

#[cfg(test)]
mod tests {
    use super::Tape;
    use crate::{Kind, MAX_BYTES, PIECE_BYTES, read};

    fn all(tape: &mut Tape) -> Vec<Vec<u8>> {
        std::iter::from_fn(|| tape.take()).collect()
    }

    #[test]
    fn aud_09_a_recording_is_asciicast_as_players_read_it() {
        let mut tape = Tape::begin(5_000, 1_795_399_200);
        tape.shown(5_000, "\u{1b}[2J中");
        tape.typed(6_042, "1\r");
        assert_eq!(tape.length_ms(), 1_042);
        let text = String::from_utf8(all(&mut tape).concat()).unwrap();
        let mut lines = text.lines();
        let head: serde_json::Value = serde_json::from_str(lines.next().unwrap()).unwrap();
        assert_eq!((&head["version"], &head["width"], &head["height"]), (&2.into(), &80.into(), &24.into()));
        assert_eq!(head["timestamp"], 1_795_399_200_i64);
        assert_eq!(lines.next(), Some(r#"[0.000,"o","\u001b[2J中"]"#));
        assert_eq!(lines.next(), Some(r#"[1.042,"i","1\r"]"#));
        assert!(tape.take().is_none() && tape.waiting() == 0);
    }

    #[test]
    fn what_is_long_goes_into_pieces_of_whole_lines_that_are_the_same_text_again() {
        let mut tape = Tape::begin(0, 0);
        let long = "\u{1b}工".repeat(20_000);
        tape.shown(1, &long);
        let pieces = all(&mut tape);
        assert!(pieces.len() > 5 && pieces.iter().all(|piece| piece.len() <= PIECE_BYTES));
        assert!(pieces.iter().all(|piece| piece.ends_with(b"]\n") || piece.ends_with(b"}\n")));
        let cast = read(&pieces.concat()).unwrap();
        let shown: String = cast.events.iter().map(|event| event.text.as_str()).collect();
        assert!(shown == long && cast.events.iter().all(|event| event.kind == Kind::Shown));
    }

    #[test]
    fn a_recording_is_full_at_its_bound_and_says_so() {
        let mut tape = Tape::begin(0, 0);
        let mut bytes = 0;
        for at in 0.. {
            tape.shown(at, &"\n".repeat(2_000));
            bytes += all(&mut tape).concat().len();
            if tape.is_full() {
                break;
            }
        }
        assert!(bytes <= MAX_BYTES && bytes > MAX_BYTES - 3_000, "{bytes}");
        tape.typed(9, "y");
        assert!(tape.take().is_none(), "nothing more is taken");
    }

    #[test]
    fn a_clock_that_jumps_back_does_not_turn_the_order_round() {
        let mut tape = Tape::begin(100, 0);
        tape.shown(300, "a");
        tape.shown(200, "b");
        let cast = read(&all(&mut tape).concat()).unwrap();
        assert_eq!(cast.events.iter().map(|event| event.at_ms).collect::<Vec<_>>(), [200, 200]);
    }
}
