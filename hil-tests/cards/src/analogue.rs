//! Our line to an exchange (FXO) against Asterisk's subscriber port, over the signalling bits and the audio of a timeslot:
//! dial tone, digits, the exchange's tones, its clearing, its ringing. The product's own loop is tested by scenarios that
//! start it.

use crate::exchange::{Exchange, Lines};
use crate::report::Report;
use crate::rig::{End, Rig, wait_for};
use analog::fxo::FxoEar;
use analog::{
    Block, DialString, Fxo, FxoAudio, FxoAudioOrder, FxoConfig, FxoInput, FxoOutput, FxoReport, FxoState,
    LineCause, TonePlan,
};
use anyhow::{Context, bail, ensure};
use card::{AudioReady, CardEvent, SLOT_BLOCK, SpanAudio, SpanControl};
use dahdi::PortSide;
use idl::spans::AnswerDetection;
use media::g711::Law;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};
use vocab::{Millis, Timeslot};

/// Calls with each outcome that an exchange tells, and one that comes in.
pub fn run(report: &mut Report) -> anyhow::Result<()> {
    let (rig, _) = report.step("two spans with ports are up", || {
        let mut rig = Rig::cas(&[(SLOT, PortSide::Fxo)], &[(SLOT, PortSide::Fxs), (OTHER, PortSide::Fxs)])?;
        let told = rig.clear()?;
        Ok((rig, told))
    })?;
    let Rig { ends: [near, far], pair: _pair } = rig;
    drop(far);
    let End { mut control, mut audio } = near;
    let (mut exchange, _) =
        report.step("the exchange starts", || Ok((Exchange::start(Lines::Analogue)?, String::new())))?;
    let stop = AtomicBool::new(false);
    let (orders, ordered) = channel();
    let (told, heard) = channel();
    std::thread::scope(|scope| {
        let (audio, stop_it) = (&mut audio, &stop);
        let task = scope.spawn(move || ear(audio, &mut |_, _| {}, (&ordered, &told), stop_it));
        let mut line = Line::new(&mut control, orders, heard);
        let done = calls(report, &mut line, &exchange);
        stop.store(true, Ordering::Relaxed);
        let ear = task.join().map_err(|_| anyhow::anyhow!("the audio thread ended"))?;
        done.and(ear)
    })?;
    exchange.kill()
}

fn calls(report: &mut Report, line: &mut Line<'_>, exchange: &Exchange) -> anyhow::Result<()> {
    for (what, number, cause) in [
        ("dial tone, digits, busy tone", "7000", LineCause::Busy),
        ("dial tone, digits, congestion tone", "8000", LineCause::Congestion),
        ("ringback, then the exchange opens the loop", "9000", LineCause::Dropped),
    ] {
        report.step(what, || {
            let began = line.call(number)?;
            let end = line.ended()?;
            ensure!(end == cause, "{end:?} instead of {cause:?}; {:?}", line.reports);
            line.free()?;
            Ok(format!("{} ms", began.elapsed().as_millis()))
        })?;
    }
    report.step("ringback, and we hang up", || {
        line.call("3000")?;
        line.report("ringback", |report| (*report == FxoReport::Alerting).then_some(()))?;
        line.input(FxoInput::HangUp)?;
        let end = line.ended()?;
        ensure!(end == LineCause::Ours, "{end:?}");
        line.free()
    })?;
    report.step("the exchange rings: reported, never answered", || {
        exchange.order(&format!("channel originate DAHDI/{FAR_CHANNEL} application Wait 30"))?;
        line.report("an incoming call", |report| (*report == FxoReport::Incoming).then_some(()))?;
        ensure!(line.fxo.state() == FxoState::Incoming, "{:?}", line.fxo.state());
        line.work_for(Duration::from_secs(6))?;
        ensure!(line.fxo.state() == FxoState::Incoming, "after two more rings: {:?}", line.fxo.state());
        exchange.order(&format!("channel request hangup DAHDI/{FAR_CHANNEL}-1"))?;
        line.free()
    })?;
    Ok(())
}

/// The signalling half of a line.
pub struct Line<'a> {
    control: &'a mut dyn SpanControl,
    /// Its machine.
    pub fxo: Fxo,
    orders: Sender<FxoAudioOrder>,
    heard: Receiver<FxoEar>,
    /// What it told since the last call began.
    pub reports: Vec<FxoReport>,
    begun: Instant,
}

impl<'a> Line<'a> {
    /// A line on the slot [`SLOT`] of a span, whose ear and mouth these are the ends of.
    pub fn new(
        control: &'a mut dyn SpanControl,
        orders: Sender<FxoAudioOrder>,
        heard: Receiver<FxoEar>,
    ) -> Self {
        let fxo = Fxo::new(FxoConfig::new(AnswerDetection::Voice));
        Self { control, fxo, orders, heard, reports: Vec::new(), begun: Instant::now() }
    }

