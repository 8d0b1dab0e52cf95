//! Spans in words and letters: alarms, data link, timeslots, tests, events. It asks nothing and decides nothing.

use crate::sheet::Tone;
use crate::words::{Words, fill};
use idl::handset::{HandsetEnd, HandsetTest};
use idl::spans::{
    Alarms, BertPattern, LinkState, LoopKind, QualityBin, SlotState, SpanFact, SpanOrder, TestStatus,
};
use idl::views::SpanView;
use vocab::{HOUR_MS, UnixMs};

/// What is wrong with a span, the worst first.
#[must_use]
pub fn state(w: &Words, view: &SpanView) -> (Tone, String) {
    match &view.status {
        None => (Tone::Bad, w.silent.to_owned()),
        Some(status) => alarms(w, status.alarms),
    }
}

/// Alarms in words.
#[must_use]
pub fn alarms(w: &Words, alarms: Alarms) -> (Tone, String) {
    let Alarms { los, red, yellow, blue, recovering, loopback, not_open } = alarms;
    let all = [
        (not_open, w.not_open),
        (los, w.los),
        (red, w.red),
        (blue, w.blue),
        (yellow, w.yellow),
        (recovering, w.recovering),
        (loopback, w.looped),
    ];
    let standing: Vec<&str> = all.into_iter().filter(|(set, _)| *set).map(|(_, word)| word).collect();
    if standing.is_empty() {
        return (Tone::Good, w.clear.to_owned());
    }
    let tone = if alarms.is_clear() { Tone::Warn } else { Tone::Bad };
    (tone, standing.join(", "))
}

/// The data link.
#[must_use]
pub const fn link(w: &Words, state: LinkState) -> &'static str {
    match state {
        LinkState::None => w.link_none,
        LinkState::Down => w.link_down,
        LinkState::Establishing => w.link_establishing,
        LinkState::Up => w.link_up,
    }
}

/// The last digit of each timeslot, from 1 on.
#[must_use]
pub fn ruler(slots: usize) -> String {
    (1..=slots)
        .map(|slot| if slot % 10 == 0 { char::from(b'0' + (slot / 10 % 10) as u8) } else { '.' })
        .collect()
}

/// A letter for each timeslot, from 1 on.
#[must_use]
pub fn slots(slots: &[SlotState]) -> String {
    let letter = |slot: &SlotState| match slot {
        SlotState::Unused => '.',
        SlotState::Signalling => 'S',
        SlotState::Idle => '-',
        SlotState::Dialling => 'd',
        SlotState::Ringing => 'r',
        SlotState::Connected => 'C',
        SlotState::Clearing => 'c',
        SlotState::Blocked => 'B',
        SlotState::BlockedByPeer => 'P',
        SlotState::Restarting => 'R',
        SlotState::Testing => 'T',
        SlotState::Disconnected => 'x',
    };
    slots.iter().map(letter).collect()
}

/// A test as it stands.
#[must_use]
pub fn test(w: &Words, test: Option<&TestStatus>) -> String {
    match test {
        None => w.no_test.to_owned(),
        Some(TestStatus::Loop(kind)) => loop_kind(w, *kind).to_owned(),
        Some(TestStatus::Handset(HandsetTest { slot, talk })) => {
            fill(if *talk { w.handset_talks } else { w.handset_listens }, &[&slot.0.to_string()])
        }
        Some(TestStatus::Bert { slot, pattern: of, synced, seconds, bits, errors }) => fill(
            w.bert_of,
            &[
                &slot.0.to_string(),
                pattern(*of),
                if *synced { w.synced } else { w.not_synced },
                &seconds.to_string(),
                &bits.to_string(),
                &errors.to_string(),
            ],
        ),
    }
}

/// A loop.
#[must_use]
pub const fn loop_kind(w: &Words, kind: LoopKind) -> &'static str {
    match kind {
        LoopKind::Local => w.loop_local,
        LoopKind::Network => w.loop_network,
        LoopKind::Payload => w.loop_payload,
    }
}

