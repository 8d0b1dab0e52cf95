//! Setting a span up and changing it.

use crate::rig::{Rig, refused};
use crate::samples::answers;
use idl::admin::{Admin, Role};
use idl::views::SpanAsk;

const SET: &str = "/lines/spans/1/set";
const PRI: [(&str, &str); 14] = [
    ("purpose", "pri"),
    ("name", "电信二号"),
    ("e1", "1"),
    ("coding", "hdb3"),
    ("framing", "ccs"),
    ("timing", "2"),
    ("crc4", "1"),
    ("side", "user"),
    ("selection", "least-recent"),
    ("called_type", "national"),
    ("calling_type", "subscriber"),
    ("t309", "1"),
    ("unused", "30"),
    ("unused", "31"),
];

async fn rig() -> Rig {
    Rig::start(Role::SystemAdmin, |what, _| answers(what)).await
}

async fn refusing(code: &'static str) -> Rig {
    Rig::start(Role::SystemAdmin, move |what, _| match what {
        Admin::Span(SpanAsk::Set(_)) => refused(code),
        what => answers(what),
    })
    .await
}

#[tokio::test]
async fn a_new_span_is_offered_strict_defaults_and_the_next_place_for_the_clock() {
    let page = rig().await.get("/lines/spans/4/set").await;
    assert_eq!(page.status, 200, "{}", page.body);
    page.has(&["设置线路接口", "TE405P 卡 1 端口 4", "value=\"hdb3\" selected", "value=\"ccs\" selected"]);
    // 1 and 2 are taken.
    page.has(&["name=\"timing\" type=\"number\" inputmode=\"numeric\" value=\"3\""]);
    for set in ["crc4", "echo_canceller", "exclusive", "t309", "restart_on_start"] {
        page.has(&[&format!("name=\"{set}\" value=\"1\" checked")]);
    }
    page.has(&["name=\"side\" value=\"user\" checked"]);
    page.lacks(&["name=\"overlap\" value=\"1\" checked", "name=\"unused\" value=\"16\""]);
    assert_eq!(page.body.matches("name=\"unused\"").count(), 30);
}

#[tokio::test]
async fn a_span_that_is_set_is_shown_as_it_is() {
    let rig = rig().await;
    let page = rig.get(SET).await;
    page.has(&[
        "更改 电信E1一号",
        "name=\"unused\" value=\"30\" checked",
        "name=\"unused\" value=\"31\" checked",
    ]);
    page.lacks(&["name=\"unused\" value=\"29\" checked"]);
    let ports = rig.get("/lines/spans/3/set").await;
    ports.has(&[
        "name=\"kind-1\"",
        "value=\"fxo\" selected",
        "value=\"fxs\" selected",
        "<option value=\"7\" selected>wang.fang",
    ]);
    ports.lacks(&["name=\"coding\"", "name=\"kind-5\"", "name=\"use\" value=\"pri\""]);
    let cas = rig.get("/lines/spans/1/set?use=ports").await;
    cas.has(&["name=\"kind-31\"", "value=\"cas\" selected", "name=\"purpose\" value=\"ports\""]);
    cas.lacks(&["name=\"kind-16\"", "type=\"radio\" name=\"side\""]);
    rig.get("/lines/spans/1/set?use=off").await.lacks(&["type=\"radio\" name=\"side\"", "name=\"kind-1\""]);
}

#[tokio::test]
async fn a_form_becomes_what_it_says() {
    let rig = rig().await;
    let done = rig.post(SET, &PRI).await;
    assert_eq!((done.status.as_u16(), done.location()), (303, "/lines/spans/1"));
    assert!(rig.was_asked(&[
        "Set",
        "span: span-1, trunk: trunk-0",
        "电信二号",
        "timing: 2",
        "echo_canceller: false"
    ]));
    assert!(rig.was_asked(&[
        "LeastRecentlyUsed",
        "exclusive: false",
        "called_type: National",
        "[ts-30, ts-31]"
    ]));
    let ports = [
        ("purpose", "ports"),
        ("name", "模拟"),
        ("kind-1", "fxo"),
        ("answer-1", "polarity"),
        ("tones-1", "cn"),
        ("kind-2", "fxs"),
        ("agent-2", "8"),
        ("kind-3", ""),
    ];
    rig.post("/lines/spans/3/set", &ports).await;
    assert!(rig.was_asked(&["PolarityReversal", "Fxs { agent: agent-8 }"]), "{:?}", rig.asked());
    rig.post(SET, &[("purpose", "off"), ("name", "备用")]).await;
    assert!(rig.was_asked(&["purpose: Off", "备用"]));
}

