//! Randomness of the operating system, at the edge: ids, keys, RTP starting points.

use sip_ua::IdSource;

/// Fills an array. A box without randomness must not speak.
///
/// # Panics
/// If the operating system has none to give, which Linux does only before its first boot is over.
#[must_use]
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut out = [0; N];
    let filled = getrandom::fill(&mut out);
    assert!(filled.is_ok(), "the operating system gives randomness");
    out
}

/// Branches, tags and Call-IDs for the endpoint.
#[derive(Debug)]
pub struct SystemIds;

impl IdSource for SystemIds {
    fn token(&mut self) -> [u8; 16] {
        bytes()
    }
}
