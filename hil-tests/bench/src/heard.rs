//! What the recordings of a campaign hold and lack: each is opened with its key and read to its end.
//!
//! A callee who hangs up stops speaking before we know: what lacks in the last moments of a recording is told
//! apart from what lacks before.

use crate::rig::Rig;
use crate::spread::spread;
use anyhow::Context;
use recording::{Chunk, Decoder, FRAME_MS, FRAMES_PER_CHUNK};
use serde_json::{Value, json};
use std::fs::File;
use std::io::BufReader;
use vocab::CampaignId;

/// Missing frames of one side of all recordings.
#[derive(Debug, Default)]
struct Missing {
    before: u64,
    at_the_end: u64,
    calls: u64,
}

impl Missing {
    fn add(&mut self, frames: &[bool]) {
        let end = frames.len().saturating_sub(END_FRAMES);
        let count = |part: &[bool]| part.iter().filter(|missing| **missing).count() as u64;
        self.before += count(&frames[..end]);
        self.at_the_end += count(&frames[end..]);
        self.calls += u64::from(frames.contains(&true));
    }

    fn report(&self) -> Value {
        json!({
            "frames": self.before + self.at_the_end, "frames_before_the_last_100_ms": self.before,
            "ms_before_the_last_100_ms": self.before * FRAME_MS, "calls_with_any": self.calls,
        })
    }
}

/// One recording.
struct Held {
    callee: Vec<bool>,
    ours: Vec<bool>,
    closed: bool,
}

/// Reads every recording of a campaign.
///
/// # Errors
/// If one cannot be read or was altered.
pub fn recordings(rig: &mut Rig, campaign: CampaignId) -> anyhow::Result<Value> {
    let calls: Vec<_> = rig.sut.calls().into_iter().filter(|call| call.campaign == campaign).collect();
    let (mut callee, mut ours) = (Missing::default(), Missing::default());
    let (mut closed, mut frames, mut beyond) = (0, 0, Vec::new());
    for call in &calls {
        let exported = rig.sut.recording(call.call);
        let held = read(&exported).with_context(|| format!("the recording of {}", call.call))?;
        closed += u64::from(held.closed);
        frames += held.callee.len() as u64;
        callee.add(&held.callee);
        ours.add(&held.ours);
        if let (Some(answered), Some(ended)) = (call.answered_at, call.ended_at) {
            let recorded_ms = held.callee.len() as u64 * FRAME_MS;
            beyond.push(ended.since(answered) as f64 - BEFORE_RECORDING_MS - recorded_ms as f64);
        }
    }
    Ok(json!({
        "files": calls.len(), "whole": closed, "frames_of_20_ms": frames, "ms": frames * FRAME_MS,
        "missing_of_the_callee": callee.report(), "missing_of_our_side": ours.report(),
        "ms_by_the_clock_beyond_the_recording": spread(beyond),
    }))
}

fn read(exported: &e2e::Exported) -> anyhow::Result<Held> {
    let mut decoder = Decoder::new(BufReader::new(File::open(&exported.file)?), &exported.key)?;
    let (mut callee, mut ours) = (Vec::new(), Vec::new());
    let closed = loop {
        let before = decoder.totals().duration_ms;
        let (left, right) = match decoder.next_chunk()? {
            Chunk::Audio { gaps_left, gaps_right, .. } => (gaps_left, gaps_right),
            Chunk::Closed(_) => break true,
            Chunk::Cut(_) => break false,
        };
        let frames = (decoder.totals().duration_ms - before) / FRAME_MS;
        let bits = |map: u64| (0..frames).map(move |at| map >> at & 1 == 1);
        callee.extend(bits(left));
        ours.extend(bits(right));
    };
    Ok(Held { callee, ours, closed })
}

/// The last 100 ms.
const END_FRAMES: usize = 5;
/// The measured scripts' identification and notice.
const BEFORE_RECORDING_MS: f64 = 600.0;

const _: () = assert!(FRAMES_PER_CHUNK <= 64, "a gap map holds a chunk");

#[cfg(test)]
mod tests {
    use super::Missing;

    #[test]
    fn what_lacks_at_the_end_is_counted_apart() {
        let mut missing = Missing::default();
        missing.add(&[true, false, false, false, false, false, true]);
        missing.add(&[true, false]);
        missing.add(&[]);
        assert_eq!((missing.before, missing.at_the_end, missing.calls), (1, 2, 2));
    }
}
