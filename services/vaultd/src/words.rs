//! A verdict's lines in plain words for people, as short as a table needs them.

use gate::RuleResult;

/// A rule's answer.
#[must_use]
pub fn of_result(result: RuleResult) -> String {
    match result {
        RuleResult::Pass => "passed".to_owned(),
        RuleResult::NotApplicable(why) => why.text_en().to_owned(),
        RuleResult::Refuse(why) => why.text_en(),
    }
}

/// A rule's answer: whether it lets the call pass, and why in English and Chinese.
#[must_use]
pub fn of_line(result: RuleResult) -> (bool, String, String) {
    match result {
        RuleResult::Pass => (true, "Passed.".to_owned(), "通过。".to_owned()),
        RuleResult::NotApplicable(why) => (true, why.text_en().to_owned(), why.text_zh().to_owned()),
        RuleResult::Refuse(why) => (false, why.text_en(), why.text_zh()),
    }
}
