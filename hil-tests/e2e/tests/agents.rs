//! Agents: connected in time, written up, looked at first, and able to note a refusal.

use carrier::{CarrierHandle, EventKind};
use e2e::{
    CampaignPlan, LONG, Line, Phone, Place, SHORT, Sipp, SippPlan, TestBox, TrunkPlan, carrier_at, phones_at,
    register_for,
};
use idl::admin::Admin;
use idl::campaign::{AgentState, Disposition};
use idl::desk::{Desk, DeskReply};
use idl::lines::{LiveState, SipTransport, SrtpPolicy};
use vocab::{AgentId, CampaignMode, Pii};

struct Floor {
    sut: TestBox,
    carrier: CarrierHandle,
    line: Line,
    phones: Vec<Phone>,
}

impl Floor {
    fn new(agents: usize, srtp: SrtpPolicy) -> Self {
        let place = Place::new();
        let carrier = carrier_at(&place, |_| {});
        let trunk = TrunkPlan::plain(carrier.addr(), SipTransport::Udp);
        let mut sut = TestBox::start_in(place);
        let line = sut.line(&[trunk]);
        let phones = sut.agents(agents, srtp, false);
        Self { sut, carrier, line, phones }
    }

    fn agents(&self) -> Vec<AgentId> {
        self.phones.iter().map(|phone| phone.agent).collect()
    }
}

fn refusal(reply: &DeskReply) -> &str {
    if let DeskReply::Refused { code, .. } = reply { code } else { "" }
}

#[test]
fn agents_over_tls_and_srtp_are_heard_within_200_ms_of_the_announcements_end() {
    let mut floor = Floor::new(3, SrtpPolicy::Required);
    let phones = phones_at(&floor.sut.place, &floor.phones, true, |config| config.hangup_after_ms = 1_500);
    assert!(phones.wait_until(SHORT, |report| report.registrations >= 3), "the phones register");
    let numbers = (0..6).map(|n| format!("1996660{n}1{:02}", 10 + n));
    let _desks = floor.sut.attend(&floor.agents(), true);
    floor.sut.campaign(&floor.line, &CampaignPlan::agents(numbers, CampaignMode::Progressive));
    let figures = floor.sut.settled(6);
    assert_eq!((figures.answered, figures.recordings_verified), (6, 6), "{figures:?}");
    let journal = floor.carrier.journal();
    for number in floor.carrier.calls_per_number().keys() {
        let at = |kind| {
            let mut events = journal.iter().filter(|event| event.event == kind && event.number == *number);
            events.next().unwrap_or_else(|| panic!("no {kind:?}")).t_us / 1_000
        };
        let after = at(EventKind::AgentAudioFirst) - at(EventKind::AudioFirst);
        assert!(after >= ANNOUNCEMENT_MS - FRAME_MS, "not before the announcement is over: {after} ms");
        assert!(after <= ANNOUNCEMENT_MS + 200 + 3 * FRAME_MS, "within 200 ms: {after} ms");
    }
    let written_up = |sut: &mut TestBox| {
        sut.calls().iter().all(|call| call.agent.is_some() && call.disposition == Some(Disposition::Done))
    };
    e2e::until("every call is written up", SHORT, || written_up(&mut floor.sut).then_some(()));
    floor.sut.nothing_ended_by_itself();
}

#[test]
fn cam_15_an_agent_gets_no_next_call_before_the_last_is_written_up() {
    let mut floor = Floor::new(1, SrtpPolicy::Required);
    let phones = phones_at(&floor.sut.place, &floor.phones, true, |config| config.hangup_after_ms = 2_000);
    assert!(phones.wait_until(SHORT, |report| report.registrations >= 1));
    let agent = floor.phones[0].agent;
    let desk = floor.sut.attend(&[agent], false);
    let numbers = (0..2).map(|n| format!("1996661{n}110"));
    floor.sut.campaign(&floor.line, &CampaignPlan::agents(numbers, CampaignMode::Progressive));
    let owed = desk.wait_for("the agent owes a wrap-up", LONG, |live| !live.wrap_ups.is_empty());
    let call = owed.wrap_ups[0].1;
    let ready = floor.sut.desk(Desk::State { agent, state: AgentState::Ready });
    assert_eq!(refusal(&ready), "wrap-up-missing", "{ready:?}");
    let other = vocab::CallId(call.0 + 1_000);
    let write =
        |call| Desk::WrapUp { agent, call, disposition: Disposition::Done, note: Pii::new("好".into()) };
    assert_eq!(refusal(&floor.sut.desk(write(other))), "no-wrap-up");
    assert_eq!(floor.sut.figures().placed, 1, "no second call yet");
    assert!(matches!(floor.sut.desk(write(call)), DeskReply::Done { .. }));
    desk.wait_for("the second call comes and is owed", LONG, |live| {
        live.wrap_ups.iter().any(|(_, next)| *next != call)
    });
    let second = desk.live().wrap_ups[0].1;
    assert!(matches!(floor.sut.desk(write(second)), DeskReply::Done { .. }));
    assert_eq!(floor.sut.settled(2).answered, 2);
}

