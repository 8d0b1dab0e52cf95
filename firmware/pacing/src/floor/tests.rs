//! The floor against a scripted vault and scripted lines.

use super::{Floor, Input, Now, Output};
use idl::campaign::{
    AgentState, AgentView, CalldToVault, CampaignReply, CampaignRequest, CampaignView, Disposition,
    VaultToCalld,
};
use idl::desk::{Desk, DeskReply, DeskRequest};
use idl::lines::{CalldToLined, LinedToCalld, LiveState};
use vocab::{
    AgentId, CallId, CampaignClass, CampaignId, CampaignMode, ContactId, DepartmentId, EndedBy, LineGroupId,
    Outcome, Pii, UnixMs,
};

const GROUP: LineGroupId = LineGroupId(1);
pub(super) const CAMPAIGN: CampaignId = CampaignId(1);
pub(super) const AGENT: AgentId = AgentId(7);
const ANSWERED: Outcome = Outcome::Answered { by: EndedBy::Callee };

pub(super) struct Bench {
    pub(super) floor: Floor,
    now_us: u64,
    pub(super) agents: Vec<AgentView>,
    pub(super) campaigns: Vec<CampaignView>,
    pub(super) contacts: Vec<ContactId>,
    /// What the vault knows of agents.
    states: Vec<(AgentId, AgentState, Option<CallId>)>,
    next_call: u64,
    /// Dial requests in the order they were asked for, not answered yet.
    pub(super) dials: Vec<(u64, ContactId, Option<AgentId>)>,
    lines: Vec<CalldToLined>,
    pub(super) desk: Vec<DeskReply>,
    pub(super) returned: Vec<ContactId>,
    recorded: Vec<AgentState>,
    /// What the vault was told of phones.
    pub(super) phones: Vec<(AgentId, bool)>,
}

impl Bench {
    pub(super) fn new(mode: CampaignMode, contacts: u64, agents: usize) -> Self {
        let view = CampaignView {
            id: CAMPAIGN,
            name: "demo".into(),
            class: CampaignClass::ReturnVisit,
            mode,
            running: true,
            group: GROUP,
            department: DepartmentId(1),
            max_calls: 5,
            calls_per_minute: 60_000,
            wrap_up_s: 60,
        };
        let agent =
            |n: usize| AgentView { id: AgentId(7 + n as u32), department: DepartmentId(1), active: true };
        let mut bench = Self {
            floor: Floor::new(),
            now_us: 1_000_000,
            agents: (0..agents).map(agent).collect(),
            campaigns: vec![view],
            contacts: (1..=contacts).map(ContactId).collect(),
            states: Vec::new(),
            next_call: 100,
            dials: vec![],
            lines: vec![],
            desk: vec![],
            returned: vec![],
            recorded: vec![],
            phones: vec![],
        };
        bench.give(Input::VaultUp);
        bench.give(Input::LinesUp);
        bench.give(Input::Lines(LinedToCalld::Live { calls: vec![] }));
        for agent in bench.agents.clone() {
            bench.give(Input::Lines(LinedToCalld::Phone { agent: agent.id, registered: true }));
            bench.desk(Desk::State { agent: agent.id, state: AgentState::Ready });
        }
        bench
    }

    fn now(&self) -> Now {
        Now { mono_us: self.now_us, wall: UnixMs(self.now_us as i64 / 1_000) }
    }

    pub(super) fn give(&mut self, input: Input) {
        let mut out = Vec::new();
        self.now_us += 1_000;
        self.floor.step(self.now(), input, &mut out);
        self.serve(out);
    }

    pub(super) fn wait(&mut self, us: u64) {
        self.now_us += us;
        let mut out = Vec::new();
        self.floor.expire(self.now(), &mut out);
        self.serve(out);
    }

    fn serve(&mut self, out: Vec<Output>) {
        for output in out {
            match output {
                Output::Vault(message) => self.answer(message),
                Output::Lines(message) => self.lines.push(message),
                Output::Desk { reply, .. } => self.desk.push(reply),
            }
        }
    }

