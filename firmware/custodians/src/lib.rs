//! The custodians' recovery (ENC-05, L-65): one random secret, five shares on paper, any three give it back.
//!
//! From the secret hang the passphrase of the disk's recovery slot and the key that wraps the copy of the root key.
//! It draws no randomness, keeps nothing, and decides about no person: who is a custodian is `vaultd`'s matter.
//!
//! Shamir's scheme is written here: `sharks` is unmaintained, and `vsss-rs` brings elliptic curves and big numbers for
//! what is twenty lines over bytes. Its arithmetic has no table and no branch on a secret.

mod field;
mod secret;
mod share;

pub use secret::{CombineError, RecoverySecret, SetId, combine, split};
pub use share::{MAX_SHARE_TEXT_BYTES, Share, ShareError, fuzz_share};

/// Shares of a set.
pub const SHARES: usize = 5;
/// Shares that give the secret back.
pub const NEEDED: usize = 3;
