//! The bill of materials of a built system, and its licences: which of Debian's packages have a file in the root or in
//! the first stage, from dpkg's own lists. What was taken out again is not in it.

use super::roots::Roots;
use super::stage::SYSTEM;
use super::{Description, licences, quiet};
use crate::sbom::{self, Part};
use anyhow::{Context, ensure};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Writes it beside the disk. The copyright files of what is in the first stage alone go into the root.
pub fn write(description: &Description, roots: &Roots, folder: &Path) -> anyhow::Result<()> {
    let root = folder.join(SYSTEM);
    let mut packages = of_root(roots, &root)?;
    for (id, part) in of_first_stage(roots, folder)? {
        let copyright = copyright_of(&part.name);
        let there = root.join(&copyright);
        if !there.exists() {
            fs::create_dir_all(there.parent().unwrap_or(&root))?;
            fs::copy(roots.file(&copyright), &there).with_context(|| copyright.clone())?;
        }
        packages.entry(id).or_insert(part);
    }
    let document = sbom::of_system(&description.pretty_name(), packages.into_values().collect())?;
    fs::write(folder.join(FILE), serde_json::to_string_pretty(&document)?)?;
    Ok(())
}

/// Packages that still have a file in the root, more than the copyright file that every one leaves there.
fn of_root(roots: &Roots, root: &Path) -> anyhow::Result<BTreeMap<String, Part>> {
    let there = |path: &str| {
        let path = root.join(path);
        path.is_symlink() || path.is_file()
    };
    packages(&roots.base, |path| !path.starts_with("usr/share/doc/") && there(path))
}

/// Packages of the tools that have a file in the first stage, and what starts it: kernel, drivers, boot loader.
fn of_first_stage(roots: &Roots, folder: &Path) -> anyhow::Result<BTreeMap<String, Part>> {
    let listed = quiet(&mut roots.tool(folder, &["lsinitrd", "/mnt/initrd"]))?;
    let files: BTreeSet<&str> = listed.lines().filter_map(listed_file).collect();
    ensure!(files.contains("usr/lib/systemd/systemd"), "the first stage's list has no systemd");
    let kernel = format!("boot/vmlinuz-{}", roots.kernel()?);
    packages(&roots.tools, |path| {
        files.contains(path) || path == kernel || LOADER.contains(&path) || path == DRIVERS_SOURCE
    })
}

/// The path in a line of `ls -l`; folders are nobody's.
fn listed_file(line: &str) -> Option<&str> {
    let mut fields = line.split_whitespace();
    let (mode, path) = (fields.next()?, fields.nth(7)?);
    (mode.len() == 10 && !mode.starts_with('d')).then_some(path)
}

/// The installed packages of a root of which a file is wanted, with licences from their copyright files.
fn packages(root: &Path, wanted: impl Fn(&str) -> bool) -> anyhow::Result<BTreeMap<String, Part>> {
    let status = root.join("var/lib/dpkg/status");
    let text = fs::read_to_string(&status).with_context(|| status.display().to_string())?;
    let mut found = BTreeMap::new();
    for mut part in sbom::debian(&text)? {
        let list = list_of(root, &part.name)?;
        let text = fs::read_to_string(&list).with_context(|| list.display().to_string())?;
        if !text.lines().any(|path| wanted(&merged(path))) {
            continue;
        }
        let copyright = copyright_of(&part.name);
        let text = fs::read(root.join(&copyright)).with_context(|| copyright.clone())?;
        part.licence = Some(licences::declared(&part.name, &String::from_utf8_lossy(&text)));
        part.comment = Some(format!("/{copyright}"));
        found.insert(part.id.clone(), part);
    }
    Ok(found)
}

fn copyright_of(package: &str) -> String {
    format!("usr/share/doc/{package}/copyright")
}

/// dpkg's list of a package's files; of several architectures it has the name's.
fn list_of(root: &Path, name: &str) -> anyhow::Result<PathBuf> {
    let info = root.join("var/lib/dpkg/info");
    let places = [format!("{name}.list"), format!("{name}:amd64.list")].map(|file| info.join(file));
    places.into_iter().find(|path| path.is_file()).with_context(|| format!("dpkg has no list of {name}"))
}

/// A path as the root has it, where `/lib` and its like are links into `/usr`.
fn merged(path: &str) -> String {
    let path = path.trim_start_matches('/');
    let first = path.split('/').next().unwrap_or_default();
    if matches!(first, "bin" | "sbin" | "lib" | "lib64") { format!("usr/{path}") } else { path.to_owned() }
}

/// Its name beside the disk.
const FILE: &str = "sbom.spdx.json";
/// What of systemd-boot-efi is in the boot partition and in the signed kernel.
const LOADER: &[&str] =
    &["usr/lib/systemd/boot/efi/systemd-bootx64.efi", "usr/lib/systemd/boot/efi/linuxx64.efi.stub"];
/// The drivers of cards are built from what lies here, and are in no package's list.
const DRIVERS_SOURCE: &str = "usr/share/doc/dahdi-dkms/copyright";

#[cfg(test)]
mod tests {
    use super::{listed_file, merged, packages};
    use std::fs;

    #[test]
    fn a_line_of_the_first_stages_list_names_a_file_and_its_link_goes_to_nothing_else() {
        let link =
            "lrwxrwxrwx   1 root     root           16 Jan  1  2026 usr/sbin/init -> ../lib/systemd/systemd";
        assert_eq!(listed_file(link), Some("usr/sbin/init"));
        assert_eq!(listed_file("drwxr-xr-x   3 root root 0 Jan  1  2026 usr"), None);
        assert_eq!(listed_file("Image: /mnt/initrd: 24M"), None);
        assert_eq!(merged("/lib/x/y"), "usr/lib/x/y");
        assert_eq!(merged("/usr/lib/x"), "usr/lib/x");
    }

    #[test]
    fn a_package_whose_files_were_taken_out_is_not_in_the_system() {
        let root = tempdir();
        let folder = root.join("var/lib/dpkg/info");
        fs::create_dir_all(&folder).unwrap();
        let mut status = String::new();
        for name in ["kept", "gone"] {
            let head =
                format!("Package: {name}\nStatus: install ok installed\nVersion: 1\nArchitecture: amd64\n\n");
            status.push_str(&head);
            fs::write(folder.join(format!("{name}:amd64.list")), format!("/.\n/lib/{name}.so\n")).unwrap();
            fs::create_dir_all(root.join("usr/share/doc").join(name)).unwrap();
            fs::write(root.join("usr/share/doc").join(name).join("copyright"), "Copyright somebody").unwrap();
        }
        fs::write(root.join("var/lib/dpkg/status"), status).unwrap();
        let found = packages(&root, |path| path == "usr/lib/kept.so");
        fs::remove_dir_all(&root).unwrap();
        let found: Vec<_> = found.unwrap().into_values().collect();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].name, "kept");
        assert_eq!(found[0].licence.as_deref(), Some("LicenseRef-Debian-kept-copyright"));
    }

    fn tempdir() -> std::path::PathBuf {
        let folder = std::env::temp_dir().join(format!("ringfence-bill-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        folder
    }
}
