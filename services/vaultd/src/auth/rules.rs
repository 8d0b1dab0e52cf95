//! Which passwords are taken: length, and that they are not what a guesser tries first (L-85).
//!
//! NIST SP 800-63B-4 section 3.1.1.2: at least 15 characters, long ones taken, no composition rule, a list
//! of common and expected values, and the reason of each refusal is told. Few common passwords have 15
//! characters; so what a guesser would build them from (a common word, a run along the keyboard, a piece
//! said again, the company's or the person's own name) counts as one character, and what is left must
//! still have [`MIN_COUNTED`]. It keeps nothing and hashes nothing.

use crate::admin::Refusal;
use std::sync::LazyLock;

/// Fewest characters.
pub const MIN_CHARS: usize = 15;
/// Most characters.
pub const MAX_CHARS: usize = 128;
/// Most bytes of UTF-8.
pub const MAX_BYTES: usize = 512;
/// Fewest characters after everything a guesser expects counts as one.
pub const MIN_COUNTED: usize = 8;
/// Fewest different characters.
const MIN_DISTINCT: usize = 6;
/// Characters in a row that make a run.
const RUN: usize = 4;
/// Digits and signs in a row that count: a year or a date behind a word adds little.
const MAX_SIGNS: usize = 3;
/// Shortest word looked for within a password.
const MIN_WORD: usize = 4;

/// Why a password is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weakness {
    /// Fewer than [`MIN_CHARS`] characters.
    Short,
    /// More than [`MAX_CHARS`] characters or [`MAX_BYTES`] bytes.
    Long,
    /// Control characters, such as a pasted line end.
    Control,
    /// One piece said again and again, or few different characters.
    Repeated,
    /// Runs of the alphabet, of digits or along the keyboard.
    Sequence,
    /// Digits and signs in a row, such as a telephone number or a date.
    Digits,
    /// Common words and passwords.
    Common,
    /// Company, product, login or person's name.
    Own,
}

impl Weakness {
    /// The refusal told to the person.
    #[must_use]
    pub fn refusal(self) -> Refusal {
        let (code, en, zh) = match self {
            Self::Short => {
                ("password-short", "A password has at least 15 characters.", "密码至少需要15个字符。")
            }
            Self::Long => ("password-long", "A password has at most 128 characters.", "密码最多128个字符。"),
            Self::Control => (
                "password-control",
                "A password holds no line end, tab or other control character.",
                "密码不能含有换行、制表符等控制字符。",
            ),
            Self::Repeated => (
                "password-repeated",
                "This password repeats itself: use more different characters or words.",
                "密码重复过多：请使用更多不同的字符或词语。",
            ),
            Self::Sequence => (
                "password-sequence",
                "This password follows the alphabet, the digits or the keyboard: guessers try that first.",
                "密码按字母、数字或键盘顺序排列，极易被猜中，请更换。",
            ),
            Self::Digits => (
                "password-digits",
                "Digits and signs in a row, such as dates, telephone and identity numbers, are guessed early: \
                 add words.",
                "连续的数字和符号（如日期、电话、证件号码）容易被猜中，请加入词语。",
            ),
            Self::Common => (
                "password-common",
                "This password is made of common words and passwords: add words that nobody expects.",
                "密码由常见词语或常用密码组成，请加入他人想不到的词语。",
            ),
            Self::Own => (
                "password-own",
                "This password is made of the company's, the product's or your own name: choose other words.",
                "密码含有单位名称、产品名称或本人信息，请更换其他词语。",
            ),
        };
        Refusal::new(code, en, zh)
    }
}

/// Whether a password is taken; `own` are the words that belong to this person and site.
///
/// # Errors
/// The [`Weakness`] that speaks against it.
pub fn check(password: &str, own: &[&str]) -> Result<(), Weakness> {
    if password.len() > MAX_BYTES {
        return Err(Weakness::Long);
    }
    let chars: Vec<char> = password.chars().collect();
    if chars.len() < MIN_CHARS {
        return Err(Weakness::Short);
    }
    if chars.len() > MAX_CHARS {
        return Err(Weakness::Long);
    }
    if chars.iter().any(|c| c.is_control()) {
        return Err(Weakness::Control);
    }
    let plain: Vec<char> = chars.iter().flat_map(|c| c.to_lowercase()).collect();
    if distinct(&plain) < MIN_DISTINCT || period(&plain) < MIN_COUNTED {
        return Err(Weakness::Repeated);
    }
    let (folded, in_runs) = fold_runs(&plain);
    if folded.len() < MIN_COUNTED {
        return Err(Weakness::Sequence);
    }
    let own: Vec<Vec<char>> = own.iter().flat_map(|name| own_words(name)).collect();
    let (without_own, hit_own) = fold_words(&folded, &own);
    if counted(&without_own) < MIN_COUNTED && hit_own {
        return Err(Weakness::Own);
    }
    let (rest, hit_common) = fold_words(&without_own, &COMMON);
    if counted(&rest) < MIN_COUNTED {
        return Err(match (hit_own, hit_common, in_runs) {
            (true, ..) => Weakness::Own,
            (_, true, _) => Weakness::Common,
            (_, _, true) => Weakness::Sequence,
            _ => Weakness::Digits,
        });
    }
    Ok(())
}

