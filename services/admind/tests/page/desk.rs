//! The agent's desk and the floor as a browser without JavaScript uses them.

use crate::double::refused;
use crate::harness::{Browser, Site};
use idl::admin::{Admin, Answer, Role};
use idl::campaign::{AgentState, Disposition};
use idl::lines::{LiveState, PromptRole};
use idl::views::{
    CampaignPulse, ConsentView, CustomerCard, DayFigures, DeskAction, DeskView, LiveAgent, LiveCall, LiveView,
};
use rights::Request;
use vocab::{AgentId, CallId, CampaignId, CampaignMode, ContactId, DepartmentId, UnixMs};

const NOW: UnixMs = UnixMs(1_795_399_200_000);
const TOKEN: u64 = 0xfeed_beef;

fn card() -> CustomerCard {
    CustomerCard {
        contact: ContactId(12),
        campaign: (CampaignId(2), "回访".to_owned()),
        purpose: "到期回访".to_owned(),
        number: "138****4021".to_owned(),
        name: "王**".to_owned(),
        order_no: String::new(),
        demand: String::new(),
        tag: "<b>VIP</b>".to_owned(),
        issue: String::new(),
        source: "柜面".to_owned(),
        imported_at: NOW,
        consent: ConsentView::default(),
        basis: true,
        last: vec![],
        quota: (1, 2),
        script: vec![(PromptRole::Body, "您好".to_owned())],
    }
}

fn desk(state: AgentState) -> DeskView {
    DeskView {
        agent: AgentId(1),
        now: NOW,
        state,
        since: NOW,
        phone: Some(true),
        has_phone: true,
        campaigns: vec![(CampaignId(2), "回访".to_owned(), CampaignMode::Preview)],
        preview: None,
        call: None,
        wrap_up: None,
        today: (3, 2, 61),
    }
}

/// A desk with a preview; the token dials once.
fn previewing(what: &Admin) -> Option<Answer> {
    let Admin::Desk(action) = what else { return None };
    Some(match action {
        DeskAction::Look => {
            let preview = Some((card(), TOKEN, NOW.plus(120_000)));
            Answer::Desk(Box::new(DeskView { preview, ..desk(AgentState::Ready) }))
        }
        DeskAction::Dial { token: TOKEN } | DeskAction::State(_) => Answer::Done,
        DeskAction::Dial { .. } => refused("token"),
        DeskAction::Next { .. } => Answer::Desk(Box::new(desk(AgentState::Ready))),
        DeskAction::HangUp | DeskAction::Refused | DeskAction::WrapUp { .. } => refused("no-call"),
    })
}

/// A desk that owes a wrap-up.
fn owing(what: &Admin) -> Option<Answer> {
    let Admin::Desk(action) = what else { return None };
    Some(match action {
        DeskAction::Look => {
            let wrap_up = Some((CallId(4711), card(), 60));
            Answer::Desk(Box::new(DeskView { wrap_up, ..desk(AgentState::WrapUp) }))
        }
        DeskAction::WrapUp { call: CallId(4711), disposition: Disposition::Callback, note }
            if note.reveal() == "下周\n再来" =>
        {
            Answer::Done
        }
        _ => refused("wrap-up-missing"),
    })
}

async fn site(role: Role, more: fn(&Admin) -> Option<Answer>) -> (Site, Browser) {
    let site = Site::start().await;
    {
        let mut state = site.double.state.lock().unwrap();
        state.role = role;
        state.more = Some(more);
    }
    let browser = site.signed_in().await;
    (site, browser)
}

#[tokio::test]
async fn cam_13_dialling_takes_two_ticks_and_the_token_and_a_bad_token_is_a_conflict() {
    let (site, browser) = site(Role::Agent, previewing).await;
    let page = browser.get(&site, "/desk").await;
    assert_eq!(page.status, 200, "{}", page.body);
    assert!(page.body.contains("王**") && page.body.contains("&#60;b&#62;VIP"));
    let token = TOKEN.to_string();
    assert_eq!(page.field("token").as_deref(), Some(token.as_str()));
    let asked = site.double.count(Request::Desk);
    let one = browser.send(&site, "/desk", "/desk/dial", &[("token", &token), ("identity", "yes")]).await;
    assert_eq!(one.status, 422);
    assert!(one.body.contains("data-key=\"1\" checked") && !one.body.contains("data-key=\"2\" checked"));
    assert_eq!(site.double.count(Request::Desk), asked + 2, "it was only looked at, twice");
    let ticks = [("identity", "yes"), ("purpose", "yes")];
    for bad in ["", "1", "nonsense"] {
        let fields = [&ticks[..], &[("token", bad)]].concat();
        let answer = browser.send(&site, "/desk", "/desk/dial", &fields).await;
        assert_eq!(answer.status, 409, "{bad}");
        assert!(answer.body.contains("拒绝：token"));
    }
    let fields = [&ticks[..], &[("token", token.as_str())]].concat();
    let answer = browser.send(&site, "/desk", "/desk/dial", &fields).await;
    assert_eq!((answer.status, answer.header("location")), (303, "/desk"));
    site.stop().await;
}

