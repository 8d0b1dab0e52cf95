//! SIPp as the carrier's trunk, over UDP, TCP and TLS: how calls are made, refused, changed and ended.

use carrier::{Credentials, DigestAlgorithm};
use e2e::{
    CampaignPlan, LONG, Line, Place, Prompts, SHORT, Sipp, SippPlan, Stereo, TestBox, TlsFront, TrunkPlan,
    carrier_at,
};
use idl::admin::Admin;
use idl::lines::{PromptRole, SipTransport, TrunkState};
use vocab::{FailCause, Outcome};

/// A box with one SIPp trunk over UDP, on which scenarios follow each other.
struct Bench {
    sut: TestBox,
    line: Line,
    port: u16,
    contacts: u32,
}

impl Bench {
    fn new() -> Self {
        let mut sut = TestBox::start();
        let port = sut.place.spare();
        let addr = (std::net::Ipv4Addr::LOCALHOST, port).into();
        let line = sut.line(&[TrunkPlan::plain(addr, SipTransport::Udp)]);
        Self { sut, line, port, contacts: 0 }
    }

    fn number(&mut self) -> String {
        self.contacts += 1;
        format!("1990000{:04}", self.contacts)
    }

    /// One call to SIPp as this scenario; how the call ended.
    #[track_caller]
    fn call(&mut self, plan: &SippPlan) -> Outcome {
        self.call_with(plan, 400)
    }

    #[track_caller]
    fn call_with(&mut self, plan: &SippPlan, body_ms: u32) -> Outcome {
        let mut sipp = Sipp::start(&self.sut.place, self.port, plan);
        let number = self.number();
        self.sut.campaign(&self.line, &CampaignPlan::announcement([number]).body_ms(body_ms));
        sipp.succeeds(LONG);
        self.sut.settled(u64::from(self.contacts));
        self.sut.last_call().outcome.expect("an outcome")
    }
}

fn answered(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Answered { .. })
}

/// The callee echoes what it hears: the announcement stands on its side of the recording.
fn heard(sut: &mut TestBox, call: vocab::CallId) {
    let stereo = sut.recording(call).stereo();
    let body = Prompts::hz(PromptRole::Body);
    assert!(Stereo::find_tone(&stereo.right, body, 200).is_some(), "we say the message");
    assert!(Stereo::find_tone(&stereo.left, body, 200).is_some(), "the callee hears the message");
}

#[test]
fn calls_complete_over_udp_tcp_and_tls_and_the_announcement_is_heard() {
    let place = Place::new();
    let udp = Sipp::start(&place, place.spare(), &SippPlan::udp("answer"));
    let tcp = Sipp::start(&place, place.spare(), &SippPlan::udp("answer").over("t1"));
    let front = place.spare();
    let mut behind = SippPlan::udp("answer").over("t1");
    behind.reach = Some(format!("127.0.0.1:{front};transport=tls"));
    let tls = Sipp::start(&place, place.spare(), &behind);
    let front = TlsFront::start(&place, front, tls.addr);
    let trunks = [
        TrunkPlan::plain(udp.addr, SipTransport::Udp),
        TrunkPlan::plain(tcp.addr, SipTransport::Tcp),
        TrunkPlan::plain(front.addr, SipTransport::Tls).with(|trunk| trunk.ca_pem = Some(front.ca_pem())),
    ];
    let mut sut = TestBox::start_in(place);
    for (at, trunk) in trunks.into_iter().enumerate() {
        let line = sut.line(&[trunk]);
        sut.campaign(&line, &CampaignPlan::announcement([format!("1991111000{at}")]));
    }
    let figures = sut.settled(3);
    assert_eq!((figures.placed, figures.answered, figures.recordings_verified), (3, 3, 3), "{figures:?}");
    for mut sipp in [udp, tcp, tls] {
        sipp.succeeds(SHORT);
    }
    for call in sut.calls() {
        heard(&mut sut, call.call);
    }
    sut.nothing_ended_by_itself();
}

