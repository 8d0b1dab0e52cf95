//! The bill of materials (SPDX 3.0.1, JSON): every crate that can be inside the box's programs, with its checksum, its
//! licence and what it needs, and the Debian packages of a root where one is given. It judges no licence; `cargo deny` does.

use crate::{image_check, project};
use anyhow::{Context, bail, ensure};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

/// `cargo xtask sbom [--dpkg-status FILE]`, on standard output.
pub fn run(words: &[String]) -> anyhow::Result<bool> {
    let status = match words {
        [] => None,
        [option, file] if option == "--dpkg-status" => Some(Path::new(file)),
        _ => bail!("cargo xtask sbom [--dpkg-status FILE]"),
    };
    println!("{}", serde_json::to_string_pretty(&write(status)?)?);
    Ok(true)
}

/// The bill of materials of this checkout; with the packages of a Debian root, whose `var/lib/dpkg/status` is given.
///
/// # Errors
/// A crate without a licence or a checksum; cargo's or dpkg's data that cannot be read.
pub fn write(dpkg_status: Option<&Path>) -> anyhow::Result<Value> {
    let mut parts = crates(&image_check::packages()?)?;
    if let Some(path) = dpkg_status {
        let text =
            std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        parts.extend(debian(&text)?);
    }
    document("Ringfence", &parts, &created()?)
}

/// The bill of materials of a built system: our crates, and Debian's packages that are in it.
///
/// # Errors
/// As [`write`]; a document in which an address leads nowhere.
pub fn of_system(name: &str, packages: Vec<Part>) -> anyhow::Result<Value> {
    let mut parts = crates(&image_check::packages()?)?;
    parts.extend(packages);
    let document = document(name, &parts, &created()?)?;
    leads_somewhere(&document)?;
    Ok(document)
}

/// Name and version of every crate that can be inside the programs.
///
/// # Errors
/// As [`write`].
pub fn crate_names() -> anyhow::Result<BTreeSet<(String, String)>> {
    let parts = crates(&image_check::packages()?)?;
    Ok(parts.into_iter().map(|part| (part.name, part.version)).collect())
}

/// One thing that is in the box.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// What names it here: unique, and the same for the same thing.
    pub id: String,
    /// As its makers call it.
    pub name: String,
    /// As its makers count.
    pub version: String,
    /// Its package URL.
    pub url: String,
    /// An SPDX expression.
    pub licence: Option<String>,
    /// Where the texts are that the expression refers to.
    pub comment: Option<String>,
    sha256: Option<String>,
    needs: BTreeSet<String>,
    /// Ours: what the document is about.
    root: bool,
}

/// The crates that our packages need to run, on the box's own platform.
fn crates(packages: &[String]) -> anyhow::Result<Vec<Part>> {
    let arguments =
        ["metadata", "--format-version", "1", "--locked", "--filter-platform", "x86_64-unknown-linux-gnu"];
    let output = project::cargo(&arguments).output().context("cargo cannot be started")?;
    ensure!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).context("cargo metadata cannot be read")?;
    let lock =
        std::fs::read_to_string(project::root().join("Cargo.lock")).context("cannot read Cargo.lock")?;
    let known = Known { checksums: checksums(&lock)?, licences: clarified()? };
    parts(&metadata, &known, packages)
}

/// What cargo's metadata does not say, or not always.
#[derive(Debug, Default)]
struct Known {
    /// By name and version, from the lock file.
    checksums: BTreeMap<(String, String), String>,
    /// By name: licences whose text was read, where the manifest names none.
    licences: BTreeMap<String, String>,
}

/// The licences that `deny.toml` clarifies; `cargo deny` checks that their texts are still those that were read.
fn clarified() -> anyhow::Result<BTreeMap<String, String>> {
    let text = std::fs::read_to_string(project::root().join("deny.toml")).context("cannot read deny.toml")?;
    let deny: toml::Table = text.parse().context("deny.toml cannot be read")?;
    let all = deny.get("licenses").and_then(|licences| licences.get("clarify")?.as_array());
    let one = |entry: &toml::Value| {
        Some((entry.get("crate")?.as_str()?.to_owned(), entry.get("expression")?.as_str()?.to_owned()))
    };
    Ok(all.into_iter().flatten().filter_map(one).collect())
}

