//! Audio on thirty B channels of two cross-connected spans: every octet one side sends is looked for at the other.
//!
//! A thread for each span, as in the product.

use crate::{Half, Outcome, access, open_pair};
use card::{AudioReady, SLOT_BLOCK, SpanAudio, SpanControl};
use dahdi::{Paths, create_pair};
use idl::spans::{D_CHANNEL, E1_TIMESLOTS, E1Config};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use vocab::Timeslot;

/// The driver loses pieces of a millisecond; how many of them on a stream is searched for, and by how many octets.
const STEP: u32 = 8;
const SEARCH: u32 = 1_000;
const WINDOW: usize = 24;
/// A-law silence.
const SILENCE: u8 = 0xd5;
/// What a clear channel sends that nobody has open.
const NOT_OPEN: u8 = 0xff;

/// The octets of one slot as they were sent, found again.
#[derive(Default, Clone)]
struct Listener {
    next: Option<u32>,
    in_order: u64,
    inserted: u64,
    lost: u64,
    gaps: u64,
    strange: u64,
    unplaced: u64,
}

/// What one span's thread saw.
struct Seen {
    blocks: u64,
    empty: u64,
    timed_out: u64,
    longest_wait_ms: u128,
    seconds: f64,
    lost_blocks: u32,
    listeners: Vec<Listener>,
}

pub fn check(paths: &Paths, seconds: u64) -> Outcome {
    let _pair = create_pair(paths, 3)?;
    let [mut near, mut far] = open_pair(paths)?;
    let e1 = E1Config { echo_canceller: false, timing: 0, ..E1Config::default() };
    for half in [&mut near, &mut far] {
        half.0.configure(&access(e1))?;
    }
    let d_channel_refused = near.1.set_open(D_CHANNEL, true).is_err();
    let until = Instant::now() + Duration::from_secs(seconds);
    let threads = [near, far].map(|half| std::thread::spawn(move || run(half, until)));
    let mut sides = Vec::new();
    for thread in threads {
        sides.push(thread.join().map_err(|_| "a media thread ended")??);
    }
    let echo = echo_canceller(paths)?;
    let counted: u64 = sides.iter().filter_map(|side| side["lost_blocks_counted"].as_u64()).sum();
    let whole = sides.iter().all(|side| side["whole"] == json!(true));
    let heard = sides.iter().all(|side| side["heard"] == json!(true));
    // A machine that stood still loses audio, but none that was not counted.
    let passed = d_channel_refused && heard && (whole || counted > 0) && echo;
    Ok(json!({ "passed": passed, "d_channel_carries_no_audio": d_channel_refused, "sides": sides,
        "echo_canceller_turned_on_and_off": echo }))
}

/// One span's media thread.
fn run((mut control, mut audio): Half, until: Instant) -> Result<Value, card::CardError> {
    let slots: Vec<Timeslot> = (1..=E1_TIMESLOTS).map(Timeslot).filter(|slot| *slot != D_CHANNEL).collect();
    for slot in &slots {
        audio.set_open(*slot, true)?;
    }
    let began = Instant::now();
    let mut seen = Seen {
        blocks: 0,
        empty: 0,
        timed_out: 0,
        longest_wait_ms: 0,
        seconds: 0.0,
        lost_blocks: 0,
        listeners: vec![Listener::default(); slots.len()],
    };
    let mut sent = 0_u32;
    let mut block = [0; SLOT_BLOCK];
    while Instant::now() < until {
        let waited = Instant::now();
        match audio.wait(Duration::from_millis(200)) {
            AudioReady::Block => {}
            AudioReady::TimedOut => {
                seen.timed_out += 1;
                continue;
            }
            AudioReady::Gone => break,
        }
        seen.longest_wait_ms = seen.longest_wait_ms.max(waited.elapsed().as_millis());
        seen.blocks += 1;
        for (slot, listener) in slots.iter().zip(&mut seen.listeners) {
            if audio.read(*slot, &mut block) {
                listener.hear(&block, slot.0);
            } else {
                seen.empty += 1;
            }
            for (place, octet) in (0..).zip(&mut block) {
                *octet = octet_of(sent.wrapping_add(place), slot.0);
            }
            audio.write(*slot, &block);
        }
        sent = sent.wrapping_add(SLOT_BLOCK as u32);
        audio.flush();
    }
    seen.seconds = began.elapsed().as_secs_f64();
    seen.lost_blocks = audio.lost_blocks();
    for slot in &slots {
        audio.set_open(*slot, false)?;
    }
    let (alarms, counters) = control.status()?;
    let mut report = seen.report();
    report["alarms"] = format!("{alarms:?}").into();
    report["counters"] = format!("{counters:?}").into();
    Ok(report)
}

