//! Hostile bytes of the line: whatever is typed, the console neither stops nor shows what its terminal cannot take,
//! and asks nothing but what the rights leave to it.

use crate::console::{Console, Input, MAX_PENDING, Out};
use crate::line::MAX_CHARS;
use crate::terminal::Wish;
use idl::account::Door;
use idl::admin::{Admin, Answer};

/// Bytes as a terminal would send them; the first chooses what kind of terminal it is. Pieces of eight are a tenth of
/// a second apart.
pub fn fuzz_console(bytes: &[u8]) {
    let Some((kind, typed)) = bytes.split_first() else { return };
    let full = [None, Some(false), Some(true), None][usize::from(kind & 3)];
    let utf8 = [None, Some(false), Some(true), None][usize::from(kind >> 2 & 3)];
    let mut console = Console::new(Wish { full, utf8, colour: kind & 16 != 0 });
    let facts = crate::facts::Facts { connected: true, ..crate::facts::Facts::default() };
    let mut now = 0;
    let mut out = Out::default();
    console.step(now, Input::Facts(Box::new(facts)), &mut out);
    for piece in typed.chunks(PIECE).take(MAX_PIECES) {
        now += 100;
        console.step(now, Input::Bytes(piece), &mut out);
        for ask in std::mem::take(&mut out.asks) {
            assert!(
                rights::BY_CONSOLE.contains(&rights::request_of(&ask.what)),
                "asked what is not the console's"
            );
            assert!(ask.session.is_none(), "nobody is signed in");
            let answer = match ask.what {
                Admin::Door => Some(Box::new(Answer::Door(Box::new(Door {
                    commissioned: kind & 32 != 0,
                    ..Door::default()
                })))),
                _ => None,
            };
            console.step(now, Input::Answer { id: ask.id, answer }, &mut out);
        }
        console.frame(now, &mut out.bytes);
        check(&console, &out.bytes, utf8 == Some(false));
        out.bytes.clear();
    }
    console.step(now + 10_000, Input::Hangup, &mut out);
    assert!(!console.is_signed_in());
}

fn check(console: &Console, written: &[u8], ascii: bool) {
    assert!(console.line.text().chars().count() <= MAX_CHARS);
    assert!(console.pending.len() <= MAX_PENDING);
    assert!(written.len() <= MOST_WRITTEN, "a few keys draw {} bytes", written.len());
    // The one wide character that a terminal is asked by is the exception.
    let probe = "中".as_bytes();
    let mut rest = written;
    while let Some(at) = rest.iter().position(|byte| !byte.is_ascii()) {
        if !ascii {
            break;
        }
        rest = rest.get(at..).unwrap_or_default();
        assert!(rest.starts_with(probe), "a terminal without UTF-8 is sent ASCII");
        rest = rest.get(probe.len()..).unwrap_or_default();
    }
}

const PIECE: usize = 8;
/// Pieces of one run: each may draw a screen.
const MAX_PIECES: usize = 128;
/// Each key may show a page anew.
const MOST_WRITTEN: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::fuzz_console;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn whatever_is_typed_the_console_keeps_its_promises(
            kind in any::<u8>(),
            typed in proptest::collection::vec(prop_oneof![any::<u8>(), Just(b'\r'), Just(0x1b), Just(b's')], 0..160),
        ) {
            fuzz_console(&[&[kind], typed.as_slice()].concat());
        }
    }

    #[test]
    fn a_terminal_that_never_ends_its_sequence_and_one_that_sends_noise_are_survived() {
        for kind in 0..64 {
            let endless = [b"\x1b[".as_slice(), &[b'9'; 300], b"R\x1b[;R\x1b[1;99999R\x1b[1;3R\r"].concat();
            let noise: Vec<u8> = (0..=255).collect();
            fuzz_console(&[&[kind], endless.as_slice()].concat());
            fuzz_console(&[&[kind], noise.as_slice()].concat());
        }
    }
}
