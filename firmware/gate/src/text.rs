//! The reasons in plain words, English and Chinese: what happened and what to do next.
//!
//! Instants are not spelled out here: whoever shows a reason shows its time in the reader's own form.

use crate::reason::{Input, Prompt, Refusal, Skipped};

impl Input {
    const fn texts(self) -> (&'static str, &'static str) {
        match self {
            Self::Clock => ("the state of the clock", "时钟状态"),
            Self::Campaign => ("the campaign", "外呼任务"),
            Self::CallerNumber => ("the caller number", "主叫号码"),
            Self::Script => ("the script", "话术"),
            Self::Contact => ("the contact", "联系人"),
            Self::Person => ("the person's call counters", "被叫人呼叫计数"),
            Self::Blacklist => ("the blacklist", "黑名单"),
            Self::DoNotCall => ("the do-not-call list", "拒呼名单"),
            Self::Recording => ("the recorder", "录音设备"),
        }
    }
}

impl Prompt {
    const fn texts(self) -> (&'static str, &'static str) {
        match self {
            Self::Identification => ("who is calling and why, early enough", "及时自报企业名称和外呼目的"),
            Self::RecordingNotice => ("that the call is recorded", "录音告知"),
            Self::OptOutHint => ("how to opt out", "退订方式提示"),
        }
    }
}

impl Skipped {
    /// English.
    #[must_use]
    pub const fn text_en(self) -> &'static str {
        match self {
            Self::Class => "This rule is not for this class of campaign.",
            Self::Policy => "The policy does not ask this of this class of campaign.",
            Self::RecordingGap => {
                "The call cannot be recorded; this class calls all the same. Repair the recorder and explain the gap."
            }
        }
    }

    /// Chinese.
    #[must_use]
    pub const fn text_zh(self) -> &'static str {
        match self {
            Self::Class => "此规则不适用于该任务类别。",
            Self::Policy => "策略未对该任务类别启用此规则。",
            Self::RecordingGap => "本次通话无法录音，但该类别仍可外呼。请修复录音并说明缺失原因。",
        }
    }
}

impl Refusal {
    /// English.
    #[must_use]
    pub fn text_en(self) -> String {
        self.texts().0
    }

    /// Chinese.
    #[must_use]
    pub fn text_zh(self) -> String {
        self.texts().1
    }

