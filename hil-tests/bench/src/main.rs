//! The measurements' command line: `bench [NAME…] [--calls N] [--seconds N] …`; JSON on standard output.
//!
//! It chooses and prints; each measurement is a module of the library.

use anyhow::Context;
use bench::options::{Options, USAGE};
use bench::{call_rate, contact_import, gate_speed, lines, live_calls, machine, page, setup_time};
use serde_json::{Value, json};
use std::io::Write;
use std::os::unix::process::CommandExt;

type Measure = fn(&Options) -> anyhow::Result<Value>;

const MEASURES: [(&str, Measure); 8] = [
    ("gate", gate_speed::run),
    ("calls", call_rate::run),
    ("media", live_calls::media),
    ("lines", lines::run),
    ("setup", setup_time::run),
    ("memory", live_calls::memory),
    ("import", contact_import::run),
    ("page", page::run),
];

fn main() -> anyhow::Result<()> {
    start_beside_the_product()?;
    let options = Options::from_env()?;
    if options.help {
        return Ok(std::io::stdout().write_all(USAGE.as_bytes())?);
    }
    for (name, measure) in MEASURES.iter().filter(|(name, _)| options.wants(name)) {
        writeln!(std::io::stderr(), "bench: {name}")?;
        let before = machine::now();
        let result = measure(&options).with_context(|| format!("measurement {name}"))?;
        let report = json!({ "measurement": name, "machine": before, "result": result });
        writeln!(std::io::stdout(), "{report}")?;
    }
    Ok(())
}

/// The harness looks for the product's binaries one folder above its own, as tests find theirs: this program
/// goes on from a second name of its file below `deps`.
fn start_beside_the_product() -> anyhow::Result<()> {
    let own = std::env::current_exe().context("the program's own file")?;
    let folder = own.parent().context("the program's folder")?;
    if folder.ends_with("deps") {
        return Ok(());
    }
    let beside = folder.join("deps").join("bench-measurements");
    let _ = std::fs::remove_file(&beside);
    std::fs::hard_link(&own, &beside)
        .or_else(|_| std::fs::copy(&own, &beside).map(|_| ()))
        .with_context(|| format!("a second name {}", beside.display()))?;
    Err(std::process::Command::new(&beside).args(std::env::args_os().skip(1)).exec()).context("started again")
}
