//! Whole calls over the virtual analogue card: lines to an exchange that answers by polarity, and agents' plain
//! telephones. What the far side does is in `far`.

mod far;
#[path = "../support/mod.rs"]
mod support;

use card::LineEvent;
use exchange::{Exchange, ExchangeConfig};
use far::{Far, Order, SPAN, voice};
use idl::lines::{
    CallEnd, CallFact, LineGroup, LineGroupMember, OptOutBy, PromptRole, SiteLines, Ticket, TrunkState,
    VaultToLined,
};
use idl::spans::{
    AnswerDetection, E1Config, PortConfig, PortKind, PriConfig, SlotState, SpanConfig, SpanPurpose,
};
use support::{Bench, GROUP, Noted, Vault, decode, tone};
use vocab::{AgentId, CallId, CampaignMode, EndedBy, FailCause, Outcome, SpanId, Timeslot, TrunkId};

const LINES: TrunkId = TrunkId(13);
const E1: TrunkId = TrunkId(11);
const AGENT: AgentId = AgentId(7);
const TELEPHONE: Timeslot = Timeslot(5);

struct Rig {
    bench: Bench,
    vault: Vault,
    far: Far,
}

fn ports() -> SpanConfig {
    let fxo = || PortKind::Fxo { answer: AnswerDetection::PolarityReversal, tones: "cn".to_owned() };
    let mut ports: Vec<PortConfig> =
        (1..=4).map(|port| PortConfig { port: Timeslot(port), kind: fxo() }).collect();
    ports.push(PortConfig { port: TELEPHONE, kind: PortKind::Fxs { agent: AGENT } });
    SpanConfig {
        span: SPAN,
        trunk: LINES,
        name: "analogue".to_owned(),
        e1: E1Config::default(),
        purpose: SpanPurpose::Ports(ports),
    }
}

fn site(trunk: TrunkId) -> SiteLines {
    let access = SpanConfig {
        span: SpanId(1),
        trunk: E1,
        name: "E1".to_owned(),
        e1: E1Config::default(),
        purpose: SpanPurpose::Pri(PriConfig::default()),
    };
    SiteLines {
        version: 1,
        spans: if trunk == E1 { vec![access, ports()] } else { vec![ports()] },
        groups: vec![LineGroup {
            id: GROUP,
            name: "cards".to_owned(),
            members: vec![LineGroupMember { trunk, rank: 0, weight: 1 }],
        }],
        ..SiteLines::default()
    }
}

impl Rig {
    async fn start() -> Self {
        let bench = Bench::start_with(|wanted| wanted.board = Some("virtual/analogue".to_owned()));
        Self::with(bench, LINES).await
    }

    async fn with(bench: Bench, trunk: TrunkId) -> Self {
        let far = Far::start(&bench.options.virtual_cards);
        let vault = Vault::accept(&bench.options.run).await;
        let mut rig = Self { bench, vault, far };
        rig.vault.send(VaultToLined::Site(site(trunk))).await;
        rig.trunk_is(LINES, TrunkState::Up).await;
        rig.trunk_is(trunk, TrunkState::Up).await;
        rig
    }

    async fn trunk_is(&mut self, trunk: TrunkId, state: TrunkState) {
        self.vault.stands(|vault| vault.trunks.get(&trunk).is_some_and(|known| known.state == state)).await;
    }

    async fn port_is(&mut self, port: Timeslot, state: SlotState) {
        let at = usize::from(port.0) - 1;
        self.vault.stands(|vault| vault.spans.get(&SPAN).is_some_and(|known| known.slots[at] == state)).await;
    }

    async fn call(&mut self, ticket: Ticket) -> (Vec<Noted>, CallEnd) {
        let call = ticket.call;
        self.vault.send(VaultToLined::Ticket(Box::new(ticket))).await;
        self.vault.facts_to_end(call).await
    }

    /// A ticket whose announcement lasts so long.
    fn ticket(&self, call: u64, number: &str, body_ms: usize) -> Ticket {
        let mut ticket = self.bench.ticket(call, number);
        ticket.prompts.retain(|prompt| prompt.role != PromptRole::Body);
        ticket.prompts.push(self.bench.prompt(PromptRole::Body, body_ms));
        ticket
    }

