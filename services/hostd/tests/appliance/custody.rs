//! Tokens of custodians in a real LUKS2 header, by the real cryptsetup.

use crate::rig::Appliance;
use custodians::{DiskCopy, DiskHeader, RecoverySecret, owed_token};
use hostd::{Call, Programs, Real, keep_custody};
use idl::host::{CustodyCopy, HostFault};
use std::io::Write;
use std::process::{Command, Stdio};
use vocab::Secret;

fn cryptsetup(words: &[&str], input: &str) {
    let mut command = Command::new("cryptsetup");
    let mut child = command.args(words).stdin(Stdio::piped()).spawn().expect("cryptsetup is installed");
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success(), "{words:?}");
}

fn copy(byte: u8) -> CustodyCopy {
    let secret = RecoverySecret::new(Secret::new([byte; 32]));
    let sealed = DiskCopy::seal(&secret, [byte; 12], &Secret::new("a".repeat(71)));
    CustodyCopy { set: sealed.set.0, sealed: sealed.sealed }
}

fn disk(at: &Appliance) -> String {
    let path = at.place.at("dev/disk/by-partlabel/data");
    std::fs::File::create(&path).unwrap().set_len(32 << 20).unwrap();
    let path = path.to_string_lossy().into_owned();
    let fast = ["--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000", "--key-file", "-"];
    cryptsetup(&[&["luksFormat", "-q", "--type", "luks2"], &fast[..], &[&path]].concat(), "made by repart");
    path
}

fn header(path: &str) -> DiskHeader {
    let call = Call::new("cryptsetup", &["luksDump", "--dump-json-metadata", path]);
    DiskHeader::parse(Real.run(&call, &mut |_| {}).unwrap().output.as_bytes()).unwrap()
}

#[test]
fn enc_05_the_header_holds_the_copies_of_the_sets_that_are_told_and_no_others() {
    let at = Appliance::new(&["ringfence_0.1.0_A.efi"]);
    let path = disk(&at);
    let keep = |copies: &[CustodyCopy], owed| keep_custody(copies, owed, &at.place, &Real);
    let refused = keep(&[copy(1)], false);
    assert!(
        matches!(&refused, Err(HostFault::System(why)) if why.contains("no recovery key")),
        "{refused:?}"
    );
    cryptsetup(
        &["token", "import", "--json-file", "-", &path],
        r#"{"type":"systemd-recovery","keyslots":["0"]}"#,
    );
    assert_eq!(keep(&[copy(1)], false), Ok(vec![copy(1).set]));
    let mut both = keep(&[copy(1), copy(2)], false).unwrap();
    both.sort_unstable();
    let mut wanted = vec![copy(1).set, copy(2).set];
    wanted.sort_unstable();
    assert_eq!(both, wanted, "the old one stays until the new one is in force");
    assert_eq!(keep(&[copy(2)], false), Ok(vec![copy(2).set]));
    assert_eq!(header(&path).copies.len(), 1);
    assert!(header(&path).keyslot.is_some(), "what is not ours stays");
    assert!(!at.place.state.join("custody-token").exists());
    assert_eq!(keep(&[], false), Ok(vec![]));
}

#[test]
fn enc_05_that_shares_are_owed_stays_in_the_header_until_the_vault_has_them() {
    let at = Appliance::new(&["ringfence_0.1.0_A.efi"]);
    let path = disk(&at);
    cryptsetup(&["token", "import", "--json-file", "-", &path], &owed_token());
    keep_custody(&[], true, &at.place, &Real).unwrap();
    assert!(header(&path).owed.is_some());
    keep_custody(&[], false, &at.place, &Real).unwrap();
    assert_eq!(header(&path).owed, None);
}
