//! The serial console as the vault sees it: who gets in and for what, what it may ask, when its session ends, and
//! what the ledger keeps of it (L-42, IAM-01, IAM-05, ACC-04, AUD-01).

use crate::page::{PASSWORD, Phone, Token, at, outcome, refused, word};
use crate::rig::{PAGE, Rig};
use crate::samples::sample;
use idl::account::{Me, ServiceTicket, SignInOutcome};
use idl::admin::{Admin, AdminRequest, Answer, Role};
use idl::hello::Process;
use idl::spans::SpanOrder;
use idl::views::{ConsoleAsk, LedgerFilter, SpanAsk};
use rights::{BY_CONSOLE, OPEN, Request};
use vaultd::auth::lockout::{LOCK_MS, MAX_FAILURES};
use vaultd::auth::session::{CONSOLE_ABSOLUTE_MS, CONSOLE_IDLE_MS, SessionEnd};
use vaultd::command::{Cmd, Job, ReadJob};
use vaultd::entries::{EntryResult, Event, Who};
use vocab::{PersonId, Pii, SpanId};

const TECHNICIAN: PersonId = PersonId(4);

fn ticket() -> ServiceTicket {
    ServiceTicket::parse("WO-2026/118").unwrap()
}

/// A claimed box with a technician: the rig, the administrators, the technician's authenticator.
pub fn staffed() -> (Rig, [Phone; 3], Phone) {
    let (mut rig, phones) = Rig::claimed();
    let (security, _) = rig.signed_in(&at(2), &phones[1]);
    let add = Admin::AddAccount {
        name: Pii::new("赵六".to_owned()),
        login: "zhao.liu".to_owned(),
        role: Role::Technician,
        department: None,
    };
    let Answer::EnrolCode { code, .. } = rig.page(Some(&security), &at(2), add) else { panic!("no code") };
    let phone = rig.enrolled("zhao.liu", &code);
    rig.take();
    (rig, phones, phone)
}

impl Rig {
    /// A request of the console, recorded as the console does it: a piece goes before what its person asks, and an empty
    /// one before what the screen asks.
    pub fn console(&mut self, session: Option<&Token>, passive: bool, what: Admin) -> Answer {
        if session.is_some() && !matches!(what, Admin::SignOut | Admin::Consoles(_)) {
            self.piece(session, if passive { b"" } else { b"x" });
        }
        self.unrecorded(session, passive, what)
    }

    /// The next piece of the recording.
    pub fn piece(&mut self, session: Option<&Token>, piece: &[u8]) -> Answer {
        let tapes = self.tapes.each.lock().unwrap();
        let newest = tapes.iter().max_by_key(|(session, _)| **session);
        let index = newest.map_or(0, |(_, pieces)| u32::try_from(pieces.len()).unwrap());
        drop(tapes);
        let piece = Pii::new(piece.to_vec());
        let record = ConsoleAsk::Record { index, length_ms: 0, piece };
        self.unrecorded(session, true, Admin::Consoles(record))
    }

    /// Time passes while the console says every few seconds that nothing happens.
    fn recorded_for(&mut self, session: &Token, ms: i64) {
        for _ in 0..ms / 5_000 {
            self.later(5_000);
            self.piece(Some(session), b"");
        }
        self.later(ms % 5_000);
    }

    /// A request of the console; it names a source and an actor, which are not looked at.
    pub fn unrecorded(&mut self, session: Option<&Token>, passive: bool, what: Admin) -> Answer {
        self.next += 1;
        let (actor, source) = (Some(PersonId(2)), Some(at(9)));
        let request = AdminRequest { id: self.next, actor, session: session.cloned(), source, passive, what };
        let id = self.next;
        self.give(Cmd::Admin { conn: PAGE, from: Process::Consoled, request, attached: None });
        self.work_off();
        self.answer_to(id).expect("every request is answered")
    }

    fn try_console(&mut self, login: &str, password: &str, code: vocab::Secret<String>) -> Answer {
        let (login, password) = (login.to_owned(), word(password));
        self.console(None, false, Admin::SignInConsole { login, password, code, ticket: ticket() })
    }

    pub fn at_console(&mut self, phone: &Phone) -> (Token, Me) {
        self.later(30_000);
        let code = phone.code(self);
        match self.try_console(&phone.login.clone(), PASSWORD, code) {
            Answer::SignedIn { token, me } => (token, *me),
            other => panic!("not signed in: {other:?}"),
        }
    }

    pub fn ended(&self) -> Option<SessionEnd> {
        self.entries().into_iter().rev().find_map(|entry| match entry.event {
            Event::SessionEnded { why, .. } => Some(why),
            _ => None,
        })
    }
}

