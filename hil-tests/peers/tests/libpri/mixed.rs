//! Everything at once: calls of both sides, hung up by either at any moment, over a line that loses and doubles frames.
//! Only the end is looked at: nothing may be left.

use crate::support::{bench, dial, hang_up};
use peers::libpri::{Bench, Setting};
use q931::control::{CallHandle, Command, Event};
use serde_json::json;

/// A generator (xorshift, Marsaglia 2003): the same steps on every machine, though not the same moments.
struct Steps(u64);

impl Steps {
    const fn below(&mut self, count: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % count
    }
}

/// Messages of both sides that meet on the way: 5.8.4 and 5.8.3.2 have them answered so.
const MEETING: [&str; 6] = [
    // A frame that the line doubled asks twice, and is answered twice.
    "MDL-ERROR (A)",
    "data link:",
    "Faulty(Unexpected(",
    "Faulty(ReferenceUnknown)",
    "Received unsolicited status: Message not compatible with call state",
    "Status { call: Some(",
];

/// Does what the seed says, then lets every call end.
fn play(bench: &mut Bench, steps: &mut Steps, first: u64) -> anyhow::Result<()> {
    for step in 0..STEPS {
        let call = first + step;
        match steps.below(8) {
            0..=2 => bench.command(0, dial(call, &steps.below(10).to_string()))?,
            3 => bench.order(0, &json!({"do": "call", "to": "5678", "channel": 1 + steps.below(8)}))?,
            4 => bench.command(0, hang_up(CallHandle(call.saturating_sub(1 + steps.below(6)))))?,
            5 => bench.order(0, &json!({"do": "hang_up", "cause": 16 + steps.below(2)}))?,
            6 => {
                let fault = ["drop", "drop_in", "duplicate"][usize::try_from(steps.below(3))?];
                bench.order(0, &json!({"do": "wire", fault: 1}))?;
            }
            _ => {
                bench.report(0)?;
            }
        }
        answer(bench, steps)?;
    }
    for call in first..first + STEPS {
        bench.command(0, hang_up(CallHandle(call)))?;
    }
    // Calls of libpri's that stand, and those still on their way to us.
    bench.order(0, &json!({"do": "hang_up", "cause": 16}))?;
    loop {
        let mut late = None;
        bench.until("no call of ours is left", |bench| {
            late = bench.line(0).our_event(|event| matches!(event, Event::Incoming(_)));
            late.is_some() || bench.line(0).channel().interface().call_count() == 0
        })?;
        let Some(Event::Incoming(late)) = late else { break };
        bench.command(0, hang_up(late.call))?;
    }
    bench.settle()?;
    while bench.line(0).our_event(|_| true).is_some() || bench.line(0).told_event(|_| true).is_some() {}
    Ok(())
}

/// Answers the calls that have come in, or refuses them.
fn answer(bench: &mut Bench, steps: &mut Steps) -> anyhow::Result<()> {
    while let Some(event) = bench.line(0).our_event(|event| matches!(event, Event::Incoming(_))) {
        let Event::Incoming(incoming) = event else { continue };
        let call = incoming.call;
        bench.command(0, Command::Proceed { call })?;
        match steps.below(3) {
            0 => bench.command(0, hang_up(call))?,
            1 => bench.command(0, Command::Alert { call, in_band: false })?,
            _ => bench.command(0, Command::Connect { call })?,
        }
    }
    Ok(())
}

#[test]
fn whatever_both_sides_do_at_once_on_a_bad_line_nothing_is_left_of_it() -> anyhow::Result<()> {
    for mut setting in [Setting::user(), Setting::network()] {
        setting.link.t200_ms = 250;
        let mut bench = bench(setting)?;
        bench.order(0, &json!({"do": "timer", "name": "T200", "ms": 250}))?;
        for (number, rule) in [("0", 0), ("4", 1), ("7", 2)] {
            let (ring, answer, refuse) = [(0, 0, -1), (5, 10, -1), (-1, -1, 5)][rule];
            let order = json!({"do": "rule", "number": number, "ring": ring, "answer": answer, "refuse": refuse, "cause": 17});
            bench.order(0, &order)?;
        }
        bench.order(0, &json!({"do": "rule", "number": "", "ring": 0, "answer": 0, "hang_up": 10}))?;
        for words in MEETING {
            bench.line(0).expect(words);
        }
        let mut steps = Steps(0x9e37_79b9_7f4a_7c15);
        for seed in 0..SEEDS {
            play(&mut bench, &mut steps, 1 + seed * STEPS)?;
        }
    }
    Ok(())
}

const SEEDS: u64 = 20;
const STEPS: u64 = 60;
