//! The page.

use crate::rig::Rig;
use crate::samples::{HOSTILE_SHOWN, answers, hex, view};
use http::StatusCode;
use idl::admin::{Admin, Answer, Role};
use idl::views::{BoxAsk, BoxView};

async fn rig(role: Role) -> Rig {
    Rig::start(role, answers).await
}

/// A double whose box stands so.
async fn with(role: Role, change: impl Fn(&mut BoxView) + Send + Sync + 'static) -> Rig {
    Rig::start(role, move |what, attached| match what {
        Admin::Box(BoxAsk::Look) => {
            let mut view = view();
            change(&mut view);
            Answer::Box(Box::new(view))
        }
        what => answers(what, attached),
    })
    .await
}

#[tokio::test]
async fn the_box_shows_how_it_stands_its_two_systems_orders_updates_and_history() {
    let page = rig(Role::SystemAdmin).await.get("/settings/box").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    page.has(&["槽位 B · 版本 0.2.0", "安全启动已启用", "数据已绑定本机 TPM", "时钟已同步"]);
    page.has(&["可用 40.0 GiB / 共 64.0 GiB", "eth0 192.0.2.7/24", "2026-11-22 09:14", "未结束的通话"]);
    page.has(&["已通过自检", "执行中 40%", "value=\"40\"", "等待第二人确认", "须由安全管理员在 2026-11-23"]);
    page.has(&["升级包安全版本 2 低于本机要求的 3", "本机（升级之后）", "您本人", "人员 4"]);
    page.has(&[&hex(), "150.0 MiB", "自检未通过", "lined：未就绪", HOSTILE_SHOWN, "新系统未通过，自动退回"]);
    page.has(&["data-live-from=\"/settings/box/live\"", "aria-current=\"page\">设备与更新"]);
    for part in ["state", "slots", "orders", "bundles", "power", "history"] {
        page.has(&[&format!("data-live=\"{part}\"")]);
    }
    page.lacks(&["<script>alert", "开发版本", "class=\"notice notice-warn\""]);
    let english = rig(Role::SystemAdmin).await.in_english().get("/settings/box").await;
    english.has(&[
        "slot B · version 0.2.0",
        "lined: not reached",
        "waits for a second person",
        "under way, 40%",
    ]);
}

