//! Runs many seeds of the simulation on all processors and says what was found.

use anyhow::Context;
use sim::{Finding, Options, Report, run};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

const HELP: &str = "sim [--seeds N] [--from SEED] [--trace] [--all]

Runs N seeds (1000) from SEED (1). One seed is one run, always the same. --trace prints every
event; --all goes on after a fault and names each seed that has one.
";

struct Words {
    seeds: u64,
    from: u64,
    trace: bool,
    all: bool,
}

fn main() -> anyhow::Result<ExitCode> {
    let Some(words) = words()? else { return Ok(ExitCode::SUCCESS) };
    let begun = Instant::now();
    let (total, found) = many(&words);
    let Some(finding) = found else {
        say(&format!(
            "{} seeds from {}: {} calls, {} opt-outs, {} wrap-ups, {} faults, {} entries, {} events in {:.1} s; no fault found",
            words.seeds,
            words.from,
            total.calls,
            total.opt_outs,
            total.wrap_ups,
            total.faults,
            total.entries,
            total.steps,
            begun.elapsed().as_secs_f64()
        ));
        return Ok(ExitCode::SUCCESS);
    };
    // The same seed once more, with its trace.
    let again = run(finding.seed, Options { trace: true, ..Options::default() });
    for line in again.err().map(|finding| finding.trace).unwrap_or_default() {
        say(&line);
    }
    say(&format!("seed {}: {}", finding.seed, finding.what));
    Ok(ExitCode::FAILURE)
}

fn words() -> anyhow::Result<Option<Words>> {
    let mut words = Words { seeds: 1_000, from: 1, trace: false, all: false };
    let mut parser = lexopt::Parser::from_env();
    while let Some(word) = parser.next()? {
        match word {
            lexopt::Arg::Long("seeds") => words.seeds = number(&mut parser)?,
            lexopt::Arg::Long("from") => words.from = number(&mut parser)?,
            lexopt::Arg::Long("trace") => words.trace = true,
            lexopt::Arg::Long("all") => words.all = true,
            lexopt::Arg::Long("help") => {
                say(HELP);
                return Ok(None);
            }
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(Some(words))
}

fn number(parser: &mut lexopt::Parser) -> anyhow::Result<u64> {
    let value = parser.value()?;
    let text = value.to_str().context("a number is wanted")?;
    text.parse().with_context(|| format!("{text} is no number"))
}

fn many(words: &Words) -> (Report, Option<Finding>) {
    let next = AtomicU64::new(words.from);
    let done = AtomicU64::new(0);
    let stop = AtomicBool::new(false);
    let total = Mutex::new(Report::default());
    let found: Mutex<Option<Finding>> = Mutex::new(None);
    let threads = if words.trace { 1 } else { std::thread::available_parallelism().map_or(1, usize::from) };
    let end = words.from.saturating_add(words.seeds);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= end {
                        break;
                    }
                    let options = Options { trace: words.trace, print: words.trace, ..Options::default() };
                    match run(seed, options) {
                        Ok(report) => add(&mut total.lock().unwrap_or_else(PoisonError::into_inner), report),
                        Err(finding) => {
                            stop.store(!words.all, Ordering::Relaxed);
                            if words.all {
                                say(&format!("seed {seed}: {}", finding.what));
                            }
                            let mut first = found.lock().unwrap_or_else(PoisonError::into_inner);
                            if first.as_ref().is_none_or(|known| finding.seed < known.seed) {
                                *first = Some(*finding);
                            }
                        }
                    }
                    let count = done.fetch_add(1, Ordering::Relaxed) + 1;
                    if count.is_multiple_of(PROGRESS_EVERY) {
                        say(&format!("{count} of {} seeds", words.seeds));
                    }
                }
            });
        }
    });
    (
        total.into_inner().unwrap_or_else(PoisonError::into_inner),
        found.into_inner().unwrap_or_else(PoisonError::into_inner),
    )
}

fn add(total: &mut Report, report: Report) {
    total.steps += report.steps;
    total.calls += report.calls;
    total.opt_outs += report.opt_outs;
    total.wrap_ups += report.wrap_ups;
    total.faults += report.faults;
    total.entries += report.entries;
}

#[expect(clippy::print_stdout, reason = "the report of a command-line tool")]
fn say(line: &str) {
    println!("{line}");
}

const PROGRESS_EVERY: u64 = 50;