/// A call with the echo canceller: on and off again.
fn echo_canceller(paths: &Paths) -> Result<bool, Box<dyn std::error::Error>> {
    let _pair = create_pair(paths, 4)?;
    let [(mut control, mut audio), _far] = open_pair(paths)?;
    control.configure(&access(E1Config { timing: 0, ..E1Config::default() }))?;
    audio.set_open(Timeslot(1), true)?;
    audio.set_open(Timeslot(31), true)?;
    audio.set_open(Timeslot(1), false)?;
    audio.set_open(Timeslot(31), false)?;
    Ok(true)
}

/// The octet at a place of a slot's stream; never silence, and nowhere like another place.
fn octet_of(place: u32, slot: u8) -> u8 {
    let mut mixed = place ^ (u32::from(slot) << 26);
    for factor in [0x85eb_ca6b_u32, 0xc2b2_ae35] {
        mixed = (mixed ^ (mixed >> 15)).wrapping_mul(factor);
    }
    match (mixed >> 24) as u8 {
        SILENCE | NOT_OPEN => 0x55,
        octet => octet,
    }
}

impl Listener {
    fn hear(&mut self, block: &[u8; SLOT_BLOCK], slot: u8) {
        for (index, octet) in block.iter().enumerate() {
            match self.next {
                None if *octet == SILENCE || *octet == NOT_OPEN => {}
                None if *octet == octet_of(0, slot) => self.take(0),
                Some(next) if *octet == octet_of(next, slot) => self.take(next),
                Some(_) if *octet == SILENCE => self.inserted += 1,
                Some(next) => {
                    let Some(window) = block.get(index..index + WINDOW) else {
                        // Too little to know it again: the next block tells.
                        self.unplaced += (SLOT_BLOCK - index) as u64;
                        return;
                    };
                    self.search(window, next, slot);
                }
                None => self.strange += 1,
            }
        }
    }

    fn take(&mut self, place: u32) {
        self.next = Some(place.wrapping_add(1));
        self.in_order += 1;
    }

    /// Octets were lost: where does the stream go on?
    fn search(&mut self, window: &[u8], next: u32, slot: u8) {
        let fits =
            |from: &u32| (0..).zip(window).all(|(on, octet)| octet_of(from.wrapping_add(on), slot) == *octet);
        match (1..=SEARCH).map(|step| next.wrapping_add(step * STEP)).find(fits) {
            Some(found) => {
                self.gaps += 1;
                self.lost += u64::from(found.wrapping_sub(next));
                self.take(found);
            }
            None => self.strange += 1,
        }
    }
}

impl Seen {
    fn report(&self) -> Value {
        let sum = |of: fn(&Listener) -> u64| self.listeners.iter().map(of).sum::<u64>();
        let heard = self.listeners.iter().filter(|listener| listener.in_order > 0).count();
        let octets = sum(|listener| listener.in_order);
        let sent = self.blocks * (SLOT_BLOCK * self.listeners.len()) as u64;
        let lost = sum(|listener| listener.lost);
        let strange = sum(|listener| listener.strange);
        json!({
            "whole": lost == 0 && strange == 0 && sum(|listener| listener.inserted) == 0,
            "heard": heard == self.listeners.len() && octets * 10 > sent * 8,
            "slots": self.listeners.len(), "slots_heard": heard,
            "seconds": self.seconds, "blocks": self.blocks, "blocks_per_second": self.blocks as f64 / self.seconds,
            "octets_in_order": octets, "octets_lost": lost, "gaps": sum(|listener| listener.gaps),
            "silence_inserted": sum(|listener| listener.inserted), "strange_octets": strange,
            "unplaced": sum(|listener| listener.unplaced), "empty_reads": self.empty, "timed_out": self.timed_out, "longest_wait_ms": self.longest_wait_ms,
            "lost_blocks_counted": self.lost_blocks,
        })
    }
}
