//! libFuzzer on one parser, from the committed corpus. New inputs stay in the ignored folder `target/fuzz`.

use crate::project;
use anyhow::{Context, bail};
use std::path::Path;

/// `TARGET [SECONDS]`, 60 seconds by default.
pub fn run(words: &[String]) -> anyhow::Result<bool> {
    let folder = project::root().join("hil-tests/fuzz");
    let corpora = folder.join("corpus");
    let Some(target) = words.first() else {
        bail!("name a target: {}", names(&corpora)?.join(", "));
    };
    if !corpora.join(target).is_dir() {
        bail!("there is no target {target}; there are: {}", names(&corpora)?.join(", "));
    }
    let seconds: u32 = words.get(1).map_or(Ok(60), |word| word.parse()).context("SECONDS is a number")?;
    let grown = project::root().join("target/fuzz").join(target);
    std::fs::create_dir_all(&grown)?;
    let mut command = project::cargo(&["run", "--release", "--quiet", "--manifest-path"]);
    command.arg(folder.join("Cargo.toml")).args(["--bin", target]);
    // Coverage counters are an unstable compiler flag; the toolchain is the stable one all the same.
    command.env("RUSTC_BOOTSTRAP", "1").env("CARGO_TARGET_DIR", project::root().join("target/fuzz-build"));
    command.env("RUSTFLAGS", FLAGS);
    command.arg("--").arg(&grown).arg(corpora.join(target));
    command.arg(format!("-max_total_time={seconds}")).arg("-max_len=65536").arg("-print_final_stats=1");
    Ok(command.status()?.success())
}

fn names(corpora: &Path) -> anyhow::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(corpora).with_context(|| format!("cannot read {}", corpora.display()))? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

const FLAGS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Cdebug-assertions -Ccodegen-units=1";
