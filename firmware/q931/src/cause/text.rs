//! What a cause means and what to do about it, in Chinese and English: values 1 to 47, and the lookup.
//!
//! It speaks to the operator of the box, not to callees. Values above 47 stand in `text_service`.

use super::CauseValue;
use super::text_service::SERVICE_TEXTS;

/// A cause in plain language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CauseText {
    /// 含义。
    pub meaning_zh: &'static str,
    /// 处理办法。
    pub advice_zh: &'static str,
    /// What it means.
    pub meaning_en: &'static str,
    /// What to do.
    pub advice_en: &'static str,
}

/// A row of the tables: the code and its text.
pub(super) type Row = (u8, CauseText);

pub(super) const fn row(code: u8, zh: [&'static str; 2], en: [&'static str; 2]) -> Row {
    let [meaning_zh, advice_zh] = zh;
    let [meaning_en, advice_en] = en;
    (code, CauseText { meaning_zh, advice_zh, meaning_en, advice_en })
}

impl CauseValue {
    /// What it means and what to do. A value without a name reads as its class does (Q.850 2.2.5).
    #[must_use]
    pub fn text(self) -> CauseText {
        let code = self.class().code();
        let found = CALL_TEXTS.iter().chain(SERVICE_TEXTS).find(|(of, _)| *of == code);
        found.map_or(UNKNOWN, |(_, text)| *text)
    }
}

/// Read only if a row were missing, which a test forbids.
const UNKNOWN: CauseText = CauseText {
    meaning_zh: "未知原因。",
    advice_zh: "保存 D 信道跟踪并联系运营商。",
    meaning_en: "Unknown cause.",
    advice_en: "Keep a trace of the D channel and ask the carrier.",
};

