//! Spans of cards: what they may be set to, that they are trunks like others, and calls on them.

use crate::rig::{AGENT, CALLER, COMPLIANCE, LINED, MANAGER, Rig, SECURITY, SYSTEM, ended, plan, trunk};
use idl::admin::{Admin, Answer, Role};
use idl::campaign::{CampaignReply, CampaignRequest};
use idl::lines::{CallFact, LineGroupMember, LinedToVault, TrunkState, TrunkStatus, VaultToLined};
use idl::spans::{
    AnswerDetection, E1Config, Framing, PortConfig, PortKind, PriConfig, SpanConfig, SpanPurpose, SpanStatus,
};
use idl::views::{SpanAsk, SpanCard, SpanView};
use vaultd::command::Cmd;
use vaultd::entries::Event;
use vocab::{
    AgentId, CallId, CampaignId, ContactId, DepartmentId, EndedBy, FailCause, LineGroupId, Outcome, PersonId,
    Pii, ScriptId, Secret, SpanId, Timeslot, TrunkId,
};

/// A primary rate access; the box gives its trunk.
pub fn pri(span: u16) -> SpanConfig {
    SpanConfig {
        span: SpanId(span),
        trunk: TrunkId(0),
        name: format!("E1-{span}"),
        e1: E1Config { timing: u8::try_from(span).unwrap(), ..E1Config::default() },
        purpose: SpanPurpose::Pri(PriConfig::default()),
    }
}

/// An analogue card with so many lines.
pub fn ports(span: u16, lines: u8) -> SpanConfig {
    let line =
        PortKind::Fxo { answer: AnswerDetection::PolarityReversal, tones: "0123456789abcdef".to_owned() };
    let ports = (1..=lines).map(|port| PortConfig { port: Timeslot(port), kind: line.clone() }).collect();
    SpanConfig { purpose: SpanPurpose::Ports(ports), ..pri(span) }
}

/// An analogue card whose port 1 is a line and whose port 2 is this agent's telephone.
fn telephone(span: u16, agent: PersonId) -> SpanConfig {
    let mut config = ports(span, 1);
    let SpanPurpose::Ports(ports) = &mut config.purpose else { unreachable!() };
    ports.push(PortConfig { port: Timeslot(2), kind: PortKind::Fxs { agent: AgentId(agent.0) } });
    config
}

fn set(config: SpanConfig) -> Admin {
    Admin::Span(SpanAsk::Set(Box::new(config)))
}

fn with(change: impl FnOnce(&mut PriConfig)) -> Admin {
    let mut config = PriConfig::default();
    change(&mut config);
    set(SpanConfig { purpose: SpanPurpose::Pri(config), ..pri(1) })
}

pub fn spans(rig: &mut Rig) -> Vec<SpanView> {
    match rig.ask(SYSTEM, Admin::Span(SpanAsk::All)) {
        Answer::Spans(spans) => spans,
        other => panic!("no spans: {other:?}"),
    }
}

pub fn card(rig: &mut Rig, span: u16) -> SpanCard {
    match rig.ask(SYSTEM, Admin::Span(SpanAsk::One { span: SpanId(span) })) {
        Answer::Span(card) => *card,
        other => panic!("no span: {other:?}"),
    }
}

/// A site whose second campaign calls over a span, and over the SIP trunk if the span cannot.
fn on_a_span() -> (Rig, TrunkId) {
    let mut rig = Rig::calling();
    let span = rig.created(SYSTEM, set(pri(1)));
    let span = TrunkId(u16::try_from(span).unwrap());
    let members = [(span, 0), (TrunkId(1), 1)];
    let members = members.map(|(trunk, rank)| LineGroupMember { trunk, rank, weight: 1 }).to_vec();
    assert_eq!(rig.created(SYSTEM, Admin::AddLineGroup { name: "专线".to_owned(), members }), 2);
    let number = || Pii::new(CALLER.to_owned());
    let valid_to = rig.clock.now.plus(365 * 86_400_000);
    let groups = vec![LineGroupId(1), LineGroupId(2)];
    let contract = "C-1".to_owned();
    rig.done(SYSTEM, Admin::AddCallerNumber { number: number(), groups, contract, valid_to });
    rig.done(COMPLIANCE, Admin::ApproveCallerNumber { number: number() });
    let batch = rig.batch(5_000, 5);
    let mut plan = plan(ScriptId(1), vec![batch]);
    plan.group = LineGroupId(2);
    assert_eq!(rig.created(MANAGER, Admin::CreateCampaign(Box::new(plan))), 2);
    rig.done(MANAGER, Admin::StartCampaign { campaign: CampaignId(2) });
    rig.take();
    (rig, span)
}

