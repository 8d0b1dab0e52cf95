//! The data partition as it lies on the disk of a box that is off: where it is, what its LUKS2 header says, and whether bytes
//! stand anywhere. It opens nothing.

use anyhow::{Context, ensure};
use serde_json::Value;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::process::Command;

/// What a LUKS2 header says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// How many key slots it has.
    pub slots: usize,
    /// The digest of the master key.
    pub digest: String,
    /// The storage key of the TPM that its token is sealed under.
    pub storage_key: String,
}

/// Reads the header of the data partition.
///
/// # Errors
/// The disk cannot be read, or has no such partition or header.
pub fn header(disk: &Path) -> anyhow::Result<Header> {
    let mut file = File::open(disk)?;
    let at = data_begins(&mut file)?;
    let mut head = vec![0; BINARY];
    file.seek(SeekFrom::Start(at))?;
    file.read_exact(&mut head)?;
    ensure!(head.starts_with(b"LUKS\xba\xbe"), "the data partition has no LUKS header");
    let size = head.get(8..16).and_then(|size| size.try_into().ok()).map(u64::from_be_bytes);
    let size = usize::try_from(size.context("no size")?)?;
    ensure!((BINARY..=MAX_HEADER).contains(&size), "a header of {size} bytes");
    let mut json = vec![0; size - BINARY];
    file.read_exact(&mut json)?;
    let end = json.iter().position(|byte| *byte == 0).unwrap_or(json.len());
    let told: Value = serde_json::from_slice(&json[..end]).context("the header's JSON")?;
    let slots = told["keyslots"].as_object().map_or(0, serde_json::Map::len);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let tokens = told["tokens"].as_object().into_iter().flatten();
    let storage_key = tokens.map(|(_, token)| text(&token["tpm2_srk"])).next().unwrap_or_default();
    Ok(Header { slots, digest: text(&told["digests"]["0"]["digest"]), storage_key })
}

/// Where the partition named `data` begins (GPT, 512 bytes a block).
fn data_begins(disk: &mut File) -> anyhow::Result<u64> {
    let mut table = vec![0; ENTRIES * ENTRY];
    disk.seek(SeekFrom::Start(2 * 512))?;
    disk.read_exact(&mut table)?;
    let name: Vec<u8> = "data\0".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let entry = table.chunks(ENTRY).find(|entry| entry.get(56..).is_some_and(|text| text.starts_with(&name)));
    let first = entry.and_then(|entry| entry.get(32..40)?.try_into().ok()).map(u64::from_le_bytes);
    Ok(first.context("the disk has no partition for data")? * 512)
}

/// Which of these stand anywhere on the disk, in whatever partition.
///
/// # Errors
/// The disk cannot be searched.
pub fn found_on<'a>(disk: &Path, needles: &[&'a str]) -> anyhow::Result<Vec<&'a str>> {
    let mut command = Command::new("grep");
    // Zeros end a line: there is no other end in what is encrypted.
    command.env("LC_ALL", "C").args(["--null-data", "--text", "--fixed-strings", "--only-matching"]);
    for needle in needles {
        command.args(["-e", needle]);
    }
    let output = command.arg(disk).output().context("grep cannot be started")?;
    // 1: nothing was found.
    ensure!(matches!(output.status.code(), Some(0 | 1)), "{}", String::from_utf8_lossy(&output.stderr));
    let found: Vec<&[u8]> = output.stdout.split(|byte| *byte == 0).collect();
    Ok(needles.iter().copied().filter(|needle| found.contains(&needle.as_bytes())).collect())
}

/// The binary part of a header.
const BINARY: usize = 4_096;
const MAX_HEADER: usize = 4 * 1024 * 1024;
const ENTRIES: usize = 128;
const ENTRY: usize = 128;

#[cfg(test)]
mod tests {
    use super::found_on;

    #[test]
    fn what_stands_between_zeros_is_found_and_what_is_not_there_is_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let disk = folder.path().join("disk");
        let mut bytes = vec![0; 3 << 20];
        bytes[1_234_567..][..8].copy_from_slice(b"a needle");
        std::fs::write(&disk, bytes).expect("written");
        let found = found_on(&disk, &["needle", "never"]).expect("read");
        assert_eq!(found, ["needle"]);
    }
}
