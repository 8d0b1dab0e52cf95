//! Analogue signalling over CAS timeslots: an FXO port and an FXS port that are connected to each other.
//!
//! What the exchange does stands on the FXS side, what a subscriber does on the FXO side.

use crate::{Outcome, open_pair, until};
use card::{CardEvent, HookState, LineEvent, LineSignal, SpanControl};
use dahdi::{DahdiControl, Paths, PortSide, create_pair};
use idl::spans::{E1Config, Framing};
use serde_json::{Value, json};
use std::time::Duration;
use vocab::Timeslot;

/// The slot of both ends.
const SLOT: Timeslot = Timeslot(3);
/// How long a signal may take: a ring burst is a second.
const SIGNAL_TIME: Duration = Duration::from_secs(8);
/// A flash and the loop's break are over after this.
const SETTLE: Duration = Duration::from_millis(1_500);

pub fn check(paths: &Paths) -> Outcome {
    let _pair = create_pair(paths, 2)?;
    let [(mut line, _a), (mut exchange, _b)] =
        open_pair(paths, [&[(SLOT, PortSide::Fxo)], &[(SLOT, PortSide::Fxs)]])?;
    let e1 = E1Config { framing: Framing::Cas, crc4: false, timing: 0, ..E1Config::default() };
    line.configure(&e1, false)?;
    exchange.configure(&e1, false)?;
    std::thread::sleep(SETTLE);
    while line.next_event()?.is_some() || exchange.next_event()?.is_some() {}

    let mut steps: Vec<Value> = Vec::new();
    exchange.signal(SLOT, LineSignal::Ring(true))?;
    steps.push(see(&mut line, "the line hears the ring begin", LineEvent::RingBegins));
    steps.push(see(&mut line, "and end", LineEvent::RingEnds));
    line.signal(SLOT, LineSignal::Hook(HookState::Off))?;
    steps.push(see(&mut exchange, "it answers", LineEvent::Hook(HookState::Off)));
    exchange.signal(SLOT, LineSignal::Ring(false))?;
    std::thread::sleep(SETTLE);
    line.signal(SLOT, LineSignal::Flash)?;
    steps.push(see(&mut exchange, "it flashes", LineEvent::Flash));
    std::thread::sleep(SETTLE);
    exchange.signal(SLOT, LineSignal::Break)?;
    steps.push(see(&mut line, "the exchange breaks the loop", LineEvent::LoopOpen));
    std::thread::sleep(SETTLE);
    line.signal(SLOT, LineSignal::Hook(HookState::On))?;
    steps.push(see(&mut exchange, "it hangs up", LineEvent::Hook(HookState::On)));
    let polarity = exchange.signal(SLOT, LineSignal::Reverse(true)).err().map(|error| error.to_string());
    let wrong_side = line.signal(SLOT, LineSignal::Ring(true)).is_err();
    let passed = wrong_side && steps.iter().all(|step| step["seen"] == json!(true));
    Ok(
        json!({ "passed": passed, "steps": steps, "polarity": polarity, "an_fxo_port_cannot_ring": wrong_side }),
    )
}

fn see(control: &mut DahdiControl, what: &str, wanted: LineEvent) -> Value {
    let mut others = Vec::new();
    let seen = until(SIGNAL_TIME, || match control.next_event() {
        Ok(Some(CardEvent::Line(SLOT, event))) if event == wanted => Some(()),
        Ok(Some(other)) => {
            others.push(format!("{other:?}"));
            None
        }
        _ => None,
    });
    json!({ "what": what, "seen": seen.is_some(), "before_it": others })
}
