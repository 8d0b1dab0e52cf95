//! The update: root, hash tree and the signed file that starts them, as one bundle that RAUC signs, in the verity format
//! (in the crypt format where it is encrypted to recipients, now or later). What it may replace is decided by the box alone.

use super::disk::Built;
use super::roots::Roots;
use super::stage::copy_keys;
use super::{Description, Keys, quiet};
use crate::project;
use anyhow::{Context, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Who can read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind<'a> {
    /// Everybody.
    Open,
    /// Everybody, until it is encrypted to boxes (`rauc encrypt`), which leaves content and signature as they are.
    Later,
    /// Whose certificates stand in this file.
    To(&'a Path),
}

/// Makes the bundles of what was built, in the image's folder; one of each kind.
pub fn build(
    description: &Description,
    roots: &Roots,
    keys: &Keys,
    folder: &Path,
    built: &Built,
    kinds: &[Kind<'_>],
) -> anyhow::Result<Vec<PathBuf>> {
    let (tree, secret) = (folder.join("bundle"), folder.join("signing"));
    for gone in [&tree, &secret] {
        if gone.exists() {
            fs::remove_dir_all(gone).with_context(|| gone.display().to_string())?;
        }
    }
    fs::create_dir(&tree)?;
    cut(&built.disk, built.root, &tree.join("root.img"))?;
    cut(&built.disk, built.verity, &tree.join("verity.img"))?;
    fs::copy(&built.uki, tree.join("uki.efi"))?;
    copy_keys(keys, &secret)?;
    let one = |kind: &Kind<'_>| {
        fs::write(tree.join("manifest.raucm"), manifest(description, &built.root_hash, *kind)?)?;
        sign(roots, folder, &description.release.version, *kind)
    };
    let made = kinds.iter().map(one).collect();
    fs::remove_dir_all(&secret)?;
    fs::remove_dir_all(&tree)?;
    made
}

/// A partition of the disk; what is empty there takes no room here either.
fn cut(disk: &Path, (offset, bytes): (u64, u64), to: &Path) -> anyhow::Result<()> {
    ensure!(bytes > 0, "{} has no such partition", disk.display());
    let word = |name: &str, value: &dyn std::fmt::Display| format!("{name}={value}");
    let mut dd = Command::new("dd");
    dd.args([word("if", &disk.display()), word("of", &to.display()), word("skip", &offset)]);
    dd.args([word("count", &bytes)]);
    quiet(dd.args(["bs=1M", "iflag=skip_bytes,count_bytes", "conv=sparse"]))?;
    ensure!(fs::metadata(to)?.len() == bytes, "{} is not whole", to.display());
    Ok(())
}

fn manifest(description: &Description, root_hash: &str, kind: Kind<'_>) -> anyhow::Result<String> {
    let path = project::root().join("firmware/slots/rauc/system.conf");
    let box_side = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let compatible = box_side.lines().find_map(|line| line.strip_prefix("compatible="));
    let compatible = compatible.with_context(|| format!("{} names no hardware", path.display()))?;
    let (version, epoch) = (&description.release.version, description.release.epoch);
    let format = match kind {
        Kind::Open => "verity",
        Kind::Later | Kind::To(_) => "crypt",
    };
    Ok(format!(
        "[update]\ncompatible={compatible}\nversion={version}\ndescription=Ringfence {version}\n\
         build=epoch={epoch} root={root_hash}\n\n[bundle]\nformat={format}\n\n\
         [image.root]\nfilename=root.img\n\n[image.verity]\nfilename=verity.img\n"
    ))
}

fn sign(roots: &Roots, folder: &Path, version: &str, kind: Kind<'_>) -> anyhow::Result<PathBuf> {
    let name = match kind {
        Kind::Open | Kind::To(_) => format!("ringfence_{version}.raucb"),
        Kind::Later => format!("ringfence_{version}.crypt.raucb"),
    };
    let signed = if let Kind::To(_) = kind { format!("{name}.signed") } else { name.clone() };
    for gone in [&name, &signed].map(|name| folder.join(name)) {
        if gone.exists() {
            fs::remove_file(gone)?;
        }
    }
    let (squash, out) = (format!("--mksquashfs-args={SQUASH}"), format!("/mnt/{signed}"));
    let ours = ["--cert=/mnt/signing/update.crt", "--key=/mnt/signing/update.key"];
    let keyring = ["--keyring=/mnt/signing/update.crt"];
    let words = [&["rauc", "bundle"], &ours[..], &keyring[..], &[&squash, "/mnt/bundle", &out]].concat();
    quiet(&mut roots.tool(folder, &words))?;
    if let Kind::To(recipients) = kind {
        fs::copy(recipients, folder.join("signing/recipients.pem"))
            .with_context(|| recipients.display().to_string())?;
        let sealed = format!("/mnt/{name}");
        let to = ["--to=/mnt/signing/recipients.pem", &out, &sealed];
        quiet(&mut roots.tool(folder, &[&["rauc", "encrypt"], &keyring[..], &to[..]].concat()))?;
        fs::remove_file(folder.join(&signed))?;
    }
    Ok(folder.join(name))
}

/// The root is compressed already: squashfs is to find its empty blocks, not to try again.
const SQUASH: &str = "-comp zstd -Xcompression-level 1 -no-xattrs";

#[cfg(test)]
mod tests {
    use super::{Kind, manifest};
    use crate::image::Order;
    use crate::image::description::Description;
    use crate::project;

    #[test]
    fn a_bundle_says_version_epoch_and_root_as_the_box_reads_them() {
        let order = Order { version: Some("9.8.7".to_owned()), ..Order::default() };
        let description = Description::read(&project::root().join("image/system"), &order).unwrap();
        let root = "07".repeat(32);
        let told = slots_of(&manifest(&description, &root, Kind::Open).unwrap());
        assert_eq!(told, ("9.8.7".to_owned(), format!("epoch={} root={root}", description.release.epoch)));
        assert!(manifest(&description, &root, Kind::Later).unwrap().contains("\nformat=crypt\n"));
    }

    fn slots_of(text: &str) -> (String, String) {
        let value = |key: &str| {
            text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('=')).unwrap().to_owned()
        };
        (value("version"), value("build"))
    }
}
