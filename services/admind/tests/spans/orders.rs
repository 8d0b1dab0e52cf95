//! Orders: what is asked of the card, what is asked twice, what a refusal says, and traces as downloads.

use crate::rig::{Rig, refused};
use crate::samples::{TRACE, TRACE_BYTES, answers};
use idl::admin::{Admin, Role};
use idl::views::SpanAsk;

const ORDER: &str = "/lines/spans/1/order";

async fn rig() -> Rig {
    Rig::start(Role::Technician, |what, _| answers(what)).await
}

#[tokio::test]
async fn an_order_is_carried_out_and_leads_back_to_the_span() {
    let rig = rig().await;
    for (word, asked) in [
        ("block-7", "Block(ts-7)"),
        ("unblock-7", "Unblock(ts-7)"),
        ("trace-start", "StartTrace"),
        ("trace-stop", "StopTrace"),
        ("error", "InsertBitError"),
        ("stop", "StopTest"),
    ] {
        let done = rig.post(ORDER, &[("order", word)]).await;
        assert_eq!((done.status.as_u16(), done.location()), (303, "/lines/spans/1"), "{word}");
        assert!(rig.was_asked(&["Order", "span-1", asked]), "{word}: {:?}", rig.asked());
    }
    rig.get("/lines/spans/1").await.has(&["时隙 7 已闭塞", "测试已停止"]);
    let bert = rig.post("/lines/spans/1/bert", &[("slot", "13"), ("pattern", "prbs11")]).await;
    assert_eq!(bert.location(), "/lines/spans/1");
    assert!(rig.was_asked(&["StartBert", "ts-13", "Prbs11"]));
}

#[tokio::test]
async fn what_ends_calls_or_closes_a_loop_is_asked_twice() {
    let rig = rig().await;
    for word in ["restart", "restart-2", "loop-local", "loop-network", "loop-payload"] {
        let first = rig.post(ORDER, &[("order", word)]).await;
        let sure = format!("/lines/spans/1/sure/{word}");
        assert_eq!((first.status.as_u16(), first.location()), (303, sure.as_str()));
        assert!(!rig.was_asked(&["Order"]), "{word}");
        let page = rig.get(&sure).await;
        page.has(&["电信E1一号", "name=\"sure\" value=\"yes\"", &format!("value=\"{word}\""), "取消"]);
    }
    rig.get("/lines/spans/1/sure/restart").await.has(&["当前通话：5", "所有通话立即结束"]);
    rig.get("/lines/spans/1/sure/restart-2").await.has(&["当前通话：1"]);
    rig.get("/lines/spans/1/sure/restart-6").await.lacks(&["当前通话"]);
    rig.post(ORDER, &[("order", "restart-2"), ("sure", "yes")]).await;
    assert!(rig.was_asked(&["RestartChannel(ts-2)"]));
    rig.post(ORDER, &[("order", "loop-payload"), ("sure", "yes")]).await;
    assert!(rig.was_asked(&["Loop(Payload)"]));
}

#[tokio::test]
async fn a_span_is_removed_in_two_steps_by_who_may() {
    let rig = Rig::start(Role::SystemAdmin, |what, _| answers(what)).await;
    let first = rig.post("/lines/spans/1/remove", &[]).await;
    assert_eq!(first.location(), "/lines/spans/1/sure/remove");
    rig.get("/lines/spans/1/sure/remove").await.has(&["action=\"/lines/spans/1/remove\"", "历史记录保留"]);
    assert!(!rig.was_asked(&["Remove"]));
    let done = rig.post("/lines/spans/1/remove", &[("sure", "yes")]).await;
    assert_eq!(done.location(), "/lines");
    assert!(rig.was_asked(&["Remove", "span-1"]));
    let technician = self::rig().await;
    assert_eq!(technician.get("/lines/spans/1/sure/remove").await.status, 403);
    let manager = Rig::start(Role::Manager, |what, _| answers(what)).await;
    assert_eq!(manager.get("/lines/spans/1/sure/restart").await.status, 403);
    assert_eq!(manager.post(ORDER, &[("order", "block-1")]).await.status, 403);
}

