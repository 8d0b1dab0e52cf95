//! Spans through DAHDI's core: discovery, configuration, HDLC frames of the D channel. No protocol runs on them.

use crate::report::Report;
use crate::rig::{Rig, wait_for};
use anyhow::{Context, bail, ensure};
use card::driver::MAX_D_FRAME;
use card::{CardError, CardEvent, SpanControl};
use dahdi::{DahdiControl, Paths};
use idl::spans::LoopKind;
use std::time::{Duration, Instant};

/// Discovery, configuration, frames.
pub fn run(report: &mut Report) -> anyhow::Result<()> {
    report.step("the driver tells its version", || {
        let driver = dahdi::driver_version(&Paths::default())?;
        ensure!(
            driver.echo_cancellers.to_lowercase().contains("mg2"),
            "cancellers: {}",
            driver.echo_cancellers
        );
        Ok(format!("{}, {}", driver.version, driver.echo_cancellers))
    })?;
    report.step("without cards there are no spans", || {
        let spans = dahdi::spans(&Paths::default())?;
        ensure!(spans.is_empty(), "{spans:?}");
        Ok(())
    })?;
    let (mut rig, _) = report.step("two cross-connected spans are found and configured", || {
        let rig = Rig::pri()?;
        let places: Vec<&str> = rig.ends.iter().map(|end| end.control.place()).collect();
        let told = places.join(", ");
        Ok((rig, told))
    })?;
    report.step("both are without alarm", || rig.clear())?;
    let [near, far] = &mut rig.ends;
    report.step("frames of every length arrive in order, from first to second", || {
        frames(&mut near.control, &mut far.control)
    })?;
    report.step("frames of every length arrive in order, from second to first", || {
        frames(&mut far.control, &mut near.control)
    })?;
    report.step("a frame that is too long, or empty, is refused before the card", || {
        for length in [0, MAX_D_FRAME + 1] {
            let sent = near.control.send_frame(&vec![0; length]);
            ensure!(matches!(sent, Err(CardError::Protocol(_))), "{length} octets: {sent:?}");
        }
        Ok(())
    })?;
    report.step("a loop that this driver cannot close is refused by name", || {
        let closed = near.control.set_loop(Some(LoopKind::Network));
        ensure!(matches!(closed, Err(CardError::NotSupported(_))), "{closed:?}");
        Ok(())
    })?;
    report.step("nothing was damaged on the way", || {
        for end in &mut rig.ends {
            let (alarms, counters) = end.control.status()?;
            ensure!(alarms.is_clear() && counters.hdlc == 0, "{alarms:?} {counters:?}");
        }
        Ok(())
    })
}

/// Sends one frame of each length, in an order that mixes them, and compares what arrives.
fn frames(from: &mut DahdiControl, to: &mut DahdiControl) -> anyhow::Result<String> {
    let lengths: Vec<usize> =
        (0..FRAMES).map(|at| SHORTEST + (at * STRIDE) % (MAX_D_FRAME - SHORTEST + 1)).collect();
    let begun = Instant::now();
    let mut sent = 0;
    let mut arrived = 0;
    wait_for("all frames", FRAMES_LIMIT, || {
        while let Some(length) = lengths.get(sent) {
            match from.send_frame(&frame(sent, *length)) {
                Ok(()) => sent += 1,
                Err(CardError::Full) => break,
                Err(error) => return Err(error).context("send"),
            }
        }
        while let Some(event) = to.next_event().context("receive")? {
            match event {
                CardEvent::Frame(octets) => {
                    let expected = frame(arrived, lengths.get(arrived).copied().unwrap_or_default());
                    ensure!(
                        octets == expected,
                        "frame {arrived}: {} octets of {}",
                        octets.len(),
                        expected.len()
                    );
                    arrived += 1;
                }
                CardEvent::Alarms => {}
                other => bail!("{other:?} after {arrived} frames"),
            }
        }
        Ok((arrived == lengths.len()).then_some(()))
    })
    .with_context(|| format!("{sent} sent, {arrived} arrived"))?;
    let octets: usize = lengths.iter().sum();
    let rate = octets as f64 * 8.0 / begun.elapsed().as_secs_f64() / 1_000.0;
    Ok(format!("{arrived} frames, {octets} octets, {rate:.1} kbit/s"))
}

/// Content that tells its place, with runs of ones that the card must stuff.
fn frame(at: usize, length: usize) -> Vec<u8> {
    (0..length).map(|octet| if octet % 5 == 0 { 0xff } else { (at * 31 + octet * 7) as u8 }).collect()
}

/// Address and control only.
const SHORTEST: usize = 3;
/// Every length once: as many as there are lengths, by a stride without a common divisor.
const FRAMES: usize = MAX_D_FRAME - SHORTEST + 1;
const STRIDE: usize = 101;
const FRAMES_LIMIT: Duration = Duration::from_secs(60);