/// A call of the second campaign.
fn dialled(rig: &mut Rig) -> CallId {
    let campaign = CampaignId(2);
    let CampaignReply::Queue { contacts, .. } = rig.calld(CampaignRequest::Queue { campaign, max: 1 }) else {
        panic!("no queue")
    };
    match rig.calld(CampaignRequest::Dial { campaign, contact: contacts[0], agent: None }) {
        CampaignReply::Ticketed { call } => call,
        other => panic!("no ticket: {other:?}"),
    }
}

fn calls_on(rig: &mut Rig, trunk: TrunkId) -> u16 {
    let Answer::Overview(first) = rig.ask(SYSTEM, Admin::Overview) else { panic!("no overview") };
    first.trunks.iter().find(|live| live.id == trunk).expect("it is shown").calls
}

#[test]
fn a_span_is_a_trunk_of_its_own_and_reaches_lined_with_the_lines() {
    let mut rig = Rig::calling();
    let before = rig.vault.state().lines_version;
    assert_eq!(rig.created(SYSTEM, set(pri(1))), 2, "the trunk after the SIP trunk");
    assert!(rig.vault.state().lines_version > before);
    let sent = rig.sent_to_lined();
    let Some(VaultToLined::Site(site)) = sent.first() else { panic!("{sent:?}") };
    assert_eq!((site.spans.len(), site.spans[0].trunk), (1, TrunkId(2)));
    // The next SIP trunk does not take its number, and setting it again keeps it.
    assert_eq!(rig.created(SYSTEM, Admin::AddTrunk(Box::new(trunk()))), 3);
    let named = SpanConfig { name: "联通".to_owned(), ..pri(1) };
    assert_eq!(rig.created(SYSTEM, set(named)), 2);
    let view = &spans(&mut rig)[0];
    let live = view.trunk.as_ref().unwrap();
    assert_eq!((live.name.as_str(), live.channels, live.state), ("联通", 30, TrunkState::Unknown));
    assert!(matches!(rig.newest().event, Event::SpanSet { .. }));
}

#[test]
fn a_number_once_given_to_a_span_is_never_given_to_another_trunk() {
    let mut rig = Rig::calling();
    assert_eq!(rig.created(SYSTEM, set(pri(1))), 2);
    rig.done(SYSTEM, Admin::Span(SpanAsk::Remove { span: SpanId(1) }));
    assert!(spans(&mut rig).is_empty());
    assert_eq!(rig.created(SYSTEM, set(pri(2))), 3);
    let mut rig = rig.restart();
    assert_eq!(rig.created(SYSTEM, Admin::AddTrunk(Box::new(trunk()))), 4);
}

