//! Whole calls over the virtual dual-E1 card against the simulated exchange: the same announcement, recording, opt-out
//! and causes as by SIP, alarms, failover to another trunk and back.

mod support;

use carrier::signal::{self, Law};
use exchange::{Exchange, ExchangeConfig, ExchangeHandle, Order};
use idl::lines::{
    CallEnd, CallFact, LineGroup, LineGroupMember, LinedToVault, OptOutBy, PromptRole, SipTransport,
    SiteLines, TrunkState, VaultToLined,
};
use idl::spans::{
    Alarms, BertPattern, E1Config, LinkState, LoopKind, PriConfig, SlotState, SpanConfig, SpanFact,
    SpanOrder, SpanPurpose, SpanRefusal, TestStatus,
};
use support::{Bench, GROUP, Noted, Sipp, Vault, decode, site, tone};
use vocab::{CallId, EndedBy, FailCause, Outcome, SpanId, Timeslot, TrunkId};

/// The trunk of span 1; SIP trunks of these tests are number 1.
const SPAN_TRUNK: TrunkId = TrunkId(11);

struct Rig {
    bench: Bench,
    vault: Vault,
    exchange: ExchangeHandle,
}

fn span(number: u16) -> SpanConfig {
    SpanConfig {
        span: SpanId(number),
        trunk: TrunkId(10 + number),
        name: format!("E1 {number}"),
        e1: E1Config::default(),
        purpose: SpanPurpose::Pri(PriConfig::default()),
    }
}

fn one_span() -> SiteLines {
    SiteLines {
        version: 1,
        spans: vec![span(1)],
        groups: vec![LineGroup {
            id: GROUP,
            name: "cards".to_owned(),
            members: vec![LineGroupMember { trunk: SPAN_TRUNK, rank: 0, weight: 1 }],
        }],
        ..SiteLines::default()
    }
}

impl Rig {
    async fn start(lines: SiteLines) -> Self {
        let mut options = None;
        let bench = Bench::start_with(|wanted| {
            wanted.board = Some("virtual".to_owned());
            options = Some(wanted.virtual_cards.clone());
        });
        let folder = options.expect("a folder of cards");
        let config = ExchangeConfig { folder, spans: 2, ..ExchangeConfig::default() };
        let exchange = Exchange::start(&config).expect("an exchange");
        let vault = Vault::accept(&bench.options.run).await;
        let mut rig = Self { bench, vault, exchange };
        rig.vault.send(VaultToLined::Site(lines)).await;
        rig.trunk_is(SPAN_TRUNK, TrunkState::Up).await;
        rig
    }

    async fn trunk_is(&mut self, trunk: TrunkId, state: TrunkState) {
        self.vault.stands(|vault| vault.trunks.get(&trunk).is_some_and(|known| known.state == state)).await;
    }

    async fn call(&mut self, call: u64, number: &str) -> (Vec<Noted>, CallEnd) {
        let ticket = self.bench.ticket(call, number);
        self.vault.send(VaultToLined::Ticket(Box::new(ticket))).await;
        self.vault.facts_to_end(CallId(call)).await
    }

    /// Waits until a slot of span 1 is so.
    async fn slot_is(&mut self, slot: Timeslot, state: SlotState) {
        let at = usize::from(slot.0) - 1;
        self.vault
            .stands(|vault| vault.spans.get(&SpanId(1)).is_some_and(|known| known.slots[at] == state))
            .await;
    }
}

