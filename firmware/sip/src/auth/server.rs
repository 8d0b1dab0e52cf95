//! The server's side of Digest: nonces that carry their own date and proof, so that no
//! table of issued nonces is needed, and the check of credentials against a stored HA1.
//! Which user has which HA1 is the caller's knowledge.

use std::collections::VecDeque;
use std::fmt;

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::challenge::{Algorithm, Challenge, QopSet};
use super::credentials::{Credentials, Proof};
use super::digest::Ha1;
use crate::method::Method;

/// How long a nonce is good for, unless set otherwise.
pub const DEFAULT_NONCE_LIFETIME_S: u64 = 300;
/// How far ahead of now a nonce may be dated: our own clock stepping back.
const MAX_FUTURE_S: u64 = 5;
/// The most nonces of which uses are remembered.
pub const MAX_TRACKED_NONCES: usize = 4096;

/// Makes and recognises nonces with a key of this process.
pub struct NonceMint {
    key: Zeroizing<[u8; 32]>,
    lifetime_s: u64,
}

impl fmt::Debug for NonceMint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NonceMint").field("lifetime_s", &self.lifetime_s).finish_non_exhaustive()
    }
}

/// What a nonce turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NonceAge {
    /// Ours and young enough.
    Fresh,
    /// Ours, but too old.
    Stale,
    /// Not made with our key.
    Foreign,
}

impl NonceMint {
    /// A mint with 32 random bytes as key.
    #[must_use]
    pub fn new(key: [u8; 32], lifetime_s: u64) -> Self {
        Self { key: Zeroizing::new(key), lifetime_s }
    }

    /// A nonce dated `now_s`; `salt` tells nonces of one second apart.
    #[must_use]
    pub fn mint(&self, now_s: u64, salt: u64) -> String {
        let stamp = format!("{now_s:016x}{salt:016x}");
        let seal = self.seal(&stamp);
        stamp + &seal
    }

    /// Was the nonce made here, and when?
    #[must_use]
    pub fn age(&self, now_s: u64, nonce: &str) -> NonceAge {
        let (Some(stamp), Some(seal)) = (nonce.get(..32), nonce.get(32..)) else {
            return NonceAge::Foreign;
        };
        if !same(&self.seal(stamp), seal) {
            return NonceAge::Foreign;
        }
        let Ok(made_s) = u64::from_str_radix(&stamp[..16], 16) else {
            return NonceAge::Foreign;
        };
        let young =
            made_s <= now_s.saturating_add(MAX_FUTURE_S) && now_s.saturating_sub(made_s) <= self.lifetime_s;
        if young { NonceAge::Fresh } else { NonceAge::Stale }
    }

    /// HMAC-SHA-256 (RFC 2104) of the stamp, its first 128 bits.
    fn seal(&self, stamp: &str) -> String {
        let pad = |with: u8| {
            let mut block = Zeroizing::new([with; 64]);
            for (slot, byte) in block.iter_mut().zip(self.key.iter()) {
                *slot ^= byte;
            }
            block
        };
        let inner = Sha256::new().chain_update(pad(0x36).as_slice()).chain_update(stamp).finalize();
        let outer = Sha256::new().chain_update(pad(0x5c).as_slice()).chain_update(inner).finalize();
        data_encoding::HEXLOWER.encode(&outer[..16])
    }

    /// The challenges for one refused request, strongest first (RFC 8760 2.4): SHA-256,
    /// and MD5 too where old telephones must be served.
    #[must_use]
    pub fn challenges(
        &self,
        realm: &str,
        now_s: u64,
        salt: u64,
        stale: bool,
        with_md5: bool,
    ) -> Vec<Challenge> {
        let nonce = self.mint(now_s, salt);
        let qop = QopSet { auth: true, ..QopSet::default() };
        let algorithms: &[Algorithm] =
            if with_md5 { &[Algorithm::Sha256, Algorithm::Md5] } else { &[Algorithm::Sha256] };
        let make =
            |algorithm: &Algorithm| Challenge { stale, ..Challenge::new(realm, &nonce, *algorithm, qop) };
        algorithms.iter().map(make).collect()
    }
}

/// The stored secrets of one user; MD5 only where it is allowed.
#[derive(Debug, Clone)]
pub struct StoredSecrets {
    /// HA1 by SHA-256.
    pub sha256: Ha1,
    /// HA1 by MD5.
    pub md5: Option<Ha1>,
}

/// The request that credentials came with, and the realm that was asked for.
#[derive(Clone, Copy)]
pub struct Claim<'a> {
    /// The realm of the challenge.
    pub realm: &'a str,
    /// The request's method.
    pub method: &'a Method,
    /// The Request-URI as text, to be compared with the one that was hashed.
    pub uri: &'a str,
    /// The request's body, for `auth-int`.
    pub body: &'a [u8],
}

