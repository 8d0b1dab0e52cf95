//! Digest vectors of RFC 7616 3.9.1, RFC 2617 3.5 and RFC 2069, and the server's checks.

use sip::Method;
use sip::auth::{
    Algorithm, AnswerError, Challenge, Claim, Credentials, Ha1, Login, NonceAge, NonceCounts, NonceMint, Qop,
    QopSet, Refusal, StoredSecrets, ha1, strongest,
};

const RFC7616_NONCE: &str = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v";
const RFC7616_CNONCE: &str = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";

fn get() -> Method {
    Method::Extension("GET".into())
}

fn rfc7616(algorithm: &str) -> Challenge {
    let line = format!(
        "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm={algorithm}, \
         nonce=\"{RFC7616_NONCE}\", opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""
    );
    Challenge::parse_list(&line).unwrap().remove(0)
}

fn answer(challenge: &Challenge, body: &[u8]) -> Credentials {
    let login = Login::Password("Circle of Life");
    let uri = "/dir/index.html";
    Credentials::answer(challenge, "Mufasa", login, &get(), uri, body, RFC7616_CNONCE, 1).unwrap()
}

#[test]
fn rfc_7616_3_9_1_md5() {
    let answer = answer(&rfc7616("MD5"), b"");
    assert_eq!(answer.response, "8ca523f5e9506fed4657c9700eebdbec");
    let line = answer.to_string();
    assert!(line.contains("nc=00000001") && line.contains("qop=auth,"), "{line}");
}

#[test]
fn rfc_7616_3_9_1_sha_256() {
    let answer = answer(&rfc7616("SHA-256"), b"");
    assert_eq!(answer.response, "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1");
    assert!(answer.to_string().contains("algorithm=SHA-256"));
}

#[test]
fn rfc_2617_3_5_md5_with_qop() {
    let line = "Digest realm=\"testrealm@host.com\", qop=\"auth,auth-int\", \
                nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", \
                opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"";
    let challenge = Challenge::parse_list(line).unwrap().remove(0);
    let login = Login::Password("Circle Of Life");
    let uri = "/dir/index.html";
    let answer = Credentials::answer(&challenge, "Mufasa", login, &get(), uri, b"", "0a4f113b", 1).unwrap();
    assert_eq!(answer.response, "6629fae49393a05397450978507c4ef1");
    assert!(!answer.to_string().contains("algorithm"));
}

#[test]
fn rfc_2069_without_qop_sends_neither_cnonce_nor_nc() {
    // RFC 2069 2.4 with the response corrected by erratum 749.
    let line = "Digest realm=\"testrealm@host.com\", \
                nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", \
                opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"";
    let challenge = Challenge::parse_list(line).unwrap().remove(0);
    let login = Login::Password("CircleOfLife");
    let uri = "/dir/index.html";
    let answer = Credentials::answer(&challenge, "Mufasa", login, &get(), uri, b"", "unused", 1).unwrap();
    assert_eq!(answer.response, "1949323746fe6a43ef61f9606e7febea");
    assert_eq!((answer.cnonce, answer.nc), (None, None));
}

#[test]
fn session_algorithms_bind_ha1_to_the_nonces() {
    for (name, plain) in [("MD5-sess", "MD5"), ("SHA-256-sess", "SHA-256")] {
        let session = answer(&rfc7616(name), b"");
        let plain = answer(&rfc7616(plain), b"");
        assert_eq!(session.response.len(), plain.response.len());
        assert_ne!(session.response, plain.response);
    }
}

#[test]
fn auth_int_covers_the_body() {
    let mut challenge = rfc7616("SHA-256");
    challenge.qop = Some(QopSet { auth_int: true, ..QopSet::default() });
    let one = answer(&challenge, b"v=0");
    let two = answer(&challenge, b"v=1");
    assert_eq!(one.qop, Some(Qop::AuthInt));
    assert_ne!(one.response, two.response);
}

