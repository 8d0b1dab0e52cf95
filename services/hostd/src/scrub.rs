//! What leaves the box in a diagnostics bundle: text in which numbers, names and keys cannot stand any more.
//!
//! It works by what text looks like, not by where it comes from: digits in runs of five and more, with whatever stands
//! between them that is no letter; words that are no ASCII, as Chinese names are; long tokens; what follows a telling key;
//! the user of an address. It errs by taking too much: dates, hardware addresses and columns of numbers go. What stays
//! is named: the time at the begin of a line, times of day, IP addresses, versions.

use std::net::{Ipv4Addr, Ipv6Addr};

/// Scrubs one text, line by line.
#[must_use]
pub fn scrub(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.lines() {
        let (stamp, rest) = stamp(line);
        out.push_str(stamp);
        let (process, rest) = if stamp.is_empty() { ("", rest) } else { process(rest) };
        scrub_words(process, &mut out);
        scrub_words(rest, &mut out);
        out.push('\n');
    }
    out
}

/// The journal's own time at the begin of a line (`2026-11-22T10:15:00+0800`, `Nov 22 10:15:00`), which tells of nobody.
fn stamp(line: &str) -> (&str, &str) {
    let end = line.find(' ').unwrap_or(0);
    let (first, rest) = line.split_at(end);
    let shape = first.bytes().enumerate().all(|(at, byte)| match at {
        4 | 7 => byte == b'-',
        10 => byte == b'T',
        13 | 16 => byte == b':',
        19 => matches!(byte, b'+' | b'-' | b'Z'),
        _ => byte.is_ascii_digit(),
    });
    if shape && (20..=24).contains(&first.len()) {
        return (first, rest);
    }
    match line.split_at_checked(SHORT_STAMP) {
        Some((short, rest)) if is_short_stamp(short) && rest.starts_with(' ') => (short, rest),
        _ => ("", line),
    }
}

fn is_short_stamp(text: &str) -> bool {
    let Some((day, time)) = text.split_at_checked(7) else { return false };
    let shape = day.bytes().enumerate().all(|(at, byte)| match at {
        3 | 6 => byte == b' ',
        4 => byte == b' ' || byte.is_ascii_digit(),
        5 => byte.is_ascii_digit(),
        _ => byte.is_ascii_alphabetic(),
    });
    shape && is_time(time)
}

