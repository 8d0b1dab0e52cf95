//! What the reasons say.
//!
//! The match in the crate is exhaustive; here the words are looked at.

use gate::{Input, Prompt, Refusal, Skipped};

#[test]
fn a_reason_says_in_both_languages_what_to_do_next() {
    let reason = Refusal::DoNotCallListStale { age_days: 8, max_days: 7 };
    assert_eq!(reason.text_en(), "The do-not-call list is 8 days old; 7 are allowed. Import a new one.");
    assert_eq!(reason.text_zh(), "拒呼名单已 8 天未更新，上限 7 天。请导入新名单。");
    let missing = Refusal::InputMissing(Input::Script);
    assert_eq!(missing.text_en(), "Nothing is known of the script. No call is placed until it is.");
    assert_eq!(missing.text_zh(), "缺少话术信息，补齐前不会外呼。");
    let lacks = Refusal::ScriptLacks(Prompt::OptOutHint);
    assert!(lacks.text_en().contains("how to opt out"));
    assert!(Refusal::Blacklisted.text_zh().contains("黑名单"));
    assert!(
        Skipped::RecordingGap.text_en().contains("gap") && Skipped::RecordingGap.text_zh().contains("录音")
    );
}
