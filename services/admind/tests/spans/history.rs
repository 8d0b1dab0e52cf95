//! Alarms and events, page by page.

use crate::rig::Rig;
use crate::samples::answers;
use idl::admin::Role;

#[tokio::test]
async fn a_change_says_what_was_what_is_and_how_long_it_lasted() {
    let rig = Rig::start(Role::Manager, |what, _| answers(what)).await;
    let page = rig.get("/lines/spans/1/history").await;
    assert_eq!(page.status, 200, "{}", page.body);
    page.has(&["LOS 信号丢失、RED 帧失步 → 无告警", "无告警 → LOS 信号丢失、RED 帧失步", "至今", "2 分"]);
    page.has(&["链路断开", "误码率 1.2e-7", "4211 帧", "本页 5 条"]);
    // The oldest change of alarms was two minutes before the newest event.
    page.has(&["/lines/spans/1/history?before=100&#38;until=1795309947000"]);
    let older = rig.get("/lines/spans/1/history?before=100&until=1795309947000").await;
    older.has(&["3 分", "/lines/spans/1/history?before=95&#38;until=1795309647000", "最新"]);
    older.lacks(&["至今"]);
    assert!(rig.was_asked(&["History", "before: Some(100)"]));
}

#[tokio::test]
async fn an_auditor_reads_the_history_without_the_span_itself() {
    let rig = Rig::start(Role::AuditAdmin, |what, _| answers(what)).await;
    let page = rig.get("/lines/spans/1/history").await;
    assert_eq!(page.status, 200, "{}", page.body);
    page.has(&["线路接口 1 的告警与事件"]);
    page.lacks(&["href=\"/lines/spans/1\""]);
    assert!(!rig.was_asked(&["One"]));
}
