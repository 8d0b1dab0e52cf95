//! A certificate in PEM: exactly one block, decoded and written anew, so that nothing but base64 reaches a file.
//!
//! It does not look into the certificate; strongSwan does, and refuses what it cannot use.

use crate::cidr::{contains, is_network, mask, parse_cidr, show};
use data_encoding::BASE64;

/// Longest PEM text taken.
pub const MAX_PEM_BYTES: usize = 6 * 1024;
const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";
const LINE: usize = 64;
/// A SEQUENCE with a length of two bytes: what every certificate longer than 255 bytes opens with.
const SEQUENCE: [u8; 2] = [0x30, 0x82];

/// The certificate of a PEM text, written anew; nothing if it is not exactly one.
#[must_use]
pub fn certificate_pem(text: &str) -> Option<String> {
    if text.len() > MAX_PEM_BYTES {
        return None;
    }
    let inner = text.trim().strip_prefix(BEGIN)?.strip_suffix(END)?;
    let packed: String = inner.chars().filter(|sign| !sign.is_ascii_whitespace()).collect();
    let der = BASE64.decode(packed.as_bytes()).ok()?;
    let body = der.strip_prefix(&SEQUENCE)?;
    let (length, content) = body.split_at_checked(2)?;
    if usize::from(u16::from_be_bytes([length[0], length[1]])) != content.len() {
        return None;
    }
    let packed = BASE64.encode(&der);
    let mut out = format!("{BEGIN}\n");
    for line in packed.as_bytes().chunks(LINE) {
        out.extend(line.iter().copied().map(char::from));
        out.push('\n');
    }
    out.push_str(END);
    out.push('\n');
    Some(out)
}

/// What a fuzzer drives: never a panic, and what is taken is stable and clean.
pub fn fuzz_typed(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Some(cidr) = parse_cidr(text) {
        assert_eq!(parse_cidr(&show(cidr)), Some(cidr));
        assert!(is_network(mask(cidr)) && contains(mask(cidr), cidr.address));
    }
    if let Some(clean) = certificate_pem(text) {
        assert_eq!(certificate_pem(&clean).as_deref(), Some(clean.as_str()));
        assert!(clean.bytes().all(|byte| byte == b'\n' || byte.is_ascii_graphic() || byte == b' '));
    }
}

#[cfg(test)]
mod tests {
    use super::{BEGIN, END, certificate_pem, fuzz_typed};
    use data_encoding::BASE64;

    fn pem(length: usize) -> String {
        let mut der = vec![0x30, 0x82, (length >> 8) as u8, length as u8];
        der.extend(std::iter::repeat_n(7, length));
        format!("{BEGIN}\n{}\n{END}\n", BASE64.encode(&der))
    }

    #[test]
    fn one_certificate_comes_back_in_lines_of_64() {
        let clean = certificate_pem(&pem(300)).expect("a certificate");
        assert!(clean.lines().all(|line| line.len() <= 64));
        fuzz_typed(clean.as_bytes());
    }

    #[test]
    fn net_05_what_is_not_exactly_one_certificate_is_refused() {
        let one = pem(300);
        for bad in [
            format!("{one}{one}"),
            format!("{BEGIN}\n}} secrets {{\n{END}"),
            one.replace(BEGIN, "-----BEGIN PRIVATE KEY-----"),
            format!("{one}\ntail"),
            pem(9_000),
            String::new(),
            format!("{BEGIN}{END}"),
            one.replacen("MIIB", "MIIC", 1),
        ] {
            assert_eq!(certificate_pem(&bad), None, "{}", bad.len());
        }
    }
}