/// Values 1 to 47: what happened to the call, and what the network lacked.
pub(super) const CALL_TEXTS: &[Row] = &[
    row(
        1,
        ["被叫号码未分配（空号）。", "从名单中更正或删除该号码。"],
        ["The number is not assigned to anybody.", "Correct the number or remove it from the list."],
    ),
    row(
        2,
        ["找不到指定的转接网络。", "请运营商核对长途接入码和转接网络设置。"],
        [
            "The transit network asked for is not known.",
            "Have the carrier check the transit network setting.",
        ],
    ),
    row(
        3,
        ["网络没有到被叫号码的路由。", "核对拨号前缀；仍有问题时请运营商检查路由。"],
        [
            "The network has no route to the number.",
            "Check the dialling prefix, then ask the carrier about routing.",
        ],
    ),
    row(
        4,
        ["被叫长期不可达，网络送特殊信息音。", "核对号码；多次出现时从名单中删除。"],
        [
            "The number cannot be reached for a lasting reason.",
            "Check the number; remove it if this repeats.",
        ],
    ),
    row(
        5,
        ["拨号前缀有误。", "检查线路组的出局前缀设置。"],
        ["A trunk prefix was dialled that is not needed here.", "Check the line group's dialling prefix."],
    ),
    row(
        6,
        ["对端不接受所选信道。", "核对两端的信道编号和选择方向是否一致。"],
        [
            "The other end does not accept the channel.",
            "Compare channel numbering and selection on both ends.",
        ],
    ),
    row(
        7,
        ["呼叫在已建立的信道上送达。", "无需处理。"],
        ["The call is delivered in a channel that is already up.", "Nothing to do."],
    ),
    row(
        8,
        ["呼叫被更高优先级的呼叫抢占。", "稍后重试；频繁出现请联系运营商。"],
        ["A call of higher priority took the circuit.", "Try later; if it repeats, ask the carrier."],
    ),
    row(
        9,
        ["电路被抢占并保留他用。", "稍后重试；频繁出现请联系运营商。"],
        ["The circuit was taken and kept for other use.", "Try later; if it repeats, ask the carrier."],
    ),
    row(
        14,
        ["号码已携号转网，需重新选路。", "请运营商开通携号转网号码的路由。"],
        ["The number was ported and must be routed anew.", "Ask the carrier to route ported numbers."],
    ),
    row(16, ["正常挂机。", "无需处理。"], ["Somebody hung up.", "Nothing to do."]),
    row(
        17,
        ["被叫忙。", "系统按重拨规则稍后再拨。"],
        ["The callee is busy.", "The box dials again as the campaign's rules say."],
    ),
    row(
        18,
        ["被叫终端无响应。", "稍后重试；对方可能关机或不在服务区。"],
        ["The callee's phone does not respond.", "Try later: it may be off or out of coverage."],
    ),
    row(
        19,
        ["振铃后无人接听。", "系统按重拨规则稍后再拨。"],
        ["It rang and nobody answered.", "The box dials again as the campaign's rules say."],
    ),
    row(
        20,
        ["用户不在服务区或已关机。", "稍后重试。"],
        ["The subscriber is off or out of coverage.", "Try later."],
    ),
    row(
        21,
        ["被叫拒接。", "系统不再拨打该号码。"],
        ["The callee declined.", "The box does not call this number again."],
    ),
    row(
        22,
        ["被叫号码已变更。", "向客户核实新号码后更新名单。"],
        ["The number has changed.", "Ask the customer for the new number and update the list."],
    ),
    row(
        23,
        ["呼叫被改向新的目的地。", "向客户核实号码；需要时联系运营商。"],
        ["The call is sent to a new destination.", "Check the number; ask the carrier if needed."],
    ),
    row(
        24,
        ["被叫设置了拒接功能。", "系统不再拨打该号码。"],
        ["A feature of the callee's line rejects the call.", "The box does not call this number again."],
    ),
    row(
        25,
        ["交换机路由出错（可能成环）。", "联系运营商检查路由。"],
        ["An exchange routed wrongly, perhaps in a loop.", "Ask the carrier to check routing."],
    ),
    row(
        26,
        ["来话由另一终端接听，本端释放。", "无需处理。"],
        ["Another terminal took the incoming call.", "Nothing to do."],
    ),
    row(
        27,
        ["被叫线路故障。", "稍后重试；多次出现时更换联系方式。"],
        ["The callee's line is out of order.", "Try later; if it repeats, use another number."],
    ),
    row(
        28,
        ["号码格式不对或位数不全。", "核对号码位数、区号和号码类型设置。"],
        [
            "The number is malformed or incomplete.",
            "Check its length, the area code and the type of number setting.",
        ],
    ),
    row(
        29,
        ["网络拒绝了所请求的附加业务。", "请运营商确认该业务是否开通。"],
        ["The network refuses a supplementary service.", "Ask the carrier whether it is subscribed."],
    ),
    row(30, ["对状态查询的应答。", "无需处理。"], ["The answer to a status enquiry.", "Nothing to do."]),
    row(
        31,
        ["正常释放，未说明原因。", "无需处理；频繁出现时保存跟踪并询问运营商。"],
        [
            "Cleared normally, no reason given.",
            "Nothing to do; if it is frequent, ask the carrier with a trace.",
        ],
    ),
    row(
        34,
        ["没有空闲电路或信道。", "减少并发或增加线路；检查是否有闭塞的时隙。"],
        ["No circuit or channel is free.", "Dial less at once or add lines; look for blocked timeslots."],
    ),
    row(
        38,
        ["网络故障。", "联系运营商报修；期间可改用其他线路组。"],
        ["The network is out of order.", "Report it to the carrier; use another line group meanwhile."],
    ),
    row(
        39,
        ["永久帧方式连接中断。", "联系运营商。"],
        ["A permanent frame mode connection is out of service.", "Ask the carrier."],
    ),
    row(
        40,
        ["永久帧方式连接正常。", "无需处理。"],
        ["A permanent frame mode connection is operational.", "Nothing to do."],
    ),
    row(
        41,
        ["网络临时故障。", "稍后重试；持续出现时报修。"],
        ["The network failed for a moment.", "Try later; if it lasts, report it."],
    ),
    row(
        42,
        ["交换设备拥塞。", "降低拨号速率，稍后重试。"],
        ["The exchange is congested.", "Dial more slowly and try later."],
    ),
    row(
        43,
        ["部分接入信息被网络丢弃。", "通话不受影响；需要时请运营商检查。"],
        ["The network dropped some access information.", "The call goes on; ask the carrier if needed."],
    ),
    row(
        44,
        ["所请求的信道不可用。", "核对时隙状态；两端不一致时重启该信道。"],
        ["The channel asked for is not available.", "Check the timeslot; restart it if both ends disagree."],
    ),
    row(46, ["优先呼叫被阻塞。", "稍后重试。"], ["A call with precedence is blocked.", "Try later."]),
    row(
        47,
        ["资源不可用，未说明原因。", "稍后重试；持续出现时联系运营商。"],
        ["A resource is not available.", "Try later; if it lasts, ask the carrier."],
    ),
];
