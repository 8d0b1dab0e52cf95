//! Batches: list, one batch, release, import and its end.

use crate::rig::{Rig, refused};
use crate::samples::{HOSTILE, LIVE, batch};
use http::StatusCode;
use idl::admin::{Admin, Answer, Role, RowError};
use idl::views::BatchView;
use vocab::DepartmentId;

fn with(batches: Vec<BatchView>) -> impl Fn(&Admin, &[u8]) -> Answer + Send + Sync {
    move |what, _| match what {
        Admin::Batches { before } => {
            let below = |batch: &&BatchView| before.is_none_or(|before| batch.batch < before);
            Answer::Batches(batches.iter().filter(below).take(3).cloned().collect())
        }
        Admin::Departments => Answer::Departments(vec![
            (DepartmentId(2), "门诊部".to_owned()),
            (DepartmentId(3), HOSTILE.to_owned()),
        ]),
        Admin::ReleaseBatch { batch: 40 } => Answer::Done,
        Admin::ReleaseBatch { .. } => refused("same-person"),
        _ => refused("unknown"),
    }
}

#[tokio::test]
async fn an_empty_list_says_what_to_do_next() {
    let specialist = Rig::start(Role::DataSpecialist, with(vec![])).await;
    specialist.get("/contacts").await.has(&["还没有名单", "href=\"/contacts/import\""]);
    let compliance = Rig::start(Role::Compliance, with(vec![])).await.in_english();
    let page = compliance.get("/contacts").await;
    page.has(&["No lists yet", "once a data specialist has imported them"]);
    page.lacks(&["/contacts/import"]);
    let past = specialist.get("/contacts?before=5").await;
    past.has(&["没有更早的名单", "href=\"/contacts\""]);
}

#[tokio::test]
async fn dat_02_a_list_shows_what_waits_for_release_and_for_whom() {
    let batches =
        vec![batch(42, false, false), batch(41, true, false), batch(40, false, true), batch(39, true, false)];
    let rig = Rig::start(Role::Compliance, with(batches)).await;
    let page = rig.get("/contacts").await;
    page.has(&["体检客户-42.csv", "12,480", "待放行", "已放行", "href=\"/contacts/40/release\"", "赵强"]);
    page.has(&["<time datetime=\"2026-11-20T02:00:00Z\">2026-11-20 10:00</time>"]);
    page.has(&["href=\"/contacts?before=40\""]);
    page.lacks(&["/contacts/42/release", "/contacts/41/release"]);
    let last = rig.get("/contacts?before=40").await;
    last.has(&["体检客户-39.csv", "href=\"/contacts\" rel=\"prev\""]);
    last.lacks(&["rel=\"next\""]);
}

