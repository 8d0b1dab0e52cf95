//! Words of the calls.

crate::texts! {
    /// Words of the calls.
    pub struct Calls {
        title: "通话", "Calls";
        lede: "每通电话都附有拨号前的规则核对结果。查看明细会记入审计账本。", "Each call carries the proof of the rules checked before it. Looking at one is written into the ledger.";
        kind: "类型", "Kind";
        kind_open: "进行中", "In progress";
        kind_answered: "已接通", "Answered";
        kind_failed: "未接通", "Not answered";
        kind_opted_out: "已退订", "Opted out";
        kind_recorded: "有录音", "Recorded";
        kind_bad: "录音异常", "Recording is bad";
        all_campaigns: "全部活动", "All campaigns";
        of_agent: "坐席：{}", "Agent: {}";
        agent_any: "显示全部坐席", "Show all agents";
        only_agent: "只看该坐席", "Only this agent";
        empty_title: "还没有通话", "No call yet";
        empty_text: "活动开始外呼后，通话会出现在这里。", "Calls appear here once a campaign runs.";
        empty_action: "前往外呼活动", "To the campaigns";
        card_title: "通话 {}", "Call {}";
        course: "经过", "Course";
        decided: "规则核对通过，发出呼叫", "Rules passed, call placed";
        answered: "接通", "Answered";
        answered_after: "振铃 {}", "after {} of ringing";
        ended_after: "通话 {}", "after {} of talk";
        still_open: "通话进行中", "The call goes on";
        proof: "规则核对结果", "Proof of the gate";
        proof_lede: "拨号瞬间逐条核对，连同所依据名单的版本一并存证。", "Checked at the instant of dialling and kept with the version of each list it read.";
        rule: "规则", "Rule";
        result: "结果", "Result";
        passed: "通过", "Passed";
        stopped: "未通过", "Forbidden";
        why: "说明", "Why";
        version: "依据版本", "Input version";
        facts: "通话信息", "About the call";
        batch: "名单批次", "Batch";
        batch_number: "第 {} 批", "Batch {}";
        trunk: "中继", "Trunk";
        caller_number: "主叫号码", "Caller number";
        disposition: "处理结果", "Wrap-up";
        note: "坐席备注", "Agent's note";
        recorded: "录音时长", "Recorded";
        gaps: "缺失", "Missing";
        gaps_both: "客户侧 {}，坐席侧 {}", "customer {}, agent {}";
        hear: "收听录音", "Hear the recording";
        hear_why: "收听前需说明目的，并记入审计账本。", "The purpose is asked first and written into the ledger.";
        may_not_hear: "您的角色不能收听录音。", "Your role may not hear recordings.";
        milliseconds: "{} 毫秒", "{} ms";
    }
}
