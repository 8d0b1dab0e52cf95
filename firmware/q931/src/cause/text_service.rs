//! What causes 49 to 127 mean and what to do: services, protocol errors, interworking.
//!
//! A table alone; the lookup stands in `text`.

use super::text::{Row, row};

/// Values 49 to 127.
pub(super) const SERVICE_TEXTS: &[Row] = &[
    row(
        49,
        ["无法提供所要求的服务质量。", "稍后重试或联系运营商。"],
        ["The quality of service asked for is not available.", "Try later or ask the carrier."],
    ),
    row(
        50,
        ["所请求的业务未开通。", "请运营商为该线路开通，例如主叫号码传送。"],
        [
            "The service asked for is not subscribed.",
            "Have the carrier enable it, for instance caller numbers.",
        ],
    ),
    row(
        53,
        ["闭合用户群内限制呼出。", "请运营商检查闭合用户群设置。"],
        ["Outgoing calls are barred in the closed user group.", "Have the carrier check the group."],
    ),
    row(
        55,
        ["闭合用户群内限制呼入。", "请运营商检查闭合用户群设置。"],
        ["Incoming calls are barred in the closed user group.", "Have the carrier check the group."],
    ),
    row(
        57,
        ["该线路无权使用所请求的承载能力。", "请运营商开通语音承载能力。"],
        ["The line may not use this bearer capability.", "Have the carrier allow speech on this line."],
    ),
    row(
        58,
        ["所请求的承载能力暂不可用。", "稍后重试；持续出现时联系运营商。"],
        ["The bearer capability is not available now.", "Try later; if it lasts, ask the carrier."],
    ),
    row(
        62,
        ["呼出接入信息与用户类别不一致。", "请运营商核对线路签约信息。"],
        ["Access information and subscriber class disagree.", "Have the carrier check the subscription."],
    ),
    row(
        63,
        ["业务不可用，未说明原因。", "联系运营商核对签约业务。"],
        ["A service is not available.", "Ask the carrier what the line is subscribed to."],
    ),
    row(
        65,
        ["对端不支持所请求的承载能力。", "将承载能力改为语音或 3.1 kHz 音频。"],
        [
            "The bearer capability is not implemented.",
            "Set the bearer capability to speech or 3.1 kHz audio.",
        ],
    ),
    row(
        66,
        ["对端不支持该信道类型。", "核对两端的信道类型（B 信道）设置。"],
        ["The channel type is not implemented.", "Check that both ends use B channels."],
    ),
    row(
        69,
        ["对端不支持所请求的业务。", "关闭该业务或联系运营商。"],
        ["The facility asked for is not implemented.", "Turn it off or ask the carrier."],
    ),
    row(
        70,
        ["只能提供受限数字承载。", "将承载能力改为语音。"],
        ["Only restricted digital information can be carried.", "Set the bearer capability to speech."],
    ),
    row(
        79,
        ["业务未实现，未说明原因。", "联系运营商。"],
        ["A service is not implemented.", "Ask the carrier."],
    ),
    row(
        81,
        ["呼叫参考值无效。", "两端状态不一致；频繁出现时保存 D 信道跟踪。"],
        [
            "The call reference is not in use.",
            "Both ends disagree; if it is frequent, keep a trace of the D channel.",
        ],
    ),
    row(
        82,
        ["指定的信道不存在。", "核对两端的时隙数量和编号方式。"],
        ["The channel does not exist.", "Compare timeslots and their numbering on both ends."],
    ),
    row(
        83,
        ["有暂停的呼叫，但呼叫标识不符。", "无需处理。"],
        ["A call is suspended, but under another identity.", "Nothing to do."],
    ),
    row(84, ["呼叫标识已被使用。", "无需处理。"], ["The call identity is in use.", "Nothing to do."]),
    row(85, ["没有暂停的呼叫。", "无需处理。"], ["No call is suspended.", "Nothing to do."]),
    row(
        86,
        ["要恢复的呼叫已被释放。", "无需处理。"],
        ["The suspended call has been cleared.", "Nothing to do."],
    ),
    row(
        87,
        ["用户不是闭合用户群成员。", "请运营商检查闭合用户群设置。"],
        ["The user is not a member of the closed user group.", "Have the carrier check the group."],
    ),
    row(
        88,
        ["被叫终端与呼叫不兼容（可能是数据线路）。", "核对号码；检查承载能力设置。"],
        [
            "The callee's terminal cannot take this call.",
            "Check the number: it may be a data line. Check the bearer capability.",
        ],
    ),
    row(
        90,
        ["闭合用户群不存在。", "请运营商检查闭合用户群设置。"],
        ["The closed user group does not exist.", "Have the carrier check the group."],
    ),
    row(
        91,
        ["转接网络选择无效。", "检查转接网络设置。"],
        ["The transit network selection is invalid.", "Check the transit network setting."],
    ),
    row(
        95,
        ["消息无效，未说明原因。", "保存 D 信道跟踪并联系技术支持。"],
        ["A message was invalid.", "Keep a trace of the D channel and ask support."],
    ),
    row(
        96,
        ["消息缺少必备的信息单元。", "保存 D 信道跟踪；核对协议类型设置。"],
        [
            "A message lacks a mandatory element.",
            "Keep a trace of the D channel; check the protocol variant.",
        ],
    ),
    row(
        97,
        ["对端不认识该消息类型。", "核对协议类型设置；需要时保存跟踪。"],
        [
            "The other end does not know a message type.",
            "Check the protocol variant; keep a trace if needed.",
        ],
    ),
    row(
        98,
        ["消息与呼叫状态不符或未实现。", "保存 D 信道跟踪并联系技术支持。"],
        [
            "A message does not fit the call's state or is not known.",
            "Keep a trace of the D channel and ask support.",
        ],
    ),
    row(
        99,
        ["对端不认识某个信息单元。", "通话一般不受影响；核对协议类型设置。"],
        ["The other end does not know an element.", "The call usually goes on; check the protocol variant."],
    ),
    row(
        100,
        ["信息单元内容无效。", "核对主叫号码格式和承载能力设置；保存跟踪。"],
        [
            "An element's contents are invalid.",
            "Check caller number format and bearer capability; keep a trace.",
        ],
    ),
    row(
        101,
        ["消息与呼叫状态不符。", "两端状态不一致；频繁出现时保存跟踪。"],
        ["A message does not fit the call's state.", "Both ends disagree; if it is frequent, keep a trace."],
    ),
    row(
        102,
        ["定时器超时后恢复。", "对端没有按时应答；检查线路质量并保存跟踪。"],
        [
            "A timer expired.",
            "The other end did not answer in time; check the line's quality and keep a trace.",
        ],
    ),
    row(
        103,
        ["不认识的参数被透传。", "无需处理。"],
        ["An unknown parameter was passed on.", "Nothing to do."],
    ),
    row(
        110,
        ["含不认识参数的消息被丢弃。", "联系运营商检查互通设置。"],
        ["A message with an unknown parameter was discarded.", "Have the carrier check interworking."],
    ),
    row(
        111,
        ["协议错误，未说明原因。", "核对协议类型设置并保存 D 信道跟踪。"],
        ["A protocol error.", "Check the protocol variant and keep a trace of the D channel."],
    ),
    row(
        127,
        ["与其他网络互通时释放，原因不明。", "无需处理；频繁出现时询问运营商。"],
        [
            "Another network ended the call and gave no reason.",
            "Nothing to do; if it is frequent, ask the carrier.",
        ],
    ),
];
