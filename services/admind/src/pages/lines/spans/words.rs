//! Spans in words: alarms, data link, timeslots, tests, error rates. Each state is a sign, a colour and a word. It
//! asks nothing and decides nothing.

use crate::format::count;
use crate::pages::words::Badge;
use crate::texts::{Texts, fill};
use idl::handset::HandsetTest;
use idl::spans::{
    Alarms, BertPattern, LinkState, LoopKind, QualityBin, SlotState, SpanConfig, SpanCounters, SpanPurpose,
    SpanStatus, TestStatus,
};
use idl::views::SpanView;

const fn badge(kind: &'static str, text: &'static str) -> Badge {
    Badge { kind, text }
}

/// Every alarm that stands, the worst first; one badge saying that there is none otherwise.
pub fn alarms(t: &Texts, alarms: Alarms) -> Vec<Badge> {
    let Alarms { los, red, yellow, blue, recovering, loopback, not_open } = alarms;
    let all = [
        (not_open, badge("bad", t.spans.not_open)),
        (los, badge("bad", t.spans.los)),
        (red, badge("bad", t.spans.red)),
        (blue, badge("bad", t.spans.blue)),
        (yellow, badge("bad", t.spans.yellow)),
        (recovering, badge("warn", t.spans.recovering)),
        (loopback, badge("info", t.spans.loopback)),
    ];
    let standing: Vec<Badge> = all.into_iter().filter(|(set, _)| *set).map(|(_, badge)| badge).collect();
    if standing.is_empty() { vec![badge("ok", t.spans.clear)] } else { standing }
}

/// The same as a list of words.
pub fn alarm_words(t: &Texts, standing: Alarms) -> String {
    let words: Vec<&str> = alarms(t, standing).iter().map(|badge| badge.text).collect();
    words.join(t.spans.and)
}

/// The state of a span: its alarms, or that nobody reports of it.
pub fn state(t: &Texts, view: &SpanView) -> Vec<Badge> {
    view.status
        .as_ref()
        .map_or_else(|| vec![badge("waiting", t.spans.silent)], |status| alarms(t, status.alarms))
}

/// The data link of the D channel.
pub const fn link(t: &Texts, state: LinkState) -> Badge {
    match state {
        LinkState::None => badge("idle", t.spans.link_none),
        LinkState::Down => badge("bad", t.spans.link_down),
        LinkState::Establishing => badge("waiting", t.spans.link_establishing),
        LinkState::Up => badge("ok", t.spans.link_up),
    }
}

/// What a span is: an E1 with its use, or analogue ports.
pub fn kind(t: &Texts, view: &SpanView) -> &'static str {
    let is_e1 = is_e1(view);
    match (view.config.as_ref().map(|config| &config.purpose), is_e1) {
        (Some(SpanPurpose::Pri(_)), _) => t.spans.kind_pri,
        (Some(SpanPurpose::Ports(_)), true) => t.spans.kind_cas,
        (Some(SpanPurpose::Ports(_)), false) | (_, false) => t.spans.kind_ports,
        (Some(SpanPurpose::Off) | None, true) => t.spans.kind_e1,
    }
}

/// Whether a span is an E1: as its card says, or as it is set while nobody reports of it.
pub fn is_e1(view: &SpanView) -> bool {
    match (&view.status, &view.config) {
        (Some(status), _) => status.is_e1,
        (None, Some(SpanConfig { purpose: SpanPurpose::Ports(_), e1, .. })) => {
            e1.framing == idl::spans::Framing::Cas
        }
        (None, _) => true,
    }
}

/// A span's name; one that is not set up is called by its number.
pub fn name(t: &Texts, view: &SpanView) -> String {
    view.config.as_ref().map_or_else(|| fill(t.spans.unnamed, &[&view.span.0]), |config| config.name.clone())
}

/// How a timeslot or port stands: its class, its sign and its word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    /// The class of its cell.
    pub class: &'static str,
    /// Its sign, as `icons.css` knows it.
    pub sign: &'static str,
    /// Its word.
    pub word: &'static str,
}

