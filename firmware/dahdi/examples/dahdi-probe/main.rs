//! Shows what DAHDI has, and proves this crate against a running driver: two cross-connected spans without a card
//! exchange HDLC frames, audio, line signals and an alarm. Prints one JSON object; ends with 1 where a check failed.
//!
//! It is no part of the product: it runs on the virtual box and beside a new card.

mod audio;
mod lines;
mod link;

use dahdi::{DahdiAudio, DahdiControl, FoundSpan, Paths};
use idl::spans::{E1Config, PriConfig, SpanConfig, SpanPurpose};
use serde_json::{Value, json};
use std::io::Write;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use vocab::{SpanId, TrunkId};

/// An error of a check, in words.
type Outcome = Result<Value, Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let paths = Paths::default();
    let seconds = arguments.get(1).and_then(|text| text.parse().ok()).unwrap_or(10);
    let outcome = match arguments.first().map(String::as_str) {
        Some("list") | None => list(&paths),
        Some("assign") => {
            dahdi::assign_all(&paths).map(|count| json!({ "assigned": count })).map_err(Into::into)
        }
        Some("link") => link::check(&paths),
        Some("audio") => audio::check(&paths, seconds),
        Some("lines") => lines::check(&paths),
        Some("all") => all(&paths, seconds),
        Some(other) => Err(format!("unknown: {other}; list, assign, link, audio, lines or all").into()),
    };
    let (value, code) = match outcome {
        Ok(value) if value["passed"] != json!(false) => (value, ExitCode::SUCCESS),
        Ok(value) => (value, ExitCode::FAILURE),
        Err(error) => (json!({ "error": error.to_string(), "passed": false }), ExitCode::FAILURE),
    };
    let _ = writeln!(std::io::stdout(), "{value:#}");
    code
}

fn all(paths: &Paths, seconds: u64) -> Outcome {
    let mut report = json!({ "list": list(paths)? });
    let mut passed = true;
    for (name, outcome) in [
        ("link", link::check(paths)),
        ("lines", lines::check(paths)),
        ("audio", audio::check(paths, seconds)),
    ] {
        let value = outcome.unwrap_or_else(|error| json!({ "error": error.to_string(), "passed": false }));
        passed &= value["passed"] == json!(true);
        report[name] = value;
    }
    report["passed"] = passed.into();
    Ok(report)
}

fn list(paths: &Paths) -> Outcome {
    let version = dahdi::driver_version(paths)?;
    let cards: Vec<Value> = dahdi::cards(paths)?
        .iter()
        .map(|card| {
            let spans: Vec<Value> = card
                .spans
                .iter()
                .map(|span| json!({ "local": span.local, "type": span.span_type }))
                .collect();
            json!({ "device": card.device, "model": card.model, "serial": card.hardware_id, "spans": spans })
        })
        .collect();
    let spans: Vec<Value> = dahdi::spans(paths)?.iter().map(describe).collect();
    Ok(json!({
        "version": version.version,
        "echo_cancellers": version.echo_cancellers,
        "cards": cards,
        "spans": spans,
    }))
}

fn describe(span: &FoundSpan) -> Value {
    json!({
        "number": span.number, "device": span.device, "local": span.local, "first_channel": span.first_channel,
        "kind": format!("{:?}", span.kind), "name": span.name,
    })
}

/// Opens the two newest spans, which a pair just created.
fn open_pair(paths: &Paths) -> Result<[Half; 2], Box<dyn std::error::Error>> {
    dahdi::assign_all(paths)?;
    let spans = dahdi::spans(paths)?;
    let [.., first, second] = spans.as_slice() else { return Err("there are no two spans".into()) };
    Ok([dahdi::open(paths, first)?, dahdi::open(paths, second)?])
}

/// A span with a D channel.
fn access(e1: E1Config) -> SpanConfig {
    config(e1, SpanPurpose::Pri(PriConfig::default()))
}

/// A span for this purpose; the driver looks at nothing else.
fn config(e1: E1Config, purpose: SpanPurpose) -> SpanConfig {
    SpanConfig { span: SpanId(1), trunk: TrunkId(1), name: String::new(), e1, purpose }
}

/// The two halves of a span.
type Half = (DahdiControl, DahdiAudio);

/// Asks again and again, for a time.
fn until<T>(at_most: Duration, mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + at_most;
    loop {
        if let Some(found) = ask() {
            return Some(found);
        }
        if Instant::now() >= end {
            return None;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}
