//! Texts: every one of them is used, and no word of a language stands outside of them.

use admind::texts::AREAS;
use std::path::{Path, PathBuf};

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

/// Sources and templates but the texts themselves, without white space.
fn sources() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = vec![];
    files(&root.join("src"), &mut found);
    files(&root.join("templates"), &mut found);
    found.retain(|path| !path.starts_with(root.join("src/texts")));
    found.into_iter().map(|path| (path.clone(), std::fs::read_to_string(path).unwrap())).collect()
}

/// Whether a word stands in a text as a whole word.
fn holds(text: &str, word: &str) -> bool {
    let goes_on = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    text.match_indices(word).any(|(at, _)| !goes_on(text[at + word.len()..].chars().next()))
}

#[test]
fn every_text_is_used() {
    let sources: Vec<(String, String)> = sources()
        .into_iter()
        .map(|(_, text)| text.chars().filter(|c| !c.is_whitespace()).collect::<String>())
        .map(|text| (text.to_lowercase(), text))
        .collect();
    let mut unused = vec![];
    for (area, texts) in AREAS {
        // `t.area.name`, or `t.name` in a file that names the area.
        let own: Vec<&String> =
            sources.iter().filter(|(lower, _)| lower.contains(area)).map(|(_, text)| text).collect();
        for (name, _, _) in *texts {
            if !own.iter().any(|text| holds(text, &format!(".{name}"))) {
                unused.push(format!("{area}.{name}"));
            }
        }
    }
    assert!(unused.is_empty(), "unused texts: {unused:?}");
}

#[test]
fn no_template_holds_words_of_its_own() {
    let cjk = |text: &str| text.chars().any(|c| ('\u{3000}'..='\u{9fff}').contains(&c));
    for (path, text) in sources() {
        if path.extension().is_some_and(|ending| ending == "html") {
            assert!(!cjk(&text), "{}", path.display());
        }
    }
}
