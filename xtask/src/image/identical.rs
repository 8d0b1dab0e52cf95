//! `cargo xtask image --twice`: the image built here, and built again from a copy of the sources in another folder, with
//! another target folder, another cargo home and Debian's packages unpacked anew; then both beside each other, file by
//! file. The tools that build it are the same both times: they are the compiler.

use super::roots::{self, Roots};
use super::stage::{OURS, SYSTEM};
use super::{Description, Order, build, quiet};
use crate::project;
use anyhow::{Context, ensure};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Builds twice and compares; true where every difference has its reason.
pub fn run(order: &Order) -> anyhow::Result<bool> {
    let date = date_of_sources()?;
    let first = order.folder()?;
    build(order)?;
    let place = first.join("twice");
    if place.exists() {
        fs::remove_dir_all(&place).with_context(|| place.display().to_string())?;
    }
    let checkout = place.join("elsewhere/another-checkout");
    for name in project::sources()? {
        project::copy_source(&name, &checkout)?;
    }
    let second = place.join("image");
    let mut again = Command::new("cargo");
    again.current_dir(&checkout).args([
        "run",
        "--quiet",
        "--locked",
        "--package",
        "xtask",
        "--",
        "image",
        "--anew",
    ]);
    again.arg("--out").arg(&second).args(order.development.then_some("--dev"));
    if let Some(version) = &order.version {
        again.arg("--version").arg(version);
    }
    again.env("CARGO_TARGET_DIR", place.join("build")).env("CARGO_HOME", cargo_home(&place)?);
    again.env("SOURCE_DATE_EPOCH", date).env_remove("CARGO").env_remove("CARGO_MANIFEST_DIR");
    project::run(&mut again).context("the second build")?;
    let description = Description::read(&project::root().join("image/system"), order)?;
    compare(&description, &roots::ready(&description)?, &first, &second)
}

/// The date that the bill of materials bears: a copy of the sources has no history to ask.
fn date_of_sources() -> anyhow::Result<String> {
    if let Ok(date) = std::env::var("SOURCE_DATE_EPOCH") {
        return Ok(date);
    }
    let told = quiet(Command::new("git").current_dir(project::root()).args(["log", "-1", "--format=%ct"]))?;
    Ok(told.trim().to_owned())
}

/// A cargo home at another path with the same crates in it.
fn cargo_home(place: &Path) -> anyhow::Result<PathBuf> {
    let ours = project::cargo_home()?;
    let home = place.join("cargo");
    fs::create_dir_all(&home)?;
    for entry in fs::read_dir(&ours).with_context(|| ours.display().to_string())? {
        let entry = entry?;
        std::os::unix::fs::symlink(entry.path(), home.join(entry.file_name()))?;
    }
    Ok(home)
}

/// Says what is the same, and what is not, with its reason.
fn compare(description: &Description, roots: &Roots, first: &Path, second: &Path) -> anyhow::Result<bool> {
    let mut faults = 0;
    let mut say = |what: &str, differences: Vec<String>| {
        if differences.is_empty() {
            println!("identical  {what}");
        }
        for one in differences.iter().take(SHOWN) {
            println!("DIFFERS    {what}: {one}");
        }
        faults += differences.len();
    };
    let programs = Path::new(OURS).join("usr/bin");
    let count = fs::read_dir(first.join(&programs))?.count();
    ensure!(count > 0, "there are no programs");
    say(&format!("{count} programs"), differences(&first.join(&programs), &second.join(&programs))?);
    say("files of the root", differences(&first.join(SYSTEM), &second.join(SYSTEM))?);
    let same = |name: &str| -> anyhow::Result<Vec<String>> {
        let (a, b) = (fs::read(first.join(name))?, fs::read(second.join(name))?);
        Ok(if a == b { Vec::new() } else { vec![format!("{} and {} bytes", a.len(), b.len())] })
    };
    say("hash of the root (dm-verity)", same("roothash")?);
    say("first stage", same("initrd")?);
    say("bill of materials", same("sbom.spdx.json")?);
    let kernel = format!("ringfence_{}.efi", description.release.version);
    say("signed kernel but for its signature", unsigned(roots, &kernel, first, second)?);
    if !same(&kernel)?.is_empty() {
        println!(
            "explained  signed kernel: a Secure Boot signature holds the time it was made (PKCS #9 signingTime)"
        );
    }
    if !same("disk.raw")?.is_empty() {
        println!(
            "explained  disk: its boot partition holds two files with such signatures; the root's hash is above"
        );
    }
    Ok(faults == 0)
}

