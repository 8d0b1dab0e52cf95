//! Sessions: bound to address and browser, idle and absolute times, how many, and all the ways they end.

use crate::page::{LOGINS, PASSWORD, Token, at, refused, word};
use crate::rig::Rig;
use idl::account::{Me, Source, Whose};
use idl::admin::{Admin, Answer, Role};
use vaultd::auth::session::{ABSOLUTE_MS, ADMIN_IDLE_MS, IDLE_MS, MAX_OF_A_PERSON, SessionEnd};
use vaultd::command::Cmd;
use vaultd::entries::{Event, Who};
use vocab::{DepartmentId, PersonId, Pii};

/// Why the newest ended session ended.
fn ended(rig: &Rig) -> Option<SessionEnd> {
    rig.entries().into_iter().rev().find_map(|entry| match entry.event {
        Event::SessionEnded { why, .. } => Some(why),
        _ => None,
    })
}

fn holds(rig: &mut Rig, token: &Token, source: &Source) -> bool {
    match rig.page(Some(token), source, Admin::Me) {
        Answer::Me(_) => true,
        other => {
            assert_eq!(refused(other), "no-session");
            false
        }
    }
}

/// An agent with an account, in a department.
pub fn agent(rig: &mut Rig, security: &Token) -> crate::page::Phone {
    rig.page(Some(security), &at(2), Admin::AddDepartment { name: "体检".to_owned() });
    let add = Admin::AddAccount {
        name: Pii::new("赵六".to_owned()),
        login: "zhao.liu".to_owned(),
        role: Role::Agent,
        department: Some(DepartmentId(1)),
    };
    let Answer::EnrolCode { code, .. } = rig.page(Some(security), &at(2), add) else { panic!("no code") };
    rig.enrolled("zhao.liu", &code)
}

#[test]
fn l_90_a_token_from_another_address_or_browser_ends_the_session_with_an_entry_and_an_alarm() {
    let (mut rig, [system, ..]) = Rig::claimed();
    let mut browser = at(1);
    browser.browser = "curl/8".to_owned();
    for thief in [at(66), browser] {
        let (token, _) = rig.signed_in(&at(1), &system);
        assert_eq!(rig.page_code(Some(&token), &thief, Admin::Me), "session-elsewhere");
        let newest = rig.newest();
        assert!(
            matches!(&newest.event, Event::SessionEnded { why: SessionEnd::Elsewhere, person: PersonId(1), elsewhere: Some(from), .. } if *from == thief)
        );
        assert!(!holds(&mut rig, &token, &at(1)), "the person signs in again");
        let alarms = rig.vault.health_reply(1).alarms;
        assert!(alarms.iter().any(|alarm| alarm.code == "session-elsewhere"));
        rig.later(3_600_000);
        rig.give(Cmd::Tick);
        assert!(rig.vault.health_reply(1).alarms.iter().all(|alarm| alarm.code != "session-elsewhere"));
    }
}

#[test]
fn l_30_an_administrators_session_ends_after_ten_idle_minutes_and_anothers_after_fifteen() {
    let (mut rig, [_, security, _]) = Rig::claimed();
    let (token, me) = rig.signed_in(&at(2), &security);
    assert_eq!(me.idle_s, 600);
    let agent = agent(&mut rig, &token);
    for (phone, host, idle) in [(&security, 2, ADMIN_IDLE_MS), (&agent, 4, IDLE_MS)] {
        let (token, _) = rig.signed_in(&at(host), phone);
        rig.later(idle - 1);
        assert!(holds(&mut rig, &token, &at(host)), "in use until the last millisecond");
        rig.later(idle);
        assert!(!holds(&mut rig, &token, &at(host)));
        assert_eq!(ended(&rig), Some(SessionEnd::Idle));
    }
}

#[test]
fn l_30_a_live_view_keeps_no_session_alive() {
    let (mut rig, [system, ..]) = Rig::claimed();
    let (token, _) = rig.signed_in(&at(1), &system);
    for _ in 0..9 {
        rig.later(60_000);
        let id = rig.post(Some(&token), &at(1), true, Admin::Me);
        assert!(matches!(rig.answer_to(id), Some(Answer::Me(_))));
    }
    rig.later(60_000);
    let id = rig.post(Some(&token), &at(1), true, Admin::Me);
    assert_eq!(refused(rig.answer_to(id).unwrap()), "no-session");
}

#[test]
fn l_30_a_session_in_constant_use_ends_after_twelve_hours() {
    let (mut rig, [system, ..]) = Rig::claimed();
    let (token, me) = rig.signed_in(&at(1), &system);
    assert_eq!(me.ends_at, me.signed_in_at.plus(ABSOLUTE_MS));
    let step = 5 * 60_000;
    for _ in 1..ABSOLUTE_MS / step {
        rig.later(step);
        assert!(holds(&mut rig, &token, &at(1)));
    }
    rig.later(step);
    assert!(!holds(&mut rig, &token, &at(1)));
    assert_eq!(ended(&rig), Some(SessionEnd::Absolute));
}