/// The process behind the time, and the host before it (`box lined[77]: `): its number is no part of what it says.
fn process(rest: &str) -> (&str, &str) {
    let end = rest.find(PROCESS_END).map_or(0, |at| at + PROCESS_END.len());
    let (process, said) = rest.split_at(end);
    let named = process.strip_suffix(PROCESS_END).and_then(|process| process.rsplit_once('[')).is_some_and(
        |(name, number)| {
            let words = name.trim().split(' ').count();
            words <= 2 && name.ends_with(|c: char| c.is_ascii_alphabetic() || c == ')') && is_number(number)
        },
    );
    if named { (process, said) } else { ("", rest) }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn scrub_words(text: &str, out: &mut String) {
    let text = without_foreign(text);
    let mut words = String::with_capacity(text.len());
    let mut telling = false;
    for (at, word) in text.split(' ').enumerate() {
        if at > 0 {
            words.push(' ');
        }
        if !telling && is_v6(word) {
            out.push_str(&without_digits(&words));
            out.push_str(word);
            words.clear();
            continue;
        }
        let hidden = telling && !word.is_empty();
        telling = word.is_empty() && telling || ends_telling(word);
        if hidden {
            words.push_str(MASK);
        } else {
            words.push_str(&word_scrubbed(word));
        }
    }
    // Numbers last: their parts may stand in several words.
    out.push_str(&without_digits(&words));
}

/// Runs of characters that are no ASCII.
fn without_foreign(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut within = false;
    for c in text.chars() {
        let plain = c.is_ascii_graphic() || c == ' ';
        if plain {
            out.push(c);
        } else if !within {
            out.push_str(MASK);
        }
        within = !plain;
    }
    out
}

/// Runs of five and more digits, counted over whatever stands between them and is no letter.
fn without_digits(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < bytes.len() {
        if !bytes[at].is_ascii_digit() {
            out.push(bytes[at] as char);
            at += 1;
            continue;
        }
        let (mut end, mut digits, mut next) = (at, 0, at);
        while next < bytes.len() {
            if bytes[next].is_ascii_digit() {
                digits += 1;
                next += 1;
                end = next;
            } else if next - end < MAX_MARKS && !bytes[next].is_ascii_alphabetic() {
                next += 1;
            } else {
                break;
            }
        }
        let run = &text[at..end];
        out.push_str(if digits >= MIN_DIGITS && !is_harmless(run) { MASK } else { run });
        at = end;
    }
    out
}

/// A version, or nothing but addresses and times of day.
fn is_harmless(run: &str) -> bool {
    let mut parts = run.split([' ', ',']).filter(|part| !part.is_empty());
    is_dotted(run) || parts.all(|part| is_v4(part) || is_time(part))
}

/// An address of IPv4, with a port or the length of its network.
fn is_v4(part: &str) -> bool {
    let number = |text: &str, most: u16| {
        (text == "0" || !text.starts_with('0')) && text.parse::<u16>().is_ok_and(|number| number <= most)
    };
    let (address, rest) = part.split_at(part.find([':', '/']).unwrap_or(part.len()));
    let whole = match (rest.strip_prefix(':'), rest.strip_prefix('/')) {
        (Some(port), _) => number(port, u16::MAX),
        (_, Some(length)) => number(length, 32),
        (None, None) => true,
    };
    whole && address.parse::<Ipv4Addr>().is_ok()
}

/// An address of IPv6 as boxes have it, with a port or the length of its network. One without a letter could be a number.
fn is_v6(word: &str) -> bool {
    let word = word.trim_matches(['(', ')', ',', ';', '.']);
    let (address, rest) = match word.strip_prefix('[') {
        Some(inner) => inner.split_once(']').unwrap_or((inner, "?")),
        None => word.split_at(word.find('/').unwrap_or(word.len())),
    };
    let rest = rest.trim_start_matches([':', '/']);
    let first = address.parse::<Ipv6Addr>().map_or(0, |address| address.segments()[0]);
    let used = first & 0xe000 == 0x2000 || first & 0xfe00 == 0xfc00 || first & 0xffc0 == 0xfe80;
    used && address.bytes().any(|byte| byte.is_ascii_alphabetic())
        && (rest.is_empty() || rest.parse::<u16>().is_ok())
}

/// A time of day.
fn is_time(part: &str) -> bool {
    let below =
        |text: &str, most: u8| text.len() == 2 && text.parse::<u8>().is_ok_and(|number| number <= most);
    let mut parts = part.split(':');
    let whole = [23, 59, 60].into_iter().all(|most| parts.next().is_some_and(|text| below(text, most)));
    whole && parts.next().is_none()
}

/// An IPv4 address, or a version: up to four numbers of at most three digits.
fn is_dotted(run: &str) -> bool {
    let part = |part: &str| {
        part.len() <= 3
            && (part == "0" || !part.starts_with('0'))
            && part.parse::<u16>().is_ok_and(|number| number <= 255)
    };
    run.split('.').count() <= 4 && run.split('.').all(part)
}

/// One word: the user of an address, what follows `key=`, and tokens too long to be words.
fn word_scrubbed(word: &str) -> String {
    if let Some((key, _)) = word.split_once(['=', ':'])
        && is_telling(key)
    {
        return format!("{key}={MASK}");
    }
    if let Some((before, host)) = word.split_once('@') {
        let scheme = before.split_once(':').map_or("", |(scheme, _)| scheme);
        let host: String =
            host.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-')).collect();
        return format!("{scheme}{MASK}@{host}");
    }
    let mut out = String::with_capacity(word.len());
    let mut token = String::new();
    for c in word.chars().chain(['\0']) {
        if c.is_ascii_alphanumeric() || matches!(c, '+' | '=') {
            token.push(c);
            continue;
        }
        let secret = token.len() >= MIN_TOKEN
            || (token.len() >= MIN_MIXED
                && token.bytes().any(|byte| byte.is_ascii_digit())
                && token.bytes().any(|byte| byte.is_ascii_alphabetic()));
        out.push_str(if secret { MASK } else { &token });
        token.clear();
        if c != '\0' {
            out.push(c);
        }
    }
    out
}

fn ends_telling(word: &str) -> bool {
    word.strip_suffix([':', '=']).is_some_and(is_telling)
}

fn is_telling(key: &str) -> bool {
    let key = key.trim_matches(|c: char| !c.is_ascii_alphanumeric()).to_ascii_lowercase();
    TELLING.iter().any(|telling| key.ends_with(telling))
}

const MASK: &str = "***";
/// Digits that may stand together.
const MIN_DIGITS: usize = 5;
/// Marks between two digits of one number.
const MAX_MARKS: usize = 12;
/// Bytes of `Nov 22 10:15:00`.
const SHORT_STAMP: usize = 15;
const PROCESS_END: &str = "]: ";
/// Letters and digits of a token that is no word.
const MIN_TOKEN: usize = 24;
/// The same where letters and digits are mixed.
const MIN_MIXED: usize = 12;
const TELLING: [&str; 16] = [
    "password", "passwd", "pwd", "secret", "token", "key", "code", "name", "login", "user", "number",
    "phone", "tel", "mobile", "callee", "caller",
];

#[cfg(test)]
mod tests {
    use super::scrub;
    use proptest::prelude::*;

    #[test]
    fn numbers_names_and_keys_are_gone_and_the_rest_can_be_read() {
        for (line, told) in [
            (
                "2026-11-22T10:15:00+0800 box lined[77]: span 1 RED",
                "2026-11-22T10:15:00+0800 box lined[77]: span 1 RED",
            ),
            ("dialling 13800001234 now", "dialling *** now"),
            ("dialling 138 0000-1234", "dialling ***"),
            ("(010) 6234-5678", "(***"),
            ("sip:13800001234@192.0.2.7:5060 refused", "sip***@192.0.2.7 refused"),
            ("contact 王小明 said", "contact *** said"),
            ("password=hunter2 token: abc", "password=*** token=*** ***"),
            ("Login: zhang", "Login=*** ***"),
            ("name: zhang wei", "name=*** *** wei"),
            ("head 00112233445566778899aabbccddeeff", "head ***"),
            ("key c2VjcmV0MTIzNDU2Nzg5MA== used", "key *** used"),
            ("192.0.2.17 port 5060 in ms 4096", "192.0.2.17 port 5060 in ms 4096"),
            ("Linux 6.12.48 and 192.168.100.200", "Linux 6.12.48 and 192.168.100.200"),
            ("138.0000.1234", "***"),
            ("138 - 0000 - 1234 or 138:0000:1234", "*** or ***"),
            ("+86,138,0000,1234; 138 +0000 +1234", "+***"),
            ("138\t0000\t1234 138——0000 —— 1234", "***"),
            ("tel. 138::0000:1234 and 1380::1:1234", "tel. *** and ***"),
            (
                "2026-11-22T10:15:00+0800 supervisor[8123]: 12 of 13 at 10:15:07",
                "2026-11-22T10:15:00+0800 supervisor[8123]: 12 of 13 at 10:15:07",
            ),
            ("Nov 22 10:15:00 box networkd[77]: up", "Nov 22 10:15:00 box networkd[77]: up"),
            ("Nov  2 10:15:00 138 0000 1234", "Nov  2 10:15:00 ***"),
            ("0.0.0.0:443, 10.0.0.0/24 192.0.2.1", "0.0.0.0:443, 10.0.0.0/24 192.0.2.1"),
            (
                "via fe80::5054:ff:fe12:3456 [2001:db8::1]:443",
                "via fe80::5054:ff:fe12:3456 [2001:db8::1]:443",
            ),
            ("10.0.0.1 13800001234", "***"),
            ("13.80.00.01:23456 and 138.0.0.1:72345", "*** and ***"),
            ("25:61:00 and 13:58:00:12:34 and 135800", "*** and *** and ***"),
        ] {
            assert_eq!(scrub(line), format!("{told}\n"), "{line}");
        }
    }

    proptest! {
        #[test]
        fn no_run_of_five_digits_and_no_foreign_word_ever_comes_out(text in "\\PC{0,200}") {
            let out = scrub(&text);
            let mut run = 0;
            for c in out.chars() {
                run = if c.is_ascii_digit() { run + 1 } else { 0 };
                prop_assert!(run < 5, "{}", out);
                prop_assert!(c.is_ascii(), "{}", out);
            }
        }

        #[test]
        fn a_phone_number_is_gone_however_it_is_written(
            number in "1[3-9][0-9]{9}",
            cut in prop::sample::select(vec![(3, 7), (3, 6), (4, 8), (1, 4), (3, 3), (7, 7), (5, 8)]),
            marks in prop::array::uniform2("[ -/:-@\\[-`{-~\t—－　]{0,4}"),
            before in "[a-z =:(<\"]{0,8}",
            after in "[a-z @:)>\"]{0,8}",
        ) {
            let parts = [&number[..cut.0], &number[cut.0..cut.1], &number[cut.1..]];
            let written = format!("{before}{}{}{}{}{}{after}", parts[0], marks[0], parts[1], marks[1], parts[2]);
            let out = scrub(&written);
            prop_assert!(out.bytes().filter(u8::is_ascii_digit).count() < 5, "{} from {}", out, written);
        }

        #[test]
        fn the_time_at_the_begin_of_a_line_stays_whatever_follows_it(
            stamp in "20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9](\\+0800|Z)",
            text in "[ -~]{0,80}",
        ) {
            let out = scrub(&format!("{stamp} {text}"));
            prop_assert!(out.starts_with(&format!("{stamp} ")), "{}", out);
        }

        #[test]
        fn an_address_with_its_port_stays(octets in prop::array::uniform4(0_u8..), port in 1_u16..) {
            let address = std::net::Ipv4Addr::from(octets);
            for told in [format!("from {address}:{port}, now"), format!("to {address}, {address}/24 now")] {
                prop_assert_eq!(scrub(&told), format!("{told}\n"));
            }
        }
    }
}
