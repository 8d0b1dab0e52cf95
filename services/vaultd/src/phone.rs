//! Passwords of agents' phones and what is kept of them: RFC 7616 HA1 values.

use aws_lc_rs::digest::{SHA256, digest};
use md5::{Digest, Md5};
use vocab::Secret;

/// The digest realm of agents' phones.
pub const REALM: &str = "ringfence";

/// Letters and digits that cannot be mistaken for each other when typed into a phone.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// A password of 24 characters, five bits of each random byte.
#[must_use]
pub fn password(random: [u8; 24]) -> Secret<String> {
    let letters = random.iter().map(|byte| char::from(ALPHABET[usize::from(byte & 31)]));
    Secret::new(letters.collect())
}

/// HA1 for SHA-256 in lower-case hex (RFC 7616 section 3.4.2).
#[must_use]
pub fn ha1_sha256(user: &str, realm: &str, password: &Secret<String>) -> Secret<String> {
    Secret::new(hex(digest(&SHA256, a1(user, realm, password).expose().as_bytes()).as_ref()))
}

/// HA1 for MD5 in lower-case hex, for phones that know nothing better.
#[must_use]
pub fn ha1_md5(user: &str, realm: &str, password: &Secret<String>) -> Secret<String> {
    Secret::new(hex(&Md5::digest(a1(user, realm, password).expose().as_bytes())))
}

fn a1(user: &str, realm: &str, password: &Secret<String>) -> Secret<String> {
    Secret::new(format!("{user}:{realm}:{}", password.expose()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::{ha1_md5, ha1_sha256, password};
    use vocab::Secret;

    #[test]
    fn the_ha1_of_rfc_7616_section_3_9_1_is_met() {
        // RFC 7616 3.9.1: user Mufasa, realm http-auth@example.org, password "Circle of Life".
        let word = Secret::new("Circle of Life".to_owned());
        let sha = ha1_sha256("Mufasa", "http-auth@example.org", &word);
        assert_eq!(sha.expose(), "7987c64c30e25f1b74be53f966b49b90f2808aa92faf9a00262392d7b4794232");
        let md5 = ha1_md5("Mufasa", "http-auth@example.org", &word);
        assert_eq!(md5.expose(), "3d78807defe7de2157e2b0b6573a855f");
    }

    #[test]
    fn a_password_has_24_letters_and_shows_nothing() {
        let made = password([255; 24]);
        assert_eq!(made.expose(), &"9".repeat(24));
        assert_eq!(format!("{made:?}"), "Secret(…)");
    }
}