    fn answer(&mut self, message: CalldToVault) {
        let reply = match message.request {
            CampaignRequest::Campaigns => CampaignReply::Campaigns(self.campaigns.clone()),
            CampaignRequest::Agents { after: None } => CampaignReply::Agents(self.agents.clone()),
            CampaignRequest::Agents { after: Some(_) } => CampaignReply::Agents(vec![]),
            CampaignRequest::AgentStates => CampaignReply::AgentStates(self.states.clone()),
            CampaignRequest::Queue { max, .. } => {
                let take = usize::from(max).min(self.contacts.len());
                CampaignReply::Queue { contacts: self.contacts.drain(..take).collect(), again_at: None }
            }
            CampaignRequest::Return { contacts, .. } => {
                self.returned.extend(contacts);
                CampaignReply::Stored
            }
            CampaignRequest::Dial { contact, agent, .. } => {
                self.dials.push((message.id, contact, agent));
                return;
            }
            CampaignRequest::AgentState { state, .. } => {
                self.recorded.push(state);
                CampaignReply::Stored
            }
            CampaignRequest::WrapUp { .. } => CampaignReply::Stored,
            CampaignRequest::Phone { agent, registered } => {
                self.phones.push((agent, registered));
                return;
            }
            CampaignRequest::DeskReply(_) => unreachable!("desk replies have their own way out"),
        };
        self.give(Input::Vault(VaultToCalld::Reply { id: message.id, reply }));
    }

    pub(super) fn ticket(&mut self) -> CallId {
        let (id, _, _) = self.dials.remove(0);
        self.next_call += 1;
        let call = CallId(self.next_call);
        self.give(Input::Vault(VaultToCalld::Reply { id, reply: CampaignReply::Ticketed { call } }));
        call
    }

    pub(super) fn line(&mut self, call: CallId, state: LiveState) {
        self.give(Input::Lines(LinedToCalld::Call { call, state }));
    }

    pub(super) fn close(&mut self, call: CallId) {
        let closed =
            VaultToCalld::CallClosed { call, campaign: CAMPAIGN, outcome: ANSWERED, opted_out: false };
        self.give(Input::Vault(closed));
    }

    pub(super) fn desk(&mut self, what: Desk) {
        self.give(Input::Desk { from: 1, request: DeskRequest { id: 1, what } });
    }

    pub(super) fn free(&mut self, channels: u32) {
        self.give(Input::Lines(LinedToCalld::Free(vec![(GROUP, channels)])));
    }

    pub(super) fn state(&self, agent: AgentId) -> AgentState {
        self.floor.live().agents.iter().find(|(id, _, _)| *id == agent).expect("the agent").1
    }
}

#[test]
fn an_announcement_campaign_dials_up_to_its_bound_and_the_free_lines() {
    let mut bench = Bench::new(CampaignMode::Announcement, 20, 0);
    assert_eq!(bench.dials.len(), 0, "no line is known to be free");
    bench.free(3);
    bench.wait(20_000);
    assert_eq!(bench.dials.len(), 3);
    bench.free(30);
    bench.wait(20_000);
    assert_eq!(bench.dials.len(), 5, "the campaign's bound");
}

#[test]
fn every_call_ends_and_every_gauge_returns_to_zero() {
    let mut bench = Bench::new(CampaignMode::Announcement, 12, 0);
    bench.free(100);
    let mut placed = 0;
    while bench.floor.live().work_left {
        bench.wait(20_000);
        while !bench.dials.is_empty() {
            let call = bench.ticket();
            placed += 1;
            bench.line(call, LiveState::Dialling);
            bench.line(call, LiveState::Ended(ANSWERED));
            bench.close(call);
        }
        bench.free(100);
    }
    assert_eq!(placed, 12);
    assert_eq!(bench.floor.gauges(), vec![("calls".into(), 0), ("requests".into(), 0)]);
    assert!(bench.floor.calls.is_empty());
}

#[test]
fn a_progressive_campaign_dials_one_call_for_each_free_agent() {
    let mut bench = Bench::new(CampaignMode::Progressive, 20, 2);
    bench.free(30);
    bench.wait(20_000);
    assert_eq!(bench.dials.len(), 2);
    assert_eq!((bench.state(AGENT), bench.state(AgentId(8))), (AgentState::Reserved, AgentState::Reserved));
    bench.wait(20_000);
    assert_eq!(bench.dials.len(), 2);
}