#[test]
fn enc_01_a_trunk_whose_certificate_another_ca_signed_is_down_and_gets_no_call() {
    let place = Place::new();
    let front = place.spare();
    let tcp = Sipp::start(&place, place.spare(), &SippPlan::udp("answer").over("t1"));
    let front = TlsFront::start(&place, front, tcp.addr);
    let other_ca = place.ca_pem();
    let mut sut = TestBox::start_in(place);
    let trunk = TrunkPlan::plain(front.addr, SipTransport::Tls).with(|trunk| {
        trunk.ca_pem = Some(other_ca);
        trunk.options_interval_s = 1;
    });
    let line = sut.line(&[trunk]);
    let floor = sut.attend(&[], false);
    let down = |live: &idl::desk::Live| {
        live.trunks.iter().any(|trunk| trunk.state == TrunkState::Down && !trunk.reason.is_empty())
    };
    floor.wait_for("the trunk is down, and why", LONG, down);
    sut.campaign(&line, &CampaignPlan::announcement(["19911110009".to_owned()]));
    sut.wait_for("the call is not made", SHORT, |figures| figures.open == 0);
    assert_eq!(sut.figures().answered, 0);
    assert!(!tcp.messages().contains("INVITE"), "nothing was sent to a stranger");
}

#[test]
fn challenges_by_md5_and_sha_256_are_answered_for_calls_and_registrations() {
    let place = Place::new();
    let mut sipp = Sipp::start(&place, place.spare(), &SippPlan::udp("challenge"));
    let carriers = [DigestAlgorithm::Md5, DigestAlgorithm::Sha256].map(|algorithm| {
        let (user, password) = ("box".to_owned(), "correct horse".to_owned());
        carrier_at(&place, |config| {
            config.auth = Some(Credentials { user, password, realm: "carrier".into(), algorithm });
            config.challenge_invites = true;
        })
    });
    let trunk = |addr| TrunkPlan::plain(addr, SipTransport::Udp);
    let mut trunks = vec![trunk(sipp.addr).account("box", "correct horse", false)];
    trunks.extend(carriers.iter().map(|carrier| trunk(carrier.addr()).account("box", "correct horse", true)));
    trunks.extend(carriers.iter().map(|carrier| trunk(carrier.addr()).account("box", "wrong", false)));
    let mut sut = TestBox::start_in(place);
    for carrier in &carriers {
        assert_eq!(carrier.report().registrations, 0);
    }
    for (at, trunk) in trunks.into_iter().enumerate() {
        let line = sut.line(&[trunk]);
        if (1..=2).contains(&at) {
            let registered = carriers[at - 1].wait_until(SHORT, |report| report.registrations > 0);
            assert!(registered, "the trunk registers");
        }
        sut.campaign(&line, &CampaignPlan::announcement([format!("1991118000{at}")]));
        sut.settled(at as u64 + 1);
        let right = at < 3;
        assert_eq!(answered(sut.last_call().outcome.expect("an outcome")), right, "trunk {at}");
    }
    sipp.succeeds(SHORT);
    assert!(sipp.messages().contains("Proxy-Authorization: Digest"));
    sut.nothing_ended_by_itself();
}

#[test]
fn answers_refusals_and_changes_of_a_call_end_as_they_should() {
    let mut bench = Bench::new();
    assert!(answered(bench.call(&SippPlan::udp("early"))), "early media, then an answer");
    assert!(answered(bench.call(&SippPlan::udp("prack"))), "a reliable provisional response");
    assert!(answered(bench.call_with(&SippPlan::udp("reinvite"), 2_500)), "hold and resume by the peer");
    assert!(answered(bench.call(&SippPlan::udp("crossing"))), "both hang up at once");
    for (scenario, status, cause) in [
        ("refuse", "486 Busy Here", FailCause::Busy),
        ("refuse", "603 Decline", FailCause::Declined),
        ("refuse_at_once", "404 Not Found", FailCause::InvalidNumber),
        ("refuse", "480 Temporarily Unavailable", FailCause::NoAnswer),
        ("refuse_at_once", "480 Temporarily Unavailable", FailCause::Unreachable),
    ] {
        let outcome = bench.call(&SippPlan::udp(scenario).status(status));
        assert_eq!(outcome, Outcome::Failed(cause), "{scenario} {status}");
    }
    bench.sut.nothing_ended_by_itself();
}

