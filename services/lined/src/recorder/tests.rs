//! The recorder against a folder, with blocks as the media threads hand them over.

use super::{Recorder, RecorderEvent, recording_path};
use crate::voice::{Block, Recorded, RecorderEnd};
use idl::lines::RecordingClosed;
use media::Law;
use media::call::TapFrame;
use std::path::Path;
use tokio::sync::mpsc;
use vocab::{CallId, ObjectHash, Secret};

struct Desk {
    recorder: Recorder,
    recorded: rtrb::Producer<Recorded>,
    _empty: rtrb::Consumer<Box<Block>>,
    events: mpsc::Receiver<RecorderEvent>,
}

fn desk(folder: &Path) -> Desk {
    let (recorded, incoming) = rtrb::RingBuffer::new(64);
    let (empty, spare) = rtrb::RingBuffer::new(64);
    let (sender, events) = mpsc::channel(64);
    let ends = vec![RecorderEnd { recorded: incoming, empty }];
    let recorder = Recorder::start(folder, ends, sender).expect("threads");
    Desk { recorder, recorded, _empty: spare, events }
}

fn key() -> Secret<[u8; 32]> {
    Secret::new([5; 32])
}

fn block(frames: usize, left_missing: u16) -> Box<Block> {
    let mut block = Block::boxed();
    let tap = TapFrame { law: Law::A, left: [1; 160], right: [2; 160], left_missing, right_missing: 0 };
    for _ in 0..frames {
        block.push(&tap);
    }
    block
}

#[test]
fn a_recording_is_closed_with_its_totals_and_decodes_to_what_was_heard() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut desk = desk(folder.path());
    desk.recorder.open(CallId(1), key(), ObjectHash([6; 32])).expect("asked");
    assert_eq!(desk.events.blocking_recv(), Some(RecorderEvent::Opened { call: CallId(1) }));
    for (frames, missing) in [(50, 0), (50, 160), (7, 40)] {
        desk.recorded.push(Recorded::Block { call: CallId(1), block: block(frames, missing) }).expect("room");
    }
    desk.recorded.push(Recorded::End { call: CallId(1), expected_ms: 2_150 }).expect("room");
    let Some(RecorderEvent::Closed { written: Some(written), .. }) = desk.events.blocking_recv() else {
        panic!("it is closed")
    };
    let bytes = std::fs::metadata(recording_path(folder.path(), CallId(1))).expect("a file").len();
    let expected = RecordingClosed {
        duration_ms: 2_140,
        expected_ms: 2_150,
        gaps_customer_ms: 1_000,
        gaps_agent_ms: 0,
        bytes,
    };
    assert_eq!(written, expected);
    let file = std::fs::File::open(recording_path(folder.path(), CallId(1))).expect("a file");
    let report = recording::verify(file, &key(), Some(2_150)).expect("readable");
    assert_eq!((report.duration_ms, report.closed), (2_140, true), "{report:?}");
}

#[test]
fn rec_03_no_clear_audio_reaches_the_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut desk = desk(folder.path());
    desk.recorder.open(CallId(1), key(), ObjectHash([6; 32])).expect("asked");
    desk.events.blocking_recv();
    desk.recorded.push(Recorded::Block { call: CallId(1), block: block(50, 0) }).expect("room");
    desk.recorded.push(Recorded::End { call: CallId(1), expected_ms: 1_000 }).expect("room");
    desk.events.blocking_recv();
    let bytes = std::fs::read(recording_path(folder.path(), CallId(1))).expect("a file");
    assert!(!bytes.windows(16).any(|window| window == [1, 2].repeat(8)));
}

#[test]
fn rec_02_a_file_that_is_there_already_is_never_written_over() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(recording_path(folder.path(), CallId(1)), b"of another life").expect("written");
    let mut desk = desk(folder.path());
    desk.recorder.open(CallId(1), key(), ObjectHash([6; 32])).expect("asked");
    assert_eq!(desk.events.blocking_recv(), Some(RecorderEvent::Failed { call: CallId(1) }));
    let kept = std::fs::read(recording_path(folder.path(), CallId(1))).expect("the file");
    assert_eq!(kept, b"of another life");
}

#[test]
fn of_a_call_without_media_no_file_stays() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut desk = desk(folder.path());
    desk.recorder.open(CallId(1), key(), ObjectHash([6; 32])).expect("asked");
    desk.events.blocking_recv();
    desk.recorder.discard(CallId(1)).expect("asked");
    let closed = RecorderEvent::Closed { call: CallId(1), written: None };
    assert_eq!(desk.events.blocking_recv(), Some(closed));
    assert!(!recording_path(folder.path(), CallId(1)).exists());
}
