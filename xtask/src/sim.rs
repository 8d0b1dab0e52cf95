//! Starts the whole-appliance simulation (crate `sim`), optimised: a thousand seeds in minutes.

use crate::project;

/// `--seeds N --from SEED`; 1,000 seeds from 1 by default.
pub fn run(words: &[String]) -> anyhow::Result<bool> {
    let mut arguments = vec!["run", "--release", "--quiet", "--package", "sim", "--"];
    arguments.extend(words.iter().map(String::as_str));
    Ok(project::cargo(&arguments).status()?.success())
}