    fn for_agent(&self, call: u64, number: &str) -> Ticket {
        let mut ticket = self.bench.ticket(call, number);
        ticket.mode = CampaignMode::Progressive;
        ticket.agent = Some(AGENT);
        ticket
    }
}

fn named(facts: &[Noted]) -> Vec<&'static str> {
    let name = |noted: &Noted| match noted.fact {
        CallFact::Dialling { .. } => "dialling",
        CallFact::Ringing => "ringing",
        CallFact::Answered { .. } => "answered",
        CallFact::NoticeHeard { .. } => "notice",
        CallFact::AgentConnected { agent: AGENT, .. } => "agent",
        _ => "something else",
    };
    facts.iter().map(name).collect()
}

/// Whether `heard` contains a tenth of a second of what this person says, octet by octet.
fn hears(heard: &[u8], who: &str) -> bool {
    let said: Vec<u8> = (0..400).flat_map(|turn| voice(who, turn)).collect();
    said[8_000..].chunks(800).any(|piece| heard.windows(piece.len()).any(|window| window == piece))
}

#[tokio::test(flavor = "multi_thread")]
async fn rec_01_an_announcement_over_an_analogue_line_is_played_recorded_and_cleared() {
    let mut rig = Rig::start().await;
    let (facts, end) = rig.call(rig.bench.ticket(101, "13812345600")).await;
    assert_eq!(named(&facts), ["dialling", "ringing", "answered", "notice"]);
    assert_eq!(end.outcome, Outcome::Answered { by: EndedBy::Box });
    assert_eq!(rig.far.seen().dialled, [(Timeslot(1), "13812345600".to_owned())]);
    let (left, right) = decode(&rig.bench.recording(101));
    let body = right.iter().filter(|octet| **octet == tone(PromptRole::Body)).count();
    assert_eq!(body, 8_000, "every sample after the notice, once");
    assert!(!right.contains(&tone(PromptRole::RecordingNotice)), "REC-01: nothing before the notice's end");
    let said: Vec<u8> = (0..400).flat_map(|turn| voice("13812345600", turn)).collect();
    assert!(
        said.windows(3_200).any(|window| left.windows(3_200).any(|heard| heard == window)),
        "bit for bit"
    );
    let heard = &rig.far.seen().heard[&Timeslot(1)];
    let notice = heard.iter().filter(|octet| **octet == tone(PromptRole::RecordingNotice)).count();
    assert_eq!(notice, 2_400, "the customer heard the notice, every sample once");
    rig.port_is(Timeslot(1), SlotState::Idle).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cam_05_a_key_on_an_analogue_line_opts_out() {
    let mut rig = Rig::start().await;
    let (facts, end) = rig.call(rig.bench.ticket(101, "13812345665")).await;
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
async fn busy_tone_is_told_as_busy_and_the_line_is_free_again() {
    let mut rig = Rig::start().await;
    let (_, end) = rig.call(rig.bench.ticket(101, "13812345670")).await;
    assert_eq!((end.outcome, end.q850), (Outcome::Failed(FailCause::Busy), 17));
    rig.port_is(Timeslot(1), SlotState::Idle).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loop_that_the_exchange_opens_ends_the_call() {
    let mut rig = Rig::start().await;
    let (_, end) = rig.call(rig.ticket(101, "13812345661", 20_000)).await;
    assert_eq!(end.outcome, Outcome::Answered { by: EndedBy::Callee });
}

#[tokio::test(flavor = "multi_thread")]
async fn busy_tone_after_the_answer_ends_the_call() {
    let mut rig = Rig::start().await;
    let (_, end) = rig.call(rig.ticket(101, "13812345662", 20_000)).await;
    assert_eq!(end.outcome, Outcome::Answered { by: EndedBy::Callee });
}

#[tokio::test(flavor = "multi_thread")]
async fn l_23_a_line_that_rings_is_never_answered_and_calls_go_out_on_another() {
    let mut rig = Rig::start().await;
    rig.far.order(Order::Line(Timeslot(1), LineEvent::RingBegins));
    rig.port_is(Timeslot(1), SlotState::Ringing).await;
    let (_, end) = rig.call(rig.bench.ticket(101, "13812345600")).await;
    assert!(matches!(end.outcome, Outcome::Answered { .. }));
    assert_eq!(rig.far.seen().seized, [Timeslot(2)]);
    // The time between two rings is over: nobody calls any more.
    rig.port_is(Timeslot(1), SlotState::Idle).await;
    assert_eq!(rig.far.seen().seized, [Timeslot(2)], "it was never answered");
}

#[tokio::test(flavor = "multi_thread")]
async fn lin_06_a_line_without_dial_tone_hands_its_call_to_the_next() {
    let mut rig = Rig::start().await;
    rig.far.order(Order::Dead(Timeslot(1)));
    let mut ticket = rig.bench.ticket(101, "13812345600");
    ticket.ring_timeout_s = 30;
    let (facts, end) = rig.call(ticket).await;
    assert_eq!(named(&facts), ["dialling", "ringing", "answered", "notice"], "one call, one end");
    assert!(matches!(end.outcome, Outcome::Answered { .. }));
    assert_eq!(rig.far.seen().seized, [Timeslot(1), Timeslot(2)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_line_plugged_in_the_trunk_is_down_and_says_so() {
    let mut rig = Rig::start().await;
    for port in 1..=4 {
        rig.far.order(Order::Line(Timeslot(port), LineEvent::LoopOpen));
    }
    rig.trunk_is(LINES, TrunkState::Down).await;
    let reason = rig.vault.trunks[&LINES].reason.clone();
    assert!(reason.contains("no line is plugged in"), "{reason}");
    rig.port_is(Timeslot(1), SlotState::Disconnected).await;
    rig.far.order(Order::Line(Timeslot(2), LineEvent::LoopClosed));
    rig.trunk_is(LINES, TrunkState::Up).await;
    let (_, end) = rig.call(rig.bench.ticket(101, "13812345600")).await;
    assert!(matches!(end.outcome, Outcome::Answered { .. }));
    assert_eq!(rig.far.seen().seized, [Timeslot(2)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_on_a_plain_telephone_talks_with_a_customer_on_a_line_of_the_same_card() {
    let mut rig = Rig::start().await;
    rig.far.order(Order::Answers(TELEPHONE, 500));
    let (facts, end) = rig.call(rig.for_agent(101, "13812345600")).await;
    assert!(named(&facts).contains(&"agent"), "{:?}", named(&facts));
    assert_eq!(end.outcome, Outcome::Answered { by: EndedBy::Agent });
    let seen = rig.far.seen();
    assert!(hears(&seen.heard[&TELEPHONE], "13812345600"), "the agent hears the customer");
    assert!(hears(&seen.heard[&Timeslot(1)], "agent"), "the customer hears the agent");
    let (_, right) = decode(&rig.bench.recording(101));
    assert!(hears(&right, "agent"), "the agent is recorded");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_on_a_plain_telephone_talks_with_a_customer_on_an_e1() {
    let bench = Bench::start_with(|wanted| wanted.board = Some("virtual/analogue".to_owned()));
    let folder = bench.options.virtual_cards.clone();
    let _exchange = Exchange::start(&ExchangeConfig { folder, spans: 1, ..ExchangeConfig::default() })
        .expect("an exchange");
    let mut rig = Rig::with(bench, E1).await;
    rig.far.order(Order::Answers(TELEPHONE, 400));
    let (facts, end) = rig.call(rig.for_agent(101, "13812345600")).await;
    assert!(named(&facts).contains(&"agent"), "{:?}", named(&facts));
    assert_eq!(end.outcome, Outcome::Answered { by: EndedBy::Agent });
    assert!(hears(&rig.far.seen().heard[&TELEPHONE], "13812345600"), "the agent hears the customer");
    let (_, right) = decode(&rig.bench.recording(CallId(101).0));
    assert!(hears(&right, "agent"), "the agent is recorded");
}