#[test]
fn a_session_nobody_uses_is_ended_by_the_clock_alone_and_takes_no_room() {
    let (mut rig, [system, ..]) = Rig::claimed();
    rig.signed_in(&at(1), &system);
    rig.later(ADMIN_IDLE_MS);
    rig.give(Cmd::Tick);
    assert!(rig.vault.state().accounts.sessions.is_empty() && rig.vault.state().accounts.tokens.is_empty());
    assert_eq!(ended(&rig), Some(SessionEnd::Idle));
}

#[test]
fn a_session_survives_a_restart_and_its_idle_time_counts_from_then() {
    let (mut rig, [system, ..]) = Rig::claimed();
    let (token, before) = rig.signed_in(&at(1), &system);
    rig.later(ADMIN_IDLE_MS - 1);
    let mut rig = rig.restart();
    rig.later(ADMIN_IDLE_MS - 1);
    let Answer::Me(me) = rig.page(Some(&token), &at(1), Admin::Me) else { panic!("lost") };
    assert_eq!(*me, before);
    let mut rig = rig.restart();
    rig.later(ADMIN_IDLE_MS);
    assert!(!holds(&mut rig, &token, &at(1)));
}

#[test]
fn l_90_a_sixth_session_ends_the_oldest() {
    let (mut rig, [system, ..]) = Rig::claimed();
    let tokens: Vec<(Token, Me)> = (0..=MAX_OF_A_PERSON).map(|_| rig.signed_in(&at(1), &system)).collect();
    assert!(!holds(&mut rig, &tokens[0].0, &at(1)));
    assert_eq!(ended(&rig), Some(SessionEnd::Replaced));
    for (token, _) in &tokens[1..] {
        assert!(holds(&mut rig, token, &at(1)));
    }
    let mut all: Vec<&[u8; 32]> = tokens.iter().map(|(token, _)| token.expose()).collect();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), MAX_OF_A_PERSON + 1, "every sign-in draws a new token");
}

#[test]
fn l_90_a_person_lists_and_ends_own_sessions_and_nobody_elses() {
    let (mut rig, [system, security, _]) = Rig::claimed();
    let (other, other_me) = rig.signed_in(&at(2), &security);
    let (first, first_me) = rig.signed_in(&at(1), &system);
    let (token, me) = rig.signed_in(&at(3), &system);
    let Answer::Sessions(list) = rig.page(Some(&token), &at(3), Admin::MySessions) else { panic!("none") };
    let seen: Vec<_> = list.iter().map(|one| (one.session, one.own, one.source.clone())).collect();
    assert_eq!(seen, [(me.session, true, at(3)), (first_me.session, false, at(1))]);
    let end = |session| Admin::EndMySession { session };
    assert_eq!(rig.page_code(Some(&token), &at(3), end(other_me.session)), "unknown");
    assert!(matches!(rig.page(Some(&token), &at(3), end(first_me.session)), Answer::Done));
    assert_eq!(ended(&rig), Some(SessionEnd::ByOwner));
    assert!(!holds(&mut rig, &first, &at(1)));
    assert!(holds(&mut rig, &other, &at(2)) && holds(&mut rig, &token, &at(3)));
}

#[test]
fn l_90_the_security_administrator_lists_all_sessions_and_ends_any() {
    let (mut rig, [system, security, _]) = Rig::claimed();
    let (token, _) = rig.signed_in(&at(2), &security);
    let (victim, me) = rig.signed_in(&at(1), &system);
    let Answer::Sessions(list) = rig.page(Some(&token), &at(2), Admin::Sessions) else { panic!("none") };
    assert_eq!(list.iter().map(|one| one.login.as_str()).collect::<Vec<_>>(), [LOGINS[0], LOGINS[1]]);
    let answer = rig.page(Some(&token), &at(2), Admin::EndSession { session: me.session });
    assert!(matches!(answer, Answer::Done));
    assert!(!holds(&mut rig, &victim, &at(1)));
    assert_eq!(ended(&rig), Some(SessionEnd::ByAdministrator));
    assert_eq!(rig.page_code(Some(&victim), &at(1), Admin::Sessions), "no-session");
}

#[test]
fn l_90_switching_off_and_resetting_an_account_end_its_sessions_at_once() {
    let (mut rig, [system, security, audit]) = Rig::claimed();
    let (token, _) = rig.signed_in(&at(2), &security);
    let (first, _) = rig.signed_in(&at(1), &system);
    let (second, _) = rig.signed_in(&at(3), &audit);
    rig.page(Some(&token), &at(2), Admin::SetActive { person: PersonId(1), active: false });
    assert_eq!(ended(&rig), Some(SessionEnd::Disabled));
    assert!(!holds(&mut rig, &first, &at(1)));
    rig.page(Some(&token), &at(2), Admin::ResetAccount { person: PersonId(3) });
    assert_eq!(ended(&rig), Some(SessionEnd::Reset));
    assert!(!holds(&mut rig, &second, &at(3)));
    assert!(holds(&mut rig, &token, &at(2)));
}

