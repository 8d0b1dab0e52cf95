//! The serial console under watch: recorded or ended, seen by whom, ended from the page (AUD-09).

use crate::console::staffed;
use crate::page::{Phone, Token, at, refused};
use crate::rig::Rig;
use idl::account::{ServiceTicket, SessionId};
use idl::admin::{Admin, Answer, Role};
use idl::views::{ConsoleAsk, ConsolesView};
use std::sync::atomic::Ordering::Relaxed;
use vaultd::auth::session::{CONSOLE_ABSOLUTE_MS, SessionEnd};
use vaultd::command::{Cmd, Effect, Job, ReadJob};
use vaultd::consoles::{KEPT_DAYS, SILENT_MS};
use vaultd::entries::{ConsoleEvent, Event};
use vocab::{DAY_MS, DepartmentId, PersonId, Pii};

fn record(index: u32, piece: &[u8]) -> Admin {
    Admin::Consoles(ConsoleAsk::Record { index, length_ms: 5, piece: Pii::new(piece.to_vec()) })
}

fn consoles(rig: &mut Rig, token: &Token, host: u8) -> ConsolesView {
    match rig.page(Some(token), &at(host), Admin::Consoles(ConsoleAsk::Look { before: None })) {
        Answer::Consoles(view) => *view,
        other => panic!("no sessions: {other:?}"),
    }
}

/// The last entry that closed a recording.
fn recorded(rig: &Rig) -> Option<(SessionId, u32, u64, [u8; 32])> {
    rig.entries().into_iter().rev().find_map(|entry| match entry.event {
        Event::Console { event: ConsoleEvent::Recorded { session, pieces, bytes, sha256, .. } } => {
            Some((session, pieces, bytes, sha256))
        }
        _ => None,
    })
}

fn supervisor(rig: &mut Rig, security: &Token) -> Phone {
    rig.page(Some(security), &at(2), Admin::AddDepartment { name: "体检".to_owned() });
    let add = Admin::AddAccount {
        name: Pii::new("孙七".to_owned()),
        login: "sun.qi".to_owned(),
        role: Role::Supervisor,
        department: Some(DepartmentId(1)),
    };
    let Answer::EnrolCode { code, .. } = rig.page(Some(security), &at(2), add) else { panic!("no code") };
    rig.enrolled("sun.qi", &code)
}

#[test]
fn aud_09_a_recording_is_closed_by_an_entry_with_its_hash_however_its_session_ended() {
    let (mut rig, _, phone) = staffed();
    let (token, me) = rig.at_console(&phone);
    let before = rig.count();
    for piece in [b"one".as_slice(), b"", b"three"] {
        assert!(matches!(rig.piece(Some(&token), piece), Answer::Done));
    }
    assert_eq!(rig.count(), before, "a piece is no entry of its own");
    rig.console(Some(&token), false, Admin::SignOut);
    rig.give(Cmd::Tick);
    let (session, pieces, bytes, sha256) = recorded(&rig).unwrap();
    assert_eq!((session, pieces, bytes), (me.session, 2, 8));
    assert_ne!(sha256, [0; 32]);
    rig.give(Cmd::Tick);
    let newest = rig.newest();
    assert!(matches!(newest.event, Event::Console { .. }), "it is closed once: {newest:?}");
    assert_eq!(refused(rig.unrecorded(Some(&token), true, record(2, b"x"))), "no-session");
}

#[test]
fn aud_09_what_cannot_be_kept_out_of_order_or_out_of_bounds_ends_the_session() {
    let bad: [(&[u8], u32); 3] = [(b"x", 1), (b"x", u32::MAX), (&[b'x'; cast::PIECE_BYTES + 1], 0)];
    for (piece, index) in bad {
        let (mut rig, _, phone) = staffed();
        let (token, _) = rig.at_console(&phone);
        assert_eq!(refused(rig.unrecorded(Some(&token), true, record(index, piece))), "bounds");
        assert_eq!(rig.ended(), Some(SessionEnd::Unrecorded));
    }
    let (mut rig, _, phone) = staffed();
    let (token, _) = rig.at_console(&phone);
    rig.tapes.full.store(true, Relaxed);
    assert_eq!(refused(rig.piece(Some(&token), b"x")), "storage");
    assert_eq!(refused(rig.unrecorded(Some(&token), true, Admin::Me)), "no-session");
}