/// A mark in place of what counts as one character.
const FOLDED: char = '\u{fffc}';

static COMMON: LazyLock<Vec<Vec<char>>> = LazyLock::new(|| {
    let mut words: Vec<Vec<char>> =
        include_str!("common-words.txt").split_whitespace().map(|word| word.chars().collect()).collect();
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    words
});

fn distinct(text: &[char]) -> usize {
    let mut seen = text.to_vec();
    seen.sort_unstable();
    seen.dedup();
    seen.len()
}

/// The length of the piece a text repeats; its own length if it repeats none.
fn period(text: &[char]) -> usize {
    let repeats = |piece: &usize| text.iter().zip(&text[*piece..]).all(|(a, b)| a == b);
    (1..=text.len() / 2).find(repeats).unwrap_or(text.len())
}

/// Characters of what is left: each mark is one, digits and signs in a row are at most [`MAX_SIGNS`].
fn counted(text: &[char]) -> usize {
    let sign = |c: &char| *c != FOLDED && !c.is_alphabetic();
    let (mut count, mut signs) = (0, 0);
    for c in text {
        signs = if sign(c) { signs + 1 } else { 0 };
        count += usize::from(signs <= MAX_SIGNS);
    }
    count
}

/// Runs of [`RUN`] and more characters become one: equal ones, neighbours of the alphabet, of the keyboard.
fn fold_runs(text: &[char]) -> (Vec<char>, bool) {
    let mut out = Vec::with_capacity(text.len());
    let (mut at, mut found) = (0, false);
    while at < text.len() {
        let run =
            WALKS.iter().flat_map(|walk| [walk_len(&text[at..], walk, 1), walk_len(&text[at..], walk, -1)]);
        let run = run.chain((-1..=1).map(|step| code_run(&text[at..], step))).max().unwrap_or(1);
        if run >= RUN {
            out.push(FOLDED);
            found = true;
            at += run;
        } else {
            out.push(text[at]);
            at += 1;
        }
    }
    (out, found)
}

fn code_run(text: &[char], step: i32) -> usize {
    let follows = |pair: &[char]| (pair[1] as i32) - (pair[0] as i32) == step;
    1 + text.windows(2).take_while(|pair| pair[0].is_alphanumeric() && follows(pair)).count()
}

fn walk_len(text: &[char], walk: &str, step: isize) -> usize {
    let place = |c: char| walk.chars().position(|known| known == c);
    let follows = |pair: &[char]| match (place(pair[0]), place(pair[1])) {
        (Some(a), Some(b)) => a.checked_add_signed(step) == Some(b),
        _ => false,
    };
    1 + text.windows(2).take_while(|pair| follows(pair)).count()
}

/// Rows and columns of the keyboard, and the rows with the shift key.
const WALKS: &[&str] = &[
    "1234567890-=",
    "qwertyuiop[]",
    "asdfghjkl;'",
    "zxcvbnm,./",
    "!@#$%^&*()_+",
    "qwertzuiop",
    "azertyuiop",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/",
    "qazwsxedcrfvtgbyhnujmikolp",
    "q1w2e3r4t5y6u7i8o9p0",
    "1q2w3e4r5t6y7u8i9o0p",
    "zaq1xsw2cde3vfr4bgt5nhy6mju7",
];

/// A name's words, and the name without what separates them.
fn own_words(name: &str) -> Vec<Vec<char>> {
    let lower: Vec<char> = name.chars().flat_map(char::to_lowercase).collect();
    let mut words: Vec<Vec<char>> = lower.split(|c| !c.is_alphanumeric()).map(<[char]>::to_vec).collect();
    words.push(lower.iter().copied().filter(|c| c.is_alphanumeric()).collect());
    words.push(lower);
    // A Chinese word of two characters says as much as an English one of four.
    words.retain(|word| word.len() >= MIN_WORD || (word.len() >= 2 && word.iter().all(|c| !c.is_ascii())));
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    words.dedup();
    words
}

