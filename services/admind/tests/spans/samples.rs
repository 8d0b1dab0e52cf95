//! Spans as `vaultd` may tell of them.

use crate::rig::refused;
use idl::admin::{Admin, Answer};
use idl::lines::{LineGroup, LineGroupMember, TrunkState};
use idl::spans::{
    Alarms, AnswerDetection, BertPattern, E1Config, LinkState, PortConfig, PortKind, PriConfig, QualityBin,
    SlotState, SpanConfig, SpanCounters, SpanFact, SpanPurpose, SpanStatus, TestStatus,
};
use idl::views::{LinesView, SpanAsk, SpanCard, SpanEvent, SpanHistory, SpanView, TraceView, TrunkLive};
use vocab::{AgentId, LineGroupId, PersonId, SpanId, Timeslot, TrunkId, UnixMs};

/// 2026-11-22 09:14:27 in Shanghai.
pub const NOW: UnixMs = UnixMs(1_795_310_067_000);
/// What a hostile person may write wherever people write.
pub const HOSTILE: &str = "<script>alert(1)</script>\"'";
/// As it must stand in a page.
pub const HOSTILE_SHOWN: &str = "&#60;script&#62;alert(1)&#60;/script&#62;&#34;&#39;";

/// A trace of span 1.
pub const TRACE: &str = "span-1-20261122T011427Z.pcap";

pub fn slots() -> Vec<SlotState> {
    let mut slots = vec![SlotState::Idle; 31];
    slots[15] = SlotState::Signalling;
    for (at, state) in [
        (0, SlotState::Connected),
        (1, SlotState::Connected),
        (2, SlotState::Ringing),
        (3, SlotState::Dialling),
        (4, SlotState::Clearing),
        (6, SlotState::Blocked),
        (8, SlotState::BlockedByPeer),
        (10, SlotState::Restarting),
        (12, SlotState::Testing),
        (29, SlotState::Unused),
        (30, SlotState::Unused),
    ] {
        slots[at] = state;
    }
    slots
}

fn trunk(id: u16, name: &str, state: TrunkState) -> TrunkLive {
    let (since, reason) = (Some(NOW.plus(-3_600_000)), String::new());
    TrunkLive { id: TrunkId(id), name: name.to_owned(), state, since, reason, calls: 5, channels: 28 }
}

pub fn status(id: u16, place: &str) -> SpanStatus {
    SpanStatus {
        span: SpanId(id),
        trunk: Some(TrunkId(id + 10)),
        place: place.to_owned(),
        is_e1: true,
        at: NOW,
        since: NOW.plus(-7_200_000),
        alarms: Alarms::default(),
        link: LinkState::Up,
        counters: SpanCounters { bipolar: 12, crc4: 1_234, e_bit: 7, frame: 2, slips: 3, hdlc: 1 },
        slots: slots(),
        test: None,
        trace_frames: None,
    }
}

/// A primary rate access in use.
pub fn pri() -> SpanView {
    let config = SpanConfig {
        span: SpanId(1),
        trunk: TrunkId(11),
        name: "电信E1一号".to_owned(),
        e1: E1Config::default(),
        purpose: SpanPurpose::Pri(PriConfig {
            unused: vec![Timeslot(30), Timeslot(31)],
            ..PriConfig::default()
        }),
    };
    SpanView {
        span: SpanId(1),
        trunk: Some(trunk(11, &config.name, TrunkState::Up)),
        config: Some(config),
        status: Some(status(1, "TE405P 卡 1 端口 1")),
    }
}

/// One with alarms.
pub fn alarmed() -> SpanView {
    let mut view = pri();
    view.span = SpanId(2);
    let config = view.config.as_mut().unwrap();
    (config.span, config.trunk, config.name) = (SpanId(2), TrunkId(12), HOSTILE.to_owned());
    config.e1.timing = 2;
    let status = view.status.as_mut().unwrap();
    status.alarms = Alarms { los: true, red: true, ..Alarms::default() };
    (status.place, status.link) = ("TE405P 卡 1 端口 2".to_owned(), LinkState::Down);
    view
}

/// Analogue ports.
pub fn ports() -> SpanView {
    let fxo = |port| PortConfig {
        port: Timeslot(port),
        kind: PortKind::Fxo { answer: AnswerDetection::Voice, tones: "cn".to_owned() },
    };
    let fxs = PortConfig { port: Timeslot(3), kind: PortKind::Fxs { agent: AgentId(7) } };
    let config = SpanConfig {
        span: SpanId(3),
        trunk: TrunkId(13),
        name: "门诊模拟线".to_owned(),
        e1: E1Config::default(),
        purpose: SpanPurpose::Ports(vec![fxo(1), fxo(2), fxs]),
    };
    let slots = vec![SlotState::Idle, SlotState::Disconnected, SlotState::Connected, SlotState::Unused];
    SpanView {
        span: SpanId(3),
        trunk: Some(trunk(13, &config.name, TrunkState::Up)),
        config: Some(config),
        status: Some(SpanStatus { is_e1: false, link: LinkState::None, slots, ..status(3, "TDM400P 卡 2") }),
    }
}

