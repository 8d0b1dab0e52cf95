//! Recordings: the purpose first, then the player, its pieces, and nothing to take away.

use crate::rig::{Rig, SOUND, refused};
use crate::samples::{call, card, playing};
use idl::admin::{Admin, Answer, Role};
use idl::views::{CallKind, CallsPage, RecordingView};

fn answers(what: &Admin, _: &[u8]) -> Answer {
    match what {
        Admin::CallsPage { filter, .. } if filter.kind == CallKind::Recorded => {
            let rows = [1, 2, 4].map(call).to_vec();
            Answer::CallsPage(Box::new(CallsPage { rows, next: None }))
        }
        Admin::CallsPage { .. } => Answer::CallsPage(Box::default()),
        Admin::CallCard { call } if call.0 == 2 => Answer::CallCard(Box::new(card(2))),
        Admin::CallCard { call } if call.0 == 4 => {
            let mut card = card(4);
            card.row.recording = RecordingView::Bad;
            Answer::CallCard(Box::new(card))
        }
        Admin::Play { call, purpose } if call.0 == 2 && purpose == "dispute" => {
            Answer::Playing(Box::new(playing()))
        }
        Admin::Play { .. } => refused("plays-many"),
        Admin::PlaySegment { play, index } if play.0 == 99 => match index {
            0 => Answer::Audio { bytes: SOUND.len() as u64 },
            1 => refused("too-fast"),
            2 => Answer::Audio { bytes: 1 },
            _ => refused("played-already"),
        },
        _ => refused("play-ended"),
    }
}

#[tokio::test]
async fn rec_05_a_recording_is_heard_after_its_purpose_was_asked() {
    let rig = Rig::start(Role::Qa, answers).await;
    rig.get("/recordings").await.has(&["href=\"/recordings/2\"", "录音只能在线收听"]);
    rig.get("/recordings?kind=bad").await.has(&["没有异常录音"]);
    rig.get("/recordings/2").await.has(&["收听目的", "value=\"dispute\"", "1:21"]);
    let none = rig.post("/recordings/2", &[]).await;
    assert_eq!(none.status, 422);
    none.has(&["f-purpose-error"]);
    let other = rig.post("/recordings/2", &[("purpose", "curiosity")]).await;
    assert_eq!(other.status, 422);
    assert!(!rig.was_asked(&["Play {"]), "{:?}", rig.asked());
    let many = rig.post("/recordings/2", &[("purpose", "quality")]).await;
    many.has(&["因 plays-many 被拒绝。", "value=\"quality\" checked"]);
    let begun = rig.post("/recordings/2", &[("purpose", "dispute")]).await;
    assert_eq!((begun.status.as_u16(), begun.location()), (303, "/recordings/2/play/99"));
    let page = rig.get("/recordings/2/play/99").await;
    page.has(&[
        "王芳 wang.fang 2026-11-22 09:14:27",
        "data-duration=\"83200\"",
        "viewBox=\"0 0 600 96\"",
        "player.js",
    ]);
    rig.in_english().get("/recordings/2/play/99").await.has(&["customer above, agent below"]);
}

#[tokio::test]
async fn rec_06_pieces_go_to_the_player_alone_and_are_kept_nowhere() {
    let rig = Rig::start(Role::Supervisor, answers).await;
    let piece = rig.get("/recordings/2/play/99/0").await;
    assert_eq!((piece.status.as_u16(), piece.body.as_bytes()), (200, SOUND));
    assert_eq!(piece.header("content-type"), "audio/wav");
    assert_eq!(piece.header("content-disposition"), "inline");
    assert_eq!(piece.header("cache-control"), "no-store");
    for (index, status) in [(1, 422), (2, 500), (3, 422)] {
        assert_eq!(rig.get(&format!("/recordings/2/play/99/{index}")).await.status, status, "{index}");
    }
}

#[tokio::test]
async fn a_hearing_nobody_began_here_asks_for_its_purpose_again() {
    let rig = Rig::start(Role::Qa, answers).await;
    assert_eq!(rig.get("/recordings/2/play/98").await.location(), "/recordings/2");
}

#[tokio::test]
async fn a_bad_recording_is_not_offered_and_who_may_not_hear_is_refused() {
    let rig = Rig::start(Role::Qa, answers).await;
    let page = rig.get("/recordings/4").await;
    page.has(&["该通话没有可收听的录音"]);
    page.lacks(&["name=\"purpose\""]);
    let manager = Rig::start(Role::Manager, answers).await;
    assert_eq!(manager.get("/recordings").await.status, 403);
    assert_eq!(manager.get("/recordings/2").await.status, 403);
    assert_eq!(manager.post("/recordings/2", &[("purpose", "quality")]).await.status, 403);
    assert_eq!(manager.get("/recordings/2/play/99/0").await.status, 403);
    assert!(manager.asked().is_empty(), "{:?}", manager.asked());
}
