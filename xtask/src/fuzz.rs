//! libFuzzer on one parser, from the committed corpus.
//!
//! New inputs and crashes stay in the ignored folder `target/fuzz`; it commits and minimises nothing.

use crate::{packages, project};
use anyhow::{Context, bail};
use std::path::Path;
use std::process::Command;

/// `TARGET [SECONDS]`, 60 seconds by default.
pub fn run(words: &[String]) -> anyhow::Result<bool> {
    let folder = project::root().join("hil-tests/fuzz");
    let corpora = folder.join("corpus");
    let Some(target) = words.first() else {
        bail!("name a target: {}", names(&corpora)?.join(", "));
    };
    let known = names(&corpora)?;
    if !known.contains(target) {
        bail!("there is no target {target}; there are: {}", known.join(", "));
    }
    let seconds: u32 = words.get(1).map_or(Ok(60), |word| word.parse()).context("SECONDS is a number")?;
    packages::install(&[packages::BUILD])?;
    if Command::new("c++").arg("--version").output().is_err() {
        bail!("libFuzzer is C++ and there is no compiler for it: sudo apt-get install -y g++");
    }
    let grown = project::root().join("target/fuzz").join(target);
    let crashes = project::root().join("target/fuzz/crashes").join(target);
    std::fs::create_dir_all(&grown)?;
    std::fs::create_dir_all(&crashes)?;
    let mut command = project::cargo(&["run", "--release", "--quiet", "--target", "host-tuple"]);
    command.arg("--manifest-path").arg(folder.join("Cargo.toml")).args(["--bin", target]);
    // Coverage counters are an unstable compiler flag; the toolchain is the stable one all the same. A named
    // target keeps the flags away from build scripts and macros, which are not linked to the engine.
    command.env("RUSTC_BOOTSTRAP", "1").env("CARGO_TARGET_DIR", project::root().join("target/fuzz-build"));
    command.env_remove("CARGO_ENCODED_RUSTFLAGS").env("RUSTFLAGS", FLAGS);
    command.arg("--").arg(&grown).arg(corpora.join(target));
    command.arg(format!("-artifact_prefix={}/", crashes.display()));
    command.args(ENGINE_OPTIONS).arg(format!("-max_total_time={seconds}"));
    let sound = command.status()?.success();
    if !sound {
        eprintln!(
            "xtask: the input is in {}; keep it in {}",
            crashes.display(),
            corpora.join(target).display()
        );
    }
    Ok(sound)
}

/// Targets by name: each has a folder of seeds.
fn names(corpora: &Path) -> anyhow::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(corpora).with_context(|| format!("cannot read {}", corpora.display()))? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

const ENGINE_OPTIONS: &[&str] =
    &["-max_len=65536", "-timeout=10", "-rss_limit_mb=2048", "-print_final_stats=1"];
const FLAGS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Cdebug-assertions -Ccodegen-units=1";
