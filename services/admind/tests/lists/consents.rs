//! Contacts by the state of their consents.

use crate::rig::{Rig, refused};
use crate::samples::{HOSTILE, LIVE, batch, contact, contacts};
use http::StatusCode;
use idl::admin::{Admin, Answer, Role};
use idl::views::{ConsentState, ConsentView, ContactsPage};

fn sample(what: &Admin, _: &[u8]) -> Answer {
    match what {
        Admin::Batches { .. } => Answer::Batches(vec![batch(41, true, false), batch(40, false, true)]),
        Admin::Contacts { batch: 41, from_row: 0, .. } => Answer::Contacts(Box::new(contacts(Some(50)))),
        Admin::Contacts { batch: 41, .. } => Answer::Contacts(Box::new(contacts(None))),
        Admin::Contacts { batch: 40, from_row, .. } => {
            let next_row = (*from_row == 0).then_some(5_000);
            Answer::Contacts(Box::new(ContactsPage { batch: batch(40, false, true), rows: vec![], next_row }))
        }
        _ => refused("unknown"),
    }
}

#[tokio::test]
async fn a_batch_is_chosen_before_anybody_is_looked_at() {
    let rig = Rig::start(Role::Compliance, sample).await;
    rig.get("/consents").await.has(&["href=\"/consents?batch=41\"", "体检客户-40.csv", "name=\"batch\""]);
    assert!(!rig.was_asked(&["Contacts"]));
    let bad = rig.get("/consents?batch=%3Cscript%3Ealert").await;
    assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);
    bad.has(&["请输入批次号", "value=\"&#60;script&#62;alert\""]);
    assert_eq!(rig.get("/consents?batch=7").await.status, StatusCode::NOT_FOUND);
    let none = |what: &Admin, _: &[u8]| match what {
        Admin::Batches { .. } => Answer::Batches(vec![]),
        _ => refused("unknown"),
    };
    let rig = Rig::start(Role::Compliance, none).await.in_english();
    rig.get("/consents").await.has(&["No lists yet", "href=\"/contacts\""]);
}

#[tokio::test]
async fn cam_08_every_state_of_a_consent_has_its_word_in_both_languages() {
    let zh = Rig::start(Role::Compliance, sample).await;
    let page = zh.get("/consents?batch=41").await;
    page.has(&[
        "有效",
        "无授权记录",
        "已过期",
        "用途不符",
        "缺少凭证",
        "已撤回",
        "勾选协议",
        "consent/2026/118-0001.pdf",
    ]);
    page.has(&["官方名单", "未成年人", "通话中退订", "未列入禁呼", "138****5678", "张**", "TJ-00000"]);
    page.has(&["<time datetime=\"2026-10-21T02:00:00Z\">2026-10-21</time> 至 <time"]);
    let en = Rig::start(Role::Compliance, sample).await.in_english();
    let page = en.get("/consents?batch=41").await;
    page.has(&[
        "Good",
        "No consent",
        "Expired",
        "Other purpose",
        "No evidence",
        "Withdrawn",
        "On no list",
        "A minor",
    ]);
}

#[tokio::test]
async fn the_filter_and_the_place_stay_in_the_address() {
    let rig = Rig::start(Role::Supervisor, sample).await;
    let page = rig.get("/consents?batch=41&only=unconsented").await;
    page.has(&["href=\"/consents?batch=41&#38;only=unconsented&#38;from=50\" rel=\"next\""]);
    page.has(&["href=\"/consents?batch=41&#38;only=unconsented\" aria-current=\"page\""]);
    page.has(&["href=\"/consents?batch=41\""]);
    assert!(rig.was_asked(&["Contacts", "from_row: 0", "Unconsented"]));
    let end = rig.get("/consents?batch=41&only=unconsented&from=50").await;
    end.has(&["href=\"/consents?batch=41&#38;only=unconsented\" rel=\"prev\""]);
    end.lacks(&["rel=\"next\""]);
    rig.get("/consents?batch=41&only=nonsense&from=x").await.has(&["138****5678"]);
    assert!(rig.was_asked(&["from_row: 0", "only: All"]));
}

#[tokio::test]
async fn a_part_without_hits_leads_on_and_an_end_leads_back() {
    let rig = Rig::start(Role::DataSpecialist, sample).await;
    let cut = rig.get("/consents?batch=40&only=blocked").await;
    cut.has(&["已检查到第 5,000 行", "href=\"/consents?batch=40&#38;only=blocked&#38;from=5000\""]);
    let end = rig.get("/consents?batch=40&only=blocked&from=5000").await;
    end.has(&["没有这样的联系人", "href=\"/consents?batch=40\""]);
}

#[tokio::test]
async fn hidden_fields_are_dashes_and_hostile_ones_are_text() {
    let answer = |what: &Admin, _: &[u8]| match what {
        Admin::Contacts { .. } => {
            let mut hidden = contact(0, ConsentState::Good, None);
            (hidden.number, hidden.name, hidden.order_no) = Default::default();
            (hidden.demand, hidden.tag, hidden.consent) = Default::default();
            let mut bad = contact(1, ConsentState::Good, None);
            (bad.name, bad.order_no, bad.tag) = (HOSTILE.to_owned(), HOSTILE.to_owned(), "长".repeat(5_000));
            let consent =
                ConsentView { channel: HOSTILE.to_owned(), evidence: HOSTILE.to_owned(), ..bad.consent };
            bad.consent = consent;
            let rows = vec![hidden, bad];
            Answer::Contacts(Box::new(ContactsPage { batch: batch(1, true, false), rows, next_row: None }))
        }
        _ => refused("unknown"),
    };
    let rig = Rig::start(Role::Compliance, answer).await;
    let page = rig.get("/consents?batch=1").await;
    page.has(&["<td class=\"nowrap\">–<span class=\"sub\">–</span></td>", "&#60;script&#62;alert"]);
    page.lacks(&LIVE);
}
