//! The crates of `Cargo.lock` as BitBake takes them: one address and one checksum each, in a file beside the recipe.
//! It decides nothing about them; `cargo deny` does.

use crate::project;
use anyhow::{Context, bail};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Writes the list (`cargo xtask image-crates`).
pub fn write() -> anyhow::Result<bool> {
    let path = list_of(&layer());
    std::fs::write(&path, of_lock(&lock()?)?).with_context(|| format!("cannot write {}", path.display()))?;
    println!("{}", path.display());
    Ok(true)
}

/// What is wrong with the list of this layer.
pub fn faults(layer: &Path) -> anyhow::Result<Vec<String>> {
    let path = list_of(layer);
    let is = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<std::collections::BTreeSet<_>>();
    let should = of_lock(&lock()?)?;
    let (is, should) = (lines(&is), lines(&should));
    let mut faults: Vec<String> = Vec::new();
    faults.extend(should.difference(&is).map(|line| format!("ringfence-crates.inc misses: {}", line.trim())));
    faults
        .extend(is.difference(&should).map(|line| format!("ringfence-crates.inc is stale: {}", line.trim())));
    if faults.len() > SHOWN {
        let more = faults.len() - SHOWN;
        faults.truncate(SHOWN);
        faults.push(format!("and {more} more lines; cargo xtask image-crates writes the list again"));
    }
    Ok(faults)
}

/// The crates of the registry, by name and version.
pub fn names() -> anyhow::Result<Vec<(String, String)>> {
    let lock: toml::Table = lock()?.parse().context("Cargo.lock cannot be read")?;
    Ok(of_registry(&lock)?
        .into_iter()
        .map(|(name, version, _)| (name.to_owned(), version.to_owned()))
        .collect())
}

/// The layer of this checkout.
pub fn layer() -> PathBuf {
    project::root().join("image/meta-ringfence")
}

fn list_of(layer: &Path) -> PathBuf {
    layer.join("recipes-ringfence/ringfence-programs/ringfence-crates.inc")
}

fn lock() -> anyhow::Result<String> {
    let path = project::root().join("Cargo.lock");
    std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
}

/// Name, version and checksum of each crate. One from anywhere but the registry has no checksum, and no place in the
/// product.
fn of_registry(lock: &toml::Table) -> anyhow::Result<Vec<(&str, &str, &str)>> {
    let packages =
        lock.get("package").and_then(toml::Value::as_array).context("Cargo.lock names no package")?;
    let mut crates = Vec::new();
    for package in packages {
        let field = |name: &str| package.get(name).and_then(toml::Value::as_str);
        let name = field("name").context("a package has no name")?;
        let version = field("version").with_context(|| format!("{name} has no version"))?;
        match field("source") {
            None => {}
            Some(REGISTRY) => {
                let checksum = field("checksum").with_context(|| format!("{name} has no checksum"))?;
                crates.push((name, version, checksum));
            }
            Some(other) => bail!("{name} comes from {other}, which BitBake's crate fetcher does not know"),
        }
    }
    Ok(crates)
}

/// The list of a lock file.
fn of_lock(text: &str) -> anyhow::Result<String> {
    let lock: toml::Table = text.parse().context("Cargo.lock cannot be read")?;
    let crates = of_registry(&lock)?;
    let mut out = String::from(HEAD);
    out.push_str("SRC_URI += \"\\\n");
    for (name, version, _) in &crates {
        writeln!(out, "    crate://crates.io/{name}/{version} \\")?;
    }
    out.push_str("    \"\n\n");
    for (name, version, checksum) in &crates {
        writeln!(out, "SRC_URI[{name}-{version}.sha256sum] = \"{checksum}\"")?;
    }
    Ok(out)
}

const HEAD: &str = "# The crates of Cargo.lock. Written by `cargo xtask image-crates`; `cargo xtask image-check` compares.\n";
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";
/// Lines of a stale list that are shown.
const SHOWN: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_of_the_registry_has_its_address_and_its_checksum() {
        let text = "[[package]]\nname = \"a\"\nversion = \"1.2.3\"\nchecksum = \"00ff\"\n\
            source = \"registry+https://github.com/rust-lang/crates.io-index\"\n\
            [[package]]\nname = \"ours\"\nversion = \"0.1.0\"\n";
        let list = of_lock(text).unwrap();
        assert!(list.contains("    crate://crates.io/a/1.2.3 \\\n"));
        assert!(list.contains("SRC_URI[a-1.2.3.sha256sum] = \"00ff\"\n"));
        assert!(!list.contains("ours"));
    }

    #[test]
    fn a_crate_without_a_checksum_or_from_elsewhere_is_refused() {
        let elsewhere =
            "[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = \"git+https://example.com/a\"\n";
        assert!(of_lock(elsewhere).unwrap_err().to_string().contains("git+https"));
        let unchecked = format!("[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = \"{REGISTRY}\"\n");
        assert!(of_lock(&unchecked).unwrap_err().to_string().contains("no checksum"));
    }
}
