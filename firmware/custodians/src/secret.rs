//! The secret, its keys, and its way into shares and back.

use crate::field::{inverse, multiply};
use crate::share::Share;
use crate::{NEEDED, SHARES};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use std::fmt::{self, Display, Formatter};
use thiserror::Error;
use vocab::Secret;

/// Which set of shares belongs together: told by the secret itself, so that three shares of one set can be known
/// to have given the right one. Four bytes of a hash of 256 random bits tell nothing of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SetId(pub [u8; 4]);

impl Display for SetId {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        out.write_str(&data_encoding::HEXUPPER.encode(&self.0))
    }
}

/// What five custodians share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecoverySecret(Secret<[u8; 32]>);

/// Why shares give no secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CombineError {
    /// Fewer than needed.
    #[error("{0} shares are too few: {NEEDED} are needed")]
    TooFew(usize),
    /// One share was given twice.
    #[error("share {0} was given twice")]
    Twice(u8),
    /// Shares of two sets.
    #[error(
        "share {number} is of set {set}, not of the set of the first one: it was replaced by a newer one"
    )]
    OtherSet {
        /// The share.
        number: u8,
        /// Its set.
        set: SetId,
    },
    /// What comes out is not what was shared.
    #[error("these shares do not belong together: at least one is forged")]
    Wrong,
}

impl RecoverySecret {
    /// Takes 32 random bytes.
    #[must_use]
    pub const fn new(random: Secret<[u8; 32]>) -> Self {
        Self(random)
    }

    /// The set its shares form.
    #[must_use]
    pub fn set(&self) -> SetId {
        let hash = digest(&SHA256, &[SET_LABEL, self.0.expose()].concat());
        let mut set = [0; 4];
        set.copy_from_slice(&hash.as_ref()[..4]);
        SetId(set)
    }

    /// The key that wraps the copy of the root key.
    #[must_use]
    pub fn wrapping_key(&self) -> Secret<[u8; 32]> {
        self.derive(b"copy of the root key")
    }

    /// The key that seals the copy of the disk's recovery key.
    pub(crate) fn disk_key(&self) -> Secret<[u8; 32]> {
        self.derive(b"recovery key of the disk")
    }

    fn derive(&self, label: &[u8]) -> Secret<[u8; 32]> {
        let mut bytes = [0_u8; 32];
        let key = Salt::new(HKDF_SHA256, HKDF_SALT).extract(self.0.expose());
        let filled = key.expand(&[label], Len32).and_then(|okm| okm.fill(&mut bytes));
        assert!(filled.is_ok(), "32 bytes are within HKDF-SHA256's limit");
        Secret::new(bytes)
    }
}

/// Splits a secret. Each byte is the value at 0 of a polynomial of degree two whose other coefficients are random:
/// the caller draws them.
#[must_use]
pub fn split(secret: &RecoverySecret, random: &Secret<[[u8; 32]; NEEDED - 1]>) -> [Share; SHARES] {
    let set = secret.set();
    let [first, second] = random.expose();
    std::array::from_fn(|at| {
        let x = NUMBERS[at];
        let square = multiply(x, x);
        let value = std::array::from_fn(|byte| {
            secret.0.expose()[byte] ^ multiply(first[byte], x) ^ multiply(second[byte], square)
        });
        Share { set, number: x, value: Secret::new(value) }
    })
}

/// Puts shares together; beyond [`NEEDED`] they are only checked for their set.
///
/// # Errors
/// [`CombineError`].
pub fn combine(shares: &[Share]) -> Result<RecoverySecret, CombineError> {
    let (Some((used, _)), Some(first)) = (shares.split_first_chunk::<NEEDED>(), shares.first()) else {
        return Err(CombineError::TooFew(shares.len()));
    };
    for (at, share) in shares.iter().enumerate() {
        if share.set != first.set {
            return Err(CombineError::OtherSet { number: share.number, set: share.set });
        }
        if shares[..at].iter().any(|other| other.number == share.number) {
            return Err(CombineError::Twice(share.number));
        }
    }
    let mut secret = [0_u8; 32];
    for share in used {
        let weight = weight_at_zero(share.number, used);
        for (byte, value) in secret.iter_mut().zip(share.value.expose()) {
            *byte ^= multiply(*value, weight);
        }
    }
    let secret = RecoverySecret(Secret::new(secret));
    if secret.set() == first.set { Ok(secret) } else { Err(CombineError::Wrong) }
}

