//! The desk as it is rendered: each stage, both languages, hostile texts, and when a part stays.

use super::parts::{Do, Script, Who};
use super::samples::{card, desk, page, preview, talking, wrap_up};
use super::{Show, YES};
use crate::form::Form;
use crate::looks::{Lang, Theme};
use crate::page::{Markup, Page};
use crate::texts::Texts;
use askama::Template;
use idl::campaign::AgentState;
use idl::lines::LiveState;
use idl::views::{ConsentState, ConsentView, DeskView};

const BOTH: [Lang; 2] = [Lang::Zh, Lang::En];

fn zh() -> Page {
    page(Lang::Zh, Theme::default())
}

fn work(page: &Page, view: &DeskView, form: &Form) -> String {
    Do::new(page, view, form).render().unwrap()
}

fn whole(page: &Page, view: &DeskView) -> String {
    let form = Form::default();
    let show = Show {
        live: String::new(),
        who: Markup::of_safe(Who::new(page, view).render().unwrap()),
        work: Markup::of_safe(work(page, view, &form)),
        script: Markup::of_safe(Script::new(page, view).render().unwrap()),
        saved: None,
        page: page.clone(),
    };
    show.render().unwrap()
}

fn without_basis(mut view: DeskView) -> DeskView {
    let bare = |card: &mut idl::views::CustomerCard| {
        card.basis = false;
        card.consent = ConsentView::default();
    };
    if let Some((card, ..)) = &mut view.preview {
        bare(card);
    }
    if let Some((_, _, _, card)) = &mut view.call {
        bare(card);
    }
    view
}

/// Every stage of a desk.
fn stages() -> Vec<(&'static str, DeskView)> {
    let nobody = DeskView { campaigns: vec![], ..desk(AgentState::Ready) };
    let phoneless = DeskView { has_phone: false, phone: None, ..desk(AgentState::Break) };
    vec![
        ("away", phoneless),
        ("idle", desk(AgentState::Ready)),
        ("nobody", nobody),
        ("preview", preview()),
        ("preview-no-basis", without_basis(preview())),
        ("talking", talking()),
        ("talking-no-basis", without_basis(talking())),
        ("wrap-up", wrap_up()),
    ]
}

#[test]
fn every_stage_is_rendered_in_both_languages_and_its_forms_carry_their_proofs() {
    for (name, view) in stages() {
        for lang in BOTH {
            let html = whole(&page(lang, Theme::default()), &view);
            let forms = html.matches("<form method=\"post\"").count()
                + html.matches("method=\"post\" action=\"/desk").count();
            assert!(forms >= 2, "{name}: {forms}");
            let posts = html.matches("method=\"post\"").count();
            assert_eq!(html.matches("name=\"csrf\"").count(), posts, "{name} {lang:?}");
            assert!(!html.contains("{}"), "{name} {lang:?}: a place without its value");
            assert!(!html.contains(" style="), "{name}");
        }
    }
}

#[test]
fn cam_13_the_preview_shows_identity_purpose_source_and_quota_and_dials_with_two_ticks_and_its_token() {
    let t = &Texts::of(Lang::Zh).desk;
    let html = work(&zh(), &preview(), &Form::default());
    for wanted in ["王**", "138****4021", "年金产品到期回访", "柜面开户 2024-03-08 第 0071 号合同", "VIP"]
    {
        assert!(html.contains(wanted), "{wanted}");
    }
    assert!(html.contains("今日 1 次，7 日内 2 次"));
    assert!(html.contains(&format!("name=\"token\" value=\"{}\"", 0xfeed_beef_u64)));
    assert!(html.contains("name=\"identity\" value=\"yes\" required"));
    assert!(html.contains("name=\"purpose\" value=\"yes\" required"));
    assert!(html.contains(t.dial));
}

#[test]
fn cam_13_a_dial_refused_for_a_missing_tick_keeps_the_other_and_says_so_at_the_boxes() {
    let mut form = Form::parse(b"identity=yes").unwrap();
    form.fail("confirm", "说明");
    assert!(form.has("identity", YES) && !form.has("purpose", YES));
    let html = work(&zh(), &preview(), &form);
    assert!(html.contains("data-key=\"1\" checked"), "{html}");
    assert!(!html.contains("data-key=\"2\" checked"));
    assert!(html.contains("f-confirm-error") && html.contains("说明"));
}

#[test]
fn cam_18_without_a_basis_nothing_dials_and_a_call_is_to_be_ended() {
    let t = &Texts::of(Lang::Zh).desk;
    let html = work(&zh(), &without_basis(preview()), &Form::default());
    assert!(html.contains(t.no_basis_preview) && !html.contains("action=\"/desk/dial\""));
    let view = without_basis(talking());
    let html = work(&zh(), &view, &Form::default());
    assert!(html.contains(t.no_basis_call) && html.contains(t.no_basis_end));
    let script = Script::new(&zh(), &view).render().unwrap();
    assert!(script.contains(t.no_basis_title) && !script.contains("柜面签字"));
}

