//! B channels: a known signal on all thirty of them, both ways at once, octet by octet. Nothing is interpreted as
//! speech here.

use crate::report::Report;
use crate::rig::Rig;
use anyhow::{Context, ensure};
use card::{AudioReady, SLOT_BLOCK, SpanAudio, SpanControl};
use dahdi::DahdiAudio;
use idl::spans::D_CHANNEL;
use std::cell::OnceCell;
use std::collections::HashMap;
use std::time::{Duration, Instant};
use vocab::Timeslot;

/// Opens all B channels and compares what arrives with what was sent.
pub fn run(report: &mut Report) -> anyhow::Result<()> {
    let (mut rig, _) = report.step("two spans are up", || {
        let mut rig = Rig::pri()?;
        let told = rig.clear()?;
        Ok((rig, told))
    })?;
    report.step("thirty channels each way carry every octet unchanged", || {
        let mut told = Vec::new();
        for _ in 0..ATTEMPTS {
            let found = exchange(&mut rig)?;
            told.push(found.iter().map(Found::told).collect::<Vec<_>>().join("; "));
            let told = told.join(" | ");
            ensure!(found.iter().all(|found| found.begin == 0), "the begin is missing: {told}");
            if found.iter().all(Found::exact) {
                return Ok(told);
            }
            ensure!(found.iter().all(|found| found.exact() || found.excused()), "{told}");
        }
        // No undisturbed stretch on this machine now: every gap was the machine's and was counted, no octet changed.
        Ok(told.join(" | "))
    })?;
    report.step("both are without alarm", || {
        for end in &mut rig.ends {
            let (alarms, counters) = end.control.status()?;
            ensure!(alarms.is_clear(), "{alarms:?} {counters:?}");
        }
        Ok(())
    })
}

/// What one end received.
#[derive(Debug, Default)]
pub struct Found {
    octets: usize,
    /// Octets of the signal's begin that never came.
    begin: usize,
    wrong: usize,
    missing: usize,
    inserted: usize,
    lost: u32,
    delay_ms: usize,
    late_us: u64,
}

impl Found {
    /// Every octet came, once, as it was sent.
    pub fn exact(&self) -> bool {
        self.wrong + self.missing + self.inserted == 0 && self.lost == 0
    }

    /// What came is what was sent, in its order; where something is missing it is whole.
    pub fn unchanged(&self) -> bool {
        self.wrong == 0 && self.octets > 0
    }

    /// What is not exact is explained: the guest stood still, and the product has counted it.
    fn excused(&self) -> bool {
        self.unchanged() && self.lost > 0 && self.late_us > STARVED_US
    }

    /// In words.
    pub fn told(&self) -> String {
        format!(
            "{} octets, begin after {}, {} wrong, {} missing, {} inserted, {} blocks lost, delay {} ms, longest turn {} ms",
            self.octets,
            self.begin,
            self.wrong,
            self.missing,
            self.inserted,
            self.lost,
            self.delay_ms,
            self.late_us / 1_000
        )
    }
}

/// Both ends at once, each by a thread as in the product.
fn exchange(rig: &mut Rig) -> anyhow::Result<[Found; 2]> {
    let [near, far] = &mut rig.ends;
    std::thread::scope(|scope| {
        let far = scope.spawn(|| talk(&mut far.audio, &b_channels(), 2, 1));
        let near = talk(&mut near.audio, &b_channels(), 1, 2);
        let far = far.join().map_err(|_| anyhow::anyhow!("the thread of the second span ended"))?;
        Ok([near?, far?])
    })
}

