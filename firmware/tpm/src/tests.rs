//! Tests against a real software TPM that each test starts for itself.

use super::{Tpm, is_simulator};
use crate::blob::{SealedRoot, SigningKey};
use crate::error::{Fault, TpmError};
use crate::simulator::{Simulator, extend};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use tss_esapi::handles::PcrHandle;
use vocab::Secret;

fn root() -> Secret<[u8; 32]> {
    Secret::new([0x5a; 32])
}

#[test]
fn enc_03_a_sealed_root_key_opens_again_after_the_tpm_was_off() {
    let state = tempfile::tempdir().expect("a folder");
    let blob = {
        let simulator = Simulator::start(state.path());
        let tpm = simulator.connect();
        let sealed = tpm.seal_root_key(&root(), &[0, 7]).expect("it seals");
        sealed.as_bytes().to_vec()
    };
    assert!(!blob.windows(8).any(|part| part == [0x5a; 8]), "the key is not in the blob");
    let simulator = Simulator::start(state.path());
    let tpm = simulator.connect();
    let sealed = SealedRoot::from_bytes(&blob).expect("our blob");
    assert_eq!(tpm.unseal_root_key(&sealed).expect("it opens").expose(), root().expose());
}

#[test]
fn enc_03_another_tpm_cannot_open_the_root_key() {
    let (ours, theirs) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let sealed = Simulator::start(ours.path()).connect().seal_root_key(&root(), &[7]).expect("it seals");
    let simulator = Simulator::start(theirs.path());
    let refused = simulator.connect().unseal_root_key(&sealed).expect_err("another TPM");
    assert!(matches!(refused, TpmError::ForeignBlob(_)), "{refused}");
    assert_eq!(refused.fault(), Fault::Tampering);
}

#[test]
fn ret_05_what_was_sealed_before_a_clear_opens_never_again_on_the_same_tpm() {
    let state = tempfile::tempdir().expect("a folder");
    let simulator = Simulator::start(state.path());
    let tpm = simulator.connect();
    let sealed = tpm.seal_root_key(&root(), &[7]).expect("it seals");
    assert!(tpm.unseal_root_key(&sealed).is_ok());
    let name = tpm.storage_key_name().expect("a name");
    assert_eq!(simulator.connect().storage_key_name().expect("a name"), name, "of the same seeds");
    tpm.clear().expect("it is cleared");
    let tpm = simulator.connect();
    assert_ne!(tpm.storage_key_name().expect("a name"), name);
    let refused = tpm.unseal_root_key(&sealed).expect_err("it has other seeds");
    assert!(matches!(refused, TpmError::ForeignBlob(_)), "{refused}");
    let anew = tpm.seal_root_key(&root(), &[7]).expect("it seals anew");
    assert_eq!(tpm.unseal_root_key(&anew).expect("it opens").expose(), root().expose());
}

#[test]
fn enc_03_after_other_software_was_measured_the_root_key_stays_sealed() {
    let state = tempfile::tempdir().expect("a folder");
    let simulator = Simulator::start(state.path());
    let tpm = simulator.connect();
    let sealed = tpm.seal_root_key(&root(), &[7, 11]).expect("it seals");
    extend(&tpm, PcrHandle::Pcr8, [7; 32]);
    assert!(tpm.unseal_root_key(&sealed).is_ok(), "PCR 8 is not in the policy");
    extend(&tpm, PcrHandle::Pcr11, [7; 32]);
    let refused = tpm.unseal_root_key(&sealed).expect_err("PCR 11 is");
    assert!(matches!(refused, TpmError::PolicyRefused(_)), "{refused}");
}

#[test]
fn a_process_killed_again_and_again_leaves_room_for_its_next_life() {
    let state = tempfile::tempdir().expect("a folder");
    let simulator = Simulator::start(state.path());
    let sealed = simulator.connect().seal_root_key(&root(), &[7]).expect("it seals");
    for life in 0..5 {
        let tpm = simulator.connect();
        let opened = tpm.unseal_root_key(&sealed).unwrap_or_else(|error| panic!("life {life}: {error}"));
        assert_eq!(opened.expose(), root().expose());
        let again = sealed.clone();
        // A key and a session that a killed process cannot flush.
        tpm.ask(move |owner| {
            owner.load_sealed(&again)?;
            owner.leave_a_session()
        })
        .expect("the TPM answers");
    }
}