#[test]
fn cam_15_the_next_call_waits_for_the_wrap_up_of_the_last() {
    let mut bench = Bench::new(CampaignMode::Progressive, 20, 1);
    bench.free(30);
    bench.wait(20_000);
    let call = bench.ticket();
    for state in [LiveState::Dialling, LiveState::Announcing, LiveState::Talking, LiveState::Ended(ANSWERED)]
    {
        bench.line(call, state);
    }
    bench.close(call);
    assert_eq!(bench.state(AGENT), AgentState::WrapUp);
    bench.wait(120_000_000);
    assert!(bench.dials.is_empty());
    let note = Pii::new(String::new());
    bench.desk(Desk::WrapUp { agent: AGENT, call, disposition: Disposition::Done, note });
    bench.wait(20_000);
    assert_eq!(bench.dials.len(), 1);
}

#[test]
fn a_refused_dial_frees_its_agent() {
    let mut bench = Bench::new(CampaignMode::Progressive, 1, 1);
    bench.free(30);
    bench.wait(20_000);
    let (id, _, _) = bench.dials.remove(0);
    let reply = CampaignReply::Refused { rules: vec![vocab::RuleId::Consent], again_at: None };
    bench.give(Input::Vault(VaultToCalld::Reply { id, reply }));
    assert_eq!(bench.state(AGENT), AgentState::Ready);
    assert_eq!(bench.recorded, [AgentState::Ready], "signing in is recorded, a refusal is not");
}

#[test]
fn a_vault_that_dies_with_a_request_under_way_does_not_keep_the_agent() {
    let mut bench = Bench::new(CampaignMode::Progressive, 1, 1);
    bench.free(30);
    bench.wait(20_000);
    assert_eq!(bench.dials.len(), 1);
    bench.give(Input::VaultDown);
    assert_eq!(bench.state(AGENT), AgentState::Ready);
}

#[test]
fn a_call_whose_verdict_was_lost_takes_its_agent_when_the_line_names_it() {
    let mut bench = Bench::new(CampaignMode::Progressive, 1, 1);
    bench.free(30);
    bench.wait(20_000);
    bench.give(Input::VaultDown);
    bench.give(Input::Lines(LinedToCalld::Agent { call: CallId(55), agent: AGENT }));
    bench.line(CallId(55), LiveState::Talking);
    assert_eq!(bench.state(AGENT), AgentState::Talking);
    bench.line(CallId(55), LiveState::Ended(ANSWERED));
    assert_eq!(bench.state(AGENT), AgentState::WrapUp);
}

#[test]
fn lin_06_calls_lost_with_the_line_process_free_their_agents() {
    let mut bench = Bench::new(CampaignMode::Progressive, 1, 1);
    bench.free(30);
    bench.wait(20_000);
    let call = bench.ticket();
    bench.line(call, LiveState::Dialling);
    bench.give(Input::LinesDown);
    bench.give(Input::LinesUp);
    bench.give(Input::Lines(LinedToCalld::Live { calls: vec![] }));
    assert_eq!(bench.state(AGENT), AgentState::Ready);
    assert_eq!(bench.floor.gauges()[0], ("calls".into(), 0));
}

#[test]
fn an_end_that_overtakes_its_verdict_leaves_nothing_behind() {
    let mut bench = Bench::new(CampaignMode::Progressive, 1, 1);
    bench.free(30);
    bench.wait(20_000);
    let call = CallId(101);
    bench.line(call, LiveState::Ended(ANSWERED));
    bench.close(call);
    assert_eq!(bench.ticket(), call);
    assert_eq!(bench.state(AGENT), AgentState::Ready);
    assert!(bench.floor.calls.is_empty());
}

#[test]
fn stopping_returns_the_queue_ends_the_calls_and_then_says_done() {
    let mut bench = Bench::new(CampaignMode::Announcement, 20, 0);
    bench.free(1);
    bench.wait(20_000);
    bench.desk.clear();
    bench.desk(Desk::Stop);
    assert!(matches!(bench.lines.last(), Some(CalldToLined::Drain)));
    assert_eq!(bench.returned.len(), 19);
    bench.give(Input::Lines(LinedToCalld::Drained));
    assert!(bench.desk.is_empty(), "a dial request is still under way");
    let call = bench.ticket();
    bench.line(call, LiveState::Ended(ANSWERED));
    assert!(matches!(bench.desk.last(), Some(DeskReply::Done { id: 1 })));
}

#[test]
fn live_figures_go_out_at_most_five_times_a_second() {
    let mut bench = Bench::new(CampaignMode::Announcement, 0, 0);
    bench.desk(Desk::Watch);
    bench.desk.clear();
    for _ in 0..1_000 {
        bench.free(3);
    }
    assert!(bench.desk.len() <= 6, "{} in one second", bench.desk.len());
    assert!(!bench.desk.is_empty());
}

