//! From a staged root to a disk: the first stage, the root under dm-verity, the signed kernel that names its hash, the
//! boot partition. The partitions are those of `image/system/repart`, by systemd's own program.

use super::roots::Roots;
use super::stage::{SYSTEM, copy_keys};
use super::{Description, Keys, copy_tree, quiet, step};
use anyhow::{Context, ensure};
use serde::Deserialize;
use std::fs;
use std::path::{Path, PathBuf};

/// What was built.
#[derive(Debug, Clone)]
pub struct Built {
    /// The disk.
    pub disk: PathBuf,
    /// The signed kernel.
    pub uki: PathBuf,
    /// The firmware's variables of a virtual box, with our keys and Secure Boot on.
    pub variables: PathBuf,
    /// The virtual box's firmware.
    pub firmware: PathBuf,
    /// The hash of the root.
    pub root_hash: String,
    /// Where on the disk the root lies, and its bytes.
    pub root: (u64, u64),
    /// Where its hash tree lies, and its bytes.
    pub verity: (u64, u64),
    /// The update made of it, where one was asked for.
    pub bundle: Option<PathBuf>,
    /// The same for whoever encrypts it to boxes, where it was asked for.
    pub crypt: Option<PathBuf>,
    /// Bytes of root and hash tree, and of the kernel.
    pub bytes: (u64, u64),
}

/// A partition, as systemd-repart tells it.
#[derive(Debug, Deserialize)]
pub struct Partition {
    label: String,
    roothash: Option<String>,
    offset: u64,
    raw_size: u64,
}

/// Builds the disk in the image's folder, where the staged root and the first stage lie. A further version of an image has no
/// disk of its own that could start: an update brings it.
pub fn build(
    description: &Description,
    roots: &Roots,
    keys: &Keys,
    folder: &Path,
    further: bool,
) -> anyhow::Result<Built> {
    let disk = folder.join("disk.raw");
    fresh(&folder.join("repart"))?;
    copy_tree(&description.folder.join("repart"), &folder.join("repart"))?;
    if disk.exists() {
        fs::remove_file(&disk)?;
    }
    let partitions = step("writing the root and its hashes", || {
        let words = ["--empty=create", "--size=auto", "--defer-partitions=esp"];
        repart(roots, folder, &words)
    })?;
    let root_hash = partitions.iter().find_map(|one| one.roothash.clone());
    ensure!(root_hash.is_some() || description.bare, "the root has no hash");
    let secret = folder.join("signing");
    copy_keys(keys, &secret)?;
    let signed = step("signing the kernel", || uki(description, roots, folder, root_hash.as_deref()));
    let signed = signed.and_then(|uki| {
        if further {
            return Ok(uki);
        }
        step("writing the boot partition", || esp(description, roots, folder, &uki))?;
        step("giving the virtual firmware its keys", || variables(roots, folder))?;
        Ok(uki)
    });
    fs::remove_dir_all(&secret)?;
    let uki = signed?;
    let bytes = (root_bytes(&disk, &partitions)?, fs::metadata(&uki)?.len());
    let root_hash = root_hash.unwrap_or_default();
    fs::write(folder.join("roothash"), &root_hash)?;
    let place =
        |label| partitions.iter().find(|one| one.label == label).map(|one| (one.offset, one.raw_size));
    let built = Built {
        root: place("root-a").unwrap_or_default(),
        verity: place("verity-a").unwrap_or_default(),
        bundle: None,
        crypt: None,
        disk,
        uki,
        variables: folder.join("variables.fd"),
        firmware: folder.join("firmware.fd"),
        root_hash,
        bytes,
    };
    fs::copy(roots.file("usr/share/OVMF/OVMF_CODE_4M.secboot.fd"), &built.firmware)?;
    Ok(built)
}

/// A folder that is empty.
pub fn fresh(folder: &Path) -> anyhow::Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| folder.display().to_string())?;
    }
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())
}

