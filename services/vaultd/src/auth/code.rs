//! Codes that people type once: for a claim, for an enrolment. Groups of letters that are not mistaken for
//! each other, 80 random bits.
//!
//! Only the SHA-256 of a code is kept. With 80 random bits nothing slower is needed: nobody tries 2^80.

use aws_lc_rs::digest::{SHA256, digest};
use subtle::ConstantTimeEq;
use vocab::{HOUR_MS, Secret};

/// Random bytes drawn for a code; five bits of each are used.
pub const DRAWN_BYTES: usize = 16;
/// Letters of a group.
const GROUP: usize = 4;
/// How long an enrolment code may be used.
pub const ENROL_CODE_MS: i64 = 72 * HOUR_MS;
/// Longest text looked at as a code.
pub const MAX_TYPED_BYTES: usize = 64;

/// 32 letters and digits without 0, 1, I and O.
const ALPHABET: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

/// A code as it is shown: `ABCD-EFGH-JKLM-NPQR`.
#[must_use]
pub fn show(random: &Secret<[u8; DRAWN_BYTES]>) -> Secret<String> {
    let mut text = String::with_capacity(DRAWN_BYTES + DRAWN_BYTES / GROUP);
    for (at, byte) in random.expose().iter().enumerate() {
        if at > 0 && at % GROUP == 0 {
            text.push('-');
        }
        text.push(char::from(ALPHABET[usize::from(byte & 31)]));
    }
    Secret::new(text)
}

/// What is kept of a code. Case, spaces and hyphens do not count.
#[must_use]
pub fn kept(typed: &Secret<String>) -> [u8; 32] {
    let typed = typed.expose();
    let letters = typed.bytes().take(MAX_TYPED_BYTES).filter(|byte| !matches!(byte, b' ' | b'-'));
    let plain = Secret::new(letters.map(|byte| byte.to_ascii_uppercase()).collect::<Vec<u8>>());
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, plain.expose()).as_ref());
    hash
}

/// Whether a typed code is the one kept.
#[must_use]
pub fn is(typed: &Secret<String>, kept_hash: &[u8; 32]) -> bool {
    typed.expose().len() <= MAX_TYPED_BYTES && bool::from(kept(typed).ct_eq(kept_hash))
}

#[cfg(test)]
mod tests {
    use super::{ALPHABET, DRAWN_BYTES, is, kept, show};
    use vocab::Secret;

    #[test]
    fn a_code_has_eighty_bits_in_typed_groups() {
        let mut drawn = [0; DRAWN_BYTES];
        drawn.iter_mut().zip(0..).for_each(|(byte, value)| *byte = value);
        let code = show(&Secret::new(drawn));
        assert_eq!(code.expose(), "2345-6789-ABCD-EFGH");
        let mut letters = ALPHABET.to_vec();
        letters.dedup();
        assert_eq!(letters.len(), 32, "five bits a letter");
        assert_eq!(DRAWN_BYTES * 5, 80);
    }

    #[test]
    fn it_is_known_again_however_it_is_typed_and_by_nothing_else() {
        let code = show(&Secret::new([200; DRAWN_BYTES]));
        let hash = kept(&code);
        let lower = code.expose().to_lowercase().replace('-', " ");
        assert!(is(&Secret::new(lower), &hash));
        let mut other = code.expose().clone();
        other.replace_range(0..1, "2");
        assert!(!is(&Secret::new(other), &hash));
        assert!(!is(&Secret::new(String::new()), &hash));
        let long = format!("{}{}", code.expose(), " ".repeat(64));
        assert!(!is(&Secret::new(long), &hash));
    }
}