#[test]
fn sha_256_wins_over_md5_wherever_it_stands() {
    let md5 = rfc7616("MD5");
    let sha = rfc7616("SHA-256");
    let odd = rfc7616("SHA-512-256");
    for list in [[md5.clone(), odd.clone(), sha.clone()], [sha.clone(), md5.clone(), odd.clone()]] {
        assert_eq!(strongest(&list).unwrap().algorithm, Some(Algorithm::Sha256));
    }
    assert_eq!(strongest(std::slice::from_ref(&odd)), None);
    let login = Login::Password("x");
    let refused = Credentials::answer(&odd, "u", login, &get(), "/", b"", "c", 1);
    assert_eq!(refused, Err(AnswerError::Algorithm));
}

#[test]
fn a_stored_ha1_of_the_other_hash_is_not_used() {
    let md5 = ha1(Algorithm::Md5, "u", "r", "p");
    let login = Login::Ha1(&md5);
    let refused = Credentials::answer(&rfc7616("SHA-256"), "u", login, &get(), "/", b"", "c", 1);
    assert_eq!(refused, Err(AnswerError::Ha1));
}

#[test]
fn several_challenges_in_one_line_are_told_apart() {
    let line = format!("Basic realm=\"a, b\", {}, NTLM, {}", rfc7616("SHA-256"), rfc7616("MD5"));
    let list = Challenge::parse_list(&line).unwrap();
    let schemes: Vec<_> = list.iter().map(|c| c.scheme.as_str()).collect();
    assert_eq!(schemes, ["Basic", "Digest", "NTLM", "Digest"]);
    assert_eq!(list[1], rfc7616("SHA-256"));
}

#[test]
fn printed_credentials_are_read_back() {
    let answer = answer(&rfc7616("SHA-256"), b"");
    assert_eq!(Credentials::parse_list(&answer.to_string()).unwrap(), [answer]);
}

#[test]
fn debug_shows_neither_user_nor_proof() {
    let answer = answer(&rfc7616("MD5"), b"");
    let shown = format!("{answer:?}{:?}", ha1(Algorithm::Md5, "u", "r", "p"));
    assert!(!shown.contains("Mufasa") && !shown.contains(&answer.response));
    assert!(!shown.contains(ha1(Algorithm::Md5, "u", "r", "p").expose()));
}

const REALM: &str = "ringfence";
const URI: &str = "sip:box.example";

fn mint() -> NonceMint {
    NonceMint::new([7; 32], 300)
}

fn stored() -> StoredSecrets {
    StoredSecrets { sha256: ha1(Algorithm::Sha256, "agent", REALM, "secret"), md5: None }
}

fn login(challenge: &Challenge, password: &str, nc: u32) -> Credentials {
    let login = Login::Password(password);
    Credentials::answer(challenge, "agent", login, &Method::Register, URI, b"", "c", nc).unwrap()
}

fn claim() -> Claim<'static> {
    Claim { realm: REALM, method: &Method::Register, uri: URI, body: b"" }
}

fn verify(now_s: u64, credentials: &Credentials, seen: &mut NonceCounts) -> Result<(), Refusal> {
    mint().verify(now_s, credentials, &stored(), claim(), seen)
}

#[test]
fn the_right_password_passes_once_per_count() {
    let challenge = mint().challenges(REALM, 1000, 1, false, false).remove(0);
    let mut seen = NonceCounts::new();
    let first = login(&challenge, "secret", 1);
    assert_eq!(verify(1001, &first, &mut seen), Ok(()));
    assert_eq!(verify(1002, &first, &mut seen), Err(Refusal::Replayed));
    assert_eq!(verify(1003, &login(&challenge, "secret", 2), &mut seen), Ok(()));
}