#[test]
fn aud_09_a_session_ends_at_the_bound_of_its_recording() {
    let (mut rig, _, phone) = staffed();
    let (token, _) = rig.at_console(&phone);
    let piece = [b'x'; cast::PIECE_BYTES];
    for _ in 0..cast::MAX_BYTES / cast::PIECE_BYTES {
        assert!(matches!(rig.piece(Some(&token), &piece), Answer::Done));
    }
    assert_eq!(refused(rig.piece(Some(&token), b"x")), "bounds");
    assert_eq!(rig.ended(), Some(SessionEnd::Unrecorded));
}

#[test]
fn aud_09_a_console_that_says_nothing_of_itself_is_ended_and_so_is_an_action_without_its_piece() {
    let (mut rig, _, phone) = staffed();
    let (token, _) = rig.at_console(&phone);
    assert_eq!(refused(rig.unrecorded(Some(&token), false, Admin::Overview)), "no-session");
    assert_eq!(rig.ended(), Some(SessionEnd::Unrecorded));
    let (token, _) = rig.at_console(&phone);
    rig.later(i64::try_from(SILENT_MS).unwrap() - 1);
    rig.give(Cmd::Tick);
    assert!(matches!(rig.unrecorded(Some(&token), true, Admin::Me), Answer::Me(_)));
    rig.later(1);
    rig.give(Cmd::Tick);
    assert_eq!(refused(rig.unrecorded(Some(&token), true, Admin::Me)), "no-session");
    let (token, _) = rig.at_console(&phone);
    rig.console(Some(&token), false, Admin::Overview);
    assert_eq!(refused(rig.unrecorded(Some(&token), false, Admin::Overview)), "no-session");
}

#[test]
fn aud_09_a_restart_goes_on_with_the_recording_and_one_that_nobody_goes_on_with_is_closed() {
    let (mut rig, _, phone) = staffed();
    let (token, me) = rig.at_console(&phone);
    rig.piece(Some(&token), b"before");
    let mut rig = rig.restart();
    assert!(matches!(rig.piece(Some(&token), b"after"), Answer::Done));
    let mut rig = rig.restart();
    rig.later(CONSOLE_ABSOLUTE_MS);
    rig.give(Cmd::Tick);
    rig.give(Cmd::Tick);
    assert_eq!(recorded(&rig).map(|(session, pieces, bytes, _)| (session, pieces, bytes)), {
        Some((me.session, 2, 11))
    });
}

#[test]
fn aud_09_the_cut_button_ends_the_consoles_session_and_no_other() {
    let (mut rig, [_, security, audit], phone) = staffed();
    let (token, me) = rig.at_console(&phone);
    let (keeper, keepers) = rig.signed_in(&at(2), &security);
    let (auditor, _) = rig.signed_in(&at(3), &audit);
    rig.piece(Some(&token), b"");
    let cut = |session| Admin::Consoles(ConsoleAsk::Cut { session });
    assert_eq!(rig.page_code(Some(&auditor), &at(3), cut(me.session)), "role");
    assert_eq!(rig.page_code(Some(&keeper), &at(2), cut(keepers.session)), "console-ended");
    assert!(matches!(rig.page(Some(&keeper), &at(2), cut(me.session)), Answer::Done));
    assert_eq!(rig.ended(), Some(SessionEnd::ByAdministrator));
    assert_eq!(refused(rig.unrecorded(Some(&token), true, Admin::Me)), "no-session");
    assert_eq!(rig.page_code(Some(&keeper), &at(2), cut(me.session)), "console-ended");
}