/// Builds the first stage in the image's folder.
pub fn first_stage(description: &Description, roots: &Roots, folder: &Path) -> anyhow::Result<()> {
    let tree = folder.join("initrd.d");
    fresh(&tree)?;
    if !description.bare {
        copy_tree(&description.folder.join("initrd"), &tree)?;
        fs::create_dir_all(tree.join("usr/bin"))?;
        for program in &description.initrd.ours {
            let place = Path::new("usr/bin").join(program);
            fs::copy(folder.join(SYSTEM).join(&place), tree.join(&place)).with_context(|| program.clone())?;
        }
    }
    if description.development {
        let journal = Path::new("usr/lib/systemd/journald.conf.d");
        fs::create_dir_all(tree.join(journal))?;
        copy_tree(&description.folder.join("development").join(journal), &tree.join(journal))?;
    }
    quiet(std::process::Command::new("chown").args(["-R", "0:0"]).arg(&tree))?;
    let first = &description.initrd;
    let (modules, drivers, programs) =
        (first.modules.join(" "), first.drivers.join(" "), first.programs.join(" "));
    let words = ["--modules", &modules, "--drivers", &drivers, "--install", &programs];
    dracut(roots, folder, ["initrd", "initrd.d", "zstd -9"], &words)
}

/// A first stage in the image's folder from a tree there, for the box's kernel and no machine of its own, with what the
/// words name besides. The same input makes the same bytes.
pub fn dracut(
    roots: &Roots,
    folder: &Path,
    [output, tree, compress]: [&str; 3],
    words: &[&str],
) -> anyhow::Result<()> {
    let (kernel, tree, output) = (roots.kernel()?, format!("/mnt/{tree}"), format!("/mnt/{output}"));
    let fixed = [
        "dracut",
        "--quiet",
        "--force",
        "--no-hostonly",
        "--no-hostonly-cmdline",
        "--reproducible",
        "--kver",
        &kernel,
        "--compress",
        compress,
    ];
    let last = ["--include", &tree, "/", &output];
    quiet(&mut roots.tool(folder, &[&fixed[..], words, &last].concat())).map(|_| ())
}

fn repart(roots: &Roots, folder: &Path, words: &[&str]) -> anyhow::Result<Vec<Partition>> {
    repart_with(roots, folder, ["repart", "disk.raw", SEED], words)
}

/// A disk in the image's folder from definitions there, its ids from a seed; what its partitions are.
pub fn repart_with(
    roots: &Roots,
    folder: &Path,
    [definitions, disk, seed]: [&str; 3],
    words: &[&str],
) -> anyhow::Result<Vec<Partition>> {
    let (definitions, disk) = (format!("--definitions=/mnt/{definitions}"), format!("/mnt/{disk}"));
    let seed = format!("--seed={seed}");
    let fixed = [
        "systemd-repart",
        "--offline=yes",
        "--dry-run=no",
        &seed,
        &definitions,
        "--copy-source=/mnt",
        "--json=short",
    ];
    let told = quiet(&mut roots.tool(folder, &[&fixed[..], words, &[disk.as_str()]].concat()))?;
    serde_json::from_str(&told).context("systemd-repart does not tell its partitions")
}

fn uki(
    description: &Description,
    roots: &Roots,
    folder: &Path,
    root_hash: Option<&str>,
) -> anyhow::Result<PathBuf> {
    let kernel = roots.kernel()?;
    let name = format!("ringfence_{}.efi", description.release.version);
    let mut line = description.kernel.command_line.clone();
    if description.development {
        line.extend(description.kernel.development_command_line.iter().cloned());
    }
    line.extend(root_hash.map(|hash| format!("roothash={hash}")));
    let line = line.join(" ");
    let (linux, line) = (format!("--linux=/boot/vmlinuz-{kernel}"), format!("--cmdline={line}"));
    let (uname, output) = (format!("--uname={kernel}"), format!("--output=/mnt/{name}"));
    let words = [
        "ukify",
        "build",
        &linux,
        "--initrd=/mnt/initrd",
        &line,
        &uname,
        "--os-release=@/mnt/system/usr/lib/os-release",
        "--pcr-banks=sha256",
        "--pcr-private-key=/mnt/signing/pcr-disk.key",
        "--pcr-public-key=/mnt/signing/pcr-disk.pem",
        "--phases=enter-initrd",
        "--pcr-private-key=/mnt/signing/pcr-vault.key",
        "--pcr-public-key=/mnt/signing/pcr-vault.pem",
        "--phases=enter-initrd:leave-initrd:sysinit:ready",
        "--pcrpkey=/mnt/signing/pcr-disk.pem",
        "--secureboot-private-key=/mnt/signing/db.key",
        "--secureboot-certificate=/mnt/signing/db.crt",
        "--signtool=sbsign",
        &output,
    ];
    quiet(&mut roots.tool(folder, &words))?;
    Ok(folder.join(name))
}