    /// Dials.
    pub fn call(&mut self, number: &str) -> anyhow::Result<Instant> {
        self.reports.clear();
        self.input(FxoInput::Dial(DialString::parse(number)?))?;
        Ok(Instant::now())
    }

    /// Waits for the call's end.
    pub fn ended(&mut self) -> anyhow::Result<LineCause> {
        self.report("the call's end", |report| match report {
            FxoReport::Ended(cause) | FxoReport::Refused(cause) => Some(*cause),
            _ => None,
        })
    }

    /// Waits until the line can be used again.
    pub fn free(&mut self) -> anyhow::Result<()> {
        wait_for("a free line", CALL_LIMIT, || {
            self.work()?;
            Ok((self.fxo.state() == FxoState::Idle).then_some(()))
        })
        .with_context(|| format!("{:?}: {:?}", self.fxo.state(), self.reports))
    }

    /// Waits for a report of this call.
    pub fn report<T>(&mut self, what: &str, wanted: impl Fn(&FxoReport) -> Option<T>) -> anyhow::Result<T> {
        wait_for(what, CALL_LIMIT, || {
            self.work()?;
            Ok(self.reports.iter().find_map(&wanted))
        })
        .with_context(|| format!("{:?}: {:?}", self.fxo.state(), self.reports))
    }

    /// Goes on for a time.
    pub fn work_for(&mut self, time: Duration) -> anyhow::Result<()> {
        let begun = Instant::now();
        while begun.elapsed() < time {
            self.work()?;
            std::thread::sleep(Duration::from_millis(2));
        }
        Ok(())
    }

    /// Takes what happened.
    pub fn work(&mut self) -> anyhow::Result<()> {
        while let Some(event) = self.control.next_event()? {
            if let CardEvent::Line(_, event) = event {
                self.input(FxoInput::Line(event))?;
            }
        }
        while let Ok(heard) = self.heard.try_recv() {
            self.input(FxoInput::Ear(heard))?;
        }
        let mut out = Vec::new();
        self.fxo.expire(self.now(), &mut out);
        self.act(out)
    }

    /// Blocks of audio that its card lost.
    pub fn slips(&mut self) -> anyhow::Result<u32> {
        Ok(self.control.status()?.1.slips)
    }

    /// Gives the machine an input.
    pub fn input(&mut self, input: FxoInput) -> anyhow::Result<()> {
        let mut out = Vec::new();
        self.fxo.step(self.now(), input, &mut out);
        self.act(out)
    }

    fn act(&mut self, outputs: Vec<FxoOutput>) -> anyhow::Result<()> {
        for output in outputs {
            match output {
                FxoOutput::Signal(signal) => self.control.signal(SLOT, signal)?,
                FxoOutput::Audio(order) => {
                    self.orders.send(order).ok().context("the audio thread is gone")?
                }
                FxoOutput::Report(report) => self.reports.push(report),
            }
        }
        Ok(())
    }

    fn now(&self) -> Millis {
        Millis(u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX))
    }
}

/// The media half: one thread, blocks of 20 ms. `call` hears each block and says the next one.
pub fn ear(
    audio: &mut dyn SpanAudio,
    call: &mut dyn FnMut(&[u8; SLOT_BLOCK], &mut Block),
    (ordered, told): (&Receiver<FxoAudioOrder>, &Sender<FxoEar>),
    stop: &AtomicBool,
) -> anyhow::Result<()> {
    let mut fxo = FxoAudio::new(&TonePlan::cn());
    let (mut octets, mut heard, mut said) = ([0; SLOT_BLOCK], [0; SLOT_BLOCK], [0; SLOT_BLOCK]);
    audio.set_open(SLOT, true)?;
    while !stop.load(Ordering::Relaxed) {
        match audio.wait(Duration::from_millis(500)) {
            AudioReady::Block => {}
            AudioReady::TimedOut => continue,
            AudioReady::Gone => bail!("the span is gone"),
        }
        ordered.try_iter().for_each(|order| fxo.order(order));
        audio.read(SLOT, &mut octets);
        Law::A.decode_into(&octets, &mut heard);
        call(&octets, &mut said);
        if let Some(ear) = fxo.block(&heard, &mut said) {
            told.send(ear).ok().context("the line is gone")?;
        }
        Law::A.encode_into(&said, &mut octets);
        audio.write(SLOT, &octets);
        audio.flush();
    }
    Ok(audio.set_open(SLOT, false)?)
}

/// The line's timeslot; its channel at the far end, whose span begins with channel 32.
pub const SLOT: Timeslot = Timeslot(4);
const FAR_CHANNEL: u32 = 35;
/// A second port of the exchange.
const OTHER: Timeslot = Timeslot(24);
const CALL_LIMIT: Duration = Duration::from_secs(40);
