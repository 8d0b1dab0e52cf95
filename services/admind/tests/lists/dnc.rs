//! The lists of those not to be called.

use crate::rig::{Rig, refused};
use crate::samples::{HOSTILE, LIVE, card, lists};
use admind::clock;
use http::StatusCode;
use idl::admin::{Admin, Answer, Role, RowError};
use idl::views::DncView;

const NUMBER: &str = "13812345678";

fn with(age_days: Option<i64>) -> impl Fn(&Admin, &[u8]) -> Answer + Send + Sync {
    move |what, attached| match what {
        Admin::DoNotCall { before } => {
            let mut view = lists(clock::now(), age_days, 6);
            if before.is_some() {
                view.rows.truncate(2);
            }
            Answer::DoNotCall(Box::new(view))
        }
        Admin::Lookup { number } if number.reveal() == NUMBER => Answer::Number(Box::new(card(true))),
        Admin::Lookup { number } if number.reveal() == "13900000000" => Answer::Number(Box::new(card(false))),
        Admin::Blacklist { number } if number.reveal() == NUMBER => Answer::Done,
        Admin::Lookup { .. } | Admin::Blacklist { .. } => refused("number"),
        Admin::ImportDoNotCall { .. } if attached == b"good" => {
            Answer::Imported { batch: Some(0), rows: 1_204_331, errors_total: 0, errors: vec![] }
        }
        Admin::ImportDoNotCall { .. } if attached == b"busy" => refused("busy"),
        Admin::ImportDoNotCall { .. } => Answer::Imported {
            batch: None,
            rows: 9,
            errors_total: 1,
            errors: vec![RowError {
                row: 4,
                column: "number".to_owned(),
                code: "bad-number".to_owned(),
                text_en: "no number".to_owned(),
                text_zh: "不是有效的电话号码".to_owned(),
            }],
        },
        _ => refused("unknown"),
    }
}

#[tokio::test]
async fn cam_07_the_age_of_the_official_list_is_said_loudly() {
    for (age, words) in [
        (None, "尚未导入：营销外呼停止"),
        (Some(1), "在有效期内"),
        (Some(6), "即将过期"),
        (Some(7), "已过期：营销外呼停止"),
    ] {
        let rig = Rig::start(Role::Compliance, with(age)).await;
        rig.get("/dnc").await.has(&[words]);
    }
    let rig = Rig::start(Role::Compliance, with(Some(3))).await.in_english();
    rig.get("/dnc").await.has(&[
        "Fresh",
        "1,204,331",
        "day 4 of at most 7",
        "Opted out in a call",
        "Wrong person",
    ]);
}

