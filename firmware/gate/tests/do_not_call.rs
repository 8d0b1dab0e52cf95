//! The do-not-call list in memory and as bytes.
//!
//! Hashes are made by a mixing function; the product's are keyed.

use gate::do_not_call::{DncError, DoNotCall, HEADER_BYTES, Reader};
use proptest::prelude::*;
use std::collections::BTreeSet;
use vocab::UnixMs;

fn read(bytes: &[u8], piece: usize) -> Result<DoNotCall, DncError> {
    let mut reader = Reader::default();
    bytes.chunks(piece).try_for_each(|part| reader.feed(part))?;
    reader.finish()
}

fn list(hashes: &[u64]) -> DoNotCall {
    DoNotCall::build(7, UnixMs(1_000), hashes.iter().copied()).expect("within the bound")
}

fn written(list: &DoNotCall) -> Vec<u8> {
    list.chunks().flatten().collect()
}

#[test]
fn cam_07_a_list_answers_with_its_version_and_import_time() {
    let list = list(&[u64::MAX, 0, 5, 5, 1 << 63]);
    assert_eq!((list.len(), list.version(), list.imported_at()), (4, 7, UnixMs(1_000)));
    for hash in [0, 5, 1 << 63, u64::MAX] {
        assert!(list.ask(hash).hit, "{hash}");
    }
    for hash in [1, 4, 6, (1 << 63) - 1, u64::MAX - 1] {
        assert!(!list.ask(hash).hit, "{hash}");
    }
    assert_eq!((list.ask(5).version, list.ask(5).imported_at), (7, UnixMs(1_000)));
}

#[test]
fn cam_07_a_damaged_list_is_refused() {
    let bytes = written(&list(&[1, 2, 3]));
    assert_eq!(bytes.len(), HEADER_BYTES + 24);
    assert_eq!(read(&bytes[..bytes.len() - 1], 5), Err(DncError::Truncated { announced: 3, held: 2 }));
    assert_eq!(read(&bytes[..HEADER_BYTES - 1], 5), Err(DncError::NoHeader));
    assert_eq!(read(&[bytes.as_slice(), &[0]].concat(), 5), Err(DncError::Trailing));
    assert_eq!(read(&[bytes.as_slice(), &[9; 8]].concat(), 5), Err(DncError::Trailing));
    let mut swapped = bytes.clone();
    swapped[HEADER_BYTES + 15] = 1;
    assert_eq!(read(&swapped, 64), Err(DncError::Unsorted(2)), "equal entries are not ascending");
    let mut magic = bytes.clone();
    magic[7] = 2;
    assert_eq!(read(&magic, 64), Err(DncError::BadMagic));
    let mut huge = bytes;
    huge[24] = 0xff;
    assert_eq!(read(&huge, 64), Err(DncError::TooMany));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn cam_07_a_list_holds_exactly_what_it_was_built_from_and_survives_writing(
        hashes in prop::collection::vec(any::<u64>().prop_map(|hash| hash & 0xffff_0000_0000_00ff), 0..400),
        others in prop::collection::vec(any::<u64>().prop_map(|hash| hash & 0xffff_0000_0000_00ff), 0..100),
        piece in 1_usize..40,
    ) {
        let list = list(&hashes);
        let set: BTreeSet<u64> = hashes.iter().copied().collect();
        prop_assert_eq!(list.len(), set.len());
        for hash in hashes.iter().chain(&others) {
            prop_assert_eq!(list.contains(*hash), set.contains(hash));
        }
        prop_assert_eq!(read(&written(&list), piece), Ok(list));
    }

    #[test]
    fn cam_07_any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut with_magic = gate::do_not_call::MAGIC.to_vec();
        with_magic.extend_from_slice(&bytes);
        prop_assert!(read(&bytes, 7).is_err());
        if let Ok(list) = read(&with_magic, 7) {
            prop_assert_eq!(written(&list), with_magic);
        }
    }
}
