//! Desks: previews, and what the vault is told of phones.

use super::Input;
use super::tests::{AGENT, Bench, CAMPAIGN};
use idl::campaign::{AgentState, VaultToCalld};
use idl::desk::{Desk, DeskReply, DeskRequest};
use idl::lines::LinedToCalld;
use vocab::{AgentId, CampaignId, CampaignMode, ContactId};

#[test]
fn cam_13_a_preview_call_needs_the_contact_that_was_shown_and_only_once() {
    let mut bench = Bench::new(CampaignMode::Preview, 3, 1);
    bench.free(30);
    bench.desk(Desk::PreviewDial { agent: AGENT, contact: ContactId(1) });
    assert!(matches!(bench.desk.last(), Some(DeskReply::Refused { code, .. }) if code == "not-shown"));
    bench.desk(Desk::PreviewNext { agent: AGENT, campaign: CAMPAIGN });
    assert!(matches!(bench.desk.last(), Some(DeskReply::Preview { contact: Some(ContactId(1)), .. })));
    bench.desk(Desk::PreviewDial { agent: AGENT, contact: ContactId(1) });
    assert_eq!(bench.dials.len(), 1);
    bench.desk(Desk::PreviewDial { agent: AGENT, contact: ContactId(1) });
    assert!(matches!(bench.desk.last(), Some(DeskReply::Refused { code, .. }) if code == "not-shown"));
    assert_eq!(bench.dials.len(), 1);
}

#[test]
fn cam_13_what_was_shown_and_not_dialled_goes_back_after_two_minutes() {
    let mut bench = Bench::new(CampaignMode::Preview, 3, 1);
    bench.desk(Desk::PreviewNext { agent: AGENT, campaign: CAMPAIGN });
    bench.wait(120_000_001);
    assert_eq!(bench.returned, vec![ContactId(1)]);
}

#[test]
fn cam_13_another_campaigns_next_customer_sends_the_one_shown_back() {
    let mut bench = Bench::new(CampaignMode::Preview, 200, 1);
    let mut other = bench.campaigns[0].clone();
    other.id = CampaignId(2);
    bench.campaigns.push(other);
    bench.give(Input::Vault(VaultToCalld::Changed));
    let next = |campaign| Desk::PreviewNext { agent: AGENT, campaign };
    bench.desk(next(CAMPAIGN));
    bench.desk(next(CAMPAIGN));
    let shown = |reply: Option<&DeskReply>| match reply {
        Some(DeskReply::Preview { contact, .. }) => *contact,
        other => panic!("no preview: {other:?}"),
    };
    assert_eq!(shown(bench.desk.last()), Some(ContactId(1)), "asked for again, the same is shown");
    assert_eq!(bench.returned, []);
    bench.desk(next(CampaignId(2)));
    assert_ne!(shown(bench.desk.last()), Some(ContactId(1)));
    assert_eq!(bench.returned, [ContactId(1)]);
    bench.desk(Desk::PreviewDial { agent: AGENT, contact: ContactId(1) });
    assert!(matches!(bench.desk.last(), Some(DeskReply::Refused { code, .. }) if code == "not-shown"));
}

#[test]
fn the_vault_is_told_of_phones_when_they_change_and_of_all_of_them_after_it_was_away() {
    let mut bench = Bench::new(CampaignMode::Progressive, 0, 2);
    let other = AgentId(AGENT.0 + 1);
    assert_eq!(bench.phones, [(AGENT, true), (other, true)]);
    bench.phones.clear();
    let phone = |agent, registered| Input::Lines(LinedToCalld::Phone { agent, registered });
    bench.give(phone(AGENT, true));
    assert_eq!(bench.phones, [], "no news");
    bench.give(phone(AGENT, false));
    assert_eq!(bench.phones, [(AGENT, false)]);
    bench.give(Input::VaultDown);
    bench.give(phone(AGENT, true));
    bench.phones.clear();
    bench.give(Input::VaultUp);
    assert_eq!(bench.phones, [(AGENT, true), (other, true)]);
    bench.phones.clear();
    bench.give(Input::LinesDown);
    assert_eq!(bench.phones, [(AGENT, false), (other, false)], "no phone is reached without the lines");
}

#[test]
fn a_desk_of_the_vault_is_answered_through_the_vault() {
    let mut bench = Bench::new(CampaignMode::Preview, 3, 1);
    bench.desk.clear();
    let what = Desk::State { agent: AGENT, state: AgentState::Break };
    bench.give(Input::Vault(VaultToCalld::Desk(DeskRequest { id: 41, what })));
    assert!(matches!(bench.desk.as_slice(), [DeskReply::Done { id: 41 }]), "{:?}", bench.desk);
    assert_eq!(bench.state(AGENT), AgentState::Break);
}
