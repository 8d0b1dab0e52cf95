//! On real files: first start, missing keys, a lost projection, kills, imports, and the software TPM.

use crate::process::{connect, swtpm};
use crate::rig::{CAMPAIGN, PURPOSE, number, ten_in_the_morning};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use idl::admin::{Admin, AdminReply, AdminRequest, Answer, Role};
use idl::hello::Process;
use std::io::Write;
use std::path::Path;
use vaultd::command::{BatchPlan, Cmd, ConnId, Effect, ImportOutcome, Message};
use vaultd::import::{self, Tools};
use vaultd::ports::{ContactPerson, ContactPort, KeyPort};
use vaultd::seal::{Purpose, open};
use vaultd::startup::{Chip, Folders, StartError, Started, start};
use vaultd::worker::recording_finding;
use vocab::{CallId, DepartmentId, PersonId, Pii, Secret};

/// A chip that is a key in memory.
struct KeyChip(EcdsaKeyPair, [u8; 32]);

impl KeyChip {
    fn new() -> Self {
        Self(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap(), [7; 32])
    }

    fn other() -> Self {
        Self(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap(), [8; 32])
    }
}

impl Chip for KeyChip {
    fn kind(&self) -> String {
        "test".to_owned()
    }

    fn new_root(&self) -> Result<Secret<[u8; 32]>, String> {
        Ok(Secret::new([3; 32]))
    }

    fn seal(&self, root: &Secret<[u8; 32]>) -> Result<Vec<u8>, String> {
        Ok([self.1.as_slice(), root.expose()].concat())
    }

    fn unseal(&self, sealed: &[u8]) -> Result<Secret<[u8; 32]>, String> {
        let root = sealed.strip_prefix(self.1.as_slice()).ok_or("the blob belongs to another TPM")?;
        Ok(Secret::new(root.try_into().map_err(|_| "damaged")?))
    }

    fn sealed_as_wanted(&self, _sealed: &[u8]) -> bool {
        true
    }

    fn new_signing_key(&self) -> Result<Vec<u8>, String> {
        Ok(vec![1])
    }

    fn load_signing_key(&self, _wrapped: &[u8]) -> Result<String, String> {
        let prefix = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE";
        let point = self.0.public_key().as_ref();
        Ok(format!("-----BEGIN PUBLIC KEY-----\n{prefix}{}\n-----END PUBLIC KEY-----\n", base64(&point[1..])))
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; 64], String> {
        let signature = self.0.sign(&SystemRandom::new(), message).map_err(|error| error.to_string())?;
        signature.as_ref().try_into().map_err(|_| "length".to_owned())
    }
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for part in bytes.chunks(3) {
        let word =
            part.iter().fold(0_u32, |word, byte| (word << 8) | u32::from(*byte)) << (8 * (3 - part.len()));
        for at in 0..=part.len() {
            out.push(char::from(LETTERS[(word >> (18 - 6 * at)) as usize & 63]));
        }
        out.push_str(&"=".repeat(3 - part.len()));
    }
    out
}

fn folders(dir: &Path) -> Folders {
    Folders {
        state: dir.join("state"),
        objects: dir.join("objects"),
        recordings: dir.join("recordings"),
        traces: dir.join("traces"),
        shares: dir.join("shares"),
    }
}

pub fn ask(started: &mut Started, actor: Option<PersonId>, what: Admin) -> Answer {
    let request = AdminRequest::of_tool(1, actor, what);
    let cmd = Cmd::Admin { conn: ConnId(1), from: Process::Tool, request, attached: None };
    started.vault.handle(ten_in_the_morning(), cmd);
    let mut answers = started.vault.commit().unwrap().into_iter().filter_map(|effect| match effect {
        Effect::Send(_, Message::Admin(AdminReply { answer, .. })) => Some(answer),
        _ => None,
    });
    answers.next_back().unwrap()
}