#[test]
fn l_42_a_technician_opens_the_console_for_a_ticket_and_every_action_carries_its_number() {
    let (mut rig, _, phone) = staffed();
    let (token, me) = rig.at_console(&phone);
    assert_eq!((me.role, me.person, me.idle_s), (Role::Technician, TECHNICIAN, 300));
    assert_eq!(me.ends_at, me.signed_in_at.plus(CONSOLE_ABSOLUTE_MS));
    let opened = rig.newest();
    assert!(
        matches!(opened.event, Event::ConsoleOpened { person: TECHNICIAN, ticket: of, .. } if of == ticket())
    );
    let actions: [(Admin, &str); 3] = [
        (Admin::Overview, "ConsoleUsed"),
        (Admin::Span(SpanAsk::All), "ConsoleUsed"),
        (Admin::Span(SpanAsk::Order { span: SpanId(1), order: SpanOrder::RestartSpan }), "SpanOrdered"),
    ];
    for (what, kind) in actions {
        let before = rig.count();
        rig.console(Some(&token), false, what);
        assert_eq!(rig.count(), before + 1, "{kind}");
        let entry = rig.newest();
        assert_eq!(entry.event.name(), kind);
        assert_eq!(entry.who, Who::AtConsole(TECHNICIAN, Role::Technician, me.session, ticket()));
        assert_eq!(entry.from, Process::Consoled);
    }
    let before = rig.count();
    assert!(matches!(rig.console(Some(&token), true, Admin::Overview), Answer::Overview(_)));
    assert_eq!(rig.count(), before, "what the screen refreshes by itself is no action");
    assert!(matches!(rig.console(Some(&token), false, Admin::SignOut), Answer::Done));
    assert_eq!(rig.newest().who.ticket(), Some(ticket()));
    assert_eq!(refused(rig.console(Some(&token), false, Admin::Me)), "no-session");
}

#[test]
fn l_42_the_auditor_reads_the_ticket_with_every_action() {
    let (mut rig, [_, _, audit], phone) = staffed();
    let (token, _) = rig.at_console(&phone);
    rig.console(Some(&token), false, Admin::Overview);
    let (auditor, _) = rig.signed_in(&at(3), &audit);
    rig.take();
    let look = Admin::LedgerPage { filter: LedgerFilter::default(), before: None };
    let id = rig.post(Some(&auditor), &at(3), false, look);
    let Some(Job::Read(ReadJob::Ledger { reply, .. })) = rig.jobs().pop() else { panic!("no job") };
    let log = rig.log.0.lock().unwrap().clone();
    let all = log.iter().zip(1..).filter_map(|(entry, seq)| {
        let (_, at, plain) = entry.as_ref()?;
        Some((seq, *at, postcard::from_bytes(plain).unwrap()))
    });
    let outcome = Ok(vaultd::command::LedgerFound { entries: all.collect(), next: None });
    rig.give(Cmd::LedgerRead(Box::new(vaultd::command::LedgerRead { reply, outcome })));
    let Some(Answer::LedgerPage(page)) = rig.answer_to(id) else { panic!("no page") };
    let words = |kind: &str| {
        let row = page.rows.iter().find(|row| row.kind.1 == kind).expect(kind);
        row.what.iter().filter(|(field, value)| field == "ticket" && value == "WO-2026/118").count()
    };
    assert_eq!((words("ConsoleOpened"), words("ConsoleUsed")), (1, 1));
}

#[test]
fn iam_01_neither_factor_alone_opens_the_console() {
    let (mut rig, _, phone) = staffed();
    rig.later(30_000);
    let code = phone.code(&rig);
    assert_eq!(refused(rig.try_console("zhao.liu", "a wrong password", code.clone())), "sign-in");
    assert_eq!(outcome(&rig.newest()), (SignInOutcome::WrongPassword, false));
    assert_eq!(refused(rig.try_console("zhao.liu", PASSWORD, word("000000"))), "sign-in");
    assert_eq!(outcome(&rig.newest()), (SignInOutcome::WrongCode, false));
    assert_eq!(refused(rig.try_console("nobody", PASSWORD, code)), "sign-in");
    assert_eq!(outcome(&rig.newest()), (SignInOutcome::UnknownLogin, false));
}

#[test]
fn iam_05_five_failures_block_the_console_and_not_the_page_after_a_restart_too() {
    let (mut rig, [system, ..], phone) = staffed();
    for _ in 0..MAX_FAILURES {
        assert_eq!(refused(rig.try_console("nobody", "x", word("000000"))), "sign-in");
    }
    let mut rig = rig.restart();
    rig.later(30_000);
    let code = phone.code(&rig);
    assert_eq!(refused(rig.try_console("zhao.liu", PASSWORD, code)), "source-blocked");
    rig.signed_in(&at(1), &system);
    rig.later(LOCK_MS);
    rig.at_console(&phone);
}

#[test]
fn l_42_other_roles_are_told_that_the_console_is_not_theirs_once_both_factors_are_right() {
    let (mut rig, [system, ..], _) = staffed();
    rig.later(30_000);
    let code = system.code(&rig);
    assert_eq!(refused(rig.try_console("zhang.san", PASSWORD, word("000000"))), "sign-in");
    assert_eq!(refused(rig.try_console("zhang.san", PASSWORD, code.clone())), "not-at-console");
    assert_eq!(outcome(&rig.newest()), (SignInOutcome::NotAtConsole, false));
    assert_eq!(refused(rig.try_console("zhang.san", PASSWORD, code)), "sign-in", "the code is used up");
    rig.signed_in(&at(1), &system);
}