fn trunks(facts: &[Noted]) -> Vec<TrunkId> {
    facts
        .iter()
        .filter_map(|noted| match noted.fact {
            CallFact::Dialling { trunk } => Some(trunk),
            _ => None,
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn rec_01_an_announcement_over_an_e1_is_played_recorded_and_cleared() {
    let mut rig = Rig::start(one_span()).await;
    let (facts, end) = rig.call(101, "13812345600").await;
    let names: Vec<&str> = facts
        .iter()
        .map(|noted| match &noted.fact {
            CallFact::Dialling { .. } => "dialling",
            CallFact::Ringing => "ringing",
            CallFact::Answered { dialog, .. } if dialog.expose().is_empty() => "answered",
            CallFact::NoticeHeard { .. } => "notice",
            _ => "something else",
        })
        .collect();
    assert_eq!(names, ["dialling", "ringing", "answered", "notice"]);
    assert_eq!(end.outcome, Outcome::Answered { by: EndedBy::Box });
    let written = end.recording.expect("a recording");
    assert!((1_100..1_500).contains(&written.duration_ms), "{written:?}");
    let (left, right) = decode(&rig.bench.recording(101));
    let body = right.iter().filter(|octet| **octet == tone(PromptRole::Body)).count();
    assert_eq!(body, 8_000, "every sample after the notice, once");
    assert!(!right.contains(&tone(PromptRole::RecordingNotice)), "REC-01: nothing before the notice's end");
    // The customer's side is what the exchange sent, octet by octet: no jitter buffer, no other clock.
    let seed = signal::voice_seed("13812345600");
    let said: Vec<u8> = (0..40_000).map(|n| Law::A.encode(signal::voice_sample(seed, n))).collect();
    let loud = left.chunks(160).position(|block| block.iter().any(|octet| *octet != 0xD5)).expect("speech");
    let piece = &left[loud * 160..loud * 160 + 3_200];
    assert!(said.windows(piece.len()).any(|window| window == piece), "bit for bit");
    assert_eq!(rig.exchange.calls_per_number()["13812345600"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn cam_05_a_key_in_the_audio_of_an_e1_opts_out() {
    let mut rig = Rig::start(one_span()).await;
    let (facts, end) = rig.call(101, "13812345665").await;
    let by: Vec<OptOutBy> = facts
        .iter()
        .filter_map(|noted| match noted.fact {
            CallFact::OptOut { by } => Some(by),
            _ => None,
        })
        .collect();
    assert_eq!(by, [OptOutBy::InBand]);
    assert!(matches!(end.outcome, Outcome::Answered { .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_exchange_answers_is_told_in_the_product_s_words_and_leaves_every_channel_idle() {
    let mut rig = Rig::start(one_span()).await;
    let cases = [
        ("13812345670", FailCause::Busy, 17),
        ("13812345675", FailCause::Declined, 21),
        ("13812345676", FailCause::InvalidNumber, 1),
        ("13812345677", FailCause::Unreachable, 20),
        ("13812345678", FailCause::Carrier, 41),
    ];
    for (at, (number, cause, q850)) in (0..).zip(cases) {
        let (_, end) = rig.call(201 + at, number).await;
        assert_eq!((end.outcome, end.q850), (Outcome::Failed(cause), q850), "{number}");
    }
    rig.slot_is(Timeslot(1), SlotState::Idle).await;
    assert_eq!(rig.exchange.line(SpanId(1)).faults, 0, "the exchange found nothing wrong with our messages");
}

#[tokio::test(flavor = "multi_thread")]
async fn lin_06_a_span_in_alarm_gives_its_calls_to_the_sip_trunk_and_takes_them_back() {
    let carrier = Sipp::start("answer.xml", &["-m", "1"]);
    let mut lines = site(carrier.address, SipTransport::Udp);
    lines.spans = vec![span(1)];
    lines.groups[0].members[0].rank = 1;
    lines.groups[0].members.push(LineGroupMember { trunk: SPAN_TRUNK, rank: 0, weight: 1 });
    let mut rig = Rig::start(lines).await;
    rig.exchange.order(SpanId(1), Order::Alarms(Alarms { red: true, los: true, ..Alarms::default() }));
    rig.trunk_is(SPAN_TRUNK, TrunkState::Down).await;
    let raised = rig
        .vault
        .wait(|message| match message {
            LinedToVault::SpanFact { fact: SpanFact::Alarms { now, .. }, .. } => now.red.then_some(now),
            _ => None,
        })
        .await;
    assert!(raised.los);
    let (facts, end) = rig.call(301, "13812345600").await;
    assert_eq!(trunks(&facts), [TrunkId(1)]);
    assert!(matches!(end.outcome, Outcome::Answered { .. }));
    rig.exchange.order(SpanId(1), Order::Alarms(Alarms::default()));
    rig.trunk_is(SPAN_TRUNK, TrunkState::Up).await;
    let (facts, end) = rig.call(302, "13812345600").await;
    assert_eq!(trunks(&facts), [SPAN_TRUNK]);
    assert!(matches!(end.outcome, Outcome::Answered { .. }));
    assert!(carrier.succeeded().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_on_a_healthy_span_goes_on_while_another_span_fails() {
    let mut lines = one_span();
    lines.spans.push(span(2));
    let mut rig = Rig::start(lines).await;
    let ticket = rig.bench.ticket(401, "13812345600");
    rig.vault.send(VaultToLined::Ticket(Box::new(ticket))).await;
    rig.slot_is(Timeslot(1), SlotState::Connected).await;
    rig.exchange.order(SpanId(2), Order::Alarms(Alarms { red: true, ..Alarms::default() }));
    let (_, end) = rig.vault.facts_to_end(CallId(401)).await;
    assert_eq!(end.outcome, Outcome::Answered { by: EndedBy::Box });
    assert_eq!(end.recording.expect("a recording").gaps_customer_ms, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blocked_channel_takes_no_call_and_orders_are_answered() {
    let mut rig = Rig::start(one_span()).await;
    let order = |id, order| VaultToLined::SpanOrder { id, span: SpanId(1), order };
    rig.vault.send(order(1, SpanOrder::Block(Timeslot(1)))).await;
    rig.vault.send(order(2, SpanOrder::Block(Timeslot(16)))).await;
    let mut done = Vec::new();
    while done.len() < 2 {
        done.push(
            rig.vault
                .wait(|message| match message {
                    LinedToVault::SpanOrderDone { id, result } => Some((id, result.is_ok())),
                    _ => None,
                })
                .await,
        );
    }
    assert_eq!(done, [(1, true), (2, false)]);
    rig.slot_is(Timeslot(1), SlotState::Blocked).await;
    let ticket = rig.bench.ticket(501, "13812345600");
    rig.vault.send(VaultToLined::Ticket(Box::new(ticket))).await;
    rig.slot_is(Timeslot(2), SlotState::Connected).await;
    rig.vault.facts_to_end(CallId(501)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_data_link_that_is_cut_is_a_fact_of_the_history() {
    let mut rig = Rig::start(one_span()).await;
    rig.exchange.order(SpanId(1), Order::Alarms(Alarms { blue: true, ..Alarms::default() }));
    rig.vault
        .wait(|message| match message {
            LinedToVault::SpanFact { fact: SpanFact::Link { state, .. }, .. } => {
                (state == LinkState::Down).then_some(())
            }
            _ => None,
        })
        .await;
}

impl Rig {
    /// Orders something of span 1 and waits for the answer.
    async fn order(&mut self, id: u64, order: SpanOrder) -> Result<(), SpanRefusal> {
        self.vault.send(VaultToLined::SpanOrder { id, span: SpanId(1), order }).await;
        self.vault
            .wait(|message| match message {
                LinedToVault::SpanOrderDone { id: of, result } if of == id => Some(result),
                _ => None,
            })
            .await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_of_the_d_channel_is_read_by_wireshark_and_holds_no_subscriber_s_number() {
    let mut rig = Rig::start(one_span()).await;
    assert_eq!(rig.order(1, SpanOrder::StopTrace).await, Err(SpanRefusal::NothingRuns));
    assert_eq!(rig.order(2, SpanOrder::StartTrace).await, Ok(()));
    assert_eq!(rig.order(3, SpanOrder::StartTrace).await, Err(SpanRefusal::Running));
    rig.call(601, "13812345670").await;
    assert_eq!(rig.order(4, SpanOrder::StopTrace).await, Ok(()));
    let (file, frames) = rig
        .vault
        .wait(|message| match message {
            LinedToVault::SpanFact { fact: SpanFact::Trace { file, frames, .. }, .. } => Some((file, frames)),
            _ => None,
        })
        .await;
    rig.bench.stop().await;
    let path = rig.bench.options.traces.join(file);
    let bytes = std::fs::read(&path).expect("the trace");
    let shows = |text: &[u8]| bytes.windows(text.len()).any(|window| window == text);
    assert!(!shows(b"1381234") && !shows(b"345670"), "the called number's digits are masked");
    let shown = std::process::Command::new("tshark").arg("-V").arg("-r").arg(&path).output().expect("tshark");
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    for wanted in ["SETUP", "DISCONNECT", "RELEASE COMPLETE", "User busy"] {
        assert!(shown.contains(wanted), "{wanted} is decoded");
    }
    assert!(!shown.contains("Malformed"), "nothing is malformed");
    assert!(frames >= 6, "{frames} frames");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bit_error_test_through_a_loop_finds_no_error_and_then_the_one_put_in() {
    let mut rig = Rig::start(one_span()).await;
    assert_eq!(rig.order(1, SpanOrder::Loop(LoopKind::Local)).await, Ok(()));
    rig.trunk_is(SPAN_TRUNK, TrunkState::Down).await;
    let bert = SpanOrder::StartBert { slot: Timeslot(5), pattern: BertPattern::Prbs15 };
    assert_eq!(rig.order(2, bert).await, Ok(()));
    assert_eq!(rig.order(3, bert).await, Err(SpanRefusal::InUse));
    rig.bert(|synced, bits, errors| synced && bits > 100_000 && errors == 0).await;
    assert_eq!(rig.order(4, SpanOrder::InsertBitError).await, Ok(()));
    rig.bert(|synced, _, errors| synced && errors == 1).await;
    assert_eq!(rig.order(5, SpanOrder::StopTest).await, Ok(()));
    assert_eq!(rig.order(6, SpanOrder::StopTest).await, Ok(()), "the loop under it");
    assert_eq!(rig.order(7, SpanOrder::StopTest).await, Err(SpanRefusal::NothingRuns));
    rig.trunk_is(SPAN_TRUNK, TrunkState::Up).await;
    let (_, end) = rig.call(701, "13812345670").await;
    assert_eq!(end.outcome, Outcome::Failed(FailCause::Busy), "calls go on");
}

impl Rig {
    /// Waits for a word of the running bit error test.
    async fn bert(&mut self, wanted: impl Fn(bool, u64, u64) -> bool) {
        self.vault
            .stands(|vault| {
                let test = vault.spans.get(&SpanId(1)).and_then(|status| status.test);
                matches!(test, Some(TestStatus::Bert { synced, bits, errors, .. }) if wanted(synced, bits, errors))
            })
            .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loop_is_not_closed_under_a_call() {
    let mut rig = Rig::start(one_span()).await;
    let ticket = rig.bench.ticket(801, "13812345600");
    rig.vault.send(VaultToLined::Ticket(Box::new(ticket))).await;
    rig.slot_is(Timeslot(1), SlotState::Connected).await;
    assert_eq!(rig.order(1, SpanOrder::Loop(LoopKind::Network)).await, Err(SpanRefusal::InUse));
    let bert = SpanOrder::StartBert { slot: Timeslot(1), pattern: BertPattern::Prbs11 };
    assert_eq!(rig.order(2, bert).await, Err(SpanRefusal::InUse));
    rig.vault.facts_to_end(CallId(801)).await;
}
