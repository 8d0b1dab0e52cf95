//! Calls: the list with its filters, and one of them.

use crate::rig::{Rig, refused};
use crate::samples::{HOSTILE, HOSTILE_SHOWN, call, card, row};
use idl::admin::{Admin, Answer, Role};
use idl::views::CallsPage;
use vocab::CallId;

fn answers(what: &Admin, _: &[u8]) -> Answer {
    match what {
        Admin::CallsPage { filter, before: None } if filter.agent.is_none() => {
            let rows = (1..=7).map(call).collect();
            Answer::CallsPage(Box::new(CallsPage { rows, next: Some(CallId(7)) }))
        }
        Admin::CallsPage { filter, .. } if filter.agent.is_some() => {
            Answer::CallsPage(Box::new(CallsPage { rows: vec![call(2)], next: None }))
        }
        Admin::CallsPage { before: Some(CallId(7)), .. } => {
            Answer::CallsPage(Box::new(CallsPage { rows: vec![], next: Some(CallId(3)) }))
        }
        Admin::CallsPage { .. } => Answer::CallsPage(Box::default()),
        Admin::Campaigns { after: None } => Answer::Campaigns(vec![row(7, "十一月体检随访", true)]),
        Admin::Campaigns { .. } => Answer::Campaigns(vec![]),
        Admin::CallCard { call } if call.0 == 2 => Answer::CallCard(Box::new(card(2))),
        Admin::CallCard { call } if call.0 == 4 => {
            let mut card = card(4);
            (card.note, card.name, card.may_hear) = (HOSTILE.to_owned(), HOSTILE.to_owned(), false);
            (card.ended_at, card.row.outcome) = (None, None);
            Answer::CallCard(Box::new(card))
        }
        _ => refused("unknown"),
    }
}

#[tokio::test]
async fn the_list_shows_masked_rows_and_keeps_its_filters_in_its_links() {
    let rig = Rig::start(Role::Supervisor, answers).await;
    let page = rig.get("/calls?kind=recorded&campaign=7&from=2026-11-01&to=2026-11-22").await;
    assert_eq!(page.status, 200, "{}", page.body);
    page.has(&[
        "138****5678",
        "无人接听",
        "1:23",
        "已退订",
        "href=\"/recordings/2\"",
        "datetime=\"2026-11-22T",
    ]);
    page.has(&[
        "campaign=7&#38;kind=recorded&#38;from=2026-11-01&#38;to=2026-11-22&#38;before=7",
        "本页 7 条",
    ]);
    // The begin of the first day and of the day after the last one, in the site's zone.
    let asked = ["kind: Recorded", "from: Some(1793462400000ms)", "to: Some(1795363200000ms)"];
    assert!(rig.was_asked(&asked), "{:?}", rig.asked());
    let quality = Rig::start(Role::Compliance, answers).await.get("/calls").await;
    quality.lacks(&["href=\"/recordings/2\""]);
}

#[tokio::test]
async fn a_wrong_day_is_said_at_its_field_and_nothing_is_asked() {
    let rig = Rig::start(Role::Qa, answers).await;
    rig.get("/calls?from=yesterday").await.has(&["f-from-error", "value=\"yesterday\""]);
    rig.get("/calls?from=2026-11-22&to=2026-11-20").await.has(&["截止日期早于起始日期"]);
    assert!(!rig.was_asked(&["CallsPage"]));
}

#[tokio::test]
async fn a_search_cut_short_goes_on_and_an_empty_one_leads_on() {
    let rig = Rig::start(Role::Qa, answers).await;
    rig.get("/calls?kind=bad&before=7").await.has(&["查找尚未结束", "href=\"/calls?kind=bad&#38;before=3\""]);
    rig.get("/calls?kind=bad&before=3").await.has(&["没有符合条件的记录", "清除筛选"]);
    rig.get("/calls?before=3").await.has(&["还没有通话"]);
    let agent = rig.get("/calls?agent=11").await;
    agent.has(&["坐席：liu.yang", "显示全部坐席", "name=\"agent\" value=\"11\""]);
}

#[tokio::test]
async fn a_call_shows_its_proof_rule_by_rule() {
    let rig = Rig::start(Role::Qa, answers).await;
    let page = rig.get("/calls/2").await;
    page.has(&["在允许的外呼时段内。", "CAM-07", "204", "通过", "张**", "振铃 9 秒", "通话 1 分 23 秒"]);
    page.has(&["客户侧 0 毫秒，坐席侧 40 毫秒", "href=\"/recordings/2\"", "客户希望下午联系。"]);
    rig.in_english().get("/calls/2").await.has(&["It is on no list.", "Proof of the gate"]);
}

#[tokio::test]
async fn what_people_wrote_about_a_call_is_escaped_and_who_may_not_hear_it_is_told() {
    let page = Rig::start(Role::Supervisor, answers).await.get("/calls/4").await;
    page.has(&[HOSTILE_SHOWN, "您的角色不能收听录音", "通话进行中"]);
    page.lacks(&["<script>alert", "href=\"/recordings/4\""]);
}

#[tokio::test]
async fn an_unknown_call_is_not_found_and_system_staff_see_none() {
    assert_eq!(Rig::start(Role::Qa, answers).await.get("/calls/77").await.status, 404);
    let staff = Rig::start(Role::SystemAdmin, answers).await;
    assert_eq!(staff.get("/calls").await.status, 403);
    assert_eq!(staff.get("/calls/2").await.status, 403);
}