fn esp(description: &Description, roots: &Roots, folder: &Path, uki: &Path) -> anyhow::Result<()> {
    let tree = folder.join("esp");
    fresh(&tree.join("EFI/BOOT"))?;
    fs::create_dir_all(tree.join("EFI/Linux"))?;
    fs::create_dir_all(tree.join("loader"))?;
    let words = [
        "sbsign",
        "--key",
        "/mnt/signing/db.key",
        "--cert",
        "/mnt/signing/db.crt",
        "--output",
        "/mnt/esp/EFI/BOOT/BOOTX64.EFI",
        "/usr/lib/systemd/boot/efi/systemd-bootx64.efi",
    ];
    quiet(&mut roots.tool(folder, &words))?;
    let name = format!("ringfence_{}_A+{TRIES}.efi", description.release.version);
    fs::copy(uki, tree.join("EFI/Linux").join(name))?;
    fs::write(tree.join("loader/loader.conf"), LOADER)?;
    repart(roots, folder, &[]).map(|_| ())
}

fn variables(roots: &Roots, folder: &Path) -> anyhow::Result<()> {
    let words = [
        "virt-fw-vars",
        "--input",
        "/usr/share/OVMF/OVMF_VARS_4M.fd",
        "--output",
        "/mnt/variables.fd",
        "--set-pk",
        OWNER,
        "/mnt/signing/pk.crt",
        "--add-kek",
        OWNER,
        "/mnt/signing/kek.crt",
        "--add-db",
        OWNER,
        "/mnt/signing/db.crt",
        "--secure-boot",
    ];
    quiet(&mut roots.tool(folder, &words)).map(|_| ())
}

/// What of root and hash tree is not empty: nothing is written behind them.
fn root_bytes(disk: &Path, partitions: &[Partition]) -> anyhow::Result<u64> {
    let from =
        partitions.iter().find(|one| one.label == "root-a").map(|one| one.offset).context("no root-a")?;
    let found =
        quiet(std::process::Command::new("filefrag").arg("-b512").arg("-v").arg(disk)).unwrap_or_default();
    let sectors = found.lines().filter_map(|line| {
        let mut fields = line.split([':', '.', ' ']).filter(|field| !field.is_empty());
        let first: u64 = fields.nth(1)?.parse().ok()?;
        let last: u64 = fields.next()?.parse().ok()?;
        (first * SECTOR >= from).then_some(last + 1 - first)
    });
    Ok(sectors.sum::<u64>() * SECTOR)
}

/// systemd-boot picks the newest that has tries left; a `default` would defeat its counting.
const LOADER: &str = "timeout 0\neditor no\nauto-entries no\nauto-firmware no\n";
const TRIES: u8 = 3;
const SECTOR: u64 = 512;
/// Partition ids that are the same at every build.
const SEED: &str = "5d5b9d1e-3b3c-4a51-9a0b-0f2c7c1d3e10";
/// Who gave the firmware its keys.
const OWNER: &str = "8d3f5e0a-1b8e-4e0c-9b57-6a2f3c4d5e6f";
/// The staged root is what `repart/20-root-a.conf` copies.
const _: () = assert!(matches!(SYSTEM.as_bytes(), b"system"));
