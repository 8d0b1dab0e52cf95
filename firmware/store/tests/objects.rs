//! Objects and keys: what is stored comes back, and nothing else does.

use std::fs;
use store::{Domain, Keyring, KeyringError, OBJECT_CHUNK_BYTES, ObjectError, Objects, WRAPPED_KEY_BYTES};
use store::{SealError, open_field, random_key, seal_field};
use vocab::{ObjectHash, Secret, UnixMs};

fn key(byte: u8) -> Secret<[u8; 32]> {
    Secret::new([byte; 32])
}

#[test]
fn enc_03_objects_of_every_length_around_a_chunk_come_back() {
    let dir = tempfile::tempdir().expect("a folder");
    let objects = Objects::open(dir.path()).expect("it opens");
    for length in
        [0, 1, OBJECT_CHUNK_BYTES - 1, OBJECT_CHUNK_BYTES, OBJECT_CHUNK_BYTES + 1, 3 * OBJECT_CHUNK_BYTES]
    {
        let content: Vec<u8> = (0..length).map(|at| (at / 7) as u8).collect();
        let hash = objects.put(&key(1), &content).expect("the disk works");
        assert_eq!(*objects.get(hash, &key(1), length).expect("it opens"), content, "{length} bytes");
        assert!(matches!(objects.get(hash, &key(2), length), Err(ObjectError::Refused(_))));
        let raw = fs::read(dir.path().join(hash.to_string())).expect("readable");
        assert!(length < 64 || !raw.windows(32).any(|part| part == &content[32..64]));
    }
    let again = objects.put(&key(1), b"x").expect("the disk works");
    assert_ne!(again, objects.put(&key(1), b"x").expect("the disk works"), "equal contents look different");
}

#[test]
fn enc_03_an_altered_object_is_refused_even_under_a_matching_name() {
    let dir = tempfile::tempdir().expect("a folder");
    let objects = Objects::open(dir.path()).expect("it opens");
    let content = vec![9; 2 * OBJECT_CHUNK_BYTES];
    let hash = objects.put(&key(1), &content).expect("the disk works");
    let path = dir.path().join(hash.to_string());
    let whole = fs::read(&path).expect("readable");
    let mut flipped = whole.clone();
    flipped[100] ^= 1;
    fs::write(&path, &flipped).expect("writable");
    assert!(matches!(objects.read(hash, &key(1)), Err(ObjectError::Altered(_))));
    // An attacker who can name the file after its new contents still has no valid chunk, and no valid end.
    for altered in
        [flipped, whole[..44 + OBJECT_CHUNK_BYTES + 16].to_vec(), whole[..whole.len() - 1].to_vec()]
    {
        let temporary = dir.path().join("incoming");
        fs::write(&temporary, &altered).expect("writable");
        let renamed = objects.adopt(&temporary).expect("the disk works");
        assert!(matches!(objects.get(renamed, &key(1), usize::MAX), Err(ObjectError::Refused(_))));
    }
}

#[test]
fn an_unfinished_object_leaves_nothing_and_a_deleted_one_is_gone() {
    let dir = tempfile::tempdir().expect("a folder");
    let objects = Objects::open(dir.path()).expect("it opens");
    let mut writer = objects.create(&key(1)).expect("the disk works");
    writer.write(b"half").expect("the disk works");
    drop(writer);
    fs::write(dir.path().join("0123.tmp"), b"from a crash").expect("writable");
    drop(objects);
    let objects = Objects::open(dir.path()).expect("it opens");
    assert_eq!(fs::read_dir(dir.path()).expect("a folder").count(), 1, "only the lock is there");
    let hash = objects.put(&key(1), b"whole").expect("the disk works");
    assert!(objects.contains(hash));
    objects.delete(hash).expect("the disk works");
    assert!(!objects.contains(hash));
    assert!(matches!(objects.delete(hash), Err(ObjectError::Missing(_))));
    assert!(matches!(objects.read(ObjectHash([0; 32]), &key(1)), Err(ObjectError::Missing(_))));
    assert!(matches!(
        objects.get(objects.put(&key(1), &[0; 10]).expect("works"), &key(1), 9),
        Err(ObjectError::TooLong)
    ));
}

