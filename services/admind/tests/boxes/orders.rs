//! Orders: asked for on a page of their own, given once, refused where one came from.

use crate::rig::Rig;
use crate::samples::{COLLECTED_BYTES, answers, hex};
use http::StatusCode;
use idl::admin::Role;

async fn rig(role: Role) -> Rig {
    Rig::start(role, answers).await
}

#[tokio::test]
async fn an_update_is_installed_after_a_page_that_says_what_happens() {
    let rig = rig(Role::SystemAdmin).await;
    let path = format!("/settings/box/order/install-{}", hex());
    let page = rig.get(&path).await;
    page.has(&["安装升级包 b7b7b7b7b7b7", "槽位 A", "自动退回", "目前还有 3 通通话", "name=\"older\""]);
    assert!(!rig.was_asked(&["Install"]), "looking orders nothing");
    let done = rig.post(&path, &[]).await;
    assert_eq!((done.status, done.location()), (StatusCode::SEE_OTHER, "/settings/box"));
    assert!(rig.was_asked(&["Install", "downgrade: false"]));
    rig.get("/settings/box").await.has(&["已下达安装"]);
    rig.post(&path, &[("older", "yes")]).await;
    assert!(rig.was_asked(&["Install", "downgrade: true"]));
    rig.get("/settings/box").await.has(&["等待安全管理员确认"]);
    let gone = format!("/settings/box/order/install-{}", "00".repeat(32));
    assert_eq!(rig.get(&gone).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_refused_order_says_why_on_the_page_of_the_box() {
    let rig = rig(Role::Technician).await;
    rig.get("/settings/box/order/power-off").await.has(&["关闭设备？", "有人到现场"]);
    let done = rig.post("/settings/box/order/power-off", &[]).await;
    assert_eq!(done.location(), "/settings/box");
    rig.get("/settings/box").await.has(&["因 box-busy 被拒绝"]);
    rig.post("/settings/box/order/restart", &[]).await;
    rig.get("/settings/box").await.has(&["已下达重启"]);
}

#[tokio::test]
async fn a_reset_shows_what_is_lost_and_wants_its_word_from_both() {
    let system = rig(Role::SystemAdmin).await;
    let page = system.get("/settings/box/order/reset").await;
    page.has(&[
        "已用 24.0 GiB",
        "全部通话记录、录音和审计账本",
        "保留：两个槽位中的系统",
        "请输入“恢复出厂”",
    ]);
    for typed in ["", "yes", "恢复"] {
        let again = system.post("/settings/box/order/reset", &[("word", typed)]).await;
        assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY, "{typed}");
        again.has(&["输入不一致，没有任何更改", "aria-invalid"]);
    }
    assert!(!system.was_asked(&["FactoryReset"]));
    let done = system.post("/settings/box/order/reset", &[("word", "恢复出厂")]).await;
    assert_eq!(done.location(), "/settings/box");
    assert!(system.was_asked(&["FactoryReset"]));
    let security = rig(Role::SecurityAdmin).await.in_english();
    let page = security.get("/settings/box/order/agree-9").await;
    page.has(&[
        "Agree: factory reset",
        "Ordered by person 4",
        "all call records, recordings",
        "Type “factory reset”",
    ]);
    let again = security.post("/settings/box/order/agree-9", &[]).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!security.was_asked(&["Agree"]));
    security.post("/settings/box/order/agree-9", &[("word", "factory reset")]).await;
    assert!(security.was_asked(&["Agree", "order: 9"]));
    security.get("/settings/box/order/withdraw-9").await.has(&["Take back: factory reset"]);
    security.post("/settings/box/order/withdraw-9", &[]).await;
    assert!(security.was_asked(&["Withdraw", "order: 9"]));
}

#[tokio::test]
async fn who_may_not_order_is_refused_before_anything_is_looked_at() {
    // Whoever keeps a share may agree to a reset, so that page is open to more; `vaultd` knows who keeps one.
    let orders = ["restart", "power-off", "diagnostics", "reset", "withdraw-9"];
    let audit = rig(Role::AuditAdmin).await;
    for order in orders {
        let path = format!("/settings/box/order/{order}");
        assert_eq!(audit.get(&path).await.status, StatusCode::FORBIDDEN, "{order}");
        assert_eq!(audit.post(&path, &[]).await.status, StatusCode::FORBIDDEN, "{order}");
    }
    assert!(audit.asked().is_empty(), "{:?}", audit.asked());
    let technician = rig(Role::Technician).await;
    for order in ["agree-9", "withdraw-9"] {
        let path = format!("/settings/box/order/{order}");
        assert_eq!(technician.post(&path, &[("word", "恢复出厂")]).await.status, StatusCode::FORBIDDEN);
    }
    for order in ["boot", "install-x", "agree-x", "agree-99"] {
        let path = format!("/settings/box/order/{order}");
        let answer = rig(Role::SecurityAdmin).await.get(&path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{order}");
    }
}

#[tokio::test]
async fn a_diagnostics_bundle_is_collected_and_downloaded_whole() {
    let rig = rig(Role::Technician).await;
    let page = rig.get("/settings/box/diagnostics").await;
    page.has(&["d3d3d3d3d3d3", "39.0 KiB", "每次下载都记入审计账本", "/order/diagnostics\""]);
    let got = rig.post("/settings/box/diagnostics", &[("bundle", &"d3".repeat(32))]).await;
    assert_eq!((got.status, got.body.len()), (StatusCode::OK, COLLECTED_BYTES));
    assert_eq!(
        got.header("content-disposition"),
        "attachment; filename=\"ringfence-diagnostics-d3d3d3d3d3d3.tar\""
    );
    for bad in ["", "d3", "../../etc/passwd", &"00".repeat(32)] {
        let answer = rig.post("/settings/box/diagnostics", &[("bundle", bad)]).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{bad}");
    }
    rig.post("/settings/box/order/diagnostics", &[]).await;
    assert!(rig.was_asked(&["Order(Diagnostics)"]));
}
