//! Requirement ids with the tests that prove them, read from the tests' names: `cam_03_…` proves CAM-03.

use crate::project;
use std::collections::BTreeMap;

/// Prints each id with its tests; `--json` as one object.
pub fn run(words: &[String]) -> anyhow::Result<bool> {
    let root = project::root();
    let mut proven: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for file in project::files(&root, ".rs")? {
        let shown = file.strip_prefix(&root).unwrap_or(&file).display().to_string();
        for name in tests(&std::fs::read_to_string(&file)?) {
            if let Some(id) = requirement(&name) {
                proven.entry(id).or_default().push(format!("{shown}: {name}"));
            }
        }
    }
    for file in project::files(&root, ".test.js")? {
        let shown = file.strip_prefix(&root).unwrap_or(&file).display().to_string();
        for name in scenarios(&std::fs::read_to_string(&file)?) {
            if let Some(id) = requirement(&name) {
                proven.entry(id).or_default().push(format!("{shown}: {name}"));
            }
        }
    }
    if words.iter().any(|word| word == "--json") {
        println!("{}", serde_json::to_string_pretty(&proven)?);
    } else {
        for (id, tests) in &proven {
            println!("{id} ({} tests)", tests.len());
            for test in tests {
                println!("    {test}");
            }
        }
        println!(
            "{} requirements named by {} tests",
            proven.len(),
            proven.values().map(Vec::len).sum::<usize>()
        );
    }
    Ok(true)
}

/// Names of functions that follow a test attribute, or stand within `proptest!`.
fn tests(text: &str) -> Vec<String> {
    let mut marked = false;
    let mut names = Vec::new();
    for line in text.lines().map(str::trim) {
        if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
            marked = true;
        } else if let Some(rest) = line.strip_prefix("fn ").or_else(|| line.strip_prefix("async fn ")) {
            if marked && let Some(name) = rest.split(['(', '<']).next() {
                names.push(name.to_owned());
            }
            marked = false;
        }
    }
    names
}

/// Names of the browser's scenarios, spelled as a test of ours would be.
fn scenarios(text: &str) -> Vec<String> {
    let named = |line: &str| {
        let rest = line.strip_prefix("scenario(").or_else(|| line.strip_prefix("essential("))?;
        Some(rest.get(1..)?.split(['\'', '`']).next()?.replace(' ', "_"))
    };
    text.lines().map(str::trim).filter_map(named).collect()
}

/// `cam_03_every_spelling…` → `CAM-03`; a second id may follow: `enc_02_l_23_…` names the first.
fn requirement(name: &str) -> Option<String> {
    let (letters, rest) = name.split_once('_')?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    let ends = rest[digits.len()..].starts_with('_');
    (KNOWN.contains(&letters) && digits.len() == 2 && ends)
        .then(|| format!("{}-{digits}", letters.to_uppercase()))
}

const KNOWN: &[&str] = &[
    "cam", "lin", "dat", "rec", "enc", "net", "iam", "acc", "aud", "ret", "bak", "inc", "vul", "gov", "qas",
    "trn", "l",
];

#[cfg(test)]
mod tests {
    use super::{requirement, scenarios, tests};

    #[test]
    fn an_id_is_read_from_a_test_name_and_only_from_there() {
        assert_eq!(requirement("cam_03_every_spelling"), Some("CAM-03".into()));
        assert_eq!(requirement("l_23_no_transit"), Some("L-23".into()));
        assert_eq!(requirement("a_call_ends"), None);
        assert_eq!(requirement("cam_3_x"), None);
        assert_eq!(tests("#[test]\nfn cam_01_x() {}\nfn cam_02_helper() {}"), vec!["cam_01_x"]);
        assert_eq!(scenarios("scenario('cam_12 the author', () =>\nfn x() {}"), vec!["cam_12_the_author"]);
        assert_eq!(requirement("cam_12_the_author"), Some("CAM-12".into()));
    }
}
