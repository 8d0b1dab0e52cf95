//! The program `ringfence-recover`: its two steps, as the units of the first stage start them.

use anyhow::{Context, bail};
use lexopt::prelude::{Long, Value, ValueExt};
use recover::{Place, Real, Serial, open, settle};
use std::path::PathBuf;

fn main() -> anyhow::Result<()> {
    let (mut place, mut step) = (Place::default(), None);
    let mut console = PathBuf::from("/dev/console");
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("device") => place.device = arguments.value()?.into(),
            Long("console") => console = arguments.value()?.into(),
            Value(word) if step.is_none() => step = Some(word.string()?),
            other => return Err(other.unexpected().into()),
        }
    }
    match step.as_deref() {
        Some("open") => open(&place, &Real, || Serial::open(&console)).context("the disk was not opened"),
        Some("settle") => settle(&place, &Real).context("the disk has no recovery key"),
        _ => bail!("say which step: ringfence-recover open, ringfence-recover settle"),
    }
}
