//! What cards tell: facts stored once, their history and quarters of an hour, orders and their ends, traces.

use crate::rig::{AGENT, AUDIT, LINED, PAGE, QA, Rig, SECURITY, SYSTEM, TECHNICIAN, replayed};
use crate::spans::{card, pri, spans};
use idl::MAX_FRAME_BYTES;
use idl::admin::{Admin, AdminReply, Answer};
use idl::lines::{LinedToVault, VaultToLined};
use idl::spans::{Alarms, BertPattern, LinkState, QualityBin, SpanFact, SpanOrder, SpanRefusal, TestStatus};
use idl::views::{KEPT_BINS, SpanAsk, SpanHistory};
use std::os::unix::fs::symlink;
use vaultd::command::{Cmd, Effect, Job, Message, ReadJob, ReplyTo, TracePiece};
use vaultd::entries::{EntryResult, Event, Who};
use vaultd::reads::trace_piece;
use vaultd::state::{KEPT_EVENTS, KEPT_TRACES};
use vocab::{MINUTE_MS, PersonId, SpanId, Timeslot, UnixMs};

fn link(span: u16, state: LinkState) -> SpanFact {
    SpanFact::Link { span: SpanId(span), state }
}

fn bin(span: u16, quarter: i64) -> QualityBin {
    QualityBin {
        span: SpanId(span),
        began: UnixMs(quarter * 15 * MINUTE_MS),
        seconds: 900,
        es: 1,
        ses: 0,
        uas: 0,
        bipolar: 3,
        crc4: 2,
        e_bit: 0,
        frame: 0,
        slips: 1,
    }
}

fn trace(span: u16, file: &str) -> SpanFact {
    SpanFact::Trace { span: SpanId(span), file: file.to_owned(), frames: 7 }
}

fn tell(rig: &mut Rig, life: u64, seq: u64, fact: SpanFact) {
    let at = rig.clock.now;
    rig.give(Cmd::Lined(LinedToVault::SpanFact { life, seq, at, fact }));
}

fn stored(rig: &mut Rig) -> Vec<(u64, u64)> {
    let sent = rig.sent_to_lined().into_iter().filter_map(|message| match message {
        VaultToLined::SpanFactStored { life, seq } => Some((life, seq)),
        _ => None,
    });
    sent.collect()
}

fn history(rig: &mut Rig, who: PersonId, span: Option<u16>, before: Option<u64>) -> SpanHistory {
    let span = span.map(SpanId);
    match rig.ask(who, Admin::Span(SpanAsk::History { span, before })) {
        Answer::SpanHistory(page) => *page,
        other => panic!("no history: {other:?}"),
    }
}

fn quality(rig: &mut Rig, span: u16) -> Vec<QualityBin> {
    match rig.ask(SYSTEM, Admin::Span(SpanAsk::Quality { span: SpanId(span) })) {
        Answer::SpanQuality(bins) => bins,
        other => panic!("no bins: {other:?}"),
    }
}

fn order(span: u16, order: SpanOrder) -> Admin {
    Admin::Span(SpanAsk::Order { span: SpanId(span), order })
}

/// Gives an order; its number at `lined`.
fn ordered(rig: &mut Rig, who: PersonId, what: SpanOrder) -> u64 {
    let cmd = rig.request(Some(who), order(1, what));
    rig.give(cmd);
    let sent = rig.sent_to_lined().into_iter().find_map(|message| match message {
        VaultToLined::SpanOrder { id, span: SpanId(1), order } if order == what => Some(id),
        _ => None,
    });
    sent.expect("lined is told")
}

/// The answers to the page so far.
fn answers(rig: &mut Rig) -> Vec<Answer> {
    let all = rig.take().into_iter().filter_map(|effect| match effect {
        Effect::Send(PAGE, Message::Admin(AdminReply { answer, .. })) => Some(answer),
        _ => None,
    });
    all.collect()
}

