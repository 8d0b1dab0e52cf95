//! Staging the root: Debian's part, what the recipes install, what only this system has; then what is not to be there is
//! taken out. Where our files go the recipes say, not this. The result is a folder that becomes the read-only root as it lies.

use super::roots::Roots;
use super::{Description, Keys, Order, copy_tree, quiet};
use crate::{image_check, project};
use anyhow::{Context, ensure};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The name of the staged root within the image's folder.
pub const SYSTEM: &str = "system";

/// The name of our part of it, beside it.
pub const OURS: &str = "ours";

/// Stages the root in the image's folder.
pub fn stage(
    description: &Description,
    order: &Order,
    roots: &Roots,
    keys: &Keys,
    folder: &Path,
) -> anyhow::Result<()> {
    let root = folder.join(SYSTEM);
    if root.exists() {
        fs::remove_dir_all(&root).with_context(|| root.display().to_string())?;
    }
    fs::create_dir(&root)?;
    copy_tree(&roots.base, &root)?;
    for pattern in &description.remove.paths {
        remove(&root, pattern)?;
    }
    modules(roots, keys, &root, folder)?;
    let (tree, installed) = ours(description, order, keys, folder)?;
    copy_tree(&tree, &root)?;
    for folder in MOUNTED {
        fs::create_dir_all(root.join(folder))?;
    }
    quiet(&mut roots.tool(folder, &["systemd-sysusers", "--root=/mnt/system"]))?;
    quiet(&mut roots.tool(folder, &["systemctl", "--root=/mnt/system", "preset-all"]))?;
    // It takes the link of default.target for one of a unit that nothing enables.
    copy_tree(&tree.join("etc"), &root.join("etc"))?;
    if !order.development {
        for pattern in &description.remove.product {
            remove(&root, pattern)?;
        }
    }
    let lost = installed.iter().find(|path| fs::symlink_metadata(root.join(path)).is_err());
    ensure!(lost.is_none(), "a recipe installs {lost:?}, and the box has it not");
    Ok(())
}

/// Takes the staged root and the first stage of an image that lies there, as another version and with what is besides.
pub fn take_over(
    description: &Description,
    order: &Order,
    first: &Path,
    folder: &Path,
) -> anyhow::Result<()> {
    let (root, tree) = (folder.join(SYSTEM), folder.join(OURS));
    for old in [&root, &tree] {
        if old.exists() {
            fs::remove_dir_all(old).with_context(|| old.display().to_string())?;
        }
    }
    fs::create_dir(&root)?;
    copy_tree(&first.join(SYSTEM), &root)?;
    fs::copy(first.join("initrd"), folder.join("initrd")).with_context(|| first.display().to_string())?;
    fs::create_dir_all(tree.join("usr/lib"))?;
    fs::write(tree.join("usr/lib/os-release"), description.os_release())?;
    for besides in &order.besides {
        copy_tree(besides, &tree)?;
    }
    owned_by_root(&tree)?;
    copy_tree(&tree, &root)
}

/// What of the root is ours, in a folder of its own, and which files the recipes installed: the programs without their
/// symbols, what only this system has (its name, the keys it takes), what only the development variant has.
fn ours(
    description: &Description,
    order: &Order,
    keys: &Keys,
    folder: &Path,
) -> anyhow::Result<(PathBuf, Vec<String>)> {
    let tree = folder.join(OURS);
    if tree.exists() {
        fs::remove_dir_all(&tree).with_context(|| tree.display().to_string())?;
    }
    let binaries = project::binaries(!order.development);
    let answer = image_check::fill(&tree, &binaries, Some(&keys.folder.join("update.crt")))?;
    let installed: Vec<String> = answer.files.into_keys().collect();
    for program in installed.iter().filter(|path| path.starts_with("usr/bin/")) {
        quiet(Command::new("strip").arg(tree.join(program)))?;
    }
    fs::copy(keys.folder.join("pcr-vault.pem"), tree.join("usr/share/ringfence/pcr-vault.pem"))?;
    fs::write(tree.join("usr/lib/os-release"), description.os_release())?;
    if order.development {
        copy_tree(&description.folder.join("development"), &tree)?;
        for besides in &order.besides {
            copy_tree(besides, &tree)?;
        }
    }
    owned_by_root(&tree)?;
    Ok((tree, installed))
}

