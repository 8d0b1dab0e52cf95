//! The root key on a box: sealed to what a release signs, over updates, with Secure Boot changed, and found sealed the
//! old way. Signatures are systemd's own (`firmware/tpm/testdata`); PCRs are extended as a boot extends them.

use crate::disk::{ask, commission};
use crate::process::{Running, connect, connect_as, swtpm};
use crate::rig::ten_in_the_morning;
use aws_lc_rs::digest::{SHA256, digest};
use idl::admin::{Admin, Answer};
use idl::views::CustodyAsk;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use tpm::{PcrSignatures, ReleaseKey};
use vaultd::sealing::{Release, Sealing};
use vaultd::startup::{Chip, Folders, StartError, Started, start};
use vocab::PersonId;

pub const ONE: &str = include_str!("../../../../firmware/tpm/testdata/one.json");
const TWO: &str = include_str!("../../../../firmware/tpm/testdata/two.json");
const VAULT: &[u8] = include_bytes!("../../../../firmware/tpm/testdata/vault.pem");

/// A box with its TPM, started with this image and this state of Secure Boot.
pub struct Booted {
    _swtpm: Running,
    address: String,
}

pub fn boot(dir: &Path, image: &str, secure_boot: &[u8]) -> Option<Booted> {
    let (swtpm, address) = swtpm(dir)?;
    // The library's way is tried first: then it listens.
    drop(connect(&address));
    let port = address.rsplit('=').next()?;
    let mut socket = TcpStream::connect(("127.0.0.1", port.parse().ok()?)).ok()?;
    let kernel = format!("ringfence test kernel {image}\n");
    let pieces: [&[u8]; 8] = [
        b".linux\0",
        kernel.as_bytes(),
        b".cmdline\0",
        b"ro quiet\n",
        b"enter-initrd",
        b"leave-initrd",
        b"sysinit",
        b"ready",
    ];
    extend(&mut socket, 7, secure_boot);
    for piece in pieces {
        extend(&mut socket, 11, piece);
    }
    Some(Booted { _swtpm: swtpm, address })
}

/// TPM2_PCR_Extend of the SHA-256 bank with an empty password (TPM 2.0 Library, part 3, 22.2).
fn extend(socket: &mut TcpStream, pcr: u8, measured: &[u8]) {
    let mut command = vec![0x80, 0x02, 0, 0, 0, 65, 0, 0, 0x01, 0x82, 0, 0, 0, pcr];
    command.extend([0, 0, 0, 9, 0x40, 0, 0, 9, 0, 0, 0, 0, 0]);
    command.extend([0, 0, 0, 1, 0, 0x0b]);
    command.extend(digest(&SHA256, measured).as_ref());
    assert_eq!(command.len(), 65);
    socket.write_all(&command).unwrap();
    let mut answer = [0; 19];
    socket.read_exact(&mut answer).unwrap();
    assert_eq!(answer[6..10], [0; 4], "PCR {pcr} is extended");
}

pub fn release(signatures: &str, secure_boot: bool) -> Sealing {
    Sealing::Release(Box::new(Release {
        key: ReleaseKey::parse(VAULT).unwrap(),
        signatures: PcrSignatures::parse(signatures.as_bytes()).unwrap(),
        secure_boot,
    }))
}

fn begin(dir: &Path, chip: &dyn Chip) -> Result<Started, StartError> {
    let folders = Folders {
        state: dir.join("state"),
        objects: dir.join("objects"),
        recordings: dir.join("recordings"),
        traces: dir.join("traces"),
        shares: dir.join("shares"),
    };
    start(&folders, chip, ten_in_the_morning())
}

pub fn begin_as(dir: &Path, booted: &Booted, sealing: Sealing) -> Result<Started, StartError> {
    begin(dir, &connect_as(&booted.address, sealing))
}

