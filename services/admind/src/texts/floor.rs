//! The floor: live calls, agents, campaigns, trunks.

crate::texts! {
    /// The floor.
    pub struct Floor {
        title: "现场", "Floor";
        lede: "每秒更新；不显示客户号码。", "Updated each second; shows no customer numbers.";
        live_calls: "进行中的通话", "Live calls";
        agents_in: "在岗坐席", "Agents in";
        agents_talking: "通话中", "Talking";
        agents_wrap_up: "待填小结", "Wrap-up";
        answer_rate: "今日接通率", "Answered today";
        answer_note: "呼出 {}，接通 {}", "{} placed, {} answered";
        opted_out: "今日退订", "Opted out today";
        agents: "坐席", "Agents";
        agent: "坐席", "Agent";
        state: "状态", "State";
        since: "时长", "For";
        phone: "话机", "Phone";
        agents_none: "暂无坐席", "No agents yet";
        agents_none_text: "坐席签入后会显示在这里。", "Agents appear here once they sign in to their desks.";
        calls: "通话", "Calls";
        call: "编号", "Call";
        campaign: "外呼活动", "Campaign";
        calls_none: "当前没有通话", "No call now";
        calls_none_text: "活动运行且在允许时段内，通话会显示在这里。", "Calls appear here while a campaign runs within calling hours.";
        calls_more: "另有 {} 通未列出", "{} more are not listed";
        campaigns: "外呼活动", "Campaigns";
        campaigns_none: "没有正在运行的活动", "No campaign is running";
        campaigns_none_text: "活动开始后，进度会显示在这里。", "Progress appears here once a campaign is started.";
        progress: "进度", "Progress";
        progress_text: "{} / {}", "{} of {}";
        open: "进行中", "Now";
        hold: "{} 后继续", "goes on after {}";
        trunks: "中继", "Trunks";
        trunk: "中继", "Trunk";
        load: "占用", "In use";
    }
}