#[test]
fn a_span_is_refused_with_the_name_of_the_field_that_is_wrong() {
    let mut rig = Rig::calling();
    rig.created(SYSTEM, set(pri(2)));
    let changed = |change: fn(&mut SpanConfig)| {
        let mut config = pri(1);
        change(&mut config);
        set(config)
    };
    let cas = |change: fn(&mut Vec<PortConfig>)| {
        let mut config = telephone(3, AGENT);
        let SpanPurpose::Ports(ports) = &mut config.purpose else { unreachable!() };
        change(ports);
        set(config)
    };
    let cases = [
        (changed(|span| span.span = SpanId(0)), "span-number"),
        (changed(|span| span.span = SpanId(33)), "span-number"),
        (changed(|span| span.name = " ".to_owned()), "span-name"),
        (changed(|span| span.name = "名".repeat(65)), "span-name"),
        (changed(|span| span.trunk = TrunkId(1)), "span-trunk"),
        (changed(|span| span.trunk = TrunkId(2)), "span-trunk"),
        (changed(|span| span.trunk = TrunkId(10_000)), "span-trunk"),
        (changed(|span| span.e1.framing = Framing::Cas), "span-framing"),
        (changed(|span| span.e1.timing = 2), "span-timing"),
        (changed(|span| span.e1.timing = 33), "span-timing"),
        (with(|pri| pri.unused = vec![Timeslot(16)]), "span-slot"),
        (with(|pri| pri.unused = vec![Timeslot(0)]), "span-slot"),
        (with(|pri| pri.unused = vec![Timeslot(32)]), "span-slot"),
        (with(|pri| pri.unused = (1..16).chain(17..32).map(Timeslot).collect()), "span-slot"),
        (with(|pri| pri.unused = vec![Timeslot(31), Timeslot(31)]), "span-slot-twice"),
        (cas(Vec::clear), "span-slot"),
        (cas(|ports| ports[0].port = Timeslot(0)), "span-slot"),
        (cas(|ports| ports[0].port = Timeslot(2)), "span-slot-twice"),
        (cas(|ports| ports[1].kind = PortKind::Fxs { agent: AgentId(SYSTEM.0) }), "span-agent"),
        (cas(|ports| ports[1].kind = PortKind::Fxs { agent: AgentId(999) }), "span-agent"),
        (
            cas(|ports| {
                let kind = PortKind::Fxs { agent: AgentId(AGENT.0) };
                ports[0].kind = kind;
            }),
            "span-agent",
        ),
        (
            cas(|ports| {
                let answer = AnswerDetection::Voice;
                ports[0].kind = PortKind::Fxo { answer, tones: "../x".to_owned() };
            }),
            "span-tones",
        ),
    ];
    let entries = rig.vault.state().cards.spans.len();
    for (what, code) in cases {
        assert_eq!(rig.code(SYSTEM, what), code);
    }
    assert_eq!(rig.vault.state().cards.spans.len(), entries);
    // Timing 0 takes no place, and an analogue card has none.
    rig.created(SYSTEM, changed(|span| span.e1.timing = 0));
    let mut analogue = telephone(4, AGENT);
    analogue.e1.timing = 2;
    rig.created(SYSTEM, set(analogue));
}

#[test]
fn what_the_card_is_decides_about_framing_and_use() {
    let mut rig = Rig::calling();
    rig.stands(1, |status| status.is_e1 = true);
    rig.stands(2, |status| status.is_e1 = false);
    assert_eq!(rig.code(SYSTEM, set(telephone(1, AGENT))), "span-framing");
    let mut cas = telephone(1, AGENT);
    cas.e1.framing = Framing::Cas;
    rig.created(SYSTEM, set(cas.clone()));
    assert_eq!(rig.code(SYSTEM, set(pri(2))), "span-purpose");
    let SpanPurpose::Ports(ports) = &mut cas.purpose else { unreachable!() };
    ports[0].port = Timeslot(16);
    assert_eq!(rig.code(SYSTEM, set(cas)), "span-slot", "it carries the signalling");
}

#[test]
fn an_agents_telephone_on_a_card_is_a_phone_and_one_only() {
    let mut rig = Rig::calling();
    let department = Some(DepartmentId(1));
    let name = Pii::new("乙".to_owned());
    let other = rig.created(SECURITY, Admin::AddPerson { name, role: Role::Agent, department });
    let other = PersonId(u32::try_from(other).unwrap());
    rig.created(SYSTEM, set(telephone(3, AGENT)));
    assert_eq!(rig.code(SYSTEM, set(telephone(4, AGENT))), "span-agent");
    rig.created(SYSTEM, set(telephone(4, other)));
    let Answer::Lines(lines) = rig.ask(SYSTEM, Admin::Lines) else { panic!("no lines") };
    assert!(lines.phoneless.is_empty(), "{:?}", lines.phoneless);
    assert_eq!(lines.span_trunks, [(TrunkId(2), "E1-3".to_owned()), (TrunkId(3), "E1-4".to_owned())]);
    let live = spans(&mut rig)[0].trunk.clone().unwrap();
    assert_eq!(live.channels, 1, "one port is a line");
    let Answer::Overview(first) = rig.ask(SYSTEM, Admin::Overview) else { panic!("no overview") };
    assert!(first.checklist.iter().any(|item| item.code == "phone" && item.done));
}