pub fn refusal(result: Result<Started, StartError>) -> String {
    match result {
        Ok(_) => panic!("it started"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn l_36_a_box_keeps_its_keys_over_a_signed_update_and_over_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let Some(booted) = boot(dir.path(), "one", b"on") else {
        panic!("swtpm is not installed");
    };
    assert_eq!(begin_as(dir.path(), &booted, release(ONE, true)).unwrap().vault.state().applied_seq, 1);
    let as_workstation = refusal(begin_as(dir.path(), &booted, Sealing::Pcrs));
    assert!(as_workstation.contains("--policy-key"), "{as_workstation}");
    drop(booted);
    let booted = boot(dir.path(), "two", b"on").unwrap();
    let unsigned = refusal(begin_as(dir.path(), &booted, release(ONE, true)));
    assert!(unsigned.contains("PCR 11") && unsigned.contains("custodians"), "{unsigned}");
    assert_eq!(begin_as(dir.path(), &booted, release(TWO, true)).unwrap().vault.state().applied_seq, 1);
    drop(booted);
    let booted = boot(dir.path(), "two", b"off").unwrap();
    let changed = refusal(begin_as(dir.path(), &booted, release(TWO, false)));
    assert!(changed.contains("PCR 7") && changed.contains("custodians"), "{changed}");
}

#[test]
fn l_36_what_was_sealed_the_old_way_is_sealed_to_the_release_once_and_it_is_written_down() {
    let dir = tempfile::tempdir().unwrap();
    let booted = boot(dir.path(), "one", b"on").unwrap();
    drop(begin_as(dir.path(), &booted, Sealing::Pcrs).unwrap());
    let old = std::fs::read(dir.path().join("state/keys/root.sealed")).unwrap();
    // With Secure Boot off it is not sealed to a release, and the box goes on with what opens.
    assert_eq!(begin_as(dir.path(), &booted, release(ONE, false)).unwrap().vault.state().applied_seq, 1);
    assert_eq!(std::fs::read(dir.path().join("state/keys/root.sealed")).unwrap(), old);
    for _ in 0..2 {
        let started = begin_as(dir.path(), &booted, release(ONE, true)).unwrap();
        assert_eq!(started.vault.state().applied_seq, 2, "one entry tells of it");
    }
    drop(booted);
    let booted = boot(dir.path(), "two", b"on").unwrap();
    assert_eq!(begin_as(dir.path(), &booted, release(TWO, true)).unwrap().vault.state().applied_seq, 2);
}

#[test]
fn l_36_a_blank_box_is_not_provisioned_with_secure_boot_off_or_by_an_image_that_could_not_open_it_again() {
    let dir = tempfile::tempdir().unwrap();
    let booted = boot(dir.path(), "one", b"off").unwrap();
    let off = refusal(begin_as(dir.path(), &booted, release(ONE, false)));
    assert!(off.contains("Secure Boot is off"), "{off}");
    let foreign = refusal(begin_as(dir.path(), &booted, release(TWO, true)));
    assert!(foreign.contains("PCR 11"), "{foreign}");
    assert!(!dir.path().join("state/keys").exists());
    assert!(begin_as(dir.path(), &booted, release(ONE, true)).is_ok(), "nothing was left behind");
}

/// The five who keep the shares: the audit administrator and four of quality assurance.
pub const CUSTODIANS: [PersonId; 5] = [PersonId(3), PersonId(4), PersonId(5), PersonId(6), PersonId(7)];
pub const SECURITY: Option<PersonId> = Some(PersonId(2));

pub fn take(started: &mut Started, person: PersonId) -> Option<String> {
    match ask(started, Some(person), Admin::Custody(CustodyAsk::Take)) {
        Answer::Share { text, .. } => Some(text.expose().clone()),
        Answer::Refused { code, .. } => {
            assert_eq!(code, "no-share");
            None
        }
        other => panic!("{other:?}"),
    }
}

pub fn five_shares(started: &mut Started) -> Vec<String> {
    let begun = ask(started, SECURITY, Admin::Custody(CustodyAsk::Begin { custodians: CUSTODIANS }));
    assert!(matches!(begun, Answer::Done), "{begun:?}");
    let shares: Vec<String> = CUSTODIANS.iter().filter_map(|person| take(started, *person)).collect();
    assert_eq!(shares.len(), 5);
    assert!(CUSTODIANS.iter().all(|person| take(started, *person).is_none()), "each is shown once");
    shares
}

pub fn leave(dir: &Path, shares: &[String]) {
    std::fs::write(dir.join("shares"), shares.join("\n\n")).unwrap();
}

pub fn in_force(started: &mut Started) -> Option<[u8; 4]> {
    match ask(started, SECURITY, Admin::Custody(CustodyAsk::Look)) {
        Answer::Custody(view) => view.in_force.map(|(set, _)| set),
        other => panic!("{other:?}"),
    }
}

#[test]
fn enc_05_three_of_five_shares_open_a_box_whose_secure_boot_was_changed_and_two_do_not() {
    let dir = tempfile::tempdir().unwrap();
    let booted = boot(dir.path(), "one", b"on").unwrap();
    let mut started = begin_as(dir.path(), &booted, release(ONE, true)).unwrap();
    commission(&mut started);
    let shares = five_shares(&mut started);
    let set = in_force(&mut started).expect("the fifth was taken");
    let entries = started.vault.state().applied_seq;
    drop((started, booted));
    let booted = boot(dir.path(), "one", b"other keys").unwrap();
    leave(dir.path(), &shares[..2]);
    let two = refusal(begin_as(dir.path(), &booted, release(ONE, true)));
    assert!(two.contains("2 shares are too few") && two.contains("PCR 7"), "{two}");
    assert!(!dir.path().join("shares").exists(), "a file of shares is used up");
    leave(dir.path(), &shares[2..]);
    let mut started = begin_as(dir.path(), &booted, release(ONE, true)).unwrap();
    // The recovery and the new sealing are two entries.
    assert_eq!((started.vault.state().applied_seq, in_force(&mut started)), (entries + 2, Some(set)));
    drop(started);
    // From now on it opens by itself again.
    assert_eq!(
        begin_as(dir.path(), &booted, release(ONE, true)).unwrap().vault.state().applied_seq,
        entries + 2
    );
}

#[test]
fn enc_05_new_shares_come_into_force_with_the_fifth_and_kill_the_old_ones() {
    let dir = tempfile::tempdir().unwrap();
    let booted = boot(dir.path(), "one", b"on").unwrap();
    let mut started = begin_as(dir.path(), &booted, release(ONE, true)).unwrap();
    commission(&mut started);
    let old = five_shares(&mut started);
    let old_set = in_force(&mut started);
    // Begun again, and only four come: the old ones stay in force, over a restart too.
    let again = Admin::Custody(CustodyAsk::Begin { custodians: CUSTODIANS });
    assert!(matches!(ask(&mut started, SECURITY, again), Answer::Done));
    assert!(CUSTODIANS[..4].iter().all(|person| take(&mut started, *person).is_some()));
    assert_eq!(in_force(&mut started), old_set);
    drop(started);
    let mut started = begin_as(dir.path(), &booted, release(ONE, true)).unwrap();
    assert_eq!(take(&mut started, CUSTODIANS[4]), None, "a set that was begun ends with the process");
    let new = five_shares(&mut started);
    assert_ne!(in_force(&mut started), old_set);
    drop((started, booted));
    let booted = boot(dir.path(), "one", b"other keys").unwrap();
    leave(dir.path(), &old[..3]);
    let dead = refusal(begin_as(dir.path(), &booted, release(ONE, true)));
    assert!(dead.contains("replaced by a newer one"), "{dead}");
    leave(dir.path(), &new[1..4]);
    assert!(begin_as(dir.path(), &booted, release(ONE, true)).is_ok());
}

#[test]
fn enc_05_custodians_are_five_different_persons_and_no_system_administrator() {
    let dir = tempfile::tempdir().unwrap();
    let booted = boot(dir.path(), "one", b"on").unwrap();
    let mut started = begin_as(dir.path(), &booted, release(ONE, true)).unwrap();
    commission(&mut started);
    let mut code = |custodians: [u32; 5]| {
        let custodians = custodians.map(PersonId);
        match ask(&mut started, SECURITY, Admin::Custody(CustodyAsk::Begin { custodians })) {
            Answer::Refused { code, .. } => code,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(code([1, 4, 5, 6, 7]), "custodian-role");
    assert_eq!(code([4, 4, 5, 6, 7]), "custodian-twice");
    assert_eq!(code([4, 5, 6, 7, 999]), "unknown");
    assert_eq!(in_force(&mut started), None);
}