#[test]
fn acc_04_the_console_asks_for_what_the_rights_name_and_nothing_else() {
    let (mut rig, _, phone) = staffed();
    let (token, _) = rig.at_console(&phone);
    for request in Request::ALL.iter().filter(|request| !BY_CONSOLE.contains(request)) {
        let no_sample = [Request::Claim, Request::SignIn, Request::BeginEnrol, Request::FinishEnrol];
        if no_sample.contains(request) || *request == Request::Commission {
            assert!(OPEN.contains(request));
            continue;
        }
        let code = refused(rig.console(Some(&token), false, sample(*request)));
        assert_eq!(code, "not-from-here", "{}", request.name());
    }
    let sign_in = Admin::SignIn { login: "zhao.liu".to_owned(), password: word(PASSWORD), code: word("1") };
    assert_eq!(refused(rig.console(None, false, sign_in)), "not-from-here");
    assert_eq!(refused(rig.console(None, false, Admin::Overview)), "no-session");
    let page = Admin::SignInConsole {
        login: "zhao.liu".to_owned(),
        password: word(PASSWORD),
        code: word("1"),
        ticket: ticket(),
    };
    assert_eq!(rig.page_code(None, &at(1), page), "not-from-here");
}

#[test]
fn l_42_a_session_of_the_console_is_no_session_of_the_page_and_the_other_way_round() {
    let (mut rig, [system, ..], phone) = staffed();
    let (token, _) = rig.at_console(&phone);
    assert_eq!(rig.page_code(Some(&token), &at(1), Admin::Overview), "session-elsewhere");
    assert_eq!(rig.ended(), Some(SessionEnd::Elsewhere));
    assert_eq!(refused(rig.console(Some(&token), false, Admin::Overview)), "no-session");
    let (page, _) = rig.signed_in(&at(1), &system);
    assert_eq!(refused(rig.unrecorded(Some(&page), false, Admin::Overview)), "session-elsewhere");
}

#[test]
fn l_42_the_console_closes_when_unused_and_after_an_hour_however_it_is_used() {
    let (mut rig, _, phone) = staffed();
    let (token, _) = rig.at_console(&phone);
    rig.recorded_for(&token, CONSOLE_IDLE_MS - 1);
    assert!(matches!(rig.console(Some(&token), true, Admin::Overview), Answer::Overview(_)));
    rig.later(1);
    assert_eq!(refused(rig.console(Some(&token), true, Admin::Overview)), "no-session");
    assert_eq!(rig.ended(), Some(SessionEnd::Idle), "a screen that refreshes itself does not keep it open");
    let (token, _) = rig.at_console(&phone);
    let minutes = CONSOLE_ABSOLUTE_MS / 60_000;
    for _ in 0..minutes - 1 {
        rig.recorded_for(&token, 60_000);
        assert!(matches!(rig.console(Some(&token), false, Admin::Me), Answer::Me(_)));
    }
    rig.recorded_for(&token, 60_000);
    assert_eq!(refused(rig.console(Some(&token), false, Admin::Me)), "no-session");
    assert_eq!(rig.ended(), Some(SessionEnd::Absolute));
}

#[test]
fn l_42_there_is_one_console_whoever_opens_it_anew_ends_the_session_before() {
    let (mut rig, _, phone) = staffed();
    let (first, _) = rig.at_console(&phone);
    let (second, _) = rig.at_console(&phone);
    assert_eq!(rig.ended(), Some(SessionEnd::Replaced));
    assert_eq!(refused(rig.console(Some(&first), false, Admin::Me)), "no-session");
    let mut rig = rig.restart();
    assert!(
        matches!(rig.console(Some(&second), false, Admin::Me), Answer::Me(_)),
        "a restart forgets nothing"
    );
}

#[test]
fn aud_09_an_administrator_ends_the_consoles_session_from_the_page() {
    let (mut rig, [_, security, _], phone) = staffed();
    let (token, me) = rig.at_console(&phone);
    let (admin, _) = rig.signed_in(&at(2), &security);
    rig.page(Some(&admin), &at(2), Admin::EndSession { session: me.session });
    assert_eq!(refused(rig.console(Some(&token), true, Admin::Me)), "no-session");
}

#[test]
fn a_refusal_at_the_console_is_an_entry_of_nobody_or_of_the_ticket() {
    let (mut rig, _, phone) = staffed();
    let (token, me) = rig.at_console(&phone);
    let order = Admin::Span(SpanAsk::Order { span: SpanId(1), order: SpanOrder::RestartSpan });
    rig.console(Some(&token), false, order);
    let entry = rig.newest();
    assert!(matches!(&entry.result, EntryResult::Refused(code) if !code.is_empty()));
    assert_eq!(entry.who, Who::AtConsole(TECHNICIAN, Role::Technician, me.session, ticket()));
}
