//! Runs scenarios on the virtual box: `box-scenarios --image DIR [--rig FILE] [--scenario NAME]`, or measures it beside a
//! bare Debian (`--bare DIR`). The images are made before, by `cargo xtask hil box`.

#![expect(clippy::print_stdout, reason = "a command line speaks on standard output")]

use anyhow::{Context, bail};
use box_scenarios::figures;
use box_scenarios::rig::{Image, Rig};
use box_scenarios::scenarios::{ALL, Bench};
use box_scenarios::steps::Steps;
use lexopt::ValueExt;
use lexopt::prelude::Long;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

fn main() -> anyhow::Result<ExitCode> {
    let (mut image, mut product, mut bare, mut rig, mut folder) = (None, None, None, None, None);
    let (mut names, mut keep) = (Vec::new(), false);
    let mut words = lexopt::Parser::from_env();
    while let Some(word) = words.next()? {
        match word {
            Long("image") => image = Some(PathBuf::from(words.value()?)),
            Long("product") => product = Some(PathBuf::from(words.value()?)),
            Long("bare") => bare = Some(PathBuf::from(words.value()?)),
            Long("rig") => rig = Some(PathBuf::from(words.value()?)),
            Long("folder") => folder = Some(PathBuf::from(words.value()?)),
            Long("scenario") => names.push(words.value()?.string()?),
            Long("keep") => keep = true,
            other => return Err(other.unexpected().into()),
        }
    }
    if let Some(unknown) = names.iter().find(|name| !ALL.iter().any(|one| one.name == name.as_str())) {
        let known: Vec<&str> = ALL.iter().map(|one| one.name).collect();
        bail!("there is no scenario {unknown}; there are {}", known.join(", "));
    }
    let image = Image::open(&image.context("--image names the image's folder")?)?;
    let rig = Rig::read(&rig.context("--rig names the rig's file")?)?;
    let folder = folder.context("--folder names where the machines may lie")?;
    let product = product.map(|folder| Image::open(&folder)).transpose()?;
    if let Some(bare) = bare {
        let told = figures::measure(&rig, &image, &Image::open(&bare)?, &folder)?;
        println!("{}", serde_json::to_string(&told)?);
        return Ok(ExitCode::SUCCESS);
    }
    let mut good = true;
    for one in ALL.iter().filter(|one| names.is_empty() || names.iter().any(|name| name == one.name)) {
        println!("==> {}: {}", one.name, one.title);
        let (begun, mut steps) = (Instant::now(), Steps::default());
        let (rig, image, product) = (rig.clone(), image.clone(), product.clone());
        let bench = Bench { rig, image, product, folder: folder.join(one.name) };
        let done = (one.run)(&bench, &mut steps);
        let passed = done.is_ok() && steps.passed();
        println!(
            "<== {}: {} ({:.0} s)",
            one.name,
            if passed { "passed" } else { "FAILED" },
            begun.elapsed().as_secs_f64()
        );
        if passed && !keep && bench.folder.exists() {
            std::fs::remove_dir_all(&bench.folder)?;
        }
        good &= passed;
    }
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