#[tokio::test]
async fn the_page_offers_what_the_role_may_do_and_no_removal() {
    let rig = Rig::start(Role::Compliance, with(Some(1))).await;
    let all = rig.get("/dnc").await;
    all.has(&["/dnc/add", "/dnc/import", "/dnc/lookup", "href=\"/calls/7001\"", "由两人批准", "139****0001"]);
    all.has(&["href=\"/dnc?before=71&#38;seen=4\" rel=\"next\""]);
    all.lacks(&["remove", "删除"]);
    let end = rig.get("/dnc?before=71&seen=4").await;
    end.has(&["href=\"/dnc\" rel=\"prev\""]);
    end.lacks(&["rel=\"next\""]);
    let system = Rig::start(Role::SystemAdmin, with(Some(1))).await;
    let page = system.get("/dnc").await;
    page.has(&["btn btn-primary\" href=\"/dnc/import\""]);
    page.lacks(&["/dnc/add", "/dnc/lookup", "href=\"/calls/"]);
    let agent = Rig::start(Role::Agent, with(Some(1))).await;
    assert_eq!(agent.get("/dnc").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn an_empty_internal_list_says_how_it_fills() {
    let none = |what: &Admin, _: &[u8]| match what {
        Admin::DoNotCall { .. } => Answer::DoNotCall(Box::new(DncView {
            official: None,
            max_age_days: 7,
            internal: 0,
            rows: vec![],
        })),
        _ => refused("unknown"),
    };
    let rig = Rig::start(Role::Compliance, none).await;
    rig.get("/dnc").await.has(&["内部名单还没有号码"]);
    rig.get("/dnc?before=9&seen=2").await.has(&["没有更早的记录", "href=\"/dnc\""]);
}

#[tokio::test]
async fn dat_04_a_number_looked_up_is_shown_masked_and_never_repeated() {
    let rig = Rig::start(Role::Manager, with(Some(1))).await;
    let found = rig.post("/dnc/lookup", &[("number", NUMBER)]).await;
    assert_eq!(found.status, StatusCode::OK);
    found.has(&[
        "号码 138****5678",
        "不会被拨打",
        "通话中退订（<time",
        "曾拒接",
        "href=\"/calls/7001\"",
        "今天 1 次，7 天内 3 次",
    ]);
    found.lacks(&[NUMBER]);
    assert!(rig.was_asked(&["Lookup 13812345678"]));
    let clear = rig.post("/dnc/lookup", &[("number", "13900000000")]).await;
    clear.has(&["不在任何勿扰名单", "没有拨打"]);
    let bad = rig.post("/dnc/lookup", &[("number", HOSTILE)]).await;
    assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);
    bad.lacks(&LIVE);
    let unknown = rig.post("/dnc/lookup", &[("number", "12")]).await;
    unknown.has(&["因 number 被拒绝", "value=\"12\""]);
    let specialist = Rig::start(Role::DataSpecialist, with(Some(1))).await;
    let forbidden = specialist.post("/dnc/lookup", &[("number", NUMBER)]).await;
    assert_eq!(forbidden.status, StatusCode::FORBIDDEN);
    forbidden.lacks(&[NUMBER]);
}

#[tokio::test]
async fn cam_04_a_number_is_added_only_when_one_knows_that_it_stays() {
    let rig = Rig::start(Role::Supervisor, with(Some(1))).await;
    rig.get("/dnc/add").await.has(&["由两人批准", "action=\"/dnc/add\""]);
    let unsure = rig.post("/dnc/add", &[("number", NUMBER)]).await;
    assert_eq!(unsure.status, StatusCode::UNPROCESSABLE_ENTITY);
    unsure.has(&["请勾选确认", "value=\"13812345678\""]);
    let bad = rig.post("/dnc/add", &[("number", "12"), ("sure", "yes")]).await;
    bad.has(&["因 number 被拒绝", "value=\"12\"", "value=\"yes\" checked"]);
    let done = rig.post("/dnc/add", &[("number", NUMBER), ("sure", "yes")]).await;
    assert_eq!((done.status, done.location()), (StatusCode::SEE_OTHER, "/dnc"));
    assert!(rig.was_asked(&["Blacklist 13812345678"]));
    let page = rig.get("/dnc").await;
    page.has(&["号码已加入内部勿扰名单"]);
    page.lacks(&[NUMBER]);
}

#[tokio::test]
async fn cam_07_the_official_list_is_replaced_as_a_whole_or_not_at_all() {
    let rig = Rig::start(Role::DataSpecialist, with(Some(1))).await;
    rig.get("/dnc/import").await.has(&["名单超过 7 天即停止营销外呼", "type=\"date\""]);
    for issued in ["", "2999-01-01", "yesterday", "2025-11-01T10:00"] {
        let bad = rig.upload("/dnc/import", &[("issued", issued)], "dnc.txt", b"good").await;
        assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY, "{issued}");
        bad.has(&["请选择今天或之前的日期", "请重新选择文件", &format!("value=\"{issued}\"")]);
    }
    let none = rig.upload("/dnc/import", &[("issued", "2025-11-01")], "", b"").await;
    none.has(&["请选择文件", "value=\"2025-11-01\""]);
    assert!(!rig.was_asked(&["ImportDoNotCall"]));
    let good = rig.upload("/dnc/import", &[("issued", "2025-11-01")], "dnc.txt", b"good").await;
    rig.job(&good).await.has(&["1,204,331 个号码已生效", "href=\"/dnc\""]);
    // Midnight in the site's zone.
    assert!(rig.was_asked(&["ImportDoNotCall", "1761926400000"]), "{:?}", rig.asked());
    let errors = rig.upload("/dnc/import", &[("issued", "2025-11-01")], "dnc.txt", b"12").await;
    let page = rig.job(&errors).await;
    page.has(&["不是有效的电话号码", "共 1 处错误", "href=\"/dnc/import\""]);
    let busy = rig.upload("/dnc/import", &[("issued", "2025-11-01")], "dnc.txt", b"busy").await;
    rig.job(&busy).await.has(&["因 busy 被拒绝", "href=\"/dnc/import\""]);
}