#[test]
fn an_old_nonce_is_stale_only_for_who_knows_the_secret() {
    let challenge = mint().challenges(REALM, 1000, 1, false, false).remove(0);
    let mut seen = NonceCounts::new();
    let late = 1000 + 301;
    assert_eq!(verify(late, &login(&challenge, "secret", 1), &mut seen), Err(Refusal::Stale));
    assert_eq!(verify(late, &login(&challenge, "guess", 1), &mut seen), Err(Refusal::Wrong));
    assert!(seen.is_empty());
}

#[test]
fn a_wrong_guess_does_not_use_up_the_count() {
    let challenge = mint().challenges(REALM, 1000, 1, false, false).remove(0);
    let mut seen = NonceCounts::new();
    assert_eq!(verify(1000, &login(&challenge, "guess", 1), &mut seen), Err(Refusal::Wrong));
    assert_eq!(verify(1000, &login(&challenge, "secret", 1), &mut seen), Ok(()));
}

#[test]
fn a_nonce_of_another_key_or_another_request_is_unrelated() {
    let foreign = NonceMint::new([8; 32], 300).challenges(REALM, 1000, 1, false, false).remove(0);
    let mut seen = NonceCounts::new();
    assert_eq!(verify(1000, &login(&foreign, "secret", 1), &mut seen), Err(Refusal::Unrelated));
    let challenge = mint().challenges(REALM, 1000, 1, false, false).remove(0);
    let other = Claim { uri: "sip:elsewhere.example", ..claim() };
    let credentials = login(&challenge, "secret", 1);
    let refused = mint().verify(1000, &credentials, &stored(), other, &mut seen);
    assert_eq!(refused, Err(Refusal::Unrelated));
}

#[test]
fn md5_passes_only_where_its_ha1_is_stored() {
    let list = mint().challenges(REALM, 1000, 1, false, true);
    assert_eq!(list[0].algorithm, Some(Algorithm::Sha256));
    let weak = login(&list[1], "secret", 1);
    let mut seen = NonceCounts::new();
    assert_eq!(verify(1000, &weak, &mut seen), Err(Refusal::Unrelated));
    let both = StoredSecrets { md5: Some(ha1(Algorithm::Md5, "agent", REALM, "secret")), ..stored() };
    assert_eq!(mint().verify(1000, &weak, &both, claim(), &mut seen), Ok(()));
}

#[test]
fn nonces_of_the_future_and_damaged_nonces_are_not_fresh() {
    let nonce = mint().mint(1000, 9);
    assert_eq!(mint().age(1000, &nonce), NonceAge::Fresh);
    assert_eq!(mint().age(900, &nonce), NonceAge::Stale);
    for at in 0..nonce.len() {
        let mut damaged = nonce.clone().into_bytes();
        damaged[at] = if damaged[at] == b'0' { b'1' } else { b'0' };
        let damaged = String::from_utf8(damaged).unwrap();
        assert_eq!(mint().age(1000, &damaged), NonceAge::Foreign);
    }
    assert_eq!(mint().age(1000, "é"), NonceAge::Foreign);
}

#[test]
fn a_full_table_refuses_what_it_has_forgotten() {
    let mut seen = NonceCounts::new();
    let nonces: Vec<_> =
        (0..=sip::auth::MAX_TRACKED_NONCES as u64).map(|salt| mint().mint(1000, salt)).collect();
    for nonce in &nonces {
        assert!(seen.use_once(nonce, 1));
    }
    assert_eq!(seen.len(), sip::auth::MAX_TRACKED_NONCES);
    assert!(!seen.use_once(&nonces[0], 2), "forgotten, so not accepted as new");
    assert!(seen.use_once(&nonces[1], 2));
}

#[test]
fn an_ha1_is_hexadecimal_of_a_known_length() {
    assert!(Ha1::from_hex(&"a".repeat(32)).is_some());
    assert!(Ha1::from_hex(&"a".repeat(33)).is_none());
    assert!(Ha1::from_hex(&"x".repeat(64)).is_none());
}
