//! Accounts: one-time codes, enrolment, who gives and takes, and what nobody does to the own account.

use crate::page::{LOGINS, PASSWORD, Token, at, refused, word};
use crate::rig::Rig;
use crate::sessions::agent;
use idl::account::{AccountState, PersonView};
use idl::admin::{Admin, Answer, Role};
use idl::campaign::{CampaignReply, CampaignRequest};
use idl::lines::{SrtpPolicy, VaultToLined};
use vaultd::auth::code::ENROL_CODE_MS;
use vaultd::auth::lockout::MAX_FAILURES;
use vaultd::command::Cmd;
use vaultd::entries::Event;
use vocab::{PersonId, Pii, Secret, UnixMs};

fn guarded() -> (Rig, [crate::page::Phone; 3], Token) {
    let (mut rig, phones) = Rig::claimed();
    let (token, _) = rig.signed_in(&at(2), &phones[1]);
    (rig, phones, token)
}

fn add(login: &str, role: Role) -> Admin {
    Admin::AddAccount { name: Pii::new("赵六".to_owned()), login: login.to_owned(), role, department: None }
}

fn code_of(answer: Answer) -> (PersonId, Secret<String>, UnixMs) {
    match answer {
        Answer::EnrolCode { person, code, until } => (person, code, until),
        other => panic!("no code: {other:?}"),
    }
}

fn persons(rig: &mut Rig, token: &Token) -> Vec<PersonView> {
    match rig.page(Some(token), &at(2), Admin::Persons { after: None }) {
        Answer::Persons(persons) => persons,
        other => panic!("no persons: {other:?}"),
    }
}

fn begin(login: &str, code: &Secret<String>) -> Admin {
    Admin::BeginEnrol { login: login.to_owned(), code: code.clone() }
}

#[test]
fn logins_are_unique_and_made_of_what_can_be_typed_everywhere() {
    let (mut rig, _, token) = guarded();
    for bad in ["", "x", "Zhao", "zhao liu", "赵六", "a/b", "a@b", &"x".repeat(33), "a\n"] {
        assert_eq!(rig.page_code(Some(&token), &at(2), add(bad, Role::Qa)), "login", "{bad}");
    }
    let people = rig.vault.state().people.len();
    assert_eq!(rig.page_code(Some(&token), &at(2), add(LOGINS[0], Role::Qa)), "login-taken");
    assert_eq!(rig.vault.state().people.len(), people, "nobody is added on the way to a refusal");
    for good in ["zhao", "z9", "zhao.liu-2_x", &"x".repeat(32)] {
        code_of(rig.page(Some(&token), &at(2), add(good, Role::Qa)));
    }
}

#[test]
fn l_31_an_enrolment_code_counts_once_and_is_kept_only_as_a_hash() {
    let (mut rig, _, token) = guarded();
    let (person, code, until) = code_of(rig.page(Some(&token), &at(2), add("zhao.liu", Role::Qa)));
    assert_eq!(until, rig.clock.now.plus(ENROL_CODE_MS));
    let letters: String = code.expose().chars().filter(|c| *c != '-').collect();
    assert_eq!(letters.len(), 16, "80 bits");
    {
        let log = rig.log.0.lock().unwrap();
        for (_, _, plain) in log.iter().flatten() {
            let text = String::from_utf8_lossy(plain);
            assert!(!text.contains(code.expose()) && !text.contains(&letters));
        }
    }
    rig.enrolled("zhao.liu", &code);
    assert_eq!(rig.page_code(None, &at(9), begin("zhao.liu", &code)), "enrol-code");
    assert_eq!(person, PersonId(4));
}

#[test]
fn an_enrolment_code_runs_out_after_72_hours() {
    let (mut rig, phones, token) = guarded();
    let (_, code, _) = code_of(rig.page(Some(&token), &at(2), add("zhao.liu", Role::Qa)));
    rig.later(ENROL_CODE_MS - 1);
    assert!(matches!(rig.page(None, &at(9), begin("zhao.liu", &code)), Answer::Enrol(_)));
    rig.later(1);
    assert_eq!(rig.page_code(None, &at(9), begin("zhao.liu", &code)), "enrol-code");
    let (token, _) = rig.signed_in(&at(2), &phones[1]);
    let (_, code, _) = code_of(rig.page(Some(&token), &at(2), Admin::ResetAccount { person: PersonId(4) }));
    rig.enrolled("zhao.liu", &code);
}