#[test]
fn refusals_of_the_gate_do_not_use_up_the_free_lines() {
    let mut bench = Bench::new(CampaignMode::Announcement, 50, 0);
    bench.free(2);
    let mut refused = 0;
    for _ in 0..200 {
        bench.wait(20_000);
        while let Some((id, _, _)) = bench.dials.pop() {
            let reply = CampaignReply::Refused { rules: vec![vocab::RuleId::Consent], again_at: None };
            bench.give(Input::Vault(VaultToCalld::Reply { id, reply }));
            refused += 1;
        }
    }
    assert_eq!(refused, 50);
}

#[test]
fn a_ticket_of_which_the_lines_never_speak_is_given_up() {
    let mut bench = Bench::new(CampaignMode::Progressive, 1, 1);
    bench.free(30);
    bench.wait(20_000);
    bench.ticket();
    bench.wait(15_000_001);
    assert_eq!(bench.state(AGENT), AgentState::Ready);
    assert_eq!(bench.floor.gauges()[0], ("calls".into(), 0));
}

#[test]
fn cam_15_an_opt_out_while_the_lines_connect_again_does_not_lose_the_wrap_up() {
    let mut bench = Bench::new(CampaignMode::Progressive, 1, 1);
    bench.free(30);
    bench.wait(20_000);
    let call = bench.ticket();
    bench.line(call, LiveState::Talking);
    bench.line(call, LiveState::OptedOut);
    assert_eq!(bench.state(AGENT), AgentState::WrapUp);
    bench.give(Input::LinesDown);
    bench.give(Input::LinesUp);
    bench.give(Input::Lines(LinedToCalld::Live { calls: vec![(call, LiveState::OptedOut)] }));
    bench.give(Input::Lines(LinedToCalld::Agent { call, agent: AGENT }));
    bench.line(call, LiveState::Ended(ANSWERED));
    bench.close(call);
    assert_eq!(bench.state(AGENT), AgentState::WrapUp);
    assert_eq!(bench.floor.live().wrap_ups, vec![(AGENT, call)]);
}

#[test]
fn cam_15_a_call_that_ended_between_our_start_and_the_lines_leaves_its_wrap_up() {
    let mut bench = Bench::new(CampaignMode::Progressive, 3, 1);
    assert_eq!(bench.state(AGENT), AgentState::Ready);
    // Nobody here saw it: when we asked for the agents' states, its agent was not connected yet.
    let call = CallId(500);
    bench.states = vec![(AGENT, AgentState::Ready, Some(call))];
    bench.close(call);
    assert_eq!(bench.state(AGENT), AgentState::WrapUp);
    assert_eq!(bench.floor.live().wrap_ups, vec![(AGENT, call)]);
    bench.free(30);
    bench.wait(20_000);
    assert!(bench.dials.is_empty(), "nobody is called for an agent who writes up");
}

#[test]
fn after_a_start_the_lines_may_name_agents_and_phones_before_the_vault_does() {
    let mut bench = Bench::new(CampaignMode::Progressive, 3, 1);
    bench.floor = Floor::new();
    bench.contacts = vec![ContactId(9)];
    let (mut out, call) = (Vec::new(), CallId(500));
    for input in [
        Input::LinesUp,
        Input::Lines(LinedToCalld::Live { calls: vec![(call, LiveState::Ringing)] }),
        Input::Lines(LinedToCalld::Agent { call, agent: AGENT }),
        Input::Lines(LinedToCalld::Phone { agent: AGENT, registered: true }),
        Input::Lines(LinedToCalld::Free(vec![(GROUP, 30)])),
    ] {
        bench.floor.step(bench.now(), input, &mut out);
    }
    bench.give(Input::VaultUp);
    assert_eq!(bench.state(AGENT), AgentState::Reserved, "the call that rings is this agent's");
    assert!(bench.dials.is_empty(), "one agent has one call");
    bench.line(call, LiveState::Ended(Outcome::Failed(vocab::FailCause::Busy)));
    bench.close(call);
    bench.wait(20_000);
    assert_eq!(bench.dials.len(), 1, "the phone that registered before is known");
}

