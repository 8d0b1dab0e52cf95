//! The recording of a session: what it holds, that it replays as the screen was, and that nobody goes on without it.

use crate::bench::{Bench, NAME, NUMBER};
use cast::{Kind, Screen, read};
use consoled::console::Input;
use rights::Request;

/// The recording so far; the console gives its pieces every two seconds.
fn recording(bench: &mut Bench) -> cast::Cast {
    bench.pass(4_500);
    read(&bench.pieces.concat()).expect("asciicast")
}

fn shown(cast: &cast::Cast) -> String {
    let of = |event: &&cast::Event| event.kind == Kind::Shown;
    cast.events.iter().filter(of).map(|event| event.text.as_str()).collect()
}

fn typed(cast: &cast::Cast) -> String {
    let of = |event: &&cast::Event| event.kind == Kind::Typed;
    cast.events.iter().filter(of).map(|event| event.text.as_str()).collect()
}

fn trimmed(screen: &str) -> String {
    let lines: Vec<&str> = screen.lines().map(str::trim_end).collect();
    lines.join("\n").trim_end().to_owned()
}

#[test]
fn aud_09_a_replay_of_a_recorded_session_equals_what_the_screen_showed() {
    let mut bench = Bench::modern(true);
    bench.sign_in();
    let typed_all =
        ["", "1", "x", "4", "1\r", "h", "x", "x", "\u{1b}", "\u{7}", "5", "x", "6", "x", "\u{c}", "3"];
    for keys in typed_all {
        bench.keys(keys);
        let mut screen = Screen::default();
        screen.feed(&shown(&recording(&mut bench)));
        if trimmed(&screen.text()) != trimmed(&bench.screen()) {
            // A minute was over just then: the piece that tells it is the next.
            screen = Screen::default();
            screen.feed(&shown(&recording(&mut bench)));
        }
        assert_eq!(trimmed(&screen.text()), trimmed(&bench.screen()), "after {keys:?}");
        assert!(screen.is_at_rest() && screen.strange() == 0 && bench.console.is_signed_in());
    }
    let cast = recording(&mut bench);
    assert_eq!(typed(&cast), typed_all.concat(), "every key, in order");
    assert!(cast.events.is_sorted_by_key(|event| event.at_ms));
}

#[test]
fn aud_09_a_terminal_of_plain_lines_is_recorded_as_it_was_sent() {
    let mut bench = Bench::mute(true);
    bench.sign_in();
    bench.lines(&["1", "x", "4", "1", "x"]);
    let cast = recording(&mut bench);
    let sent = bench.read();
    let shown = shown(&cast);
    assert!(sent.ends_with(&shown), "what was recorded is the end of what was sent");
    assert!(shown.contains("Menu") && !shown.contains("One-time code"));
    assert_eq!(typed(&cast), "1\rx\r4\r1\rx\r");
}

#[test]
fn aud_09_nothing_typed_at_the_sign_in_and_no_customer_is_in_a_recording() {
    for mut bench in [Bench::modern(true), Bench::mute(true)] {
        bench.sign_in();
        bench.lines(&["1", "x", "5", "x", "6"]);
        recording(&mut bench);
        let all = String::from_utf8(bench.pieces.concat()).unwrap();
        for secret in ["tram window 88", "123456", "tram", NUMBER, NAME] {
            assert!(!all.contains(secret), "{secret} in {all}");
        }
        assert!(bench.pieces.iter().all(|piece| piece.len() <= cast::PIECE_BYTES));
    }
}

#[test]
fn aud_09_what_a_person_asks_goes_after_the_piece_that_holds_it() {
    let mut bench = Bench::modern(true);
    bench.sign_in();
    for (key, wanted) in [("1", Request::Overview), ("x6", Request::BoxLook), ("x4", Request::Spans)] {
        bench.pass(3_000);
        bench.asked.clear();
        bench.pieces.clear();
        bench.keys(key);
        let own = bench.asked.iter().position(|(_, passive)| !*passive).unwrap();
        assert_eq!(bench.asked[own].0, wanted);
        assert_eq!(bench.asked[own - 1], (Request::RecordConsole, true));
        let piece = String::from_utf8(bench.pieces.concat()).unwrap();
        assert!(piece.contains(&format!("\"i\",\"{}\"", &key[key.len() - 1..])), "{piece}");
    }
}

#[test]
fn aud_09_a_session_whose_recording_is_not_taken_is_closed() {
    for taken in [Some("storage"), Some("bounds"), None] {
        let mut bench = Bench::modern(true);
        bench.sign_in();
        bench.keys("1");
        bench.taken = Some(taken);
        bench.pass(2_100);
        assert_eq!(bench.console.is_signed_in(), taken.is_none(), "{taken:?}");
        bench.pass(10_500);
        assert!(!bench.console.is_signed_in(), "{taken:?}");
        assert!(bench.screen().contains("会话无法录制") && !bench.screen().contains("lined"));
        assert_eq!(bench.asked.iter().filter(|(kind, _)| *kind == Request::SignOut).count(), 1);
        // What comes late is nobody's: the next session goes on.
        bench.taken = None;
        let ids: Vec<u64> = bench.kept.drain(..).map(|ask| ask.id).collect();
        bench.sign_in();
        for id in ids {
            bench.give(Input::Answer { id, answer: None });
        }
        assert!(bench.console.is_signed_in());
    }
}

#[test]
fn aud_09_cut_a_session_that_is_ended_from_the_page_is_closed_and_told_so_within_two_seconds() {
    let mut bench = Bench::modern(true);
    bench.sign_in();
    bench.keys("1");
    bench.taken = Some(Some("no-session"));
    bench.refusal = Some("no-session");
    bench.pass(2_000);
    assert!(!bench.console.is_signed_in() && bench.screen().contains("会话已被结束"));
}

#[test]
fn aud_09_a_session_ends_when_its_recording_is_full() {
    let mut bench = Bench::modern(true);
    bench.sign_in();
    for _ in 0..5_000 {
        bench.now += 100;
        bench.give(Input::Bytes("\u{c}".repeat(40).as_bytes()));
        if !bench.console.is_signed_in() {
            break;
        }
    }
    bench.pass(200);
    assert!(!bench.console.is_signed_in());
    let bytes = bench.pieces.concat().len();
    assert!(bytes <= cast::MAX_BYTES && bytes > cast::MAX_BYTES - 2 * cast::PIECE_BYTES, "{bytes}");
    assert!(bench.screen().contains("录制已满"), "{}", bench.screen());
}
