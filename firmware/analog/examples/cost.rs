//! Prints what one line's ear costs, as JSON: microseconds of processor time for each block of 20 ms, by what sounds.
//! `cargo run --release -p analog --example cost`

use analog::caller_id::send::{Fsk, fsk, single};
use analog::{CallerIdReceiver, ProgressDetector, ToneKind, TonePlan, TonePlayer};
use std::io::Write;
use std::time::Instant;

const BLOCKS: u32 = 20_000;

fn main() -> std::io::Result<()> {
    let mut lines = Vec::new();
    for name in TonePlan::BUILT_IN {
        let Some(plan) = TonePlan::built_in(name) else { continue };
        for (what, level) in [("silence", None), ("ringback", Some(-10.0))] {
            let mut player =
                plan.tone(ToneKind::Ringback).map(|tone| TonePlayer::new(tone, level.unwrap_or(-90.0)));
            let blocks: Vec<[i16; 160]> = (0..BLOCKS)
                .map(|_| {
                    let mut block = [0; 160];
                    player.as_mut().map(|player| player.add(&mut block));
                    block
                })
                .collect();
            let mut detector = ProgressDetector::new(&plan);
            let began = Instant::now();
            let told = blocks.iter().filter_map(|block| detector.process(block)).count();
            lines.push(line(&format!("progress {name} {what}"), began, blocks.len(), told));
        }
    }
    let samples = fsk(&single("03171656", "2156430144"), &Fsk::BELL_202).repeat(200);
    let mut receiver = CallerIdReceiver::new();
    let blocks = samples.as_chunks::<160>().0;
    let began = Instant::now();
    let told = blocks.iter().filter_map(|block| receiver.process(block)).count();
    lines.push(line("caller id", began, blocks.len(), told));
    writeln!(std::io::stdout(), "{{\n{}\n}}", lines.join(",\n"))
}

fn line(name: &str, began: Instant, blocks: usize, told: usize) -> String {
    let each = began.elapsed().as_secs_f64() * 1e6 / blocks as f64;
    format!("  \"{name}\": {{ \"us_per_block\": {each:.2}, \"told\": {told} }}")
}
