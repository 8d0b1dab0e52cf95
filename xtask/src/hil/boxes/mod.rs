//! `cargo xtask hil box`: builds the development variant of the virtual box with the bench's own programs in it, and runs the
//! scenarios of `hil-tests/box` on it; the product variant and two updates (a good one and one whose records process hangs in its
//! start), too, where a scenario needs them, and for `--figures` a bare Debian to be measured beside. What a scenario does is no matter of this command.

use crate::image::{self, Order};
use crate::{packages, project};
use anyhow::Context;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Runs the scenarios named, or all, or measures; true if every scenario passed.
pub fn run(words: &[String]) -> anyhow::Result<bool> {
    let figures = words.iter().any(|word| word == "--figures");
    let words: Vec<&String> = words.iter().filter(|word| *word != "--figures").collect();
    let named = words.iter().any(|word| *word == "--scenario");
    let product = !figures && (!named || words.iter().any(|word| *word == PRODUCT));
    packages::install(&[packages::BUILD, packages::IMAGE, packages::AROUND])?;
    let programs = ["build", "--quiet", "--package", "box-scenarios", "--package", "exchange", "--bins"];
    project::run(&mut project::cargo(&programs))?;
    let folder = project::binaries(false).join("hil-box");
    let besides = vec![besides(&folder.join("besides"))?];
    let order = Order { development: true, besides, out: Some(folder.join("image")), ..Order::default() };
    let built = image::build(&order)?;
    // Its own scenario alone needs a stick.
    if !figures && (!named || words.iter().any(|word| *word == "usb-installer")) {
        image::installer(&Order { out: Some(folder.join("image")), ..Order::default() })?;
    }
    let mib = |bytes: u64| bytes >> 20;
    println!(
        "image: root and hashes {} MiB, kernel {} MiB, root hash {}",
        mib(built.bytes.0),
        mib(built.bytes.1),
        built.root_hash
    );
    if !figures && asks_for_updates(&words) {
        updates(&order, &folder, !named || words.iter().any(|word| *word == ENCRYPTED))?;
    }
    let mut command = Command::new(project::binaries(false).join("box-scenarios"));
    command.arg("--image").arg(folder.join("image")).arg("--folder").arg(folder.join("machines"));
    command.arg("--rig").arg(project::root().join("hil-tests/box/rigs/small.toml")).args(words);
    if product {
        let out = folder.join("product");
        image::build(&Order { out: Some(out.clone()), ..Order::default() })?;
        command.arg("--product").arg(out);
    }
    if figures {
        let out = folder.join("bare");
        image::build_bare(&out, &project::binaries(false).join("box-witness"))?;
        command.arg("--bare").arg(out);
    }
    Ok(command.status().context("the scenarios cannot be started")?.success())
}

/// Whether a scenario is named that installs an update, or all of them are meant.
fn asks_for_updates(words: &[&String]) -> bool {
    let named = |word: &&String| WITH_UPDATES.iter().any(|name| word.starts_with(name));
    !words.iter().any(|word| *word == "--scenario") || words.iter().any(named)
}

/// Two further versions of the image, as updates in its folder: `next.raucb` and `broken.raucb`; and, to be encrypted to a
/// box that there is only then, `next.crypt.raucb`.
fn updates(order: &Order, folder: &Path, crypt: bool) -> anyhow::Result<()> {
    let first = folder.join("image");
    let version = image::version()?;
    for (name, number, broken) in [("next", 1, false), ("broken", 2, true)] {
        let mut besides = Vec::new();
        if broken {
            besides.push(project::root().join("hil-tests/box/broken"));
        }
        let built = image::build(&Order {
            version: Some(format!("{version}.{number}")),
            out: Some(folder.join(name)),
            besides,
            bundle: true,
            crypt: crypt && !broken,
            further_of: Some(first.clone()),
            ..order.clone()
        })?;
        let made = built.bundle.context("no update was made")?;
        println!("update: {name} {} MiB", std::fs::metadata(&made)?.len() >> 20);
        std::fs::rename(made, first.join(format!("{name}.raucb")))?;
        if let Some(made) = built.crypt {
            std::fs::rename(made, first.join(format!("{name}.crypt.raucb")))?;
        }
        std::fs::remove_dir_all(folder.join(name))?;
    }
    Ok(())
}

/// The bench's own programs inside a box, and what starts them: one that tells how the box stands, and the far side of its
/// virtual cards.
fn besides(tree: &Path) -> anyhow::Result<PathBuf> {
    if tree.exists() {
        std::fs::remove_dir_all(tree)?;
    }
    std::fs::create_dir_all(tree.join("usr/bin"))?;
    image::copy_tree(&project::root().join("hil-tests/box/guest"), tree)?;
    for name in ["box-witness", "exchange"] {
        let program = project::binaries(false).join(name);
        image::quiet(Command::new("strip").arg("-o").arg(tree.join("usr/bin").join(name)).arg(program))?;
    }
    Ok(tree.to_owned())
}

/// The scenario that needs the product variant, which is built for release: it takes long.
const PRODUCT: &str = "product";
/// The scenario that needs an update which can be encrypted.
const ENCRYPTED: &str = "update-encrypted";
/// Scenarios whose names begin so install updates.
const WITH_UPDATES: &[&str] = &["update", "rollback", "tampered"];
