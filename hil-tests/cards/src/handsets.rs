//! The technician's handset over a sound card: two of them at either end of a pair of devices of ALSA's loopback card that
//! no line uses. Each says the known signal and listens for the other's.

use crate::alsa_line::next;
use alsa_line::Handset;
use anyhow::{anyhow, ensure};
use card::SLOT_BLOCK;
use media::g711::Law;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Both hear a second of the other without a loss; what was heard.
pub fn hear_each_other() -> anyhow::Result<String> {
    let heard = AtomicUsize::new(0);
    let [near, far] = std::thread::scope(|scope| {
        let heard = &heard;
        DEVICES.map(|pcm| scope.spawn(move || talk(pcm, heard))).map(std::thread::ScopedJoinHandle::join)
    });
    let longest = [near, far].map(|end| end.unwrap_or_else(|_| Err(anyhow!("a handset's thread ended"))));
    let [near, far] = longest;
    let longest = [near?, far?];
    ensure!(longest.iter().all(|run| *run >= UNBROKEN), "the longest stretches without a loss: {longest:?}");
    Ok(format!("{longest:?} samples without a loss"))
}

/// Says and hears until both have heard enough; the longest stretch without a loss.
fn talk(pcm: &str, enough: &AtomicUsize) -> anyhow::Result<usize> {
    let mut handset = Handset::open(pcm, pcm)?;
    let (mut last_said, mut last_heard, mut run, mut longest) = (0, 0, 0, 0);
    let mut told = false;
    let mut more = |block: &mut [i16; SLOT_BLOCK]| {
        for sample in block {
            last_said = next(last_said);
            *sample = Law::A.decode(last_said);
        }
    };
    let (mut ear, mut said, mut octets) = ([0; SLOT_BLOCK], [0; SLOT_BLOCK], [0; SLOT_BLOCK]);
    more(&mut ear);
    let begun = Instant::now();
    while begun.elapsed() < LIMIT && enough.load(Ordering::Relaxed) < DEVICES.len() {
        if !handset.turn(&ear, &mut said, TURN)? {
            continue;
        }
        more(&mut ear);
        Law::A.encode_into(&said, &mut octets);
        for octet in octets {
            run = if next(last_heard) == octet { run + 1 } else { 0 };
            last_heard = octet;
            longest = longest.max(run);
        }
        if longest >= UNBROKEN && !std::mem::replace(&mut told, true) {
            enough.fetch_add(1, Ordering::Relaxed);
        }
    }
    Ok(longest)
}

const DEVICES: [&str; 2] = ["hw:Loopback,0,7", "hw:Loopback,1,7"];
/// A second without a loss: a machine that lets the guest stand still costs blocks now and then.
const UNBROKEN: usize = 8_000;
const TURN: Duration = Duration::from_millis(200);
const LIMIT: Duration = Duration::from_secs(30);