pub fn commission(started: &mut Started) {
    let what = Admin::Commission {
        company: "示范医院".to_owned(),
        zone: "Asia/Shanghai".to_owned(),
        administrators: ["张三", "李四", "王五"].map(|name| Pii::new(name.to_owned())),
        calendar_key: [1; 32],
    };
    assert!(matches!(ask(started, None, what), Answer::Created { .. }));
    for at in 0..20 {
        let what = Admin::AddPerson { name: Pii::new(format!("人{at}")), role: Role::Qa, department: None };
        assert!(matches!(ask(started, Some(PersonId(2)), what), Answer::Created { .. }));
    }
}

fn begin(dir: &Path, chip: &dyn Chip) -> Started {
    start(&folders(dir), chip, ten_in_the_morning()).unwrap()
}

#[test]
fn an_empty_folder_becomes_a_box_and_a_second_start_finds_everything() {
    let dir = tempfile::tempdir().unwrap();
    let chip = KeyChip::new();
    let mut first = begin(dir.path(), &chip);
    assert_eq!(first.vault.state().applied_seq, 1, "the ledger begins with its first entry");
    commission(&mut first);
    let state = first.vault.state().clone();
    drop(first);
    let second = begin(dir.path(), &chip);
    assert_eq!(second.vault.state(), &state);
    assert_eq!(second.replayed, 22);
}

#[test]
fn a_lost_projection_is_rebuilt_and_a_stored_one_is_used() {
    let dir = tempfile::tempdir().unwrap();
    let chip = KeyChip::new();
    let mut first = begin(dir.path(), &chip);
    commission(&mut first);
    let snapshots = std::sync::Arc::clone(&first.snapshots);
    let (state, calls) = first.vault.state_and_calls();
    snapshots.store(state, calls).unwrap();
    snapshots.checkpoint().unwrap();
    let state = first.vault.state().clone();
    drop((first, snapshots));
    let second = begin(dir.path(), &chip);
    assert_eq!((second.vault.state(), second.replayed), (&state, 0));
    drop(second);
    std::fs::remove_dir_all(dir.path().join("state/projection")).unwrap();
    let third = begin(dir.path(), &chip);
    assert_eq!((third.vault.state(), third.replayed), (&state, 22));
}

#[test]
fn enc_04_missing_or_foreign_keys_stop_the_start_and_nothing_is_made_anew() {
    let dir = tempfile::tempdir().unwrap();
    let chip = KeyChip::new();
    drop(begin(dir.path(), &chip));
    let keys = dir.path().join("state/keys");
    let foreign = start(&folders(dir.path()), &KeyChip::other(), ten_in_the_morning());
    assert!(matches!(foreign, Err(StartError::Tpm { step: "unseal the root key", .. })));
    let sealed = std::fs::read(keys.join("root.sealed")).unwrap();
    std::fs::rename(&keys, dir.path().join("elsewhere")).unwrap();
    let missing = start(&folders(dir.path()), &chip, ten_in_the_morning());
    let Err(error @ StartError::KeyMissing(_)) = missing else { panic!("it started") };
    assert!(error.to_string().contains("restore"), "{error}");
    assert!(!keys.exists());
    std::fs::rename(dir.path().join("elsewhere"), &keys).unwrap();
    drop(begin(dir.path(), &chip));
    assert_eq!(std::fs::read(keys.join("root.sealed")).unwrap(), sealed);
}

#[test]
fn a_torn_tail_is_cut_and_what_was_acknowledged_stays() {
    let dir = tempfile::tempdir().unwrap();
    let chip = KeyChip::new();
    let mut first = begin(dir.path(), &chip);
    commission(&mut first);
    let state = first.vault.state().clone();
    drop(first);
    let mut segments: Vec<_> = std::fs::read_dir(dir.path().join("state/ledger"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ext| ext == "rfl"))
        .collect();
    segments.sort();
    let last = segments.last().unwrap();
    let bytes = std::fs::read(last).unwrap();
    // The beginning of another entry: the first 60 bytes of one, as a crash leaves them.
    let mut file = std::fs::OpenOptions::new().append(true).open(last).unwrap();
    file.write_all(&bytes[bytes.len() - 20..]).unwrap();
    drop(file);
    let second = begin(dir.path(), &chip);
    assert_eq!(second.cut_bytes, 20);
    assert_eq!(second.vault.state(), &state);
}

