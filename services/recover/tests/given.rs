//! What the first stage leaves is root's, and the vault's unit gives it to the vault: the lines of that unit as they stand,
//! against whatever else could lie there.

use std::os::unix::fs::{MetadataExt, chown, symlink};
use std::path::Path;
use std::process::Command;

/// The vault's numbers on every box.
const VAULT: (u32, u32) = (961, 960);
/// Somebody else's.
const OTHER: (u32, u32) = (64_999, 64_999);

/// Runs the unit's lines for a folder in place of theirs; how many there are.
fn give(folder: &Path) -> usize {
    let unit = include_str!("../../vaultd/vaultd.service");
    let lines: Vec<&str> = unit.lines().filter_map(|line| line.strip_prefix("ExecStartPre=+-")).collect();
    for line in &lines {
        let words: Vec<&str> = line.split(' ').collect();
        let (path, words) = words.split_last().unwrap();
        let (program, words) = words.split_first().unwrap();
        let to = words.iter().position(|word| *word == "ringfence-vault:ringfence").unwrap();
        let mut numbers = words.to_vec();
        let vault = format!("{}:{}", VAULT.0, VAULT.1);
        numbers[to] = &vault;
        let name = Path::new(path).file_name().unwrap();
        // It may refuse: the unit goes on, too.
        Command::new(program).args(numbers).arg(folder.join(name)).output().unwrap();
    }
    lines.len()
}

fn owner(path: &Path) -> (u32, u32) {
    let found = std::fs::symlink_metadata(path).unwrap();
    (found.uid(), found.gid())
}

#[test]
fn what_root_left_is_given_to_the_vault_and_nothing_that_is_anothers() {
    if !nix::unistd::geteuid().is_root() {
        eprintln!("not run: owners are given by root alone");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for name in ["key", "shares"] {
        std::fs::write(at(name), "left").unwrap();
    }
    assert_eq!(give(folder.path()), 2);
    assert_eq!((owner(&at("key")), owner(&at("shares"))), (VAULT, VAULT));
    // Another's file under the name, as a hard link would lay it there.
    for name in ["key", "shares"] {
        std::fs::remove_file(at(name)).unwrap();
    }
    std::fs::write(at("anothers"), "").unwrap();
    chown(at("anothers"), Some(OTHER.0), Some(OTHER.1)).unwrap();
    std::fs::hard_link(at("anothers"), at("key")).unwrap();
    // A link to what is root's.
    std::fs::write(at("roots"), "").unwrap();
    symlink(at("roots"), at("shares")).unwrap();
    give(folder.path());
    assert_eq!((owner(&at("anothers")), owner(&at("roots"))), (OTHER, (0, 0)));
}
