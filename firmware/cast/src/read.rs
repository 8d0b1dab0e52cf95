//! Reads a recording. The bytes are anybody's: they are bounded, and a wrong line is named; a last line without its end is
//! what a power cut leaves, and is passed over.

use crate::MAX_BYTES;
use serde_json::Value;
use thiserror::Error;

/// What an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The screen was sent it.
    Shown,
    /// It was typed.
    Typed,
}

/// An event.
#[derive(Clone, PartialEq, Eq)]
pub struct Event {
    /// Milliseconds from the begin.
    pub at_ms: u64,
    /// What it is.
    pub kind: Kind,
    /// The text.
    pub text: String,
}

impl std::fmt::Debug for Event {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} at {} ms, {} bytes", self.kind, self.at_ms, self.text.len())
    }
}

/// A recording.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cast {
    /// The second of the wall clock at which it began, if it says so.
    pub began_s: Option<i64>,
    /// Its events in order.
    pub events: Vec<Event>,
    /// Its last line has no end.
    pub torn: bool,
}

/// Why it cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CastError {
    /// It is longer than any recording.
    #[error("a recording has at most {MAX_BYTES} bytes")]
    TooLong,
    /// Its first line is no head of asciicast v2.
    #[error("the first line is no head of asciicast v2")]
    Head,
    /// This line, from 1, is no event.
    #[error("line {0} is no event")]
    Line(usize),
}

/// Reads a recording, whole or up to where it was torn.
///
/// # Errors
/// [`CastError`], naming the line.
pub fn read(bytes: &[u8]) -> Result<Cast, CastError> {
    if bytes.len() > MAX_BYTES {
        return Err(CastError::TooLong);
    }
    let mut cast = Cast::default();
    let mut last_ms = 0;
    for (number, line) in (1..).zip(bytes.split_inclusive(|byte| *byte == b'\n')) {
        let Some(line) = line.strip_suffix(b"\n") else {
            cast.torn = true;
            break;
        };
        if number == 1 {
            cast.began_s = head(line).ok_or(CastError::Head)?;
        } else if let Some(event) = event(line, last_ms).ok_or(CastError::Line(number))? {
            last_ms = event.at_ms;
            cast.events.push(event);
        }
    }
    Ok(cast)
}

/// The events of further whole lines of a recording, as a piece of it has them; a head among them is passed over.
///
/// # Errors
/// [`CastError`], naming the line within these bytes.
pub fn more(bytes: &[u8]) -> Result<Vec<Event>, CastError> {
    if bytes.len() > MAX_BYTES {
        return Err(CastError::TooLong);
    }
    let mut events: Vec<Event> = Vec::new();
    for (number, line) in (1..).zip(bytes.split_inclusive(|byte| *byte == b'\n')) {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        if line.starts_with(b"{") {
            continue;
        }
        let last_ms = events.last().map_or(0, |event| event.at_ms);
        events.extend(event(line, last_ms).ok_or(CastError::Line(number))?);
    }
    Ok(events)
}

fn head(line: &[u8]) -> Option<Option<i64>> {
    let head: Value = serde_json::from_slice(line).ok()?;
    (head.get("version")? == 2).then(|| head.get("timestamp").and_then(Value::as_i64))
}

/// An event; `None` within for a kind that is not shown, which a player passes over.
fn event(line: &[u8], last_ms: u64) -> Option<Option<Event>> {
    let Value::Array(fields) = serde_json::from_slice(line).ok()? else { return None };
    let [at, kind, Value::String(text)] = fields.as_slice() else { return None };
    let seconds = at.as_f64().filter(|seconds| (0.0..MAX_SECONDS).contains(seconds))?;
    let kind = match kind.as_str()? {
        "o" => Kind::Shown,
        "i" => Kind::Typed,
        _ => return Some(None),
    };
    Some(Some(Event { at_ms: millis(seconds).max(last_ms), kind, text: text.clone() }))
}

fn millis(seconds: f64) -> u64 {
    (seconds * 1_000.0).round() as u64
}

/// A session of the console lasts an hour at most; a day is beyond every recording.
const MAX_SECONDS: f64 = 86_400.0;

#[cfg(test)]
mod tests {
    use super::{CastError, Kind, more, read};
    use crate::MAX_BYTES;

    const HEAD: &str = "{\"version\":2,\"width\":80,\"height\":24,\"timestamp\":7}\n";

    #[test]
    fn events_come_in_order_and_kinds_of_other_writers_are_passed_over() {
        let text =
            format!("{HEAD}[0.5,\"o\",\"a\"]\n[0.4,\"i\",\"b\"]\n[1.0,\"m\",\"mark\"]\n[2,\"o\",\"c\"]\n");
        let cast = read(text.as_bytes()).unwrap();
        assert_eq!((cast.began_s, cast.torn), (Some(7), false));
        let events: Vec<_> = cast.events.iter().map(|one| (one.at_ms, one.kind, one.text.as_str())).collect();
        assert_eq!(events, [(500, Kind::Shown, "a"), (500, Kind::Typed, "b"), (2_000, Kind::Shown, "c")]);
        assert!(!format!("{cast:?}").contains("\"a\""), "what was typed stands in no log");
    }

    #[test]
    fn a_line_that_a_power_cut_left_is_passed_over() {
        let cast = read(format!("{HEAD}[0.5,\"o\",\"a\"]\n[0.6,\"o\",\"b").as_bytes()).unwrap();
        assert!(cast.torn && cast.events.len() == 1);
        assert!(read(b"").unwrap().events.is_empty());
        let pieces = [format!("{HEAD}[0.5,\"o\",\"a\"]\n"), "[0.6,\"i\",\"b\"]\n".to_owned()];
        let told = pieces.iter().flat_map(|piece| more(piece.as_bytes()).unwrap()).map(|event| event.at_ms);
        assert_eq!(told.collect::<Vec<_>>(), [500, 600]);
        assert_eq!(more(b"[0,\"o\""), Err(CastError::Line(1)));
    }

    #[test]
    fn a_wrong_line_is_named() {
        for (body, at) in [
            ("x\n", 2),
            ("[0,\"o\"]\n", 2),
            ("[0,\"o\",7]\n", 2),
            ("[-1,\"o\",\"\"]\n", 2),
            ("[1e9,\"o\",\"\"]\n", 2),
            ("[null,\"o\",\"\"]\n", 2),
            ("[0,\"o\",\"a\"]\n\n", 3),
        ] {
            assert_eq!(read(format!("{HEAD}{body}").as_bytes()), Err(CastError::Line(at)), "{body}");
        }
        assert_eq!(read(b"{\"version\":1}\n"), Err(CastError::Head));
        assert_eq!(read(b"\xff\n"), Err(CastError::Head));
        assert_eq!(read(&vec![b'\n'; MAX_BYTES + 1]), Err(CastError::TooLong));
    }
}
