//! A root key sealed to a release, against a software TPM whose PCRs are extended as a boot extends them, and
//! signatures that systemd-measure made (`testdata/README.md`).

use crate::blob::SealedRoot;
use crate::error::{Fault, TpmError};
use crate::handle::Tpm;
use crate::release::{ReleaseKey, sha256};
use crate::signatures::PcrSignatures;
use crate::simulator::{Simulator, extend};
use std::path::Path;
use tss_esapi::handles::PcrHandle;
use vocab::Secret;

const ONE: &str = include_str!("../testdata/one.json");
const TWO: &str = include_str!("../testdata/two.json");
const THIEF: &str = include_str!("../testdata/thief.json");
const READY: &[&str] = &["enter-initrd", "leave-initrd", "sysinit", "ready"];

/// Starts a TPM as the firmware and systemd-stub do: Secure Boot's state, the image, then the phases.
fn boot(state: &Path, secure_boot: &str, image: &str, phases: &[&str]) -> (Simulator, Tpm) {
    let simulator = Simulator::start(state);
    let tpm = simulator.connect();
    extend(&tpm, PcrHandle::Pcr7, sha256(&[secure_boot.as_bytes()]));
    let kernel = format!("ringfence test kernel {image}\n");
    let measured: [&[u8]; 4] = [b".linux\0", kernel.as_bytes(), b".cmdline\0", b"ro quiet\n"];
    for piece in measured.into_iter().chain(phases.iter().map(|word| word.as_bytes())) {
        extend(&tpm, PcrHandle::Pcr11, sha256(&[piece]));
    }
    (simulator, tpm)
}

fn signatures(json: &str) -> PcrSignatures {
    PcrSignatures::parse(json.as_bytes()).expect("systemd's form")
}

fn vault_key() -> ReleaseKey {
    ReleaseKey::parse(include_bytes!("../testdata/vault.pem")).expect("a key")
}

fn root() -> Secret<[u8; 32]> {
    Secret::new([0x5a; 32])
}

/// A box enrolled under image one.
fn enrolled(state: &Path) -> SealedRoot {
    let (_simulator, tpm) = boot(state, "on", "one", READY);
    tpm.seal_to_release(&root(), &vault_key()).expect("it seals")
}

#[test]
fn l_36_a_signed_image_and_its_signed_update_unseal_the_same_blob() {
    let state = tempfile::tempdir().expect("a folder");
    let sealed = enrolled(state.path());
    assert_eq!(sealed.release(), Some(vault_key().fingerprint()));
    let sealed = SealedRoot::from_bytes(sealed.as_bytes()).expect("our blob");
    for (image, signed) in [("one", ONE), ("two", TWO)] {
        let (_simulator, tpm) = boot(state.path(), "on", image, READY);
        for _ in 0..5 {
            let opened = tpm.unseal_by_release(&sealed, &signatures(signed)).expect("a signed image");
            assert_eq!(opened.expose(), root().expose());
        }
    }
}

#[test]
fn l_36_an_image_that_nobody_signed_does_not_unseal() {
    let state = tempfile::tempdir().expect("a folder");
    let sealed = enrolled(state.path());
    let (_simulator, tpm) = boot(state.path(), "on", "tampered", READY);
    let refused = tpm.unseal_by_release(&sealed, &signatures(ONE)).expect_err("another kernel");
    assert!(matches!(refused, TpmError::NotSigned(_)), "{refused}");
    assert_eq!(refused.fault(), Fault::Tampering);
}

#[test]
fn l_36_the_phase_of_the_disk_is_not_the_phase_of_the_vault() {
    let state = tempfile::tempdir().expect("a folder");
    let sealed = enrolled(state.path());
    // The disk's key signed this state of the same image: by it the vault does not open.
    for phases in
        [&READY[..1], &READY[..3], &["enter-initrd", "leave-initrd", "sysinit", "ready", "shutdown"]]
    {
        let (_simulator, tpm) = boot(state.path(), "on", "one", phases);
        let refused = tpm.unseal_by_release(&sealed, &signatures(ONE)).expect_err("another phase");
        assert!(matches!(refused, TpmError::NotSigned(_)), "{phases:?}: {refused}");
    }
}