#[tokio::test]
async fn hostile_texts_of_a_list_are_shown_and_do_nothing() {
    let mut bad = batch(7, false, true);
    (bad.file, bad.purpose, bad.source) = (HOSTILE.to_owned(), HOSTILE.to_owned(), "长".repeat(10_000));
    (bad.department.1, bad.imported_by.1) = (HOSTILE.to_owned(), HOSTILE.to_owned());
    let rig = Rig::start(Role::Compliance, with(vec![bad])).await;
    for path in ["/contacts", "/contacts/7", "/contacts/7/release"] {
        let page = rig.get(path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        page.lacks(&LIVE);
        page.has(&["&#60;script&#62;alert"]);
    }
}

#[tokio::test]
async fn one_batch_says_what_is_next_for_each_role() {
    let batches = || vec![batch(41, true, false), batch(40, false, true), batch(39, false, false)];
    let compliance = Rig::start(Role::Compliance, with(batches())).await;
    let waits = compliance.get("/contacts/40").await;
    waits.has(&["href=\"/contacts/40/release\"", "href=\"/consents?batch=40\""]);
    let own = compliance.get("/contacts/39").await;
    own.has(&["等待他人放行"]);
    own.lacks(&["/release"]);
    assert_eq!(compliance.get("/contacts/38").await.status, StatusCode::NOT_FOUND);
    assert_eq!(compliance.get("/contacts/x").await.status, StatusCode::BAD_REQUEST);
    let manager = Rig::start(Role::Manager, with(batches())).await.in_english();
    manager.get("/contacts/41").await.has(&["Released", "href=\"/campaigns/new\""]);
    let agent = Rig::start(Role::Agent, with(batches())).await;
    for path in ["/contacts", "/contacts/41", "/contacts/40/release", "/contacts/import"] {
        assert_eq!(agent.get(path).await.status, StatusCode::FORBIDDEN, "{path}");
    }
}

#[tokio::test]
async fn dat_02_a_release_is_confirmed_and_a_refused_one_says_why() {
    let rig = Rig::start(Role::Compliance, with(vec![batch(40, false, true), batch(39, false, true)])).await;
    rig.get("/contacts/40/release").await.has(&["无法撤回", "action=\"/contacts/40/release\""]);
    let unseen = rig.post("/contacts/40/release", &[]).await;
    assert_eq!(unseen.status, StatusCode::UNPROCESSABLE_ENTITY);
    unseen.has(&["请先核对并勾选"]);
    assert!(!rig.was_asked(&["ReleaseBatch"]));
    let refused = rig.post("/contacts/39/release", &[("seen", "yes")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    refused.has(&["因 same-person 被拒绝", "value=\"yes\" checked"]);
    let done = rig.post("/contacts/40/release", &[("seen", "yes")]).await;
    assert_eq!((done.status, done.location()), (StatusCode::SEE_OTHER, "/contacts/40"));
    rig.get("/contacts/40").await.has(&["批次 40 已放行"]);
}

const GOOD: [(&str, &str); 7] = [
    ("department", "2"),
    ("purpose", "体检推介"),
    ("source", "business"),
    ("document", "HT-2026-118"),
    ("source_date", "2025-11-01"),
    ("responsible", "李四"),
    ("lawful", "yes"),
];

fn error(row: u64, column: &str) -> RowError {
    RowError {
        row,
        column: column.to_owned(),
        code: "formula".to_owned(),
        text_en: "=The text starts like a formula.".to_owned(),
        text_zh: "=内容以公式符号开头。".to_owned(),
    }
}

fn importing(what: &Admin, attached: &[u8]) -> Answer {
    let failed = |errors_total, errors| Answer::Imported { batch: None, rows: 3, errors_total, errors };
    match what {
        Admin::ImportContacts { .. } => match attached {
            b"good" => Answer::Imported { batch: Some(43), rows: 12_480, errors_total: 0, errors: vec![] },
            b"rows" => failed(250, vec![error(2, "phone"), error(3, ""), error(4, HOSTILE)]),
            b"nothing" => failed(1, vec![]),
            _ => refused("file"),
        },
        what => with(vec![batch(43, false, false)])(what, attached),
    }
}

#[tokio::test]
async fn a_good_import_is_quarantined_and_leads_to_its_batch() {
    let rig = Rig::start(Role::DataSpecialist, importing).await;
    rig.get("/contacts/import").await.has(&[
        "value=\"2\" selected",
        "手机号",
        "action=\"/contacts/import\"",
        "data-draft",
    ]);
    let mapped = [
        ("header0", "联系方式"),
        ("field0", "phone"),
        ("header1", "证件"),
        ("field1", "-"),
        ("drop", "住址\r\n"),
    ];
    let fields = [&GOOD[..], &mapped].concat();
    let started = rig.upload("/contacts/import", &fields, "../..\\客户.csv", b"good").await;
    let page = rig.job(&started).await;
    page.has(&[
        "批次 43：12,480 人已导入",
        "由另一人核对",
        "href=\"/contacts/43\"",
        "data-draft-done=\"/contacts/import\"",
    ]);
    assert!(
        rig.was_asked(&["ImportContacts", "file: \"客户.csv\"", "purpose: \"体检推介\""]),
        "{:?}",
        rig.asked()
    );
    assert!(rig.was_asked(&[
        "业务办理或合同；HT-2026-118；2025-11-01；李四",
        "mapping: [(\"联系方式\", \"phone\")]"
    ]));
    assert!(rig.was_asked(&["drop: [\"证件\", \"住址\"]"]));
}

#[tokio::test]
async fn a_refused_import_form_keeps_what_was_typed() {
    let rig = Rig::start(Role::DataSpecialist, importing).await.in_english();
    let fields = [
        ("department", "9"),
        ("purpose", HOSTILE),
        ("source", "bought"),
        ("document", "HT-7"),
        ("source_date", "2999-01-01"),
        ("header3", "Tel"),
        ("drop", "Home"),
    ];
    let page = rig.upload("/contacts/import", &fields, "a.csv", b"good").await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    page.lacks(&LIVE);
    page.has(&[
        "value=\"HT-7\"",
        "value=\"2999-01-01\"",
        "value=\"Tel\"",
        ">Home</textarea>",
        "<details class=\"more\" open>",
    ]);
    page.has(&["Choose today or an earlier date", "Please choose one", "Confirm that the source is lawful"]);
    page.has(&[
        "Choose the file again",
        "Please correct the marked fields",
        "Give both the column name and its field",
    ]);
    let none = rig.upload("/contacts/import", &GOOD, "", b"").await;
    none.has(&["Choose a file", "value=\"business\" selected"]);
    assert!(!rig.was_asked(&["ImportContacts"]));
}

#[tokio::test]
async fn l_93_the_errors_of_an_import_are_a_page_and_a_file_without_formulas() {
    let rig = Rig::start(Role::DataSpecialist, importing).await;
    let started = rig.upload("/contacts/import", &GOOD, "a.csv", b"rows").await;
    let page = rig.job(&started).await;
    page.has(&[
        "未导入：文件有错误",
        "250 处错误",
        "显示前 3 处",
        "手机号",
        "整行",
        "href=\"/contacts/import\"",
    ]);
    page.lacks(&LIVE);
    let csv = format!("{}/errors.csv", started.location());
    page.has(&[&format!("href=\"{csv}\"")]);
    let file = rig.get(&csv).await;
    assert_eq!(file.header("content-type"), "text/csv; charset=utf-8");
    assert_eq!(file.header("content-disposition"), "attachment; filename=\"import-errors.zh.csv\"");
    assert_eq!(file.header("cache-control"), "no-store");
    file.has(&["\u{feff}\"行\",\"列\"", "\"2\",\"手机号\",\"'=内容以公式符号开头。\",\"formula\"\r\n"]);
    assert_eq!(rig.get("/jobs/77/errors.csv").await.status, StatusCode::NOT_FOUND);
    let good = rig.upload("/contacts/import", &GOOD, "a.csv", b"good").await;
    rig.job(&good).await;
    assert_eq!(rig.get(&format!("{}/errors.csv", good.location())).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_file_refused_as_a_whole_says_why_and_leads_back() {
    let rig = Rig::start(Role::DataSpecialist, importing).await.in_english();
    let started = rig.upload("/contacts/import", &GOOD, "a.csv", b"utf-16").await;
    let page = rig.job(&started).await;
    page.has(&["Nothing imported", "Refused because of file.", "href=\"/contacts/import\""]);
    let started = rig.upload("/contacts/import", &GOOD, "a.csv", b"nothing").await;
    rig.job(&started).await.has(&["There are no single errors to show."]);
}