#[test]
fn iam_05_wrong_enrolment_codes_block_their_source_and_tell_nothing() {
    let (mut rig, _, token) = guarded();
    let (_, code, _) = code_of(rig.page(Some(&token), &at(2), add("zhao.liu", Role::Qa)));
    let wrong = word("AAAA-BBBB-CCCC-DDDD");
    for login in ["zhao.liu", "nobody", LOGINS[0], "zhao.liu", ""] {
        assert_eq!(rig.page_code(None, &at(9), begin(login, &wrong)), "enrol-code");
    }
    assert_eq!(rig.page_code(None, &at(9), begin("zhao.liu", &code)), "source-blocked");
    assert!(matches!(rig.page(None, &at(10), begin("zhao.liu", &code)), Answer::Enrol(_)));
    let missed =
        rig.entries().iter().filter(|entry| matches!(entry.event, Event::EnrolMissed { .. })).count();
    assert_eq!(missed, 5);
}

#[test]
fn an_enrolment_needs_a_good_password_and_the_proof_of_its_own_secret() {
    let (mut rig, [system, ..], token) = guarded();
    let (_, code, _) = code_of(rig.page(Some(&token), &at(2), add("zhao.liu", Role::Qa)));
    let finish = |password: &str, totp: Secret<String>| Admin::FinishEnrol {
        login: "zhao.liu".to_owned(),
        code: code.clone(),
        password: word(password),
        totp,
    };
    assert_eq!(rig.page_code(None, &at(9), finish(PASSWORD, word("000000"))), "enrol-again");
    let Answer::Enrol(told) = rig.page(None, &at(9), begin("zhao.liu", &code)) else { panic!("none") };
    assert_eq!(told.name.reveal(), "赵六");
    assert!(told.uri.expose().contains(told.secret.expose()));
    let Answer::Enrol(again) = rig.page(None, &at(9), begin("zhao.liu", &code)) else { panic!("none") };
    assert_eq!(again.secret, told.secret, "a page loaded again shows the same secret");
    let others = system.code(&rig);
    assert_eq!(rig.page_code(None, &at(9), finish(PASSWORD, others)), "enrol-totp");
    for (weak, why) in [
        ("short", "password-short"),
        ("Password12345678", "password-common"),
        ("zhao.liu zhao.liu", "password-own"),
        ("赵六示范医院2026-11-23", "password-own"),
    ] {
        assert_eq!(rig.page_code(None, &at(9), finish(weak, word("000000"))), why, "{weak}");
    }
    // A restart forgets the secret, not the code.
    let mut rig = rig.restart();
    assert_eq!(rig.page_code(None, &at(9), finish(PASSWORD, word("000000"))), "enrol-again");
    rig.enrolled("zhao.liu", &code);
}

#[test]
fn two_enrolments_by_one_code_that_race_make_one_account() {
    let (mut rig, _, token) = guarded();
    let (person, code, _) = code_of(rig.page(Some(&token), &at(2), add("zhao.liu", Role::Qa)));
    let Answer::Enrol(told) = rig.page(None, &at(9), begin("zhao.liu", &code)) else { panic!("none") };
    let secret = data_encoding::BASE32_NOPAD.decode(told.secret.expose().as_bytes()).unwrap();
    let phone =
        crate::page::Phone { login: "zhao.liu".to_owned(), secret: Secret::new(secret.try_into().unwrap()) };
    let mut ids = Vec::new();
    for password in [PASSWORD, "vixnu kobalt remmel"] {
        let finish = Admin::FinishEnrol {
            login: "zhao.liu".to_owned(),
            code: code.clone(),
            password: word(password),
            totp: phone.code(&rig),
        };
        ids.push(rig.post(None, &at(9), false, finish));
    }
    rig.work_off();
    assert!(matches!(rig.answer_to(ids[0]), Some(Answer::Done)));
    assert_eq!(refused(rig.answer_to(ids[1]).unwrap()), "enrol-code");
    rig.signed_in(&at(4), &phone);
    assert!(rig.vault.state().accounts.each[&person].enrolment.is_none());
}

#[test]
fn l_32_nobody_resets_switches_or_unlocks_the_own_account() {
    let (mut rig, _, token) = guarded();
    let person = PersonId(2);
    for what in
        [Admin::ResetAccount { person }, Admin::SetActive { person, active: false }, Admin::Unlock { person }]
    {
        assert_eq!(rig.page_code(Some(&token), &at(2), what), "own-account");
    }
    let nobody = PersonId(99);
    for what in [
        Admin::ResetAccount { person: nobody },
        Admin::SetActive { person: nobody, active: false },
        Admin::Unlock { person: nobody },
        Admin::GiveAccount { person: nobody, login: "nobody".to_owned() },
    ] {
        assert_eq!(rig.page_code(Some(&token), &at(2), what), "unknown");
    }
}

