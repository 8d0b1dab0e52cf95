//! Custodians and the chip: the vault on another TPM, and the disk whose header is told which shares open it.

use crate::disk::{ask, commission};
use crate::rig::ten_in_the_morning;
use crate::sealing::{
    Booted, CUSTODIANS, ONE, SECURITY, begin_as, boot, five_shares, in_force, leave, refusal, release, take,
};
use custodians::{DiskCopy, SetId, Share, combine};
use idl::admin::{Admin, Answer};
use idl::host::{CustodyCopy, HostFault, HostToVault, VaultToHost};
use idl::views::{CustodyAsk, CustodyView, DiskCustody};
use std::path::Path;
use store::HeadKey;
use vaultd::command::{Cmd, ConnId, Effect, Message};
use vaultd::startup::Started;
use vocab::{PersonId, Secret};

const HOST: ConnId = ConnId(77);
/// As systemd-cryptenroll makes one.
const DISK_KEY: &str = "btbtkrft-cukbnihb-guvrikhr-jnjrlktb-jbkgnhtv-hetvgtek-ebbdbbnu-ivdkugvd";

fn started(dir: &Path, booted: &Booted) -> Started {
    begin_as(dir, booted, release(ONE, true)).unwrap()
}

#[test]
fn enc_05_on_another_chip_three_shares_bring_everything_back_and_the_ledger_goes_on_under_its_key() {
    let dir = tempfile::tempdir().unwrap();
    let booted = boot(dir.path(), "one", b"on").unwrap();
    let mut first = started(dir.path(), &booted);
    commission(&mut first);
    let shares = five_shares(&mut first);
    let (entries, set) = (first.vault.state().applied_seq, in_force(&mut first).unwrap());
    let old = HeadKey::parse(&std::fs::read(dir.path().join("state/keys/head.pub")).unwrap()).unwrap();
    drop((first, booted));
    std::fs::remove_dir_all(dir.path().join("tpm")).unwrap();
    let booted = boot(dir.path(), "one", b"on").unwrap();
    let alone = refusal(begin_as(dir.path(), &booted, release(ONE, true)));
    assert!(alone.contains("custodians"), "{alone}");
    leave(dir.path(), &shares[1..4]);
    let mut again = started(dir.path(), &booted);
    assert_eq!(again.vault.state().applied_seq, entries + 3, "recovered, another signing key, sealed anew");
    assert_eq!(in_force(&mut again), Some(set));
    assert_eq!(again.vault.state().recoveries.len(), 1);
    let known = HeadKey::parse(&std::fs::read(dir.path().join("state/keys/head.pub")).unwrap()).unwrap();
    assert_ne!(known.fingerprint(), old.fingerprint());
    assert_eq!(format!("{known:?}"), "HeadKey(P-256, 1 former)");
    assert_eq!(again.head_key.fingerprint(), known.fingerprint());
    drop(again);
    // From now on nobody is asked, and shares that lie about are taken away.
    leave(dir.path(), &shares[..3]);
    let third = started(dir.path(), &booted);
    assert_eq!(third.vault.state().applied_seq, entries + 3);
    assert_eq!(format!("{:?}", third.head_key), "HeadKey(P-256, 1 former)");
    assert!(!dir.path().join("shares").exists());
}

fn give(started: &mut Started, cmd: Cmd) -> Vec<(Vec<CustodyCopy>, bool)> {
    started.vault.handle(ten_in_the_morning(), cmd);
    told(started.vault.commit().unwrap())
}

fn told(effects: Vec<Effect>) -> Vec<(Vec<CustodyCopy>, bool)> {
    let custody = effects.into_iter().filter_map(|effect| match effect {
        Effect::Send(HOST, Message::Host(VaultToHost::Custody { copies, owed })) => Some((copies, owed)),
        _ => None,
    });
    custody.collect()
}

fn sets(told: &[(Vec<CustodyCopy>, bool)]) -> Vec<Vec<[u8; 4]>> {
    told.iter().map(|(copies, _)| copies.iter().map(|copy| copy.set).collect()).collect()
}

fn says(sets: &[[u8; 4]], fault: Option<&str>) -> Cmd {
    let fault = fault.map(|why| HostFault::System(why.to_owned()));
    Cmd::Host(HOST, HostToVault::Custody { sets: sets.to_vec(), fault })
}

