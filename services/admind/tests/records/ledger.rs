//! The ledger: entries, filters, verification.

use crate::rig::{Rig, refused};
use crate::samples::{HOSTILE, HOSTILE_SHOWN, ledger};
use idl::admin::{Admin, Answer, Role};
use idl::views::LedgerPage;

fn answers(what: &Admin, _: &[u8]) -> Answer {
    match what {
        Admin::LedgerPage { before: None, .. } => Answer::LedgerPage(Box::new(ledger(Some(97)))),
        Admin::LedgerPage { before: Some(97), .. } => {
            let mut page = ledger(None);
            page.rows.truncate(1);
            page.rows[0].what = vec![("name".to_owned(), HOSTILE.to_owned())];
            Answer::LedgerPage(Box::new(page))
        }
        Admin::LedgerPage { .. } => Answer::LedgerPage(Box::new(LedgerPage { rows: vec![], ..ledger(None) })),
        Admin::VerifyLedger => Answer::Ledger { entries: 1_204_881, ok: true, fault: String::new() },
        _ => refused("unknown"),
    }
}

#[tokio::test]
async fn entries_say_who_what_and_whether_it_was_refused() {
    let rig = Rig::start(Role::AuditAdmin, answers).await;
    let page = rig.get("/ledger").await;
    assert_eq!(page.status, 200, "{}", page.body);
    page.has(&[
        "活动启停",
        "CampaignRuns",
        "zhao",
        "管理者",
        "192.0.2.7",
        "拒绝：role",
        "待签名",
        "已签名",
        "Later",
    ]);
    page.has(&["href=\"/ledger?before=97\"", "href=\"/ledger?person=4\"", "/ledger/verify"]);
    let older = rig.get("/ledger?before=97").await;
    older.has(&[HOSTILE_SHOWN]);
    older.lacks(&["<script>alert"]);
    rig.in_english().get("/ledger").await.has(&["Campaign started or paused", "Refused: role"]);
}

#[tokio::test]
async fn filters_are_asked_for_and_stay_in_the_links() {
    let rig = Rig::start(Role::AuditAdmin, answers).await;
    let page = rig.get("/ledger?person=4&kind=35&refused=yes&from=2026-11-22").await;
    page.has(&[
        "person=4&#38;kind=35&#38;refused=yes&#38;from=2026-11-22&#38;before=97",
        "操作人：zhao",
        "清除筛选",
    ]);
    let asked = ["person: Some(person-4)", "kind: Some(35)", "refused: true", "looks: false", "to: None"];
    assert!(rig.was_asked(&asked), "{:?}", rig.asked());
    rig.get("/ledger?looks=yes&before=2").await.has(&["没有符合条件的记录"]);
    rig.get("/ledger?from=x").await.has(&["f-from-error"]);
}

#[tokio::test]
async fn verification_is_a_job_whose_result_can_be_read_again() {
    let rig = Rig::start(Role::AuditAdmin, answers).await;
    let started = rig.post("/ledger/verify", &[]).await;
    rig.job(&started).await.has(&["账本完整", "1,204,881 条记录逐条相连"]);
    assert_eq!(rig.get("/ledger/verify").await.location(), "/ledger");
    let broken = |what: &Admin, _: &[u8]| match what {
        Admin::VerifyLedger => Answer::Ledger { entries: 9, ok: false, fault: HOSTILE.to_owned() },
        _ => refused("unknown"),
    };
    let rig = Rig::start(Role::AuditAdmin, broken).await;
    let started = rig.post("/ledger/verify", &[]).await;
    let page = rig.job(&started).await;
    page.has(&["账本已损坏或被改动", HOSTILE_SHOWN]);
    page.lacks(&["<script>alert", "账本完整"]);
}

#[tokio::test]
async fn l_32_only_the_auditor_reads_the_ledger() {
    for role in [Role::Manager, Role::SystemAdmin, Role::SecurityAdmin, Role::Compliance] {
        let rig = Rig::start(role, answers).await;
        assert_eq!(rig.get("/ledger").await.status, 403, "{role:?}");
        assert_eq!(rig.post("/ledger/verify", &[]).await.status, 403, "{role:?}");
        assert!(rig.asked().is_empty(), "{role:?}");
    }
}