#[tokio::test]
async fn cam_15_a_wrap_up_needs_its_disposition_and_keeps_the_note_until_it_is_saved() {
    let (site, browser) = site(Role::Agent, owing).await;
    let path = "/desk/wrap-up/4711";
    let answer = browser.send(&site, "/desk", path, &[("note", "下周\r\n再来 <i>")]).await;
    assert_eq!(answer.status, 422);
    assert!(answer.body.contains("f-outcome-error") && answer.body.contains("再来 &#60;i&#62;</textarea>"));
    let long = "长".repeat(1_001);
    let answer =
        browser.send(&site, "/desk", path, &[("disposition", "callback"), ("note", long.as_str())]).await;
    assert!(answer.status == 422 && answer.body.contains("f-note-error"));
    let fields = [("disposition", "callback"), ("note", "下周\r\n再来")];
    let answer = browser.send(&site, "/desk", path, &fields).await;
    assert_eq!((answer.status, answer.header("location")), (303, "/desk?saved=4711"));
    let page = browser.get(&site, "/desk?saved=4711").await;
    assert!(page.body.contains("data-draft-done=\"/desk/wrap-up/4711\""), "its draft is over");
    site.stop().await;
}

#[tokio::test]
async fn a_refused_action_is_told_on_the_desk_once() {
    let (site, browser) = site(Role::Agent, previewing).await;
    let answer = browser.send(&site, "/desk", "/desk/hang-up", &[]).await;
    assert_eq!((answer.status, answer.header("location")), (303, "/desk"));
    assert!(browser.get(&site, "/desk").await.body.contains("拒绝：no-call"));
    assert!(!browser.get(&site, "/desk").await.body.contains("拒绝：no-call"));
    assert_eq!(browser.send(&site, "/desk", "/desk/state", &[("state", "talking")]).await.status, 400);
    assert_eq!(browser.get(&site, "/desk/hang-up").await.status, 303, "a reload leads back");
    site.stop().await;
}

fn floor(what: &Admin) -> Option<Answer> {
    let Admin::Live = what else { return None };
    let agent = |id: u32, state| LiveAgent {
        agent: AgentId(id),
        name: format!("坐席<{id}>"),
        login: format!("agent.{id}"),
        department: DepartmentId(1),
        state,
        since: NOW,
        phone: Some(true),
        owes: None,
    };
    let call = |id| LiveCall {
        call: CallId(id),
        campaign: CampaignId(2),
        agent: Some(AgentId(1)),
        state: LiveState::Talking,
        since: NOW,
    };
    let campaign = CampaignPulse {
        id: CampaignId(2),
        name: "回访".to_owned(),
        contacts: 1_000,
        left: 400,
        open: 3,
        placed: 600,
        answered: 240,
        hold_until: None,
    };
    Some(Answer::Live(Box::new(LiveView {
        now: NOW,
        calls: (1..=3).map(call).collect(),
        calls_total: 203,
        agents: vec![agent(1, AgentState::Talking), agent(2, AgentState::Out)],
        campaigns: vec![campaign],
        today: DayFigures { placed: 600, answered: 240, refused: 9, opted_out: 4 },
        ..LiveView::default()
    })))
}

#[tokio::test]
async fn the_floor_shows_figures_agents_calls_and_campaigns_in_both_languages() {
    let (site, browser) = site(Role::Supervisor, floor).await;
    for lang in ["zh", "en"] {
        let cookies = format!("{}; lang={lang}", browser.cookies);
        let page = site.get("/floor", &cookies).await;
        assert_eq!(page.status, 200, "{}", page.body);
        for wanted in ["40.0%", "坐席&#60;1&#62;", "agent.2", "600 / 1,000", "203", "200"] {
            let wanted =
                if lang == "en" { wanted.replace("600 / 1,000", "600 of 1,000") } else { wanted.to_owned() };
            assert!(page.body.contains(&wanted), "{lang} {wanted}");
        }
        assert!(!page.body.contains("{}"));
    }
    site.stop().await;
}

#[tokio::test]
async fn acc_01_the_floor_is_not_an_agents_and_the_desk_is_nobody_elses() {
    let (site, browser) = site(Role::Agent, floor).await;
    for path in ["/floor", "/floor/live"] {
        assert_eq!(browser.get(&site, path).await.status, 403, "{path}");
    }
    site.double.state.lock().unwrap().role = Role::Manager;
    for path in ["/desk"] {
        assert_eq!(browser.get(&site, path).await.status, 403, "{path}");
    }
    site.stop().await;
}