    /// Every reason with what it says, English and Chinese.
    #[rustfmt::skip]
    fn texts(self) -> (String, String) {
        let said = |en: &str, zh: &str| (en.to_owned(), zh.to_owned());
        match self {
            Self::InputMissing(input) => { let (en, zh) = input.texts(); (format!("Nothing is known of {en}. No call is placed until it is."), format!("缺少{zh}信息，补齐前不会外呼。")) }
            Self::DatedInFuture(input) => { let (en, zh) = input.texts(); (format!("The record of {en} is dated in the future. Check the clock, then enter it again."), format!("{zh}的记录时间在未来。请检查时钟后重新录入。")) }
            Self::ScriptLacks(prompt) => { let (en, zh) = prompt.texts(); (format!("The script does not say {en}. Add the prompt and have the script approved again."), format!("话术缺少{zh}。请补充后重新送审。")) }
            Self::ClockRolledBack { by_ms } => (format!("The clock was set back by {} s. Have the time source checked.", by_ms / 1_000), format!("时钟被回拨 {} 秒。请检查时间源。", by_ms / 1_000)),
            Self::HolidayCalendarMissing { year } => (format!("There is no holiday calendar for {year}. Import it to go on."), format!("缺少 {year} 年节假日日历，导入后方可继续。")),
            Self::DailyCap { cap, .. } => (format!("This person has had {cap} attempt(s) today, all that is allowed. Call on another day."), format!("今日已呼叫此人 {cap} 次，达到上限。请改日再呼。")),
            Self::WeeklyCap { cap, .. } => (format!("This person has had {cap} attempt(s) in seven days, all that is allowed. Call later."), format!("七日内已呼叫此人 {cap} 次，达到上限。请稍后再呼。")),
            Self::BudgetSpent { max, .. } => (format!("{max} attempt(s) to this person went unanswered, all that is allowed. Call later."), format!("此人已有 {max} 次未接，达到重试上限。请稍后再呼。")),
            Self::DoNotCallListStale { age_days, max_days } => (format!("The do-not-call list is {age_days} days old; {max_days} are allowed. Import a new one."), format!("拒呼名单已 {age_days} 天未更新，上限 {max_days} 天。请导入新名单。")),
            Self::RecordingSpace { free_mib, needed_mib } => (format!("{free_mib} MiB are free for recordings; {needed_mib} MiB are needed. Make room."), format!("录音空间仅剩 {free_mib} MiB，至少需要 {needed_mib} MiB。请清理空间。")),
            Self::OutsideHours { .. } => said("It is outside the calling hours. The call waits for the next window.", "当前不在允许外呼时段，将顺延至下一时段。"),
            Self::StatutoryHoliday { .. } => said("Today is a statutory holiday. The call waits for the next working day.", "今天是法定节假日，将顺延至下一个可外呼日。"),
            Self::Weekend { .. } => said("The policy makes no calls on weekends. The call waits for the next working day.", "策略设定周末不外呼，将顺延至下一个可外呼日。"),
            Self::Declined => said("This person declined to be called. Do not call again.", "此人已拒绝来电，请勿再呼。"),
            Self::Blacklisted => said("This number is on the blacklist. Do not call.", "该号码在黑名单中，请勿外呼。"),
            Self::OnDoNotCallList => said("This number is on the official do-not-call list. Do not call it for marketing.", "该号码在官方拒呼名单中，禁止营销外呼。"),
            Self::CampaignNotRunning => said("The campaign is not running. Start it first.", "任务未运行，请先启动任务。"),
            Self::ContactClosed => said("This contact is done with.", "该联系人已处理完毕。"),
            Self::PersonInCall => said("Somebody is calling this person now. Wait until that call has ended.", "正在与此人通话，请等待该通话结束。"),
            Self::ConsentMissing => said("There is no consent to marketing. Obtain it first.", "没有营销授权，请先取得授权。"),
            Self::ConsentWithdrawn => said("Consent was withdrawn. Do not call.", "授权已撤回，请勿外呼。"),
            Self::ConsentExpired { .. } => said("Consent has ended. Obtain it anew.", "授权已过期，请重新取得。"),
            Self::ConsentOtherPurpose => said("Consent was given for another purpose. Obtain it for this one.", "授权用途不符，请取得本用途的授权。"),
            Self::ConsentEvidenceBroken => said("The evidence of consent is missing or was changed. Enter the evidence again.", "授权凭证缺失或被改动，请重新录入凭证。"),
            Self::Minor => said("This person is a minor. Do not call for marketing.", "此人未成年，禁止营销外呼。"),
            Self::AgeUnknown => said("The age is not known. Have the source attest that the person is an adult.", "年龄未知，请由数据来源确认其已成年。"),
            Self::GuardianConsentMissing => said("The child is below 14 and no guardian agreed. Obtain the guardian's consent.", "儿童未满 14 周岁且无监护人同意，请取得监护人同意。"),
            Self::AnsweredByChild => said("A child answered an earlier call. Do not call for marketing.", "此前由儿童接听，禁止营销外呼。"),
            Self::OtherPurpose => said("The contact was imported for another purpose. It cannot be used in this campaign.", "该联系人是为其他用途导入的，不能用于本任务。"),
            Self::PurposeEmpty => said("The campaign declares no purpose. Declare it.", "任务未声明用途，请先声明。"),
            Self::PolicyInvalid => said("The policy lies outside its bounds. Have compliance correct it; until then nobody is called.", "策略超出允许范围。请合规部门更正，在此之前不会外呼。"),
            Self::ClockUnsynchronised => said("The clock is not synchronised. Have the time source checked.", "时钟未同步。请检查时间源。"),
            Self::NoCivilTime => said("The instant has no date in the zone. Have the clock checked.", "该时刻在时区内没有对应日期。请检查时钟。"),
            Self::HistoryTooLong => said("More attempts to this person are on record than can be. Have the counters checked.", "此人的呼叫记录异常过多。请检查计数。"),
            Self::ScriptNotApproved => said("The script is not approved. Submit it to compliance.", "话术未审核，请提交合规部门审核。"),
            Self::ScriptChanged => said("The script was changed after its approval. Have it approved again.", "话术在审核后被改动，请重新送审。"),
            Self::ScriptApprovedByAuthor => said("The author approved the script. Have somebody else approve it.", "话术由作者本人审核，请由他人审核。"),
            Self::ScriptExpired { .. } => said("The approval of the script has ended. Have it approved again.", "话术审核已过期，请重新送审。"),
            Self::CallerNotRegistered => said("The caller number is not registered for these lines. Register it or choose another.", "主叫号码未在该线路登记，请登记或更换号码。"),
            Self::CallerExpired { .. } => said("The registration of the caller number has ended. Renew it.", "主叫号码登记已过期，请续期。"),
            Self::RecorderNotReady => said("The recorder cannot start. Have it repaired.", "录音无法启动，请修复。"),
        }
    }
}
