//! `cargo xtask hil box`: builds the development variant of the virtual box with the bench's witness in it, and runs the
//! scenarios of `hil-tests/box` on it. What a scenario does is no matter of this command.

use crate::image::{self, Order};
use crate::{packages, project};
use anyhow::Context;
use std::path::PathBuf;
use std::process::Command;

/// Runs the scenarios named, or all; true if every one passed.
pub fn run(words: &[String]) -> anyhow::Result<bool> {
    packages::install(&[packages::BUILD, packages::IMAGE])?;
    project::run(&mut project::cargo(&["build", "--quiet", "--package", "box-scenarios", "--bins"]))?;
    let folder = project::binaries(false).join("hil-box");
    let built = image::build(&Order {
        development: true,
        out: Some(folder.join("image")),
        besides: vec![witness(&folder.join("witness"))?],
        ..Order::default()
    })?;
    let mib = |bytes: u64| bytes >> 20;
    println!(
        "image: root and hashes {} MiB, kernel {} MiB, root hash {}",
        mib(built.bytes.0),
        mib(built.bytes.1),
        built.root_hash
    );
    let mut command = Command::new(project::binaries(false).join("box-scenarios"));
    command.arg("--image").arg(folder.join("image")).arg("--folder").arg(folder.join("machines"));
    command.arg("--rig").arg(project::root().join("hil-tests/box/rigs/small.toml")).args(words);
    Ok(command.status().context("the scenarios cannot be started")?.success())
}

/// The files that make a box tell the bench how it stands.
fn witness(tree: &std::path::Path) -> anyhow::Result<PathBuf> {
    if tree.exists() {
        std::fs::remove_dir_all(tree)?;
    }
    std::fs::create_dir_all(tree.join("usr/bin"))?;
    image::copy_tree(&project::root().join("hil-tests/box/guest"), tree)?;
    let program = project::binaries(false).join("box-witness");
    image::quiet(Command::new("strip").arg("-o").arg(tree.join("usr/bin/box-witness")).arg(program))?;
    Ok(tree.to_owned())
}
