//! What an import found: counts, the first errors, and whether all of it was sound.
//!
//! It holds no value of any row.

use crate::delimiter::Delimiter;
use crate::error::{Encoding, RowError};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Errors kept one by one; the others are only counted.
pub const MAX_KEPT_ERRORS: usize = 1_000;

/// The outcome of an import.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Report {
    /// The encoding found.
    pub encoding: Option<Encoding>,
    /// The delimiter found or given.
    pub delimiter: Option<Delimiter>,
    /// Bytes read.
    pub bytes: u64,
    /// Rows read, without the header.
    pub rows: u64,
    /// Rows without error.
    pub accepted: u64,
    /// The first errors, in file order.
    pub errors: Vec<RowError>,
    /// All errors by code.
    pub totals: BTreeMap<String, u64>,
}

impl Report {
    /// There were rows, and none had an error.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.rows > 0 && self.accepted == self.rows && self.totals.is_empty()
    }

    /// All errors.
    #[must_use]
    pub fn error_count(&self) -> u64 {
        self.totals.values().sum()
    }

    pub(crate) fn count(&mut self, error: RowError) {
        *self.totals.entry(error.code.code().to_owned()).or_default() += 1;
        if self.errors.len() < MAX_KEPT_ERRORS {
            self.errors.push(error);
        }
    }
}

/// How far an import is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Progress {
    /// Bytes taken.
    pub bytes: u64,
    /// Rows read.
    pub rows: u64,
    /// Rows without error.
    pub accepted: u64,
}