#[test]
fn the_end_of_a_call_does_not_free_an_agent_who_is_reserved_for_the_next() {
    let mut bench = Bench::new(CampaignMode::Progressive, 3, 1);
    bench.free(30);
    bench.wait(20_000);
    let first = bench.ticket();
    bench.line(first, LiveState::Announcing);
    // The customer opts out before the agent was heard: the agent is free, the call is not over yet.
    bench.line(first, LiveState::OptedOut);
    bench.wait(20_000);
    let second = bench.ticket();
    bench.line(second, LiveState::Ringing);
    bench.line(first, LiveState::Ended(ANSWERED));
    bench.close(first);
    assert_eq!(bench.state(AGENT), AgentState::Reserved);
    bench.line(second, LiveState::Talking);
    bench.line(second, LiveState::Ended(ANSWERED));
    assert_eq!(bench.floor.live().wrap_ups, vec![(AGENT, second)]);
}

#[test]
fn while_the_vault_is_away_nothing_waits_for_it_and_desks_are_told() {
    let mut bench = Bench::new(CampaignMode::Progressive, 1, 1);
    bench.free(30);
    bench.wait(20_000);
    let call = bench.ticket();
    bench.line(call, LiveState::Talking);
    bench.line(call, LiveState::Ended(ANSWERED));
    bench.give(Input::VaultDown);
    bench.desk.clear();
    bench.desk(Desk::WrapUp {
        agent: AGENT,
        call,
        disposition: Disposition::Done,
        note: Pii::new(String::new()),
    });
    let told = matches!(bench.desk.as_slice(), [DeskReply::Refused { code, .. }] if code == "not-now");
    assert!(told, "{:?}", bench.desk);
    bench.desk(Desk::State { agent: AGENT, state: AgentState::Break });
    assert_eq!(bench.floor.gauges()[1], ("requests".into(), 0));
    assert_eq!(bench.state(AGENT), AgentState::WrapUp);
}

#[test]
fn a_verdict_that_comes_after_the_end_does_not_free_an_agent_reserved_again() {
    let mut bench = Bench::new(CampaignMode::Progressive, 3, 1);
    bench.free(30);
    bench.wait(20_000);
    let (late, first) = (bench.dials.pop().expect("a dial request").0, CallId(300));
    bench.give(Input::Lines(LinedToCalld::Agent { call: first, agent: AGENT }));
    bench.line(first, LiveState::Dialling);
    bench.line(first, LiveState::Ended(Outcome::Failed(vocab::FailCause::Busy)));
    bench.wait(20_000);
    assert_eq!(bench.dials.len(), 1, "the agent is reserved for the next call");
    let reply = CampaignReply::Ticketed { call: first };
    bench.give(Input::Vault(VaultToCalld::Reply { id: late, reply }));
    bench.close(first);
    assert_eq!(bench.state(AGENT), AgentState::Reserved);
    assert_eq!(bench.dials.len(), 1, "one agent has one call");
}

#[test]
fn cam_15_an_end_that_overtakes_the_lines_does_not_lose_the_wrap_up() {
    let mut bench = Bench::new(CampaignMode::Progressive, 1, 1);
    bench.free(30);
    bench.wait(20_000);
    let call = bench.ticket();
    bench.line(call, LiveState::Announcing);
    bench.close(call);
    bench.line(call, LiveState::Talking);
    bench.line(call, LiveState::Ended(ANSWERED));
    assert_eq!(bench.floor.live().wrap_ups, vec![(AGENT, call)]);
    assert_eq!(bench.floor.gauges()[0], ("calls".into(), 0));
}

#[test]
fn a_floor_with_contacts_and_no_agent_does_not_say_that_it_waits_for_a_time() {
    let mut bench = Bench::new(CampaignMode::Progressive, 3, 0);
    let mut later = bench.campaigns[0].clone();
    later.id = CampaignId(2);
    bench.campaigns.push(later);
    bench.give(Input::Vault(VaultToCalld::Changed));
    let id = bench.floor.pending.keys().next().copied();
    assert_eq!(id, None, "every question has its answer");
    bench.floor.campaigns.get_mut(&CampaignId(2)).expect("known").ask_at = Some(UnixMs(9_000_000));
    bench.floor.campaigns.get_mut(&CampaignId(2)).expect("known").exhausted = false;
    assert_eq!(bench.floor.live().next_at, None, "three contacts wait for an agent");
    bench.floor.campaigns.get_mut(&CAMPAIGN).expect("known").queue.clear();
    bench.floor.campaigns.get_mut(&CAMPAIGN).expect("known").exhausted = true;
    assert_eq!(bench.floor.live().next_at, Some(UnixMs(9_000_000)));
}
