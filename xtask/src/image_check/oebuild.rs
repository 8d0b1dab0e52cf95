//! Our recipes really built by BitBake, with OpenEmbedded-Core's classes and this machine's compilers and libraries in place
//! of those that would be built first (`RINGFENCE_OECORE_BUILD`; `image/check/host` says what stands for what). What they
//! install is compared with what the check without OpenEmbedded-Core installs. It builds nothing of others, and no image.

use super::oecore::{LOCAL, MASKED, Run, give};
use super::{crates, tree};
use crate::project;
use anyhow::{Context, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

/// Builds in a folder, with the layers of another; what is wrong, above all against the root that the check without
/// OpenEmbedded-Core installed.
pub fn faults(layers: &Path, build: &Path, root: &Path) -> anyhow::Result<Vec<String>> {
    ensure!(Path::new(PSEUDO).exists(), "{PSEUDO} is not there: it keeps the owners of what is installed");
    let source = build.join("source");
    sources(&source)?;
    downloads(&build.join("downloads"))?;
    let before = [toolchain(build)?];
    let ours = [source.join("image/meta-ringfence"), source.join("image/check/host")];
    let local = format!("{LOCAL}{MASKED}require conf/host.conf\n");
    let run = Run { folder: layers, ours: &ours, build, local: &local, before: &before };
    let words: Vec<String> =
        RECIPES.iter().flat_map(|recipe| TASKS.iter().map(move |task| format!("{recipe}:{task}"))).collect();
    println!("BitBake builds {}; its logs are in {}/tmp/work", RECIPES.join(", "), build.display());
    let begun = Instant::now();
    let mut faults = run.bitbake(&words.iter().map(String::as_str).collect::<Vec<_>>())?;
    println!("bitbake: built in {} s", begun.elapsed().as_secs());
    if faults.is_empty() {
        faults.extend(compare(build, root)?);
    }
    Ok(faults)
}

/// What the recipes installed, beside what they should have.
fn compare(build: &Path, root: &Path) -> anyhow::Result<Vec<String>> {
    let mut together = tree::Entries::new();
    for recipe in INSTALLED {
        together.extend(tree::entries(&installed(build, recipe)?)?);
    }
    let system = project::root().join("image/system");
    let mut faults = tree::differences(&tree::entries(root)?, &together);
    println!("{} files and folders as installed without OpenEmbedded-Core", together.len());
    for (recipe, folder) in COPIED {
        let (is, should) = (tree::entries(&installed(build, recipe)?)?, tree::entries(&system.join(folder))?);
        faults.extend(tree::differences(&should, &is));
        println!("{} files and folders as in image/system/{folder}", is.len());
    }
    Ok(faults)
}

/// What a recipe's `do_install` left. BitBake names folders by architecture and version.
fn installed(build: &Path, recipe: &str) -> anyhow::Result<PathBuf> {
    let mut found = Vec::new();
    for architecture in folders(&build.join("tmp/work"))? {
        let recipe = architecture.join(recipe);
        if recipe.is_dir() {
            found.extend(folders(&recipe)?.into_iter().map(|version| version.join("image")));
        }
    }
    found.retain(|image| image.is_dir());
    ensure!(found.len() == 1, "{recipe} is installed in {} folders", found.len());
    found.pop().context("it is one")
}

fn folders(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let entries = entries.collect::<Result<Vec<_>, _>>()?;
    Ok(entries.into_iter().map(|entry| entry.path()).filter(|path| path.is_dir()).collect())
}

/// The checkout as it lies there. What is the same keeps its time, so that cargo builds what has changed.
fn sources(to: &Path) -> anyhow::Result<()> {
    let names = project::sources()?;
    for name in &names {
        project::copy_source(name, to)?;
    }
    let known: std::collections::BTreeSet<PathBuf> = names.iter().map(|name| to.join(name)).collect();
    for path in project::below(to)? {
        if !known.contains(&path) && (path.is_symlink() || !path.is_dir()) {
            fs::remove_file(&path).with_context(|| path.display().to_string())?;
        }
    }
    Ok(())
}

/// The crates that cargo has fetched, where BitBake looks for what it would fetch. Their checksums are in the recipe.
fn downloads(to: &Path) -> anyhow::Result<()> {
    project::run(&mut project::cargo(&["fetch", "--locked", "--quiet"]))?;
    fs::create_dir_all(to).with_context(|| to.display().to_string())?;
    let registries = folders(&project::cargo_home()?.join("registry/cache"))?;
    for (name, version) in crates::names()? {
        let file = format!("{name}-{version}.crate");
        let at = registries.iter().map(|registry| registry.join(&file)).find(|path| path.is_file());
        let at = at.with_context(|| format!("cargo has not kept {file}"))?;
        let done = to.join(format!("{file}.done"));
        if !done.exists() {
            link(&at, &to.join(&file))?;
            // Empty: its checksum is not known yet.
            fs::write(&done, "")?;
            give(&done)?;
        }
    }
    give(to)
}

/// The folder of this machine's cargo and rustc. Who runs as nobody cannot read them in a home: a second tree of links.
fn toolchain(build: &Path) -> anyhow::Result<PathBuf> {
    let output = Command::new("rustc").current_dir(project::root()).args(["--print", "sysroot"]).output();
    let output = output.context("rustc cannot be started")?;
    let sysroot = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    ensure!(sysroot.join("bin/cargo").is_file(), "{} has no cargo", sysroot.display());
    if !nix::unistd::getuid().is_root() {
        return Ok(sysroot.join("bin"));
    }
    let to = build.join("toolchain");
    if to.exists() {
        fs::remove_dir_all(&to).with_context(|| to.display().to_string())?;
    }
    for program in ["bin/cargo", "bin/rustc"] {
        link(&sysroot.join(program), &to.join(program))?;
    }
    for path in project::below(&sysroot.join("lib"))?.iter().filter(|path| path.is_file()) {
        link(path, &to.join(path.strip_prefix(&sysroot)?))?;
    }
    Ok(to.join("bin"))
}

/// The same file at another path; a copy where that is on another file system.
fn link(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(to.parent().context("a file lies in a folder")?)?;
    if to.exists() {
        fs::remove_file(to)?;
    }
    if fs::hard_link(from, to).is_err() {
        fs::copy(from, to).with_context(|| format!("{} cannot be copied", from.display()))?;
    }
    Ok(())
}

const PSEUDO: &str = "/usr/bin/pseudo";
/// What the check without OpenEmbedded-Core installs, too.
const INSTALLED: &[&str] = &["ringfence-programs", "ringfence-system"];
/// What installs a folder of the description as it lies.
const COPIED: &[(&str, &str)] = &[("ringfence-initrd", "initrd"), ("ringfence-development", "development")];
const RECIPES: &[&str] =
    &["ringfence-programs", "ringfence-system", "ringfence-initrd", "ringfence-development"];
/// The ends of what can be done without building others' recipes: packages cut and looked through, what other recipes would
/// get of ours, licences, the bill of materials.
const TASKS: &[&str] = &["do_package_qa", "do_populate_sysroot", "do_populate_lic", "do_create_spdx"];