#[test]
fn enc_03_an_empty_password_does_not_go_round_the_policy() {
    let state = tempfile::tempdir().expect("a folder");
    let simulator = Simulator::start(state.path());
    let tpm = simulator.connect();
    let sealed = tpm.seal_root_key(&root(), &[7]).expect("it seals");
    let opened = tpm.ask(move |owner| {
        let object = owner.load_sealed(&sealed)?;
        let opened = owner.context().execute_with_nullauth_session(|context| context.unseal(object.into()));
        owner.context().flush_context(object.into()).map_err(TpmError::Connect)?;
        Ok(opened.is_ok())
    });
    assert!(!opened.expect("the TPM answers"));
}

#[test]
fn aud_03_signatures_of_heads_verify_with_the_exported_key() {
    let state = tempfile::tempdir().expect("a folder");
    let simulator = Simulator::start(state.path());
    let tpm = simulator.connect();
    let key = tpm.create_signing_key().expect("a key");
    let public = tpm.load_signing_key(&key).expect("it loads");
    let signature = tpm.sign(b"a head").expect("it signs");
    let verifier = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, public.point);
    assert!(verifier.verify(b"a head", &signature).is_ok());
    assert!(verifier.verify(b"another head", &signature).is_err());
    assert!(public.to_pem().starts_with("-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE"));
    drop(tpm);
    let again = simulator.connect().load_signing_key(&key).expect("it loads after a reconnection");
    assert_eq!(again, public);
}

#[test]
fn forty_operations_leave_no_slot_taken() {
    let state = tempfile::tempdir().expect("a folder");
    let simulator = Simulator::start(state.path());
    let tpm = simulator.connect();
    let key = tpm.create_signing_key().expect("a key");
    let sealed = tpm.seal_root_key(&root(), &[7]).expect("it seals");
    for _ in 0..10 {
        tpm.load_signing_key(&key).expect("it loads");
        tpm.sign(b"x").expect("it signs");
        tpm.unseal_root_key(&sealed).expect("it opens");
        tpm.seal_root_key(&root(), &[3]).expect("it seals");
    }
}

#[test]
fn the_clock_runs_and_random_bytes_differ() {
    let state = tempfile::tempdir().expect("a folder");
    let simulator = Simulator::start(state.path());
    let tpm = simulator.connect();
    let key = tpm.create_signing_key().expect("a key");
    assert!(matches!(tpm.clock(), Err(TpmError::NoSigningKey)), "no signing key is loaded yet");
    tpm.load_signing_key(&key).expect("it loads");
    let first = tpm.clock().expect("a clock");
    let second = tpm.clock().expect("a clock");
    assert!(second.clock_ms >= first.clock_ms && second.resets == first.resets);
    let (one, two) = (tpm.random(32).expect("bytes"), tpm.random(32).expect("bytes"));
    assert!(one != two && one.expose().len() == 32);
    assert!(matches!(tpm.random(33), Err(TpmError::TooMuch(33))));
    assert_eq!(tpm.pcr_values(&[23]).expect("values"), vec![(23, [0; 32])]);
}

#[test]
fn wrong_addresses_pcrs_and_blobs_are_refused_in_words() {
    for address in ["swtpm:path=/run/x", "tabrmd:bus_name=x", "nonsense", "mssim:host=a,port=1"] {
        let refused = Tpm::connect(address).expect_err("no TPM of ours");
        assert!(matches!(refused, TpmError::Address(_)), "{address}: {refused}");
    }
    let refused = Tpm::connect("swtpm:host=127.0.0.1,port=1").expect_err("nobody listens");
    assert_eq!(refused.fault(), Fault::Hardware);
    assert!(matches!(SealedRoot::from_bytes(b"RFTPM1R"), Err(TpmError::Blob)));
    let state = tempfile::tempdir().expect("a folder");
    let simulator = Simulator::start(state.path());
    let tpm = simulator.connect();
    assert!(matches!(tpm.seal_root_key(&root(), &[]), Err(TpmError::NoPcr)));
    assert!(matches!(tpm.seal_root_key(&root(), &[24]), Err(TpmError::NoSuchPcr(24))));
    let sealed = tpm.seal_root_key(&root(), &[1]).expect("it seals");
    assert!(matches!(SigningKey::from_bytes(sealed.as_bytes()), Err(TpmError::Blob)));
    assert!(is_simulator(&simulator.address()) && !is_simulator("device:/dev/tpmrm0"));
}
