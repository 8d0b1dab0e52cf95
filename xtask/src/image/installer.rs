//! The stick that installs an image: one signed file which the firmware starts from any disk it can read. Kernel, first
//! stage and the packed image lie in it, so that its signature covers what will be written, and no driver for removable
//! storage is needed. It is signed for no phase of the boot: what starts from a stick opens no data.

use super::disk::{dracut, fresh, repart_with};
use super::manifest::{self, Kind};
use super::roots::Roots;
use super::stage::copy_keys;
use super::{Description, Keys, copy_tree, quiet, step};
use crate::project;
use anyhow::{Context, ensure};
use std::fs::{self, File};
use std::io::{BufReader, BufWriter};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Builds the stick of the image that lies in a folder; its path.
pub fn build(
    description: &Description,
    roots: &Roots,
    keys: &Keys,
    folder: &Path,
) -> anyhow::Result<PathBuf> {
    let (image, tree) = (folder.join("disk.raw"), folder.join("installer.d"));
    ensure!(image.is_file(), "{} is not there: build the image first", image.display());
    fresh(&tree)?;
    step("packing the image", || pack(description, &image, &tree))?;
    step("building the installer's first stage", || initrd(description, roots, folder))?;
    fs::remove_dir_all(&tree)?;
    let secret = folder.join("signing");
    copy_keys(keys, &secret)?;
    let signed = step("signing the installer", || uki(description, roots, folder));
    fs::remove_dir_all(&secret)?;
    let stick = step("writing the stick", || stick(roots, folder, &signed?))?;
    step("signing what it is", || manifest::write(&stick, Kind::Installer, description, keys))?;
    Ok(stick)
}

/// What the first stage has besides a system's: the program, its unit, the image and its manifest.
fn pack(description: &Description, image: &Path, tree: &Path) -> anyhow::Result<()> {
    copy_tree(&description.folder.join("installer"), tree)?;
    let (share, programs) = (tree.join("usr/share/ringfence"), tree.join("usr/bin"));
    fs::create_dir_all(&share)?;
    fs::create_dir_all(&programs)?;
    fs::copy(manifest::beside(image, "manifest"), share.join("image.manifest"))
        .context("the image has no manifest: build it again")?;
    let to = BufWriter::with_capacity(BUFFER, File::create(share.join("image.packed"))?);
    ::installer::packed::pack(BufReader::with_capacity(BUFFER, File::open(image)?), to)?;
    let program = project::binaries(!description.development).join(PROGRAM);
    quiet(Command::new("strip").arg("-o").arg(programs.join(PROGRAM)).arg(program))?;
    quiet(Command::new("chown").args(["-R", "0:0"]).arg(tree)).map(|_| ())
}

/// A system's first stage without what opens a system's root and data.
fn initrd(description: &Description, roots: &Roots, folder: &Path) -> anyhow::Result<()> {
    let first = &description.initrd;
    let kept = |module: &&String| !NO_SYSTEM.contains(&module.as_str());
    let modules: Vec<&str> = first.modules.iter().filter(kept).map(String::as_str).collect();
    let modules = modules.join(" ");
    let drivers = first.drivers.iter().map(String::as_str).chain(KEYBOARDS).collect::<Vec<_>>().join(" ");
    let words =
        ["--modules", &modules, "--drivers", &drivers, "--omit-drivers", NO_STORAGE, "--install", LIBRARIES];
    // What is large in it does not get smaller.
    dracut(roots, folder, ["initrd.installer", "installer.d", "zstd -1"], &words)
}

