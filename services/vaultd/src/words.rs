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