/// Each word within a text, also as written with digits for letters, becomes one mark.
fn fold_words(text: &[char], words: &[Vec<char>]) -> (Vec<char>, bool) {
    let mut out = Vec::with_capacity(text.len());
    let (mut at, mut found) = (0, false);
    while at < text.len() {
        let word = words.iter().find(|word| starts_with(&text[at..], word));
        match word {
            Some(word) => {
                out.push(FOLDED);
                found = true;
                at += word.len();
            }
            None => {
                out.push(text[at]);
                at += 1;
            }
        }
    }
    (out, found)
}

fn starts_with(text: &[char], word: &[char]) -> bool {
    text.len() >= word.len() && text.iter().zip(word).all(|(typed, meant)| same(*typed, *meant))
}

/// Whether a character stands for a letter, as people write `p@ssw0rd`.
const fn same(typed: char, meant: char) -> bool {
    if typed as u32 == meant as u32 {
        return true;
    }
    matches!(
        (typed, meant),
        ('0', 'o')
            | ('1' | '!' | '|', 'i' | 'l')
            | ('3', 'e')
            | ('4' | '@', 'a')
            | ('5' | '$', 's')
            | ('7' | '+', 't')
            | ('8', 'b')
            | ('9', 'g')
    )
}

#[cfg(test)]
mod tests {
    use super::{COMMON, Weakness, check};

    const OWN: &[&str] = &["Example Hospital", "示范医院", "zhang.san", "Ringfence", "外呼管家"];

    #[test]
    fn l_85_long_words_that_nobody_expects_are_taken_whatever_they_are_made_of() {
        for good in [
            "vixnu kobalt remmel",
            "tram window 88 lamp oil",
            "nur kleine zeichen hier",
            "柳树下的旧自行车在等一场很慢的雨吧",
            "gT7#kq9!Lw2$zR5",
            &"ab9 kq"
                .repeat(21)
                .chars()
                .zip("mxvtw zqjhgf".chars().cycle())
                .flat_map(|(a, b)| [a, b])
                .take(128)
                .collect::<String>(),
        ] {
            assert_eq!(check(good, OWN), Ok(()), "{good}");
        }
    }

    #[test]
    fn l_85_every_weak_password_is_refused_with_its_reason() {
        for (weak, why) in [
            ("gT7#kq9!Lw2$zR", Weakness::Short),
            ("", Weakness::Short),
            ("gT7#kq9!Lw2$zR5\n", Weakness::Control),
            ("aaaaaaaaaaaaaaaaaaaa", Weakness::Repeated),
            ("abababababababab", Weakness::Repeated),
            ("Xq7!mXq7!mXq7!m", Weakness::Repeated),
            ("123456789012345", Weakness::Sequence),
            ("qwertyuiopasdfgh", Weakness::Sequence),
            ("1qaz2wsx3edc4rfv", Weakness::Sequence),
            ("1q2w3e4r5t6y7u8i", Weakness::Sequence),
            ("abcdefghijklmnop", Weakness::Sequence),
            ("ZYXWVUTSRQPONMLK", Weakness::Sequence),
            ("!@#$%^&*()_+1234", Weakness::Sequence),
            ("13905718264", Weakness::Short),
            ("330106197403152817", Weakness::Digits),
            ("2019-05-17 08:42:36", Weakness::Digits),
            ("Password12345678", Weakness::Common),
            ("P@ssw0rd!P@ssw0rd", Weakness::Common),
            ("correcthorsebatterystaple", Weakness::Common),
            ("iloveyou1314520!!", Weakness::Common),
            ("woaini5201314mima", Weakness::Common),
            ("Welcome2026Summer", Weakness::Common),
            ("Ringfence2026!!!", Weakness::Own),
            ("zhang.san-123456", Weakness::Own),
            ("ZhangSan19900101", Weakness::Own),
            ("ExampleHospital1", Weakness::Own),
            ("示范医院示范医院12345678", Weakness::Own),
        ] {
            assert_eq!(check(weak, OWN), Err(why), "{weak}");
        }
        let long = "gT7#kq9!Lw2$zR5".repeat(9);
        assert_eq!(check(&long[..129], &[]), Err(Weakness::Long));
        assert_eq!(check(&"柳树".repeat(86), &[]), Err(Weakness::Long), "bytes are bounded too");
    }

    #[test]
    fn the_list_holds_a_thousand_words_that_can_be_found() {
        assert!(COMMON.len() >= 1_000);
        for word in COMMON.iter() {
            assert!(word.len() >= super::MIN_WORD && word.iter().all(|c| !c.is_uppercase()), "{word:?}");
        }
    }

    #[test]
    fn every_refusal_speaks_both_languages() {
        use Weakness as W;
        for weak in [W::Short, W::Long, W::Control, W::Repeated, W::Sequence, W::Digits, W::Common, W::Own] {
            let told = weak.refusal();
            assert!(
                told.code.starts_with("password-") && !told.text_en.is_empty() && !told.text_zh.is_ascii()
            );
        }
    }
}
