//! Plain lines: for a terminal that answers nothing, for a log of the line, and by a key.

use crate::bench::Bench;
use consoled::terminal::Wish;

#[test]
fn l_31_before_anybody_types_the_line_carries_all_that_a_claim_needs_in_plain_ascii() {
    let mut bench = Bench::new(Wish::default(), None, false);
    let text = bench.read();
    assert!(text.is_ascii() && !text.contains('\u{1b}'), "{text}");
    for needed in ["https://10.20.30.40/", "00:01:02:", "1D:1E:1F", "ABCD-EFGH-JKLM-NPQR"] {
        assert!(text.contains(needed), "{needed} is missing: {text}");
    }
    bench.pass(10_000);
    assert_eq!(bench.read(), "", "what is the same is not said again");
    bench.facts.addresses.clear();
    bench.told();
    assert!(bench.read().contains("check the cable"));
}

#[test]
fn a_terminal_that_answers_nothing_is_spoken_to_in_lines() {
    let mut bench = Bench::mute(true);
    bench.read();
    bench.sign_in();
    let text = bench.read();
    assert!(text.is_ascii() && !text.contains('\u{1b}'), "{text}");
    assert!(text.contains("Password: **************"), "{text}");
    assert!(!text.contains("tram window") && !text.contains("123456"), "secrets are not shown: {text}");
    assert!(text.contains("  5  Trunks"));
    bench.keys("5\r");
    let text = bench.read();
    insta::assert_snapshot!("trunks_lines", text.replace("\r\n", "\n"));
    bench.keys("7\r");
    assert!(bench.read().contains("There is no such choice."));
    bench.keys("x\r0\r");
    assert!(bench.read().contains("The session has ended."));
}

#[test]
fn in_lines_the_page_comes_once_after_an_order_and_already_knows_it() {
    let mut bench = Bench::mute(true);
    bench.sign_in();
    bench.keys("6\rd\r");
    bench.read();
    bench.keys("y\r");
    let text = bench.read();
    assert_eq!(text.matches("== Ringfence").count(), 1, "{text}");
    assert!(text.contains("Diagnostics  1 %") && text.contains("Done: Diagnostics"), "{text}");
}

#[test]
fn a_line_is_corrected_as_it_is_typed() {
    let mut bench = Bench::mute(true);
    bench.keys("s\r");
    bench.read();
    bench.keys("WO-1x\u{7f}2");
    assert_eq!(bench.read(), "WO-1x\u{8} \u{8}2");
    bench.keys("\r");
    assert!(bench.read().contains("Ticket number      WO-12"));
}

#[test]
fn a_key_changes_between_the_full_screen_and_lines_and_keeps_the_session() {
    let mut bench = Bench::modern(true);
    bench.sign_in();
    bench.read();
    bench.keys("\u{14}");
    let text = bench.read();
    assert!(text.starts_with("\u{1b}[0m\u{1b}[2J\u{1b}[H"), "the screen is left clean");
    assert!(text.contains("== Ringfence") && text.contains("主菜单"));
    bench.keys("\u{14}");
    assert!(bench.read().contains("\u{1b}[2J") && bench.console.is_signed_in());
}

#[test]
fn what_was_set_is_not_asked_of_the_terminal() {
    let mut bench = Bench::new(Wish { full: Some(false), utf8: Some(true), colour: false }, None, true);
    bench.keys("g\r");
    let text = bench.read();
    assert!(!text.contains('\u{1b}') && text.contains("串口控制台"), "{text}");
}
