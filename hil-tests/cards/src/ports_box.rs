//! The whole box in the guest with analogue lines: a line behind a sound card, and ports on timeslots of a span with an
//! agent's plain telephone beside the line. Calls are dialled, answered, announced, recorded and opted out of; tones and
//! signals one by one are other scenarios' matter.

use crate::alsa_line::{Desk, add_elements, far_line};
use crate::far_line::{AGENT_HZ, Heard, Loops, Seen, Slots, serve};
use crate::report::Report;
use crate::rig::{self, End};
use crate::stillness::Stillness;
use crate::whole_box::keep_logs;
use anyhow::{Context, ensure};
use card::{CardEvent, HookState, LineEvent, LineSignal, SpanAudio, SpanControl};
use dahdi::{DahdiControl, PortSide};
use e2e::{CampaignPlan, Line, Phone, Place, Prompts, Stereo, TestBox, trunk_is};
use idl::admin::Admin;
use idl::lines::{PromptRole, SrtpPolicy, TrunkState};
use idl::spans::{AnswerDetection, E1Config, PortConfig, PortKind, SpanConfig, SpanPurpose};
use idl::views::SpanAsk;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use vocab::{AgentId, CampaignMode, SpanId, Timeslot, TrunkId};

/// Calls over a line behind a sound card; its answer is a reversal of the polarity.
pub fn sound_card(report: &mut Report) -> anyhow::Result<()> {
    report.step("the card gets the line's controls", add_elements)?;
    let (mut far, _) = report.step("the line's far end opens", || Ok((far_line(LINE)?, String::new())))?;
    let (mut sut, _) = start(report, "virtual/guest-alsa")?;
    let (stop, seen) = (AtomicBool::new(false), Seen::default());
    std::thread::scope(|scope| {
        let (stop_it, seen_there) = (&stop, &seen);
        let task = scope.spawn(move || {
            let mut loops = SoundCard(Desk::open()?);
            let slots = Slots { line: LINE, telephone: None };
            serve(&mut far, slots, &mut loops, seen_there, stop_it)
        });
        let e1 = E1Config::default();
        let done = lines(report, &mut sut, e1, AnswerDetection::PolarityReversal, LINE, None)
            .and_then(|line| campaign(report, &mut sut, &line, &seen));
        end(sut, &stop, done, task)
    })
}

/// Calls over a port of a span, the last of them with an agent at a plain telephone on another port of it; the answer is a
/// voice.
pub fn timeslots(report: &mut Report) -> anyhow::Result<()> {
    let ((_pair, End { control, mut audio }), _) = report.step("two spans are up", || {
        let far = [(CAS_LINE, PortSide::Fxs), (CAS_TELEPHONE, PortSide::Fxo)];
        Ok((rig::cable_of_ports(&far)?, String::new()))
    })?;
    let (mut sut, _) = start(report, "virtual/guest")?;
    let phone = sut.agents(1, SrtpPolicy::Required, false).into_iter().next().context("no agent")?;
    let (stop, seen) = (AtomicBool::new(false), Seen::default());
    std::thread::scope(|scope| {
        let (stop_it, seen_there) = (&stop, &seen);
        let task = scope.spawn(move || {
            let slots = Slots { line: CAS_LINE, telephone: Some(CAS_TELEPHONE) };
            let mut loops = Signalled { control, closed: false, rings: false };
            serve(&mut audio as &mut dyn SpanAudio, slots, &mut loops, seen_there, stop_it)
        });
        let e1 = rig::cas_line();
        let telephone = Some((CAS_TELEPHONE, phone.agent));
        let done =
            lines(report, &mut sut, e1, AnswerDetection::Voice, CAS_LINE, telephone).and_then(|line| {
                campaign(report, &mut sut, &line, &seen)?;
                agent(report, &mut sut, &line, &phone, &seen)
            });
        end(sut, &stop, done, task)
    })
}

fn start(report: &mut Report, board: &'static str) -> anyhow::Result<(TestBox, String)> {
    report.step("the box starts with its card and is commissioned", || {
        Ok((TestBox::start_unsupervised(Place::with_cards(board)), String::new()))
    })
}

