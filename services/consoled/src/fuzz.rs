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
    for piece in typed.chunks(PIECE) {
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
/// Each key may show a page anew.
const MOST_WRITTEN: usize = 64 * 1024;
