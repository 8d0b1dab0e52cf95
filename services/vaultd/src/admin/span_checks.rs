//! What a span may be set to. Each refusal names the field and says what to do.
//!
//! Whether the card can do it is known only to `lined`; what it told of the span is used where it is there.

use super::{Refusal, text_within};
use crate::state::{State, is_span, telephones};
use idl::admin::Role;
use idl::spans::{
    D_CHANNEL, E1_TIMESLOTS, Framing, MAX_SPANS, PortConfig, PortKind, PriConfig, SpanConfig, SpanPurpose,
    SpanStatus,
};
use std::collections::BTreeSet;
use vocab::{AgentId, PersonId, Timeslot};

/// Checks a span against the site; `status` is what `lined` last told of it.
pub(super) fn check_span(
    state: &State,
    config: &SpanConfig,
    status: Option<&SpanStatus>,
) -> Result<(), Refusal> {
    if !is_span(config.span) {
        return Err(Refusal::new(
            "span-number",
            format!("Span: choose a number from 1 to {MAX_SPANS}, as the board counts."),
            format!("线路接口编号：请填1至{MAX_SPANS}，与板卡编号一致。"),
        ));
    }
    if text_within(&config.name, MAX_NAME_CHARS).is_err() {
        return Err(Refusal::new(
            "span-name",
            format!("Name: enter 1 to {MAX_NAME_CHARS} characters."),
            format!("名称：请填1至{MAX_NAME_CHARS}个字符。"),
        ));
    }
    check_trunk(state, config)?;
    let e1 = status.map(|status| status.is_e1);
    match &config.purpose {
        SpanPurpose::Off => {}
        SpanPurpose::Pri(pri) => check_pri(config, pri, e1)?,
        SpanPurpose::Ports(ports) => check_ports(state, config, ports, e1)?,
    }
    check_timing(state, config, e1)
}

fn check_trunk(state: &State, config: &SpanConfig) -> Result<(), Refusal> {
    let other = |known: &&SpanConfig| known.trunk == config.trunk && known.span != config.span;
    let taken = match (state.trunks.get(&config.trunk), state.cards.spans.values().find(other)) {
        (Some(sip), _) => Some(&sip.name),
        (None, Some(span)) => Some(&span.name),
        (None, None) => None,
    };
    if let Some(name) = taken {
        return Err(Refusal::new(
            "span-trunk",
            format!("Trunk: this one is \"{name}\" already. Leave it empty and the box gives one."),
            format!("中继编号：已被“{name}”占用，请留空由本机分配。"),
        ));
    }
    if !(1..=MAX_TRUNK_ID).contains(&config.trunk.0) {
        return Err(Refusal::new(
            "span-trunk",
            format!("Trunk: choose 1 to {MAX_TRUNK_ID}, or leave it empty and the box gives one."),
            format!("中继编号：请填1至{MAX_TRUNK_ID}，或留空由本机分配。"),
        ));
    }
    Ok(())
}

fn check_pri(config: &SpanConfig, pri: &PriConfig, e1: Option<bool>) -> Result<(), Refusal> {
    if e1 == Some(false) {
        return Err(Refusal::new(
            "span-purpose",
            "Use: primary rate needs an E1. This card has analogue ports; set the use of each port.",
            "用途：ISDN PRI须用E1接口；此为模拟板卡，请设置各端口的用途。",
        ));
    }
    if config.e1.framing != Framing::Ccs {
        return Err(Refusal::new(
            "span-framing",
            "Framing: primary rate needs CCS on timeslot 16.",
            "帧结构：ISDN PRI须选择CCS（共路信令）。",
        ));
    }
    if pri.unused.iter().any(|slot| !is_bearer(*slot)) {
        return Err(Refusal::new(
            "span-slot",
            "Unused timeslots: choose out of 1 to 15 and 17 to 31.",
            "未开通时隙：请在1至15和17至31中选择。",
        ));
    }
    let unused: BTreeSet<Timeslot> = pri.unused.iter().copied().collect();
    if unused.len() < pri.unused.len() {
        return Err(twice(
            "Unused timeslots: one stands there twice. Name each once.",
            "未开通时隙：有重复，请各填一次。",
        ));
    }
    if unused.len() >= BEARERS {
        return Err(Refusal::new(
            "span-slot",
            "Unused timeslots: leave at least one for calls, or set the use to off.",
            "未开通时隙：至少保留一个通话时隙，或将用途设为停用。",
        ));
    }
    Ok(())
}