/// Why credentials are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Not Digest, of another realm, without quality of protection, or with a nonce that
    /// is not ours: challenge anew.
    #[error("credentials do not answer our challenge")]
    Unrelated,
    /// The secret is right but the nonce too old: challenge with `stale=true`.
    #[error("nonce too old")]
    Stale,
    /// The nonce count was used before: a replay.
    #[error("nonce count used before")]
    Replayed,
    /// The proof is wrong.
    #[error("wrong proof")]
    Wrong,
}

impl NonceMint {
    /// Checks credentials against stored secrets. The proof is checked before the age of
    /// the nonce, so that `stale` is told only to who knows the secret; the count last, so
    /// that nobody else can use it up.
    ///
    /// # Errors
    /// When they are refused, with the reason.
    pub fn verify(
        &self,
        now_s: u64,
        credentials: &Credentials,
        stored: &StoredSecrets,
        claim: Claim<'_>,
        seen: &mut NonceCounts,
    ) -> Result<(), Refusal> {
        let ours = credentials.scheme.eq_ignore_ascii_case("Digest")
            && credentials.realm == claim.realm
            && same_uri(&credentials.uri, claim.uri);
        let age = self.age(now_s, &credentials.nonce);
        if !ours || age == NonceAge::Foreign {
            return Err(Refusal::Unrelated);
        }
        let (Some(algorithm), Some(qop), Some(nc), Some(cnonce)) =
            (credentials.algorithm, credentials.qop, credentials.nc, credentials.cnonce.as_deref())
        else {
            return Err(Refusal::Unrelated);
        };
        let secret = match algorithm {
            Algorithm::Sha256 | Algorithm::Sha256Sess => &stored.sha256,
            Algorithm::Md5 | Algorithm::Md5Sess => stored.md5.as_ref().ok_or(Refusal::Unrelated)?,
        };
        let proof = Proof {
            algorithm,
            nonce: &credentials.nonce,
            cnonce,
            nc,
            qop: Some(qop),
            method: claim.method,
            uri: &credentials.uri,
            body: claim.body,
        };
        if !same(&proof.response(secret), &credentials.response) {
            return Err(Refusal::Wrong);
        }
        if age == NonceAge::Stale {
            return Err(Refusal::Stale);
        }
        if seen.use_once(&credentials.nonce, nc) { Ok(()) } else { Err(Refusal::Replayed) }
    }
}

/// The hashed URI must be the Request-URI (RFC 7616 3.4.6); SIP equality counts, because
/// proxies rewrite the spelling.
fn same_uri(hashed: &str, requested: &str) -> bool {
    hashed == requested
        || matches!(
            (crate::Uri::parse(hashed), crate::Uri::parse(requested)),
            (Ok(a), Ok(b)) if a == b
        )
}

/// Compares without telling by time where two texts differ.
fn same(expected: &str, given: &str) -> bool {
    let given = given.to_ascii_lowercase();
    expected.as_bytes().ct_eq(given.as_bytes()).into()
}

/// The highest count used with each nonce lately. When the table is full the oldest nonce
/// is forgotten *and refused*: its credentials are then challenged again.
#[derive(Default)]
pub struct NonceCounts {
    used: VecDeque<(String, u32)>,
    /// Stamp of the newest nonce forgotten: nothing up to it is accepted as new.
    forgotten: Option<String>,
}

impl NonceCounts {
    /// An empty table.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Uses `nc` with the nonce; `false` if it, or a higher one, was used before.
    pub fn use_once(&mut self, nonce: &str, nc: u32) -> bool {
        if let Some((_, highest)) = self.used.iter_mut().find(|(known, _)| known == nonce) {
            let fresh = nc > *highest;
            *highest = nc.max(*highest);
            return fresh;
        }
        if nc == 0 || self.forgotten.as_deref().is_some_and(|old| nonce <= old) {
            return false;
        }
        if self.used.len() == MAX_TRACKED_NONCES
            && let Some((old, _)) = self.used.pop_front()
        {
            let newest = self.forgotten.take().map_or(old.clone(), |f| f.max(old));
            self.forgotten = Some(newest);
        }
        self.used.push_back((nonce.to_owned(), nc));
        true
    }

    /// How many nonces are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.used.len()
    }

    /// No nonce is remembered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.used.is_empty()
    }
}

impl fmt::Debug for NonceCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NonceCounts").field("nonces", &self.used.len()).finish_non_exhaustive()
    }
}