const fn shown(class: &'static str, sign: &'static str, word: &'static str) -> Slot {
    Slot { class, sign, word }
}

/// A timeslot's state.
pub const fn slot(t: &Texts, state: SlotState) -> Slot {
    match state {
        SlotState::Unused => shown("slot-unused", "close", t.spans.slot_unused),
        SlotState::Signalling => shown("slot-signalling", "flag", t.spans.slot_signalling),
        SlotState::Idle => shown("slot-idle", "ok", t.spans.slot_idle),
        SlotState::Dialling => shown("slot-dialling", "up", t.spans.slot_dialling),
        SlotState::Ringing => shown("slot-ringing", "alarm", t.spans.slot_ringing),
        SlotState::Connected => shown("slot-connected", "phone", t.spans.slot_connected),
        SlotState::Clearing => shown("slot-clearing", "hangup", t.spans.slot_clearing),
        SlotState::Blocked => shown("slot-blocked", "locked", t.spans.slot_blocked),
        SlotState::BlockedByPeer => shown("slot-blocked-by-peer", "bad", t.spans.slot_blocked_by_peer),
        SlotState::Restarting => shown("slot-restarting", "refresh", t.spans.slot_restarting),
        SlotState::Testing => shown("slot-testing", "search", t.spans.slot_testing),
        SlotState::Disconnected => shown("slot-disconnected", "warn", t.spans.slot_disconnected),
    }
}

/// Every state of a timeslot, in the order of the legend.
pub const SLOTS: [SlotState; 12] = [
    SlotState::Idle,
    SlotState::Dialling,
    SlotState::Ringing,
    SlotState::Connected,
    SlotState::Clearing,
    SlotState::Blocked,
    SlotState::BlockedByPeer,
    SlotState::Restarting,
    SlotState::Testing,
    SlotState::Disconnected,
    SlotState::Signalling,
    SlotState::Unused,
];

/// Whether a call is on it.
pub const fn has_call(state: SlotState) -> bool {
    matches!(state, SlotState::Dialling | SlotState::Ringing | SlotState::Connected | SlotState::Clearing)
}

/// Slots with a call, and those that can carry one.
pub fn load(status: &SpanStatus) -> (usize, usize) {
    let calls = status.slots.iter().filter(|state| has_call(**state)).count();
    let none = |state: &&SlotState| {
        matches!(**state, SlotState::Unused | SlotState::Signalling | SlotState::Disconnected)
    };
    (calls, status.slots.len() - status.slots.iter().filter(none).count())
}

/// A loop.
pub const fn loop_kind(t: &Texts, kind: LoopKind) -> &'static str {
    match kind {
        LoopKind::Local => t.spans.loop_local,
        LoopKind::Network => t.spans.loop_network,
        LoopKind::Payload => t.spans.loop_payload,
    }
}

/// A pattern, as O.150 writes it.
pub const fn pattern(pattern: BertPattern) -> &'static str {
    match pattern {
        BertPattern::Prbs11 => "2¹¹−1 (O.152)",
        BertPattern::Prbs15 => "2¹⁵−1 (O.151)",
    }
}

/// A test's result in one line.
pub fn test(t: &Texts, test: TestStatus) -> String {
    match test {
        TestStatus::Loop(kind) => loop_kind(t, kind).to_owned(),
        TestStatus::Bert { slot, pattern: sent, synced, seconds, bits, errors } => {
            let found = if synced { t.spans.synced } else { t.spans.not_synced };
            let rate = error_rate(errors, bits);
            let what = pattern(sent);
            let (bits, errors) = (count(bits), count(errors));
            fill(t.spans.bert_line, &[&slot.0, &what, &found, &seconds, &bits, &errors, &rate])
        }
        TestStatus::Handset(HandsetTest { slot, talk }) => {
            fill(if talk { t.spans.handset_talks } else { t.spans.handset_listens }, &[&slot.0])
        }
    }
}

