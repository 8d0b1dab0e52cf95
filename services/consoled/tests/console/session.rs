//! Signing in, what ends a session, and that nothing stays behind.

use crate::bench::Bench;
use consoled::console::{IDLE_MS, Input, LIMIT_MS};
use rights::Request;

#[test]
fn l_42_nobody_signs_in_without_a_ticket_number() {
    let mut bench = Bench::modern(true);
    bench.keys("s");
    bench.lines(&["", "ab", "工单"]);
    assert!(bench.screen().contains("工单号须为3至24个"), "{}", bench.screen());
    assert!(bench.asked.iter().all(|(kind, _)| *kind != Request::SignInConsole));
    bench.lines(&["WO-2026/118", "zhao.liu", "tram window 88", "123456"]);
    assert!(bench.console.is_signed_in());
    assert_eq!(bench.tickets[0].as_str(), "WO-2026/118");
}

#[test]
fn iam_05_a_refusal_is_told_as_the_vault_says_it_and_everything_typed_is_gone() {
    let mut bench = Bench::modern(true);
    bench.refusal = Some("sign-in");
    bench.sign_in();
    assert!(!bench.console.is_signed_in());
    assert!(bench.screen().contains("不行。"));
    bench.keys("s");
    assert!(!bench.screen().contains("WO-2026") && !bench.screen().contains("zhao.liu"));
}

#[test]
fn l_42_five_minutes_without_a_key_close_the_console() {
    let mut bench = Bench::modern(true);
    bench.sign_in();
    bench.keys("1");
    bench.pass(IDLE_MS - 1_000);
    assert!(bench.console.is_signed_in());
    bench.keys("\u{c}");
    bench.pass(IDLE_MS - 1_000);
    assert!(bench.console.is_signed_in(), "a key keeps it open");
    bench.pass(1_000);
    assert!(!bench.console.is_signed_in());
    assert_eq!(bench.asked.iter().filter(|(kind, _)| *kind == Request::SignOut).count(), 1);
    assert!(bench.screen().contains("5分钟无操作") && !bench.screen().contains("lined"));
}

#[test]
fn l_42_an_hour_closes_the_console_however_much_is_typed() {
    let mut bench = Bench::modern(true);
    bench.sign_in();
    for _ in 0..LIMIT_MS / 60_000 {
        assert!(bench.console.is_signed_in());
        bench.pass(59_800);
        bench.keys("\u{c}");
    }
    bench.pass(1_000);
    assert!(!bench.console.is_signed_in());
    assert!(bench.screen().contains("60分钟"));
}

#[test]
fn aud_09_a_session_ended_from_the_page_is_closed_within_two_seconds() {
    for key in ["", "1", "2", "4"] {
        let mut bench = Bench::modern(true);
        bench.sign_in();
        bench.keys(key);
        bench.refusal = Some("no-session");
        bench.pass(2_000);
        assert!(!bench.console.is_signed_in(), "on page {key:?}");
        assert!(bench.screen().contains("会话已被结束"));
    }
}

#[test]
fn what_the_screen_asks_by_itself_is_passive_and_what_a_person_asks_is_not() {
    let mut bench = Bench::modern(true);
    bench.sign_in();
    bench.asked.clear();
    bench.pass(3_000);
    assert!(!bench.asked.is_empty() && bench.asked.iter().all(|(_, passive)| *passive), "{:?}", bench.asked);
    bench.asked.clear();
    bench.keys("1");
    let own: Vec<_> = bench.asked.iter().filter(|(_, passive)| !*passive).collect();
    assert_eq!(own, [&(Request::Overview, false)]);
}

#[test]
fn a_line_that_is_hung_up_ends_the_session_and_the_next_terminal_is_asked_anew() {
    let mut bench = Bench::modern(true);
    bench.sign_in();
    bench.give(Input::Hangup);
    assert!(!bench.console.is_signed_in());
    assert!(bench.asked.iter().any(|(kind, _)| *kind == Request::SignOut));
    bench.read();
    bench.keys("\r");
    assert!(bench.read().contains("\u{1b}[6n"));
}

#[test]
fn an_answer_that_never_comes_is_told_and_the_console_goes_on() {
    let mut bench = Bench::modern(true);
    bench.sign_in();
    bench.silent = true;
    bench.keys("1");
    assert!(bench.screen().contains("请稍候"), "{}", bench.screen());
    bench.keys("xxx");
    let ids: Vec<u64> = bench.kept.drain(..).map(|ask| ask.id).collect();
    bench.silent = false;
    for id in ids {
        bench.give(Input::Answer { id, answer: None });
    }
    bench.pass(200);
    assert!(bench.screen().contains("记录进程未连接"), "{}", bench.screen());
    bench.keys("x");
    assert!(bench.console.is_signed_in() && bench.screen().contains("主菜单"));
}

#[test]
fn acc_04_whatever_is_typed_signed_in_asks_for_nothing_but_what_the_rights_leave() {
    // The bench itself refuses to answer anything else.
    let mut seed = 1_u32;
    let mut bench = Bench::modern(true);
    for _ in 0..3_000 {
        if !bench.console.is_signed_in() {
            bench.keys("\u{1b}");
            bench.pass(100);
            bench.sign_in();
            assert!(bench.console.is_signed_in());
        }
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let key = KEYS[(seed >> 16) as usize % KEYS.len()];
        bench.give(Input::Bytes(key.as_bytes()));
        if !bench.console.is_full() {
            bench.give(Input::Bytes(b"\r"));
        }
    }
    let kinds: std::collections::BTreeSet<_> = bench.asked.iter().map(|(kind, _)| *kind).collect();
    for kind in
        [Request::OrderSpan, Request::SpanHistory, Request::SpanQuality, Request::Overview, Request::BoxLook]
    {
        assert!(kinds.contains(&kind), "the walk came by: {kinds:?}");
    }
}

const KEYS: [&str; 36] = [
    "a",
    "6",
    "d",
    "1",
    "2",
    "3",
    "4",
    "5",
    "1\r",
    "7\r",
    "x",
    "v",
    "y",
    "n",
    "g",
    "m",
    "b",
    "u",
    "c",
    "r",
    "s",
    "p",
    "l",
    "t",
    "e",
    "k",
    "h",
    "q",
    "o",
    "\r",
    "\u{1b}\u{1b}",
    "\u{c}",
    "\u{7f}",
    "\u{14}",
    "工",
    "0",
];