/// One that a card reports and nobody has set up.
pub fn found() -> SpanView {
    let status = SpanStatus {
        trunk: None,
        link: LinkState::None,
        slots: vec![SlotState::Unused; 31],
        alarms: Alarms { not_open: true, ..Alarms::default() },
        ..status(4, "TE405P 卡 1 端口 4")
    };
    SpanView { span: SpanId(4), config: None, status: Some(status), trunk: None }
}

pub fn card(view: SpanView) -> SpanCard {
    let traces = vec![TraceView { at: NOW, file: TRACE.to_owned(), frames: 4_211 }];
    SpanCard { view, groups: vec![(LineGroupId(1), "电信优先".to_owned())], traces }
}

pub fn bert() -> TestStatus {
    TestStatus::Bert {
        slot: Timeslot(13),
        pattern: BertPattern::Prbs15,
        synced: true,
        seconds: 1_563,
        bits: 100_000_000,
        errors: 12,
    }
}

pub fn lines() -> LinesView {
    LinesView {
        groups: vec![LineGroup {
            id: LineGroupId(1),
            name: "电信优先".to_owned(),
            members: vec![LineGroupMember { trunk: TrunkId(11), rank: 0, weight: 1 }],
        }],
        phoneless: vec![(PersonId(7), "wang.fang".to_owned()), (PersonId(8), "li.na".to_owned())],
        span_trunks: vec![(TrunkId(11), "电信E1一号".to_owned()), (TrunkId(12), HOSTILE.to_owned())],
        ..LinesView::default()
    }
}

/// Events, newest first, a minute apart.
pub fn history(before: Option<u64>) -> SpanHistory {
    let span = SpanId(1);
    let red = Alarms { los: true, red: true, ..Alarms::default() };
    let clear = Alarms::default();
    let facts = [
        SpanFact::Alarms { span, before: red, now: clear },
        SpanFact::Link { span, state: LinkState::Down },
        SpanFact::Alarms { span, before: clear, now: red },
        SpanFact::Bert { span, result: bert() },
        SpanFact::Trace { span, file: TRACE.to_owned(), frames: 4_211 },
    ];
    let from = before.unwrap_or(105);
    let rows = facts.into_iter().zip(0..).map(|(fact, back): (_, u64)| SpanEvent {
        seq: from - 1 - back,
        at: NOW.plus(-60_000 * i64::try_from(back + 105 - from).unwrap()),
        fact,
    });
    SpanHistory { rows: rows.collect(), next: (from > 95).then_some(from - 5) }
}

/// Quarters up to this one, with one missing.
pub fn quality() -> Vec<QualityBin> {
    let quarter = 900_000;
    let last = admind::clock::now().0 / quarter * quarter;
    (0..80_i64)
        .rev()
        .filter(|back| !(20..24).contains(back))
        .map(|back| QualityBin {
            span: SpanId(1),
            began: UnixMs(last - back * quarter),
            seconds: 900,
            es: u16::try_from(back % 7 * 3).unwrap(),
            ses: u16::try_from(back % 3).unwrap(),
            uas: if back == 30 { 40 } else { 0 },
            bipolar: u32::try_from(back % 5).unwrap(),
            crc4: u32::try_from(back % 11).unwrap(),
            e_bit: 0,
            frame: 0,
            slips: u32::try_from(back % 2).unwrap(),
        })
        .collect()
}

/// Bytes of the sample trace: more than one piece.
pub const TRACE_BYTES: usize = 40_000;
const PIECE: usize = 32 * 1024;

/// What a double answers that knows these spans.
pub fn answers(what: &Admin) -> Answer {
    let known = || vec![pri(), alarmed(), ports(), found()];
    match what {
        Admin::Lines => Answer::Lines(Box::new(lines())),
        Admin::SetLineGroup { .. } | Admin::RemoveLineGroup { .. } => Answer::Done,
        Admin::Span(ask) => match ask {
            SpanAsk::All => Answer::Spans(known()),
            SpanAsk::One { span } => known()
                .into_iter()
                .find(|view| view.span == *span)
                .map_or_else(|| refused("unknown"), |view| Answer::Span(Box::new(card(view)))),
            SpanAsk::History { before, .. } => Answer::SpanHistory(Box::new(history(*before))),
            SpanAsk::Quality { .. } => Answer::SpanQuality(quality()),
            SpanAsk::Set(config) => Answer::Created { ids: vec![config.trunk.0.into()] },
            SpanAsk::Remove { .. } | SpanAsk::Order { .. } => Answer::Done,
            SpanAsk::Trace { file, offset } if file == TRACE => {
                let from = usize::try_from(*offset).unwrap();
                let bytes = vec![b'x'; PIECE.min(TRACE_BYTES - from)];
                Answer::TracePiece { bytes, total: TRACE_BYTES as u64 }
            }
            SpanAsk::Trace { .. } => refused("unknown"),
        },
        _ => refused("unknown"),
    }
}
