//! Branches, tags and Call-IDs from randomness the caller supplies.
//!
//! Deliberately not here: a random generator. 128 bits of each token are used whole,
//! so nobody off the path can guess a branch or a tag (RFC 3261 19.3).

/// Where unguessable bytes come from: the operating system in the product, a seed in tests.
pub trait IdSource {
    /// Sixteen fresh random bytes.
    fn token(&mut self) -> [u8; 16];
}

/// A fresh Via branch with the magic cookie of RFC 3261 8.1.1.7.
pub fn branch(ids: &mut dyn IdSource) -> String {
    format!("{BRANCH_COOKIE}{}", hex(&ids.token()))
}

/// A fresh From or To tag.
pub fn tag(ids: &mut dyn IdSource) -> String {
    hex(&ids.token()[..TAG_BYTES])
}

/// A fresh Call-ID. It names no host: RFC 3261 8.1.1.4 allows that and it leaks nothing.
pub fn call_id(ids: &mut dyn IdSource) -> String {
    hex(&ids.token())
}

/// A uniform number in `low..=high` from one token.
pub fn between(ids: &mut dyn IdSource, low: u64, high: u64) -> u64 {
    let bytes = ids.token();
    let raw =
        u64::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5], bytes[6], bytes[7]]);
    if high <= low { low } else { low + raw % (high - low + 1) }
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

/// The magic cookie that marks RFC 3261 branches.
pub const BRANCH_COOKIE: &str = "z9hG4bK";
const TAG_BYTES: usize = 10;
