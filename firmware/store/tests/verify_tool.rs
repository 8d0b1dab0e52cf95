//! `ringfence-ledger` as an auditor uses it: files, a public key, plain words, an exit code.

#[path = "support/signer.rs"]
mod signer;
mod support;

use signer::Signer;
use std::fs;
use std::path::Path;
use std::process::Command;
use support::{now, open, replay, segments};

fn tool(arguments: &[&str]) -> (i32, String) {
    let done =
        Command::new(env!("CARGO_BIN_EXE_ringfence-ledger")).args(arguments).output().expect("it runs");
    let said = [done.stdout, done.stderr].concat();
    (done.status.code().expect("an exit code"), String::from_utf8(said).expect("text"))
}

fn ledger(dir: &Path) -> Signer {
    let signer = Signer::new();
    let (mut ledger, _) = open(dir);
    ledger.append_batch(&[(1, now(), b"one"), (2, now(), b"two"), (3, now(), b"three")]).expect("works");
    let signed = signer.sign(&ledger.head(now()).expect("entries"));
    ledger.append_head(&signed, now()).expect("works");
    ledger.append_batch(&[(4, now(), b"four")]).expect("works");
    assert_eq!(replay(&ledger, 1).len(), 4);
    signer
}

#[test]
fn aud_03_a_sound_ledger_is_ok_in_words_and_in_json() {
    let dir = tempfile::tempdir().expect("a folder");
    let signer = ledger(&dir.path().join("ledger"));
    let (path, key) = (dir.path().join("ledger"), dir.path().join("key"));
    fs::write(&key, signer.public().point()).expect("writable");
    let (path, key) = (path.to_str().expect("text"), key.to_str().expect("text"));
    let (code, said) = tool(&["verify", path, "--key", key, "--list"]);
    assert_eq!(code, 0, "{said}");
    for line in [
        "entry          1  2027-01-15T08:00:00.000Z  kind 1",
        "entry          4  2027-01-15T08:00:00.000Z  head",
        "segment      0  begun 2027-01-15T08:00:00.000Z  entries 1 to 5",
        "last signed head: entry 3 at 2027-01-15T08:00:00.000Z; 2 entries after it",
        "OK     5 entries",
    ] {
        assert!(said.contains(line), "{line} is missing in\n{said}");
    }
    assert!(!said.contains("NOT checked"));
    let (code, said) = tool(&["verify", path, "--json"]);
    let object: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!((code, &object["verdict"], &object["last_seq"]), (0, &"ok".into(), &5.into()));
    assert_eq!(object["signatures_checked"], false);
}

#[test]
fn aud_03_deleted_altered_reordered_and_truncated_entries_fail_and_name_the_index() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("ledger");
    ledger(&path);
    let file = segments(&path)[0].clone();
    let whole = fs::read(&file).expect("readable");
    // Frames: 40 bytes of header, plaintext, tag 16, hash 32.
    let (one, two, three) = (112, 112 + 91, 112 + 91 + 91);
    let deleted = [&whole[..two], &whole[three..]].concat();
    let reordered = [&whole[..one], &whole[two..three], &whole[one..two], &whole[three..]].concat();
    let mut altered = whole.clone();
    altered[three + 45] ^= 1;
    let truncated = whole[..three].to_vec();
    for (bytes, place) in [
        (deleted, "entry 2, segment 0 at byte 203"),
        (reordered, "entry 1, segment 0 at byte 112"),
        (altered, "entry 3, segment 0 at byte 294"),
        (truncated, "entry 3, segment 0 at byte 294: the ledger ends before entry 3"),
    ] {
        fs::write(&file, &bytes).expect("writable");
        let (code, said) = tool(&["verify", path.to_str().expect("text")]);
        assert_eq!(code, 1, "{said}");
        assert!(said.contains("FAULT") && said.contains(place), "{place} is missing in\n{said}");
    }
    let (code, said) = tool(&["verify", path.to_str().expect("text"), "--json"]);
    let object: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!((code, &object["seq"], &object["offset"]), (1, &3.into(), &294.into()));
}

fn pem(signer: &Signer) -> String {
    let spki = [
        0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86,
        0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
    ];
    let der = [&spki[..], signer.public().point()].concat();
    let body = data_encoding::BASE64.encode(&der);
    format!("-----BEGIN PUBLIC KEY-----\n{}\n{}\n-----END PUBLIC KEY-----\n", &body[..64], &body[64..])
}

#[test]
fn enc_05_a_ledger_goes_on_under_the_key_of_another_chip_and_the_tool_says_so_plainly() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("ledger");
    let old = ledger(&path);
    let new = Signer::new();
    let sign_on = |signer: &Signer| {
        let (mut ledger, _) = open(&path);
        ledger.append_batch(&[(5, now(), b"later")]).expect("works");
        let signed = signer.sign(&ledger.head(now()).expect("entries"));
        ledger.append_head(&signed, now()).expect("works");
    };
    sign_on(&new);
    let key = dir.path().join("key");
    let verify = |keys: &str| {
        fs::write(&key, keys).expect("writable");
        tool(&["verify", path.to_str().expect("text"), "--key", key.to_str().expect("text")])
    };
    let (code, said) = verify(&(pem(&old) + &pem(&new)));
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("entries 3 to 3 are signed by a FORMER key"), "{said}");
    assert!(said.contains("entries 6 to 6 are signed by its present key"), "{said}");
    // One key alone does not vouch for what the other signed.
    for one in [pem(&old), pem(&new)] {
        assert_eq!(verify(&one).0, 1, "a head of a key that is not known");
    }
    let (code, said) = verify(&(pem(&new) + &pem(&old)));
    assert_eq!(code, 1, "the order of keys is the order of chips: {said}");
    // Whoever kept the old chip cannot write on.
    sign_on(&old);
    let (code, said) = verify(&(pem(&old) + &pem(&new)));
    assert!(code == 1 && said.contains("FAULT"), "{said}");
}

#[test]
fn what_cannot_be_checked_is_neither_sound_nor_faulty() {
    for arguments in
        [&["verify", "/nonexistent"][..], &["verify"], &["check", "x"], &["verify", ".", "--key", "."]]
    {
        assert_eq!(tool(arguments).0, 2, "{arguments:?}");
    }
    assert!(tool(&["--help"]).1.starts_with("usage:"));
}
