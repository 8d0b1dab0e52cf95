//! The door: claiming a blank box, and that nothing else is answered without a session.

use crate::page::{LOGINS, Phone, at, claim, outcome, refused, word};
use crate::rig::{PAGE, Rig};
use crate::samples::sample;
use idl::account::SignInOutcome;
use idl::admin::{Admin, AdminRequest, Answer, Role};
use idl::hello::Process;
use idl::host::{HostFact, HostToVault};
use rights::{OPEN, Request};
use vaultd::auth::lockout::LOCK_MS;
use vaultd::command::{Cmd, ConnId};
use vaultd::entries::Event;
use vocab::{PersonId, Secret, UnixMs};

#[test]
fn a_blank_box_is_claimed_enrolled_and_signed_in_to_from_the_page() {
    let (mut rig, [system, security, audit]) = Rig::claimed();
    let phones = [(&system, Role::SystemAdmin), (&security, Role::SecurityAdmin), (&audit, Role::AuditAdmin)];
    for ((phone, role), id) in phones.into_iter().zip(1..) {
        let (token, me) = rig.signed_in(&at(id), phone);
        assert_eq!(outcome(&rig.newest()), (SignInOutcome::SignedIn, true));
        assert_eq!(
            (me.person, me.role, me.login.as_str()),
            (PersonId(id.into()), role, phone.login.as_str())
        );
        assert_eq!((me.company.as_str(), me.zone.as_str(), me.idle_s), ("示范医院", "Asia/Shanghai", 600));
        let Answer::Me(again) = rig.page(Some(&token), &at(id), Admin::Me) else { panic!("no me") };
        assert_eq!(*again, me);
        assert!(matches!(rig.page(Some(&token), &at(id), Admin::SignOut), Answer::Done));
        assert_eq!(rig.page_code(Some(&token), &at(id), Admin::Me), "no-session");
    }
}

#[test]
fn l_31_the_claim_code_is_told_to_the_console_alone_and_counts_once() {
    let mut rig = Rig::blank();
    assert_eq!(rig.page_code(None, &at(1), Admin::ClaimCode), "not-from-here");
    let code = rig.claim_code();
    assert_eq!(refused(rig.page(None, &at(1), Admin::Claim(Box::new(claim(&word("ABCD")))))), "claim-code");
    assert!(matches!(rig.page(None, &at(1), Admin::Claim(Box::new(claim(&code)))), Answer::Claimed { .. }));
    assert_eq!(rig.page_code(None, &at(1), Admin::Claim(Box::new(claim(&code)))), "claim-code");
    assert!(matches!(rig.newest().event, Event::Denied { .. }));
    let found = rig.entries().into_iter().find_map(|entry| match entry.event {
        Event::Claimed { missed, .. } => Some(missed),
        _ => None,
    });
    assert_eq!(found, Some(1), "the wrong try is told by the entry of the claim");
}

#[test]
fn l_31_five_wrong_claim_codes_draw_a_new_one_and_a_pause_of_ten_minutes() {
    let mut rig = Rig::blank();
    let first = rig.claim_code();
    for expected in ["claim-code", "claim-code", "claim-code", "claim-code", "claim-paused"] {
        assert_eq!(rig.page_code(None, &at(1), Admin::Claim(Box::new(claim(&word("ABCD"))))), expected);
    }
    let second = rig.claim_code();
    assert_ne!(first, second);
    assert_eq!(rig.page_code(None, &at(1), Admin::Claim(Box::new(claim(&second)))), "claim-paused");
    rig.later(10 * 60_000);
    assert_eq!(rig.page_code(None, &at(1), Admin::Claim(Box::new(claim(&first)))), "claim-code");
    assert!(matches!(rig.page(None, &at(1), Admin::Claim(Box::new(claim(&second)))), Answer::Claimed { .. }));
    assert_eq!(rig.entries().len(), 1, "a blank box has no ledger of strangers");
}

#[test]
fn what_a_claim_gets_wrong_is_said_and_the_code_stays_good() {
    let mut rig = Rig::blank();
    let code = rig.claim_code();
    let mut gm = claim(&code);
    gm.profile = idl::account::Profile::Gm;
    let mut same = claim(&code);
    same.administrators[2].name = same.administrators[0].name.clone();
    let mut login = claim(&code);
    login.administrators[1].login = "Li Si".to_owned();
    let mut twice = claim(&code);
    twice.administrators[1].login = LOGINS[0].to_owned();
    let mut zone = claim(&code);
    zone.zone = "Asia/Nowhere".to_owned();
    let wrong =
        [(gm, "profile"), (same, "same-person"), (login, "login"), (twice, "login-taken"), (zone, "zone")];
    for (wrong, expected) in wrong {
        assert_eq!(rig.page_code(None, &at(1), Admin::Claim(Box::new(wrong))), expected);
    }
    assert!(matches!(rig.page(None, &at(1), Admin::Claim(Box::new(claim(&code)))), Answer::Claimed { .. }));
}

