//! The list of lines, line groups, and the first page.

use crate::rig::{Rig, refused};
use crate::samples::{HOSTILE_SHOWN, NOW, answers};
use idl::admin::{Admin, Answer, Role};
use idl::lines::TrunkState;
use idl::views::{Attention, Overview, TrunkLive};
use vocab::TrunkId;

async fn rig(role: Role) -> Rig {
    Rig::start(role, |what, _| answers(what)).await
}

#[tokio::test]
async fn lin_06_spans_stand_beside_trunks_with_place_alarms_link_and_load() {
    let page = rig(Role::SystemAdmin).await.get("/lines").await;
    assert_eq!(page.status, 200, "{}", page.body);
    page.has(&[
        "href=\"/lines/spans/1\"",
        "电信E1一号",
        "E1 · ISDN PRI",
        "TE405P 卡 1 端口 1",
        "无告警",
        "链路正常",
    ]);
    page.has(&["LOS 信号丢失", "RED 帧失步", "链路断开", "模拟端口", "TDM400P 卡 2", HOSTILE_SHOWN]);
    // Five of the 28 channels that are rented carry calls.
    page.has(&["5 / 28", "data-live-from=\"/lines/live\""]);
    page.lacks(&["<script>alert"]);
    let english = rig(Role::SystemAdmin).await.in_english().get("/lines").await;
    english.has(&["LOS signal lost", "link up", "Spans of cards, not set up"]);
}

#[tokio::test]
async fn a_span_nobody_has_set_up_is_offered_to_those_who_may() {
    let page = rig(Role::SystemAdmin).await.get("/lines").await;
    page.has(&["板卡上未设置的线路接口", "线路接口 4", "href=\"/lines/spans/4/set\"", "未打开"]);
    for role in [Role::SecurityAdmin, Role::Compliance, Role::Manager, Role::Technician] {
        let page = rig(role).await.get("/lines").await;
        assert_eq!(page.status, 200);
        page.has(&["线路接口 4"]);
        page.lacks(&["/lines/spans/4/set"]);
    }
}

#[tokio::test]
async fn line_groups_take_and_name_the_trunks_of_spans() {
    let rig = rig(Role::SystemAdmin).await;
    let page = rig.get("/lines/groups").await;
    page.has(&["name=\"member\" value=\"11\"", "name=\"member\" value=\"12\"", HOSTILE_SHOWN]);
    page.lacks(&["<script>alert", "请先新增中继", "<span>member</span>"]);
    let ticked = page.body.split("value=\"11\"").nth(1).expect("the span's tick");
    assert!(
        !ticked.split("</label>").next().expect("its label").contains("<span>member"),
        "named, not \"member\""
    );
    let fields = [("name", "混合"), ("member", "11"), ("rank-11", "1"), ("weight-11", "2")];
    rig.post("/lines/groups", &fields).await;
    assert!(rig.was_asked(&["AddLineGroup", "trunk: trunk-11"]), "{:?}", rig.asked());
}

#[tokio::test]
async fn a_line_group_is_shown_changed_and_removed_by_whom_may() {
    let rig = rig(Role::SystemAdmin).await;
    let list = rig.get("/lines/groups").await;
    list.has(&["href=\"/lines/groups/1\""]);
    let page = rig.get("/lines/groups/1").await;
    assert_eq!(page.status, 200, "{}", page.body);
    page.has(&["action=\"/lines/groups/1\"", "action=\"/lines/groups/1/remove\"", " checked"]);
    assert_eq!(rig.get("/lines/groups/99").await.status, 404);
    let fields = [("name", "新名"), ("member", "11"), ("rank-11", "3"), ("weight-11", "2")];
    rig.post("/lines/groups/1", &fields).await;
    assert!(rig.was_asked(&["SetLineGroup", "trunk: trunk-11, rank: 2"]), "{:?}", rig.asked());
    let none = rig.post("/lines/groups/1", &[("name", "留着")]).await;
    assert_eq!(none.status, 422);
    none.has(&["留着", "请至少选择一条中继"]);
    rig.post("/lines/groups/1/remove", &[]).await;
    assert!(rig.was_asked(&["RemoveLineGroup"]), "{:?}", rig.asked());
    let looker = self::rig(Role::Manager).await;
    looker.get("/lines/groups").await.lacks(&["href=\"/lines/groups/1\""]);
    assert_eq!(looker.get("/lines/groups/1").await.status, 403);
}

fn overview() -> Overview {
    let down = |subject: &str| Attention {
        code: "trunk-down".to_owned(),
        subject: subject.to_owned(),
        count: 1,
        urgent: true,
        since: Some(NOW),
    };
    let live = |id, name: &str, state| TrunkLive {
        id: TrunkId(id),
        name: name.to_owned(),
        state,
        since: Some(NOW),
        reason: String::new(),
        calls: 0,
        channels: 30,
    };
    Overview {
        now: NOW,
        trunks: vec![live(12, crate::samples::HOSTILE, TrunkState::Down)],
        attention: vec![down(crate::samples::HOSTILE), down("联通备用")],
        ..Overview::default()
    }
}

#[tokio::test]
async fn lin_06_an_alarm_of_a_span_stands_on_the_first_page_once_and_leads_to_it() {
    let told = |what: &Admin, _: &[u8]| match what {
        Admin::Overview => Answer::Overview(Box::new(overview())),
        Admin::Series { .. } => refused("role"),
        what => answers(what),
    };
    let page = Rig::start(Role::Technician, told).await.get("/").await;
    assert_eq!(page.status, 200, "{}", page.body);
    page.has(&["线路接口告警", "href=\"/lines/spans/2\"", "LOS 信号丢失、RED 帧失步", "联通备用"]);
    assert_eq!(page.body.matches("<li class=\"failed\">").count(), 2, "{}", page.body);
    page.lacks(&["href=\"/lines/spans/1\"", "<script>alert"]);
}
