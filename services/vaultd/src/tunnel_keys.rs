//! The box's own keys for tunnels: X25519 for WireGuard, P-384 with a certificate of its own for IPsec. It makes no
//! tunnel and knows no peer. Randomness comes from outside, but for what a signature needs.

use aws_lc_rs::agreement::{ECDH_P384, PrivateKey, X25519};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use data_encoding::HEXLOWER;
use rcgen::{BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, KeyPair, KeyUsagePurpose};
use vocab::{DAY_MS, Secret, UnixMs};

/// The public key of a private one; `None`: the cryptographic library failed.
pub(crate) fn public(private: &Secret<[u8; 32]>) -> Option<[u8; 32]> {
    let private = PrivateKey::from_private_key(&X25519, private.expose()).ok()?;
    let public = private.compute_public_key().ok()?;
    <[u8; 32]>::try_from(public.as_ref()).ok()
}

/// A key for IPsec and the certificate that the other side trusts.
#[derive(Debug)]
pub struct IpsecKey {
    /// The certificate, PEM.
    pub certificate: String,
    /// The private key, PKCS #8 in PEM.
    pub key: Secret<String>,
}

/// A name for a box: drawn once, so that it outlives keys and host names.
pub(crate) fn ipsec_name(drawn: [u8; 4]) -> String {
    format!("ringfence-{}", HEXLOWER.encode(&drawn))
}

/// The key of a scalar, and a certificate over it by itself; `None`: the scalar is none of the curve, or the
/// cryptographic library failed. The certificate is an authority without others below it, since many gateways take
/// into their list of what they trust only that.
#[must_use]
pub fn ipsec(scalar: &Secret<[u8; 48]>, serial: [u8; 16], name: &str, now: UnixMs) -> Option<IpsecKey> {
    let private = PrivateKey::from_private_key(&ECDH_P384, scalar.expose()).ok()?;
    let der = AsDer::<Pkcs8V1Der<'_>>::as_der(&private).ok()?;
    let key = KeyPair::try_from(der.as_ref()).ok()?;
    let mut params = CertificateParams::new(vec![name.to_owned()]).ok()?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    // A number above zero, of sixteen bytes whatever was drawn.
    let mut number = serial;
    number[0] = (number[0] & 0x3f) | 0x40;
    params.serial_number = Some(number.to_vec().into());
    let day = |at: UnixMs| {
        let date = jiff::Timestamp::from_millisecond(at.0).ok()?.to_zoned(jiff::tz::TimeZone::UTC).date();
        let part = |part: i8| u8::try_from(part).ok();
        Some(rcgen::date_time_ymd(i32::from(date.year()), part(date.month())?, part(date.day())?))
    };
    // The other side's clock may be behind by a day.
    params.not_before = day(now.plus(-DAY_MS))?;
    params.not_after = day(now.plus(VALID_MS))?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyCertSign];
    let certificate = params.self_signed(&key).ok()?;
    Some(IpsecKey { certificate: certificate.pem(), key: Secret::new(key.serialize_pem()) })
}

/// The life of a box: the key is renewed when somebody says so, and never by a forgotten day.
const VALID_MS: i64 = 3_650 * DAY_MS;

#[cfg(test)]
mod tests {
    use super::public;
    use aws_lc_rs::agreement::{PrivateKey, UnparsedPublicKey, X25519, agree};
    use vocab::Secret;

    #[test]
    fn net_05_both_sides_of_a_tunnel_come_to_the_same_secret() {
        let agreed = |private: [u8; 32], peer: [u8; 32]| {
            let private = PrivateKey::from_private_key(&X25519, &private).unwrap();
            let peer = UnparsedPublicKey::new(&X25519, public(&Secret::new(peer)).unwrap());
            agree(&private, peer, (), |secret| Ok(secret.to_vec())).unwrap()
        };
        assert_eq!(agreed([7; 32], [9; 32]), agreed([9; 32], [7; 32]));
        assert_ne!(agreed([7; 32], [9; 32]), agreed([7; 32], [8; 32]));
    }
}
