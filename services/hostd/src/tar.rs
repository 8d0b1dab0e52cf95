//! A tar archive of a few texts (POSIX ustar), so that any system opens what the box hands out. No owners, no links, no
//! times but one.

/// The archive of these files.
#[must_use]
pub fn archive(files: &[(String, String)], at_s: u64) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, text) in files {
        out.extend_from_slice(&header(name, text.len(), at_s));
        out.extend_from_slice(text.as_bytes());
        out.resize(out.len().next_multiple_of(BLOCK), 0);
    }
    out.resize(out.len() + 2 * BLOCK, 0);
    out
}

fn header(name: &str, length: usize, at_s: u64) -> [u8; BLOCK] {
    assert!(name.len() < 100, "our own names are short");
    let mut block = [0; BLOCK];
    let mut put = |at: usize, text: &[u8]| block[at..at + text.len()].copy_from_slice(text);
    put(0, name.as_bytes());
    put(100, b"0000644\0");
    put(108, b"0000000\0");
    put(116, b"0000000\0");
    put(124, format!("{length:011o}\0").as_bytes());
    put(136, format!("{at_s:011o}\0").as_bytes());
    put(148, b"        ");
    put(156, b"0");
    put(257, b"ustar\x0000");
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    block
}

const BLOCK: usize = 512;

#[cfg(test)]
mod tests {
    use super::archive;
    use std::process::Command;

    #[test]
    fn tar_reads_what_we_write() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.tar");
        let files =
            [("journal.txt".to_owned(), "x".repeat(700)), ("versions.txt".to_owned(), "0.1.0\n".to_owned())];
        std::fs::write(&path, archive(&files, 1_700_000_000)).unwrap();
        let out = Command::new("tar").arg("-xf").arg(&path).arg("-C").arg(folder.path()).output().unwrap();
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        for (name, text) in files {
            assert_eq!(std::fs::read_to_string(folder.path().join(name)).unwrap(), text);
        }
    }
}