/// An error rate with one digit: `1.2e-7`. Without an error it is below one in as many as were compared.
pub fn error_rate(errors: u64, bits: u64) -> String {
    match (errors, bits) {
        (_, 0) => "–".to_owned(),
        (0, bits) => format!("< {}", scientific(1, bits)),
        (errors, bits) => scientific(errors, bits),
    }
}

fn scientific(part: u64, whole: u64) -> String {
    let (mut scaled, whole) = (u128::from(part), u128::from(whole.max(1)));
    let mut exponent = 0_u32;
    while scaled < whole {
        scaled *= 10;
        exponent += 1;
    }
    let mut tenths = (scaled * 10 + whole / 2) / whole;
    if tenths >= 100 && exponent > 0 {
        (tenths, exponent) = (10, exponent - 1);
    }
    format!("{}.{}e-{exponent}", tenths / 10, tenths % 10)
}

/// The counters of a span by name.
pub const fn counters(t: &Texts, counters: SpanCounters) -> [(&'static str, u32); 6] {
    let SpanCounters { bipolar, crc4, e_bit, frame, slips, hdlc } = counters;
    [
        (t.spans.bipolar, bipolar),
        (t.spans.crc4_errors, crc4),
        (t.spans.e_bit, e_bit),
        (t.spans.frame_errors, frame),
        (t.spans.slips, slips),
        (t.spans.hdlc, hdlc),
    ]
}

/// The figures of quarters, added up.
pub fn sum(bins: &[QualityBin]) -> [u64; 6] {
    let total = |of: fn(&QualityBin) -> u64| bins.iter().map(of).sum();
    [
        total(|bin| bin.es.into()),
        total(|bin| bin.ses.into()),
        total(|bin| bin.uas.into()),
        total(|bin| bin.slips.into()),
        total(|bin| bin.crc4.into()),
        total(|bin| bin.bipolar.into()),
    ]
}

#[cfg(test)]
mod tests {
    use super::{SLOTS, alarm_words, alarms, error_rate, slot};
    use crate::looks::Lang;
    use crate::texts::Texts;
    use idl::spans::Alarms;
    use std::collections::BTreeSet;

    #[test]
    fn an_error_rate_has_one_digit_and_none_is_below_one_in_all() {
        assert_eq!(error_rate(0, 0), "–");
        assert_eq!(error_rate(12, 100_000_000), "1.2e-7");
        assert_eq!(error_rate(1, 64_000), "1.6e-5");
        assert_eq!(error_rate(0, 1_000_000), "< 1.0e-6");
        assert_eq!(error_rate(999_999, 10_000_000), "1.0e-1");
        assert_eq!(error_rate(5, 5), "1.0e-0");
        assert_eq!(error_rate(1, u64::MAX), "5.4e-20");
    }

    #[test]
    fn every_alarm_has_its_own_words_and_none_is_said_too() {
        for lang in [Lang::Zh, Lang::En] {
            let t = Texts::of(lang);
            assert_eq!(alarm_words(t, Alarms::default()), t.spans.clear);
            let all = Alarms {
                los: true,
                red: true,
                yellow: true,
                blue: true,
                recovering: true,
                loopback: true,
                not_open: true,
            };
            let words: BTreeSet<&str> = alarms(t, all).iter().map(|badge| badge.text).collect();
            assert_eq!(words.len(), 7);
        }
    }

    #[test]
    fn every_state_of_a_timeslot_has_its_own_class_sign_and_word() {
        for lang in [Lang::Zh, Lang::En] {
            let all = SLOTS.map(|state| slot(Texts::of(lang), state));
            let classes: BTreeSet<&str> = all.iter().map(|slot| slot.class).collect();
            let signs: BTreeSet<&str> = all.iter().map(|slot| slot.sign).collect();
            let words: BTreeSet<&str> = all.iter().map(|slot| slot.word).collect();
            assert_eq!([classes.len(), signs.len(), words.len()], [SLOTS.len(); 3]);
        }
    }
}