fn check_ports(
    state: &State,
    config: &SpanConfig,
    ports: &[PortConfig],
    e1: Option<bool>,
) -> Result<(), Refusal> {
    if e1 == Some(true) && config.e1.framing != Framing::Cas {
        return Err(Refusal::new(
            "span-framing",
            "Framing: ports on an E1 need CAS on timeslot 16.",
            "帧结构：E1上的模拟端口须选择CAS（随路信令）。",
        ));
    }
    // Whether the card is an E1 is not known while nobody reports of it; then its framing says what is meant.
    let cas = e1.unwrap_or(config.e1.framing == Framing::Cas);
    let may_be = |slot: Timeslot| if cas { is_bearer(slot) } else { (1..=E1_TIMESLOTS).contains(&slot.0) };
    if ports.is_empty() || ports.iter().any(|port| !may_be(port.port)) {
        return Err(Refusal::new(
            "span-slot",
            "Ports: name at least one, out of 1 to 31; on an E1, 16 carries the signalling.",
            "端口：至少填一个，范围1至31；E1的16时隙用于信令。",
        ));
    }
    let named: BTreeSet<Timeslot> = ports.iter().map(|port| port.port).collect();
    if named.len() < ports.len() {
        return Err(twice("Ports: one stands there twice. Name each once.", "端口：有重复，请各填一次。"));
    }
    for port in ports {
        if let PortKind::Fxo { tones, .. } = &port.kind
            && !is_tone_plan(tones)
        {
            return Err(Refusal::new(
                "span-tones",
                format!("Tones of port {}: name a tone plan, such as cn.", port.port.0),
                format!("端口{}的信号音方案：请填方案名称，如cn。", port.port.0),
            ));
        }
    }
    check_telephones(state, config)
}

fn check_telephones(state: &State, config: &SpanConfig) -> Result<(), Refusal> {
    let elsewhere = state.cards.spans.values().filter(|known| known.span != config.span);
    let mut taken: BTreeSet<AgentId> = elsewhere.flat_map(telephones).map(|(_, agent)| agent).collect();
    for (port, agent) in telephones(config) {
        let person = state.people.get(&PersonId(agent.0));
        if person.is_none_or(|person| person.role != Role::Agent) {
            return Err(Refusal::new(
                "span-agent",
                format!("Telephone of port {}: choose an agent.", port.0),
                format!("端口{}的话机：请选择一位坐席。", port.0),
            ));
        }
        if !taken.insert(agent) {
            return Err(Refusal::new(
                "span-agent",
                format!("Telephone of port {}: this agent has one already. Choose another.", port.0),
                format!("端口{}的话机：该坐席已有话机端口，请另选坐席。", port.0),
            ));
        }
    }
    Ok(())
}

/// Two spans cannot be the same choice for the clock.
fn check_timing(state: &State, config: &SpanConfig, e1: Option<bool>) -> Result<(), Refusal> {
    if !takes_clock(config, e1) {
        return Ok(());
    }
    if config.e1.timing > MAX_TIMING {
        return Err(Refusal::new(
            "span-timing",
            format!("Clock: choose 0 for none, or an order from 1 to {MAX_TIMING}."),
            format!("时钟源次序：0为不取对端时钟，否则填1至{MAX_TIMING}。"),
        ));
    }
    let same = |known: &&SpanConfig| {
        known.span != config.span && takes_clock(known, None) && known.e1.timing == config.e1.timing
    };
    if let Some(other) = state.cards.spans.values().find(same) {
        return Err(Refusal::new(
            "span-timing",
            format!("Clock: \"{}\" is number {} already. Choose another.", other.name, other.e1.timing),
            format!("时钟源次序：“{}”已为第{}，请另选。", other.name, other.e1.timing),
        ));
    }
    Ok(())
}

/// Whether a span's place among the sources of the clock counts: an analogue card has none.
fn takes_clock(config: &SpanConfig, e1: Option<bool>) -> bool {
    let analogue = matches!(config.purpose, SpanPurpose::Ports(_)) && config.e1.framing != Framing::Cas;
    config.e1.timing != 0 && e1.unwrap_or(!analogue)
}

fn twice(en: &str, zh: &str) -> Refusal {
    Refusal::new("span-slot-twice", en, zh)
}

const fn is_bearer(slot: Timeslot) -> bool {
    slot.0 >= 1 && slot.0 <= E1_TIMESLOTS && slot.0 != D_CHANNEL.0
}

fn is_tone_plan(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (1..=MAX_TONES_CHARS).contains(&name.len()) && name.chars().all(plain)
}

/// The highest trunk there can be.
pub(super) const MAX_TRUNK_ID: u16 = 9_999;
/// Characters of a span's name.
const MAX_NAME_CHARS: usize = 64;
/// Characters of a tone plan's name.
const MAX_TONES_CHARS: usize = 16;
/// Timeslots that carry calls.
const BEARERS: usize = E1_TIMESLOTS as usize - 1;
/// The last place among the sources of the clock.
const MAX_TIMING: u8 = MAX_SPANS as u8;