/// What the signature covers, of both kernels.
fn unsigned(roots: &Roots, kernel: &str, first: &Path, second: &Path) -> anyhow::Result<Vec<String>> {
    let mut bare = Vec::new();
    for folder in [first, second] {
        fs::copy(folder.join(kernel), folder.join("unsigned.efi"))?;
        quiet(&mut roots.tool(folder, &["sbattach", "--remove", "/mnt/unsigned.efi"]))?;
        bare.push(fs::read(folder.join("unsigned.efi"))?);
        fs::remove_file(folder.join("unsigned.efi"))?;
    }
    let count = bare[0].iter().zip(&bare[1]).filter(|(a, b)| a != b).count();
    let same = bare[0].len() == bare[1].len() && count == 0;
    Ok(if same { Vec::new() } else { vec![format!("{count} bytes")] })
}

/// What differs between two trees but for times: names, kinds, modes, owners, contents.
fn differences(first: &Path, second: &Path) -> anyhow::Result<Vec<String>> {
    let (first, second) = (entries(first)?, entries(second)?);
    let mut found = Vec::new();
    for (name, (path, told)) in &first {
        match second.get(name) {
            None => found.push(format!("{name} is only in the first")),
            Some((_, other)) if other != told => found.push(format!("{name}: {told} and {other}")),
            Some((other, _))
                if path.is_file() && !path.is_symlink() && fs::read(path)? != fs::read(other)? =>
            {
                found.push(format!("{name}: its contents"));
            }
            Some(_) => {}
        }
    }
    found.extend(
        second
            .keys()
            .filter(|name| !first.contains_key(*name))
            .map(|name| format!("{name} is only in the second")),
    );
    Ok(found)
}

/// Every entry below a folder, with what can be said of it without reading it.
fn entries(folder: &Path) -> anyhow::Result<BTreeMap<String, (PathBuf, String)>> {
    let mut all = BTreeMap::new();
    for path in project::below(folder)? {
        let told = fs::symlink_metadata(&path)?;
        let kind = if told.is_symlink() {
            format!("link to {}", fs::read_link(&path)?.display())
        } else if told.is_dir() {
            "folder".to_owned()
        } else {
            format!("{} bytes", told.len())
        };
        let words = format!("{kind}, {:o} {}:{}", told.permissions().mode(), told.uid(), told.gid());
        all.insert(path.strip_prefix(folder)?.display().to_string(), (path, words));
    }
    Ok(all)
}

/// Of a long list as much as a person reads.
const SHOWN: usize = 40;

#[cfg(test)]
mod tests {
    use super::differences;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn every_kind_of_difference_is_named() {
        let place = std::env::temp_dir().join(format!("ringfence-identical-{}", std::process::id()));
        let (one, two) = (place.join("one"), place.join("two"));
        for tree in [&one, &two] {
            fs::create_dir_all(tree.join("folder")).unwrap();
            fs::write(tree.join("folder/same"), "same").unwrap();
            for name in ["mode", "content", "length"] {
                fs::write(tree.join(name), "first").unwrap();
            }
            std::os::unix::fs::symlink("there", tree.join("link")).unwrap();
        }
        assert_eq!(differences(&one, &two).unwrap(), Vec::<String>::new());
        fs::write(two.join("content"), "other").unwrap();
        fs::write(two.join("length"), "longer than first").unwrap();
        fs::set_permissions(two.join("mode"), fs::Permissions::from_mode(0o600)).unwrap();
        fs::remove_file(two.join("link")).unwrap();
        std::os::unix::fs::symlink("elsewhere", two.join("link")).unwrap();
        fs::write(one.join("old"), "").unwrap();
        fs::write(two.join("folder/new"), "").unwrap();
        let found = differences(&one, &two).unwrap();
        fs::remove_dir_all(&place).unwrap();
        let names: Vec<&str> = found.iter().filter_map(|one| one.split([':', ' ']).next()).collect();
        assert_eq!(names, ["content", "length", "link", "mode", "old", "folder/new"]);
    }
}