#[test]
fn l_32_a_person_has_one_account_and_one_role() {
    let (mut rig, _, token) = guarded();
    let give = Admin::GiveAccount { person: PersonId(1), login: "second".to_owned() };
    assert_eq!(rig.page_code(Some(&token), &at(2), give), "exists");
    let state = rig.vault.state();
    let mut roles: Vec<Role> = state.people.values().map(|person| person.role).collect();
    roles.dedup();
    assert_eq!(roles, [Role::SystemAdmin, Role::SecurityAdmin, Role::AuditAdmin]);
}

#[test]
fn a_person_of_an_older_ledger_gets_an_account_later() {
    let mut rig = Rig::blank();
    rig.commission();
    rig.people();
    let give = Admin::GiveAccount { person: PersonId(2), login: "li.si".to_owned() };
    let (person, code, _) = code_of(rig.ask(crate::rig::SECURITY, give));
    assert_eq!(person, PersonId(2));
    let phone = rig.enrolled("li.si", &code);
    let (token, me) = rig.signed_in(&at(2), &phone);
    assert_eq!((me.role, me.name.reveal().as_str()), (Role::SecurityAdmin, "李四"));
    let seen = persons(&mut rig, &token);
    assert_eq!(seen[0].account, AccountState::None);
    assert_eq!(
        (seen[1].account, seen[1].login.as_str(), seen[1].sessions),
        (AccountState::Active, "li.si", 1)
    );
}

#[test]
fn the_security_administrator_sees_every_state_of_an_account() {
    let (mut rig, _, token) = guarded();
    let (_, _, until) = code_of(rig.page(Some(&token), &at(2), add("zhao.liu", Role::Qa)));
    for host in 0..MAX_FAILURES {
        rig.try_sign_in(&at(u8::try_from(100 + host).unwrap()), LOGINS[2], "wrong", word("0"));
    }
    rig.page(Some(&token), &at(2), Admin::SetActive { person: PersonId(1), active: false });
    let states: Vec<AccountState> = persons(&mut rig, &token).iter().map(|one| one.account).collect();
    let locked = AccountState::Locked(rig.clock.now.plus(30 * 60_000));
    assert_eq!(states, [AccountState::Off, AccountState::Active, locked, AccountState::Enrolling(until)]);
    assert!(rig.vault.health_reply(1).alarms.iter().any(|alarm| alarm.code == "sign-in-blocked"));
    rig.page(Some(&token), &at(2), Admin::Unlock { person: PersonId(3) });
    assert_eq!(persons(&mut rig, &token)[2].account, AccountState::Active);
}

#[test]
fn iam_05_unlocking_frees_the_person_and_the_desk_where_only_that_person_failed() {
    let (mut rig, [system, ..], token) = guarded();
    for _ in 0..MAX_FAILURES {
        rig.try_sign_in(&at(1), LOGINS[0], "wrong", word("0"));
    }
    rig.later(30_000);
    let code = system.code(&rig);
    assert_eq!(refused(rig.try_sign_in(&at(1), LOGINS[0], PASSWORD, code)), "source-blocked");
    rig.page(Some(&token), &at(2), Admin::Unlock { person: PersonId(1) });
    rig.signed_in(&at(1), &system);
}

#[test]
fn l_90_an_agent_switched_off_is_told_to_calld_and_has_no_phone_any_more() {
    let (mut rig, _, token) = guarded();
    let agent = agent(&mut rig, &token);
    let person = PersonId(4);
    let phone = Admin::AddPhone { person, srtp: SrtpPolicy::Required, allow_md5: false };
    assert!(matches!(rig.page(Some(&token), &at(2), phone), Answer::Phone { .. }));
    rig.give(Cmd::CalldUp(crate::rig::CALLD));
    rig.lined_there(&[]);
    assert_eq!(phones(&mut rig), 1);
    rig.page(Some(&token), &at(2), Admin::SetActive { person, active: false });
    assert_eq!(phones(&mut rig), 0);
    let reply = rig.calld(CampaignRequest::Agents { after: None });
    assert!(matches!(reply, CampaignReply::Agents(seen) if seen.len() == 1 && !seen[0].active));
    rig.page(Some(&token), &at(2), Admin::SetActive { person, active: true });
    assert_eq!(phones(&mut rig), 1);
    rig.signed_in(&at(4), &agent);
}

/// Phones of the newest list sent to the lines.
fn phones(rig: &mut Rig) -> usize {
    let mut sent = rig.sent_to_lined().into_iter().filter_map(|message| match message {
        VaultToLined::Phones { phones, .. } => Some(phones.len()),
        _ => None,
    });
    sent.next_back().expect("a list was sent")
}