/// Sends the known signal of one direction on these slots and compares what comes with that of the other.
pub fn talk(audio: &mut DahdiAudio, slots: &[Timeslot], own: u8, other: u8) -> anyhow::Result<Found> {
    let lost_before = audio.lost_blocks();
    let mut received: Vec<Vec<u8>> = (0..32).map(|_| Vec::with_capacity(TURNS * SLOT_BLOCK)).collect();
    for &slot in slots {
        audio.set_open(slot, true)?;
    }
    let mut found = Found::default();
    let mut block = [0; SLOT_BLOCK];
    let mut since = Instant::now();
    for turn in 0..TURNS {
        ensure!(audio.wait(TURN_LIMIT) == AudioReady::Block, "the span stands still in turn {turn}");
        found.late_us = found.late_us.max(u64::try_from(since.elapsed().as_micros())?);
        since = Instant::now();
        for &slot in slots {
            if audio.read(slot, &mut block) {
                received[usize::from(slot.0)].extend_from_slice(&block);
            }
            for (at, octet) in block.iter_mut().enumerate() {
                *octet = signal(own, slot, turn * SLOT_BLOCK + at);
            }
            audio.write(slot, &block);
        }
        audio.flush();
    }
    found.lost = audio.lost_blocks() - lost_before;
    for &slot in slots {
        audio.set_open(slot, false)?;
        compare(other, slot, &received[usize::from(slot.0)], &mut found)
            .with_context(|| format!("slot {}", slot.0))?;
    }
    Ok(found)
}

/// Aligns what was received with what was sent, then goes on octet by octet; where they part they are aligned anew,
/// and what lies between is counted.
fn compare(other: u8, slot: Timeslot, received: &[u8], found: &mut Found) -> anyhow::Result<()> {
    let signal: Vec<u8> = (0..TURNS * SLOT_BLOCK).map(|at| signal(other, slot, at)).collect();
    // Only looked up where octets are missing: on most machines never.
    let places: OnceCell<HashMap<&[u8], usize>> = OnceCell::new();
    let place = |at: usize| {
        let places = places.get_or_init(|| signal.windows(ALIGN).zip(0..).collect());
        received.get(at..at + ALIGN).and_then(|part| places.get(part)).copied()
    };
    let begin = received.windows(ALIGN).position(|part| Some(part) == signal.get(..ALIGN));
    let mut at =
        begin.or_else(|| (0..received.len()).find(|at| place(*at).is_some())).context("no signal came")?;
    let mut sent = if begin.is_some() { 0 } else { place(at).unwrap_or_default() };
    found.delay_ms = found.delay_ms.max(at.saturating_sub(sent) / 8);
    found.begin = found.begin.max(sent);
    let end = received.len().min(at + (TURNS - TAIL) * SLOT_BLOCK);
    while at < end {
        if received.get(at) == signal.get(sent) {
            found.octets += 1;
            (at, sent) = (at + 1, sent + 1);
            continue;
        }
        let Some(again) = (at..received.len()).find(|at| place(*at).is_some_and(|place| place >= sent))
        else {
            break;
        };
        let place = place(again).unwrap_or(sent);
        if again - at == place - sent {
            found.wrong += again - at;
        } else {
            found.missing += place - sent;
            found.inserted += again - at;
        }
        (at, sent) = (again, place);
    }
    Ok(())
}

/// The known signal: every octet depends on the direction, the slot and the place.
fn signal(direction: u8, slot: Timeslot, at: usize) -> u8 {
    let mut word = (at as u32) ^ (u32::from(slot.0) << 24) ^ (u32::from(direction) << 29);
    word = (word ^ (word >> 16)).wrapping_mul(0x7feb_352d);
    word = (word ^ (word >> 15)).wrapping_mul(0x846c_a68b);
    (word ^ (word >> 16)) as u8
}

/// All B channels of a span.
pub fn b_channels() -> Vec<Timeslot> {
    (1..=31).map(Timeslot).filter(|slot| *slot != D_CHANNEL).collect()
}

/// Blocks of 20 ms: six seconds.
const TURNS: usize = 300;
/// Blocks at the end that are still on their way.
const TAIL: usize = 30;
/// Octets that tell a place in the signal.
const ALIGN: usize = 12;
/// A turn that takes longer has used up what is buffered ahead: the machine did not let the guest run.
const STARVED_US: u64 = 38_000;
const TURN_LIMIT: Duration = Duration::from_secs(5);
const ATTEMPTS: usize = 3;