#[test]
fn cam_18_the_answer_names_source_date_consent_and_retention_one_click_away() {
    let html = Script::new(&zh(), &talking()).render().unwrap();
    for wanted in [
        "您的号码来自“柜面开户 2024-03-08 第 0071 号合同”，于 2026-08-25 录入。",
        "您于 2026-05-07 通过柜面签字同意我们就“年金产品到期回访”与您联系。",
        "影像 2024-0071",
        "超过保存期即删除",
    ] {
        assert!(html.contains(wanted), "{wanted}\n{html}");
    }
    assert_eq!(html.matches("<details").count(), 1, "one click");
    let mut view = talking();
    if let Some((_, _, _, card)) = &mut view.call {
        card.consent = ConsentView { state: ConsentState::None, ..ConsentView::default() };
    }
    let html = Script::new(&zh(), &view).render().unwrap();
    assert!(html.contains("依据是您与本单位的上述业务往来") && !html.contains("柜面签字"));
}

#[test]
fn cam_14_the_script_and_how_to_speak_are_there_with_every_customer() {
    let t = &Texts::of(Lang::Zh).desk;
    for view in [preview(), talking(), wrap_up()] {
        let html = Script::new(&zh(), &view).render().unwrap();
        for (_, text) in card().script {
            assert!(html.contains(&text), "{text}");
        }
        for wanted in [t.part_body, t.hint_argue, t.never] {
            assert!(html.contains(wanted), "{wanted}");
        }
    }
}

#[test]
fn cam_15_the_wrap_up_has_every_disposition_none_chosen_and_counts_down() {
    let html = work(&zh(), &wrap_up(), &Form::default());
    assert_eq!(html.matches("name=\"disposition\"").count(), super::DISPOSITIONS.len());
    assert_eq!(html.matches("type=\"radio\"").count(), html.matches("required data-key").count());
    assert!(!html.contains(" checked"), "none is chosen for the agent");
    let until = super::samples::NOW.plus(-83_000 + 120_000).0;
    assert!(html.contains(&format!("data-until=\"{until}\">0:37<")), "{html}");
    assert!(html.contains("action=\"/desk/wrap-up/4711\""), "a note is a draft of its own call alone");
    let late = DeskView { since: super::samples::NOW.plus(-120_000), ..wrap_up() };
    assert!(work(&zh(), &late, &Form::default()).contains(Texts::of(Lang::Zh).desk.wrap_over));
}

#[test]
fn cam_15_a_refused_wrap_up_keeps_what_was_typed() {
    let mut form = Form::parse("disposition=callback&note=%E4%B8%8B%E5%91%A8".as_bytes()).unwrap();
    form.fail("note", "太长");
    let html = work(&zh(), &wrap_up(), &form);
    assert!(html.contains(">下周</textarea>"));
    assert!(html.contains("value=\"callback\" required data-key=\"2\" checked"), "{html}");
    assert!(html.contains("太长"));
}

#[test]
fn a_part_is_sent_again_when_it_shows_something_else_and_stays_otherwise() {
    let (page, form) = (zh(), Form::default());
    let key = |view: &DeskView| Do::new(&page, view, &form).key();
    let later = DeskView { now: super::samples::NOW.plus(5_000), phone: Some(false), ..wrap_up() };
    assert_eq!(key(&wrap_up()), key(&later), "a wrap-up being typed stays");
    let keys: Vec<String> = [desk(AgentState::Ready), desk(AgentState::Out), preview(), talking(), wrap_up()]
        .iter()
        .map(key)
        .collect();
    for (at, one) in keys.iter().enumerate() {
        assert!(!keys[..at].contains(one), "{one}");
    }
    let mut ringing = talking();
    if let Some((_, state, ..)) = &mut ringing.call {
        *state = LiveState::Ringing;
    }
    assert_ne!(key(&ringing), key(&talking()), "each state of a call is news");
    assert!(!key(&preview()).contains("feedbeef"), "a token stands in no address");
    let who = |view: &DeskView| Who::new(&page, view).key();
    assert_ne!(who(&later), who(&wrap_up()), "the phone is news for the own column");
}

#[test]
fn acc_02_the_desk_cannot_be_marked_or_printed_and_carries_the_agents_name() {
    let html = whole(&zh(), &talking());
    assert!(html.contains("<body class=\"app no-copy\""));
    assert!(html.contains("class=\"watermark\" aria-hidden=\"true\""));
    assert!(html.contains("chen.siyuan"));
    assert!(!html.contains("data-copy="), "nothing is copied by a button");
}

#[test]
fn hostile_texts_of_a_list_are_shown_as_text() {
    let evil = "<script>alert(1)</script>\"'\u{202e}";
    let mut view = talking();
    if let Some((_, _, _, card)) = &mut view.call {
        for text in [&mut card.name, &mut card.source, &mut card.issue, &mut card.purpose] {
            evil.clone_into(text);
        }
        card.campaign.1 = evil.to_owned();
        card.script[3].1 = evil.to_owned();
        card.consent.channel = evil.to_owned();
    }
    let html = whole(&zh(), &view);
    assert!(!html.contains("<script>alert"), "{html}");
    assert!(html.matches("&#60;script&#62;alert").count() >= 6);
}

#[test]
#[ignore = "writes the stages as files to look at: DESK_STAGES=folder"]
fn the_stages_as_files() {
    let Ok(folder) = std::env::var("DESK_STAGES") else { return };
    for (name, view) in stages() {
        for (lang, theme) in [(Lang::Zh, Theme::Light), (Lang::En, Theme::Dark)] {
            let file = format!("{folder}/desk-{name}-{}-{}.html", lang.code(), theme.code());
            std::fs::write(file, whole(&page(lang, theme), &view)).unwrap();
        }
    }
}
