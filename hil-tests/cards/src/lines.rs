//! Analogue signalling on timeslots of an E1 (channel associated): a line to the exchange at one end, the exchange's
//! subscriber port at the other. The cores that act on it are tested elsewhere.

use crate::report::Report;
use crate::rig::{Rig, wait_for};
use anyhow::{Context, bail};
use card::{CardEvent, HookState, LineEvent, LineSignal, SpanControl};
use dahdi::{DahdiControl, PortSide};
use std::time::{Duration, Instant};
use vocab::Timeslot;

/// Ring, answer, flash, clearing by each side.
pub fn run(report: &mut Report) -> anyhow::Result<()> {
    let exchange: Vec<_> = SLOTS.iter().map(|slot| (*slot, PortSide::Fxs)).collect();
    let ours: Vec<_> = SLOTS.iter().map(|slot| (*slot, PortSide::Fxo)).collect();
    let (mut rig, _) = report.step("two spans with ports are up", || {
        let mut rig = Rig::cas(&ours, &exchange)?;
        let told = rig.clear()?;
        Ok((rig, told))
    })?;
    let [line, exchange] = &mut rig.ends;
    let (line, exchange) = (&mut line.control, &mut exchange.control);
    report.step("ports tell how they stand when they are opened, then nothing", || {
        let told = [quiet(line)?, quiet(exchange)?];
        Ok(format!("{told:?}"))
    })?;
    for slot in SLOTS {
        report.step(&format!("slot {}: the exchange rings, and stops", slot.0), || {
            exchange.signal(*slot, LineSignal::Ring(true))?;
            let begins = event(line, *slot, LineEvent::RingBegins)?;
            exchange.signal(*slot, LineSignal::Ring(false))?;
            let ends = event(line, *slot, LineEvent::RingEnds)?;
            Ok(format!("begins after {begins} ms, ends after {ends} ms"))
        })?;
        report.step(&format!("slot {}: the line is seized, and cleared", slot.0), || {
            line.signal(*slot, LineSignal::Hook(HookState::Off))?;
            event(exchange, *slot, LineEvent::Hook(HookState::Off))?;
            line.signal(*slot, LineSignal::Hook(HookState::On))?;
            event(exchange, *slot, LineEvent::Hook(HookState::On)).map(|_| ())
        })?;
        report.step(&format!("slot {}: a flash of a seized line is seen as one", slot.0), || {
            line.signal(*slot, LineSignal::Hook(HookState::Off))?;
            event(exchange, *slot, LineEvent::Hook(HookState::Off))?;
            std::thread::sleep(SEIZED);
            line.signal(*slot, LineSignal::Flash)?;
            event(exchange, *slot, LineEvent::Flash)?;
            std::thread::sleep(SEIZED);
            line.signal(*slot, LineSignal::Hook(HookState::On))?;
            event(exchange, *slot, LineEvent::Hook(HookState::On)).map(|_| ())
        })?;
        report.step(&format!("slot {}: the exchange breaks the loop of a seized line", slot.0), || {
            line.signal(*slot, LineSignal::Hook(HookState::Off))?;
            event(exchange, *slot, LineEvent::Hook(HookState::Off))?;
            // A line believes a break only once its own loop stands.
            std::thread::sleep(SEIZED);
            exchange.signal(*slot, LineSignal::Break)?;
            event(line, *slot, LineEvent::LoopOpen)?;
            event(line, *slot, LineEvent::LoopClosed)?;
            line.signal(*slot, LineSignal::Hook(HookState::On))?;
            event(exchange, *slot, LineEvent::Hook(HookState::On)).map(|_| ())
        })?;
    }
    Ok(())
}

/// Waits for this event on this slot; events of the other slots are none of the step.
fn event(control: &mut DahdiControl, slot: Timeslot, wanted: LineEvent) -> anyhow::Result<u128> {
    let begun = Instant::now();
    let mut seen = Vec::new();
    let found = wait_for("an event of the line", EVENT_LIMIT, || {
        while let Some(event) = control.next_event()? {
            match event {
                CardEvent::Line(at, event) if at == slot && event == wanted => {
                    return Ok(Some(begun.elapsed().as_millis()));
                }
                CardEvent::Line(at, event) if at == slot => seen.push(event),
                CardEvent::Line(other, event) => bail!("{event:?} on slot {}", other.0),
                CardEvent::Alarms | CardEvent::BadFrame | CardEvent::Frame(_) => {}
            }
        }
        Ok(None)
    });
    found.with_context(|| format!("{wanted:?}; before: {seen:?}"))
}

/// Fetches events until none comes any more.
fn quiet(control: &mut DahdiControl) -> anyhow::Result<Vec<(u8, LineEvent)>> {
    let mut seen = Vec::new();
    let mut since = Instant::now();
    wait_for("silence", EVENT_LIMIT, || {
        while let Some(event) = control.next_event()? {
            since = Instant::now();
            if let CardEvent::Line(slot, event) = event {
                seen.push((slot.0, event));
            }
        }
        Ok((since.elapsed() > SILENCE).then_some(()))
    })?;
    Ok(seen)
}

/// The driver hands a channel its own bits together with those of the next channels of its group of four: only the
/// last of each group is as on a card.
const SLOTS: &[Timeslot] = &[Timeslot(4), Timeslot(24)];
const SILENCE: Duration = Duration::from_millis(1_500);
const SEIZED: Duration = Duration::from_secs(2);
const EVENT_LIMIT: Duration = Duration::from_secs(10);
