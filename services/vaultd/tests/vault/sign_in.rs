//! Signing in: both factors, one answer for all that is wrong, lock-outs, and what the ledger keeps of it.

use crate::page::{LOGINS, PASSWORD, Phone, at, outcome, perform, refused, word};
use crate::rig::Rig;
use idl::account::SignInOutcome as Outcome;
use idl::account::{Source, Whose};
use idl::admin::{Admin, Answer};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use vaultd::auth::lockout::{LOCK_MS, MAX_FAILURES, MAX_TRIES_A_MINUTE};
use vaultd::auth::{MAX_CHECKS, totp};
use vaultd::command::{Cmd, Job};
use vaultd::entries::{Entry, EntryResult, Event, Who};
use vocab::{MINUTE_MS, PersonId, Secret};

/// Fails as this login from this source.
fn fail(rig: &mut Rig, source: &Source, login: &str) -> String {
    refused(rig.try_sign_in(source, login, "a wrong password", word("000000")))
}

/// Fails five times from five sources, so that the account is locked and no source is blocked.
fn lock(rig: &mut Rig, login: &str) {
    for host in 0..u8::try_from(MAX_FAILURES).unwrap() {
        assert_eq!(fail(rig, &at(100 + host), login), "sign-in");
    }
}

fn refused_text(answer: Answer) -> (String, String, String) {
    match answer {
        Answer::Refused { code, text_en, text_zh } => (code, text_en, text_zh),
        other => panic!("not refused: {other:?}"),
    }
}

/// How a code comes to be typed.
type Typed<'a> = &'a dyn Fn(&Rig) -> Secret<String>;