#[tokio::test]
async fn what_is_no_order_reaches_nobody() {
    let rig = rig().await;
    for word in ["", "block-0", "block-32", "remove", "RestartSpan"] {
        assert_eq!(rig.post(ORDER, &[("order", word), ("sure", "yes")]).await.status, 400, "{word}");
    }
    for (slot, pattern) in [("0", "prbs15"), ("32", "prbs15"), ("1", "prbs9"), ("", "")] {
        let answer = rig.post("/lines/spans/1/bert", &[("slot", slot), ("pattern", pattern)]).await;
        assert_eq!(answer.status, 400);
    }
    assert_eq!(rig.get("/lines/spans/1/sure/stop").await.status, 404);
    assert!(rig.asked().is_empty(), "{:?}", rig.asked());
}

#[tokio::test]
async fn a_refused_order_is_told_on_the_spans_page() {
    let rig = Rig::start(Role::Technician, |what, _| match what {
        Admin::Span(SpanAsk::Order { .. } | SpanAsk::Remove { .. }) => refused("span-calls"),
        what => answers(what),
    })
    .await;
    let back = rig.post(ORDER, &[("order", "loop-local"), ("sure", "yes")]).await;
    assert_eq!((back.status.as_u16(), back.location()), (303, "/lines/spans/1"));
    rig.get("/lines/spans/1").await.has(&["notice-bad", "因 span-calls 被拒绝。"]);
}

#[tokio::test]
async fn a_timeslot_offers_what_can_be_done_with_it() {
    let rig = rig().await;
    let idle = rig.get("/lines/spans/1/slots/6").await;
    idle.has(&["value=\"block-6\"", "/sure/restart-6", "空闲"]);
    idle.lacks(&["unblock-6"]);
    let blocked = rig.get("/lines/spans/1/slots/7").await;
    blocked.has(&["value=\"unblock-7\"", "本端闭塞"]);
    blocked.lacks(&["value=\"block-7\""]);
    let signalling = rig.get("/lines/spans/1/slots/16").await;
    signalling.has(&["没有可执行的操作"]);
    signalling.lacks(&["block-16", "restart-16"]);
    rig.get("/lines/spans/3/slots/1").await.lacks(&["restart-1"]);
}

#[tokio::test]
async fn a_trace_is_downloaded_whole_and_only_by_its_name() {
    let rig = rig().await;
    let file = rig.post("/lines/spans/1/trace", &[("file", TRACE)]).await;
    assert_eq!((file.status.as_u16(), file.body.len()), (200, TRACE_BYTES));
    assert_eq!(file.header("content-type"), "application/vnd.tcpdump.pcap");
    assert_eq!(file.header("content-disposition"), format!("attachment; filename=\"{TRACE}\""));
    assert!(rig.was_asked(&["Trace", "offset: 32768"]));
    for bad in ["../x.pcap", "a\"b", ""] {
        assert_eq!(rig.post("/lines/spans/1/trace", &[("file", bad)]).await.status, 404, "{bad}");
    }
    assert_eq!(rig.post("/lines/spans/1/trace", &[("file", "other.pcap")]).await.status, 404);
    let gone = Rig::start(Role::Technician, |what, _| match what {
        Admin::Span(SpanAsk::Trace { .. }) => refused("trace-gone"),
        what => answers(what),
    })
    .await;
    assert_eq!(gone.post("/lines/spans/1/trace", &[("file", TRACE)]).await.location(), "/lines/spans/1");
    gone.get("/lines/spans/1").await.has(&["trace-gone"]);
    let manager = Rig::start(Role::Manager, |what, _| answers(what)).await;
    assert_eq!(manager.post("/lines/spans/1/trace", &[("file", TRACE)]).await.status, 403);
}