fn look(started: &mut Started, person: Option<PersonId>) -> CustodyView {
    match ask(started, person, Admin::Custody(CustodyAsk::Look)) {
        Answer::Custody(view) => *view,
        other => panic!("{other:?}"),
    }
}

#[test]
fn enc_05_a_set_comes_into_force_when_the_disks_header_has_it_and_the_old_copy_goes_after_that() {
    let dir = tempfile::tempdir().unwrap();
    let booted = boot(dir.path(), "one", b"on").unwrap();
    std::fs::create_dir(dir.path().join("disk")).unwrap();
    std::fs::write(dir.path().join("disk/key"), DISK_KEY).unwrap();
    let mut vault = started(dir.path(), &booted);
    assert!(!dir.path().join("disk/key").exists(), "the vault has it");
    commission(&mut vault);
    assert_eq!(look(&mut vault, SECURITY).disk, None, "without hostd there is no disk to speak of");
    assert_eq!(sets(&give(&mut vault, Cmd::HostUp(HOST))), [Vec::<[u8; 4]>::new()]);
    give(&mut vault, says(&[], None));
    assert_eq!(look(&mut vault, SECURITY).disk, Some(DiskCustody::Closed));

    let shares = five_shares(&mut vault);
    let view = look(&mut vault, SECURITY);
    let (one, waiting) = view.begun.expect("it waits for the disk");
    assert_eq!((view.in_force, waiting), (None, vec![]));
    assert!(give(&mut vault, says(&[], Some("the disk is busy"))).is_empty());
    let view = look(&mut vault, SECURITY);
    assert_eq!((view.in_force, view.disk), (None, Some(DiskCustody::Fault("the disk is busy".to_owned()))));
    // What is told then: the one copy that is in force.
    let after = give(&mut vault, says(&[one], None));
    assert_eq!(sets(&after), [vec![one]]);
    let three: Vec<Share> = shares[2..].iter().map(|text| Share::parse(text).unwrap()).collect();
    let copy = DiskCopy { set: SetId(one), sealed: after[0].0[0].sealed.clone() };
    assert_eq!(copy.open(&combine(&three).unwrap()), Some(Secret::new(DISK_KEY.to_owned())));
    give(&mut vault, says(&[one], None));
    let view = look(&mut vault, SECURITY);
    assert_eq!((view.in_force.map(|(set, _)| set), view.disk), (Some(one), Some(DiskCustody::Opens)));

    // A newer set: both are in the header until it is in force.
    let begin = Admin::Custody(CustodyAsk::Begin { custodians: CUSTODIANS });
    assert!(matches!(ask(&mut vault, SECURITY, begin), Answer::Done));
    assert!(look(&mut vault, Some(CUSTODIANS[0])).yours && !look(&mut vault, SECURITY).yours);
    for person in CUSTODIANS {
        assert!(take(&mut vault, person).is_some());
    }
    let two = look(&mut vault, SECURITY).begun.unwrap().0;
    let both = give(&mut vault, Cmd::HostUp(HOST));
    assert_eq!(sets(&both), [vec![one, two]]);
    assert_eq!(sets(&give(&mut vault, says(&[one, two], None))), [vec![two]]);
    assert_eq!(look(&mut vault, SECURITY).in_force.map(|(set, _)| set), Some(two));
    drop(vault);
    let mut vault = started(dir.path(), &booted);
    assert_eq!(sets(&give(&mut vault, Cmd::HostUp(HOST))), [vec![two]], "what is wanted outlives a restart");
}

#[test]
fn enc_05_who_may_be_named_is_listed_for_the_security_administrator_alone() {
    let dir = tempfile::tempdir().unwrap();
    let booted = boot(dir.path(), "one", b"on").unwrap();
    let mut vault = started(dir.path(), &booted);
    commission(&mut vault);
    let view = look(&mut vault, SECURITY);
    assert!(view.candidates.iter().all(|(id, ..)| *id != PersonId(1)), "no system administrator");
    assert!(view.candidates.iter().any(|(id, name, _)| *id == PersonId(3) && name == "王五"));
    let view = look(&mut vault, Some(PersonId(4)));
    assert!(view.candidates.is_empty() && view.people.is_empty());
}