fn codes(rig: &mut Rig) -> Vec<String> {
    let code = |answer| match answer {
        Answer::Refused { code, .. } => code,
        other => format!("{other:?}"),
    };
    answers(rig).into_iter().map(code).collect()
}

/// Steps of the replay's property.
pub fn perform(rig: &mut Rig, span: u8, what: u8) {
    let at = u16::from(span % 4) + 1;
    let seq = u64::from(what) + 1;
    match what % 8 {
        0 => drop(rig.ask(SYSTEM, Admin::Span(SpanAsk::Set(Box::new(pri(at)))))),
        1 => drop(rig.ask(SYSTEM, Admin::Span(SpanAsk::Remove { span: SpanId(at) }))),
        2 => tell(rig, u64::from(span % 3), seq, link(at, LinkState::Up)),
        3 => tell(rig, u64::from(span % 3), seq, SpanFact::Quality(bin(at, i64::from(what)))),
        4 => tell(rig, u64::from(span % 3), seq, trace(at, &format!("{what}.pcap"))),
        5 => {
            let cmd = rig.request(Some(TECHNICIAN), order(at, SpanOrder::StopTest));
            rig.give(cmd);
        }
        6 => rig.give(Cmd::Lined(LinedToVault::SpanOrderDone { id: seq, result: Ok(()) })),
        _ => rig.stands(at, |status| status.alarms.red = true),
    }
}

#[test]
fn a_fact_is_durable_before_it_is_acknowledged_and_stored_once_over_restarts() {
    let mut rig = Rig::calling();
    let at = rig.clock.now;
    let fact = LinedToVault::SpanFact { life: 5, seq: 1, at, fact: link(1, LinkState::Up) };
    rig.vault.handle(rig.clock, Cmd::Lined(fact));
    let durable = rig.count();
    let effects = rig.vault.commit().unwrap();
    assert_eq!(rig.count(), durable + 1);
    assert!(matches!(
        effects.as_slice(),
        [Effect::Send(LINED, Message::Lined(VaultToLined::SpanFactStored { life: 5, seq: 1 }))]
    ));
    // The acknowledgement was lost with the process: the fact comes again.
    let mut rig = rig.restart();
    rig.lined_there(&[]);
    rig.take();
    let entries = rig.count();
    tell(&mut rig, 5, 1, link(1, LinkState::Up));
    assert_eq!((stored(&mut rig), rig.count()), (vec![(5, 1)], entries));
    tell(&mut rig, 5, 2, link(1, LinkState::Down));
    assert_eq!((stored(&mut rig), rig.count()), (vec![(5, 2)], entries + 1));
    // Another life of `lined` counts from 1 again.
    tell(&mut rig, 6, 1, link(1, LinkState::Up));
    assert_eq!((stored(&mut rig), rig.count()), (vec![(6, 1)], entries + 2));
    assert_eq!(history(&mut rig, SYSTEM, Some(1), None).rows.len(), 3);
}

#[test]
fn what_no_box_can_have_is_acknowledged_and_not_kept() {
    let mut rig = Rig::calling();
    let entries = rig.count();
    tell(&mut rig, 1, 1, link(33, LinkState::Up));
    tell(&mut rig, 1, 2, link(0, LinkState::Up));
    tell(&mut rig, 1, 3, trace(1, "../../vault/keys/root.pcap"));
    rig.stands(33, |_| {});
    assert_eq!(stored(&mut rig), [(1, 1), (1, 2), (1, 3)]);
    assert_eq!(rig.count(), entries);
    assert!(spans(&mut rig).is_empty());
}

