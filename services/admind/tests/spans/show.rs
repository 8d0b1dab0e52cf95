//! A span's page.

use crate::rig::Rig;
use crate::samples::{TRACE, answers, bert, card, pri};
use idl::admin::{Admin, Answer, Role};
use idl::spans::{Alarms, LoopKind, SpanStatus, TestStatus};
use idl::views::{SpanAsk, SpanView};

async fn rig(role: Role) -> Rig {
    Rig::start(role, |what, _| answers(what)).await
}

/// A double whose span 1 stands so.
async fn with(change: impl Fn(&mut SpanView) + Send + Sync + 'static) -> Rig {
    Rig::start(Role::Technician, move |what, _| match what {
        Admin::Span(SpanAsk::One { .. }) => {
            let mut view = pri();
            change(&mut view);
            Answer::Span(Box::new(card(view)))
        }
        what => answers(what),
    })
    .await
}

fn status(view: &mut SpanView) -> &mut SpanStatus {
    view.status.as_mut().unwrap()
}

#[tokio::test]
async fn a_span_shows_state_timeslots_counters_quality_history_and_settings() {
    let page = rig(Role::SystemAdmin).await.get("/lines/spans/1").await;
    assert_eq!(page.status, 200, "{}", page.body);
    page.has(&["电信E1一号", "TE405P 卡 1 端口 1", "占用 5 / 可用 28", "2026-11-22 07:14:27", "电信优先"]);
    page.has(&["1,234", "HDB3", "CCS（共路信令）", "30、31", "data-live-from=\"/lines/spans/1/live\""]);
    for part in ["state", "slots", "counters", "test", "trace"] {
        page.has(&[&format!("data-live=\"{part}\"")]);
    }
    page.has(&[
        "<rect class=\"gap\"",
        "role=\"img\" aria-label=\"误码秒\"",
        "查看数字",
        "<th scope=\"row\">合计</th>",
    ]);
    let english = rig(Role::SystemAdmin).await.in_english().get("/lines/spans/1?days=7").await;
    english.has(&["5 busy of 28", "no alarm", "One column an hour.", "blocked by peer 1"]);
}

#[tokio::test]
async fn every_timeslot_has_its_number_its_word_and_its_class() {
    let page = rig(Role::SystemAdmin).await.get("/lines/spans/1").await;
    assert_eq!(page.body.matches("class=\"slot-number\"").count(), 32);
    page.has(&["<span class=\"slot-number\">0<span", "帧同步", "信令", "空闲 19", "通话 2", "本端闭塞 1"]);
    page.has(&[
        "slot-connected\" href=\"/lines/spans/1/slots/1\"",
        "slot-blocked-by-peer\" href=\"/lines/spans/1/slots/9\"",
    ]);
    // Nothing can be done with the signalling, nor with what is not rented.
    page.lacks(&["/slots/16\"", "/slots/30\"", "/slots/0\""]);
}

#[tokio::test]
async fn analogue_ports_have_no_timeslot_zero_no_link_and_no_bit_error_test() {
    let page = rig(Role::SystemAdmin).await.get("/lines/spans/3").await;
    assert_eq!(page.body.matches("class=\"slot-number\"").count(), 4);
    page.has(&["门诊模拟线", "端口", "未接线", "外线（FXO）"]);
    page.lacks(&["帧同步", "CRC-4", "/bert", "trace-start", "sure/restart"]);
}

#[tokio::test]
async fn who_may_not_order_sees_everything_and_no_way_to_order() {
    for role in [Role::SecurityAdmin, Role::Compliance, Role::Manager] {
        let page = rig(role).await.get("/lines/spans/1").await;
        assert_eq!(page.status, 200);
        page.has(&["空闲 19", "误码秒（ES）", TRACE]);
        page.lacks(&[
            "/slots/1\"",
            "/order\"",
            "/bert\"",
            "/trace\"",
            "/sure/",
            "href=\"/lines/spans/1/set\"",
            "下载",
        ]);
    }
    let technician = rig(Role::Technician).await.get("/lines/spans/1").await;
    technician.has(&["/slots/1\"", "/order\"", "/bert\"", "/trace\"", "/sure/loop-local", "/sure/restart"]);
    technician.lacks(&["href=\"/lines/spans/1/set\"", "/sure/remove"]);
    for role in [Role::AuditAdmin, Role::Supervisor, Role::Qa, Role::DataSpecialist, Role::Agent] {
        assert_eq!(rig(role).await.get("/lines/spans/1").await.status, 403);
    }
}

#[tokio::test]
async fn a_running_test_and_trace_show_their_result_and_can_be_stopped() {
    let running = with(|view| {
        status(view).test = Some(bert());
        status(view).trace_frames = Some(1_200);
    });
    let page = running.await.get("/lines/spans/1").await;
    page.has(&["已同步", "1,563", "100,000,000", "1.2e-7", "value=\"error\"", "value=\"stop\""]);
    page.has(&["已写入 1,200 帧", "value=\"trace-stop\""]);
    page.lacks(&["/bert\"", "sure/loop-local", "value=\"trace-start\""]);
    let looped = with(|view| status(view).test = Some(TestStatus::Loop(LoopKind::Network)));
    let page = looped.await.get("/lines/spans/1").await;
    page.has(&["线路侧环回", "value=\"stop\""]);
    page.lacks(&["value=\"error\"", "比特数"]);
}

#[tokio::test]
async fn every_alarm_is_said_in_words() {
    let all = with(|view| {
        status(view).alarms = Alarms {
            los: true,
            red: true,
            yellow: true,
            blue: true,
            recovering: true,
            loopback: true,
            not_open: true,
        };
    });
    let page = all.await.get("/lines/spans/1").await;
    page.has(&[
        "LOS 信号丢失",
        "RED 帧失步",
        "YELLOW 对端收不到",
        "BLUE 告警指示",
        "恢复观察中",
        "环回中",
        "未打开",
    ]);
    page.lacks(&["</span>无告警</span>"]);
}

#[tokio::test]
async fn a_span_nobody_reports_of_says_so_and_offers_no_order() {
    let page = with(|view| view.status = None).await.get("/lines/spans/1").await;
    assert_eq!(page.status, 200, "{}", page.body);
    page.has(&["无报告", "线路服务未连接", "板卡尚未报告时隙"]);
    page.lacks(&["/bert\"", "trace-start"]);
}

#[tokio::test]
async fn a_span_that_is_not_there_is_no_page() {
    let rig = rig(Role::SystemAdmin).await;
    for path in ["/lines/spans/9", "/lines/spans/9/set", "/lines/spans/1/slots/0", "/lines/spans/1/slots/32"]
    {
        assert_eq!(rig.get(path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn a_span_without_quality_says_so() {
    let none = Rig::start(Role::Manager, |what, _| match what {
        Admin::Span(SpanAsk::Quality { .. }) => Answer::SpanQuality(vec![]),
        Admin::Span(SpanAsk::History { .. }) => Answer::SpanHistory(Box::default()),
        what => answers(what),
    });
    let page = none.await.get("/lines/spans/1").await;
    page.has(&["这段时间没有记录", "还没有记录"]);
}
