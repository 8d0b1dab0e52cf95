//! The custodians' recovery (ENC-05, L-65): one random secret, five shares on paper, any three give it back.
//!
//! From the secret hang the key that wraps the copy of the root key and the one that wraps the disk's recovery key.
//! It draws no randomness, keeps nothing, and decides about no person: who is a custodian is `vaultd`'s matter.
//!
//! Shamir's scheme is written here: `sharks` is unmaintained, and `vsss-rs` brings elliptic curves and big numbers for
//! what is twenty lines over bytes. Its arithmetic has no table and no branch on a secret.

mod disk;
mod field;
mod secret;
mod share;

pub use disk::{
    DiskCopy, DiskHeader, HeaderError, MAX_DISK_COPY_BYTES, MAX_DISK_KEY_BYTES, MAX_METADATA_BYTES,
    fuzz_header, is_disk_key, owed_token,
};
pub use secret::{CombineError, RecoverySecret, SetId, combine, split};
pub use share::{MAX_SHARE_TEXT_BYTES, Share, ShareError, fuzz_share};

/// Shares of a set.
pub const SHARES: usize = 5;
/// Shares that give the secret back.
pub const NEEDED: usize = 3;
