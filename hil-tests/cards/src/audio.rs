//! B channels: a known signal on all thirty of them, both ways at once, octet by octet. Nothing is interpreted as
//! speech here.

use crate::report::Report;
use crate::rig::{End, Rig};
use anyhow::{Context, ensure};
use card::{AudioReady, SLOT_BLOCK, SpanAudio, SpanControl};
use idl::spans::D_CHANNEL;
use std::time::{Duration, Instant};
use vocab::Timeslot;

/// Opens all B channels and compares what arrives with what was sent.
pub fn run(report: &mut Report) -> anyhow::Result<()> {
    let (mut rig, _) = report.step("two spans are up", || {
        let mut rig = Rig::pri()?;
        let told = rig.clear()?;
        Ok((rig, told))
    })?;
    let mut last = None;
    for attempt in 1..=ATTEMPTS {
        let found = exchange(&mut rig)?;
        let exact = found.iter().all(|found| found.missing == 0 && found.lost == 0);
        last = Some(found);
        if exact || attempt == ATTEMPTS {
            break;
        }
        // The whole machine stood still for longer than the driver's buffers hold: tried again, and told.
        eprintln!("attempt {attempt}: {last:?}");
    }
    report.step("thirty channels each way carry every octet unchanged", || {
        let found = last.context("nothing was exchanged")?;
        let told: Vec<String> = found.iter().map(Found::told).collect();
        let told = told.join("; ");
        ensure!(found.iter().all(|found| found.wrong == 0), "octets were changed: {told}");
        ensure!(
            found.iter().all(|found| found.missing == 0 && found.lost == 0),
            "octets are missing: {told}"
        );
        Ok(told)
    })?;
    report.step("both are without alarm, and no block was lost", || {
        for end in &mut rig.ends {
            let (alarms, counters) = end.control.status()?;
            ensure!(alarms.is_clear(), "{alarms:?} {counters:?}");
        }
        Ok(())
    })
}

/// What one end received.
#[derive(Debug, Default)]
struct Found {
    octets: usize,
    wrong: usize,
    missing: usize,
    lost: u32,
    delay_ms: usize,
    late_us: u64,
}

impl Found {
    fn told(&self) -> String {
        format!(
            "{} octets, {} wrong, {} missing, {} blocks lost, delay {} ms, longest turn {} ms",
            self.octets,
            self.wrong,
            self.missing,
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
        let far = scope.spawn(|| talk(far, 2, 1));
        let near = talk(near, 1, 2);
        let far = far.join().map_err(|_| anyhow::anyhow!("the thread of the second span ended"))?;
        Ok([near?, far?])
    })
}

fn talk(end: &mut End, own: u8, other: u8) -> anyhow::Result<Found> {
    let lost_before = end.audio.lost_blocks();
    let mut received: Vec<Vec<u8>> = vec![Vec::with_capacity(TURNS * SLOT_BLOCK); 32];
    for slot in b_channels() {
        end.audio.set_open(slot, true)?;
    }
    let mut found = Found::default();
    let mut block = [0; SLOT_BLOCK];
    let mut since = Instant::now();
    for turn in 0..TURNS {
        ensure!(end.audio.wait(TURN_LIMIT) == AudioReady::Block, "the span stands still in turn {turn}");
        found.late_us = found.late_us.max(u64::try_from(since.elapsed().as_micros())?);
        since = Instant::now();
        for slot in b_channels() {
            if end.audio.read(slot, &mut block) {
                received[usize::from(slot.0)].extend_from_slice(&block);
            }
            for (at, octet) in block.iter_mut().enumerate() {
                *octet = signal(own, slot, turn * SLOT_BLOCK + at);
            }
            end.audio.write(slot, &block);
        }
        end.audio.flush();
    }
    found.lost = end.audio.lost_blocks() - lost_before;
    for slot in b_channels() {
        end.audio.set_open(slot, false)?;
        compare(other, slot, &received[usize::from(slot.0)], &mut found)
            .with_context(|| format!("slot {}", slot.0))?;
    }
    Ok(found)
}

/// Aligns what was received with what was sent, then goes on octet by octet; a gap is aligned anew and counted.
fn compare(other: u8, slot: Timeslot, received: &[u8], found: &mut Found) -> anyhow::Result<()> {
    let window = |sent: usize, at: usize| {
        let part = received.get(at..at + ALIGN).unwrap_or_default();
        part.len() == ALIGN
            && part.iter().enumerate().all(|(i, octet)| *octet == signal(other, slot, sent + i))
    };
    let begin = (0..received.len()).find(|at| window(0, *at)).context("the signal's begin never came")?;
    found.delay_ms = found.delay_ms.max(begin / 8);
    let (mut sent, mut at) = (0, begin);
    let end = received.len().min(begin + (TURNS - TAIL) * SLOT_BLOCK);
    while at < end {
        if received.get(at).is_some_and(|octet| *octet == signal(other, slot, sent)) {
            found.octets += 1;
        } else if let Some(skipped) = (1..GAP).find(|skipped| window(sent + skipped, at)) {
            found.missing += skipped;
            sent += skipped;
            continue;
        } else {
            found.wrong += 1;
        }
        at += 1;
        sent += 1;
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

fn b_channels() -> impl Iterator<Item = Timeslot> {
    (1..=31).map(Timeslot).filter(|slot| *slot != D_CHANNEL)
}

/// Blocks of 20 ms: six seconds.
const TURNS: usize = 300;
/// Blocks at the end that are still on their way.
const TAIL: usize = 30;
/// Octets that tell a place in the signal.
const ALIGN: usize = 24;
/// Longest gap that is aligned anew: a second.
const GAP: usize = 8_000;
const TURN_LIMIT: Duration = Duration::from_secs(5);
const ATTEMPTS: usize = 3;