#[test]
fn a_claim_whose_codes_were_lost_may_be_made_again_until_the_security_administrator_enrolled() {
    let mut rig = Rig::blank();
    let code = rig.claim_code();
    rig.page(None, &at(1), Admin::Claim(Box::new(claim(&code))));
    let mut rig = rig.restart();
    let code = rig.claim_code();
    let Answer::Claimed { codes } = rig.page(None, &at(1), Admin::Claim(Box::new(claim(&code)))) else {
        panic!("not claimed again")
    };
    let state = rig.vault.state();
    assert_eq!(codes.iter().map(|(person, _)| person.0).collect::<Vec<_>>(), [4, 5, 6]);
    assert_eq!(state.accounts.each.keys().map(|person| person.0).collect::<Vec<_>>(), [4, 5, 6]);
    rig.enrolled(LOGINS[0], &codes[0].1);
    rig.claim_code();
    rig.enrolled(LOGINS[1], &codes[1].1);
    assert_eq!(rig.page_code(None, &at(1), Admin::Claim(Box::new(claim(&code)))), "commissioned");
    assert_eq!(rig.page_code(None, &at(1), Admin::ClaimCode), "not-from-here");
}

#[test]
fn a_stranger_learns_what_the_door_tells_and_no_more() {
    let mut rig = Rig::blank();
    let Answer::Door(door) = rig.page(None, &at(1), Admin::Door) else { panic!("no door") };
    assert!(!door.commissioned && door.company.is_empty() && door.zone.is_empty());
    let (mut rig, _) = Rig::claimed();
    let Answer::Door(door) = rig.page(None, &at(1), Admin::Door) else { panic!("no door") };
    assert!(door.commissioned && door.company == "示范医院" && door.zone == "Asia/Shanghai");
}

#[test]
fn ret_05_a_blank_box_whose_tpm_was_not_cleared_says_so_to_whoever_comes_to_claim_it() {
    let mut rig = Rig::blank();
    let host = ConnId(400);
    let kept = |rig: &mut Rig| match rig.page(None, &at(1), Admin::Door) {
        Answer::Door(door) => door.tpm_kept,
        other => panic!("no door: {other:?}"),
    };
    rig.give(Cmd::HostUp(host));
    assert!(!kept(&mut rig));
    let fact = HostFact::TpmKept { why: "clear the TPM: it is locked".to_owned() };
    rig.give(Cmd::Host(host, HostToVault::Fact { seq: 1, at: UnixMs(5), fact: fact.clone() }));
    assert!(kept(&mut rig));
    assert!(rig.vault.state().host.events.iter().any(|(_, told)| *told == fact), "it is an entry");
    // A company's box says nothing of it to strangers.
    let code = rig.claim_code();
    assert!(matches!(rig.page(None, &at(1), Admin::Claim(Box::new(claim(&code)))), Answer::Claimed { .. }));
    assert!(!kept(&mut rig));
}

#[test]
fn acc_01_from_the_page_nothing_is_answered_without_a_session_whatever_actor_it_names() {
    let (mut rig, _) = Rig::claimed();
    let before = rig.count();
    for request in Request::ALL.iter().filter(|request| !OPEN.contains(request)) {
        let wrong = Secret::new([9; 32]);
        for token in [None, Some(&wrong)] {
            assert_eq!(rig.page_code(token, &at(1), sample(*request)), "no-session", "{}", request.name());
        }
    }
    assert_eq!(rig.count(), before, "strangers write nothing");
    for request in [Request::Status, Request::ClaimCode, Request::Commission] {
        let what = match request {
            Request::Commission => Admin::Commission {
                company: "x".to_owned(),
                zone: "UTC".to_owned(),
                administrators: ["a", "b", "c"].map(|name| vocab::Pii::new(name.to_owned())),
                calendar_key: [0; 32],
            },
            other => sample(other),
        };
        assert_eq!(rig.page_code(None, &at(1), what), "not-from-here", "{}", request.name());
    }
}

#[test]
fn the_page_must_say_where_a_request_comes_from() {
    let (mut rig, phones) = Rig::claimed();
    let [Phone { login, .. }, ..] = &phones;
    let sign_in = Admin::SignIn { login: login.clone(), password: word("x"), code: word("x") };
    let request =
        AdminRequest { id: 9_000, actor: None, session: None, source: None, passive: false, what: sign_in };
    rig.give(Cmd::Admin { conn: PAGE, from: Process::Admind, request, attached: None });
    assert_eq!(refused(rig.answer_to(9_000).unwrap()), "source-missing");
    rig.later(LOCK_MS);
}
