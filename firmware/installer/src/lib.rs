//! The USB installer: writes the image it carries to a disk of the box it was started on, after a person has seen what
//! will be lost and has typed that disk's serial. All it runs and writes lies in one signed file, which the firmware
//! reads: it needs no driver for removable storage, and there is none in it.
//!
//! It makes no data partition and no key: the installed system does at its first start. It asks no network, opens no
//! shell, and cannot open the data of a box, because its own start is signed for no phase.

pub mod dialogue;
pub mod disks;
pub mod manifest;
pub mod packed;
pub mod write;

use std::io::Read;

/// For fuzzing: any bytes as a packed image and as a manifest. What was read has the length its records say, and a
/// manifest that is taken is one line for each thing.
pub fn fuzz_installer(bytes: &[u8]) {
    let mut unpacked = packed::Unpack::new(bytes);
    let (mut chunk, mut total) = ([0; 4_096], 0_usize);
    while total < FUZZ_BYTES {
        match unpacked.read(&mut chunk) {
            Ok(0) | Err(_) => break,
            Ok(read) => {
                assert!(read <= chunk.len(), "more than there is room for");
                total += read;
            }
        }
    }
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Ok(told) = manifest::Manifest::parse(text)
    {
        assert!(told.bytes > 0 && !told.version.is_empty(), "an image has bytes and a version");
        assert_eq!(text.lines().count(), 7, "a manifest has seven lines");
    }
}

const FUZZ_BYTES: usize = 1 << 18;
