//! Finds personal data that free text must not carry: identity and bank card numbers, e-mail and postal
//! addresses (DAT-01).
//!
//! It looks for shapes with check digits where there are any. It does not know names, and it does not look
//! for identity numbers of 15 digits: they have no check digit and have been void since 2013.

use crate::error::RowCode;

const ID_CHARS: usize = 18;
const CARD_DIGITS: std::ops::RangeInclusive<usize> = 13..=19;
/// Weights of GB 11643-1999, 4.3 (ISO 7064 MOD 11-2).
const ID_WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const ID_CHECKS: [u8; 11] = *b"10X98765432";
/// Characters between a street and its house number.
const STREET_GAP_CHARS: usize = 8;

/// The first kind of personal data found. Business numbers (`is_business_no`) are long runs of digits, so
/// only a run that is a card number as a whole counts there.
pub fn personal(text: &str, is_business_no: bool) -> Option<RowCode> {
    let runs = digit_runs(text);
    if runs.iter().any(has_id_number) {
        Some(RowCode::IdNumber)
    } else if runs.iter().any(|run| has_card(run, is_business_no)) {
        Some(RowCode::BankCard)
    } else if has_email(text) {
        Some(RowCode::Email)
    } else if has_address(text) {
        Some(RowCode::Address)
    } else {
        None
    }
}

/// Digits (and X) that belong together, and where each group of them starts. An X is a group of its own: it
/// ends an identity number but is no part of a card number.
#[derive(Default)]
struct Run {
    digits: Vec<u8>,
    starts: Vec<usize>,
}

/// Runs of digits, of either width; single blanks, dots and hyphens group a run without ending it.
fn digit_runs(text: &str) -> Vec<Run> {
    let mut runs = Vec::new();
    let mut run = Run::default();
    let mut gap = 0_usize;
    for ch in text.chars() {
        match narrow(ch) {
            digit @ (b'0'..=b'9' | b'X') if digit != b'X' || !run.digits.is_empty() => {
                let after_x = run.digits.last() == Some(&b'X');
                if run.digits.is_empty() || gap > 0 || digit == b'X' || after_x {
                    run.starts.push(run.digits.len());
                }
                run.digits.push(digit);
                gap = 0;
            }
            b'-' if gap == 0 && !run.digits.is_empty() => gap = 1,
            _ => {
                runs.push(std::mem::take(&mut run));
                gap = 0;
            }
        }
    }
    runs.push(run);
    runs.retain(|run| run.digits.len() >= *CARD_DIGITS.start());
    runs
}

fn narrow(ch: char) -> u8 {
    match ch {
        '0'..='9' => ch as u8,
        '０'..='９' => b'0' + u8::try_from(ch as u32 - '０' as u32).unwrap_or(0),
        'x' | 'X' | 'ｘ' | 'Ｘ' => b'X',
        ' ' | '-' | '.' | '\u{a0}' | '\u{3000}' | '－' | '—' => b'-',
        _ => 0,
    }
}

fn has_id_number(run: &Run) -> bool {
    run.digits.windows(ID_CHARS).any(is_id_number)
}

fn is_id_number(window: &[u8]) -> bool {
    let (body, check) = window.split_at(ID_CHARS - 1);
    if body.contains(&b'X') {
        return false;
    }
    let value = |digits: &[u8]| digits.iter().fold(0_u32, |sum, digit| sum * 10 + u32::from(digit - b'0'));
    let (province, year, month, day) =
        (value(&body[..2]), value(&body[6..10]), value(&body[10..12]), value(&body[12..14]));
    let plausible = (11..=91).contains(&province)
        && (1900..=2100).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day);
    let sum: u32 = body.iter().zip(ID_WEIGHTS).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    plausible && check == [ID_CHECKS[(sum % 11) as usize]]
}