fn tools(started: &Started) -> Tools<'_> {
    Tools { objects: &started.objects, keys: &started.keys }
}

fn plan() -> BatchPlan {
    BatchPlan {
        purpose: PURPOSE.to_owned(),
        department: DepartmentId(1),
        source: "own".to_owned(),
        file: "list.csv".to_owned(),
    }
}

fn file(content: &str) -> std::fs::File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(content.as_bytes()).unwrap();
    file
}

#[test]
fn dat_01_imported_contacts_are_read_back_from_their_shards_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let started = begin(dir.path(), &KeyChip::new());
    let rows: String = (0..1_500).map(|at| format!("{},客户\n", &number(at).digits()[2..])).collect();
    let mut told = Vec::new();
    let outcome = import::contacts(
        tools(&started),
        file(&format!("手机号,姓名\n{rows}")),
        contacts::Options::default(),
        plan(),
        &mut |done, total| told.push((done, total)),
    );
    let ImportOutcome::Contacts(batch) = outcome else { panic!("not imported: {outcome:?}") };
    assert_eq!(batch.rows, 1_500);
    assert!(told.last().is_some_and(|(done, total)| done == total));
    let mut files = vaultd::files::BatchFiles::new(std::sync::Arc::clone(&started.objects));
    let keys = vaultd::files::SharedKeys(std::sync::Arc::clone(&started.keys));
    for at in [0, 511, 512, 1_499] {
        let row = files.row(&batch, at).unwrap();
        let key = keys.subject_key(row.subject).unwrap().unwrap();
        let person: ContactPerson = open(&key, Purpose::Contact, &row.person).unwrap();
        assert_eq!(person.number, number(at));
        assert_eq!(row.subject, keys.subject_of(&number(at)));
    }
    assert!(files.row(&batch, 1_500).is_none());
    // Nothing on the disk shows a number.
    for object in std::fs::read_dir(dir.path().join("objects")).unwrap() {
        let bytes = std::fs::read(object.unwrap().path()).unwrap();
        assert!(!bytes.windows(11).any(|part| part == &number(7).digits().as_bytes()[2..]));
    }
}

