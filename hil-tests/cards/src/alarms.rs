//! Alarms of a span, provoked at its far end: a pulled cable, a far end that does not hear us. The history that the
//! product makes of them is tested elsewhere.

use crate::report::Report;
use crate::rig::{Rig, alarms_are};
use anyhow::{Context, ensure};
use card::{CardEvent, SpanControl};
use dahdi::{DahdiControl, Paths};
use idl::spans::Alarms;
use std::fs;
use std::time::Instant;

/// RED and YELLOW come, are told as events, and go.
pub fn run(report: &mut Report) -> anyhow::Result<()> {
    let (rig, _) = report.step("two spans are up", || {
        let mut rig = Rig::pri()?;
        let told = rig.clear()?;
        Ok((rig, told))
    })?;
    let spans = dahdi::spans(&Paths::default())?;
    let first_span = spans.first().context("no span")?;
    let Rig { ends: [first, second], pair } = rig;
    let mut second = second.control;
    // Its channels closed: the driver lets no span go that is in use.
    drop(first);
    fetch(&mut second)?;
    report.step("a far end that hears nothing: YELLOW", || {
        // Without a number the far span takes nothing in, while its driver goes on sending.
        let path = format!("/sys/bus/dahdi_devices/devices/{}/unassign_span", first_span.device);
        fs::write(&path, format!("{}\n", first_span.local)).with_context(|| path.clone())?;
        alarm(&mut second, "YELLOW", |alarms| alarms.yellow && !alarms.red)
    })?;
    report.step("it hears us again: no alarm", || {
        dahdi::assign(&Paths::default(), &first_span.device, first_span.local)?;
        alarm(&mut second, "no alarm", Alarms::is_clear)
    })?;
    drop(second);
    drop(pair);
    let (mut rig, _) = report.step("two spans are up anew", || {
        let mut rig = Rig::pri()?;
        let told = rig.clear()?;
        Ok((rig, told))
    })?;
    let Rig { ends: [first, second], pair } = &mut rig;
    let first = &mut first.control;
    second.control.shutdown()?;
    fetch(first)?;
    report.step("the cable is pulled: RED", || {
        pair.pull()?;
        alarm(first, "RED", |alarms| alarms.red)
    })?;
    report.step("it is plugged again: no alarm", || {
        pair.plug()?;
        alarm(first, "no alarm", Alarms::is_clear)
    })?;
    Ok(())
}

/// Waits for alarms as described, which an event must have told of.
fn alarm(end: &mut DahdiControl, what: &str, wanted: impl Fn(Alarms) -> bool) -> anyhow::Result<String> {
    let begun = Instant::now();
    let alarms = alarms_are(end, what, wanted)?;
    let ms = begun.elapsed().as_millis();
    ensure!(fetch(end)? > 0, "{alarms:?} came without an event");
    Ok(format!("after {ms} ms"))
}

/// Fetches all events; how many told of alarms.
fn fetch(control: &mut DahdiControl) -> anyhow::Result<usize> {
    let mut told = 0;
    while let Some(event) = control.next_event()? {
        told += usize::from(event == CardEvent::Alarms);
    }
    Ok(told)
}
