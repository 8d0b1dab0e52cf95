//! What lies in two trees that should be the same: names, kinds, modes, links, and contents but for those of programs, which
//! are built in other ways. Owners are not compared: BitBake keeps them beside the files.

use crate::project;
use anyhow::Context;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Each path below a folder, with what is said of it.
pub type Entries = BTreeMap<PathBuf, String>;

/// Reads a tree.
pub fn entries(folder: &Path) -> anyhow::Result<Entries> {
    let mut all = Entries::new();
    for path in project::below(folder)? {
        let name = path.strip_prefix(folder)?.to_owned();
        let told = fs::symlink_metadata(&path).with_context(|| path.display().to_string())?;
        let mode = told.permissions().mode() & MODE;
        let words = if told.is_symlink() {
            format!("a link to {}", fs::read_link(&path)?.display())
        } else if told.is_dir() {
            format!("a folder, {mode:o}")
        } else if name.starts_with(PROGRAMS) {
            format!("a program, {mode:o}")
        } else {
            let bytes = fs::read(&path).with_context(|| path.display().to_string())?;
            let hash = crate::image::short_hash(&bytes);
            format!("a file, {mode:o}, {} bytes, {hash}", bytes.len())
        };
        all.insert(name, words);
    }
    Ok(all)
}

/// What is other than it should be, as much of it as a person reads.
pub fn differences(should: &Entries, is: &Entries) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for (name, words) in should {
        match is.get(name) {
            None => found.push(format!("BitBake does not install /{}", name.display())),
            Some(other) if other != words => {
                found.push(format!("BitBake installs /{} as {other}, not {words}", name.display()));
            }
            Some(_) => {}
        }
    }
    let more = is.keys().filter(|name| !should.contains_key(*name));
    found.extend(more.map(|name| format!("BitBake alone installs /{}", name.display())));
    let hidden = found.len().saturating_sub(SHOWN);
    found.truncate(SHOWN);
    if hidden > 0 {
        found.push(format!("and {hidden} more"));
    }
    found
}

const PROGRAMS: &str = "usr/bin";
const MODE: u32 = 0o7777;
const SHOWN: usize = 40;

#[cfg(test)]
mod tests {
    use super::{differences, entries};
    use crate::image_check::python::Scratch;
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn names_modes_links_and_contents_are_compared_but_for_the_bytes_of_programs() {
        let place = Scratch::new("tree").unwrap();
        let (one, two) = (place.0.join("one"), place.0.join("two"));
        for tree in [&one, &two] {
            fs::create_dir_all(tree.join("usr/bin")).unwrap();
            fs::create_dir_all(tree.join("etc")).unwrap();
            fs::write(tree.join("etc/same"), "1").unwrap();
            fs::write(tree.join("etc/contents"), "1").unwrap();
            fs::write(tree.join("etc/mode"), "1").unwrap();
            symlink("same", tree.join("etc/same-link")).unwrap();
        }
        fs::write(one.join("usr/bin/program"), "for tests").unwrap();
        fs::write(two.join("usr/bin/program"), "for release").unwrap();
        let all = |tree| entries(tree).unwrap();
        assert!(differences(&all(&one), &all(&two)).is_empty());
        fs::write(two.join("etc/contents"), "2").unwrap();
        fs::set_permissions(two.join("etc/mode"), fs::Permissions::from_mode(0o600)).unwrap();
        symlink("same", one.join("etc/link")).unwrap();
        symlink("other", two.join("etc/link")).unwrap();
        fs::write(one.join("etc/first"), "").unwrap();
        fs::write(two.join("etc/second"), "").unwrap();
        let found = differences(&all(&one), &all(&two));
        let named = |words: &str| found.iter().filter(|line| line.contains(words)).count();
        assert_eq!(found.len(), 5, "{found:?}");
        for words in ["/etc/contents as a file", "/etc/mode as a file, 600", "/etc/link as a link to other"] {
            assert_eq!(named(words), 1, "{words}: {found:?}");
        }
        assert_eq!((named("does not install /etc/first"), named("alone installs /etc/second")), (1, 1));
    }
}
