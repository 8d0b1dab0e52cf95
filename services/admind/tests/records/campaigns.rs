//! Campaigns: the list, one of them, a new one, start and pause.

use crate::rig::{Rig, refused};
use crate::samples::{HOSTILE, HOSTILE_SHOWN, choices, detail, refusal, row, series};
use idl::admin::{Admin, Answer, Role};

fn answers(what: &Admin, _: &[u8]) -> Answer {
    match what {
        Admin::Campaigns { after: None } => {
            Answer::Campaigns(vec![row(7, "十一月体检随访", true), row(8, HOSTILE, false)])
        }
        Admin::Campaigns { after: Some(_) } => Answer::Campaigns(vec![]),
        Admin::Campaign { campaign } if campaign.0 == 7 => Answer::Campaign(Box::new(detail(true))),
        Admin::Campaign { campaign } if campaign.0 == 8 => {
            let mut detail = detail(false);
            detail.obstacles = vec!["CAM-12".to_owned(), "lined".to_owned()];
            Answer::Campaign(Box::new(detail))
        }
        Admin::Series { hours, .. } => Answer::Series(Box::new(series((*hours).into()))),
        Admin::CampaignChoices => Answer::Choices(Box::new(choices())),
        Admin::CreateCampaign(plan) if plan.name == "重名" => refused("exists"),
        Admin::CreateCampaign(_) => Answer::Created { ids: vec![9] },
        Admin::StartCampaign { campaign } if campaign.0 == 8 => refused("script"),
        Admin::StartCampaign { .. } | Admin::PauseCampaign { .. } => Answer::Done,
        Admin::Refusals { before: None, .. } => Answer::Refusals(vec![refusal(20), refusal(19)]),
        Admin::Refusals { .. } => Answer::Refusals(vec![]),
        _ => refused("unknown"),
    }
}

const GOOD: [(&str, &str); 12] = [
    ("name", "十二月随访"),
    ("class", "return-visit"),
    ("mode", "progressive"),
    ("department", "2"),
    ("group", "1"),
    ("caller", "02088886666"),
    ("script", "3"),
    ("batch", "39"),
    ("max_calls", "30"),
    ("calls_per_minute", "20"),
    ("wrap_up_s", "60"),
    ("attempts", "2"),
];

fn with<'a>(changed: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let kept = GOOD.iter().copied().filter(|(name, _)| changed.iter().all(|(other, _)| other != name));
    kept.chain(changed.iter().copied()).collect()
}

#[tokio::test]
async fn the_list_is_newest_first_filtered_and_escapes_what_people_wrote() {
    let rig = Rig::start(Role::Manager, answers).await;
    let page = rig.get("/campaigns").await;
    page.has(&[HOSTILE_SHOWN, "运行中", "已暂停", "67.0%", "4,120 / 12,480", "href=\"/campaigns/new\""]);
    page.lacks(&["<script>alert"]);
    assert!(page.body.find("/campaigns/8").unwrap() < page.body.find("/campaigns/7").unwrap());
    let running = rig.get("/campaigns?only=running&q=%E4%BD%93%E6%A3%80").await;
    running.has(&["/campaigns/7", "only=paused&#38;q=%E4%BD%93%E6%A3%80"]);
    running.lacks(&["/campaigns/8\""]);
    rig.get("/campaigns?q=nothing").await.has(&["没有符合条件的记录", "清除筛选"]);
    let quality = Rig::start(Role::Qa, answers).await.in_english();
    quality.get("/campaigns").await.lacks(&["/campaigns/new"]);
}

#[tokio::test]
async fn no_campaign_yet_leads_on() {
    let none = |what: &Admin, _: &[u8]| match what {
        Admin::Campaigns { .. } => Answer::Campaigns(vec![]),
        _ => refused("unknown"),
    };
    Rig::start(Role::Manager, none).await.get("/campaigns").await.has(&["还没有外呼活动", "/campaigns/new"]);
    let reader = Rig::start(Role::Compliance, none).await.get("/campaigns").await;
    reader.has(&["管理者或主管新建活动后"]);
    reader.lacks(&["/campaigns/new"]);
}

#[tokio::test]
async fn a_campaign_shows_its_figures_by_reason_and_what_its_role_may_do() {
    let rig = Rig::start(Role::Manager, answers).await;
    let page = rig.get("/campaigns/7?hours=168").await;
    assert_eq!(page.status, 200, "{}", page.body);
    page.has(&[
        "官方勿扰名单",
        "无人接听",
        "录音告知播放前结束",
        "42.9%",
        "02088886666",
        "/campaigns/7/pause",
    ]);
    page.has(&["data-live-from=\"/campaigns/7/live\"", "<title>11-21 · 接通"]);
    page.lacks(&["/campaigns/7/start", "主叫号码</dt><dd>"]);
    assert!(rig.was_asked(&["Series", "hours: 168"]));
    rig.get("/campaigns/7?hours=9999").await;
    assert!(rig.was_asked(&["Series", "hours: 24"]) && !rig.was_asked(&["9999"]));
    let paused = rig.get("/campaigns/8").await;
    paused.has(&["话术审批", "启动线路进程", "开始外呼？"]);
    assert_eq!(rig.get("/campaigns/77").await.status, 404);
    let quality = Rig::start(Role::Qa, answers).await;
    quality.get("/campaigns/7").await.lacks(&["/campaigns/7/pause", "/campaigns/7/refusals"]);
    assert_eq!(quality.get("/campaigns/7/refusals").await.status, 403);
}

