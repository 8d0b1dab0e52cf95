//! The committed corpora and their mutations through every parser; no parser is forgotten.
//!
//! The sources are read at test time: a new `fuzz_…` function without a target, a corpus or a libFuzzer binary
//! fails here.

use fuzz_targets::{Mutator, TARGETS, Target};
use std::collections::BTreeSet;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

/// Found by libFuzzer or by this test, kept so that it stays mended: `regression-…` in a corpus is one.
#[test]
fn every_committed_input_is_read_without_a_broken_promise() {
    let mut broken = Vec::new();
    for target in TARGETS {
        for (name, input) in corpus(target.name) {
            if catch_unwind(|| (target.run)(&input)).is_err() {
                broken.push(format!("{}/{name}", target.name));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:?}");
}

#[test]
fn admind_survives_seeded_mutations() {
    mutate("admind");
}

#[test]
fn board_survives_seeded_mutations() {
    mutate("board");
}

#[test]
fn caller_id_survives_seeded_mutations() {
    mutate("caller_id");
}

#[test]
fn cas_survives_seeded_mutations() {
    mutate("cas");
}

#[test]
fn cast_survives_seeded_mutations() {
    mutate("cast");
}

#[test]
fn console_survives_seeded_mutations() {
    mutate("console");
}

#[test]
fn csv_survives_seeded_mutations() {
    mutate("csv");
}

#[test]
fn custodians_share_survives_seeded_mutations() {
    mutate("custodians_share");
}

#[test]
fn installer_survives_seeded_mutations() {
    mutate("installer");
}

#[test]
fn custodians_header_survives_seeded_mutations() {
    mutate("custodians_header");
}

#[test]
fn recovery_typed_survives_seeded_mutations() {
    mutate("recovery_typed");
}

#[test]
fn ipc_survives_seeded_mutations() {
    mutate("ipc");
}

#[test]
fn lapd_survives_seeded_mutations() {
    mutate("lapd");
}

#[test]
fn ledger_survives_seeded_mutations() {
    mutate("ledger");
}

#[test]
fn network_survives_seeded_mutations() {
    mutate("network");
}

#[test]
fn pcr_signatures_survives_seeded_mutations() {
    mutate("pcr_signatures");
}

#[test]
fn q931_survives_seeded_mutations() {
    mutate("q931");
}

#[test]
fn q931_control_survives_seeded_mutations() {
    mutate("q931_control");
}

#[test]
fn recording_survives_seeded_mutations() {
    mutate("recording");
}

#[test]
fn rtp_survives_seeded_mutations() {
    mutate("rtp");
}

#[test]
fn sdp_survives_seeded_mutations() {
    mutate("sdp");
}

#[test]
fn sip_survives_seeded_mutations() {
    mutate("sip");
}

#[test]
fn every_target_has_a_corpus_and_every_corpus_a_target() {
    let named: BTreeSet<String> = TARGETS.iter().map(|target| target.name.to_owned()).collect();
    assert_eq!(named.len(), TARGETS.len(), "a name stands twice");
    let folders = names(&corpora());
    assert_eq!(folders, named);
    let empty: Vec<_> = named.iter().filter(|name| corpus(name).is_empty()).collect();
    assert!(empty.is_empty(), "no seeds: {empty:?}");
}

#[test]
fn every_fuzz_function_of_the_sources_has_a_target_and_a_test_of_its_own() {
    let known: BTreeSet<String> = TARGETS.iter().map(|target| target.function.to_owned()).collect();
    assert_eq!(fuzz_functions(), known);
    let here = include_str!("replay.rs");
    for Target { name, .. } in TARGETS {
        assert!(here.contains(&format!("fn {name}_survives_seeded_mutations")), "{name} is not mutated");
    }
}

#[test]
fn every_target_has_a_libfuzzer_binary_that_runs_its_function() {
    let folder = root().join("hil-tests/fuzz");
    let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).expect("the manifest is read");
    for target in TARGETS {
        let file = format!("bin/{}.rs", target.name);
        assert!(manifest.contains(&format!("path = \"{file}\"")), "{file} is not in the manifest");
        let source = std::fs::read_to_string(folder.join(&file)).expect("the binary's source is read");
        assert!(source.contains(&format!("{}(data)", target.function)), "{file} runs something else");
    }
}

#[test]
fn sip_ua_endpoint_survives_seeded_mutations() {
    mutate("sip_ua_endpoint");
}

#[test]
fn sip_ua_snapshot_survives_seeded_mutations() {
    mutate("sip_ua_snapshot");
}

#[test]
fn slots_survives_seeded_mutations() {
    mutate("slots");
}

#[test]
fn virtual_card_survives_seeded_mutations() {
    mutate("virtual_card");
}

fn mutate(name: &str) {
    let target = TARGETS.iter().find(|target| target.name == name).expect("a target of the table");
    let seeds: Vec<Vec<u8>> = corpus(name).into_iter().map(|(_, input)| input).collect();
    assert!(!seeds.is_empty(), "{name} has no seeds");
    let mut mutator = Mutator::new(&seeds, SEED);
    for count in 0..target.mutations {
        let input = mutator.input();
        if catch_unwind(|| (target.run)(&input)).is_err() {
            panic!("{name}: mutation {count} broke a promise: {:?}", String::from_utf8_lossy(&input));
        }
    }
}

/// The inputs of one corpus with their names, in the order of the names.
fn corpus(name: &str) -> Vec<(String, Vec<u8>)> {
    let folder = corpora().join(name);
    let read = |file: String| {
        let input = std::fs::read(folder.join(&file)).expect("a seed is read");
        (file, input)
    };
    names(&folder).into_iter().map(read).collect()
}

fn corpora() -> PathBuf {
    root().join("hil-tests/fuzz/corpus")
}

fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).expect("the crate stands two folders below the top").to_owned()
}

fn names(folder: &Path) -> BTreeSet<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return BTreeSet::new() };
    entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
}

/// The path of every public function for fuzzing in the product's sources: any named `fuzz_…`, and all of a
/// public module `fuzz`. The crate of a source is the folder above `src`.
fn fuzz_functions() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for group in ["firmware", "services"] {
        for name in names(&root().join(group)) {
            let mut open = vec![root().join(group).join(&name).join("src")];
            while let Some(folder) = open.pop() {
                for entry in names(&folder) {
                    let path = folder.join(&entry);
                    if path.is_dir() {
                        open.push(path);
                    } else if entry.ends_with(".rs") {
                        let text = std::fs::read_to_string(&path).expect("a source is read");
                        let module = folder.ends_with("src") && entry == "fuzz.rs";
                        let functions = declared(&text, module);
                        found.extend(functions.map(|path| format!("{}::{path}", name.replace('-', "_"))));
                    }
                }
            }
        }
    }
    found
}

/// `fuzz_…` as the crate's root shows it, and `fuzz::…` for the other functions of a module `fuzz`.
fn declared(text: &str, module: bool) -> impl Iterator<Item = String> {
    let words = text.lines().filter_map(|line| line.trim_start().strip_prefix("pub fn "));
    words.filter_map(|line| line.split('(').next()).filter_map(move |word| {
        let shown = word.starts_with("fuzz_");
        (shown || module).then(|| if shown { word.to_owned() } else { format!("fuzz::{word}") })
    })
}

/// Fixed: what this test tries is the same everywhere.
const SEED: u64 = 0x0052_494e_4746_454e;