#[test]
fn enc_06_a_destroyed_generation_opens_nothing_and_a_rewrapped_key_lives() {
    let now = UnixMs(1_800_000_000_000);
    let mut keyring = Keyring::create(&key(1), now).expect("randomness");
    let (subject, wrapped) = keyring.new_key(b"subject 1").expect("randomness");
    let (_, erased) = keyring.new_key(b"subject 2").expect("randomness");
    assert_eq!(wrapped.bytes.len(), WRAPPED_KEY_BYTES);
    assert_eq!(keyring.rotate(now.plus(1)), Ok(2));
    let rewrapped = keyring.rewrap(b"subject 1", &wrapped).expect("it opens").expect("an older generation");
    assert_eq!(keyring.rewrap(b"subject 1", &rewrapped), Ok(None));
    assert_eq!(keyring.destroy(2), Err(KeyringError::Current(2)));
    keyring.destroy(1).expect("an old generation");
    assert_eq!(keyring.unwrap(b"subject 1", &wrapped).err(), Some(KeyringError::Destroyed(1)));
    assert_eq!(keyring.unwrap(b"subject 2", &erased).err(), Some(KeyringError::Destroyed(1)));
    let reopened = Keyring::open(&key(1), &keyring.to_bytes().expect("randomness")).expect("our root key");
    assert_eq!(reopened.current(), (2, now.plus(1)));
    assert_eq!(reopened.generations().collect::<Vec<_>>(), [2]);
    assert!(reopened.unwrap(b"subject 1", &rewrapped).expect("it opens") == subject);
    assert_eq!(reopened.unwrap(b"subject 2", &erased).err(), Some(KeyringError::Destroyed(1)));
}

#[test]
fn enc_06_domain_keys_outlive_rotation_and_differ_from_each_other() {
    let mut keyring = Keyring::create(&key(1), UnixMs(0)).expect("randomness");
    let domains = [Domain::Ledger, Domain::Index, Domain::Projection, Domain::Objects, Domain::Console];
    let before = domains.map(|domain| keyring.domain_key(domain));
    keyring.rotate(UnixMs(1)).expect("room");
    keyring.destroy(1).expect("an old generation");
    let keyring = Keyring::open(&key(1), &keyring.to_bytes().expect("randomness")).expect("our root key");
    for (at, domain) in domains.iter().enumerate() {
        assert!(keyring.domain_key(*domain) == before[at]);
        assert!(before[..at].iter().all(|other| *other != before[at]));
    }
    assert!(keyring.ledger_key().key == before[0]);
}

#[test]
fn enc_05_another_root_key_and_an_altered_keyring_are_refused() {
    let keyring = Keyring::create(&key(1), UnixMs(0)).expect("randomness");
    let bytes = keyring.to_bytes().expect("randomness");
    assert_eq!(Keyring::open(&key(2), &bytes).err(), Some(KeyringError::Refused));
    for at in 0..bytes.len() {
        let mut altered = bytes.clone();
        altered[at] ^= 1;
        assert!(Keyring::open(&key(1), &altered).is_err(), "byte {at}");
    }
    let other = Keyring::create(&key(1), UnixMs(0)).expect("randomness");
    assert!(other.domain_key(Domain::Ledger) != keyring.domain_key(Domain::Ledger), "no key is the vendor's");
}

#[test]
fn enc_04_a_wrapped_key_and_a_sealed_field_open_only_in_their_place() {
    let keyring = Keyring::create(&key(1), UnixMs(0)).expect("randomness");
    let (subject, wrapped) = keyring.new_key(b"subject 1").expect("randomness");
    assert_eq!(keyring.unwrap(b"subject 2", &wrapped).err(), Some(KeyringError::WrappedRefused));
    let sealed = seal_field(&subject, b"name", "王芳".as_bytes()).expect("randomness");
    assert_eq!(open_field(&subject, b"name", &sealed).expect("its key").as_slice(), "王芳".as_bytes());
    assert_eq!(open_field(&subject, b"note", &sealed), Err(SealError::Refused));
    assert_eq!(open_field(&random_key().expect("randomness"), b"name", &sealed), Err(SealError::Refused));
    assert_ne!(sealed, seal_field(&subject, b"name", "王芳".as_bytes()).expect("randomness"));
    assert_eq!(open_field(&subject, b"name", &sealed[..5]), Err(SealError::Refused));
}

#[test]
fn enc_04_equal_numbers_share_an_index_hash_that_differs_between_boxes() {
    let (one, two) = (Keyring::create(&key(1), UnixMs(0)), Keyring::create(&key(1), UnixMs(0)));
    let (one, two) = (one.expect("randomness"), two.expect("randomness"));
    assert_eq!(one.index_hash("8613812345678"), one.index_hash("8613812345678"));
    assert_ne!(one.index_hash("8613812345678"), one.index_hash("8613812345679"));
    assert_ne!(one.index_hash("8613812345678"), two.index_hash("8613812345678"));
}

#[test]
fn the_group_may_read_objects_and_nobody_else() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().expect("a folder");
    let objects = Objects::open(dir.path()).expect("it opens");
    let hash = objects.put(&key(1), b"prompt").expect("the disk works");
    let mode = |path: &std::path::Path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    assert_eq!(mode(&dir.path().join(hash.to_string())), 0o640);
    assert_eq!(mode(dir.path()), 0o750);
}
