//! Analogue signalling over CAS timeslots: an FXO port and an FXS port that are connected to each other.
//!
//! What the exchange does stands on the FXS side, what a subscriber does on the FXO side.

use crate::{Outcome, config, open_pair, until};
use card::{AudioReady, CardEvent, HookState, LineEvent, LineSignal, SLOT_BLOCK, SpanAudio, SpanControl};
use dahdi::{DahdiAudio, DahdiControl, Paths, create_pair};
use idl::spans::{AnswerDetection, E1Config, Framing, PortConfig, PortKind, SpanPurpose};
use serde_json::{Value, json};
use std::time::Duration;
use vocab::{AgentId, Timeslot};

/// The slot of both ends.
const SLOT: Timeslot = Timeslot(3);
/// Turns of speech, and the longest wait for one.
const TALK_TURNS: usize = 100;
const TURN: Duration = Duration::from_millis(300);
/// How long a signal may take: a ring burst is a second.
const SIGNAL_TIME: Duration = Duration::from_secs(8);
/// A flash and the loop's break are over after this.
const SETTLE: Duration = Duration::from_millis(1_500);

pub fn check(paths: &Paths) -> Outcome {
    let _pair = create_pair(paths, 2)?;
    let [(mut line, mut line_audio), (mut exchange, mut exchange_audio)] = open_pair(paths)?;
    let e1 = E1Config {
        framing: Framing::Cas,
        crc4: false,
        timing: 0,
        echo_canceller: false,
        ..E1Config::default()
    };
    let port = |kind| config(e1, SpanPurpose::Ports(vec![PortConfig { port: SLOT, kind }]));
    line.configure(&port(PortKind::Fxo {
        answer: AnswerDetection::PolarityReversal,
        tones: "cn".to_owned(),
    }))?;
    exchange.configure(&port(PortKind::Fxs { agent: AgentId(1) }))?;
    std::thread::sleep(SETTLE);
    while line.next_event()?.is_some() || exchange.next_event()?.is_some() {}

    let mut steps: Vec<Value> = Vec::new();
    exchange.signal(SLOT, LineSignal::Ring(true))?;
    steps.push(see(&mut line, "the line hears the ring begin", LineEvent::RingBegins));
    steps.push(see(&mut line, "and end", LineEvent::RingEnds));
    line.signal(SLOT, LineSignal::Hook(HookState::Off))?;
    steps.push(see(&mut exchange, "it answers", LineEvent::Hook(HookState::Off)));
    exchange.signal(SLOT, LineSignal::Ring(false))?;
    let heard = talk(&mut exchange_audio, &mut line_audio)?;
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
    let passed = wrong_side && heard > TALK_TURNS / 2 && steps.iter().all(|step| step["seen"] == json!(true));
    Ok(json!({ "passed": passed, "steps": steps, "blocks_heard": heard,
        "blocks_spoken": TALK_TURNS, "polarity": polarity, "an_fxo_port_cannot_ring": wrong_side }))
}

/// Speaks from one side to the other: how many blocks were heard whole.
fn talk(from: &mut DahdiAudio, to: &mut DahdiAudio) -> Result<usize, card::CardError> {
    from.set_open(SLOT, true)?;
    to.set_open(SLOT, true)?;
    let spoken = [0x2a; SLOT_BLOCK];
    let mut block = [0; SLOT_BLOCK];
    let mut heard = 0;
    for _ in 0..TALK_TURNS {
        if from.wait(TURN) == AudioReady::Block {
            from.write(SLOT, &spoken);
            from.flush();
        }
        if to.wait(TURN) == AudioReady::Block {
            heard += usize::from(to.read(SLOT, &mut block) && block == spoken);
            to.flush();
        }
    }
    from.set_open(SLOT, false)?;
    to.set_open(SLOT, false)?;
    Ok(heard)
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
