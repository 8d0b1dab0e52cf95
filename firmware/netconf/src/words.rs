//! The alphabets of what a person types and a file shows. Nothing with a meaning in any of the formats is in them.

/// Longest host name.
pub const MAX_HOST: usize = 63;
/// Longest name of a tunnel: with its prefix it is the name of an interface.
pub const MAX_NAME: usize = 12;
/// Longest name of the other side of an IPsec tunnel.
pub const MAX_PEER_ID: usize = 128;
/// Longest name of a port: with a VLAN it is the name of an interface (15).
const MAX_PORT: usize = 10;
/// Longest purpose of an egress, in bytes.
const MAX_PURPOSE: usize = 192;

/// A host's name: one label of RFC 1123, in lower case.
pub(crate) fn host(text: &str) -> bool {
    label(text, MAX_HOST)
}

/// A tunnel's name.
pub(crate) fn name(text: &str) -> bool {
    label(text, MAX_NAME)
}

/// A port's name, as the kernel gives it.
pub(crate) fn port(text: &str) -> bool {
    let letters = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    (1..=MAX_PORT).contains(&text.len())
        && text.bytes().all(letters)
        && text.as_bytes()[0].is_ascii_lowercase()
}

/// Who the other side of an IPsec tunnel is: a distinguished name, a host name or an address. It never begins with
/// what strongSwan gives a meaning of its own (`%any`, `@#`), since only a letter or a digit may stand first.
pub(crate) fn peer_id(text: &str) -> bool {
    let fine = |byte: u8| byte.is_ascii_alphanumeric() || b" .,=_-:/@".contains(&byte);
    (1..=MAX_PEER_ID).contains(&text.len())
        && text.bytes().all(fine)
        && text.as_bytes()[0].is_ascii_alphanumeric()
        && !text.ends_with(' ')
}

/// A purpose in a person's words. It is shown on pages and stands in no file.
pub(crate) fn purpose(text: &str) -> bool {
    !text.trim().is_empty() && text.len() <= MAX_PURPOSE && !text.chars().any(char::is_control)
}

fn label(text: &str, most: usize) -> bool {
    let fine = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=most).contains(&text.len())
        && text.bytes().all(fine)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::{host, name, peer_id, port, purpose};

    #[test]
    fn net_01_no_word_of_a_person_holds_a_sign_with_a_meaning() {
        for bad in [
            "a\nb", "a\"b", "a{b", "a}b", "a;b", "a#b", "a$b", "a\\b", "a'b", "a%b", "a\0b", "a\rb", "甲", "",
        ] {
            assert!(!host(bad) && !name(bad) && !port(bad) && !peer_id(bad), "{bad:?}");
        }
        for bad in ["%any", "@#ab", " a", "a ", "-a"] {
            assert!(!host(bad) && !name(bad) && !port(bad) && !peer_id(bad), "{bad:?}");
        }
        assert!(host("box-1") && name("site-2") && port("enp1s0") && peer_id("C=CN, O=Bank, CN=gw1.bank.cn"));
        assert!(!name("thirteen-long") && !port("1eth") && !host("Upper"));
    }

    #[test]
    fn a_purpose_is_free_but_for_control_characters() {
        assert!(purpose("异地备份") && !purpose(" ") && !purpose("a\nb") && !purpose(&"a".repeat(193)));
    }
}
