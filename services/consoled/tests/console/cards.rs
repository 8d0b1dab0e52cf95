//! Orders to spans: what is asked of whom, what is asked back, and how the answer is told.

use crate::bench::Bench;
use idl::handset::HandsetTest;
use idl::spans::{BertPattern, LoopKind, SpanOrder};
use vocab::Timeslot;

fn at_span() -> Bench {
    let mut bench = Bench::modern(true);
    bench.sign_in();
    bench.keys("4");
    bench.keys("1\r");
    bench
}

#[test]
fn a_technician_orders_everything_a_card_can_do() {
    let slot = Timeslot(7);
    let orders: [(&str, SpanOrder); 11] = [
        ("b7\r", SpanOrder::Block(slot)),
        ("u7\r", SpanOrder::Unblock(slot)),
        ("c7\ry", SpanOrder::RestartChannel(slot)),
        ("ry", SpanOrder::RestartSpan),
        ("s", SpanOrder::StartTrace),
        ("p", SpanOrder::StopTrace),
        ("t7\r2", SpanOrder::StartBert { slot, pattern: BertPattern::Prbs15 }),
        ("e", SpanOrder::InsertBitError),
        ("a7\r1", SpanOrder::Handset(HandsetTest { slot, talk: false })),
        ("a7\r2", SpanOrder::Handset(HandsetTest { slot, talk: true })),
        ("k", SpanOrder::StopTest),
    ];
    let mut bench = at_span();
    for (keys, order) in orders {
        bench.keys(keys);
        assert_eq!(bench.orders.pop(), Some(order), "{keys}");
        assert!(bench.screen().contains("已完成"), "{keys}: {}", bench.screen());
    }
    for (keys, kind) in [("l1y", LoopKind::Local), ("l2y", LoopKind::Network), ("l3y", LoopKind::Payload)] {
        bench.keys(keys);
        assert_eq!(bench.orders.pop(), Some(SpanOrder::Loop(kind)));
    }
}

#[test]
fn what_ends_calls_is_asked_back_and_a_no_orders_nothing() {
    let mut bench = at_span();
    for keys in ["rn", "r\u{1b}", "c7\rn", "l1n", "b\r", "b32\r\r", "b0\r\r", "bx\r\r"] {
        bench.keys(keys);
        bench.pass(200);
        assert!(bench.orders.is_empty(), "{keys:?}");
        while !bench.screen().contains("[b]") {
            bench.keys("\u{1b}");
        }
    }
}

#[test]
fn a_refusal_of_a_card_is_told_on_the_spans_page() {
    let mut bench = at_span();
    bench.refusal = Some("span-in-use");
    bench.keys("b7\r");
    assert!(bench.screen().contains("不行。") && bench.console.is_signed_in(), "{}", bench.screen());
    bench.refusal = None;
    bench.keys("s");
    assert_eq!(bench.orders, [SpanOrder::StartTrace]);
}

#[test]
fn a_span_that_is_not_there_is_not_opened() {
    let mut bench = Bench::modern(true);
    bench.sign_in();
    bench.keys("4");
    bench.keys("9\r");
    assert!(bench.screen().contains("没有此接口"));
    bench.keys("\r");
    assert!(bench.screen().contains("主菜单"));
}
