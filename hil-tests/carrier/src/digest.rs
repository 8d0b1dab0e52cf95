//! Digest authentication, both sides (RFC 7616, RFC 8760): MD5 and SHA-256, `qop=auth`.
//!
//! No `auth-int`, no session variants, no store of nonces: a nonce carries its own age and seal.

use aws_lc_rs::{digest, hmac, rand};
use data_encoding::HEXLOWER;
use md5::{Digest, Md5};

use crate::config::{Credentials, DigestAlgorithm};

/// The verdict on an Authorization header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The password was known.
    Accepted,
    /// The answer was right for a nonce that is too old.
    Stale,
    /// Missing or wrong.
    Refused,
}

/// The side that asks.
pub struct Challenger {
    credentials: Credentials,
    seal: hmac::Key,
}

impl Challenger {
    /// A challenger with a seal of its own.
    pub fn new(credentials: Credentials) -> Self {
        let mut key = [0u8; 32];
        fill(&mut key);
        Self { credentials, seal: hmac::Key::new(hmac::HMAC_SHA256, &key) }
    }

    /// A challenge header value.
    pub fn challenge(&self, now_s: u64, stale: bool) -> String {
        let nonce = self.nonce(now_s);
        let stale = if stale { ", stale=true" } else { "" };
        let (realm, name) = (&self.credentials.realm, name(self.credentials.algorithm));
        format!("Digest realm=\"{realm}\", nonce=\"{nonce}\", algorithm={name}, qop=\"auth\"{stale}")
    }

    /// Checks an Authorization or Proxy-Authorization header value.
    pub fn check(&self, header: &str, method: &str, now_s: u64) -> Verdict {
        let get = |key| parameter(header, key).unwrap_or_default();
        let nonce = get("nonce");
        let born: u64 = nonce.split('-').next().and_then(|s| s.parse().ok()).unwrap_or(0);
        if nonce.is_empty() || self.nonce(born) != nonce || get("username") != self.credentials.user {
            return Verdict::Refused;
        }
        let (nc, cnonce) = (get("nc"), get("cnonce"));
        let quality = (!get("qop").is_empty()).then_some((nc.as_str(), cnonce.as_str()));
        let secret = secret(&self.credentials.user, &get("realm"), &self.credentials.password);
        let right =
            answer(self.credentials.algorithm, &secret, &nonce, quality, &format!("{method}:{}", get("uri")));
        if right != get("response") {
            Verdict::Refused
        } else if now_s.saturating_sub(born) > NONCE_LIFE_S {
            Verdict::Stale
        } else {
            Verdict::Accepted
        }
    }

    fn nonce(&self, born_s: u64) -> String {
        let tag = hmac::sign(&self.seal, &born_s.to_be_bytes());
        format!("{born_s}-{}", HEXLOWER.encode(&tag.as_ref()[..16]))
    }
}

/// The answer to a challenge as a header value; `None` when it asks for what is not supported.
pub fn authorise(challenge: &str, user: &str, password: &str, method: &str, uri: &str) -> Option<String> {
    let algorithm = algorithm_of(challenge)?;
    let realm = parameter(challenge, "realm")?;
    let nonce = parameter(challenge, "nonce")?;
    let cnonce = token(8);
    let quality = parameter(challenge, "qop").is_some_and(|q| q.split(',').any(|q| q.trim() == "auth"));
    let response = answer(
        algorithm,
        &secret(user, &realm, password),
        &nonce,
        quality.then_some(("00000001", cnonce.as_str())),
        &format!("{method}:{uri}"),
    );
    let mut value = format!(
        "Digest username=\"{user}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{uri}\", \
         response=\"{response}\", algorithm={}",
        name(algorithm)
    );
    if quality {
        value.push_str(&format!(", qop=auth, nc=00000001, cnonce=\"{cnonce}\""));
    }
    if let Some(opaque) = parameter(challenge, "opaque") {
        value.push_str(&format!(", opaque=\"{opaque}\""));
    }
    Some(value)
}