#[test]
fn cam_13_a_preview_call_is_dialled_only_after_a_look_and_cam_04_the_agents_button_opts_out() {
    let mut floor = Floor::new(1, SrtpPolicy::Required);
    let phones = phones_at(&floor.sut.place, &floor.phones, true, |_| {});
    assert!(phones.wait_until(SHORT, |report| report.registrations >= 1));
    let agent = floor.phones[0].agent;
    let desk = floor.sut.attend(&[agent], true);
    let number = "19966620010".to_owned();
    let plan = CampaignPlan::agents([number.clone()], CampaignMode::Preview);
    let campaign = floor.sut.campaign(&floor.line, &plan);
    desk.wait_for("the agent is ready", SHORT, |live| {
        live.agents.iter().any(|(_, state, _)| *state == AgentState::Ready)
    });
    let blind = floor.sut.desk(Desk::PreviewDial { agent, contact: vocab::ContactId(1) });
    assert_eq!(refusal(&blind), "not-shown", "CAM-13: {blind:?}");
    let contact = e2e::until("there is a customer to look at", SHORT, || {
        match floor.sut.desk(Desk::PreviewNext { agent, campaign }) {
            DeskReply::Preview { contact, .. } => contact,
            _ => None,
        }
    });
    assert_eq!(floor.sut.figures().placed, 0, "a look dials nothing");
    let call = match floor.sut.desk(Desk::PreviewDial { agent, contact }) {
        DeskReply::Dialled { call, .. } => call,
        other => panic!("not dialled: {other:?}"),
    };
    desk.wait_for("both speak", LONG, |live| live.calls.contains(&(call, LiveState::Talking)));
    assert!(matches!(floor.sut.desk(Desk::Refused { agent }), DeskReply::Done { .. }));
    let figures = floor.sut.settled(1);
    assert_eq!((figures.answered, figures.opted_out), (1, 1), "{figures:?}");
    floor.sut.campaign(&floor.line, &CampaignPlan::announcement([number]));
    let figures = floor.sut.settled(2);
    assert_eq!(figures.refused, [("CAM-04".to_owned(), 1)], "{figures:?}");
}

#[test]
fn a_sipp_phone_over_udp_talks_to_the_customer_where_the_site_allows_it() {
    let mut floor = Floor::new(1, SrtpPolicy::PlainWaiver);
    let system = floor.sut.people.system;
    floor.sut.order(system, Admin::AllowUdpPhones { allow: true });
    let port = floor.sut.place.spare();
    register_for(&floor.sut.place, &floor.phones[0], (std::net::Ipv4Addr::LOCALHOST, port).into());
    let mut sipp = Sipp::start(&floor.sut.place, port, &SippPlan::udp("phone"));
    let _desk = floor.sut.attend(&floor.agents(), true);
    // The callee of code 69 hangs up after three seconds; until then it hears itself from the phone.
    let plan = CampaignPlan::agents(["19966630069".to_owned()], CampaignMode::Progressive);
    floor.sut.campaign(&floor.line, &plan);
    let figures = floor.sut.settled(1);
    assert_eq!((figures.answered, figures.recordings_verified), (1, 1), "{figures:?}");
    sipp.succeeds(SHORT);
    let call = floor.sut.last_call();
    assert_eq!(call.agent, Some(floor.phones[0].agent));
    let stereo = floor.sut.recording(call.call).stereo();
    let echo = e2e::Stereo { left: stereo.right.clone(), right: Vec::new() };
    assert!(echo.find_voice("19966630069").1 > 0.0, "the phone's audio reached the customer's side");
}

/// Identification, notice and hint.
const ANNOUNCEMENT_MS: u64 = 900;
const FRAME_MS: u64 = 20;
