//! Calls over E1 through all processes: the virtual dual-E1 card against the simulated exchange.

use carrier::EventKind;
use e2e::{
    CampaignPlan, LONG, Place, Prompts, SHORT, Stereo, TestBox, TrunkPlan, Which, carrier_at, exchange_at,
    trunk_is, until,
};
use exchange::{ExchangeHandle, Order};
use idl::admin::CallView;
use idl::lines::{PromptRole, SipTransport, TrunkState};
use idl::spans::{Alarms, SlotState, SpanOrder};
use std::time::{Duration, Instant};
use vocab::{EndedBy, Outcome, Pii, SpanId};

const E1: SpanId = SpanId(1);

fn numbers(prefix: &str, codes: &[u8]) -> Vec<String> {
    codes.iter().enumerate().map(|(at, code)| format!("{prefix}{at:03}{code:02}")).collect()
}

/// A box with the virtual card, its exchange, and nothing set yet.
fn box_with_cards() -> (TestBox, ExchangeHandle) {
    let place = Place::with_cards("virtual");
    let exchange = exchange_at(&place, |_| {});
    (TestBox::start_in(place), exchange)
}

fn nobody_is_called_twice(exchange: &ExchangeHandle) {
    let twice: Vec<_> = exchange.calls_per_number().into_iter().filter(|(_, calls)| *calls > 1).collect();
    assert!(twice.is_empty(), "called twice: {twice:?}");
}

#[test]
fn lin_01_a_campaign_over_e1_shows_the_registered_number_and_every_recording_is_verified() {
    let (mut sut, exchange) = box_with_cards();
    let line = sut.e1_line(2);
    let people = numbers("199410", &[10, 11, 12, 13, 68, 70, 76, 77]);
    sut.campaign(&line, &CampaignPlan::announcement(people.clone()).body_ms(1_500));
    let figures = sut.settled(8);
    assert_eq!((figures.placed, figures.answered), (8, 5), "{figures:?}");
    assert_eq!(figures.recordings, figures.recordings_verified);
    assert!(figures.recordings >= 4, "{figures:?}");
    let journal = exchange.journal();
    let setups: Vec<_> = journal.iter().filter(|event| event.event == EventKind::Invite).collect();
    assert_eq!(setups.len(), 8);
    let shown = format!("from {}", line.caller);
    assert!(setups.iter().all(|setup| setup.detail.as_deref() == Some(&shown)), "LIN-01: {setups:?}");
    nobody_is_called_twice(&exchange);
    let listened = |call: &CallView| call.answered_at.is_some() && !call.number.ends_with("68");
    let calls: Vec<CallView> = sut.calls().into_iter().filter(listened).collect();
    assert_eq!(calls.len(), 4);
    for call in calls {
        let stereo = sut.recording(call.call).stereo();
        let body = Stereo::find_tone(&stereo.right, Prompts::hz(PromptRole::Body), 200);
        assert!(body.is_some(), "{} hears the message", call.number);
        assert!(stereo.left.iter().any(|sample| sample.unsigned_abs() > 1_000), "{} speaks", call.number);
    }
    for span in 1..=2 {
        assert_eq!(exchange.line(SpanId(span)).faults, 0, "the exchange found nothing wrong");
    }
    sut.nothing_ended_by_itself();
}

#[test]
fn cam_05_key_9_on_an_e1_opts_out_for_good() {
    let (mut sut, exchange) = box_with_cards();
    let line = sut.e1_line(1);
    let people = numbers("199420", &[65, 66]);
    sut.campaign(&line, &CampaignPlan::announcement(people.clone()).body_ms(6_000));
    let figures = sut.settled(2);
    assert_eq!((figures.answered, figures.opted_out), (2, 2), "{figures:?}");
    for call in sut.calls().into_iter().filter(|call| call.number.ends_with("66")) {
        let right = sut.recording(call.call).stereo().right;
        let heard = Stereo::find_tone(&right, Prompts::hz(PromptRole::OptOutConfirmation), 200);
        assert!(heard.is_some(), "the confirmation is heard");
    }
    sut.campaign(&line, &CampaignPlan::announcement(people));
    let figures = sut.settled(4);
    assert_eq!(figures.placed, 2, "nobody is called again: {figures:?}");
    assert_eq!(figures.refused, [("CAM-04".to_owned(), 2)], "{figures:?}");
    nobody_is_called_twice(&exchange);
}

#[test]
fn lined_killed_during_calls_on_e1_restarts_the_channels_and_dials_nobody_twice() {
    let (mut sut, exchange) = box_with_cards();
    let line = sut.e1_line(1);
    let restarted_before = exchange.line(E1).restarted;
    let people = numbers("199430", &[10; 40]);
    sut.campaign(&line, &CampaignPlan::announcement(people).body_ms(5_000).max_calls(20));
    assert!(exchange.wait_until(LONG, |report| report.answered >= 12), "calls go on");
    sut.kill(Which::Lined);
    sut.restart(Which::Lined);
    let done = |figures: &idl::admin::Figures| figures.contacts_left == 0 && figures.open == 0;
    sut.wait_for("all are called, all is over", LONG, done);
    let figures = sut.settled(40);
    assert_eq!(figures.placed, 40, "{figures:?}");
    nobody_is_called_twice(&exchange);
    let lost = |outcome: Option<Outcome>| match outcome {
        Some(Outcome::Answered { by }) => by == EndedBy::Line,
        Some(Outcome::Failed(cause)) => cause == vocab::FailCause::Lost,
        None => false,
    };
    let calls = sut.calls();
    assert!(calls.iter().any(|call| lost(call.outcome)), "calls of the killed process are closed as lost");
    assert!(calls.iter().any(|call| !lost(call.outcome)), "and the box goes on");
    assert!(exchange.line(E1).restarted >= restarted_before + 30, "{:?}", exchange.line(E1));
    until("every channel is idle at both ends", SHORT, || {
        let idle = exchange.line(E1);
        (idle.calls == 0 && idle.idle_channels == 30).then_some(())
    });
    let idle = |slot: &SlotState| matches!(slot, SlotState::Idle | SlotState::Signalling);
    sut.wait_for_span(1, "is idle", |card| {
        card.view.status.as_ref().is_some_and(|status| status.slots.iter().all(idle))
    });
}