/// Ends the box, then the far side; the first fault counts.
fn end(
    mut sut: TestBox,
    stop: &AtomicBool,
    done: anyhow::Result<()>,
    far: std::thread::ScopedJoinHandle<'_, anyhow::Result<()>>,
) -> anyhow::Result<()> {
    keep_logs(&sut.place);
    if done.is_ok() {
        sut.nothing_ended_by_itself();
    }
    drop(sut);
    stop.store(true, Ordering::Relaxed);
    let far = far.join().map_err(|_| anyhow::anyhow!("the far side ended"))?;
    done.and(far)
}

/// Sets the span and waits until its line takes calls.
fn lines(
    report: &mut Report,
    sut: &mut TestBox,
    e1: E1Config,
    answer: AnswerDetection,
    line: Timeslot,
    telephone: Option<(Timeslot, AgentId)>,
) -> anyhow::Result<Line> {
    let set = report.step("the site sets the ports, and the line takes calls", || {
        let fxo = PortConfig { port: line, kind: PortKind::Fxo { answer, tones: "cn".to_owned() } };
        let fxs = telephone.map(|(port, agent)| PortConfig { port, kind: PortKind::Fxs { agent } });
        let config = SpanConfig {
            span: SpanId(u16::from(SPAN)),
            trunk: TrunkId(0),
            name: "analogue".to_owned(),
            e1,
            purpose: SpanPurpose::Ports(std::iter::once(fxo).chain(fxs).collect()),
        };
        let trunk = sut.create(sut.people.system, Admin::Span(SpanAsk::Set(Box::new(config))));
        let line = sut.group(&[(TrunkId(u16::try_from(trunk)?), 0)]);
        sut.wait_for_span(SPAN, "takes calls", |card| trunk_is(card, TrunkState::Up));
        Ok((line, String::new()))
    });
    keep_logs(&sut.place);
    Ok(set?.0)
}

fn campaign(report: &mut Report, sut: &mut TestBox, line: &Line, seen: &Seen) -> anyhow::Result<()> {
    let stillness = Stillness::watch();
    let done = report.step("a campaign over the line: an answer, an opt-out, a busy party", || {
        let numbers = NUMBERS.map(str::to_owned);
        sut.campaign(line, &CampaignPlan::announcement(numbers).body_ms(BODY_MS));
        let (figures, still) = stillness.settled(sut, NUMBERS.len() as u64).with_context(|| seen.story())?;
        let told = (figures.answered, figures.opted_out, figures.recordings);
        ensure!(told == (2, 1, 2), "{figures:?}; {}", seen.story());
        ensure!(figures.failed == [("busy".to_owned(), 1)], "{figures:?}; {}", seen.story());
        Ok(format!("answered, opted out, recorded: {told:?}; {}; {still}", seen.story()))
    });
    keep_logs(&sut.place);
    done?;
    report.step("the called party hears the notice and the message", || {
        let calls = seen.calls();
        let heard = |call: &&Heard| call.dialled.ends_with('0') && !call.pcm.is_empty();
        let call = calls.iter().find(heard).context("no such call")?;
        for role in [PromptRole::RecordingNotice, PromptRole::Body] {
            ensure!(Stereo::find_tone(&call.pcm, Prompts::hz(role), 200).is_some(), "no {role:?}");
        }
        Ok(())
    })?;
    report.step("who presses 9 hears the confirmation, and it is recorded", || {
        let call = sut.calls().into_iter().find(|call| call.number.ends_with('5')).context("no such call")?;
        let right = sut.recording(call.call).stereo().right;
        let hz = Prompts::hz(PromptRole::OptOutConfirmation);
        ensure!(Stereo::find_tone(&right, hz, 200).is_some(), "the recording holds no confirmation");
        let calls = seen.calls();
        let heard = calls.iter().any(|call| Stereo::find_tone(&call.pcm, hz, 200).is_some());
        ensure!(heard, "the called party did not hear it");
        Ok(())
    })
}