#[test]
fn walking_the_history_gives_each_event_once_newest_first_within_frames_and_bounds() {
    let mut rig = Rig::calling();
    let told = KEPT_EVENTS as u64 + 90;
    for seq in 1..=told {
        let now = Alarms { red: seq % 2 == 0, ..Alarms::default() };
        let fact = SpanFact::Alarms { span: SpanId(1), before: Alarms::default(), now };
        tell(&mut rig, 1, seq, fact);
    }
    tell(&mut rig, 1, told + 1, link(2, LinkState::Up));
    rig.take();
    for (span, count) in [(Some(1), KEPT_EVENTS), (Some(2), 1), (None, KEPT_EVENTS + 1), (Some(9), 0)] {
        let (mut rows, mut before) = (Vec::new(), None);
        loop {
            // The auditor reads it, too.
            let page = history(&mut rig, AUDIT, span, before);
            assert!(page.rows.len() <= 50);
            assert!(postcard::to_stdvec(&page).unwrap().len() < MAX_FRAME_BYTES);
            rows.extend(page.rows.iter().map(|row| row.seq));
            match page.next {
                Some(next) => before = Some(next),
                None => break,
            }
        }
        assert_eq!(rows.len(), count, "{span:?}");
        assert!(rows.is_sorted_by(|newer, older| newer > older), "{span:?}");
    }
}

#[test]
fn seven_days_of_quarters_are_kept_and_two_parts_of_one_add_up() {
    let mut rig = Rig::calling();
    for quarter in 1..=KEPT_BINS as u64 + 5 {
        tell(&mut rig, 1, quarter, SpanFact::Quality(bin(1, i64::try_from(quarter).unwrap())));
    }
    let bins = quality(&mut rig, 1);
    assert_eq!((bins.len(), bins[0].began), (672, bin(1, 6).began));
    assert!(bins.is_sorted_by_key(|bin| bin.began));
    assert!(history(&mut rig, SYSTEM, Some(1), None).rows.is_empty(), "they have a request of their own");
    // `lined` was restarted within a quarter of an hour.
    let [mut one, mut other] = [bin(2, 1); 2];
    (one.seconds, other.seconds) = (300, 550);
    tell(&mut rig, 2, 1, SpanFact::Quality(one));
    tell(&mut rig, 3, 1, SpanFact::Quality(other));
    let bins = quality(&mut rig, 2);
    assert_eq!((bins.len(), bins[0].seconds, bins[0].es, bins[0].bipolar), (1, 850, 2, 6));
    assert!(quality(&mut rig, 3).is_empty());
}

#[test]
fn the_longest_week_of_quarters_fits_a_frame() {
    let mut rig = Rig::calling();
    let far = i64::MAX / (15 * MINUTE_MS) - KEPT_BINS as i64;
    for at in 0..KEPT_BINS as u64 {
        let most = QualityBin {
            seconds: 900,
            es: u16::MAX,
            ses: u16::MAX,
            uas: u16::MAX,
            bipolar: u32::MAX,
            crc4: u32::MAX,
            e_bit: u32::MAX,
            frame: u32::MAX,
            slips: u32::MAX,
            ..bin(32, far + i64::try_from(at).unwrap())
        };
        tell(&mut rig, 1, at + 1, SpanFact::Quality(most));
    }
    let bins = quality(&mut rig, 32);
    assert_eq!(bins.len(), KEPT_BINS);
    let reply = AdminReply { id: u64::MAX, answer: Answer::SpanQuality(bins) };
    assert!(postcard::to_stdvec(&reply).unwrap().len() <= MAX_FRAME_BYTES);
}

#[test]
fn how_a_span_stands_is_never_an_entry_and_is_gone_with_lined() {
    let mut rig = Rig::calling();
    rig.created(SYSTEM, Admin::Span(SpanAsk::Set(Box::new(pri(1)))));
    let entries = rig.count();
    rig.stands(1, |status| status.alarms.yellow = true);
    rig.stands(7, |status| status.place = "x".repeat(500));
    assert_eq!(rig.count(), entries);
    let shown = spans(&mut rig);
    assert_eq!(shown.len(), 2, "a span that is not used is shown, too");
    assert!(shown[0].status.as_ref().unwrap().alarms.yellow);
    let (place, config) = (&shown[1].status.as_ref().unwrap().place, &shown[1].config);
    assert!(place.len() == 64 && config.is_none() && shown[1].trunk.is_none());
    rig.give(Cmd::LinedDown(LINED));
    let shown = spans(&mut rig);
    assert_eq!(shown.len(), 1);
    assert!(shown[0].config.is_some() && shown[0].status.is_none(), "set, and nobody reports");
}