#[test]
fn lin_06_a_span_that_fails_gives_its_calls_to_sip_within_30_s_and_takes_them_back() {
    let place = Place::with_cards("virtual");
    let (exchange, carrier) = (exchange_at(&place, |_| {}), carrier_at(&place, |_| {}));
    let mut sut = TestBox::start_in(place);
    let span = sut.span(1);
    let sip = sut.trunk(&TrunkPlan::plain(carrier.addr(), SipTransport::Udp));
    let line = sut.group(&[(span, 0), (sip, 1)]);
    sut.wait_for_span(1, "is up", |card| trunk_is(card, TrunkState::Up));
    let failed = Instant::now();
    exchange.order(E1, Order::Alarms(Alarms { red: true, los: true, ..Alarms::default() }));
    sut.wait_for_span(1, "is down", |card| trunk_is(card, TrunkState::Down));
    sut.campaign(&line, &CampaignPlan::announcement(numbers("199440", &[10, 11])));
    assert!(carrier.wait_until(LONG, |report| report.invites == 2), "calls go by SIP");
    assert!(failed.elapsed() < Duration::from_secs(30), "{:?}", failed.elapsed());
    sut.settled(2);
    assert_eq!(exchange.report().invites, 0);
    exchange.order(E1, Order::Alarms(Alarms::default()));
    sut.wait_for_span(1, "is up again", |card| trunk_is(card, TrunkState::Up));
    sut.campaign(&line, &CampaignPlan::announcement(numbers("199441", &[10, 11])));
    let figures = sut.settled(4);
    assert_eq!((figures.placed, figures.answered), (4, 4), "{figures:?}");
    assert_eq!((exchange.report().invites, carrier.report().invites), (2, 2));
}

#[test]
fn l_23_a_call_that_the_exchange_sets_up_is_rejected_and_starts_no_leg_of_any_kind() {
    let place = Place::with_cards("virtual");
    let (exchange, carrier) = (exchange_at(&place, |_| {}), carrier_at(&place, |_| {}));
    let mut sut = TestBox::start_in(place);
    let span = sut.span(1);
    let sip = sut.trunk(&TrunkPlan::plain(carrier.addr(), SipTransport::Udp));
    let line = sut.group(&[(span, 0), (sip, 0)]);
    sut.wait_for_span(1, "is up", |card| trunk_is(card, TrunkState::Up));
    let floor = sut.attend(&[], false);
    for called in [line.caller.clone(), "19945000010".to_owned()] {
        let calling = Pii::new("13800138000".to_owned());
        exchange.order(E1, Order::Call { called: Pii::new(called), calling });
    }
    let ended = || exchange.journal().into_iter().filter(|event| event.event == EventKind::Ended).collect();
    let ended: Vec<_> = until("both calls get their answer", SHORT, || {
        Some(ended()).filter(|ended: &Vec<_>| ended.len() == 2)
    });
    assert!(ended.iter().all(|event| event.code == Some(21)), "call rejected (Q.850): {ended:?}");
    let report = exchange.report();
    assert!(report.violations.is_empty() && report.answered == 0, "{report:?}");
    assert_eq!((carrier.report().invites, report.invites), (0, 0), "no way through the box");
    let figures = sut.figures();
    assert_eq!((figures.offered, figures.placed, figures.open), (0, 0, 0), "{figures:?}");
    assert_eq!(floor.live().calls_total, 0);
    assert_eq!(exchange.line(E1).idle_channels, 30);
    let card = sut.span_card(1);
    let slots = card.view.status.expect("it is reported").slots;
    assert!(slots.iter().all(|slot| matches!(slot, SlotState::Idle | SlotState::Signalling)), "{slots:?}");
}

#[test]
fn a_trace_of_a_d_channel_is_ordered_by_a_person_and_holds_no_whole_number() {
    let (mut sut, _exchange) = box_with_cards();
    let line = sut.e1_line(1);
    sut.order_span(1, SpanOrder::StartTrace);
    let people = numbers("199460", &[10, 70]);
    sut.campaign(&line, &CampaignPlan::announcement(people.clone()));
    sut.settled(2);
    sut.order_span(1, SpanOrder::StopTrace);
    let card = sut.wait_for_span(1, "has its trace", |card| !card.traces.is_empty());
    let trace = card.traces.first().expect("a trace");
    // Two calls: SETUP, CALL PROCEEDING, ALERTING, CONNECT or DISCONNECT and the clearing, each with its receipt.
    assert!(trace.frames >= 16, "{trace:?}");
    let bytes = std::fs::read(sut.place.folder("traces").join(&trace.file)).expect("the trace's file");
    let text = String::from_utf8_lossy(&bytes).into_owned();
    assert!(people.iter().all(|number| !text.contains(number.as_str())), "no number in a trace");
    assert!(people.iter().all(|number| !text.contains(&number[..8])), "nor its begin");
}