#[test]
fn aud_01_what_a_session_does_is_an_entry_that_names_the_session() {
    let (mut rig, [system, ..]) = Rig::claimed();
    let (token, me) = rig.signed_in(&at(1), &system);
    rig.page(Some(&token), &at(1), Admin::AddDepartment { name: "体检".to_owned() });
    let newest = rig.newest();
    assert_eq!(newest.who, Who::Signed(PersonId(1), Role::SystemAdmin, me.session));
    assert!(matches!(newest.event, Event::DepartmentAdded { .. }));
    assert_eq!(rig.page_code(Some(&token), &at(1), Admin::VerifyLedger), "role");
    let newest = rig.newest();
    assert_eq!(newest.who, Who::Signed(PersonId(1), Role::SystemAdmin, me.session));
    assert!(matches!(newest.event, Event::Denied { request } if request == "VerifyLedger"));
}

#[test]
fn a_changed_password_ends_the_other_sessions_and_the_old_one_opens_nothing() {
    let (mut rig, [system, ..]) = Rig::claimed();
    let (other, _) = rig.signed_in(&at(3), &system);
    let (token, _) = rig.signed_in(&at(1), &system);
    let change = |old: &str, new: &str, code| Admin::ChangePassword { old: word(old), new: word(new), code };
    let new = "vixnu kobalt remmel";
    let used = system.code(&rig);
    assert_eq!(rig.page_code(Some(&token), &at(1), change(PASSWORD, new, used)), "proof");
    rig.later(30_000);
    let code = || word("000000");
    assert_eq!(rig.page_code(Some(&token), &at(1), change(PASSWORD, new, code())), "proof");
    assert_eq!(rig.page_code(Some(&token), &at(1), change(PASSWORD, PASSWORD, code())), "password-same");
    assert_eq!(rig.page_code(Some(&token), &at(1), change(PASSWORD, "short", code())), "password-short");
    assert_eq!(
        rig.page_code(Some(&token), &at(1), change(PASSWORD, "zhang.san-2026-!", code())),
        "password-own"
    );
    let right = system.code(&rig);
    assert!(matches!(rig.page(Some(&token), &at(1), change(PASSWORD, new, right)), Answer::Done));
    assert!(holds(&mut rig, &token, &at(1)));
    assert!(!holds(&mut rig, &other, &at(3)));
    rig.later(30_000);
    let code = system.code(&rig);
    assert_eq!(refused(rig.try_sign_in(&at(4), LOGINS[0], PASSWORD, code.clone())), "sign-in");
    assert!(matches!(rig.try_sign_in(&at(4), LOGINS[0], new, code), Answer::SignedIn { .. }));
}

#[test]
fn iam_05_a_session_left_open_is_no_way_to_guess_a_password() {
    let (mut rig, [system, ..]) = Rig::claimed();
    let (token, _) = rig.signed_in(&at(1), &system);
    let guess = || Admin::ChangePassword {
        old: word("a wrong password"),
        new: word("vixnu kobalt remmel"),
        code: word("000000"),
    };
    for _ in 0..5 {
        assert_eq!(rig.page_code(Some(&token), &at(1), guess()), "proof");
    }
    assert_eq!(rig.page_code(Some(&token), &at(1), guess()), "locked");
    rig.later(30_000);
    let code = system.code(&rig);
    let right = Admin::ChangePassword { old: word(PASSWORD), new: word("vixnu kobalt remmel"), code };
    assert_eq!(rig.page_code(Some(&token), &at(1), right), "locked");
}

#[test]
fn the_longest_lists_fit_one_frame() {
    let (mut rig, [_, security, _]) = Rig::claimed();
    let (token, _) = rig.signed_in(&at(2), &security);
    let mut phones = Vec::new();
    for number in 0..45 {
        let login = format!("person.{number}.{}", "x".repeat(20));
        let name = Pii::new("字".repeat(128));
        let add = Admin::AddAccount { name, login: login.clone(), role: Role::Qa, department: None };
        let Answer::EnrolCode { code, .. } = rig.page(Some(&token), &at(2), add) else { panic!("no code") };
        phones.push(rig.enrolled(&login, &code));
    }
    for _ in 0..MAX_OF_A_PERSON {
        rig.later(30_000);
        for (phone, host) in phones.iter().zip(10..) {
            let mut source = at(host);
            source.browser = "b".repeat(idl::account::MAX_BROWSER_BYTES);
            let code = phone.code(&rig);
            let answer = rig.try_sign_in(&source, &phone.login, PASSWORD, code);
            assert!(matches!(answer, Answer::SignedIn { .. }), "{answer:?}");
        }
    }
    assert_eq!(rig.vault.state().accounts.sessions.len(), 1 + 45 * MAX_OF_A_PERSON);
    for what in
        [Admin::Sessions, Admin::Persons { after: None }, Admin::SignIns { whose: Whose::All, before: None }]
    {
        let answer = rig.page(Some(&token), &at(2), what);
        let bytes = postcard::to_stdvec(&answer).unwrap().len();
        assert!(bytes > 10_000 && bytes < idl::MAX_FRAME_BYTES - 64, "{bytes}");
    }
}
