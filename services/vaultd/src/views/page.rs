//! Rows of a page until a frame is full. A row that does not fit is the next page's first.

use idl::MAX_FRAME_BYTES;
use serde::Serialize;

/// Bytes of a page's rows: the rest of the answer fits beside them.
pub(crate) const MAX_PAGE_BYTES: usize = MAX_FRAME_BYTES - 8 * 1024;

/// A page being filled.
#[derive(Debug)]
pub(crate) struct Page<T> {
    rows: Vec<T>,
    room: usize,
    max_rows: usize,
}

impl<T: Serialize> Page<T> {
    /// At most so many rows, and what a frame holds.
    pub(crate) const fn of(max_rows: usize) -> Self {
        Self::within(max_rows, MAX_PAGE_BYTES)
    }

    /// At most so many rows within so many bytes.
    pub(crate) const fn within(max_rows: usize, bytes: usize) -> Self {
        Self { rows: Vec::new(), room: bytes, max_rows }
    }

    /// Adds a row; `false`: it does not fit, the page is full.
    pub(crate) fn push(&mut self, row: T) -> bool {
        let bytes = postcard::to_stdvec(&row).map_or(usize::MAX, |bytes| bytes.len());
        if self.rows.len() >= self.max_rows || bytes > self.room {
            return false;
        }
        self.room -= bytes;
        self.rows.push(row);
        true
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(crate) fn into_rows(self) -> Vec<T> {
        self.rows
    }
}

#[cfg(test)]
mod tests {
    use super::Page;

    #[test]
    fn a_page_ends_at_its_rows_or_its_bytes_whatever_comes_first() {
        let mut few = Page::of(2);
        assert!(few.push(1_u8) && few.push(2) && !few.push(3));
        assert_eq!(few.into_rows(), [1, 2]);
        let mut small = Page::within(9, 10);
        assert!(small.push("12345678".to_owned()) && !small.push("x".to_owned()));
        assert_eq!(small.into_rows(), ["12345678"]);
    }
}
