//! What is kept of a password: Argon2id as a PHC string.
//!
//! OWASP Password Storage Cheat Sheet: Argon2id with m = 19 MiB, t = 2, p = 1 (RFC 9106 defines the
//! function). It runs on a thread of its own, never on the core's: one hash is tens of milliseconds.

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash as Phc, Salt};
use argon2::{ARGON2ID_IDENT, Algorithm, Argon2, Params, Version};
use subtle::ConstantTimeEq;
use vocab::Secret;
use zeroize::Zeroizing;

/// Memory of one hash in KiB.
pub const MEMORY_KIB: u32 = 19 * 1024;
/// Passes over it.
pub const PASSES: u32 = 2;
/// Lanes.
pub const LANES: u32 = 1;
/// Bytes of a hash.
pub const HASH_BYTES: usize = 32;
/// Bytes of a salt.
pub const SALT_BYTES: usize = 16;
/// Most memory a stored hash may ask for, in KiB.
const MAX_MEMORY_KIB: u32 = 256 * 1024;
/// Most passes a stored hash may ask for.
const MAX_PASSES: u32 = 10;

/// A password's PHC string under a fresh random salt.
#[must_use]
pub fn of(password: &Secret<String>, salt: [u8; SALT_BYTES]) -> Secret<String> {
    let params = params();
    let mut out = Zeroizing::new([0; HASH_BYTES]);
    let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
    let hashed = argon.hash_password_into(password.expose().as_bytes(), &salt, out.as_mut());
    assert!(hashed.is_ok(), "passwords are bounded and the parameters are constants");
    phc(&params, salt, &*out)
}

/// Whether a password is the one behind a PHC string. One that is no Argon2id string of sane cost matches
/// nothing.
#[must_use]
pub fn matches(password: &Secret<String>, stored: &Secret<String>) -> bool {
    let Some((params, salt, expected)) = parse(stored.expose()) else {
        return false;
    };
    let mut out = Zeroizing::new(vec![0; expected.len()]);
    let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let hashed = argon.hash_password_into(password.expose().as_bytes(), &salt, &mut out);
    hashed.is_ok() && bool::from(out.ct_eq(&expected))
}

/// A string of the same cost behind which there is no password: what is verified for a login that nobody
/// has, so that time does not tell.
#[must_use]
pub fn decoy(salt: [u8; SALT_BYTES], out: [u8; HASH_BYTES]) -> Secret<String> {
    phc(&params(), salt, &out)
}

fn params() -> Params {
    match Params::new(MEMORY_KIB, PASSES, LANES, Some(HASH_BYTES)) {
        Ok(params) => params,
        Err(_) => unreachable!("the parameters are constants within the bounds of RFC 9106"),
    }
}

fn phc(params: &Params, salt: [u8; SALT_BYTES], out: &[u8]) -> Secret<String> {
    let parts = (ParamsString::try_from(params), Salt::new(&salt), Output::new(out));
    let (Ok(params), Ok(salt), Ok(hash)) = parts else {
        unreachable!("salt and hash have the lengths of a PHC string");
    };
    let phc = Phc {
        algorithm: ARGON2ID_IDENT,
        version: Some(Version::V0x13.into()),
        params,
        salt: Some(salt),
        hash: Some(hash),
    };
    Secret::new(phc.to_string())
}

fn parse(stored: &str) -> Option<(Params, Vec<u8>, Vec<u8>)> {
    let phc = Phc::new(stored).ok()?;
    let params = Params::try_from(&phc).ok()?;
    let sane = phc.algorithm == ARGON2ID_IDENT
        && phc.version == Some(Version::V0x13.into())
        && params.m_cost() <= MAX_MEMORY_KIB
        && params.t_cost() <= MAX_PASSES;
    let (salt, hash) = (phc.salt?, phc.hash?);
    sane.then(|| (params, AsRef::<[u8]>::as_ref(&salt).to_vec(), hash.as_bytes().to_vec()))
}

#[cfg(test)]
mod tests {
    use super::{HASH_BYTES, SALT_BYTES, decoy, matches, of};
    use vocab::Secret;

    fn word(text: &str) -> Secret<String> {
        Secret::new(text.to_owned())
    }

    #[test]
    fn a_password_matches_its_hash_alone_and_the_string_names_its_cost() {
        let stored = of(&word("tram window 88 lamp"), [7; SALT_BYTES]);
        assert!(stored.expose().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", stored.expose());
        assert!(matches(&word("tram window 88 lamp"), &stored));
        assert!(!matches(&word("tram window 88 lamP"), &stored));
        assert_ne!(of(&word("tram window 88 lamp"), [8; SALT_BYTES]), stored, "the salt counts");
    }

    #[test]
    fn the_test_vector_of_another_implementation_is_met() {
        // phc-winner-argon2, test.c (the reference implementation), version 0x13, Argon2id, t=2, m=64 MiB,
        // p=1, password "password", salt "somesalt".
        let stored =
            word("$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc");
        assert!(matches(&word("password"), &stored));
        assert!(!matches(&word("Password"), &stored));
    }

    #[test]
    fn a_decoy_costs_the_same_and_matches_nothing() {
        let decoy = decoy([1; SALT_BYTES], [2; HASH_BYTES]);
        let real = of(&word("tram window 88 lamp"), [1; SALT_BYTES]);
        let cost = |phc: &Secret<String>| phc.expose().split('$').take(4).collect::<Vec<_>>().join("$");
        assert_eq!(cost(&decoy), cost(&real));
        assert_eq!(decoy.expose().len(), real.expose().len());
        assert!(!matches(&word(""), &decoy));
    }

    #[test]
    fn a_string_that_asks_for_too_much_or_is_none_matches_nothing() {
        for stored in ["", "$argon2id$v=19$m=4194304,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5Q", "plain"] {
            assert!(!matches(&word("password"), &word(stored)), "{stored}");
        }
    }
}
