//! Every word of the console, Chinese and English side by side. English is ASCII, for terminals that show nothing else.

/// A language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lang {
    /// Chinese.
    Zh,
    /// English.
    En,
}

macro_rules! words {
    ($($name:ident : $zh:literal, $en:literal;)*) => {
        /// The words of one language.
        #[derive(Debug, Clone, Copy)]
        pub struct Words { $(#[doc = $en] pub $name: &'static str),* }

        /// Chinese.
        pub static ZH: Words = Words { $($name: $zh),* };
        /// English.
        pub static EN: Words = Words { $($name: $en),* };
        /// Each word by its name, for tests.
        pub const ALL: &[(&str, &str, &str)] = &[$((stringify!($name), $zh, $en)),*];
    };
}

/// The words of a language.
#[must_use]
pub const fn words(lang: Lang) -> &'static Words {
    match lang {
        Lang::Zh => &ZH,
        Lang::En => &EN,
    }
}

/// A text with its gaps (`{}`) filled in order.
#[must_use]
pub fn fill(text: &str, values: &[&str]) -> String {
    let mut parts = text.split("{}");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for (at, part) in parts.enumerate() {
        out.push_str(values.get(at).copied().unwrap_or_default());
        out.push_str(part);
    }
    out
}

words! {
    console: "串口控制台", "Serial console";
    development: "开发版本：不得用于生产", "DEVELOPMENT VARIANT: NOT FOR PRODUCTION";
    blank_title: "待认领", "To be claimed";
    blank_1: "用浏览器打开下列地址，核对证书指纹，输入认领码。", "Open an address in a browser, compare the fingerprint, type the claim code.";
    tpm_kept: "上次恢复出厂未能清除 TPM。", "The factory reset before did not clear the TPM.";
    tpm_kept_next: "认领前请在固件设置中清除 TPM，再用安装盘重装。", "Clear it in the firmware's setup and install anew, before the claim.";
    owner: "单位", "Company";
    version: "版本", "Version";
    address: "地址", "Address";
    no_address: "尚无地址：请检查网线与 DHCP", "none yet: check the cable and DHCP";
    fingerprint: "证书指纹", "Fingerprint";
    no_fingerprint: "页面尚未就绪", "the page is not ready yet";
    claim_code: "认领码", "Claim code";
    starting: "正在启动，请稍候", "The box is starting. Wait a moment.";
    closed_1: "本控制台仅供现场技术员凭工单使用，全部操作记入审计账本。", "For field technicians with a service ticket. Every action is recorded.";
    sign_in: "登录", "Sign in";
    language: "English / 中文", "Language";
    mode: "切换显示方式", "Full screen / lines";
    redraw: "重新显示", "Show again";
    press_enter: "按回车键开始", "Press Enter to begin";
    ticket: "工单号", "Ticket number";
    login: "用户名", "Login";
    password: "密码", "Password";
    code: "动态码", "One-time code";
    bad_ticket: "工单号须为3至24个字母、数字或 - _ . / #", "A ticket number has 3 to 24 letters, digits or - _ . / #";
    bad_login: "请输入用户名", "Type your login";
    checking: "正在核对……", "Checking...";
    working: "请稍候……", "Working...";
    menu: "主菜单", "Menu";
    status: "状态", "Status";
    network: "网络", "Network";
    time: "时间", "Time";
    cards: "板卡与线路接口", "Cards and spans";
    trunks: "中继", "Trunks";
    end_session: "结束会话", "End session";
    back: "返回", "Back";
    ended: "会话已结束。", "The session has ended.";
    ended_idle: "5分钟无操作，会话已自动结束。", "Nothing was typed for 5 minutes: the session was ended.";
    ended_limit: "已满60分钟，会话已自动结束。", "60 minutes are over: the session was ended.";
    ended_outside: "会话已被结束，请重新登录。", "The session was ended. Sign in again.";
    ended_unrecorded: "会话无法录制，已自动结束。", "The session could not be recorded: it was ended.";
    ended_full: "会话录制已满，已自动结束，请重新登录。", "The recording of the session is full: it was ended. Sign in again.";
    recorded_1: "会话的屏幕与按键全程录制，可在网页上实时查看和终止。", "Screen and keys are recorded; the session can be watched and ended from the page.";
    lost: "记录进程未连接，操作可能未执行。", "The records process cannot be reached; this may not have been done.";
    left: "剩余 {} 分钟", "{} min left";
    processes: "进程", "Processes";
    alarms: "告警", "Alarms";
    no_alarms: "无告警", "no alarm";
    no_health: "监护进程没有报告", "the supervisor does not report";
    restarts: "重启 {} 次", "restarted {} times";
    ready: "正常", "ready";
    starting_state: "启动中", "starting";
    degraded: "降级", "degraded";
    draining: "收尾中", "draining";
    unreachable: "无响应", "unreachable";
    uptime: "运行时间", "Running for";
    storage: "录音空间", "Recording space";
    storage_of: "剩余 {} / 共 {}", "{} free of {}";
    ledger: "审计账本", "Ledger";
    ledger_of: "{} 条，已签名至 {}", "{} entries, signed up to {}";
    tpm: "TPM", "TPM";
    calls: "当前通话", "Calls now";
    attention: "需要处理", "Needs attention";
    network_hint: "网络设置请在网页上更改。", "The network is set on the page.";
    now: "现在", "Now";
    zone: "时区", "Zone";
    synchronised: "时钟已同步", "the clock is synchronised";
    not_synchronised: "时钟未同步：不外呼", "the clock is NOT synchronised: no call is placed";
    clock: "时钟", "Clock";
    hours: "外呼时段", "Calling hours";
    open_now: "可外呼", "open";
    closed_now: "不可外呼", "closed";
    until: "至", "until";
    no_trunks: "没有中继。", "There is no trunk.";
    up: "正常", "up";
    down: "不可用", "DOWN";
    unknown: "未知", "unknown";
    refused: "注册被拒", "refused";
    disabled: "已停用", "off";
    since: "自", "since";
    no_spans: "没有线路接口。", "There is no span.";
    which_span: "接口编号（空：返回）", "Span number (empty: back)";
    no_such_span: "没有此接口。", "There is no such span.";
    span: "接口", "Span";
    place: "位置", "Place";
    state: "状态", "State";
    clear: "无告警", "no alarm";
    los: "LOS 信号丢失", "LOS signal lost";
    red: "RED 帧失步", "RED frame lost";
    blue: "BLUE 告警指示", "BLUE all ones (AIS)";
    yellow: "YELLOW 对端告警", "YELLOW far end (RAI)";
    recovering: "恢复观察中", "recovering";
    looped: "环回中", "looped";
    not_open: "未打开", "not open";
    silent: "无报告", "nobody reports";
    link: "数据链路", "Data link";
    link_none: "无", "none";
    link_down: "断开", "down";
    link_establishing: "建立中", "coming up";
    link_up: "正常", "up";
    counters: "计数", "Counters";
    slots: "时隙", "Timeslots";
    slots_calls: ". 未用  S 信令  - 空闲  d 拨号  r 振铃  C 通话  c 拆线", ". unused  S signalling  - idle  d dialling  r ringing  C call  c clearing";
    slots_work: "B 本端闭塞  P 对端闭塞  R 复位  T 测试  x 未接线", "B blocked  P blocked by peer  R restarting  T test  x not connected";
    test: "测试", "Test";
    no_test: "无", "none";
    loop_local: "本端环回", "local loop";
    loop_network: "线路侧环回", "network loop";
    loop_payload: "净荷环回", "payload loop";
    bert_of: "时隙 {} {} {}，{} 秒，{} 比特，误码 {}", "slot {} {} {}, {} s, {} bits, {} errors";
    synced: "已同步", "in sync";
    not_synced: "未同步", "NOT in sync";
    trace: "跟踪", "Trace";
    traces: "跟踪文件", "Trace files";
    trace_runs: "进行中，{} 帧", "runs, {} frames";
    frames: "{} 帧", "{} frames";
    block: "闭塞时隙", "Block slot";
    unblock: "解除闭塞", "Unblock slot";
    restart_slot: "复位时隙", "Restart slot";
    restart_span: "复位接口", "Restart span";
    start_trace: "开始跟踪", "Start trace";
    stop_trace: "停止跟踪", "Stop trace";
    close_loop: "环回", "Loop";
    start_bert: "误码测试", "Bit error test";
    bit_error: "插入误码", "Insert error";
    stop_test: "停止测试", "Stop test";
    handset: "听筒", "Handset";
    handset_listen: "监听（不占用线路）", "Listen (the line stays open)";
    handset_talk: "听与讲（占用线路，不能拨号）", "Listen and talk (seizes the line, cannot dial)";
    handset_limit: "最长 {} 秒，到时自动挂机。仅限无通话的线路。", "At most {} s, then it is hung up. Only on a line without a call.";
    handset_listens: "听筒监听 {}（[k] 挂机）", "the handset listens on {} ([k] hangs up)";
    handset_talks: "听筒通话 {}（[k] 挂机）", "the handset talks on {} ([k] hangs up)";
    handset_over: "{}：{} 秒，{}", "{}: {} s, {}";
    hung_up: "已挂机", "hung up";
    hung_up_limit: "到时自动挂机", "hung up at its limit";
    line_taken: "线路来铃或中断，已挂机", "the line rang or was lost";
    no_dial_tone: "无拨号音，未接通", "no dial tone: nothing was heard";
    handset_gone: "听筒设备不可用", "the handset's audio ended";
    history: "历史", "History";
    quality: "质量", "Quality";
    which_slot: "时隙 1-31（空：返回）", "Timeslot 1-31 (empty: back)";
    no_such_slot: "时隙须为1至31。", "A timeslot is 1 to 31.";
    which_loop: "选择环回", "Which loop";
    which_pattern: "时隙 {} 的码型", "Pattern on timeslot {}";
    sure_calls: "其上通话将立即结束。确定？", "Calls on it end at once. Sure?";
    sure_loop: "环回期间不能通话，数据链路会中断。确定？", "No call while looped, and the data link goes down. Sure?";
    yes: "是", "Yes";
    no: "否", "No";
    done: "已完成：{}", "Done: {}";
    no_history: "没有记录。", "Nothing yet.";
    older: "更早", "Older";
    trace_ended: "跟踪结束：{}，{} 帧", "trace ended: {}, {} frames";
    quality_head: "开始（每行一小时）     观测秒   ES     SES    UAS    滑码", "Begin (an hour a row)  seconds  ES     SES    UAS    slips";
    keys_full: "Ctrl-L 重显  Ctrl-T 行模式  Ctrl-G 语言  Esc 返回", "Ctrl-L redraw  Ctrl-T plain lines  Ctrl-G language  Esc back";
    more: "上下键翻页（第 {} / {} 页）", "Up/Down: more (page {} of {})";
    choose: "请选择后按回车", "Choose, then press Enter";
    no_choice: "没有此选项。", "There is no such choice.";
    appliance: "本机", "The box";
    no_helper: "系统助手服务未就绪", "the box's helper is not there";
    system: "系统", "System";
    none: "无", "none";
    runs: "运行中", "runs";
    good: "已通过自检", "good";
    tries_left: "试运行，剩余 {} 次启动", "on trial, {} starts left";
    protection: "保护", "Protection";
    secure_boot: "安全启动已启用", "Secure Boot is on";
    no_secure_boot: "安全启动未启用", "Secure Boot is OFF";
    data_sealed: "数据已由 TPM 密封", "data is sealed to this TPM";
    data_not_sealed: "数据未密封", "data is NOT sealed";
    order: "指令", "Order";
    update_ready: "待安装升级包", "Update stored";
    device: "设备编号", "Device number";
    reset_1: "销毁全部数据的密钥：客户资料、录音、账本、账号均不可恢复。", "Destroys the keys of all customer data, recordings, ledger and accounts.";
    reset_2: "本机将变为空白机，系统软件保留。", "The box starts as a blank one; its system stays.";
    reset_3: "须由两名密钥保管人（未设时：系统与安全管理员）24小时内在网页确认。", "Two custodians (or system and security admin) agree on the page within 24 h.";
    reset_type: "输入设备编号以下达（空：返回）", "Type the device number to order it (empty: back)";
    reset_other: "与本机设备编号不符，未下达。", "This is not this box's number: nothing was ordered.";
    reset_no_number: "本机无设备编号，不能在此下达。", "This box has no number: it cannot be ordered here.";
    install: "安装升级", "Install update";
    restart_box: "重启本机", "Restart box";
    power_off: "关机", "Power off";
    diagnostics: "诊断包", "Diagnostics";
    factory_reset: "恢复出厂", "Factory reset";
    sure_install: "通话结束后安装并重启；自检不过将自动回退。确定？", "Once calls are over it is installed and started; a bad one falls back. Sure?";
    sure_drain: "不再外呼，通话结束后执行。确定？", "Nothing is dialled any more; done once calls are over. Sure?";
    sure_diagnostics: "生成不含号码、姓名和密钥的诊断包，在网页下载。确定？", "A bundle without numbers, names or keys, fetched on the page. Sure?";
    waits_second: "等待其他人确认", "others must agree";
    draining_calls: "等待 {} 个通话结束", "{} calls still go on";
    finished: "已完成", "done";
    withdrawn: "已撤回", "taken back";
    no_bundle: "没有此升级包", "no such update";
    bad_signature: "签名无效", "not signed by this product";
    other_hardware: "适用于其他硬件", "made for other hardware";
    other_box: "加密给其他设备", "encrypted to another box";
    too_old: "版本过低", "too old";
    not_yet_good: "当前系统尚未通过自检", "the running system is on trial";
    box_busy: "另有指令执行中", "another order is under way";
    not_drained: "通话未在限时内结束", "calls were not over in time";
    system_refused: "系统拒绝", "the system refused";
    boot_first: "首次启动", "first start";
    boot_ordered: "按指令启动", "started as ordered";
    boot_updated: "升级后启动", "started after an update";
    boot_rolled_back: "已回退到此系统", "FELL BACK to this system";
    boot_unclean: "断电或看门狗后启动", "started after power loss or watchdog";
    found_bad: "自检未通过", "found bad";
    network_set: "网络已按设置生效", "network set";
    network_not_set: "网络设置未能生效", "network NOT set";
    days: "{} 天 {}", "{} d {}";
}

#[cfg(test)]
mod tests {
    use super::{ALL, fill};

    #[test]
    fn english_is_ascii_and_both_languages_have_every_word_and_the_same_gaps() {
        for (name, zh, en) in ALL {
            assert!(!zh.is_empty() && !en.is_empty(), "{name}");
            assert!(en.is_ascii(), "{name}: {en}");
            assert_eq!(zh.matches("{}").count(), en.matches("{}").count(), "{name}");
        }
    }

    #[test]
    fn gaps_are_filled_in_order_and_missing_values_leave_nothing() {
        assert_eq!(fill("{} of {}", &["1", "2"]), "1 of 2");
        assert_eq!(fill("{} of {}", &["1"]), "1 of ");
        assert_eq!(fill("none", &["1"]), "none");
    }

    #[test]
    fn no_word_is_there_for_nothing() {
        let sources = [
            include_str!("console.rs"),
            include_str!("terminal.rs"),
            include_str!("paint.rs"),
            include_str!("plain.rs"),
            include_str!("span_words.rs"),
            include_str!("pages/mod.rs"),
            include_str!("pages/answers.rs"),
            include_str!("pages/appliance.rs"),
            include_str!("pages/welcome.rs"),
            include_str!("pages/box_state.rs"),
            include_str!("pages/spans.rs"),
            include_str!("recording.rs"),
        ]
        .concat();
        for (name, ..) in ALL {
            let used =
                [format!("w.{name}"), format!("w().{name}")].iter().any(|use_of| sources.contains(use_of));
            assert!(used, "{name} is not used");
        }
    }
}
