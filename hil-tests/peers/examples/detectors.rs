//! Prints how our detectors and spandsp's did, as JSON: `cargo run --release -p peers --example detectors [SCALE]`.

use std::io::Write;

fn main() -> anyhow::Result<()> {
    let scale = std::env::args().nth(1).map_or(Ok(1), |text| text.parse())?;
    let text = serde_json::to_string_pretty(&peers::detectors::all(scale)?)?;
    writeln!(std::io::stdout(), "{text}")?;
    Ok(())
}