fn uki(description: &Description, roots: &Roots, folder: &Path) -> anyhow::Result<PathBuf> {
    let kernel = roots.kernel()?;
    // Nothing of a system's own: no root, no hash, and the installer in place of its target.
    let system = |word: &&String| *word != "ro" && !SYSTEMS_OWN.iter().any(|own| word.starts_with(own));
    let words = description.kernel.command_line.iter().filter(system).map(String::as_str);
    let line = words.chain(OWN).collect::<Vec<_>>().join(" ");
    let (linux, line) = (format!("--linux=/boot/vmlinuz-{kernel}"), format!("--cmdline={line}"));
    let (uname, name) = (format!("--uname={kernel}"), "installer.efi");
    let (os, output) =
        (format!("--os-release={}", description.os_release()), format!("--output=/mnt/{name}"));
    let words = [
        "ukify",
        "build",
        &linux,
        "--initrd=/mnt/initrd.installer",
        &line,
        &uname,
        &os,
        "--secureboot-private-key=/mnt/signing/db.key",
        "--secureboot-certificate=/mnt/signing/db.crt",
        "--signtool=sbsign",
        &output,
    ];
    quiet(&mut roots.tool(folder, &words))?;
    fs::remove_file(folder.join("initrd.installer"))?;
    Ok(folder.join(name))
}

/// One boot partition, as large as the file in it asks for.
fn stick(roots: &Roots, folder: &Path, uki: &Path) -> anyhow::Result<PathBuf> {
    let (tree, definitions, stick) =
        (folder.join("stick.d"), folder.join("stick.repart"), folder.join("installer.raw"));
    fresh(&tree.join("EFI/BOOT"))?;
    fresh(&definitions)?;
    let size = (fs::metadata(uki)?.len() + ROOM_BYTES).div_ceil(1 << 20).max(LEAST_MIB);
    fs::rename(uki, tree.join("EFI/BOOT/BOOTX64.EFI"))?;
    let definition = format!(
        "[Partition]\nType=esp\nLabel=installer\nFormat=vfat\nCopyFiles=/stick.d:/\nSizeMinBytes={size}M\nSizeMaxBytes={size}M\n"
    );
    fs::write(definitions.join("10-esp.conf"), definition)?;
    if stick.exists() {
        fs::remove_file(&stick)?;
    }
    repart_with(roots, folder, ["stick.repart", "installer.raw", SEED], &["--empty=create", "--size=auto"])?;
    fs::remove_dir_all(&tree)?;
    fs::remove_dir_all(&definitions)?;
    Ok(stick)
}

/// The program that talks and writes.
pub const PROGRAM: &str = "ringfence-install";
/// What of a first stage finds and opens a system.
const NO_SYSTEM: &[&str] = &[
    "systemd-cryptsetup",
    "systemd-veritysetup",
    "systemd-pcrphase",
    "systemd-repart",
    "tpm2-tss",
    "dm",
    "rootfs-block",
];
/// Words of the command line that name a system's root, or what becomes of it.
const SYSTEMS_OWN: &[&str] = &["root=", "rootfstype=", "systemd.verity", "systemd.machine_id"];
const OWN: [&str; 2] = ["rd.systemd.unit=ringfence-install.target", "rd.systemd.gpt_auto=0"];
/// A box with a screen has a keyboard by USB.
const KEYBOARDS: [&str; 5] = ["xhci_pci", "ehci_pci", "uhci_hcd", "usbhid", "hid_generic"];
/// No stick, not even its own, is a disk to it.
const NO_STORAGE: &str = "usb-storage uas sdhci mmc_block";
/// What the program is linked with, besides the first stage's own.
const LIBRARIES: &str = "/usr/lib/x86_64-linux-gnu/libgcc_s.so.1 /usr/lib/x86_64-linux-gnu/libc.so.6";
const BUFFER: usize = 4 << 20;
/// Other ids than those of the disk it writes.
const SEED: &str = "0d1f6d0b-8f0c-4d53-9a41-6b1b2c7e7a55";
/// For tables of the file system.
const ROOM_BYTES: u64 = 24 << 20;
/// As large as a box's own boot partition: of sectors of 4 KiB, fewer are no FAT32 that firmware would read.
const LEAST_MIB: u64 = 384;
