//! What entries of spans say, as `field=value` pairs.

use super::ledger_words::Words;
use crate::entries::Event;
use idl::handset::{HandsetTest, HandsetUse};
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
        other => return super::host_words::of_box_event(other),
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
        SpanFact::Handset(HandsetUse { span, test, seconds, end }) => {
            of_test(words.say("span", span).say("fact", "handset"), TestStatus::Handset(*test))
                .say("seconds", seconds)
                .say("end", format!("{end:?}"))
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
        TestStatus::Handset(HandsetTest { slot, talk }) => words.say("slot", slot.0).say("talk", talk),
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

#[cfg(test)]
mod tests {
    use super::of_span_event;
    use crate::entries::Event;
    use idl::handset::{HandsetEnd, HandsetTest, HandsetUse};
    use idl::spans::{
        Alarms, BertPattern, E1Config, LinkState, PortConfig, PortKind, SpanConfig, SpanFact, SpanOrder,
        SpanPurpose, SpanRefusal, TestStatus,
    };
    use vocab::{AgentId, SpanId, Timeslot, TrunkId, UnixMs};

    fn told(event: &Event) -> String {
        let pairs = of_span_event(event);
        pairs.iter().map(|(field, value)| format!("{field}={value}")).collect::<Vec<_>>().join(" ")
    }

    fn fact(fact: SpanFact) -> Event {
        Event::SpanHistory { life: 1, seq: 1, at: UnixMs(0), fact }
    }

    #[test]
    fn an_auditor_reads_which_span_what_and_how_it_ended() {
        let span = SpanId(3);
        let telephone = PortConfig { port: Timeslot(2), kind: PortKind::Fxs { agent: AgentId(9) } };
        let config = SpanConfig {
            span,
            trunk: TrunkId(4),
            name: "卡1".to_owned(),
            e1: E1Config::default(),
            purpose: SpanPurpose::Ports(vec![telephone]),
        };
        let set = told(&Event::SpanSet { config: Box::new(config) });
        assert!(set.starts_with("span=span-3 trunk=trunk-4 name=卡1"), "{set}");
        assert!(set.ends_with("use=ports ports=2: FXS agent-9"), "{set}");
        assert_eq!(told(&Event::SpanRemoved { span }), "span=span-3");
        let order = SpanOrder::Block(Timeslot(7));
        assert_eq!(told(&Event::SpanOrdered { span, order }), "span=span-3 order=Block(ts-7)");
        let refusal = Some(SpanRefusal::InUse);
        let ended = told(&Event::SpanOrderEnded { ordered: 12, span, order, refusal });
        assert_eq!(ended, "span=span-3 order=Block(ts-7) ordered_by_entry=12");
        let now = Alarms { los: true, red: true, ..Alarms::default() };
        let alarms = told(&fact(SpanFact::Alarms { span, before: Alarms::default(), now }));
        assert!(alarms.ends_with("span=span-3 fact=alarms before=none now=LOS RED"), "{alarms}");
        let link = told(&fact(SpanFact::Link { span, state: LinkState::Up }));
        assert!(link.ends_with("fact=link state=Up"), "{link}");
        let pattern = BertPattern::Prbs15;
        let (slot, synced, seconds, bits, errors) = (Timeslot(1), true, 9, 576_000, 2);
        let result = TestStatus::Bert { slot, pattern, synced, seconds, bits, errors };
        let test = told(&fact(SpanFact::Bert { span, result }));
        assert!(test.ends_with("slot=1 pattern=Prbs15 synced=true seconds=9 bits=576000 errors=2"), "{test}");
        let test = HandsetTest { slot: Timeslot(4), talk: true };
        let used = HandsetUse { span, test, seconds: 12, end: HandsetEnd::HungUp };
        let used = told(&fact(SpanFact::Handset(used)));
        assert!(used.ends_with("span=span-3 fact=handset slot=4 talk=true seconds=12 end=HungUp"), "{used}");
        let taken = told(&Event::SpanTraceTaken { span, file: "t.pcap".to_owned(), bytes: 24 });
        assert_eq!(taken, "span=span-3 file=t.pcap bytes=24");
        assert_eq!(told(&Event::Stopped {}), "");
    }
}