fn has_card(run: &Run, whole_run_only: bool) -> bool {
    if whole_run_only {
        return is_card(&run.digits);
    }
    CARD_DIGITS.into_iter().any(|len| {
        run.digits.windows(len).enumerate().any(|(at, window)| {
            let starts_group = run.starts.contains(&at);
            let ends_group = at + len == run.digits.len() || run.starts.contains(&(at + len));
            // Inside one long run of digits a card may hide anywhere.
            let inside = run.starts.len() == 1 && run.digits.len() > *CARD_DIGITS.end();
            ((starts_group && ends_group) || inside) && is_card(window)
        })
    })
}

/// A number with an issuer's prefix (ISO/IEC 7812) of a right length, and right by Luhn's check.
fn is_card(digits: &[u8]) -> bool {
    if !CARD_DIGITS.contains(&digits.len()) || digits.contains(&b'X') {
        return false;
    }
    let prefix = digits[..4].iter().fold(0_u32, |sum, digit| sum * 10 + u32::from(digit - b'0'));
    let issued = match digits.len() {
        13 => prefix / 1_000 == 4,
        15 => matches!(prefix / 100, 34 | 37),
        14 => matches!(prefix / 100, 30 | 36 | 38),
        _ => {
            matches!(prefix / 1_000, 4)
                || matches!(prefix / 100, 51..=55 | 60 | 62 | 64 | 65 | 68 | 69)
                || matches!(prefix, 2221..=2720 | 3528..=3589 | 9558 | 9559 | 8100..=8171)
        }
    };
    issued && luhn(digits)
}

fn luhn(digits: &[u8]) -> bool {
    let doubled = |digit: u32| if digit > 4 { digit * 2 - 9 } else { digit * 2 };
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(at, digit)| {
            let digit = u32::from(digit - b'0');
            if at % 2 == 1 { doubled(digit) } else { digit }
        })
        .sum();
    sum.is_multiple_of(10)
}

fn has_email(text: &str) -> bool {
    let word = |ch: char| ch.is_ascii_alphanumeric() || matches!(ch, '.' | '_' | '-' | '+' | '%');
    text.match_indices(['@', '＠']).any(|(at, sign)| {
        let before = text[..at].chars().next_back().is_some_and(word);
        let host: String = text[at + sign.len()..].chars().take_while(|ch| word(*ch)).collect();
        let parts: Vec<&str> = host.split('.').filter(|part| !part.is_empty()).collect();
        before && parts.len() >= 2
    })
}

fn has_address(text: &str) -> bool {
    let street = ["路", "街", "巷", "弄", "大道", "胡同", "小区", "村", "苑"].iter().any(|word| {
        text.match_indices(word)
            .any(|(at, _)| house_number_within(&text[at + word.len()..], STREET_GAP_CHARS))
    });
    let flat = ["单元", "栋", "幢", "号楼"].iter().any(|word| {
        text.match_indices(word).any(|(at, _)| {
            let numbered = text[..at].chars().next_back().is_some_and(is_house_digit);
            let after: String = text[at + word.len()..].chars().take(STREET_GAP_CHARS).collect();
            numbered && after.chars().any(is_house_digit)
        })
    });
    street || flat || has_western_address(text)
}

/// Digits followed by a word for a house, soon.
fn house_number_within(text: &str, gap: usize) -> bool {
    let near: Vec<char> = text.chars().take(gap).collect();
    near.windows(2).any(|pair| {
        is_house_digit(pair[0]) && matches!(pair[1], '号' | '號' | '弄' | '栋' | '幢' | '室' | '楼' | '单')
    })
}

fn is_house_digit(ch: char) -> bool {
    ch.is_ascii_digit() || ('０'..='９').contains(&ch) || "一二三四五六七八九十百".contains(ch)
}

/// `221 Baker Street`: a number, at most three words, a word for a street.
fn has_western_address(text: &str) -> bool {
    const STREETS: [&str; 8] = ["street", "st", "road", "rd", "avenue", "ave", "lane", "boulevard"];
    let words: Vec<String> = text
        .split(|ch: char| !ch.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    words.iter().enumerate().any(|(at, word)| {
        STREETS.contains(&word.as_str())
            && words[at.saturating_sub(4)..at.saturating_sub(1)]
                .iter()
                .any(|earlier| earlier.bytes().all(|byte| byte.is_ascii_digit()))
    })
}