#[test]
fn dat_02_a_file_with_one_bad_row_leaves_no_object() {
    let dir = tempfile::tempdir().unwrap();
    let started = begin(dir.path(), &KeyChip::new());
    let mut rows: String = (0..600).map(|at| format!("{}\n", &number(at).digits()[2..])).collect();
    rows.push_str("12345\n");
    let content = file(&format!("手机号\n{rows}"));
    let outcome =
        import::contacts(tools(&started), content, contacts::Options::default(), plan(), &mut |_, _| {});
    let ImportOutcome::Errors { rows: 601, total: 1, first, .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!(first[0].row, 602);
    assert!(!first[0].text_en.contains("12345"));
    let left = std::fs::read_dir(dir.path().join("objects")).unwrap().flatten();
    assert_eq!(left.filter(|entry| entry.file_name().len() == 64).count(), 0);
}

#[test]
fn cam_07_the_official_list_is_stored_as_hashes_and_read_back() {
    let dir = tempfile::tempdir().unwrap();
    let started = begin(dir.path(), &KeyChip::new());
    let now = ten_in_the_morning().now;
    let content = file("\u{feff}13800000005\r\n+86 138 0000 0006\n\n");
    let outcome = import::do_not_call(tools(&started), content, now, now, &mut |_, _| {});
    let ImportOutcome::DoNotCall { object, list, .. } = outcome else { panic!("{outcome:?}") };
    let again = import::load_do_not_call(&started.objects, &object).unwrap();
    assert_eq!((list.len(), again.len()), (2, 2));
    let keys = vaultd::files::SharedKeys(std::sync::Arc::clone(&started.keys));
    for (at, hit) in [(5, true), (6, true), (7, false)] {
        assert_eq!(again.contains(vaultd::dial::list_hash(keys.subject_of(&number(at)))), hit);
    }
    let bad = import::do_not_call(tools(&started), file("1380000000x\n"), now, now, &mut |_, _| {});
    assert!(matches!(bad, ImportOutcome::Errors { total: 1, .. }));
}

#[test]
fn rec_02_an_empty_file_is_what_a_recorder_leaves_that_died_before_the_notice_was_over() {
    let dir = tempfile::tempdir().unwrap();
    let (call, key) = (CallId(5), Secret::new([4; 32]));
    std::fs::write(dir.path().join(vaultd::recording_name(call)), b"").unwrap();
    let worth = |expected_ms| recording_finding(dir.path(), call, Some(&key), expected_ms).worth;
    assert_eq!(worth(None), vaultd::entries::RecordingWorth::Cut);
    assert!(worth(Some(4_000)).is_bad(), "a call that ended in order has a recording");
}

#[test]
fn rec_03_one_flipped_bit_makes_a_recording_bad() {
    let dir = tempfile::tempdir().unwrap();
    let (call, key) = (CallId(5), Secret::new([4; 32]));
    let path = dir.path().join(vaultd::recording_name(call));
    assert_eq!(
        recording_finding(dir.path(), call, Some(&key), None).worth,
        vaultd::entries::RecordingWorth::Missing
    );
    let header = recording::Header {
        call,
        codec: recording::Codec::ALaw,
        started: ten_in_the_morning().now,
        notice_prompt: vocab::ObjectHash([0; 32]),
    };
    let mut encoder = recording::Encoder::new(&key, &header);
    let mut bytes = encoder.header_bytes().to_vec();
    for at in 0..200 {
        let frame = [at; recording::FRAME_SAMPLES];
        bytes.extend(encoder.push(&frame, &frame, recording::Gaps::default()).unwrap().unwrap_or_default());
    }
    bytes.extend(encoder.finish(ten_in_the_morning().now));
    std::fs::write(&path, &bytes).unwrap();
    let worth = |expected_ms| recording_finding(dir.path(), call, Some(&key), expected_ms).worth;
    assert_eq!(worth(Some(4_000)), vaultd::entries::RecordingWorth::Sound);
    assert_eq!(worth(Some(8_000)), vaultd::entries::RecordingWorth::WrongDuration);
    for at in (0..bytes.len()).step_by(997) {
        bytes[at] ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        assert!(worth(Some(4_000)).is_bad(), "byte {at}");
        bytes[at] ^= 1;
    }
    assert!(!recording_finding(dir.path(), call, None, Some(8_000)).worth.is_bad());
}

#[test]
fn aud_03_with_the_software_tpm_keys_unseal_again_and_heads_verify() {
    let dir = tempfile::tempdir().unwrap();
    let Some((_swtpm, address)) = swtpm(dir.path()) else {
        // A machine without swtpm proves this on the bench image.
        return;
    };
    let chip = connect(&address);
    let mut started = begin(dir.path(), &chip);
    commission(&mut started);
    started.vault.ask_for_head_now();
    let effects = started.vault.commit().unwrap();
    let head = effects.iter().find_map(|effect| match effect {
        Effect::Sign(head) => Some(*head),
        _ => None,
    });
    let head = head.unwrap();
    let signature = chip.sign(&head.message()).unwrap();
    let signed = ledger::SignedHead { head, signature };
    started.vault.head_signed(ten_in_the_morning(), &signed).unwrap();
    let (head_key, entries) = (started.head_key.clone(), started.vault.state().applied_seq);
    drop((started, chip));
    let report = store::verify_dir(&dir.path().join("state/ledger"), Some(&head_key), None, |_| {}).unwrap();
    assert_eq!(report.last_seq, entries);
    assert!(report.last_head.is_some_and(|last| last.head.seq == head.seq));
    let again = begin(dir.path(), &connect(&address));
    assert_eq!(again.vault.state().applied_seq, entries);
    assert_eq!(again.vault.state().campaigns.get(&CAMPAIGN), None);
}