#[tokio::test]
async fn refused_contacts_say_why_and_when_they_could_pass() {
    let rig = Rig::start(Role::Manager, answers).await;
    let page = rig.get("/campaigns/7/refusals").await;
    page.has(&[
        "138****5678",
        "号码在官方勿扰名单中。",
        "CAM-07",
        "2026-11-23 09:14:27",
        "不再拨打",
        "?before=19",
    ]);
    rig.get("/campaigns/7/refusals?before=19").await.has(&["没有被拦截的客户"]);
    assert!(rig.was_asked(&["Refusals", "Some(19)"]));
    rig.in_english().get("/campaigns/7/refusals").await.has(&["The number is on the official list."]);
}

#[tokio::test]
async fn start_and_pause_go_back_with_what_came_of_it() {
    let rig = Rig::start(Role::Manager, answers).await;
    let started = rig.post("/campaigns/7/start", &[]).await;
    assert_eq!((started.status.as_u16(), started.location()), (303, "/campaigns/7"));
    rig.get("/campaigns/7").await.has(&["活动已开始。"]);
    assert_eq!(rig.post("/campaigns/8/start", &[]).await.location(), "/campaigns/8");
    rig.get("/campaigns/8").await.has(&["因 script 被拒绝。"]);
    assert_eq!(rig.post("/campaigns/7/pause", &[]).await.status, 303);
    assert_eq!(rig.get("/campaigns/7/pause").await.location(), "/campaigns/7");
    assert_eq!(Rig::start(Role::Qa, answers).await.post("/campaigns/7/start", &[]).await.status, 403);
}

#[tokio::test]
async fn a_new_campaign_takes_the_purpose_of_its_batches() {
    let rig = Rig::start(Role::Manager, answers).await;
    rig.get("/campaigns/new").await.has(&[
        "十一月.csv",
        "体检随访 · 12,480 人 · 门诊部",
        "新话术（未审批）",
        "value=\"60\"",
    ]);
    let made = rig.post("/campaigns/new", &GOOD).await;
    assert_eq!((made.status.as_u16(), made.location()), (303, "/campaigns/9"), "{}", made.body);
    assert!(rig.was_asked(&["CreateCampaign", "purpose: \"体检随访\"", "batches: [39]", "attempts: 2"]));
}

#[tokio::test]
async fn a_refused_form_keeps_every_value_and_says_what_is_wrong_at_its_field() {
    let rig = Rig::start(Role::Manager, answers).await;
    let wrong = [
        (vec![("name", " ")], "f-name-error"),
        (vec![("batch", "39"), ("batch", "42")], "所选批次的用途不一致"),
        (vec![("batch", "41")], "所选批次不属于该部门"),
        (vec![("batch", "77")], "至少选择一个批次"),
        (vec![("caller", "02088887777")], "该主叫号码未在所选线路组登记"),
        (vec![("group", "9")], "f-group-error"),
        (vec![("wrap_up_s", "9")], "f-wrap_up_s-error"),
        (vec![("attempts", "4")], "f-attempts-error"),
        (vec![("mode", "predictive")], "f-mode-error"),
    ];
    for (changed, said) in wrong {
        let page = rig.post("/campaigns/new", &with(&changed)).await;
        assert_eq!(page.status, 422, "{changed:?}");
        page.has(&[said, "value=\"20\""]);
    }
    assert!(!rig.was_asked(&["CreateCampaign"]));
    let hostile = rig.post("/campaigns/new", &with(&[("name", HOSTILE), ("attempts", "0")])).await;
    hostile.has(&[HOSTILE_SHOWN]);
    hostile.lacks(&["<script>alert"]);
    let taken = rig.post("/campaigns/new", &with(&[("name", "重名")])).await;
    assert_eq!(taken.status, 422);
    taken.has(&["因 exists 被拒绝。", "value=\"重名\"", "value=\"39\" checked"]);
}

#[tokio::test]
async fn without_anything_to_choose_from_the_page_says_what_is_needed() {
    let none = |what: &Admin, _: &[u8]| match what {
        Admin::CampaignChoices => Answer::Choices(Box::default()),
        _ => refused("unknown"),
    };
    let page = Rig::start(Role::Supervisor, none).await.get("/campaigns/new").await;
    page.has(&["需要先设置线路组", "需要已放行的名单批次", "href=\"/contacts\"", "href=\"/scripts\""]);
    page.lacks(&["<form class=\"form", "href=\"/lines\""]);
}
