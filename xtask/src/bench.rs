//! Starts the measurements (crate `bench`), optimised; JSON on standard output.

use crate::{packages, project};

/// All measurements, or those named.
pub fn run(words: &[String]) -> anyhow::Result<bool> {
    packages::install(&[packages::BUILD, packages::RUN, packages::TEST])?;
    project::run(&mut project::cargo(&["build", "--release", "--quiet", "--workspace", "--bins"]))?;
    let mut arguments = vec!["run", "--release", "--quiet", "--package", "bench", "--"];
    arguments.extend(words.iter().map(String::as_str));
    Ok(project::cargo(&arguments).status()?.success())
}
