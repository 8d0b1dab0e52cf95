//! What no compiler checks: the layers of the architecture, file heads, file lengths, the top folder.

use crate::project;
use anyhow::Context;
use std::collections::BTreeMap;
use std::path::Path;

/// The layers from the top down; a crate uses only crates of its own or an earlier layer, and within a layer
/// only those named before it.
const LAYERS: &[(&str, &[&str])] = &[
    ("words", &["vocab", "idl"]),
    ("protocol cores", &["sip", "sip-ua", "media", "lapd", "q931", "card", "analog"]),
    (
        "product cores",
        &[
            "call",
            "pacing",
            "gate",
            "ledger",
            "recording",
            "contacts",
            "rights",
            "netconf",
            "custodians",
            "cast",
        ],
    ),
    (
        "edges",
        &[
            "tpm",
            "store",
            "ipc",
            "journal",
            "confine",
            "board",
            "dahdi",
            "alsa-line",
            "virtual-card",
            "slots",
            "installer",
        ],
    ),
    (
        "processes",
        &["tools", "supervisor", "lined", "calld", "vaultd", "admind", "consoled", "hostd", "recover"],
    ),
    (
        "tests and tools",
        &[
            "carrier",
            "exchange",
            "peers",
            "fuzz-targets",
            "fuzz",
            "sim",
            "e2e",
            "browser",
            "bench",
            "cards",
            "network-tests",
            "flash",
            "box-scenarios",
            "xtask",
        ],
    ),
];

/// Crates whose whole point is to touch something stand alone with it: nobody else may depend on it.
const OWNERS: &[(&str, &[&str])] = &[
    ("sled", &["store"]),
    ("tss-esapi", &["tpm"]),
    ("rsip", &["sip"]),
    ("systemd-journal-logger", &["journal"]),
    ("landlock", &["confine"]),
    ("rustls", &["lined", "carrier", "e2e", "admind"]),
    ("hickory-resolver", &["lined"]),
    ("csv-core", &["contacts"]),
    ("alsa", &["alsa-line", "cards"]),
];

/// The cores: no clock, socket, file, environment, randomness.
const PURE: &[&str] = &[
    "vocab",
    "idl",
    "sip",
    "sip-ua",
    "media",
    "lapd",
    "q931",
    "analog",
    "card",
    "call",
    "pacing",
    "gate",
    "ledger",
    "recording",
    "contacts",
    "custodians",
    "cast",
    "rights",
    "netconf",
    "board",
];
const IMPURE_WORDS: &[&str] = &[
    "Instant::now",
    "SystemTime::now",
    "std::fs::",
    "std::net::Tcp",
    "std::net::Udp",
    "std::env::",
    "getrandom::",
    "tokio::",
    "std::thread::spawn",
    "rand::",
];
const TOP: &[&str] = &[
    "Cargo.toml",
    "Cargo.lock",
    "LICENSE",
    "README.md",
    "board",
    "deny.toml",
    "firmware",
    "flash.sh",
    "hil-tests",
    "image",
    "rustfmt.toml",
    "services",
    "xtask",
];
const MAX_FILE_LINES: usize = 500;

/// Checks everything; prints each fault; true if there is none.
pub fn run() -> anyhow::Result<bool> {
    let root = project::root();
    let mut faults = Vec::new();
    top_folder(&root, &mut faults)?;
    let crates = crates(&root)?;
    for (name, manifest) in &crates {
        layers(name, manifest, &crates, &mut faults);
    }
    for file in project::files(&root, ".rs")? {
        let text =
            std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let shown = file.strip_prefix(&root).unwrap_or(&file).display().to_string();
        source(&shown, &text, &mut faults);
    }
    for fault in &faults {
        println!("tidy: {fault}");
    }
    println!("tidy: {} crates, {} faults", crates.len(), faults.len());
    Ok(faults.is_empty())
}

fn top_folder(root: &Path, faults: &mut Vec<String>) -> anyhow::Result<()> {
    for entry in std::fs::read_dir(root)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        let ignored = name.starts_with('.') || matches!(name.as_str(), "target" | "state");
        if !ignored && !TOP.contains(&name.as_str()) {
            faults.push(format!("{name}: nothing but {} stands at the top", TOP.join(", ")));
        }
    }
    Ok(())
}