/// Checksums by name and version.
fn checksums(lock: &str) -> anyhow::Result<BTreeMap<(String, String), String>> {
    let lock: toml::Table = lock.parse().context("Cargo.lock cannot be read")?;
    let packages = lock.get("package").and_then(toml::Value::as_array);
    let one = |package: &toml::Value| {
        let field = |name: &str| Some(package.get(name)?.as_str()?.to_owned());
        Some(((field("name")?, field("version")?), field("checksum")?))
    };
    Ok(packages.into_iter().flatten().filter_map(one).collect())
}

fn parts(metadata: &Value, known: &Known, roots: &[String]) -> anyhow::Result<Vec<Part>> {
    let packages = metadata["packages"].as_array().context("cargo names no package")?;
    let by_id: BTreeMap<&str, &Value> =
        packages.iter().filter_map(|package| Some((package["id"].as_str()?, package))).collect();
    let nodes = metadata["resolve"]["nodes"].as_array().context("cargo resolved nothing")?;
    let needs: BTreeMap<&str, BTreeSet<&str>> =
        nodes.iter().filter_map(|node| Some((node["id"].as_str()?, runs_with(node)))).collect();
    let is_root = |package: &Value| {
        package["source"].is_null()
            && package["name"].as_str().is_some_and(|name| roots.iter().any(|root| root == name))
    };
    let mut open: Vec<&str> =
        by_id.iter().filter(|(_, package)| is_root(package)).map(|(id, _)| *id).collect();
    ensure!(open.len() == roots.len(), "the workspace has not all of {}", roots.join(", "));
    let mut reached: BTreeSet<&str> = BTreeSet::new();
    while let Some(id) = open.pop() {
        if reached.insert(id) {
            open.extend(needs.get(id).into_iter().flatten());
        }
    }
    let mut parts = Vec::new();
    for id in &reached {
        let package = by_id.get(id).with_context(|| format!("cargo does not describe {id}"))?;
        let mut part = part_of(package, known, is_root(package))?;
        for other in needs.get(id).into_iter().flatten() {
            let other = by_id.get(other).with_context(|| format!("cargo does not describe {other}"))?;
            part.needs.insert(id_of(other));
        }
        parts.push(part);
    }
    Ok(parts)
}

/// What a crate is linked with; not what only builds or tests it.
fn runs_with(node: &Value) -> BTreeSet<&str> {
    let linked = |dependency: &Value| {
        dependency["dep_kinds"]
            .as_array()
            .is_some_and(|kinds| kinds.iter().any(|kind| kind["kind"].is_null()))
    };
    let all = node["deps"].as_array().into_iter().flatten();
    all.filter(|one| linked(one)).filter_map(|one| one["pkg"].as_str()).collect()
}

fn id_of(package: &Value) -> String {
    let field = |name: &str| package[name].as_str().unwrap_or_default();
    format!("{}-{}", field("name"), field("version"))
}

fn part_of(package: &Value, known: &Known, root: bool) -> anyhow::Result<Part> {
    let field = |name: &str| package[name].as_str().map(str::to_owned);
    let name = field("name").context("a crate has no name")?;
    let version = field("version").with_context(|| format!("{name} has no version"))?;
    let licence = field("license").or_else(|| known.licences.get(&name).cloned());
    let licence = licence.with_context(|| format!("{name} {version} names no licence"))?;
    let sha256 = known.checksums.get(&(name.clone(), version.clone())).cloned();
    ensure!(package["source"].is_null() || sha256.is_some(), "{name} {version} has no checksum");
    Ok(Part {
        id: id_of(package),
        url: format!("pkg:cargo/{name}@{}", version.replace('+', "%2B")),
        // The old form of alternatives, from before there was a grammar.
        licence: Some(licence.replace(" / ", "/").replace('/', " OR ")),
        needs: BTreeSet::new(),
        comment: None,
        name,
        version,
        sha256,
        root,
    })
}

/// The installed packages of a dpkg status file.
///
/// # Errors
/// A record without a name, version or architecture.
pub fn debian(status: &str) -> anyhow::Result<Vec<Part>> {
    let mut parts = Vec::new();
    for record in status.split("\n\n").filter(|record| !record.trim().is_empty()) {
        let field = |name: &str| record.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        let name = field("Package").context("a record of dpkg has no package")?;
        if field("Status") != Some("install ok installed") {
            continue;
        }
        let version = field("Version").with_context(|| format!("{name} has no version"))?;
        let architecture = field("Architecture").with_context(|| format!("{name} has no architecture"))?;
        let escaped = version.replace('+', "%2B").replace(':', "%3A").replace('~', "%7E");
        parts.push(Part {
            id: format!("debian-{name}-{architecture}"),
            name: name.to_owned(),
            version: version.to_owned(),
            url: format!("pkg:deb/debian/{name}@{escaped}?arch={architecture}"),
            licence: None,
            comment: None,
            sha256: None,
            needs: BTreeSet::new(),
            root: false,
        });
    }
    ensure!(!parts.is_empty(), "no package of that root is installed");
    Ok(parts)
}

