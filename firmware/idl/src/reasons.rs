//! Why a trunk stands as it does, with what to do: English as it travels and is stored, Chinese beside it.

/// Each reason in both languages. A reason that is not here is shown as it came.
pub const REASONS: &[[&str; 2]] = &[
    ["not asked yet", "尚未检测"],
    ["answers", "应答正常"],
    ["overloaded or just back: watch it", "过载或刚恢复：请留意"],
    [
        "no answer: check network, firewall and the carrier's address",
        "无应答：请检查网络、防火墙及运营商地址",
    ],
    ["the carrier refuses our registration: check the account", "运营商拒绝注册：请检查账号"],
    ["switched off", "已停用"],
    ["the name has no address: check the name with the carrier", "域名没有地址：请与运营商核对域名"],
    [
        "the name server does not answer: check it, or give the trunk by its address",
        "域名服务器无应答：请检查域名服务器，或改用 IP 地址设置中继",
    ],
    [
        "no name server can be asked: set one, or give the trunk by its address",
        "没有可用的域名服务器：请设置域名服务器，或改用 IP 地址设置中继",
    ],
    ["ready", "就绪"],
    ["not used for calls", "未用于呼叫"],
    ["the channels are being restarted", "信道正在重启"],
    ["the card is not there: check card and driver", "未找到板卡：请检查板卡及驱动"],
    ["loss of signal: check the cable", "信号丢失：请检查线缆"],
    [
        "AIS: the carrier's equipment sends all ones; call the carrier",
        "AIS 告警：运营商设备发送全“1”，请联系运营商",
    ],
    [
        "loss of frame: check coding, framing and CRC-4 with the carrier",
        "帧失步：请与运营商核对线路码、帧格式及 CRC-4",
    ],
    ["the far side does not receive us: check our transmit pair", "对端收不到本端信号：请检查发送线对"],
    ["the signal is back and is being watched", "信号已恢复，正在观察"],
    ["a loop is closed for a test: open it", "测试环回未断开：请断开环回"],
    [
        "no data link on the D channel: check side (user or network) and the carrier",
        "D 信道数据链路未建立：请检查用户侧/网络侧设置并联系运营商",
    ],
    ["no line is plugged in: check the cables to the exchange", "未接入外线：请检查至交换机的线缆"],
    ["every line is blocked: unblock one", "全部外线已闭塞：请解除其中一条"],
    ["only agents' telephones: no line to the exchange", "仅有坐席话机：没有至交换机的外线"],
];

/// The reason in Chinese, or as it came.
#[must_use]
pub fn chinese(english: &str) -> &str {
    REASONS.iter().find(|[known, _]| *known == english).map_or(english, |[_, chinese]| chinese)
}