type Crates = BTreeMap<String, toml::Table>;

fn crates(root: &Path) -> anyhow::Result<Crates> {
    let mut found = Crates::new();
    for file in project::files(root, "Cargo.toml")? {
        let manifest: toml::Table =
            std::fs::read_to_string(&file)?.parse().with_context(|| file.display().to_string())?;
        let name =
            manifest.get("package").and_then(|package| package.get("name")).and_then(toml::Value::as_str);
        if let Some(name) = name {
            found.insert(name.to_owned(), manifest.clone());
        }
    }
    Ok(found)
}

fn place(name: &str) -> Option<(usize, usize)> {
    LAYERS.iter().enumerate().find_map(|(layer, (_, names))| {
        names.iter().position(|known| *known == name).map(|position| (layer, position))
    })
}

fn layers(name: &str, manifest: &toml::Table, crates: &Crates, faults: &mut Vec<String>) {
    let Some(own) = place(name) else {
        faults.push(format!("{name}: belongs to no layer; name it in xtask/src/tidy.rs"));
        return;
    };
    let Some(dependencies) = manifest.get("dependencies").and_then(toml::Value::as_table) else { return };
    for dependency in dependencies.keys() {
        if let (true, Some(other)) = (crates.contains_key(dependency), place(dependency))
            && other >= own
        {
            let (own, other) = (LAYERS[own.0].0, LAYERS[other.0].0);
            faults.push(format!(
                "{name} ({own}) uses {dependency} ({other}): dependencies point up the list only"
            ));
        }
        for (owned, owners) in OWNERS {
            if dependency == owned && !owners.contains(&name) {
                faults.push(format!("{name} uses {owned}: only {} may", owners.join(", ")));
            }
        }
        if PURE.contains(&name)
            && matches!(dependency.as_str(), "tokio" | "nix" | "sled" | "getrandom" | "rand")
        {
            faults.push(format!("{name} is a core and uses {dependency}: cores do no I/O"));
        }
    }
}

fn source(shown: &str, text: &str, faults: &mut Vec<String>) {
    if !text.starts_with("//!") && !text.starts_with("#!") {
        faults.push(format!("{shown}: the file does not open with //! (what it is, what it does not do)"));
    }
    let lines = text.lines().take_while(|line| !line.starts_with("mod tests")).count();
    let is_test = shown.contains("/tests/") || shown.ends_with("tests.rs");
    if lines > MAX_FILE_LINES && !is_test {
        faults.push(format!(
            "{shown}: {lines} lines; split it by subject (at most {MAX_FILE_LINES} without tests)"
        ));
    }
    for (at, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("#[allow(") || line.trim_start().starts_with("#![allow(") {
            faults.push(format!("{shown}:{}: use #[expect(…, reason = …)]", at + 1));
        }
    }
    let core = PURE.iter().any(|name| shown.starts_with(&format!("firmware/{name}/src/")));
    if core && !is_test {
        let product = text.split("#[cfg(test)]").next().unwrap_or_default();
        for word in IMPURE_WORDS.iter().filter(|word| shows(product, word) && !shown.contains("/bin/")) {
            faults.push(format!("{shown}: {word} in a core; hand it in from outside"));
        }
    }
}

/// Whether a word stands in the code, comments aside.
fn shows(text: &str, word: &str) -> bool {
    text.lines().filter(|line| !line.trim_start().starts_with("//")).any(|line| line.contains(word))
}

#[cfg(test)]
mod tests {
    use super::{place, shows};

    #[test]
    fn a_word_in_a_comment_is_no_use_of_it() {
        assert!(!shows("// Instant::now is for edges", "Instant::now"));
        assert!(shows("let now = Instant::now();", "Instant::now"));
    }

    #[test]
    fn words_come_before_processes() {
        assert!(place("vocab") < place("lined"));
        assert_eq!(place("nobody"), None);
    }
}
