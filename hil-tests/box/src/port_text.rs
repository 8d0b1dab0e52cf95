//! What a port of the box left in its file, as text. It waits for nothing.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// The end of a file that grows.
#[must_use]
pub fn tail(path: &Path) -> String {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|mut file| {
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(TAIL_BYTES)))?;
        file.read_to_end(&mut bytes)
    });
    read.map(|_| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}

/// A line without what moves a terminal's cursor.
#[must_use]
pub fn plain(line: &str) -> String {
    let mut out = String::new();
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        if c == '\u{1b}' {
            chars.by_ref().find(char::is_ascii_alphabetic);
        } else if !c.is_control() {
            out.push(c);
        }
    }
    out.trim().to_owned()
}

const TAIL_BYTES: u64 = 4 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn a_line_is_shown_without_the_cursors_ways() {
        assert_eq!(plain("\u{1b}[0;1;31mred\u{1b}[0m \r"), "red");
    }
}