#[test]
fn l_36_a_signature_by_another_key_or_a_forged_one_does_not_unseal() {
    let state = tempfile::tempdir().expect("a folder");
    let sealed = enrolled(state.path());
    let (_simulator, tpm) = boot(state.path(), "on", "two", READY);
    let refused = tpm.unseal_by_release(&sealed, &signatures(THIEF)).expect_err("the thief's");
    assert!(matches!(refused, TpmError::NoSignature(key) if key == vault_key().fingerprint()), "{refused}");
    // The thief's signature under the release key's name.
    let thief = ReleaseKey::parse(include_bytes!("../testdata/thief.pem")).expect("a key");
    let hex = |key: &ReleaseKey| data_encoding::HEXLOWER.encode(&key.fingerprint());
    let forged = THIEF.replace(&hex(&thief), &hex(&vault_key()));
    assert_ne!(forged, THIEF);
    let refused = tpm.unseal_by_release(&sealed, &signatures(&forged)).expect_err("forged");
    assert!(matches!(refused, TpmError::Forged), "{refused}");
    // The signature of the image before, after the PCR changed.
    let refused = tpm.unseal_by_release(&sealed, &signatures(ONE)).expect_err("the image before");
    assert!(matches!(refused, TpmError::NotSigned(_)), "{refused}");
}

#[test]
fn l_36_the_tpm_itself_refuses_where_the_checks_before_it_are_gone_round() {
    let state = tempfile::tempdir().expect("a folder");
    let sealed = enrolled(state.path());
    // A blob whose clear part was altered to ask for the thief's key: its policy still asks for the release's.
    let thief = ReleaseKey::parse(include_bytes!("../testdata/thief.pem")).expect("a key");
    let mut bytes = sealed.as_bytes().to_vec();
    let ours = vault_key();
    let at = bytes.windows(ours.pkcs1().len()).position(|part| part == ours.pkcs1()).expect("the key");
    bytes[at..at + thief.pkcs1().len()].copy_from_slice(thief.pkcs1());
    let altered = SealedRoot::from_bytes(&bytes).expect("still a blob");
    let (_simulator, tpm) = boot(state.path(), "on", "two", READY);
    let refused = tpm.unseal_by_release(&altered, &signatures(THIEF)).expect_err("the thief's key");
    assert!(matches!(refused, TpmError::PolicyRefused(_)), "{refused}");
}

#[test]
fn l_36_with_other_keys_of_secure_boot_it_stays_sealed_and_pcr_7_is_named() {
    let state = tempfile::tempdir().expect("a folder");
    let sealed = enrolled(state.path());
    let (_simulator, tpm) = boot(state.path(), "off", "one", READY);
    let refused = tpm.unseal_by_release(&sealed, &signatures(ONE)).expect_err("Secure Boot is off");
    assert!(matches!(refused, TpmError::SecureBootChanged { .. }), "{refused}");
    assert!(refused.to_string().starts_with("PCR 7 (Secure Boot) was "), "{refused}");
}

#[test]
fn enc_03_another_tpm_does_not_open_what_a_release_may() {
    let (ours, theirs) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let sealed = enrolled(ours.path());
    let (_simulator, tpm) = boot(theirs.path(), "on", "one", READY);
    let refused = tpm.unseal_by_release(&sealed, &signatures(ONE)).expect_err("another TPM");
    assert!(matches!(refused, TpmError::ForeignBlob(_)), "{refused}");
}

#[test]
fn l_36_a_start_that_was_not_measured_is_not_sealed_to() {
    let state = tempfile::tempdir().expect("a folder");
    let simulator = Simulator::start(state.path());
    let tpm = simulator.connect();
    let refused = tpm.seal_to_release(&root(), &vault_key()).expect_err("nothing was measured");
    assert!(matches!(refused, TpmError::NotMeasured(7)), "{refused}");
    extend(&tpm, PcrHandle::Pcr7, [1; 32]);
    let refused = tpm.seal_to_release(&root(), &vault_key()).expect_err("no image was measured");
    assert!(matches!(refused, TpmError::NotMeasured(11)), "{refused}");
    assert_eq!(refused.fault(), Fault::Operator);
}

#[test]
fn l_36_without_a_sha_256_bank_nothing_is_sealed() {
    let state = tempfile::tempdir().expect("a folder");
    Simulator::make_with_bank(state.path(), "sha384");
    let simulator = Simulator::start(state.path());
    let tpm = simulator.connect();
    let refused = tpm.seal_to_release(&root(), &vault_key()).expect_err("no such bank");
    assert!(matches!(refused, TpmError::NoBank), "{refused}");
}

#[test]
fn the_two_kinds_of_blob_are_not_taken_for_each_other() {
    let state = tempfile::tempdir().expect("a folder");
    let sealed = enrolled(state.path());
    let (_simulator, tpm) = boot(state.path(), "on", "one", READY);
    assert!(matches!(tpm.unseal_root_key(&sealed), Err(TpmError::Blob)));
    let literal = tpm.seal_root_key(&root(), &[7]).expect("it seals");
    assert_eq!(literal.release(), None);
    assert!(matches!(tpm.unseal_by_release(&literal, &signatures(ONE)), Err(TpmError::Blob)));
    for cut in 0..sealed.as_bytes().len() {
        assert!(SealedRoot::from_bytes(&sealed.as_bytes()[..cut]).is_err(), "cut at {cut}");
    }
}
