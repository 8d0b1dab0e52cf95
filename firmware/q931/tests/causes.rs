//! Causes: every value of Q.850 has its name, its two texts and its campaign result.

use q931::CauseValue;
use std::collections::BTreeSet;
use vocab::FailCause::{self, Busy, Carrier, Declined, InvalidNumber, Media, NoAnswer, NoLine, Unreachable};

/// Every value of Q.850 and the result of a call that did not ring.
const RESULTS: &[(u8, FailCause)] = &[
    (1, InvalidNumber),
    (2, Carrier),
    (3, Carrier),
    (4, Carrier),
    (5, Carrier),
    (6, NoLine),
    (7, Carrier),
    (8, Carrier),
    (9, Carrier),
    (14, Carrier),
    (16, Carrier),
    (17, Busy),
    (18, Unreachable),
    (19, NoAnswer),
    (20, Unreachable),
    (21, Declined),
    (22, InvalidNumber),
    (23, Carrier),
    (24, Declined),
    (25, Carrier),
    (26, Carrier),
    (27, Unreachable),
    (28, InvalidNumber),
    (29, Carrier),
    (30, Carrier),
    (31, Carrier),
    (34, NoLine),
    (38, Carrier),
    (39, Carrier),
    (40, Carrier),
    (41, Carrier),
    (42, Carrier),
    (43, Carrier),
    (44, NoLine),
    (46, Carrier),
    (47, Carrier),
    (49, Carrier),
    (50, Carrier),
    (53, Carrier),
    (55, Carrier),
    (57, Carrier),
    (58, Carrier),
    (62, Carrier),
    (63, Carrier),
    (65, Media),
    (66, Carrier),
    (69, Carrier),
    (70, Media),
    (79, Carrier),
    (81, Carrier),
    (82, NoLine),
    (83, Carrier),
    (84, Carrier),
    (85, Carrier),
    (86, Carrier),
    (87, Carrier),
    (88, Media),
    (90, Carrier),
    (91, Carrier),
    (95, Carrier),
    (96, Carrier),
    (97, Carrier),
    (98, Carrier),
    (99, Carrier),
    (100, Carrier),
    (101, Carrier),
    (102, Carrier),
    (103, Carrier),
    (110, Carrier),
    (111, Carrier),
    (127, Carrier),
];

#[test]
fn every_value_has_its_campaign_result() {
    let named: Vec<_> = CauseValue::NAMED.iter().map(|value| value.code()).collect();
    assert_eq!(named, RESULTS.iter().map(|(code, _)| *code).collect::<Vec<_>>());
    for (code, result) in RESULTS {
        assert_eq!(CauseValue::from_code(*code).fail_cause(false), *result, "{code}");
    }
}

#[test]
fn after_ringing_a_normal_clearing_means_that_nobody_answered() {
    for (code, result) in RESULTS {
        let rang = CauseValue::from_code(*code).fail_cause(true);
        let expected = if matches!(code, 16 | 31 | 102) { NoAnswer } else { *result };
        assert_eq!(rang, expected, "{code}");
    }
}

#[test]
fn a_value_that_only_says_the_call_ended_has_no_verdict() {
    for code in [16, 31, 38, 41, 102, 127, 126] {
        assert_eq!(CauseValue::from_code(code).verdict(), None, "{code}");
    }
    assert_eq!(CauseValue::UserBusy.verdict(), Some(Busy));
}

#[test]
fn every_value_has_its_own_name_and_texts_in_both_languages() {
    let (mut names, mut meanings) = (BTreeSet::new(), BTreeSet::new());
    for &value in CauseValue::NAMED {
        assert!(names.insert(value.name()), "{}", value.name());
        let text = value.text();
        assert!(meanings.insert(text.meaning_zh), "{} has another value's text", value.name());
        assert!(meanings.insert(text.meaning_en), "{} has another value's text", value.name());
        for chinese in [text.meaning_zh, text.advice_zh] {
            assert!(chinese.ends_with('。') && chinese.chars().any(|c| c > '\u{4e00}'), "{chinese}");
        }
        for english in [text.meaning_en, text.advice_en] {
            assert!(english.ends_with('.') && english.is_ascii(), "{english}");
        }
    }
}

#[test]
fn a_value_without_a_name_reads_as_its_class() {
    for (code, class) in [
        (13, CauseValue::NormalUnspecified),
        (32, CauseValue::ResourceUnavailable),
        (52, CauseValue::ServiceNotAvailable),
        (78, CauseValue::ServiceNotImplemented),
        (94, CauseValue::InvalidMessage),
        (109, CauseValue::ProtocolError),
        (126, CauseValue::Interworking),
    ] {
        let value = CauseValue::from_code(code);
        assert_eq!((value, value.class()), (CauseValue::Other(code), class));
        assert_eq!(value.text(), class.text());
    }
}
