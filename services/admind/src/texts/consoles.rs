//! Words of the recorded sessions of the serial console.

crate::texts! {
    /// Words of the recorded sessions of the serial console.
    pub struct Consoles {
        nav: "控制台会话", "Console sessions";
        title: "控制台会话", "Console sessions";
        lede: "技术员在串口控制台上的每次会话均全程录制：屏幕与按键、工单、起止时间。录制加密保存，每次查看都记入账本。", "Every session of a technician at the serial console is recorded: screen, keys, ticket, begin and end. It is stored encrypted, and every look is an entry of the ledger.";
        ticket: "工单号", "Ticket";
        technician: "技术员", "Technician";
        began: "开始", "Began";
        length: "录制时长", "Recorded";
        state: "状态", "State";
        running: "进行中", "Going on";
        ended: "已结束", "Ended";
        watch: "实时查看", "Watch";
        look: "查看", "Look";
        empty_title: "没有控制台会话", "No session of the console";
        empty_text: "技术员凭工单在串口控制台登录后，会话出现在这里。", "Once a technician signs in at the serial console for a ticket, the session is here.";
        older: "更早", "Older";
        newest: "最新", "Newest";
        pager: "分页", "Pages";
        shown: "显示 {} 个会话", "{} sessions shown";
        one: "控制台会话 {}", "Console session {}";
        closed: "录制关闭", "Recording closed";
        size: "大小", "Size";
        hash: "SHA-256", "SHA-256";
        live: "当前屏幕", "The screen now";
        live_lede: "约两秒内更新。", "It follows within about two seconds.";
        cut: "立即终止会话", "End the session now";
        cut_ask: "立即终止该控制台会话？", "End this session of the console now?";
        cut_more: "技术员会在两秒内被退出，并看到提示。", "The technician is signed out within two seconds and told so.";
        cut_done: "会话已终止。", "The session was ended.";
        player: "回放", "Replay";
        play: "播放", "Play";
        pause: "暂停", "Pause";
        step: "下一步", "Next event";
        again: "从头", "From the begin";
        speed: "速度", "Speed";
        place: "位置", "Place";
        keys: "按键", "Keys";
        broken: "录制无法读取，请刷新页面重试。", "The recording cannot be read. Load the page again.";
        needs_script: "回放需要脚本；下方文字版不需要。", "The replay needs scripts; the text below does not.";
        steps: "逐步文字版", "Step by step, as text";
        steps_lede: "每一步：键入的内容，以及随后屏幕的内容。", "Each step: what was typed, and what stood on the screen after it.";
        typed: "键入：{}", "Typed: {}";
        begin: "登录后的屏幕", "The screen after the sign-in";
        screen_of: "第 {} 步之后的屏幕", "The screen after step {}";
        more_steps: "更多步骤", "More steps";
        first_steps: "最初的步骤", "First steps";
        step_count: "共 {} 步", "{} steps";
        unreadable: "录制内容不是可读的格式：{}", "The recording is of no format that can be read: {}";
        nothing: "此会话没有录制内容。", "Nothing of this session was recorded.";
    }
}
