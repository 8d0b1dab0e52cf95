//! Frames of the D channels in both directions, configuring twice, and the alarm of a pulled cable.
//!
//! No data link procedure: the frames are only octets.

use crate::{Outcome, access, open_pair, until};
use card::{AudioReady, CardError, CardEvent, SpanAudio, SpanControl};
use dahdi::{DahdiAudio, DahdiControl, Paths, create_pair};
use idl::spans::{E1Config, LoopKind};
use serde_json::json;
use std::time::Duration;

/// Frames in each direction.
const FRAMES: usize = 200;
/// How long a frame may take, under emulation.
const FRAME_TIME: Duration = Duration::from_secs(3);
/// Turns of audio that are waited for, and the longest wait.
const TURNS: usize = 10;
const TURN: Duration = Duration::from_millis(300);
/// Between opening and the first frame.
const SETTLE: Duration = Duration::from_millis(500);
/// The driver notices a pulled cable within two seconds.
const ALARM_TIME: Duration = Duration::from_secs(5);

pub fn check(paths: &Paths) -> Outcome {
    let mut pair = create_pair(paths, 1)?;
    let [(mut near, mut near_audio), (mut far, far_audio)] = open_pair(paths)?;
    let refused = near.send_frame(&[0, 1]).is_err();
    let e1 = E1Config { echo_canceller: false, timing: 0, ..E1Config::default() };
    for control in [&mut near, &mut far] {
        control.configure(&access(e1))?;
        control.configure(&access(e1))?;
    }
    // A frame that is written before the driver has clocked anything goes out without its opening flag.
    std::thread::sleep(SETTLE);
    let mut damaged = 0;
    let mut lost = Vec::new();
    let mut there = 0;
    let mut back = 0;
    for index in 0..FRAMES {
        let frame: Vec<u8> = (0..4 + index % 257).map(|place| (place * 31 + index) as u8).collect();
        match exchange(&mut near, &mut far, &frame, &mut damaged)? {
            Some(got) if got == frame => there += 1,
            other => lost.push(json!({ "there": index, "got": other })),
        }
        match exchange(&mut far, &mut near, &frame, &mut damaged)? {
            Some(got) if got == frame => back += 1,
            other => lost.push(json!({ "back": index, "got": other })),
        }
    }
    let (alarms_before, counters) = near.status()?;
    let loop_refused = near.set_loop(Some(LoopKind::Local)).is_err();
    let (clocked, _) = still(&mut near_audio);
    drop((far, far_audio));
    pair.pull()?;
    let told = until(ALARM_TIME, || matches!(near.next_event(), Ok(Some(CardEvent::Alarms))).then_some(()));
    let (alarms, _) = near.status()?;
    let (blocks, stands_still) = still(&mut near_audio);
    // The driver takes no span away that has an open channel: both halves let go first.
    near.shutdown()?;
    let let_go = near_audio.wait(TURN) == AudioReady::TimedOut;
    drop(pair);
    let gone = matches!(near.status(), Err(CardError::Gone));
    let frames = there == FRAMES && back == FRAMES && refused;
    let alarm = alarms_before.is_clear() && told.is_some() && alarms.red;
    let passed = frames && alarm && clocked == TURNS && stands_still && let_go && gone;
    Ok(json!({
        "passed": passed, "frames_each_way": FRAMES, "intact_there": there, "intact_back": back,
        "damaged": damaged, "lost": lost,
        "alarms_before": format!("{alarms_before:?}"), "counters": format!("{counters:?}"),
        "alarm_told": told.is_some(), "alarms_after_pull": format!("{alarms:?}"),
        "blocks_of_a_clocked_span": clocked, "blocks_after_pull": blocks, "stands_still_after_pull": stands_still,
        "taken_away_is_seen": gone, "no_frame_before_configuring": refused,
        "loop_refused_by_dynamic_span": loop_refused,
    }))
}

/// Waits for audio some turns: how many blocks came, and whether it stood still at the end.
fn still(audio: &mut DahdiAudio) -> (usize, bool) {
    let ends: Vec<AudioReady> = (0..TURNS).map(|_| audio.wait(TURN)).collect();
    let blocks = ends.iter().filter(|end| **end == AudioReady::Block).count();
    (blocks, ends.last() == Some(&AudioReady::TimedOut))
}

/// What arrives of a frame that one side sends.
fn exchange(
    from: &mut DahdiControl,
    to: &mut DahdiControl,
    frame: &[u8],
    damaged: &mut usize,
) -> Result<Option<Vec<u8>>, CardError> {
    from.send_frame(frame)?;
    let got = until(FRAME_TIME, || match to.next_event() {
        Ok(Some(CardEvent::Frame(got))) => Some(Ok(got)),
        Ok(Some(CardEvent::BadFrame)) => {
            *damaged += 1;
            None
        }
        Ok(_) => None,
        Err(error) => Some(Err(error)),
    });
    got.transpose()
}
