//! An update uploaded: streamed to the disk, attached to the request, told to the end.

use crate::rig::Rig;
use crate::samples::{answers, hex};
use http::StatusCode;
use idl::admin::Role;

async fn rig(role: Role) -> Rig {
    Rig::start(role, answers).await
}

#[tokio::test]
async fn an_update_is_stored_and_its_sum_is_shown_with_the_way_to_install_it() {
    let rig = rig(Role::SystemAdmin).await;
    // More than is written to the disk at once.
    let bundle = vec![b'r'; 1_300_000];
    let started = rig.upload_as("bundle", "/settings/box/upload", &[], "box.raucb", &bundle).await;
    let page = rig.job(&started).await;
    page.has(&["升级包已存放", "1.2 MiB", &format!("data-bundle=\"{}\"", hex())]);
    page.has(&[&format!("/settings/box/order/install-{}", hex()), "href=\"/settings/box\""]);
    assert!(rig.was_asked(&["Upload"]));
}

#[tokio::test]
async fn a_refused_update_says_why_and_leads_back() {
    let rig = rig(Role::SystemAdmin).await.in_english();
    let started = rig.upload_as("bundle", "/settings/box/upload", &[], "box.raucb", b"bad").await;
    let page = rig.job(&started).await;
    page.has(&["The update was not stored", "Refused because of bundle-size.", "href=\"/settings/box\""]);
    let none = rig.upload_as("bundle", "/settings/box/upload", &[], "", b"").await;
    assert_eq!((none.status, none.location()), (StatusCode::SEE_OTHER, "/settings/box"));
    rig.get("/settings/box").await.has(&["Choose the file of the update."]);
}

#[tokio::test]
async fn who_may_not_upload_is_told_so_before_a_byte_is_kept() {
    for role in [Role::SecurityAdmin, Role::AuditAdmin, Role::Technician, Role::Agent] {
        let rig = rig(role).await;
        let answer = rig.upload_as("bundle", "/settings/box/upload", &[], "box.raucb", b"x").await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{role:?}");
        assert!(rig.asked().is_empty());
    }
}
