//! Board files: what a hardware model has, with inheritance for revisions.
//!
//! A board lies in a file of its own below the folder `board`: `<model>/board.toml`, a revision of it
//! `<model>/<revision>.toml`. A file may inherit another: each key at its top that it gives replaces the other's whole
//! key (lists too), all others are the other's. Every fault names file and line and says what to do.
//!
//! It reads text it is given and asks no hardware.

mod check;
mod error;
mod model;
mod raw;

pub use error::{BoardError, Reason};
pub use model::{
    AlsaLine, Board, DahdiSpan, Driver, Handset, Led, Network, Nic, Port, Slot, Span, SpanPorts, Tpm,
};

use raw::{Layer, RawBoard};

/// Most files a board inherits in a row.
pub const MAX_PARENTS: usize = 8;
/// Longest board file.
pub const MAX_FILE_BYTES: usize = 64 * 1024;

/// Reads the board of this name, `<model>` or `<model>/<revision>`. `read` gives the text of a file by its path below
/// the folder of boards, or nothing if there is none.
///
/// # Errors
/// [`BoardError`]: the first fault that is found.
pub fn load(name: &str, read: impl Fn(&str) -> Option<String>) -> Result<Board, BoardError> {
    let mut layers: Vec<Layer> = Vec::new();
    let mut next = Some((name.to_owned(), name.to_owned(), 1));
    while let Some((wanted, by, line)) = next {
        let fault = |reason| BoardError { file: by.clone(), line, reason };
        let file = file_of(&wanted).ok_or_else(|| fault(Reason::Name(wanted.clone())))?;
        if layers.iter().any(|layer| layer.file == file) {
            return Err(fault(Reason::Cycle(wanted)));
        }
        if layers.len() > MAX_PARENTS {
            return Err(fault(Reason::TooManyParents));
        }
        let text = read(&file).ok_or_else(|| fault(Reason::NoSuchBoard(file.clone())))?;
        let layer = parse(file, text)?;
        next =
            layer.raw.inherits.as_ref().map(|parent| {
                (parent.get_ref().clone(), layer.file.clone(), layer.line(parent.span().start))
            });
        layers.push(layer);
    }
    check::board(&layers)
}

/// The path of a board's file below the folder of boards; nothing for a name that could be none.
#[must_use]
pub fn file_of(name: &str) -> Option<String> {
    let (model, revision) = name.split_once('/').unwrap_or((name, "board"));
    let is_word = |word: &str| {
        let end = |at: Option<char>| at.is_some_and(|sign| sign.is_ascii_alphanumeric());
        word.len() <= MAX_NAME_BYTES
            && end(word.chars().next())
            && end(word.chars().next_back())
            && word.chars().all(|sign| sign.is_ascii_lowercase() || sign.is_ascii_digit() || sign == '-')
    };
    (is_word(model) && is_word(revision)).then(|| format!("{model}/{revision}.toml"))
}

fn parse(file: String, text: String) -> Result<Layer, BoardError> {
    if text.len() > MAX_FILE_BYTES {
        return Err(BoardError { file, line: 1, reason: Reason::TooLong });
    }
    match toml::from_str::<RawBoard>(&text) {
        Ok(raw) => Ok(Layer { file, text, raw }),
        Err(error) => {
            let line = raw::line(&text, error.span().map_or(0, |span| span.start));
            let reason = Reason::Syntax(error.message().lines().collect::<Vec<_>>().join("; "));
            Err(BoardError { file, line, reason })
        }
    }
}

/// Any bytes as a board file that inherits itself at most.
pub fn fuzz_board(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    match load("fuzz", |_| Some(text.to_owned())) {
        Ok(board) => {
            assert!(board.spans.len() <= idl::spans::MAX_SPANS, "more spans than a box has");
            assert!(board.spans.iter().all(|span| span.kind().slots() > 0), "a span without slots");
        }
        Err(error) => {
            assert!(
                !error.file.is_empty() && error.line <= text.lines().count().max(1),
                "a line beyond the file"
            );
        }
    }
}

const MAX_NAME_BYTES: usize = 64;