#[test]
fn iam_01_neither_factor_alone_signs_in() {
    let (mut rig, [system, security, _]) = Rig::claimed();
    let none = |_: &Rig| word("");
    let made_up = |_: &Rig| word("000000");
    let own = |rig: &Rig| system.code(rig);
    let others = |rig: &Rig| security.code(rig);
    let tries: [(&str, Typed<'_>, Outcome); 5] = [
        ("a wrong password", &own, Outcome::WrongPassword),
        (PASSWORD, &made_up, Outcome::WrongCode),
        (PASSWORD, &none, Outcome::WrongCode),
        (PASSWORD, &others, Outcome::WrongCode),
        ("", &own, Outcome::WrongPassword),
    ];
    for (password, code, expected) in tries {
        let code = code(&rig);
        let answer = rig.try_sign_in(&at(7), LOGINS[0], password, code);
        assert_eq!(refused(answer), "sign-in");
        assert_eq!(outcome(&rig.newest()), (expected, false));
        // Long enough that no failure counts any more at the source.
        rig.later(LOCK_MS);
    }
}

#[test]
fn iam_01_a_code_that_signed_in_once_is_refused_the_second_time() {
    let (mut rig, [system, ..]) = Rig::claimed();
    rig.signed_in(&at(1), &system);
    let code = system.code(&rig);
    assert_eq!(refused(rig.try_sign_in(&at(1), LOGINS[0], PASSWORD, code)), "sign-in");
    assert_eq!(outcome(&rig.newest()), (Outcome::ReusedCode, false));
    rig.signed_in(&at(1), &system);
}

#[test]
fn iam_01_the_code_of_the_enrolment_is_used_up_too_and_a_restart_forgets_no_step() {
    let (mut rig, [system, ..]) = Rig::claimed();
    let code = system.code(&rig);
    assert_eq!(refused(rig.try_sign_in(&at(1), LOGINS[0], PASSWORD, code.clone())), "sign-in");
    let mut rig = rig.restart();
    assert_eq!(refused(rig.try_sign_in(&at(1), LOGINS[0], PASSWORD, code)), "sign-in");
    assert_eq!(outcome(&rig.newest()), (Outcome::ReusedCode, false));
}

#[test]
fn iam_05_the_sixth_try_with_everything_right_is_refused_and_after_thirty_minutes_taken() {
    let (mut rig, [system, ..]) = Rig::claimed();
    lock(&mut rig, LOGINS[0]);
    rig.later(30_000);
    let code = system.code(&rig);
    assert_eq!(refused(rig.try_sign_in(&at(1), LOGINS[0], PASSWORD, code)), "locked");
    assert_eq!(outcome(&rig.newest()), (Outcome::Locked, false));
    rig.later(LOCK_MS - 60_001);
    let code = system.code(&rig);
    assert_eq!(refused(rig.try_sign_in(&at(1), LOGINS[0], PASSWORD, code)), "locked");
    rig.later(30_001);
    rig.signed_in(&at(1), &system);
}

#[test]
fn iam_05_a_lock_outlives_a_restart() {
    let (mut rig, [system, ..]) = Rig::claimed();
    lock(&mut rig, LOGINS[0]);
    let mut rig = rig.restart();
    rig.later(30_000);
    let code = system.code(&rig);
    assert_eq!(refused(rig.try_sign_in(&at(1), LOGINS[0], PASSWORD, code)), "locked");
}

#[test]
fn iam_05_only_who_has_both_factors_learns_of_a_lock_and_nobody_that_a_login_exists() {
    let (mut rig, [system, security, _]) = Rig::claimed();
    // A person with an account not enrolled, and one switched off.
    let (token, _) = rig.signed_in(&at(2), &security);
    let add = Admin::AddAccount {
        name: vocab::Pii::new("赵六".to_owned()),
        login: "zhao.liu".to_owned(),
        role: idl::admin::Role::Qa,
        department: None,
    };
    rig.page(Some(&token), &at(2), add);
    let off = Admin::SetActive { person: PersonId(3), active: false };
    rig.page(Some(&token), &at(2), off);
    lock(&mut rig, LOGINS[0]);
    let mut told = BTreeSet::new();
    let tries = [
        ("nobody", PASSWORD),
        ("zhao.liu", PASSWORD),
        (LOGINS[2], "a wrong password"),
        (LOGINS[0], "a wrong password"),
        (LOGINS[1], "a wrong password"),
        ("", ""),
        ("\u{0}'; drop table", &"x".repeat(100_000)),
    ];
    for ((login, password), host) in tries.into_iter().zip(10..) {
        told.insert(refused_text(rig.try_sign_in(&at(host), login, password, word("000000"))));
    }
    // Right password, wrong code: the same.
    told.insert(refused_text(rig.try_sign_in(&at(30), LOGINS[0], PASSWORD, word("000000"))));
    assert_eq!(told.len(), 1, "{told:?}");
    rig.later(30_000);
    let code = system.code(&rig);
    assert_eq!(refused(rig.try_sign_in(&at(31), LOGINS[0], PASSWORD, code)), "locked");
}

#[test]
fn iam_05_an_account_switched_off_answers_as_a_wrong_password_even_with_both_factors() {
    let (mut rig, [system, security, _]) = Rig::claimed();
    let (token, _) = rig.signed_in(&at(2), &security);
    rig.page(Some(&token), &at(2), Admin::SetActive { person: PersonId(1), active: false });
    rig.later(30_000);
    let code = system.code(&rig);
    assert_eq!(refused(rig.try_sign_in(&at(1), LOGINS[0], PASSWORD, code)), "sign-in");
    assert_eq!(outcome(&rig.newest()), (Outcome::Disabled, false));
    rig.page(Some(&token), &at(2), Admin::SetActive { person: PersonId(1), active: true });
    rig.signed_in(&at(1), &system);
}

#[test]
fn iam_05_a_source_is_blocked_after_five_failures_at_five_logins_and_its_tries_are_counted_together() {
    let (mut rig, [system, ..]) = Rig::claimed();
    for login in ["a1", "b2", LOGINS[1], "d4", "e5"] {
        assert_eq!(fail(&mut rig, &at(9), login), "sign-in");
    }
    let before = rig.count();
    rig.later(30_000);
    for _ in 0..50 {
        let code = system.code(&rig);
        assert_eq!(refused(rig.try_sign_in(&at(9), LOGINS[0], PASSWORD, code)), "source-blocked");
    }
    assert_eq!(rig.count(), before, "a blocked source does not fill the ledger");
    rig.later(MINUTE_MS);
    rig.give(Cmd::Tick);
    let held = rig.entries().into_iter().find_map(|entry| match entry.event {
        Event::SourceHeld { address, tries, .. } => Some((address, tries)),
        _ => None,
    });
    assert_eq!(held, Some((at(9).address, 50)));
    assert_eq!(fail(&mut rig, &at(9), "f6"), "source-blocked");
    rig.give(Cmd::Stopping);
    let entries = rig.entries();
    let [.., held, Entry { event: Event::Stopped {}, .. }] = entries.as_slice() else { panic!("no end") };
    assert!(matches!(held.event, Event::SourceHeld { tries: 1, .. }), "a stop in order loses none");
    rig.signed_in(&at(1), &system);
    rig.later(LOCK_MS);
    rig.signed_in(&at(9), &system);
}

#[test]
fn iam_05_more_than_ten_tries_a_minute_block_a_source_even_if_they_come_all_at_once() {
    let (mut rig, [system, ..]) = Rig::claimed();
    rig.later(30_000);
    let mut ids = Vec::new();
    for _ in 0..=MAX_TRIES_A_MINUTE {
        let (login, password, code) = (LOGINS[0].to_owned(), word(PASSWORD), system.code(&rig));
        ids.push(rig.post(None, &at(9), false, Admin::SignIn { login, password, code }));
    }
    let last = ids.pop().unwrap();
    assert_eq!(refused(rig.answer_to(last).unwrap()), "source-blocked");
    assert_eq!(outcome(&rig.newest()).0, Outcome::SourceBlocked);
    rig.work_off();
    let answers: Vec<Answer> = ids.into_iter().map(|id| rig.answer_to(id).unwrap()).collect();
    let signed = answers.iter().filter(|answer| matches!(answer, Answer::SignedIn { .. })).count();
    assert_eq!(signed, 1, "one code, one sign-in, however many tries race");
}

#[test]
fn iam_05_guesses_sent_at_once_from_many_sources_meet_the_lock_of_those_before_them() {
    let (mut rig, [system, ..]) = Rig::claimed();
    rig.later(30_000);
    let mut ids = Vec::new();
    for host in 0..8 {
        let password = if host == 7 { word(PASSWORD) } else { word("a wrong password") };
        let code = system.code(&rig);
        let what = Admin::SignIn { login: LOGINS[0].to_owned(), password, code };
        ids.push(rig.post(None, &at(50 + host), false, what));
    }
    rig.work_off();
    let last = rig.answer_to(ids[7]).unwrap();
    assert_eq!(refused(last), "locked");
}

#[test]
fn iam_05_guesses_from_elsewhere_do_not_lock_a_person_out_at_the_own_desk() {
    let (mut rig, [system, ..]) = Rig::claimed();
    rig.signed_in(&at(1), &system);
    lock(&mut rig, LOGINS[0]);
    rig.signed_in(&at(1), &system);
    rig.later(30_000);
    let code = system.code(&rig);
    assert_eq!(refused(rig.try_sign_in(&at(2), LOGINS[0], PASSWORD, code)), "locked");
}

#[test]
fn a_full_password_thread_says_so_and_loses_nothing() {
    let (mut rig, [system, ..]) = Rig::claimed();
    for host in 0..MAX_CHECKS {
        let source = at(u8::try_from(host).unwrap());
        let what = Admin::SignIn { login: "x1".to_owned(), password: word("x"), code: word("x") };
        rig.post(None, &source, false, what);
    }
    assert_eq!(rig.jobs().len(), MAX_CHECKS);
    let code = system.code(&rig);
    assert_eq!(refused(rig.try_sign_in(&at(200), LOGINS[0], PASSWORD, code)), "busy");
}

#[test]
fn iam_04_every_outcome_is_an_entry_with_who_when_from_where_and_why() {
    let (mut rig, [system, security, _]) = Rig::claimed();
    let (token, _) = rig.signed_in(&at(2), &security);
    rig.page(
        Some(&token),
        &at(2),
        Admin::AddAccount {
            name: vocab::Pii::new("赵六".to_owned()),
            login: "zhao.liu".to_owned(),
            role: idl::admin::Role::Qa,
            department: None,
        },
    );
    rig.page(Some(&token), &at(2), Admin::SetActive { person: PersonId(3), active: false });
    let phone3 = Phone { login: LOGINS[2].to_owned(), secret: secret_of(&rig, PersonId(3)) };
    rig.signed_in(&at(20), &system);
    let used = system.code(&rig);
    let mut expected = vec![(Outcome::SignedIn, Some(PersonId(1)))];
    for (host, login, password, code, outcome, person) in [
        (21, "nobody", PASSWORD, used.clone(), Outcome::UnknownLogin, None),
        (22, "zhao.liu", PASSWORD, used.clone(), Outcome::NotEnrolled, Some(PersonId(4))),
        (23, LOGINS[0], "wrong", used.clone(), Outcome::WrongPassword, Some(PersonId(1))),
        (24, LOGINS[0], PASSWORD, word("000000"), Outcome::WrongCode, Some(PersonId(1))),
        (25, LOGINS[0], PASSWORD, used, Outcome::ReusedCode, Some(PersonId(1))),
        (26, LOGINS[2], PASSWORD, phone3.code(&rig), Outcome::Disabled, Some(PersonId(3))),
    ] {
        rig.try_sign_in(&at(host), login, password, code);
        expected.push((outcome, person));
    }
    (0..2).for_each(|host| {
        fail(&mut rig, &at(27 + host), LOGINS[0]);
        expected.push((Outcome::WrongPassword, Some(PersonId(1))));
    });
    rig.later(30_000);
    let code = system.code(&rig);
    rig.try_sign_in(&at(29), LOGINS[0], PASSWORD, code);
    expected.push((Outcome::Locked, Some(PersonId(1))));
    for _ in 0..MAX_FAILURES {
        fail(&mut rig, &at(30), "nobody");
        expected.push((Outcome::UnknownLogin, None));
    }
    let now = rig.clock.now;
    let tried: Vec<_> = rig
        .entries()
        .into_iter()
        .filter_map(|entry| match entry.event {
            Event::SignInTried { person, outcome, source, .. } => {
                let done = entry.result == EntryResult::Done;
                assert_eq!(done, outcome == Outcome::SignedIn);
                assert!(source.browser == "Chromium 140");
                assert!(done == matches!(entry.who, Who::Person(..)), "only a sign-in proves who it was");
                Some((outcome, person))
            }
            _ => None,
        })
        .collect();
    assert_eq!(tried[tried.len() - expected.len()..], expected);
    // And to those who may look: newest first, with the instant.
    let Answer::SignIns(seen) =
        rig.page(Some(&token), &at(2), Admin::SignIns { whose: Whose::All, before: None })
    else {
        panic!("no sign-ins")
    };
    let told: Vec<_> = seen.iter().rev().map(|one| (one.outcome, one.person)).collect();
    assert_eq!(told[told.len() - expected.len()..], expected);
    assert!(seen[0].at == now && seen[0].login.is_empty(), "an unknown login is shown to nobody");
    let all: BTreeSet<String> = seen.iter().map(|one| format!("{:?}", one.outcome)).collect();
    let missing = Outcome::ALL.iter().filter(|one| !all.contains(&format!("{one:?}")));
    // The last is told at the serial console alone.
    assert_eq!(missing.collect::<Vec<_>>(), [&Outcome::SourceBlocked, &Outcome::NotAtConsole]);
}

/// The TOTP secret as only the vault can open it; the tests hold its keys.
fn secret_of(rig: &Rig, person: PersonId) -> Secret<[u8; totp::SECRET_BYTES]> {
    use vaultd::ports::KeyPort;
    let state = rig.vault.state();
    let key = rig.keys.subject_key(state.people[&person].subject).unwrap().unwrap();
    let sealed = state.accounts.each[&person].secrets.as_ref().unwrap();
    let opened: Option<vaultd::auth::Credentials> =
        vaultd::seal::open(&key, vaultd::seal::Purpose::Credentials, sealed);
    opened.unwrap().totp
}

#[test]
fn iam_04_a_person_sees_the_own_last_twenty_and_what_failed_since_the_last_time() {
    let (mut rig, [system, ..]) = Rig::claimed();
    let (_, first) = rig.signed_in(&at(1), &system);
    assert_eq!((first.last, first.failed_since), (None, 0));
    for host in 0..3 {
        fail(&mut rig, &at(60 + host), LOGINS[0]);
    }
    let (_, me) = rig.signed_in(&at(1), &system);
    assert_eq!((me.last, me.failed_since), (Some((first.signed_in_at, at(1).address)), 3));
    for _ in 0..30 {
        rig.signed_in(&at(1), &system);
    }
    let (token, _) = rig.signed_in(&at(1), &system);
    let Answer::SignIns(own) = rig.page(Some(&token), &at(1), Admin::MySignIns) else { panic!("none") };
    assert_eq!(own.len(), 20);
    assert!(own.windows(2).all(|pair| pair[0].seq > pair[1].seq));
    assert!(own.iter().all(|one| one.person == Some(PersonId(1)) && one.login == LOGINS[0]));
}

/// A sign-in with what is right, its password still being checked, while `between` happens; what comes of it.
fn overtaken(between: impl FnOnce(&mut Rig, &[Phone; 3])) -> (Rig, Answer) {
    let (mut rig, phones) = Rig::claimed();
    rig.later(30_000);
    let (login, password) = (LOGINS[0].to_owned(), word(PASSWORD));
    let what = Admin::SignIn { login, password, code: phones[0].code(&rig) };
    let waiting = rig.post(None, &at(1), false, what);
    let jobs = rig.jobs();
    between(&mut rig, &phones);
    for job in jobs {
        let Job::Password(job) = job else { panic!("another job") };
        rig.give(Cmd::PasswordDone(perform(job)));
    }
    let answer = rig.answer_to(waiting).unwrap();
    (rig, answer)
}

#[test]
fn an_account_reset_while_its_password_was_checked_is_not_signed_in_to() {
    let (rig, answer) = overtaken(|rig, phones| {
        let (token, _) = rig.signed_in(&at(2), &phones[1]);
        let answer = rig.page(Some(&token), &at(2), Admin::ResetAccount { person: PersonId(1) });
        assert!(matches!(answer, Answer::EnrolCode { .. }));
    });
    assert_eq!(refused(answer), "sign-in");
    assert!(rig.vault.state().accounts.sessions_of(PersonId(1)).next().is_none());
}

#[test]
fn a_password_changed_while_the_old_one_was_checked_is_not_signed_in_with() {
    let (rig, answer) = overtaken(|rig, phones| {
        let tool = Admin::ChangePassword {
            old: word(PASSWORD),
            new: word("vixnu kobalt remmel"),
            code: phones[0].code(rig),
        };
        let cmd = rig.request(Some(PersonId(1)), tool);
        let Cmd::Admin { ref request, .. } = cmd else { unreachable!() };
        let id = request.id;
        rig.give(cmd);
        rig.work_off();
        assert!(matches!(rig.answer_to(id), Some(Answer::Done)));
        rig.later(30_000);
    });
    assert_eq!(refused(answer), "sign-in");
    assert_eq!(outcome(&rig.newest()).0, Outcome::WrongPassword, "the old password is right no more");
}

#[test]
fn no_password_code_or_token_stands_in_an_entry_or_in_debug_output() {
    let (mut rig, [system, ..]) = Rig::claimed();
    let (token, _) = rig.signed_in(&at(1), &system);
    let code = system.code(&rig);
    rig.try_sign_in(&at(1), "my secret as login", PASSWORD, code.clone());
    let what = Admin::SignIn { login: "x1".to_owned(), password: word(PASSWORD), code };
    rig.post(None, &at(3), false, what);
    let shown = format!("{:?} {:?} {:?}", rig.effects, rig.vault, rig.vault.state());
    let log = rig.log.0.lock().unwrap();
    let secrets: [&[u8]; 4] =
        [PASSWORD.as_bytes(), token.expose(), system.secret.expose(), b"my secret as login"];
    for secret in secrets {
        for (kind, _, plain) in log.iter().flatten() {
            assert!(!plain.windows(secret.len()).any(|part| part == secret), "kind {kind}");
        }
        let numbers = format!("{secret:?}");
        assert!(!shown.contains(numbers.trim_matches(['[', ']'])));
    }
    assert!(!shown.contains(PASSWORD) && !shown.contains("my secret"));
}

#[test]
fn iam_05_time_does_not_tell_whether_a_login_exists() {
    let (mut rig, [system, ..]) = Rig::claimed();
    let mut spent = |login: &str| {
        let mut best = Duration::MAX;
        for host in 0..5 {
            let what = Admin::SignIn { login: login.to_owned(), password: word("x"), code: word("000000") };
            let begun = Instant::now();
            rig.post(None, &at(host), false, what);
            best = best.min(begun.elapsed());
            for job in rig.jobs() {
                let Job::Password(job) = job else { panic!("another job") };
                let (typed, stored) = job.verify.as_ref().unwrap();
                assert!(typed.expose() == "x" && stored.expose().starts_with("$argon2id$"));
            }
            // The check is let go of: what is measured is the core's own work.
        }
        best
    };
    let (known, unknown) = (spent(&system.login), spent("nobody"));
    let apart = known.max(unknown) - known.min(unknown);
    assert!(apart < Duration::from_millis(2), "far below the jitter of a hash: {known:?} {unknown:?}");
}
