//! Digest access authentication (RFC 7616, RFC 8760, RFC 2617 and 2069) for both sides.
//! Nonces, client nonces and the time are handed in; passwords are never kept.

mod challenge;
mod credentials;
mod digest;
mod server;

pub use challenge::{Algorithm, Challenge, MAX_CHALLENGES, Qop, QopSet, strongest};
pub use credentials::{AnswerError, Credentials, Login};
pub use digest::{Ha1, ha1};
pub use server::{
    Claim, DEFAULT_NONCE_LIFETIME_S, MAX_TRACKED_NONCES, NonceAge, NonceCounts, NonceMint, Refusal,
    StoredSecrets,
};