/// The moment the sources are of: the same sources, the same document.
fn created() -> anyhow::Result<String> {
    let mut command = if let Ok(epoch) = std::env::var("SOURCE_DATE_EPOCH") {
        let mut command = Command::new("date");
        command.args(["-u", "-d", &format!("@{epoch}"), "+%Y-%m-%dT%H:%M:%SZ"]);
        command
    } else {
        let mut command = Command::new("git");
        command
            .args(["log", "-1", "--format=%cd", "--date=format-local:%Y-%m-%dT%H:%M:%SZ"])
            .env("TZ", "UTC");
        command
    };
    let output =
        command.current_dir(project::root()).output().context("the sources' date cannot be asked")?;
    ensure!(output.status.success(), "the sources have no date: set SOURCE_DATE_EPOCH");
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

fn document(name: &str, parts: &[Part], created: &str) -> anyhow::Result<Value> {
    let id = |kind: &str, name: &str| format!("{SPACE}/{kind}/{}", plain(name));
    let mut graph = vec![
        json!({"type": "CreationInfo", "@id": INFO, "specVersion": "3.0.1", "created": created,
               "createdBy": [id("agent", "ringfence")]}),
        json!({"type": "Organization", "spdxId": id("agent", "ringfence"), "creationInfo": INFO, "name": "Ringfence"}),
    ];
    let mut licences: BTreeMap<&str, Vec<&Part>> = BTreeMap::new();
    for part in parts {
        let mut told = json!({"type": "software_Package", "spdxId": id("package", &part.id), "creationInfo": INFO,
            "name": part.name, "software_packageVersion": part.version, "software_packageUrl": part.url});
        if let Some(comment) = &part.comment {
            told["comment"] = json!(comment);
        }
        if let Some(sha256) = &part.sha256 {
            told["verifiedUsing"] = json!([{"type": "Hash", "algorithm": "sha256", "hashValue": sha256}]);
        }
        graph.push(told);
        if let Some(licence) = &part.licence {
            licences.entry(licence).or_default().push(part);
        }
        if !part.needs.is_empty() {
            let to: Vec<String> = part.needs.iter().map(|name| id("package", name)).collect();
            graph.push(json!({"type": "Relationship", "spdxId": id("needs", &part.id), "creationInfo": INFO,
                "from": id("package", &part.id), "relationshipType": "dependsOn", "to": to}));
        }
    }
    for (licence, of) in licences {
        let licence_id = id("licence", licence);
        graph.push(
            json!({"type": "simplelicensing_LicenseExpression", "spdxId": licence_id, "creationInfo": INFO,
            "simplelicensing_licenseExpression": licence}),
        );
        for part in of {
            graph.push(json!({"type": "Relationship", "spdxId": id("licensed", &part.id), "creationInfo": INFO,
                "from": id("package", &part.id), "relationshipType": "hasDeclaredLicense", "to": [licence_id]}));
        }
    }
    let elements: Vec<Value> = graph.iter().filter_map(|one| one.get("spdxId").cloned()).collect();
    let unique: BTreeSet<&str> = elements.iter().filter_map(Value::as_str).collect();
    ensure!(unique.len() == elements.len(), "two things of the bill of materials have one name");
    let roots: Vec<String> =
        parts.iter().filter(|part| part.root).map(|part| id("package", &part.id)).collect();
    graph.push(json!({"type": "software_Sbom", "spdxId": id("sbom", "box"), "creationInfo": INFO,
        "software_sbomType": ["build"], "rootElement": roots, "element": elements}));
    graph.push(json!({"type": "SpdxDocument", "spdxId": id("document", "box"), "creationInfo": INFO,
        "name": name, "profileConformance": ["core", "software", "simpleLicensing"],
        "rootElement": [id("sbom", "box")], "element": elements}));
    Ok(json!({"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": graph}))
}

/// Every address that is used is one of the document.
fn leads_somewhere(document: &Value) -> anyhow::Result<()> {
    let graph = document["@graph"].as_array().context("the document has no graph")?;
    let all: BTreeSet<&str> = graph.iter().filter_map(|one| one["spdxId"].as_str()).collect();
    for one in graph {
        for used in ["from", "to", "element", "rootElement"].iter().filter_map(|name| one.get(name)) {
            let used: Vec<&str> = match used {
                Value::String(one) => vec![one],
                other => other.as_array().into_iter().flatten().filter_map(Value::as_str).collect(),
            };
            ensure!(!used.is_empty(), "{} leads nowhere", one["spdxId"]);
            let lost = used.iter().find(|name| !all.contains(*name));
            ensure!(lost.is_none(), "{} leads to {lost:?}, which is not there", one["spdxId"]);
        }
    }
    Ok(())
}

/// A name as part of an address.
fn plain(name: &str) -> String {
    let allowed = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_') { c } else { '_' };
    name.replace('+', "_plus_").chars().map(allowed).collect()
}

const INFO: &str = "_:creation";
const SPACE: &str = "https://ringfence.invalid/spdx";

#[cfg(test)]
mod tests {
    use super::*;

    fn metadata() -> Value {
        json!({
            "packages": [
                {"id": "ours", "name": "vaultd", "version": "0.1.0", "license": "Apache-2.0", "source": null},
                {"id": "one", "name": "one", "version": "1.0.0+x", "license": "MIT/Apache-2.0", "source": "registry"},
                {"id": "test", "name": "only-tests", "version": "1.0.0", "license": "MIT", "source": "registry"},
            ],
            "resolve": {"nodes": [
                {"id": "ours", "deps": [
                    {"pkg": "one", "dep_kinds": [{"kind": null}]},
                    {"pkg": "test", "dep_kinds": [{"kind": "dev"}]},
                ]},
                {"id": "one", "deps": []},
            ]},
        })
    }

    fn known() -> Known {
        let checksums = BTreeMap::from([(("one".to_owned(), "1.0.0+x".to_owned()), "00ff".to_owned())]);
        Known { checksums, licences: BTreeMap::new() }
    }

    #[test]
    fn what_only_tests_need_is_not_in_the_box() {
        let parts = parts(&metadata(), &known(), &["vaultd".to_owned()]).unwrap();
        let names: Vec<&str> = parts.iter().map(|part| part.name.as_str()).collect();
        assert_eq!(names, ["one", "vaultd"]);
        assert_eq!(parts[0].licence.as_deref(), Some("MIT OR Apache-2.0"));
        assert_eq!(parts[0].url, "pkg:cargo/one@1.0.0%2Bx");
        assert_eq!(parts[1].needs, BTreeSet::from(["one-1.0.0+x".to_owned()]));
    }

    #[test]
    fn a_crate_without_checksum_or_licence_is_an_error() {
        let error = parts(&metadata(), &Known::default(), &["vaultd".to_owned()]).unwrap_err();
        assert_eq!(error.to_string(), "one 1.0.0+x has no checksum");
        let mut bare = metadata();
        bare["packages"][1]["license"] = Value::Null;
        let error = parts(&bare, &known(), &["vaultd".to_owned()]).unwrap_err();
        assert_eq!(error.to_string(), "one 1.0.0+x names no licence");
    }

    #[test]
    fn every_address_that_is_used_is_one_of_the_document() {
        let mut parts = parts(&metadata(), &known(), &["vaultd".to_owned()]).unwrap();
        let status = "Package: tzdata\nStatus: install ok installed\nVersion: 1:2025b-4+x\nArchitecture: all\n\n\
            Package: gone\nStatus: deinstall ok config-files\nVersion: 1\nArchitecture: all\n";
        parts.extend(debian(status).unwrap());
        let document = document("Ringfence", &parts, "2026-11-22T00:00:00Z").unwrap();
        leads_somewhere(&document).unwrap();
        let mut broken = document.clone();
        let graph = broken["@graph"].as_array_mut().unwrap();
        graph.retain(|one| one["name"] != "one");
        assert!(leads_somewhere(&broken).unwrap_err().to_string().contains("package/one-1.0.0"));
        assert!(document.to_string().contains("pkg:deb/debian/tzdata@1%3A2025b-4%2Bx?arch=all"));
        assert!(!document.to_string().contains("gone"));
    }
}
