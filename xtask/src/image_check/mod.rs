//! The image's gate where OpenEmbedded-Core is not: the list of crates is fresh, every recipe parses, our recipes install
//! what they say, oelint is content, and what came out is what `image/system` describes. Each fault is named.
//!
//! It does not build an image. With OpenEmbedded-Core beside it (`RINGFENCE_OECORE`) BitBake itself reads the layer,
//! and builds our recipes.

mod compare;
mod crates;
mod fill;
mod oebuild;
mod oecore;
mod python;
#[cfg(test)]
mod tests;
mod tree;

pub use crates::write as write_crates;
pub use fill::{debug, fill, release};

use crate::project;
use anyhow::Context;
use python::{Scratch, Subject};
use std::path::Path;

/// `cargo xtask image-check`.
pub fn run() -> anyhow::Result<bool> {
    let subject = Subject::ours();
    let parsed = python::parse(&subject)?;
    if parsed.faults.is_empty() {
        debug()?;
    }
    let root = Scratch::new("root")?;
    let mut faults = check(&subject, &project::binaries(false), &root.0)?;
    faults.extend(compare::exposure(&root.0)?);
    faults.extend(python::lint(&subject.layer)?);
    faults.extend(oecore::faults(&subject, &root.0)?);
    for fault in &faults {
        println!("{fault}");
    }
    println!("{} recipes, {} faults", parsed.recipes.len(), faults.len());
    Ok(faults.is_empty())
}

/// `cargo xtask image-fill DIR`: our part of the box's root, as both images have it.
pub fn fill_folder(words: &[String]) -> anyhow::Result<bool> {
    let [folder] = words else { anyhow::bail!("cargo xtask image-fill DIR") };
    let answer = fill(Path::new(folder), &release()?, None)?;
    println!("{} files in {folder}", answer.files.len());
    Ok(true)
}

/// The packages of the workspace that the recipe builds the box's programs from.
pub fn packages() -> anyhow::Result<Vec<String>> {
    let parsed = fill::parsed()?;
    let packages = parsed.variable(fill::RECIPE, "RINGFENCE_PACKAGES");
    Ok(packages.split_whitespace().map(str::to_owned).collect())
}

/// Everything that is wrong with a layer and the system it takes, but for the recipes' style and the units' exposure.
fn check(subject: &Subject, binaries: &Path, root: &Path) -> anyhow::Result<Vec<String>> {
    let mut faults = crates::faults(&subject.layer)?;
    let answer = python::install(subject, binaries, root)?;
    if !answer.faults.is_empty() {
        faults.extend(answer.faults);
        return Ok(faults);
    }
    faults.extend(compare::faults(subject, &answer, root).context("comparing with image/system")?);
    Ok(faults)
}
