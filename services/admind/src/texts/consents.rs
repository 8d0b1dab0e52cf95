//! Words of contacts and their consents.

crate::texts! {
    /// Words of contacts and their consents.
    pub struct Consents {
        title: "联系人与授权", "Contacts and consents";
        lede: "营销外呼前必须有有效授权；没有记录即视为未同意。", "No marketing call without a good consent; silence is refusal.";
        batch_title: "批次 {}：联系人与授权", "Batch {}: contacts and consents";
        choose_title: "选择名单", "Choose a list";
        choose_text: "查看联系人会记入审计账本。", "Looking at contacts is recorded in the ledger.";
        choose: "查看联系人", "Show contacts";
        go: "前往", "Go";
        batch_number: "批次号", "Batch number";
        batch_bad: "请输入批次号", "Give the number of a batch";
        none_title: "还没有名单", "No lists yet";
        none_text: "名单导入后，可在这里核对每位联系人的授权。", "Once a list is imported, the consent of each contact can be checked here.";
        to_contacts: "前往名单与导入", "Contacts and import";
        change_batch: "更换名单", "Another list";
        filter: "筛选联系人", "Which contacts";
        only_all: "全部", "All";
        only_consented: "授权有效", "With consent";
        only_unconsented: "无有效授权", "Without consent";
        only_blocked: "禁呼", "Not to be called";
        table: "联系人", "Contacts";
        row: "序号", "No.";
        contact: "联系人", "Contact";
        business: "业务", "Business";
        consent: "授权", "Consent";
        evidence: "凭证", "Evidence";
        calls: "可否外呼", "May be called";
        attempts: "近 7 天拨打", "Calls, 7 d";
        from_to: "{} 至 {}", "{} to {}";
        given: "{} 起", "from {}";
        until: "{} 到期", "until {}";
        state_none: "无授权记录", "No consent";
        state_good: "有效", "Good";
        state_expired: "已过期", "Expired";
        state_other_purpose: "用途不符", "Other purpose";
        state_no_evidence: "缺少凭证", "No evidence";
        state_withdrawn: "已撤回", "Withdrawn";
        channel_ticked: "勾选协议", "Ticked agreement";
        channel_voice: "语音确认", "Voice";
        channel_paper: "纸质", "Paper";
        callable: "未列入禁呼", "On no list";
        empty_title: "没有这样的联系人", "No such contacts";
        empty_text: "此名单中没有符合筛选条件的联系人。", "No contact of this list fits the filter.";
        empty_all: "显示全部联系人", "Show all contacts";
        cut_title: "本段没有符合条件的联系人", "None in this part";
        cut_text: "已检查到第 {} 行，后面还有。", "Checked up to row {}; there is more.";
        cut_next: "继续查找", "Go on";
        shown: "本页 {} 人，名单共 {} 人", "{} on this page, {} in the list";
        first: "从头", "From the start";
        next: "后面", "Next";
        pages: "联系人翻页", "Pages of contacts";
    }
}
