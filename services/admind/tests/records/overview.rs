//! The first page.

use crate::rig::{Rig, refused};
use crate::samples::{HOSTILE, HOSTILE_SHOWN, NOW, attention, check, overview, series};
use idl::admin::{Admin, Answer, Role};
use idl::views::{Overview, SpanAsk};

fn answers(
    seen: impl Fn() -> Overview + Send + Sync + 'static,
) -> impl Fn(&Admin, &[u8]) -> Answer + Send + Sync {
    move |what, _| match what {
        Admin::Overview => Answer::Overview(Box::new(seen())),
        Admin::Span(SpanAsk::All) => Answer::Spans(vec![]),
        Admin::Series { hours, .. } => Answer::Series(Box::new(series((*hours).into()))),
        _ => refused("unknown"),
    }
}

#[tokio::test]
async fn what_is_missing_leads_to_its_page_for_who_may_do_it_and_names_the_role_for_others() {
    let seen = || Overview {
        checklist: vec![
            check("trunk", true),
            check("dnc", false),
            check("agent", false),
            check("new-code", false),
        ],
        ..overview()
    };
    let page = Rig::start(Role::Compliance, answers(seen)).await.get("/").await;
    page.has(&["首次外呼前的准备", "已完成 1 / 3", "href=\"/dnc\"", "由安全管理员办理"]);
    page.lacks(&["href=\"/accounts\"", "new-code"]);
    let whole = || Overview { checklist: vec![check("trunk", true)], ..overview() };
    Rig::start(Role::Compliance, answers(whole)).await.get("/").await.lacks(&["首次外呼前的准备"]);
}

#[tokio::test]
async fn what_needs_attention_is_said_with_its_cause() {
    let seen = || Overview {
        attention: vec![
            attention("trunk-down", HOSTILE, 1, true),
            attention("bad-recording", "", 3, true),
            attention("storage-low", "", 2_048, false),
            attention("script-expires", "体检回访", 4, false),
            attention("approval-waits", "十一月.csv", 1, false),
        ],
        ..overview()
    };
    let page = Rig::start(Role::Compliance, answers(seen)).await.get("/").await;
    page.has(&[
        HOSTILE_SHOWN,
        "3 项",
        "剩余 2.0 GiB",
        "2026-11-22 到期",
        "/calls?kind=bad",
        "href=\"/contacts\"",
    ]);
    page.lacks(&["<script>alert"]);
}

#[tokio::test]
async fn figures_charts_trunks_and_the_box_are_shown_in_both_languages() {
    let rig = Rig::start(Role::Manager, answers(overview)).await;
    let page = rig.get("/").await;
    assert_eq!(page.status, 200, "{}", page.body);
    page.has(&[
        "4,218",
        "41.3%",
        "联通备用",
        "403 Forbidden",
        "注册被拒",
        "Infineon SLB9672",
        "812.0 GiB",
        "data-live-from=\"/live\"",
    ]);
    page.has(&[
        "<title>09:00 · 接通: 73</title>",
        "官方勿扰名单",
        "href=\"/campaigns/7\"",
        "href=\"/campaigns/new\"",
    ]);
    let english = rig.in_english().get("/").await;
    english.has(&["Calls of the last 24 hours", "Registration refused", "Synchronised"]);
}

#[tokio::test]
async fn who_may_not_ask_for_charts_is_not_asked_for_them() {
    let rig = Rig::start(Role::Technician, answers(overview)).await;
    let page = rig.get("/").await;
    assert_eq!(page.status, 200);
    page.lacks(&["近 24 小时通话", "/campaigns/new", "href=\"/campaigns/7\""]);
    assert!(!rig.was_asked(&["Series"]));
}

#[tokio::test]
async fn an_agent_goes_to_the_desk() {
    let page = Rig::start(Role::Agent, answers(overview)).await.get("/").await;
    assert_eq!((page.status.as_u16(), page.location()), (303, "/desk"));
}

#[tokio::test]
async fn an_empty_box_says_so_in_every_part() {
    let seen = || Overview { now: NOW, ..Overview::default() };
    let page = Rig::start(Role::Manager, answers(seen)).await.get("/").await;
    page.has(&["尚未接入中继", "没有正在运行的活动", "目前没有需要处理的事项", "未同步", "非外呼时段"]);
}