#[test]
fn a_span_that_a_line_group_names_or_that_carries_a_call_is_not_removed() {
    let (mut rig, trunk) = on_a_span();
    let remove = || Admin::Span(SpanAsk::Remove { span: SpanId(1) });
    assert_eq!(rig.code(SYSTEM, remove()), "span-in-group");
    let moved = SpanConfig { trunk: TrunkId(50), ..pri(1) };
    assert_eq!(rig.code(SYSTEM, set(moved)), "span-in-group");
    assert_eq!(card(&mut rig, 1).groups, [(LineGroupId(2), "专线".to_owned())]);
    // Off is always possible: the group goes on with its other trunks.
    let off = SpanConfig { purpose: SpanPurpose::Off, ..pri(1) };
    rig.created(SYSTEM, set(off));
    // A span in no group, with a call on it.
    rig.created(SYSTEM, set(pri(2)));
    let call = rig.ticketed(ContactId(1));
    let second = rig.vault.state().cards.spans[&SpanId(2)].trunk;
    assert_ne!(second, trunk);
    rig.fact(call, 1, CallFact::Dialling { trunk: second });
    assert_eq!(rig.code(SYSTEM, Admin::Span(SpanAsk::Remove { span: SpanId(2) })), "span-calls");
    rig.fact(call, 2, ended(Outcome::Failed(FailCause::Busy), rig.clock.now, false));
    rig.done(SYSTEM, Admin::Span(SpanAsk::Remove { span: SpanId(2) }));
    assert_eq!(rig.code(SYSTEM, Admin::Span(SpanAsk::Remove { span: SpanId(2) })), "unknown");
}

