//! The player: seams, positions, interruption, loop. No media session.

use super::{Clip, ClipRole, ListId, PlayEvent, Player, Playlist, Position, PromptId};
use crate::g711::Law;
use crate::units::FRAME_SAMPLES;

fn clip(id: u32, samples: usize, octet: u8) -> Clip {
    Clip { id: PromptId(id), role: ClipRole::Body, law: Law::A, audio: vec![octet; samples].into() }
}

fn list(clips: &[Clip]) -> Playlist {
    let mut list = Playlist::new(ListId(1));
    for clip in clips {
        list.push(clip.clone()).expect("room");
    }
    list
}

fn frame(player: &mut Player) -> (Option<[u8; FRAME_SAMPLES]>, Vec<PlayEvent>) {
    let mut out = [0; FRAME_SAMPLES];
    let mut events = Vec::new();
    let some = player.next_frame(Law::A, &mut out, |event| events.push(event));
    (some.then_some(out), events)
}

#[test]
fn clips_follow_without_a_seam_and_each_end_is_told_in_its_frame() {
    let mut player = Player::default();
    assert_eq!(player.play(list(&[clip(7, 200, 1), clip(8, 40, 2)])), None);
    let (first, events) = frame(&mut player);
    assert_eq!(first, Some([1; FRAME_SAMPLES]));
    assert_eq!(events.len(), 1, "started only");
    assert_eq!(player.position().map(|p| (p.prompt, p.offset)), Some((PromptId(7), 160)));
    let (second, events) = frame(&mut player);
    let second = second.expect("a frame");
    assert_eq!(second[..40], [1; 40]);
    assert_eq!(second[40..80], [2; 40]);
    assert_eq!(second[80..], [Law::A.silence(); 80]);
    assert!(matches!(
        events[..],
        [
            PlayEvent::Finished(Position { prompt: PromptId(7), offset: 200, .. }, _),
            PlayEvent::Started(Position { prompt: PromptId(8), .. }, _),
            PlayEvent::Finished(Position { prompt: PromptId(8), offset: 40, .. }, _),
            PlayEvent::ListFinished(ListId(1)),
        ]
    ));
    assert_eq!(frame(&mut player).0, None);
}

#[test]
fn a_pre_empted_list_tells_where_it_was_cut() {
    let mut player = Player::default();
    player.play(list(&[clip(7, 1_000, 1)]));
    frame(&mut player);
    frame(&mut player);
    let cut = player.play(list(&[clip(9, 160, 3)]));
    assert!(matches!(
        cut,
        Some(PlayEvent::Interrupted(Position { prompt: PromptId(7), offset: 320, .. }, _))
    ));
    assert_eq!(frame(&mut player).0, Some([3; FRAME_SAMPLES]));
}

#[test]
fn a_looped_list_never_ends_by_itself() {
    let mut player = Player::default();
    player.play(list(&[clip(7, 100, 1)]).looped());
    for _ in 0..50 {
        assert_eq!(frame(&mut player).0, Some([1; FRAME_SAMPLES]));
    }
    assert!(matches!(player.stop(), Some(PlayEvent::Interrupted(..))));
    assert_eq!(frame(&mut player).0, None);
}

#[test]
fn an_empty_list_plays_nothing_and_a_full_one_refuses_more() {
    let mut player = Player::default();
    player.play(list(&[]));
    assert_eq!(frame(&mut player).0, None);
    let mut full = list(&vec![clip(1, 1, 1); super::MAX_PROMPTS]);
    assert!(full.push(clip(2, 1, 1)).is_err());
}