#[test]
fn an_order_waits_for_the_card_and_both_are_entries() {
    let mut rig = Rig::calling();
    rig.take();
    let what = SpanOrder::StartBert { slot: Timeslot(5), pattern: BertPattern::Prbs15 };
    let id = ordered(&mut rig, TECHNICIAN, what);
    assert!(answers(&mut rig).is_empty(), "not before the card has done it");
    let entry = rig.newest();
    assert_eq!(entry.who.person().map(|(person, _)| person), Some(TECHNICIAN));
    assert!(matches!(entry.event, Event::SpanOrdered { span: SpanId(1), order } if order == what));
    rig.give(Cmd::Lined(LinedToVault::SpanOrderDone { id, result: Ok(()) }));
    assert!(matches!(answers(&mut rig).as_slice(), [Answer::Done]));
    let entry = rig.newest();
    assert_eq!((entry.result, entry.from.name()), (EntryResult::Done, "lined"));
    assert!(matches!(entry.event, Event::SpanOrderEnded { ordered, refusal: None, .. } if ordered == id));
    // Told twice, it is answered once.
    let entries = rig.count();
    rig.give(Cmd::Lined(LinedToVault::SpanOrderDone { id, result: Ok(()) }));
    assert!(answers(&mut rig).is_empty());
    assert_eq!(rig.count(), entries);
}

#[test]
fn every_refusal_of_a_card_is_told_in_words_and_written_down() {
    let refusals = [
        (SpanRefusal::NoSuchSpan, "span-none"),
        (SpanRefusal::NoSuchSlot, "span-slot-none"),
        (SpanRefusal::InUse, "span-calls"),
        (SpanRefusal::Running, "span-running"),
        (SpanRefusal::NothingRuns, "span-nothing-runs"),
        (SpanRefusal::NotSupported, "span-unsupported"),
        (SpanRefusal::LinkDown, "span-link-down"),
        (SpanRefusal::Failed, "span-failed"),
        (SpanRefusal::NoAnswer, "lined-gone"),
        (SpanRefusal::NoHandset, "span-no-handset"),
    ];
    let mut rig = Rig::calling();
    for (refusal, code) in refusals {
        let id = ordered(&mut rig, SYSTEM, SpanOrder::RestartSpan);
        rig.take();
        rig.give(Cmd::Lined(LinedToVault::SpanOrderDone { id, result: Err(refusal) }));
        assert_eq!(codes(&mut rig), [code]);
        let entry = rig.newest();
        assert_eq!(entry.result, EntryResult::Refused(code.to_owned()));
        assert!(matches!(entry.event, Event::SpanOrderEnded { refusal: Some(told), .. } if told == refusal));
    }
}

#[test]
fn an_order_nobody_answers_ends_after_five_seconds_and_at_once_when_lined_goes() {
    let mut rig = Rig::calling();
    rig.take();
    let id = ordered(&mut rig, SYSTEM, SpanOrder::StartTrace);
    rig.later(4_999);
    rig.give(Cmd::Tick);
    assert!(answers(&mut rig).is_empty());
    rig.later(1);
    rig.give(Cmd::Tick);
    assert_eq!(codes(&mut rig), ["lined-gone"]);
    assert!(matches!(rig.newest().event, Event::SpanOrderEnded { refusal: Some(SpanRefusal::NoAnswer), .. }));
    rig.give(Cmd::Lined(LinedToVault::SpanOrderDone { id, result: Ok(()) }));
    assert!(answers(&mut rig).is_empty(), "too late");
    ordered(&mut rig, SYSTEM, SpanOrder::StopTrace);
    rig.take();
    rig.give(Cmd::LinedDown(LINED));
    assert_eq!(codes(&mut rig), ["lined-gone"]);
    // And with nobody there it is refused at once, with who and what.
    assert_eq!(rig.code(SYSTEM, order(1, SpanOrder::StopTrace)), "lined-gone");
    let entry = rig.newest();
    assert!(matches!(entry.event, Event::SpanOrdered { order: SpanOrder::StopTrace, .. }));
    assert_eq!(entry.result, EntryResult::Refused("lined-gone".to_owned()));
}

