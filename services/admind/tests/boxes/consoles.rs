//! Recorded sessions of the serial console: the list, one as a replay and as text, the one that goes on, its end.

use crate::rig::{Rig, refused};
use crate::samples::NOW;
use cast::Tape;
use http::StatusCode;
use idl::account::{ServiceTicket, SessionId};
use idl::admin::{Admin, Answer, Role};
use idl::views::{ConsoleAsk, ConsoleEnd, ConsolePiece, ConsoleSession, ConsolesView};
use vocab::{PersonId, Pii};

const ENDED: SessionId = SessionId(41);
const RUNNING: SessionId = SessionId(77);
/// Of another format.
const BROKEN: SessionId = SessionId(13);

fn session(session: SessionId) -> ConsoleSession {
    let end = ConsoleEnd { at: NOW, pieces: 2, bytes: 4_096, length_ms: 83_000, sha256: [0xe5; 32] };
    ConsoleSession {
        session,
        person: PersonId(4),
        name: "赵*".to_owned(),
        ticket: ServiceTicket::parse("WO-2026/118").unwrap(),
        since: NOW.plus(-90_000),
        end: (session != RUNNING).then_some(end),
    }
}

/// A recording in two pieces.
fn pieces() -> [Vec<u8>; 2] {
    let mut tape = Tape::begin(0, 1_795_310_000);
    tape.shown(0, "\u{1b}[2J\u{1b}[H\u{1b}[0;7m Ringfence \u{1b}[0m<b>menu</b>");
    let first = tape.take().unwrap();
    tape.typed(4_000, "1");
    tape.shown(4_100, "\u{1b}[2;1H\u{1b}[0;1;31mDOWN\u{1b}[0m");
    [first, tape.take().unwrap()]
}

fn answers(what: &Admin, _: &[u8]) -> Answer {
    let Admin::Consoles(ask) = what else { return refused("unknown") };
    match ask {
        ConsoleAsk::Look { before: None } => Answer::Consoles(Box::new(ConsolesView {
            sessions: vec![session(RUNNING), session(ENDED)],
            next: Some(ENDED),
        })),
        ConsoleAsk::Look { .. } => Answer::Consoles(Box::default()),
        ConsoleAsk::Read { session: BROKEN, .. } => Answer::ConsolePiece(Box::new(ConsolePiece {
            bytes: Pii::new(b"{}\n".to_vec()),
            next: 1,
            more: false,
            of: session(BROKEN),
        })),
        ConsoleAsk::Read { session: of, from } if [ENDED, RUNNING].contains(of) => {
            let piece = pieces().get(*from as usize).cloned();
            Answer::ConsolePiece(Box::new(ConsolePiece {
                next: (from + 1).min(2),
                more: *from == 0,
                bytes: Pii::new(piece.unwrap_or_default()),
                of: session(*of),
            }))
        }
        ConsoleAsk::Cut { session: RUNNING } => Answer::Done,
        ConsoleAsk::Cut { .. } => refused("console-ended"),
        _ => refused("unknown"),
    }
}

async fn rig(role: Role) -> Rig {
    Rig::start(role, answers).await
}

#[tokio::test]
async fn aud_09_the_list_says_ticket_person_begin_and_end_to_those_who_may() {
    for role in [Role::SecurityAdmin, Role::AuditAdmin, Role::Supervisor] {
        let page = rig(role).await.get("/consoles").await;
        page.has(&[
            "WO-2026/118",
            "赵*",
            "2026-11-22 09:1",
            "进行中",
            "已结束",
            "1:23",
            "href=\"/consoles/77\"",
        ]);
        page.has(&["aria-current=\"page\"", "/consoles?before=41"]);
    }
    let english = rig(Role::AuditAdmin).await.in_english().get("/consoles?before=41").await;
    english.has(&["No session of the console"]);
}

#[tokio::test]
async fn aud_09_a_session_that_ended_is_a_replay_and_readable_without_script() {
    let rig = rig(Role::AuditAdmin).await;
    let page = rig.get("/consoles/41").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    page.has(&["data-cast=\"/consoles/41/cast\"", "/console.js\"", &"e5".repeat(32), "4.0 KiB"]);
    page.has(&["登录后的屏幕", "键入：1", "&#60;b&#62;menu&#60;/b&#62;\nDOWN", "0:04"]);
    page.lacks(&["<b>menu", "data-live-from=\"/consoles", "/cut\""]);
    let cast = rig.get("/consoles/41/cast").await;
    assert_eq!(cast.header("content-type"), "application/x-asciicast");
    assert_eq!(cast.body.as_bytes(), pieces().concat());
    rig.get("/consoles/41?from=1").await.lacks(&["登录后的屏幕"]);
    assert_eq!(rig.get("/consoles/9").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn aud_09_the_session_that_goes_on_shows_its_screen_and_its_cut_button_to_those_who_may_cut() {
    let supervisor = rig(Role::Supervisor).await;
    let page = supervisor.get("/consoles/77").await;
    page.has(&[
        "data-live-from=\"/consoles/77/live\"",
        "data-live=\"screen\"",
        "action=\"/consoles/77/cut\"",
    ]);
    page.has(&[
        "<span class=\"term-reversed\"> Ringfence </span>",
        "<span class=\"term-red term-bold\">DOWN</span>",
    ]);
    let done = supervisor.post("/consoles/77/cut", &[]).await;
    assert_eq!((done.status, done.location()), (StatusCode::SEE_OTHER, "/consoles"));
    assert!(supervisor.was_asked(&["Cut", "77"]));
    supervisor.get("/consoles").await.has(&["会话已终止。"]);
    supervisor.post("/consoles/41/cut", &[]).await;
    supervisor.get("/consoles").await.has(&["console-ended"]);
    let auditor = rig(Role::AuditAdmin).await.get("/consoles/77").await;
    auditor.has(&["data-live=\"screen\""]);
    auditor.lacks(&["/cut\""]);
}

#[tokio::test]
async fn a_recording_that_cannot_be_read_says_so_and_still_shows_what_is_known_of_it() {
    let page = rig(Role::SecurityAdmin).await.get("/consoles/13").await;
    page.has(&["录制内容不是可读的格式", "WO-2026/118", &"e5".repeat(32)]);
}
