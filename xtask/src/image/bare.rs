//! A bare Debian with systemd, made by the tools that make the box: what the box is measured beside. The same kernel, boot
//! loader, signature and disk; no verity, no sealed data, nothing of ours but the bench's witness. It is no product.

use super::{Built, Description, Order, copy_tree, disk, keys, quiet, roots, stage, step};
use crate::project;
use anyhow::Context;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Builds it in a folder; `witness` is the program that tells time and memory.
pub fn build(folder: &Path, witness: &Path) -> anyhow::Result<Built> {
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    let folder = folder.canonicalize()?;
    let mut description = Description::read(&project::root().join("image/system"), &Order::default())?;
    let roots = roots::ready(&description)?;
    let keys = keys::ready(None, &roots)?;
    description.bare = true;
    description.development = false;
    description.folder = project::root().join("hil-tests/box/bare");
    // The development variant's command line goes without self-tests of ciphers; so does this one's.
    let ours = COMMAND_LINE.iter().map(|&word| word.to_owned());
    description.kernel.command_line =
        ours.chain(description.kernel.development_command_line.clone()).collect();
    description.initrd.modules.retain(|module| !SECRETS.contains(&module.as_str()));
    let debian = roots::bare()?;
    step("staging a bare Debian", || {
        let root = folder.join(stage::SYSTEM);
        if root.exists() {
            fs::remove_dir_all(&root)?;
        }
        fs::create_dir(&root)?;
        copy_tree(&debian, &root)?;
        stage::modules(&roots, &keys, &root, &folder)?;
        let ours = folder.join(stage::OURS);
        if ours.exists() {
            fs::remove_dir_all(&ours)?;
        }
        fs::create_dir_all(ours.join("usr/bin"))?;
        copy_tree(&description.folder.join("root"), &ours)?;
        quiet(Command::new("strip").arg("-o").arg(ours.join("usr/bin/box-witness")).arg(witness))?;
        stage::owned_by_root(&ours)?;
        copy_tree(&ours, &root)
    })?;
    step("building its first stage", || disk::first_stage(&description, &roots, &folder))?;
    disk::build(&description, &roots, &keys, &folder, false)
}

/// As a server's: what starts is shown on the serial port.
const COMMAND_LINE: &[&str] = &[
    "root=PARTLABEL=root-a",
    "rootfstype=ext4",
    "rw",
    "console=tty0",
    "console=ttyS0,115200n8",
    "systemd.show_status=yes",
];
/// Of the first stage, what only a box with secrets needs.
const SECRETS: &[&str] =
    &["systemd-cryptsetup", "systemd-veritysetup", "systemd-pcrphase", "systemd-repart", "tpm2-tss"];