#[test]
fn an_order_for_no_span_and_a_fifth_one_on_its_way_never_reach_lined() {
    let mut rig = Rig::calling();
    assert_eq!(rig.code(SYSTEM, order(0, SpanOrder::StopTest)), "span-none");
    for _ in 0..4 {
        ordered(&mut rig, SYSTEM, SpanOrder::StopTest);
    }
    assert_eq!(rig.code(SYSTEM, order(1, SpanOrder::StopTest)), "busy");
    assert!(rig.sent_to_lined().is_empty());
    ordered(&mut rig, TECHNICIAN, SpanOrder::StopTest);
}

#[test]
fn acc_01_who_may_not_work_on_spans_is_refused_and_it_is_an_entry() {
    let mut rig = Rig::calling();
    let set = || Admin::Span(SpanAsk::Set(Box::new(pri(1))));
    for (person, what, name) in [
        (TECHNICIAN, set(), "SetSpan"),
        (SECURITY, order(1, SpanOrder::StopTest), "OrderSpan"),
        (AUDIT, Admin::Span(SpanAsk::All), "Spans"),
        (QA, Admin::Span(SpanAsk::Quality { span: SpanId(1) }), "SpanQuality"),
        (AGENT, Admin::Span(SpanAsk::Trace { file: "a.pcap".to_owned(), offset: 0 }), "SpanTrace"),
    ] {
        assert_eq!(rig.code(person, what), "role");
        assert!(matches!(rig.newest().event, Event::Denied { request } if request == name));
    }
}

#[test]
fn a_bit_error_test_is_history_and_its_trace_may_be_fetched() {
    let mut rig = Rig::calling();
    let result = TestStatus::Bert {
        slot: Timeslot(1),
        pattern: BertPattern::Prbs11,
        synced: true,
        seconds: 60,
        bits: 3_840_000,
        errors: 1,
    };
    rig.stands(1, |_| {});
    tell(&mut rig, 1, 1, SpanFact::Bert { span: SpanId(1), result });
    for (seq, file) in (2..).zip(["a.pcap", "b.pcap"]) {
        tell(&mut rig, 1, seq, trace(1, file));
    }
    let rows = history(&mut rig, TECHNICIAN, Some(1), None).rows;
    assert!(matches!(&rows[2].fact, SpanFact::Bert { result: told, .. } if *told == result));
    let files: Vec<String> = card(&mut rig, 1).traces.into_iter().map(|trace| trace.file).collect();
    assert_eq!(files, ["b.pcap", "a.pcap"]);
    for seq in 0..KEPT_TRACES as u64 {
        tell(&mut rig, 2, seq + 1, trace(1, &format!("c{seq}.pcap")));
    }
    assert_eq!(card(&mut rig, 1).traces.len(), KEPT_TRACES, "the oldest are forgotten");
    assert_eq!(rig.code(SYSTEM, fetch("a.pcap", 0)), "unknown");
}

fn fetch(file: &str, offset: u64) -> Admin {
    Admin::Span(SpanAsk::Trace { file: file.to_owned(), offset })
}

/// Asks for a piece; the reader's job.
fn asked(rig: &mut Rig, who: PersonId, offset: u64) -> ReplyTo {
    let cmd = rig.request(Some(who), fetch("t.pcap", offset));
    rig.give(cmd);
    let jobs = rig.jobs();
    let [Job::Read(ReadJob::Trace { reply, span: SpanId(1), offset: from, .. })] = jobs.as_slice() else {
        panic!("{jobs:?}")
    };
    assert_eq!(*from, offset);
    *reply
}

