//! What can be wrong with a board file: where, why, and what to do about it.

use thiserror::Error;

/// A fault of a board file.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{file}:{line}: {reason}")]
pub struct BoardError {
    /// The file, below the folder of boards.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// Why, and what to do.
    pub reason: Reason,
}

/// Why a board file is refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Reason {
    /// The name is none of a board.
    #[error("`{0}` names no board; use <model> or <model>/<revision>, in small letters, digits and hyphens")]
    Name(String),
    /// The file is not there.
    #[error("there is no file {0}; write it, or name a board that is there")]
    NoSuchBoard(String),
    /// A board inherits itself.
    #[error("`{0}` inherits this file again; break the ring of `inherits`")]
    Cycle(String),
    /// Too long a row of parents.
    #[error("more than {max} boards inherit one another; merge some", max = crate::MAX_PARENTS)]
    TooManyParents,
    /// The file is too long.
    #[error("the file is longer than {max} bytes; this is no board file", max = crate::MAX_FILE_BYTES)]
    TooLong,
    /// No TOML, an unknown or missing key, or a value of another kind.
    #[error("{0}; correct this line")]
    Syntax(String),
    /// A key that every board has is nowhere given.
    #[error("no file of this board gives `{0}`; add it")]
    Missing(&'static str),
    /// A value out of its range.
    #[error("`{key}` must be {expected}")]
    Range {
        /// The key.
        key: &'static str,
        /// What it must be.
        expected: &'static str,
    },
    /// Something that must be there once is there twice.
    #[error("{what} is given twice; give each its own")]
    Twice {
        /// What.
        what: String,
    },
    /// A key that makes no sense beside another one, or is missing beside it.
    #[error("{0}")]
    Mismatch(&'static str),
    /// A span in a slot that the board has not.
    #[error("the board has no slot {0}; add it to `slots`, or name another")]
    NoSuchSlot(u8),
}