/// The algorithm of a challenge, if it is one of ours.
pub fn algorithm_of(challenge: &str) -> Option<DigestAlgorithm> {
    match parameter(challenge, "algorithm").as_deref() {
        None => Some(DigestAlgorithm::Md5),
        Some(name) if name.eq_ignore_ascii_case("MD5") => Some(DigestAlgorithm::Md5),
        Some(name) if name.eq_ignore_ascii_case("SHA-256") => Some(DigestAlgorithm::Sha256),
        Some(_) => None,
    }
}

/// Random hexadecimal text from this many bytes, at most 32.
pub fn token(bytes: usize) -> String {
    let mut random = [0u8; 32];
    fill(&mut random);
    HEXLOWER.encode(&random[..bytes.min(32)])
}

/// Fills a buffer with randomness of the operating system.
pub fn fill(bytes: &mut [u8]) {
    // Without randomness nothing below is a test of anything.
    rand::fill(bytes).expect("the operating system gives randomness");
}

fn answer(
    algorithm: DigestAlgorithm,
    secret: &str,
    nonce: &str,
    quality: Option<(&str, &str)>,
    request: &str,
) -> String {
    let (ha1, ha2) = (hash(algorithm, secret), hash(algorithm, request));
    match quality {
        Some((nc, cnonce)) => hash(algorithm, &format!("{ha1}:{nonce}:{nc}:{cnonce}:auth:{ha2}")),
        None => hash(algorithm, &format!("{ha1}:{nonce}:{ha2}")),
    }
}

fn secret(user: &str, realm: &str, password: &str) -> String {
    format!("{user}:{realm}:{password}")
}

fn hash(algorithm: DigestAlgorithm, text: &str) -> String {
    match algorithm {
        DigestAlgorithm::Md5 => HEXLOWER.encode(&Md5::digest(text.as_bytes())),
        DigestAlgorithm::Sha256 => HEXLOWER.encode(digest::digest(&digest::SHA256, text.as_bytes()).as_ref()),
    }
}

fn name(algorithm: DigestAlgorithm) -> &'static str {
    match algorithm {
        DigestAlgorithm::Md5 => "MD5",
        DigestAlgorithm::Sha256 => "SHA-256",
    }
}

fn parameter(header: &str, key: &str) -> Option<String> {
    let rest = header.trim().strip_prefix("Digest").unwrap_or(header);
    crate::text::split_list(rest).find_map(|item| {
        let (name, value) = item.split_once('=')?;
        name.trim().eq_ignore_ascii_case(key).then(|| value.trim().trim_matches('"').to_owned())
    })
}

const NONCE_LIFE_S: u64 = 300;

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 7616 section 3.9.1.
    #[test]
    fn the_example_of_rfc_7616_comes_out() {
        let secret = secret("Mufasa", "http-auth@example.org", "Circle of Life");
        let nonce = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v";
        let quality = Some(("00000001", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"));
        let of = |algorithm| answer(algorithm, &secret, nonce, quality, "GET:/dir/index.html");
        assert_eq!(of(DigestAlgorithm::Md5), "8ca523f5e9506fed4657c9700eebdbec");
        let sha = "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1";
        assert_eq!(of(DigestAlgorithm::Sha256), sha);
    }

    #[test]
    fn an_answer_to_our_challenge_is_accepted_once_right_and_stale_when_old() {
        for algorithm in [DigestAlgorithm::Md5, DigestAlgorithm::Sha256] {
            let challenger = Challenger::new(Credentials {
                user: "trunk".into(),
                password: "secret".into(),
                realm: "carrier".into(),
                algorithm,
            });
            let challenge = challenger.challenge(1_000, false);
            let good = authorise(&challenge, "trunk", "secret", "REGISTER", "sip:c").expect("supported");
            assert_eq!(challenger.check(&good, "REGISTER", 1_001), Verdict::Accepted);
            assert_eq!(challenger.check(&good, "REGISTER", 1_301), Verdict::Stale);
            assert_eq!(challenger.check(&good, "INVITE", 1_001), Verdict::Refused);
            let bad = authorise(&challenge, "trunk", "guess", "REGISTER", "sip:c").expect("supported");
            assert_eq!(challenger.check(&bad, "REGISTER", 1_001), Verdict::Refused);
            assert_eq!(challenger.check("", "REGISTER", 1_001), Verdict::Refused);
        }
    }
}
