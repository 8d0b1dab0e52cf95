//! A desk as the tests show it.

use crate::cookie::Token;
use crate::looks::{Lang, Looks, Theme};
use crate::page::Page;
use idl::account::{Me, SessionId};
use idl::admin::Role;
use idl::campaign::AgentState;
use idl::lines::{LiveState, PromptRole};
use idl::views::{ConsentState, ConsentView, CustomerCard, DeskView};
use vocab::{
    AgentId, CallId, CampaignId, CampaignMode, ContactId, DAY_MS, EndedBy, Outcome, PersonId, Pii, UnixMs,
};

pub(super) const NOW: UnixMs = UnixMs(1_795_399_200_000);
const TOKEN: Token = [7; 32];

pub(super) fn page(lang: Lang, theme: Theme) -> Page {
    let me = Me {
        person: PersonId(9),
        name: Pii::new("陈思远".to_owned()),
        login: "chen.siyuan".to_owned(),
        role: Role::Agent,
        department: None,
        session: SessionId(3),
        signed_in_at: NOW,
        ends_at: NOW.plus(DAY_MS),
        idle_s: 900,
        last: None,
        failed_since: 0,
        company: "江南商业银行".to_owned(),
        zone: "Asia/Shanghai".to_owned(),
        real_tpm: true,
    };
    let title = crate::texts::Texts::of(lang).desk.title;
    Page::inside(Looks { lang, theme }, title, "/desk", &me, "/desk", TOKEN)
}

pub(super) fn card() -> CustomerCard {
    let answered = Outcome::Answered { by: EndedBy::Callee };
    let said = |role, text: &str| (role, text.to_owned());
    CustomerCard {
        contact: ContactId(12),
        campaign: (CampaignId(2), "年金到期回访".to_owned()),
        purpose: "年金产品到期回访".to_owned(),
        number: "138****4021".to_owned(),
        name: "王**".to_owned(),
        order_no: "NJ-2024-00731".to_owned(),
        demand: "到期转存咨询".to_owned(),
        tag: "VIP".to_owned(),
        issue: "上次来电询问提前支取的手续。".to_owned(),
        source: "柜面开户 2024-03-08 第 0071 号合同".to_owned(),
        imported_at: NOW.plus(-90 * DAY_MS),
        consent: ConsentView {
            state: ConsentState::Good,
            purpose: "年金产品到期回访".to_owned(),
            given_at: Some(NOW.plus(-200 * DAY_MS)),
            expires_at: Some(NOW.plus(165 * DAY_MS)),
            channel: "柜面签字".to_owned(),
            evidence: "影像 2024-0071".to_owned(),
        },
        basis: true,
        last: vec![(NOW.plus(-20 * DAY_MS), Some(answered))],
        quota: (1, 2),
        script: vec![
            said(PromptRole::Identify, "您好，这里是江南商业银行，就您即将到期的年金产品来电回访。"),
            said(PromptRole::RecordingNotice, "为保障您的权益，本次通话将会录音。"),
            said(PromptRole::OptOutHint, "如您不希望再接到此类来电，可随时按 9。"),
            said(
                PromptRole::Body,
                "您的年金产品将于下月到期，请问您对到期后的安排有什么想法？需要我为您介绍办理方式吗？",
            ),
            said(PromptRole::OptOutConfirmation, "已为您登记，今后不再就此来电。"),
        ],
    }
}

pub(super) fn desk(state: AgentState) -> DeskView {
    DeskView {
        agent: AgentId(9),
        now: NOW,
        state,
        since: NOW.plus(-83_000),
        phone: Some(true),
        has_phone: true,
        campaigns: vec![
            (CampaignId(2), "年金到期回访".to_owned(), CampaignMode::Preview),
            (CampaignId(3), "体检预约确认".to_owned(), CampaignMode::Progressive),
        ],
        preview: None,
        call: None,
        wrap_up: None,
        today: (23, 14, 2_843),
    }
}

pub(super) fn preview() -> DeskView {
    DeskView { preview: Some((card(), 0xfeed_beef, NOW.plus(97_000))), ..desk(AgentState::Ready) }
}

pub(super) fn talking() -> DeskView {
    let call = Some((CallId(4711), LiveState::Talking, NOW.plus(-83_000), card()));
    DeskView { call, ..desk(AgentState::Talking) }
}

pub(super) fn wrap_up() -> DeskView {
    DeskView { wrap_up: Some((CallId(4711), card(), 120)), ..desk(AgentState::WrapUp) }
}