#[tokio::test]
async fn a_refused_form_says_so_at_its_field_and_keeps_what_was_typed() {
    for (code, field) in [
        ("span-name", "name"),
        ("span-framing", "framing"),
        ("span-timing", "timing"),
        ("span-slot", "unused"),
        ("span-slot-twice", "unused"),
    ] {
        let page = refusing(code).await.post(SET, &PRI).await;
        assert_eq!(page.status, 422, "{code}");
        page.has(&[&format!("id=\"f-{field}-error\""), &format!("因 {code} 被拒绝。"), "value=\"电信二号\""]);
        page.has(&["name=\"unused\" value=\"30\" checked", "value=\"least-recent\" selected"]);
    }
    let page = refusing("span-purpose").await.post(SET, &PRI).await;
    page.has(&["因 span-purpose 被拒绝。", "field-error"]);
    let page = refusing("span-trunk").await.post(SET, &PRI).await;
    page.has(&["notice-bad", "因 span-trunk 被拒绝。"]);
    let ports = [("purpose", "ports"), ("name", "模拟"), ("kind-2", "fxs"), ("agent-2", "8")];
    let page = refusing("span-agent").await.post("/lines/spans/3/set", &ports).await;
    page.has(&["id=\"f-ports-error\"", "<option value=\"8\" selected>li.na"]);
}

#[tokio::test]
async fn a_form_that_is_not_whole_reaches_nobody() {
    let rig = rig().await;
    let page = rig.post(SET, &[("purpose", "pri"), ("e1", "1"), ("timing", "33"), ("coding", "b8zs")]).await;
    assert_eq!(page.status, 422);
    for field in ["name", "coding", "framing", "timing", "side", "selection"] {
        page.has(&[&format!("id=\"f-{field}-error\"")]);
    }
    let ports = [("purpose", "ports"), ("name", "模拟"), ("kind-1", "fxs"), ("agent-1", "")];
    rig.post("/lines/spans/3/set", &ports).await.has(&["端口 1：请选择坐席"]);
    let ports = [("purpose", "ports"), ("name", "模拟"), ("kind-4", "fxo"), ("tones-4", "")];
    rig.post("/lines/spans/3/set", &ports).await.has(&["端口 4：请填写应答判断"]);
    assert_eq!(rig.post(SET, &[("purpose", "everything")]).await.status, 422);
    assert!(!rig.was_asked(&["Set"]), "{:?}", rig.asked());
}

#[tokio::test]
async fn only_who_may_set_a_span_sees_its_form() {
    for role in [Role::Technician, Role::SecurityAdmin, Role::Compliance, Role::Manager, Role::AuditAdmin] {
        let rig = Rig::start(role, |what, _| answers(what)).await;
        assert_eq!(rig.get(SET).await.status, 403, "{role:?}");
        assert_eq!(rig.post(SET, &PRI).await.status, 403, "{role:?}");
    }
}

#[tokio::test]
async fn another_use_is_shown_with_all_that_was_typed_and_nothing_is_set() {
    let rig = rig().await;
    let typed = |purpose: &'static str, used: &'static str| {
        let mut fields = vec![("use", used), ("purpose", purpose), ("name", "还没保存的名称"), ("e1", "1")];
        fields.extend([("coding", "ami"), ("framing", "ccs"), ("timing", "7"), ("side", "network")]);
        fields.extend([("unused", "30"), ("kind-3", "fxo"), ("tones-3", "eu")]);
        fields
    };
    let ports = rig.post(SET, &typed("pri", "ports")).await;
    assert_eq!(ports.status, 200, "{}", ports.body);
    ports.has(&[
        "还没保存的名称",
        "value=\"ami\" selected",
        "value=\"7\"",
        "name=\"purpose\" value=\"ports\"",
    ]);
    ports.has(&["value=\"cas\" selected", "type=\"hidden\" name=\"side\" value=\"network\"", "value=\"eu\""]);
    let pri = rig.post(SET, &typed("ports", "pri")).await;
    pri.has(&["name=\"side\" value=\"network\" checked", "name=\"unused\" value=\"30\" checked"]);
    pri.has(&["type=\"hidden\" name=\"tones-3\" value=\"eu\""]);
    assert!(!rig.was_asked(&["Set("]), "{:?}", rig.asked());
}
