//! What entries of spans say, as `field=value` pairs.

use super::ledger_words::Words;
use crate::entries::Event;
use idl::spans::{Alarms, PortKind, SpanConfig, SpanFact, SpanPurpose, TestStatus};

/// The pairs of an event of spans; none for any other.
pub(super) fn of_span_event(event: &Event) -> Vec<(String, String)> {
    let words = Words::default();
    let words = match event {
        Event::SpanSet { config } => of_config(words, config),
        Event::SpanRemoved { span } => words.say("span", span),
        Event::SpanHistory { at, fact, .. } => of_fact(words.time("at", *at), fact),
        Event::SpanOrdered { span, order } => words.say("span", span).say("order", format!("{order:?}")),
        Event::SpanOrderEnded { ordered, span, order, .. } => {
            words.say("span", span).say("order", format!("{order:?}")).say("ordered_by_entry", ordered)
        }
        Event::SpanTraceTaken { span, file, bytes } => {
            words.say("span", span).say("file", file).say("bytes", bytes)
        }
        _ => words,
    };
    words.into_pairs()
}

fn of_config(words: Words, config: &SpanConfig) -> Words {
    let e1 = config.e1;
    let words = words
        .say("span", config.span)
        .say("trunk", config.trunk)
        .say("name", &config.name)
        .say("coding", format!("{:?}", e1.coding))
        .say("framing", format!("{:?}", e1.framing))
        .say("crc4", e1.crc4)
        .say("timing", e1.timing)
        .say("echo_canceller", e1.echo_canceller);
    match &config.purpose {
        SpanPurpose::Off => words.say("use", "off"),
        SpanPurpose::Pri(pri) => words
            .say("use", "pri")
            .say("side", format!("{:?}", pri.side))
            .say("selection", format!("{:?}", pri.selection))
            .say("exclusive", pri.exclusive)
            .say("overlap", pri.overlap)
            .say("called_type", format!("{:?}", pri.called_type))
            .say("calling_type", format!("{:?}", pri.calling_type))
            .say("t309", pri.t309)
            .say("restart_on_start", pri.restart_on_start)
            .all("unused", pri.unused.iter().map(|slot| slot.0)),
        SpanPurpose::Ports(ports) => {
            let told = ports.iter().map(|port| match &port.kind {
                PortKind::Fxo { answer, tones } => format!("{}: FXO {answer:?} {tones}", port.port.0),
                PortKind::Fxs { agent } => format!("{}: FXS {agent}", port.port.0),
            });
            words.say("use", "ports").all("ports", told)
        }
    }
}

fn of_fact(words: Words, fact: &SpanFact) -> Words {
    match fact {
        SpanFact::Alarms { span, before, now } => words
            .say("span", span)
            .say("fact", "alarms")
            .say("before", of_alarms(*before))
            .say("now", of_alarms(*now)),
        SpanFact::Link { span, state } => {
            words.say("span", span).say("fact", "link").say("state", format!("{state:?}"))
        }
        SpanFact::Quality(bin) => words
            .say("span", bin.span)
            .say("fact", "quality")
            .time("began", bin.began)
            .say("seconds", bin.seconds)
            .say("es", bin.es)
            .say("ses", bin.ses)
            .say("uas", bin.uas)
            .say("bipolar", bin.bipolar)
            .say("crc4", bin.crc4)
            .say("e_bit", bin.e_bit)
            .say("frame", bin.frame)
            .say("slips", bin.slips),
        SpanFact::Bert { span, result } => of_test(words.say("span", span).say("fact", "test"), *result),
        SpanFact::Trace { span, file, frames } => {
            words.say("span", span).say("fact", "trace").say("file", file).say("frames", frames)
        }
    }
}

fn of_test(words: Words, result: TestStatus) -> Words {
    match result {
        TestStatus::Loop(kind) => words.say("loop", format!("{kind:?}")),
        TestStatus::Bert { slot, pattern, synced, seconds, bits, errors } => words
            .say("slot", slot.0)
            .say("pattern", format!("{pattern:?}"))
            .say("synced", synced)
            .say("seconds", seconds)
            .say("bits", bits)
            .say("errors", errors),
    }
}

fn of_alarms(alarms: Alarms) -> String {
    let Alarms { los, red, yellow, blue, recovering, loopback, not_open } = alarms;
    let all = [
        (los, "LOS"),
        (red, "RED"),
        (yellow, "YELLOW"),
        (blue, "BLUE"),
        (recovering, "recovering"),
        (loopback, "loop"),
        (not_open, "not open"),
    ];
    let set: Vec<&str> = all.into_iter().filter(|(set, _)| *set).map(|(_, name)| name).collect();
    if set.is_empty() { "none".to_owned() } else { set.join(" ") }
}