#[test]
fn aud_09_the_auditor_reads_every_session_and_a_supervisor_the_one_that_goes_on() {
    let (mut rig, [_, security, audit], phone) = staffed();
    let (keeper, _) = rig.signed_in(&at(2), &security);
    let watching = supervisor(&mut rig, &keeper);
    let (watcher, _) = rig.signed_in(&at(5), &watching);
    let (auditor, _) = rig.signed_in(&at(3), &audit);
    let (token, me) = rig.at_console(&phone);
    rig.piece(Some(&token), b"x");
    for (reader, host) in [(&auditor, 3), (&keeper, 2), (&watcher, 5)] {
        let view = consoles(&mut rig, reader, host);
        let [row] = view.sessions.as_slice() else { panic!("one session: {view:?}") };
        assert_eq!((row.session, row.person, row.end), (me.session, PersonId(4), None));
        assert_eq!(row.ticket, ServiceTicket::parse("WO-2026/118").unwrap());
    }
    let read = || Admin::Consoles(ConsoleAsk::Read { session: me.session, from: 0 });
    for (reader, host) in [(&auditor, 3), (&watcher, 5)] {
        rig.take();
        rig.post(Some(reader), &at(host), false, read());
        let job = |effect: &Effect| matches!(effect, Effect::Work(Job::Read(ReadJob::Tape { from: 0, .. })));
        assert!(rig.effects.iter().any(job));
        let before = rig.count();
        rig.post(
            Some(reader),
            &at(host),
            true,
            Admin::Consoles(ConsoleAsk::Read { session: me.session, from: 1 }),
        );
        assert_eq!(rig.count(), before, "going on is no look of its own");
        let looked = ConsoleEvent::Read { session: me.session };
        assert!(matches!(rig.newest().event, Event::Console { event } if event == looked));
    }
    rig.console(Some(&token), false, Admin::SignOut);
    rig.give(Cmd::Tick);
    assert!(consoles(&mut rig, &watcher, 5).sessions.is_empty());
    assert_eq!(rig.page_code(Some(&watcher), &at(5), read()), "unknown");
    assert!(consoles(&mut rig, &auditor, 3).sessions[0].end.is_some());
}

#[test]
fn aud_02_a_recording_is_kept_as_long_as_the_ledger_and_then_removed() {
    let (mut rig, _, phone) = staffed();
    let (token, me) = rig.at_console(&phone);
    rig.piece(Some(&token), b"x");
    rig.console(Some(&token), false, Admin::SignOut);
    rig.give(Cmd::Tick);
    rig.later(KEPT_DAYS * DAY_MS);
    rig.give(Cmd::Tick);
    assert!(rig.tapes.each.lock().unwrap().contains_key(&me.session));
    rig.later(1);
    rig.clock.synchronised = false;
    rig.give(Cmd::Tick);
    assert!(rig.tapes.each.lock().unwrap().contains_key(&me.session), "no clock, no removal");
    rig.clock.synchronised = true;
    rig.give(Cmd::Tick);
    assert!(rig.tapes.each.lock().unwrap().is_empty());
    let gone = ConsoleEvent::Expired { session: me.session };
    assert!(matches!(rig.newest().event, Event::Console { event } if event == gone));
}

#[test]
fn acc_04_nobody_but_the_console_gives_a_recording() {
    let (mut rig, [system, ..], phone) = staffed();
    let (page, _) = rig.signed_in(&at(1), &system);
    assert_eq!(rig.page_code(Some(&page), &at(1), record(0, b"x")), "role");
    let (technician, _) = rig.signed_in(&at(7), &phone);
    assert_eq!(rig.page_code(Some(&technician), &at(7), record(0, b"x")), "not-from-here");
    assert!(rig.tapes.each.lock().unwrap().is_empty());
}