/// Lagrange's weight of a share: the numbers of shares are no secret.
fn weight_at_zero(number: u8, used: &[Share; NEEDED]) -> u8 {
    used.iter()
        .map(|other| other.number)
        .filter(|other| *other != number)
        .fold(1, |weight, other| multiply(weight, multiply(other, inverse(other ^ number))))
}

struct Len32;

impl KeyType for Len32 {
    fn len(&self) -> usize {
        32
    }
}

/// Where the polynomials are taken: never at 0, where the secret lies.
const NUMBERS: [u8; SHARES] = [1, 2, 3, 4, 5];
const SET_LABEL: &[u8] = b"ringfence recovery set v1";
const HKDF_SALT: &[u8] = b"ringfence recovery v1";

#[cfg(test)]
mod tests {
    use super::{CombineError, RecoverySecret, combine, split};
    use crate::share::Share;
    use proptest::prelude::{any, proptest};
    use vocab::Secret;

    fn shares(secret: u8) -> (RecoverySecret, [Share; 5]) {
        let secret = RecoverySecret::new(Secret::new([secret; 32]));
        let shares = split(&secret, &Secret::new([[0x57; 32], [0x83; 32]]));
        (secret, shares)
    }

    #[test]
    fn the_values_are_those_of_the_polynomial() {
        let (_, shares) = shares(9);
        // 9 + 57·x + 83·x² by FIPS 197's examples: at 1 the sum of all three, at 2 with 57·2 = ae and 83·4 = 3a.
        assert_eq!(shares[0].value.expose()[0], 0x09 ^ 0x57 ^ 0x83);
        assert_eq!(shares[1].value.expose()[0], 0x09 ^ 0xae ^ 0x3a);
    }

    proptest! {
        #[test]
        fn enc_05_any_three_of_five_give_the_secret_back_in_any_order(
            secret in any::<[u8; 32]>(), first in any::<[u8; 32]>(), second in any::<[u8; 32]>(),
        ) {
            let secret = RecoverySecret::new(Secret::new(secret));
            let shares = split(&secret, &Secret::new([first, second]));
            for (a, b, c) in (0..5).flat_map(|a| (0..5).flat_map(move |b| (0..5).map(move |c| (a, b, c)))) {
                let three = [a, b, c].map(|at: usize| shares[at].clone());
                if a != b && b != c && a != c {
                    assert_eq!(combine(&three), Ok(secret.clone()));
                }
            }
            assert_eq!(combine(&shares), Ok(secret));
        }
    }

    #[test]
    fn enc_05_two_shares_are_too_few_and_leave_every_secret_possible() {
        let (_, ours) = shares(1);
        assert_eq!(combine(&ours[..2]), Err(CombineError::TooFew(2)));
        assert_eq!(combine(&[]), Err(CombineError::TooFew(0)));
        // For any other secret there are coefficients that give the same two shares: with x = 1 and 2, for one byte.
        let (s1, s2) = (ours[0].value.expose()[0], ours[1].value.expose()[0]);
        for other in 0..=255_u8 {
            let fits = (0..=255_u8).any(|second| {
                let first = s1 ^ other ^ second;
                s2 == other ^ crate::field::multiply(first, 2) ^ crate::field::multiply(second, 4)
            });
            assert!(fits, "{other}");
        }
    }

    #[test]
    fn enc_05_a_share_twice_of_another_set_or_forged_is_told() {
        let (_, ours) = shares(1);
        let (_, theirs) = shares(2);
        let [a, b, c, ..] = ours.clone();
        assert_eq!(combine(&[a.clone(), b.clone(), a.clone()]), Err(CombineError::Twice(1)));
        let other = theirs[2].clone();
        let refused = combine(&[a.clone(), b.clone(), other.clone()]);
        assert_eq!(refused, Err(CombineError::OtherSet { number: 3, set: other.set }));
        let mut value = *c.value.expose();
        value[31] ^= 1;
        let forged = Share { value: Secret::new(value), ..c };
        assert_eq!(combine(&[a, b, forged]), Err(CombineError::Wrong));
    }

    #[test]
    fn the_two_keys_of_a_secret_differ_and_none_is_the_secret() {
        let (secret, _) = shares(7);
        let (other, _) = shares(8);
        assert_ne!(secret.wrapping_key().expose(), &[7; 32]);
        assert_ne!(secret.wrapping_key(), other.wrapping_key());
        assert_ne!(secret.wrapping_key(), secret.disk_key());
    }
}