fn agent(
    report: &mut Report,
    sut: &mut TestBox,
    line: &Line,
    phone: &Phone,
    seen: &Seen,
) -> anyhow::Result<()> {
    let stillness = Stillness::watch();
    let done = report.step("an agent at a plain telephone talks to who answered", || {
        let desks = sut.attend(&[phone.agent], true);
        let plan = CampaignPlan::agents([AGENT_NUMBER.to_owned()], CampaignMode::Progressive);
        sut.campaign(line, &plan);
        let (figures, still) =
            stillness.settled(sut, NUMBERS.len() as u64 + 1).with_context(|| seen.story())?;
        drop(desks);
        ensure!(figures.answered == 3 && figures.recordings == 3, "{figures:?}");
        let call = sut.last_call();
        ensure!(call.agent == Some(phone.agent), "{:?}", call.agent);
        let right = sut.recording(call.call).stereo().right;
        ensure!(Stereo::find_tone(&right, AGENT_HZ, 200).is_some(), "the agent is not in the recording");
        // An exchange takes a loop that opens for a flash at first.
        let over = || Ok((seen.calls().len() > NUMBERS.len()).then_some(()));
        rig::wait_for("the far end to see the call's end", FAR_LIMIT, over).with_context(|| seen.story())?;
        let calls = seen.calls();
        let heard = calls.iter().any(|call| Stereo::find_tone(&call.pcm, AGENT_HZ, 200).is_some());
        ensure!(heard, "the customer did not hear the agent: {}", seen.story());
        let loudest = seen.agent().iter().map(|sample| sample.unsigned_abs()).max().unwrap_or(0);
        ensure!(loudest > AUDIBLE, "the agent heard nothing above {loudest}");
        Ok(still)
    });
    keep_logs(&sut.place);
    done.map(|_| ())
}

/// A line whose loop is made of a sound card's controls.
struct SoundCard(Desk);

impl Loops for SoundCard {
    fn is_closed(&mut self) -> anyhow::Result<bool> {
        self.0.is_off_hook()
    }

    fn feed(&mut self, on: bool) -> anyhow::Result<()> {
        self.0.current(on)
    }

    fn answered(&mut self, on: bool) -> anyhow::Result<()> {
        self.0.reverse(on)
    }

    fn rings(&mut self) -> anyhow::Result<bool> {
        Ok(false)
    }

    fn lift(&mut self, _: bool) -> anyhow::Result<()> {
        Ok(())
    }
}

/// Ports whose loops are signalling bits.
struct Signalled {
    control: DahdiControl,
    closed: bool,
    rings: bool,
}

impl Signalled {
    fn look(&mut self) -> anyhow::Result<()> {
        while let Some(event) = self.control.next_event()? {
            match event {
                CardEvent::Line(CAS_LINE, LineEvent::Hook(state)) => self.closed = state == HookState::Off,
                CardEvent::Line(CAS_TELEPHONE, LineEvent::RingBegins) => self.rings = true,
                CardEvent::Line(..) | CardEvent::Alarms | CardEvent::BadFrame | CardEvent::Frame(_) => {}
            }
        }
        Ok(())
    }
}

impl Loops for Signalled {
    fn is_closed(&mut self) -> anyhow::Result<bool> {
        self.look()?;
        Ok(self.closed)
    }

    fn feed(&mut self, _: bool) -> anyhow::Result<()> {
        Ok(())
    }

    fn answered(&mut self, _: bool) -> anyhow::Result<()> {
        Ok(())
    }

    fn rings(&mut self) -> anyhow::Result<bool> {
        Ok(std::mem::take(&mut self.rings))
    }

    fn lift(&mut self, up: bool) -> anyhow::Result<()> {
        let hook = if up { HookState::Off } else { HookState::On };
        Ok(self.control.signal(CAS_TELEPHONE, LineSignal::Hook(hook))?)
    }
}

const SPAN: u8 = 1;
/// The only port of the sound card.
const LINE: Timeslot = Timeslot(1);
/// Timeslots that the driver of the dynamic spans signals as a card does: see the scenario `lines`.
const CAS_LINE: Timeslot = Timeslot(4);
const CAS_TELEPHONE: Timeslot = Timeslot(24);
/// The last digit, twice where one may be lost, says what the called party does.
const NUMBERS: [&str; 3] = ["19933300000", "19933300055", "19933300077"];
const AGENT_NUMBER: &str = "19933301100";
/// The key is pressed six seconds after the answer.
const BODY_MS: u32 = 9_000;
const AUDIBLE: u16 = 500;
const FAR_LIMIT: Duration = Duration::from_secs(30);