#[test]
fn cam_04_who_declined_with_603_is_not_called_again_by_a_later_campaign() {
    let mut bench = Bench::new();
    let outcome = bench.call(&SippPlan::udp("refuse").status("603 Decline"));
    assert_eq!(outcome, Outcome::Failed(FailCause::Declined));
    let again = CampaignPlan::announcement(["19900000001".to_owned()]);
    bench.sut.campaign(&bench.line, &again);
    let figures = bench.sut.settled(2);
    assert_eq!(figures.placed, 1, "{figures:?}");
    assert!(figures.refused.iter().any(|(rule, _)| rule == "CAM-04-DECLINED"), "{figures:?}");
}

#[test]
fn a_phone_that_nobody_answers_is_cancelled_when_its_ring_time_is_over() {
    let mut bench = Bench::new();
    let compliance = bench.sut.people.compliance;
    bench.sut.order(compliance, Admin::SetPolicy { toml: "ring_time_s = 10".into() });
    let outcome = bench.call(&SippPlan::udp("ring"));
    assert_eq!(outcome, Outcome::Failed(FailCause::NoAnswer));
}

#[test]
fn lin_06_a_503_moves_the_call_to_the_next_trunk_of_the_group() {
    let place = Place::new();
    let plan = SippPlan::udp("refuse_at_once").status("503 Service Unavailable");
    let mut first = Sipp::start(&place, place.spare(), &plan);
    let mut second = Sipp::start(&place, place.spare(), &SippPlan::udp("answer"));
    let mut sut = TestBox::start_in(place);
    let line = sut.line(&[first.addr, second.addr].map(|addr| TrunkPlan::plain(addr, SipTransport::Udp)));
    sut.campaign(&line, &CampaignPlan::announcement(["19922220001".to_owned()]));
    let figures = sut.settled(1);
    assert_eq!((figures.placed, figures.answered), (1, 1), "{figures:?}");
    first.succeeds(SHORT);
    second.succeeds(SHORT);
}

#[test]
fn lin_06_a_486_is_an_answer_and_no_other_trunk_is_tried() {
    let place = Place::new();
    let mut first = Sipp::start(&place, place.spare(), &SippPlan::udp("refuse").status("486 Busy Here"));
    let second = Sipp::start(&place, place.spare(), &SippPlan::udp("answer"));
    let mut sut = TestBox::start_in(place);
    let line = sut.line(&[first.addr, second.addr].map(|addr| TrunkPlan::plain(addr, SipTransport::Udp)));
    sut.campaign(&line, &CampaignPlan::announcement(["19922220002".to_owned()]));
    let figures = sut.settled(1);
    assert_eq!((figures.placed, figures.answered), (1, 0), "{figures:?}");
    first.succeeds(SHORT);
    assert!(!second.messages().contains("INVITE"));
}

#[test]
fn lin_06_a_second_trunk_whose_name_does_not_resolve_delays_no_call_on_the_first() {
    let place = Place::new();
    let mut first = Sipp::start(&place, place.spare(), &SippPlan::udp("answer"));
    let mut sut = TestBox::start_in(place);
    let nowhere = TrunkPlan::plain(first.addr, SipTransport::Udp).with(|trunk| {
        trunk.host = "carrier.invalid".into();
        trunk.port = None;
        trunk.options_interval_s = 1;
    });
    let line = sut.line(&[TrunkPlan::plain(first.addr, SipTransport::Udp), nowhere]);
    let begun = std::time::Instant::now();
    sut.campaign(&line, &CampaignPlan::announcement(["19922220003".to_owned()]));
    first.succeeds(SHORT);
    assert!(begun.elapsed() < SHORT);
    let figures = sut.settled(1);
    assert_eq!((figures.placed, figures.answered), (1, 1), "{figures:?}");
}

#[test]
fn a_session_is_refreshed_before_its_timer_runs_out() {
    let mut bench = Bench::new();
    // RFC 4028 §4: 90 s is the shortest session; it is refreshed at half of it.
    assert!(answered(bench.call_with(&SippPlan::udp("refresh"), 50_000)));
}