#[tokio::test]
async fn each_role_is_offered_what_it_may_do_and_no_more() {
    let system = rig(Role::SystemAdmin).await.get("/settings/box").await;
    system.has(&[
        "/settings/box/upload\"",
        "/order/restart\"",
        "/order/reset\"",
        "/order/withdraw-9\"",
        "/order/agree-9\"",
        "/order/install-",
    ]);
    let security = rig(Role::SecurityAdmin).await.get("/settings/box").await;
    security.has(&["/order/agree-9\"", "/order/withdraw-9\""]);
    security.lacks(&[
        "/settings/box/upload\"",
        "/order/restart\"",
        "/order/reset\"",
        "/order/install-",
        "/diagnostics\"",
    ]);
    let audit = rig(Role::AuditAdmin).await.get("/settings/box").await;
    audit.has(&["已通过自检", "自检未通过"]);
    audit.has(&["/order/agree-9\""]);
    audit.lacks(&[
        "/settings/box/upload\"",
        "/order/restart\"",
        "/order/reset\"",
        "/order/install-",
        "withdraw-9",
    ]);
    let technician = rig(Role::Technician).await.get("/settings/box").await;
    technician.has(&[
        "/order/restart\"",
        "/order/install-",
        "/settings/box/diagnostics\"",
        "href=\"/settings/box\"",
    ]);
    technician.lacks(&[
        "/settings/box/upload\"",
        "/order/agree-9\"",
        "withdraw-9",
        "href=\"/settings/rules\"",
    ]);
    for role in
        [Role::Compliance, Role::Manager, Role::Supervisor, Role::Qa, Role::DataSpecialist, Role::Agent]
    {
        let rig = rig(role).await;
        for path in ["/settings/box/diagnostics", "/settings/box/order/restart"] {
            assert_eq!(rig.get(path).await.status, StatusCode::FORBIDDEN, "{role:?} {path}");
        }
    }
    assert_eq!(rig(Role::Agent).await.get("/settings/box").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn who_hands_updates_in_gets_the_certificate_to_encrypt_them_to() {
    let system = rig(Role::SystemAdmin).await;
    system.get("/settings/box").await.has(&["href=\"/settings/box/certificate\"", "私钥不离开本机"]);
    let file = system.get("/settings/box/certificate").await;
    assert_eq!((file.status, file.body.as_str()), (StatusCode::OK, crate::samples::CERTIFICATE));
    let security = rig(Role::SecurityAdmin).await;
    security.get("/settings/box").await.lacks(&["/settings/box/certificate"]);
    assert_eq!(security.get("/settings/box/certificate").await.status, StatusCode::FORBIDDEN);
    let untold = with(Role::SystemAdmin, |view| view.update_certificate = None).await;
    untold.get("/settings/box").await.lacks(&["/settings/box/certificate"]);
    assert_eq!(untold.get("/settings/box/certificate").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_machine_without_hostd_says_so_and_offers_no_order() {
    let rig = with(Role::SystemAdmin, |view| view.status = None).await;
    let page = rig.get("/settings/box").await;
    page.has(&["本机没有系统助手（hostd）", "工作站上没有它", "/settings/box/upload\""]);
    page.lacks(&["/order/restart\"", "/order/reset\"", "/order/install-", "安全启动"]);
    let page = rig.get("/settings/box/diagnostics").await;
    page.has(&["本机没有系统助手（hostd）"]);
    page.lacks(&["/order/diagnostics\""]);
}

#[tokio::test]
async fn a_system_on_trial_takes_no_update_and_what_is_not_as_it_should_be_is_said_in_words() {
    let on_trial = with(Role::Technician, |view| {
        let status = view.status.as_mut().unwrap();
        (status.slots[1].good, status.slots[1].tries_left) = (false, Some(2));
        (status.slots[0].good, status.slots[0].tries_left) = (false, Some(0));
        (status.secure_boot, status.data_sealed, status.time_synchronised) = (false, false, false);
        status.development = true;
        status.addresses.clear();
        view.history.clear();
    });
    let page = on_trial.await.get("/settings/box").await;
    page.has(&["试运行，还可启动 2 次", "已放弃", "当前系统还在自检", "安全启动未启用", "数据未绑定 TPM"]);
    page.has(&["时钟未同步", "开发版本：不可用于生产", "1 小时 2 分", "还没有记录", "/order/restart\""]);
    page.lacks(&["/order/install-"]);
    let empty = with(Role::Technician, |view| {
        view.status.as_mut().unwrap().slots[0].version = None;
        view.bundles.clear();
        view.orders.clear();
    });
    empty.await.get("/settings/box").await.has(&["未安装", "本机还没有升级包", "没有等待或执行中的指令"]);
}

#[tokio::test]
async fn every_fault_of_an_order_says_what_to_do_next() {
    use idl::host::{HostFault, HostOrder};
    use idl::views::BoxOrderStage;
    let faults = [
        (HostFault::NoBundle, "请重新上传"),
        (HostFault::BadSignature, "请向厂商重新获取"),
        (HostFault::OtherHardware, "请选择本机型号"),
        (HostFault::NotYetGood, "查看下方记录"),
        (HostFault::Busy, "请等待其结束"),
        (HostFault::NotDrained, "请暂停外呼活动"),
        (HostFault::System("no space".to_owned()), "系统拒绝：no space"),
        (HostFault::OtherBox, "升级证书交给厂商"),
    ];
    let words = faults.clone().map(|(_, words)| words);
    let rig = with(Role::AuditAdmin, move |view| {
        let order = |fault: &HostFault| {
            crate::samples::order(
                1,
                HostOrder::Restart,
                crate::samples::ONESELF,
                BoxOrderStage::Failed(fault.clone()),
            )
        };
        view.orders = faults.iter().map(|(fault, _)| order(fault)).collect();
    });
    rig.await.get("/settings/box").await.has(&words);
}
