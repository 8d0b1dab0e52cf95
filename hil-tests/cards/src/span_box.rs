//! The whole box in the guest with an E1 span as its line: a campaign against Asterisk as the carrier's exchange, an
//! alarm, calls by a SIP trunk meanwhile, and back. Signalling and audio octet by octet are other scenarios' matter.

use crate::exchange::{Exchange, Lines, START_LIMIT};
use crate::report::Report;
use crate::rig::{self, wait_for};
use crate::stillness::Stillness;
use crate::trace;
use crate::whole_box::keep_logs;
use anyhow::{Context, ensure};
use dahdi::DynamicPair;
use e2e::{CampaignPlan, Line, Place, Prompts, Stereo, TestBox, TrunkPlan, carrier_at, trunk_is};
use idl::admin::{Admin, Answer};
use idl::lines::{PromptRole, SipTransport, TrunkState};
use idl::spans::{
    Alarms, LinkState, PriConfig, SlotState, SpanConfig, SpanFact, SpanOrder, SpanPurpose, SpanStatus,
};
use idl::views::SpanAsk;
use std::path::Path;
use std::time::{Duration, Instant};
use vocab::{SpanId, TrunkId};

/// The box with its span as the site sets it, and everything around it; the box ends before its cable.
struct Around {
    sut: TestBox,
    line: Line,
    exchange: Exchange,
    pair: DynamicPair,
    stillness: Stillness,
}

/// A campaign over the span, its trace, an alarm, calls by SIP, and calls over the span again.
pub fn run(report: &mut Report) -> anyhow::Result<()> {
    let place = Place::with_cards(BOARD);
    let carrier = carrier_at(&place, |_| {});
    let plan = TrunkPlan::plain(carrier.addr(), SipTransport::Udp);
    let by_sip = || carrier.report().invites;
    let (mut around, _) = start(report, place, &plan)?;
    let done = campaign(report, &mut around).and_then(|()| alarm(report, &mut around, &by_sip));
    keep_logs(&around.sut.place);
    done?;
    report.step("no process ended by itself", || {
        around.sut.nothing_ended_by_itself();
        Ok(())
    })?;
    around.exchange.kill()
}

fn start(report: &mut Report, place: Place, plan: &TrunkPlan) -> anyhow::Result<(Around, String)> {
    let (pair, _) = report.step("two spans are up", || Ok((rig::cable()?, String::new())))?;
    let (mut sut, _) = report.step("the box starts with its card and is commissioned", || {
        Ok((TestBox::start_unsupervised(place), String::new()))
    })?;
    let set = report.step("the site sets the span and its lines: the span first, then SIP", || {
        let span = set_span(&mut sut)?;
        let sip = sut.trunk(plan);
        let line = sut.group(&[(span, 0), (sip, 1)]);
        status(&mut sut, "is without alarm", |status| status.alarms.is_clear())?;
        sut.order_span(SPAN, SpanOrder::StartTrace);
        Ok((line, String::new()))
    });
    keep_logs(&sut.place);
    let (line, _) = set?;
    let (exchange, _) = report.step("the exchange starts, the span takes calls", || {
        let exchange = Exchange::start(Lines::Pri)?;
        let told = takes_calls(&mut sut);
        keep_logs(&sut.place);
        Ok((exchange, told?))
    })?;
    Ok((Around { sut, line, exchange, pair, stillness: Stillness::watch() }, String::new()))
}

fn campaign(report: &mut Report, around: &mut Around) -> anyhow::Result<()> {
    let Around { sut, line, exchange, stillness, .. } = around;
    let result =
        report.step("a campaign over the span: answers, opt-outs, causes, recordings verified", || {
            sut.campaign(line, &CampaignPlan::announcement(numbers("199333", CODES)).body_ms(6_000));
            let (figures, still) = stillness.settled(sut, CODES.len() as u64)?;
            let told = (figures.answered, figures.opted_out, figures.recordings);
            ensure!(told == (ANSWERED, OPTED_OUT, ANSWERED), "{figures:?}");
            let failed = [("busy".to_owned(), 1), ("invalid_number".to_owned(), 1)];
            ensure!(figures.failed == failed, "{figures:?}");
            Ok(format!("answered, opted out, recorded: {told:?}; {:?}; {still}", figures.failed))
        });
    keep_logs(&sut.place);
    result?;
    report.step("the exchange hears the announcement and sends it back", || echoed(sut))?;
    report.step("who presses 9 hears the confirmation", || {
        let heard = tones(sut, "50", PromptRole::OptOutConfirmation)?;
        ensure!(heard.1.is_some(), "the recording holds no confirmation");
        Ok(())
    })?;
    report.step("every channel is idle at both ends", || {
        idle(sut)?;
        let told = exchange.ask("core show channels count")?;
        ensure!(told.contains("0 active channels"), "{told}");
        Ok(())
    })?;
    report.step("the D channel's trace is whole and in order", || traced(sut)).map(|_| ())
}