#[test]
fn fetching_a_trace_is_an_entry_and_nobody_begins_in_its_middle() {
    let mut rig = Rig::calling();
    tell(&mut rig, 1, 1, trace(1, "t.pcap"));
    rig.take();
    assert_eq!(rig.code(SYSTEM, fetch("../t.pcap", 0)), "unknown");
    assert_eq!(rig.code(SYSTEM, fetch("t.pcap", 100)), "trace-begin");
    let reply = asked(&mut rig, TECHNICIAN, 0);
    let entries = rig.count();
    let piece = Some(TracePiece { bytes: vec![1, 2], total: 40_000 });
    let file = "t.pcap".to_owned();
    rig.give(Cmd::TraceRead { reply, span: SpanId(1), file: file.clone(), piece });
    let told = answers(&mut rig);
    assert!(matches!(told.as_slice(), [Answer::TracePiece { bytes, total: 40_000 }] if bytes == &[1, 2]));
    let entry = rig.newest();
    assert_eq!(rig.count(), entries + 1);
    assert!(matches!(entry.who, Who::Person(TECHNICIAN, _)));
    assert!(matches!(entry.event, Event::SpanTraceTaken { span: SpanId(1), bytes: 40_000, .. }));
    // The others follow without an entry each, for the same person and a while.
    asked(&mut rig, TECHNICIAN, 32_768);
    assert_eq!(rig.count(), entries + 1);
    assert_eq!(rig.code(SYSTEM, fetch("t.pcap", 32_768)), "trace-begin");
    rig.later(600_001);
    assert_eq!(rig.code(TECHNICIAN, fetch("t.pcap", 32_768)), "trace-begin");
    // A file that is gone is a refusal of the same kind of entry.
    let reply = asked(&mut rig, SYSTEM, 0);
    rig.give(Cmd::TraceRead { reply, span: SpanId(1), file, piece: None });
    assert_eq!(codes(&mut rig), ["trace-gone"]);
    assert_eq!(rig.newest().result, EntryResult::Refused("trace-gone".to_owned()));
}

#[test]
fn a_trace_is_read_in_pieces_and_never_by_way_of_a_link() {
    let dir = tempfile::tempdir().unwrap();
    let whole: Vec<u8> = (0..70_000_u32).map(|at| u8::try_from(at % 251).unwrap()).collect();
    std::fs::write(dir.path().join("t.pcap"), &whole).unwrap();
    let (mut read, mut pieces) = (Vec::new(), 0);
    loop {
        let piece = trace_piece(dir.path(), "t.pcap", read.len() as u64).unwrap();
        assert!(piece.bytes.len() <= 32 * 1024);
        assert_eq!(piece.total, 70_000);
        if piece.bytes.is_empty() {
            break;
        }
        read.extend(piece.bytes);
        pieces += 1;
    }
    assert_eq!((read, pieces), (whole, 3));
    // `lined` writes there: it cannot make us read what it may not.
    std::fs::write(dir.path().join("key"), b"secret").unwrap();
    symlink(dir.path().join("key"), dir.path().join("l.pcap")).unwrap();
    std::fs::hard_link(dir.path().join("key"), dir.path().join("h.pcap")).unwrap();
    std::fs::create_dir(dir.path().join("d.pcap")).unwrap();
    for file in ["l.pcap", "h.pcap", "d.pcap", "none.pcap", "../t.pcap", "key"] {
        assert_eq!(trace_piece(dir.path(), file, 0), None, "{file}");
    }
}

#[test]
fn the_history_of_spans_is_the_replay_of_the_ledger() {
    let mut rig = Rig::calling();
    for what in 0..=255_u8 {
        perform(&mut rig, what.wrapping_mul(7), what);
        rig.take();
    }
    let (again, _) = replayed(&rig.log.0.lock().unwrap());
    assert_eq!(&again, rig.vault.state());
    let stored: vaultd::state::State = postcard::from_bytes(&postcard::to_stdvec(&again).unwrap()).unwrap();
    assert_eq!(&stored, rig.vault.state());
}