#[test]
fn lines_that_no_frame_could_carry_to_lined_are_refused_before_they_are_an_entry() {
    let mut rig = Rig::calling();
    let mut wide = trunk();
    wide.ca_pem = Some("x".repeat(3_072));
    (wide.name, wide.host) = ("名".repeat(128), "名".repeat(200));
    for _ in 0..11 {
        rig.created(SYSTEM, Admin::AddTrunk(Box::new(wide.clone())));
    }
    let mut refused = None;
    for span in 1..=32 {
        let mut config = ports(span, 31);
        config.name = "名".repeat(64);
        match rig.ask(SYSTEM, set(config)) {
            Answer::Created { .. } => {}
            Answer::Refused { code, .. } => refused = refused.or(Some(code)),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(refused.as_deref(), Some("lines-full"));
    for message in rig.sent_to_lined() {
        assert!(postcard::to_stdvec(&message).unwrap().len() <= idl::MAX_FRAME_BYTES);
    }
}

#[test]
fn lin_06_a_call_that_moves_from_a_span_to_a_sip_trunk_and_back_counts_where_it_is() {
    let (mut rig, span) = on_a_span();
    let call = dialled(&mut rig);
    let ticket = rig.sent_to_lined().into_iter().find_map(|message| match message {
        VaultToLined::Ticket(ticket) => Some(ticket),
        _ => None,
    });
    assert_eq!(ticket.unwrap().group, LineGroupId(2), "the group names both, lined chooses");
    rig.fact(call, 1, CallFact::Dialling { trunk: span });
    assert_eq!((calls_on(&mut rig, span), calls_on(&mut rig, TrunkId(1))), (1, 0));
    // The span fails: the same ticket goes on over the SIP trunk, and is one call.
    rig.trunk_is(span, TrunkState::Down);
    rig.fact(call, 2, CallFact::Dialling { trunk: TrunkId(1) });
    assert_eq!((calls_on(&mut rig, span), calls_on(&mut rig, TrunkId(1))), (0, 1));
    let Answer::Overview(first) = rig.ask(SYSTEM, Admin::Overview) else { panic!("no overview") };
    let down = first.attention.iter().find(|item| item.code == "trunk-down").expect("it is told");
    assert_eq!((down.subject.as_str(), down.urgent), ("E1-1", true));
    rig.fact(call, 3, ended(Outcome::Failed(FailCause::Busy), rig.clock.now, false));
    assert_eq!(rig.figures().placed, 1);
    // And back.
    rig.trunk_is(span, TrunkState::Up);
    let Answer::Overview(first) = rig.ask(SYSTEM, Admin::Overview) else { panic!("no overview") };
    assert!(first.attention.iter().all(|item| item.code != "trunk-down"));
    let call = dialled(&mut rig);
    rig.fact(call, 1, CallFact::Dialling { trunk: span });
    assert_eq!(calls_on(&mut rig, span), 1);
    let Answer::CallCard(card) = rig.ask(MANAGER, Admin::CallCard { call }) else { panic!("no card") };
    assert_eq!(card.trunk, Some((span, "E1-1".to_owned())));
}

#[test]
fn lin_06_the_alarm_of_a_span_in_use_is_an_alarm_of_the_box() {
    let (mut rig, _) = on_a_span();
    let told = |rig: &Rig| rig.vault.health_reply(1).alarms.iter().any(|alarm| alarm.code == "span-alarm");
    rig.stands(1, |_| {});
    rig.stands(2, |status| status.alarms.red = true);
    assert!(!told(&rig), "a span nobody uses may be red");
    rig.stands(1, |status| status.alarms.los = true);
    assert!(told(&rig));
    rig.stands(1, |status| status.alarms.loopback = true);
    assert!(!told(&rig), "the loop of a test is none");
}

#[test]
fn l_23_a_call_on_a_span_has_one_line_and_nothing_that_comes_in_becomes_a_call() {
    let (mut rig, span) = on_a_span();
    let call = dialled(&mut rig);
    let sent = rig.sent_to_lined();
    let tickets: Vec<_> = sent.iter().filter(|message| matches!(message, VaultToLined::Ticket(_))).collect();
    assert_eq!(tickets.len(), 1, "one permission, for one number, on one group: {sent:?}");
    rig.fact(call, 1, CallFact::Dialling { trunk: span });
    rig.fact(call, 2, CallFact::Dialling { trunk: TrunkId(1) });
    let all = [span, TrunkId(1)].map(|trunk| calls_on(&mut rig, trunk));
    assert_eq!(all, [0, 1], "never two lines at once");
    // A call that arrives on the span was never allowed: it is no call here, and nothing is dialled for it.
    let entries = rig.count();
    rig.fact(CallId(999_999), 1, CallFact::Dialling { trunk: span });
    rig.fact(CallId(999_999), 2, CallFact::Answered { trunk: span, dialog: Secret::new(Vec::new()) });
    assert_eq!(rig.count(), entries);
    let sent = rig.sent_to_lined();
    assert!(
        sent.iter().all(|message| matches!(message, VaultToLined::FactStored { .. })),
        "acknowledged and no more: {sent:?}"
    );
    assert_eq!(calls_on(&mut rig, span), 0);
}

#[test]
fn an_answered_call_on_a_span_lost_with_lined_is_closed_and_nothing_is_released() {
    let (mut rig, span) = on_a_span();
    let call = dialled(&mut rig);
    rig.fact(call, 1, CallFact::Dialling { trunk: span });
    rig.fact(call, 2, CallFact::Answered { trunk: span, dialog: Secret::new(Vec::new()) });
    rig.take();
    rig.give(Cmd::LinedDown(LINED));
    // `vaultd` may die meanwhile.
    let mut rig = rig.restart();
    rig.lined_there(&[]);
    let sent = rig.sent_to_lined();
    assert!(!sent.iter().any(|message| matches!(message, VaultToLined::Release { .. })), "{sent:?}");
    assert!(rig.vault.state().unreleased.is_empty());
    let record = rig.vault.calls().get(call).unwrap();
    assert_eq!(record.outcome, Some(Outcome::Answered { by: EndedBy::Line }));
    assert_eq!((rig.figures().answered, rig.figures().open), (1, 0));
    assert!(!rig.entries().iter().any(|entry| matches!(entry.event, Event::DialogReleased { .. })));
}

impl Rig {
    /// `lined` tells how a span stands.
    pub fn stands(&mut self, span: u16, change: impl FnOnce(&mut SpanStatus)) {
        let mut status = status(span);
        change(&mut status);
        self.give(Cmd::Lined(LinedToVault::Span(Box::new(status))));
    }

    /// `lined` tells how a trunk stands.
    pub fn trunk_is(&mut self, trunk: TrunkId, state: TrunkState) {
        let (since, reason) = (self.clock.now, "RED".to_owned());
        self.give(Cmd::Lined(LinedToVault::Trunk(TrunkStatus { trunk, since, state, reason, calls: 0 })));
    }
}

/// A span that is well.
pub fn status(span: u16) -> SpanStatus {
    SpanStatus {
        span: SpanId(span),
        trunk: None,
        place: format!("card 1, port {span}"),
        is_e1: true,
        at: vocab::UnixMs(1),
        since: vocab::UnixMs(1),
        alarms: idl::spans::Alarms::default(),
        link: idl::spans::LinkState::Up,
        counters: idl::spans::SpanCounters::default(),
        slots: vec![idl::spans::SlotState::Idle; 31],
        test: None,
        trace_frames: None,
    }
}

fn refused(rig: &mut Rig, what: Admin) -> String {
    match rig.ask(SYSTEM, what) {
        Answer::Refused { code, .. } => code,
        other => panic!("not refused: {other:?}"),
    }
}

fn members(trunks: &[u16]) -> Vec<LineGroupMember> {
    trunks.iter().map(|trunk| LineGroupMember { trunk: TrunkId(*trunk), rank: 0, weight: 1 }).collect()
}

fn approved(rig: &mut Rig, number: &str) -> bool {
    let Answer::Lines(lines) = rig.ask(SYSTEM, Admin::Lines) else { panic!("no lines") };
    let known = lines.numbers.iter().find(|known| known.number.ends_with(&number[number.len() - 4..]));
    known.expect("it is shown").approved_by.is_some()
}

#[test]
fn lin_01_a_group_that_gets_another_trunk_has_its_caller_numbers_approved_anew() {
    let (mut rig, span) = on_a_span();
    let group = LineGroupId(2);
    let set = |name: &str, trunks: &[u16]| Admin::SetLineGroup {
        group,
        name: name.to_owned(),
        members: members(trunks),
    };
    rig.done(SYSTEM, set("专线甲", &[span.0]));
    assert!(approved(&mut rig, CALLER), "fewer trunks and another name change nothing for the number");
    rig.done(SYSTEM, set("专线甲", &[span.0, 1]));
    assert!(!approved(&mut rig, CALLER), "compliance approved it for other lines");
    rig.done(COMPLIANCE, Admin::ApproveCallerNumber { number: Pii::new(CALLER.to_owned()) });
    assert!(approved(&mut rig, CALLER));
    let Answer::Lines(lines) = rig.ask(SYSTEM, Admin::Lines) else { panic!("no lines") };
    let changed = lines.groups.iter().find(|known| known.id == group).expect("the group");
    assert_eq!((changed.name.as_str(), changed.members.len()), ("专线甲", 2));
}

#[test]
fn a_group_that_something_names_stays_and_one_added_by_mistake_goes() {
    let (mut rig, _) = on_a_span();
    let remove = |group| Admin::RemoveLineGroup { group: LineGroupId(group) };
    assert_eq!(refused(&mut rig, remove(2)), "group-in-use");
    assert_eq!(refused(&mut rig, remove(9)), "unknown");
    let added = Admin::AddLineGroup { name: "误建".to_owned(), members: members(&[1]) };
    let id = u16::try_from(rig.created(SYSTEM, added)).unwrap();
    rig.done(SYSTEM, remove(id));
    let Answer::Lines(lines) = rig.ask(SYSTEM, Admin::Lines) else { panic!("no lines") };
    assert!(lines.groups.iter().all(|known| known.id != LineGroupId(id)));
}

#[test]
fn a_group_is_not_set_to_trunks_that_are_not_there_or_twice_in_it() {
    let (mut rig, _) = on_a_span();
    let set = |group, trunks: &[u16]| Admin::SetLineGroup {
        group: LineGroupId(group),
        name: "x".to_owned(),
        members: members(trunks),
    };
    assert_eq!(refused(&mut rig, set(1, &[99])), "unknown");
    assert_eq!(refused(&mut rig, set(9, &[1])), "unknown");
    for trunks in [&[][..], &[1, 1]] {
        assert_eq!(refused(&mut rig, set(1, trunks)), "bounds", "{trunks:?}");
    }
}