fn alarm(report: &mut Report, around: &mut Around, by_sip: &dyn Fn() -> u64) -> anyhow::Result<()> {
    let Around { sut, line, exchange, pair, stillness } = around;
    report.step(
        "the cable is pulled: the alarm is told, and calls go by SIP within 30 s (LIN-06)",
        || {
            ensure!(by_sip() == 0, "{} calls went by SIP before", by_sip());
            let plan = CampaignPlan::announcement(numbers("199444", ANSWERING));
            let ready = sut.paused_campaign(line, &plan);
            // Its channels closed: the driver lets no span go that is in use.
            exchange.kill()?;
            let pulled = Instant::now();
            pair.pull()?;
            sut.wait_for_span(SPAN, "is down", |card| trunk_is(card, TrunkState::Down));
            status(sut, "is in alarm", |status| status.alarms.red)?;
            let alarm_ms = pulled.elapsed().as_millis();
            sut.order(sut.people.manager, Admin::StartCampaign { campaign: ready });
            wait_for("calls by SIP", LIN_06, || Ok((by_sip() == 2).then_some(())))?;
            let took = pulled.elapsed();
            ensure!(took < LIN_06, "{took:?}");
            let (figures, _) = stillness.settled(sut, CODES.len() as u64 + 2)?;
            ensure!(figures.answered == ANSWERED + 2, "{figures:?}");
            Ok(format!("alarm after {alarm_ms} ms, both calls after {} ms", took.as_millis()))
        },
    )?;
    report.step("it is plugged again: the alarm goes, and calls go over the span", || {
        let plugged = Instant::now();
        pair.plug()?;
        rig::set_up_far()?;
        *exchange = Exchange::start(Lines::Pri)?;
        takes_calls(sut)?;
        let back_ms = plugged.elapsed().as_millis();
        sut.campaign(line, &CampaignPlan::announcement(numbers("199555", ANSWERING)));
        let (figures, _) = stillness.settled(sut, CODES.len() as u64 + 4)?;
        ensure!(figures.answered == ANSWERED + 4, "{figures:?}");
        ensure!(by_sip() == 2, "{} calls went by SIP", by_sip());
        idle(sut)?;
        Ok(format!("takes calls after {back_ms} ms"))
    })?;
    report.step("the history tells of the alarm and of its end", || history(sut)).map(|_| ())
}

/// The site's span; the box gives its trunk.
fn set_span(sut: &mut TestBox) -> anyhow::Result<TrunkId> {
    let config = SpanConfig {
        span: SpanId(u16::from(SPAN)),
        trunk: TrunkId(0),
        name: "E1".to_owned(),
        e1: rig::pri_line(),
        purpose: SpanPurpose::Pri(PriConfig::default()),
    };
    let id = sut.create(sut.people.system, Admin::Span(SpanAsk::Set(Box::new(config))));
    Ok(TrunkId(u16::try_from(id)?))
}

/// Waits until the span's status is as wanted.
fn status(sut: &mut TestBox, what: &str, wanted: impl Fn(&SpanStatus) -> bool) -> anyhow::Result<SpanStatus> {
    let card = sut.wait_for_span(SPAN, what, |card| card.view.status.as_ref().is_some_and(&wanted));
    card.view.status.context("no status")
}

fn takes_calls(sut: &mut TestBox) -> anyhow::Result<String> {
    let begun = Instant::now();
    wait_for("the span to take calls", START_LIMIT, || {
        Ok(trunk_is(&sut.span_card(SPAN), TrunkState::Up).then_some(()))
    })?;
    idle(sut)?;
    Ok(format!("after {} ms", begun.elapsed().as_millis()))
}

fn idle(sut: &mut TestBox) -> anyhow::Result<()> {
    let free = |slot: &SlotState| matches!(slot, SlotState::Idle | SlotState::Signalling);
    let seen = status(sut, "has only idle channels", |status| status.slots.iter().all(free))?;
    ensure!(seen.slots.iter().filter(|slot| **slot == SlotState::Idle).count() == 30, "{:?}", seen.slots);
    Ok(())
}