/// A pattern by its name in O.150.
#[must_use]
pub const fn pattern(pattern: BertPattern) -> &'static str {
    match pattern {
        BertPattern::Prbs11 => "2^11-1",
        BertPattern::Prbs15 => "2^15-1",
    }
}

/// An order in a word.
#[must_use]
pub const fn order_word(w: &Words, order: SpanOrder) -> &'static str {
    match order {
        SpanOrder::Block(_) => w.block,
        SpanOrder::Unblock(_) => w.unblock,
        SpanOrder::RestartChannel(_) => w.restart_slot,
        SpanOrder::RestartSpan => w.restart_span,
        SpanOrder::StartTrace => w.start_trace,
        SpanOrder::StopTrace => w.stop_trace,
        SpanOrder::Loop(_) => w.close_loop,
        SpanOrder::StartBert { .. } => w.start_bert,
        SpanOrder::InsertBitError => w.bit_error,
        SpanOrder::StopTest => w.stop_test,
        SpanOrder::Handset(_) => w.handset,
    }
}

/// A trace's file by its name; a name is letters, digits, dots and dashes.
#[must_use]
pub fn file(name: &str) -> String {
    let plain = |one: &char| one.is_ascii_alphanumeric() || matches!(one, '.' | '-' | '_');
    name.chars().filter(plain).take(MAX_FILE).collect()
}

/// An event.
#[must_use]
pub fn fact(w: &Words, fact: &SpanFact) -> (Tone, String) {
    match fact {
        SpanFact::Alarms { before, now, .. } => {
            let (tone, now) = alarms(w, *now);
            (tone, format!("{} -> {now}", alarms(w, *before).1))
        }
        SpanFact::Link { state, .. } => {
            let tone = if *state == LinkState::Up { Tone::Good } else { Tone::Warn };
            (tone, format!("{}: {}", w.link, link(w, *state)))
        }
        SpanFact::Quality(_) => (Tone::Plain, w.quality.to_owned()),
        SpanFact::Bert { result, .. } => (Tone::Plain, format!("{}: {}", w.test, test(w, Some(result)))),
        SpanFact::Trace { file: name, frames, .. } => {
            (Tone::Plain, fill(w.trace_ended, &[&file(name), &frames.to_string()]))
        }
        SpanFact::Handset(used) => {
            let what = format!("{} {}", w.handset, used.test.slot.0);
            let text = [what.as_str(), &used.seconds.to_string(), handset_end(w, used.end)];
            (Tone::Plain, fill(w.handset_over, &text))
        }
    }
}

/// Why the handset was hung up.
const fn handset_end(w: &Words, end: HandsetEnd) -> &'static str {
    match end {
        HandsetEnd::HungUp => w.hung_up,
        HandsetEnd::Limit => w.hung_up_limit,
        HandsetEnd::LineTaken => w.line_taken,
        HandsetEnd::NoDialTone => w.no_dial_tone,
        HandsetEnd::Gone => w.handset_gone,
    }
}

/// The seconds of an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hour {
    /// Its begin.
    pub began: UnixMs,
    /// Seconds observed.
    pub seconds: u32,
    /// Errored seconds.
    pub es: u32,
    /// Severely errored seconds.
    pub ses: u32,
    /// Unavailable seconds.
    pub uas: u32,
    /// Slips.
    pub slips: u64,
}

/// Quarters of an hour summed up to hours, oldest first.
#[must_use]
pub fn hours(bins: &[QualityBin]) -> Vec<Hour> {
    let mut hours: Vec<Hour> = Vec::new();
    for bin in bins {
        let began = UnixMs(bin.began.0 - bin.began.0.rem_euclid(HOUR_MS));
        if hours.last().is_none_or(|last| last.began != began) {
            hours.push(Hour { began, seconds: 0, es: 0, ses: 0, uas: 0, slips: 0 });
        }
        if let Some(hour) = hours.last_mut() {
            hour.seconds += u32::from(bin.seconds);
            hour.es += u32::from(bin.es);
            hour.ses += u32::from(bin.ses);
            hour.uas += u32::from(bin.uas);
            hour.slips += u64::from(bin.slips);
        }
    }
    hours
}

const MAX_FILE: usize = 48;
