//! Our data link, call control and audio against Asterisk with chan_dahdi and libpri as the carrier's exchange, on the
//! other end of a span. Asterisk is a peer that nobody here wrote; nothing of it is linked.

use crate::audio;
use crate::exchange::{Exchange, Lines, START_LIMIT};
use crate::pri::Pri;
use crate::report::Report;
use crate::rig::{End, Rig};
use anyhow::{Context, ensure};
use card::{AudioReady, SLOT_BLOCK, SpanAudio};
use dahdi::DahdiAudio;
use media::dtmf::Digit;
use media::dtmf::generate::{ToneShape, add_digit};
use media::dtmf::inband::InBandDetector;
use media::g711::Law;
use q931::CauseValue;
use std::time::Duration;
use vocab::Timeslot;

/// The link, thirty calls at once, causes, digits both ways, an exchange that dies.
pub fn run(report: &mut Report) -> anyhow::Result<()> {
    let (rig, _) = report.step("two spans are up", || {
        let mut rig = Rig::pri()?;
        let told = rig.clear()?;
        Ok((rig, told))
    })?;
    let Rig { ends: [near, far], pair: _pair } = rig;
    // Configured; from here on the far channels are the exchange's.
    drop(far);
    let End { mut control, mut audio } = near;
    let (mut exchange, _) =
        report.step("the exchange starts", || Ok((Exchange::start(Lines::Pri)?, String::new())))?;
    let mut pri = Pri::user(&mut control)?;
    report.step("the data link stands and every channel is restarted", || {
        pri.until("an idle interface", START_LIMIT, Pri::is_idle)
    })?;
    report.step("thirty calls at once are answered, each on its own channel, and cleared", || {
        let calls = (0..30).map(|at| pri.call(&format!("1{at:03}"))).collect::<anyhow::Result<Vec<_>>>()?;
        let mut slots = calls.iter().map(|call| pri.connected(*call)).collect::<anyhow::Result<Vec<_>>>()?;
        slots.sort_unstable();
        ensure!(slots == audio::b_channels(), "{slots:?}");
        calls.iter().try_for_each(|call| pri.hang_up(*call))?;
        pri.until("idle channels", CLEAR_LIMIT, Pri::is_idle)
    })?;
    report.step("what we say comes back unchanged, octet by octet", || echo(&mut pri, &mut audio))?;
    report.step("the exchange's causes arrive", || causes(&mut pri))?;
    report.step("the exchange hears our 9", || {
        let call = pri.call("4000")?;
        let slot = pri.connected(call)?;
        let heard = with_audio(&mut pri, || press(&mut audio, slot))?;
        heard?;
        let end = pri.released(call)?;
        ensure!(end.cause == CauseValue::NormalClearing, "it heard something else: {end:?}");
        Ok(())
    })?;
    report.step("we hear the exchange's 9", || {
        let call = pri.call("5000")?;
        let slot = pri.connected(call)?;
        let heard = with_audio(&mut pri, || listen(&mut audio, slot))??;
        ensure!(heard == "9", "we heard {heard:?}");
        pri.hang_up(call)
    })?;
    report.step(
        "the exchange dies and comes back: the link does, too, and calls are set up again",
        || {
            exchange.kill()?;
            pri.until("the link's end", DEATH_LIMIT, |pri| !pri.is_up())?;
            exchange = Exchange::start(Lines::Pri)?;
            pri.until("an idle interface", START_LIMIT, Pri::is_idle)?;
            let call = pri.call("1000")?;
            pri.connected(call)?;
            pri.hang_up(call)
        },
    )?;
    exchange.kill()
}

/// Three channels of one span at once, through the exchange and back.
fn echo(pri: &mut Pri<'_>, audio: &mut DahdiAudio) -> anyhow::Result<String> {
    let mut told = Vec::new();
    for _ in 0..ATTEMPTS {
        let calls = (0..3).map(|at| pri.call(&format!("1{at:03}"))).collect::<anyhow::Result<Vec<_>>>()?;
        let slots = calls.iter().map(|call| pri.connected(*call)).collect::<anyhow::Result<Vec<_>>>()?;
        let found = with_audio(pri, || audio::talk(audio, &slots, 1, 1))??;
        calls.iter().try_for_each(|call| pri.hang_up(*call))?;
        told.push(found.told());
        // The exchange's path opens a moment after its answer, and it may leave out whole blocks when it is late.
        ensure!(found.unchanged(), "{}", told.join(" | "));
        if found.exact() {
            break;
        }
    }
    Ok(told.join(" | "))
}

fn causes(pri: &mut Pri<'_>) -> anyhow::Result<String> {
    for (number, cause) in CAUSES {
        let call = pri.call(number)?;
        let end = pri.released(call)?;
        ensure!(end.cause == *cause, "{number}: {end:?} instead of {cause:?}");
    }
    pri.until("idle channels", CLEAR_LIMIT, Pri::is_idle)?;
    Ok(format!("{} calls", CAUSES.len()))
}

/// Audio in a thread of its own, as in the product, while signalling goes on.
fn with_audio<T: Send>(pri: &mut Pri<'_>, act: impl FnOnce() -> T + Send) -> anyhow::Result<T> {
    std::thread::scope(|scope| {
        let task = scope.spawn(act);
        while !task.is_finished() {
            pri.work()?;
            std::thread::sleep(Duration::from_millis(2));
        }
        task.join().map_err(|_| anyhow::anyhow!("the audio thread ended"))
    })
}

/// Presses 9 for 200 ms after a second of silence.
fn press(audio: &mut DahdiAudio, slot: Timeslot) -> anyhow::Result<()> {
    let mut samples = [0_i16; 10 * SLOT_BLOCK];
    add_digit(Digit::from_char('9').context("no digit")?, &ToneShape::default(), &mut samples);
    let mut octets = [0_u8; 10 * SLOT_BLOCK];
    Law::A.encode_into(&samples, &mut octets);
    let (tone, _) = octets.as_chunks::<SLOT_BLOCK>();
    audio.set_open(slot, true)?;
    for turn in 0..150_usize {
        ensure!(audio.wait(TURN_LIMIT) == AudioReady::Block, "the span stands still");
        if let Some(block) = turn.checked_sub(50).and_then(|at| tone.get(at)) {
            audio.write(slot, block);
        }
        audio.flush();
    }
    Ok(audio.set_open(slot, false)?)
}

/// The digits heard in five seconds.
fn listen(audio: &mut DahdiAudio, slot: Timeslot) -> anyhow::Result<String> {
    let mut detector = InBandDetector::new();
    let mut heard = String::new();
    let (mut block, mut samples) = ([0; SLOT_BLOCK], [0; SLOT_BLOCK]);
    audio.set_open(slot, true)?;
    for _ in 0..250 {
        ensure!(audio.wait(TURN_LIMIT) == AudioReady::Block, "the span stands still");
        audio.read(slot, &mut block);
        Law::A.decode_into(&block, &mut samples);
        heard.extend(detector.process(&samples).map(|digit| digit.as_char()));
        audio.flush();
    }
    audio.set_open(slot, false)?;
    Ok(heard)
}

const CAUSES: &[(&str, CauseValue)] = &[
    ("2001", CauseValue::UnallocatedNumber),
    ("2017", CauseValue::UserBusy),
    ("2021", CauseValue::CallRejected),
    ("6000", CauseValue::NormalClearing),
];
const ATTEMPTS: usize = 2;
const CLEAR_LIMIT: Duration = Duration::from_secs(30);
const DEATH_LIMIT: Duration = Duration::from_secs(60);
const TURN_LIMIT: Duration = Duration::from_secs(5);
