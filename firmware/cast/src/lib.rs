//! Sessions of the serial console as recordings: asciicast v2, which known players replay, written in pieces, read again,
//! and shown on a terminal of our own (AUD-09).
//!
//! One line of JSON for the head, then one for each event: `[seconds, "o", "what the screen was sent"]` and
//! `[seconds, "i", "what was typed"]` (docs.asciinema.org, asciicast v2). It knows no clock, no file and no key: the
//! console gives instants and bytes, `vaultd` keeps the pieces, the page reads them.

mod read;
mod screen;
mod steps;
mod tape;

pub use read::{Cast, CastError, Event, Kind, more, read};
pub use screen::{Colour, Look, Screen};
pub use steps::{Step, steps};
pub use tape::Tape;

/// Columns of the console's terminal.
pub const COLUMNS: usize = 80;
/// Its rows.
pub const ROWS: usize = 24;
/// Bytes of a piece at most.
pub const PIECE_BYTES: usize = 16 * 1024;
/// Bytes of a recording at most.
pub const MAX_BYTES: usize = 4 * 1024 * 1024;

/// Anybody's bytes as a recording: they are read or refused, and what is read can be shown.
pub fn fuzz_cast(bytes: &[u8]) {
    let Ok(cast) = read(bytes) else { return };
    let mut screen = Screen::default();
    for event in &cast.events {
        if event.kind == Kind::Shown {
            screen.feed(&event.text);
        }
    }
    assert!(screen.text().lines().count() <= ROWS, "a screen has so many rows");
    assert!(screen.rows().iter().all(|row| !row.is_empty()), "no row is without a run");
    assert!(steps(&cast).iter().map(|step| step.typed.len()).sum::<usize>() <= bytes.len() * 4);
}

#[cfg(test)]
mod tests {
    use super::fuzz_cast;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn whatever_is_given_as_a_recording_is_read_or_refused(
            body in proptest::collection::vec(prop_oneof![any::<u8>(), Just(b'['), Just(b'"'), Just(b'\n')], 0..300),
            with_head in any::<bool>(),
        ) {
            let head: &[u8] = if with_head { b"{\"version\":2,\"width\":80,\"height\":24}\n" } else { b"" };
            fuzz_cast(&[head, &body].concat());
        }

        #[test]
        fn whatever_a_terminal_is_sent_its_screen_stays_whole(
            sent in proptest::collection::vec(prop_oneof![
                any::<char>(), Just('\u{1b}'), Just('['), Just(';'), Just('9'), Just('H'), Just('m'), Just('\n'), Just('中'),
            ], 0..300),
        ) {
            let sent: String = sent.into_iter().collect();
            let mut tape = super::Tape::begin(0, 0);
            tape.shown(1, &sent);
            let mut all = Vec::new();
            while let Some(piece) = tape.take() {
                all.extend(piece);
            }
            fuzz_cast(&all);
        }
    }
}