/// Where the tone of a prompt begins in the recording of the only call to a number that ends so: on the called party's
/// side, and on ours.
fn tones(sut: &mut TestBox, code: &str, role: PromptRole) -> anyhow::Result<(Option<usize>, Option<usize>)> {
    let call = sut.calls().into_iter().find(|call| call.number.ends_with(code)).context("no such call")?;
    let stereo = sut.recording(call.call).stereo();
    let find = |side: &[i16]| Stereo::find_tone(side, Prompts::hz(role), 200);
    Ok((find(&stereo.left), find(&stereo.right)))
}

fn echoed(sut: &mut TestBox) -> anyhow::Result<String> {
    let mut told = Vec::new();
    for code in ["00", "01", "02", "03"] {
        let (Some(back), Some(out)) = tones(sut, code, PromptRole::Body)? else {
            anyhow::bail!("…{code}: the message is not on both sides of the recording")
        };
        ensure!(back >= out, "…{code}: it came back at {back}, before it went out at {out}");
        told.push(((back - out) / SAMPLES_PER_MS).to_string());
    }
    Ok(format!("back after {} ms", told.join(", ")))
}

fn traced(sut: &mut TestBox) -> anyhow::Result<String> {
    sut.order_span(SPAN, SpanOrder::StopTrace);
    let card = sut.wait_for_span(SPAN, "has its trace", |card| !card.traces.is_empty());
    let told = card.traces.first().context("no trace")?;
    let path = sut.place.folder("traces").join(&told.file);
    let whole = wait_for("the whole trace on disk", START_LIMIT, || {
        let seen = trace::read(&std::fs::read(&path)?);
        Ok(seen.ok().filter(|seen| seen.frames.iter().sum::<u64>() == told.frames))
    });
    std::fs::copy(&path, Path::new("/out/d-channel.pcap"))?;
    let seen = match whole {
        Ok(seen) => seen,
        Err(error) => return Err(error.context(format!("{:?}", trace::read(&std::fs::read(&path)?)))),
    };
    ensure!(seen.set_up > 0, "the link's set-up is not in it: {seen:?}");
    // At the least SETUP and RELEASE of each call, and as many answers.
    let least = 2 * CODES.len() as u64;
    ensure!(seen.frames.iter().all(|count| *count >= least), "{seen:?}");
    Ok(format!("{seen:?}"))
}

fn history(sut: &mut TestBox) -> anyhow::Result<String> {
    let system = sut.people.system;
    let span = Some(SpanId(u16::from(SPAN)));
    let asked = sut.read(Some(system), || Admin::Span(SpanAsk::History { span, before: None }));
    let Answer::SpanHistory(history) = asked else { anyhow::bail!("no history: {asked:?}") };
    let facts: Vec<&SpanFact> = history.rows.iter().rev().map(|row| &row.fact).collect();
    let at = |what: &str, wanted: &dyn Fn(&SpanFact) -> bool| {
        facts.iter().rposition(|fact| wanted(fact)).with_context(|| format!("no {what}: {facts:?}"))
    };
    let alarm = |wanted: fn(Alarms) -> bool| move |fact: &SpanFact| matches!(fact, SpanFact::Alarms { now, .. } if wanted(*now));
    let red = at("alarm", &alarm(|now| now.red))?;
    let clear = at("end of the alarm", &alarm(Alarms::is_clear))?;
    let up = at("link", &|fact| matches!(fact, SpanFact::Link { state: LinkState::Up, .. }))?;
    ensure!(red < clear && clear < up, "not in this order: {facts:?}");
    Ok(format!("{} facts", facts.len()))
}

fn numbers(prefix: &str, codes: &[&str]) -> Vec<String> {
    codes.iter().map(|code| format!("{prefix}000{code}")).collect()
}

/// The span of the board whose guest has DAHDI.
const BOARD: &str = "virtual/guest";
const SPAN: u8 = 1;
/// How the called parties behave (the exchange's settings): send back what they hear; press 9; busy; unallocated.
const CODES: &[&str] = &["00", "01", "02", "03", "50", "51", "70", "80"];
const ANSWERED: u64 = 6;
const OPTED_OUT: u64 = 2;
/// They answer at the exchange and at the SIP carrier.
const ANSWERING: &[&str] = &["00", "01"];
const LIN_06: Duration = Duration::from_secs(30);
const SAMPLES_PER_MS: usize = 8;