/// The kernel's modules, with DAHDI's signed again by the key that the firmware trusts: under lockdown no other loads.
pub fn modules(roots: &Roots, keys: &Keys, root: &Path, folder: &Path) -> anyhow::Result<()> {
    let kernel = roots.kernel()?;
    let to = root.join("usr/lib/modules").join(&kernel);
    fs::create_dir_all(&to)?;
    copy_tree(&roots.file("usr/lib/modules").join(&kernel), &to)?;
    for link in ["build", "source"] {
        let path = to.join(link);
        if path.is_symlink() {
            fs::remove_file(path)?;
        }
    }
    let secret = folder.join("signing");
    copy_keys(keys, &secret)?;
    let script = format!(
        "for f in $(find /mnt/system/usr/lib/modules/{kernel}/updates -name '*.ko.xz'); do xz -d $f; \
         strip --strip-debug ${{f%.xz}}; \
         /usr/lib/linux-kbuild-*/scripts/sign-file sha256 /mnt/signing/db.key /mnt/signing/db.crt ${{f%.xz}}; done; \
         depmod -b /mnt/system {kernel}"
    );
    let done = quiet(&mut roots.tool(folder, &["sh", "-ec", &script]));
    fs::remove_dir_all(&secret)?;
    done.map(|_| ())
}

/// The keys, for as long as something is signed.
pub fn copy_keys(keys: &Keys, to: &Path) -> anyhow::Result<()> {
    if !to.exists() {
        fs::create_dir(to)?;
    }
    fs::set_permissions(to, fs::Permissions::from_mode(0o700))?;
    copy_tree(&keys.folder, to)
}

/// What came from the project belongs to root and can be written by nobody else, whatever it was in the checkout.
pub fn owned_by_root(tree: &Path) -> anyhow::Result<()> {
    let mut all = project::below(tree)?;
    all.push(tree.to_owned());
    for path in all {
        std::os::unix::fs::lchown(&path, Some(0), Some(0)).with_context(|| path.display().to_string())?;
        if !path.is_symlink() {
            let mode = fs::metadata(&path)?.permissions().mode();
            let mode = if path.is_dir() || mode & 0o100 != 0 { 0o755 } else { 0o644 };
            fs::set_permissions(&path, fs::Permissions::from_mode(mode))?;
        }
    }
    Ok(())
}

/// Removes what a pattern names: path parts, each with at most one `*`. Nothing outside the root is ever reached,
/// because links are not followed.
fn remove(root: &Path, pattern: &str) -> anyhow::Result<()> {
    ensure!(!pattern.starts_with('/') && !pattern.contains(".."), "{pattern}: paths are within the root");
    let mut found = vec![root.to_owned()];
    for part in pattern.split('/') {
        let mut next = Vec::new();
        for folder in found.iter().filter(|path| path.is_dir() && !path.is_symlink()) {
            for entry in fs::read_dir(folder)? {
                let entry = entry?;
                if matches(part, &entry.file_name().to_string_lossy()) {
                    next.push(entry.path());
                }
            }
        }
        found = next;
    }
    for path in found {
        let done = if path.is_dir() && !path.is_symlink() {
            fs::remove_dir_all(&path)
        } else {
            fs::remove_file(&path)
        };
        done.with_context(|| path.display().to_string())?;
    }
    Ok(())
}

/// Where something is mounted over the read-only root.
const MOUNTED: &[&str] = &["efi", "var", "tmp", "run", "proc", "sys", "dev"];

fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((head, tail)) => {
            name.len() >= head.len() + tail.len() && name.starts_with(head) && name.ends_with(tail)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{matches, remove};
    use std::fs;

    #[test]
    fn a_pattern_takes_what_it_names_and_nothing_else() {
        assert!(matches("apt*", "apt-get") && matches("*.rc", "a.rc") && matches("su", "su"));
        assert!(!matches("su", "sudo") && !matches("ab*ba", "aba"));
    }

    #[test]
    fn what_lies_behind_a_link_is_not_removed() {
        let folder = std::env::temp_dir().join(format!("ringfence-stage-{}", std::process::id()));
        fs::create_dir_all(folder.join("root/var")).unwrap();
        fs::create_dir_all(folder.join("outside")).unwrap();
        fs::write(folder.join("outside/kept"), b"").unwrap();
        fs::write(folder.join("root/var/gone"), b"").unwrap();
        std::os::unix::fs::symlink(folder.join("outside"), folder.join("root/link")).unwrap();
        remove(&folder.join("root"), "link/*").unwrap();
        remove(&folder.join("root"), "var/*").unwrap();
        assert!(
            remove(&folder.join("root"), "/etc").is_err()
                && remove(&folder.join("root"), "../outside").is_err()
        );
        let (kept, gone) = (folder.join("outside/kept").exists(), folder.join("root/var/gone").exists());
        fs::remove_dir_all(&folder).unwrap();
        assert!(kept && !gone);
    }
}
