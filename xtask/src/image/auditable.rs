//! What the built programs say of themselves: the list of crates that cargo-auditable put into each, read back from the
//! files as they lie in the root, beside the bill of materials. It knows no vulnerabilities.

use crate::{project, sbom};
use anyhow::{Context, ensure};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

type Crates = BTreeSet<(String, String)>;

/// Reads every program's list; how many programs and crates there are. A program without a list, and a crate that the
/// bill does not name, are faults.
pub fn check(root: &Path) -> anyhow::Result<(usize, usize)> {
    let folder = root.join("usr/bin");
    let bill = sbom::crate_names()?;
    let (mut programs, mut all) = (0, Crates::new());
    for path in project::below(&folder)?.into_iter().filter(|path| path.is_file()) {
        let program = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let bytes = fs::read(&path).with_context(|| path.display().to_string())?;
        let crates =
            linked(&bytes).with_context(|| format!("{program} does not say what it was built of"))?;
        unbilled(&program, &crates, &bill)?;
        programs += 1;
        all.extend(crates);
    }
    ensure!(programs > 0, "{} has no programs", folder.display());
    Ok((programs, all.len()))
}

/// The crates that are linked into a program, by its own list.
fn linked(program: &[u8]) -> anyhow::Result<Crates> {
    let list = auditable_info::json_from_slice(program, LIST_LIMIT)?;
    let list: List = serde_json::from_str(&list).context("the list is not of the form of cargo-auditable")?;
    let packages = list.packages.into_iter().filter(|package| package.kind == Kind::Runtime);
    Ok(packages.map(|package| (package.name, package.version)).collect())
}

#[derive(Deserialize)]
struct List {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    #[serde(default)]
    kind: Kind,
}

#[derive(Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    #[default]
    Runtime,
    Build,
}

fn unbilled(program: &str, crates: &Crates, bill: &Crates) -> anyhow::Result<()> {
    ensure!(!crates.is_empty(), "{program} lists no crate");
    let more: Vec<String> =
        crates.difference(bill).map(|(name, version)| format!("{name} {version}")).collect();
    ensure!(more.is_empty(), "{program} has {}, which the bill of materials does not name", more.join(", "));
    Ok(())
}

const LIST_LIMIT: usize = 4 << 20;

#[cfg(test)]
mod tests {
    use super::{Crates, Kind, List, linked, unbilled};

    #[test]
    fn a_program_without_a_list_is_a_fault() {
        let own = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        assert!(linked(&own).is_err() && linked(b"no program").is_err());
    }

    #[test]
    fn what_only_builds_a_program_is_not_in_it_and_what_is_in_it_is_billed() {
        let list = r#"{"packages":[{"name":"cc","version":"1.2.0","source":"crates.io","kind":"build"},
            {"name":"serde","version":"1.0.0","source":"crates.io"}]}"#;
        let list: List = serde_json::from_str(list).unwrap();
        let runs: Vec<&str> = list
            .packages
            .iter()
            .filter(|one| one.kind == Kind::Runtime)
            .map(|one| one.name.as_str())
            .collect();
        assert_eq!(runs, ["serde"]);
        let crates = Crates::from([("serde".to_owned(), "1.0.0".to_owned())]);
        assert!(unbilled("vaultd", &crates, &crates).is_ok());
        let said = unbilled("vaultd", &crates, &Crates::new()).unwrap_err().to_string();
        assert_eq!(said, "vaultd has serde 1.0.0, which the bill of materials does not name");
        assert!(unbilled("vaultd", &Crates::new(), &crates).is_err());
    }
}
