//! `cargo xtask hil box` runs the virtual box (its own module); `cargo xtask hil cards` boots a guest with the real kernel modules of telephony cards, one for each scenario, runs
//! the scenario inside and tells what it found. What a scenario does is no matter of this command: crate `cards`.

mod archive;
mod asterisk;
mod boxes;
mod guest;
mod recipe;
mod report;
mod scenario;

use crate::{packages, project};
use anyhow::{Context, bail};
use lexopt::{Arg, ValueExt};
use report::{Outcome, Report};
use std::time::Instant;

/// What was asked for.
#[derive(Default)]
struct Words {
    scenarios: Vec<String>,
    keep: bool,
    json: bool,
    list: bool,
    shell: bool,
}

/// Runs the command; true if every scenario passed.
pub fn run(words: &[String]) -> anyhow::Result<bool> {
    let rest = words.get(1..).unwrap_or_default();
    match words.first().map(String::as_str) {
        Some("cards") => cards(rest),
        Some("box") => boxes::run(rest),
        _ => bail!("there are two kinds of hardware here: cargo xtask hil cards, cargo xtask hil box"),
    }
}

fn cards(words: &[String]) -> anyhow::Result<bool> {
    let words = parse(words)?;
    packages::install(&[packages::BUILD, packages::RUN, packages::HIL])?;
    let mut report = Report::default();
    let recipe = report.time("recipe", recipe::ready)?;
    let all = report.time("list", scenario::list)?;
    if words.list {
        for one in &all {
            let mark = if one.asterisk { " (Asterisk)" } else { "" };
            println!("{:20} {}{mark}", one.name, one.title);
        }
        return Ok(true);
    }
    let chosen = scenario::choose(all, &words.scenarios)?;
    report.time("build", || scenario::build(&chosen))?;
    // Before the first guest: what cannot be fetched is told at once.
    let wanted = chosen.iter().any(|one| one.asterisk);
    let exchange = if wanted { Some(report.time("asterisk", asterisk::ready)?) } else { None };
    for one in &chosen {
        let begun = Instant::now();
        let folder = project::binaries(false).join("hil-cards").join(&one.name);
        if !words.json {
            println!("==> {}: {}", one.name, one.title);
        }
        let ran = guest::run(
            &recipe,
            exchange.as_deref().filter(|_| one.asterisk),
            one,
            &folder,
            &guest::How { shell: words.shell, quiet: words.json },
        )
        .with_context(|| format!("scenario {}", one.name))?;
        let outcome = Outcome::of(one, ran, begun.elapsed());
        if !words.json {
            outcome.show(&folder);
        }
        if outcome.passed && !words.keep {
            std::fs::remove_dir_all(&folder).with_context(|| folder.display().to_string())?;
        }
        report.outcomes.push(outcome);
    }
    report.show(words.json)?;
    Ok(report.passed())
}

fn parse(words: &[String]) -> anyhow::Result<Words> {
    let mut parsed = Words::default();
    let mut parser = lexopt::Parser::from_args(words);
    while let Some(word) = parser.next()? {
        match word {
            Arg::Long("scenario") => parsed.scenarios.push(parser.value()?.string()?),
            Arg::Long("keep") => parsed.keep = true,
            Arg::Long("json") => parsed.json = true,
            Arg::Long("list") => parsed.list = true,
            Arg::Long("shell") => parsed.shell = true,
            other => return Err(other.unexpected().into()),
        }
    }
    if parsed.shell && parsed.scenarios.len() != 1 {
        bail!("--shell opens the guest of one scenario: name it with --scenario");
    }
    Ok(parsed)
}
