//! A line behind a sound card against an exchange made of controls and tones: ALSA's loopback card carries the audio, and
//! elements that this scenario adds to it stand for the line's hook, ringing, loop current and polarity.

use crate::analogue::{Line, SLOT, ear};
use crate::far_line::vowel;
use crate::handsets::hear_each_other;
use crate::report::Report;
use crate::rig::wait_for;
use ::alsa_line::{AlsaAudio, AlsaControl, LineConfig};
use alsa::hctl::{Elem, HCtl};
use alsa_sys as ffi;
use analog::fxo::AnsweredBy;
use analog::{Block, FxoInput, FxoReport, FxoState, FxsAudio, FxsAudioOrder, LineCause, ToneKind, TonePlan};
use anyhow::{Context, bail, ensure};
use card::{AudioReady, SLOT_BLOCK, SpanAudio, SpanControl};
use idl::spans::{AnswerDetection, E1Config, PortConfig, PortKind, SpanConfig, SpanPurpose};
use media::g711::Law;
use std::cell::RefCell;
use std::ffi::CString;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;
use vocab::{SpanId, Timeslot, TrunkId};

/// Calls that are answered, refused and cleared, and one that comes in.
pub fn run(report: &mut Report) -> anyhow::Result<()> {
    let (desk, _) = report.step("the card gets the line's controls", || {
        add_elements().context("add the elements")?;
        Ok((Desk::open()?, String::new()))
    })?;
    report.step("two handsets over the card hear each other, sample by sample", hear_each_other)?;
    let ((mut control, mut near, far_control, mut far), _) =
        report.step("the line and its far end open", || {
            let (mut control, near) = ::alsa_line::open("loopback", &[line_config(0, HOOK)])?;
            control.configure(&span_config())?;
            let (far_control, far) = ::alsa_line::open("exchange", &[line_config(1, FAR_HOOK)])?;
            Ok(((control, near, far_control, far), String::new()))
        })?;
    let (stop, signal) = (AtomicBool::new(false), Signal::default());
    let (orders, ordered) = channel();
    let (told, heard) = channel();
    let (say, said) = channel();
    let (keyed, keys) = channel();
    std::thread::scope(|scope| {
        let (stop_it, signal) = (&stop, &signal);
        let near = scope.spawn(move || {
            let mut talk = Talk::default();
            let mut call = |octets: &[u8; SLOT_BLOCK], said: &mut Block| {
                talk.hear(octets, &signal.near);
                talk.say(said);
            };
            ear(&mut near, &mut call, (&ordered, &told), stop_it)
        });
        let far = scope.spawn(move || exchange(&mut far, &said, &keyed, &signal.far, stop_it));
        let mut line = Line::new(&mut control, orders, heard);
        let done = calls(
            report,
            &mut line,
            &Exchange { desk, say, keys, control: RefCell::new(far_control) },
            signal,
        );
        stop.store(true, Ordering::Relaxed);
        let ended = [near.join(), far.join()].map(|end| end.map_err(|_| anyhow::anyhow!("a thread ended")));
        done?;
        ended.into_iter().try_for_each(|end| end?)
    })?;
    report.step("the line's state", || {
        let (alarms, counters) = control.status()?;
        ensure!(alarms.is_clear(), "{alarms:?}");
        Ok(format!("{} blocks slipped", counters.slips))
    })?;
    Ok(())
}

fn calls(report: &mut Report, line: &mut Line<'_>, far: &Exchange, signal: &Signal) -> anyhow::Result<()> {
    report.step("dial tone, digits, ringback, an answer by polarity", || {
        let told = far.take(line, FxsAudioOrder::Tone(ToneKind::Ringback))?;
        line.report("ringback", |report| (*report == FxoReport::Alerting).then_some(()))?;
        far.desk.set(POLARITY, true)?;
        answered(line, AnsweredBy::Polarity)?;
        Ok(told)
    })?;
    report.step("a known signal both ways", || {
        far.say.send(Say::Signal)?;
        line.work_for(SETTLE)?;
        let mut told = Vec::new();
        for _ in 0..ATTEMPTS {
            signal.reset();
            line.work_for(STRETCH)?;
            let found = [&signal.near, &signal.far].map(Count::now);
            told.push(format!("{found:?}"));
            if found.iter().all(|(good, broken)| *good >= STRETCH_OCTETS && *broken == 0) {
                return Ok(format!("(unchanged octets, broken places) near and far: {}", told.join("; ")));
            }
        }
        bail!("{}", told.join("; "))
    })?;
    report.step("busy tone ends the call", || {
        far.say.send(Say::Circuit(FxsAudioOrder::Tone(ToneKind::Busy)))?;
        over(line, LineCause::FarHungUp)?;
        far.release(line)
    })?;
    report.step("an answer by voice, then loop current stops", || {
        let told = far.take(line, FxsAudioOrder::Tone(ToneKind::Ringback))?;
        line.report("ringback", |report| (*report == FxoReport::Alerting).then_some(()))?;
        far.say.send(Say::Voice)?;
        answered(line, AnsweredBy::Voice)?;
        far.desk.set(CURRENT, false)?;
        over(line, LineCause::FarHungUp)?;
        far.release(line)?;
        Ok(told)
    })?;
    report.step("the called party is busy", || {
        let told = far.take(line, FxsAudioOrder::Tone(ToneKind::Busy))?;
        over(line, LineCause::Busy)?;
        far.release(line)?;
        Ok(told)
    })?;
    report.step("the exchange rings: reported, never answered", || {
        for ring in 0..RINGS {
            far.desk.set(RING, true)?;
            line.work_for(RING_ON)?;
            far.desk.set(RING, false)?;
            ensure!(line.fxo.state() == FxoState::Incoming, "ring {ring}: {:?}", line.fxo.state());
            line.work_for(RING_OFF)?;
            ensure!(!far.desk.get(HOOK)?, "the line went off-hook");
        }
        line.report("an incoming call", |report| (*report == FxoReport::Incoming).then_some(()))?;
        line.free()?;
        ensure!(!far.desk.get(HOOK)?, "the line went off-hook");
        Ok(())
    })
}

fn answered(line: &mut Line<'_>, by: AnsweredBy) -> anyhow::Result<()> {
    let known = line.report("the answer", |report| match report {
        FxoReport::Answered(by) => Some(*by),
        _ => None,
    })?;
    ensure!(known == by, "{known:?}");
    Ok(())
}

fn over(line: &mut Line<'_>, wanted: LineCause) -> anyhow::Result<()> {
    let cause = line.ended()?;
    ensure!(cause == wanted, "{cause:?} instead of {wanted:?}");
    Ok(())
}

/// The far side, as the scenario sees it.
struct Exchange {
    desk: Desk,
    say: Sender<Say>,
    keys: Receiver<char>,
    control: RefCell<AlsaControl>,
}

impl Exchange {
    /// Lets the line call: current, dial tone, its digits, then this tone. Digits may be missing only where a machine
    /// that let the guest stand still cost blocks, and these were counted.
    fn take(&self, line: &mut Line<'_>, then: FxsAudioOrder) -> anyhow::Result<String> {
        let mut told = Vec::new();
        for _ in 0..ATTEMPTS {
            let before = self.slips(line)?;
            let dialled = self.digits(line)?;
            let slipped = self.slips(line)? - before;
            if dialled == NUMBER {
                self.say.send(Say::Circuit(then))?;
                return Ok(told.join("; "));
            }
            told.push(format!("{dialled} instead of {NUMBER}, {slipped} blocks slipped"));
            ensure!(slipped > 0, "{}", told.join("; "));
            line.input(FxoInput::HangUp)?;
            self.release(line)?;
        }
        bail!("{}", told.join("; "))
    }

    /// The digits that the exchange heard until the line had sent its last.
    fn digits(&self, line: &mut Line<'_>) -> anyhow::Result<String> {
        line.call(NUMBER)?;
        wait_for("the loop to close", LIMIT, || {
            line.work()?;
            Ok(self.desk.get(HOOK)?.then_some(()))
        })?;
        self.desk.set(CURRENT, true)?;
        self.say.send(Say::Circuit(FxsAudioOrder::Tone(ToneKind::Dial)))?;
        let mut dialled = String::new();
        wait_for("the digits", LIMIT, || {
            line.work()?;
            for key in self.keys.try_iter() {
                dialled.push(key);
                self.say.send(Say::Circuit(FxsAudioOrder::Silence))?;
            }
            Ok(line.reports.contains(&FxoReport::Dialled).then_some(()))
        })
        .with_context(|| format!("{dialled}; {:?}", line.fxo.state()))?;
        line.work_for(SETTLE)?;
        dialled.extend(self.keys.try_iter());
        Ok(dialled)
    }

    fn slips(&self, line: &mut Line<'_>) -> anyhow::Result<u32> {
        Ok(line.slips()? + self.control.borrow_mut().status()?.1.slips)
    }

    /// The loop is open again: everything as before the call.
    fn release(&self, line: &mut Line<'_>) -> anyhow::Result<()> {
        ensure!(!self.desk.get(HOOK)?, "the loop is closed after the call");
        self.say.send(Say::Circuit(FxsAudioOrder::Off))?;
        self.desk.set(CURRENT, false)?;
        self.desk.set(POLARITY, false)?;
        line.free()
    }
}

/// The card's controls from the exchange's side.
pub struct Desk(HCtl);

impl Desk {
    /// Opens them; the elements must have been added.
    pub fn open() -> anyhow::Result<Self> {
        let elements = HCtl::new(CARD, true)?;
        elements.load()?;
        Ok(Self(elements))
    }

    /// Whether the line has closed its loop.
    pub fn is_off_hook(&self) -> anyhow::Result<bool> {
        self.get(HOOK)
    }

    /// Lets loop current flow, or not.
    pub fn current(&self, on: bool) -> anyhow::Result<()> {
        self.set(CURRENT, on)
    }

    /// Reverses the polarity, or back.
    pub fn reverse(&self, on: bool) -> anyhow::Result<()> {
        self.set(POLARITY, on)
    }

    fn element(&self, name: &str) -> anyhow::Result<Elem<'_>> {
        let is_it = |element: &Elem<'_>| {
            element.get_id().is_ok_and(|id| id.get_name().is_ok_and(|known| known == name))
        };
        self.0.elem_iter().find(is_it).with_context(|| format!("the card has no {name}"))
    }

    fn get(&self, name: &str) -> anyhow::Result<bool> {
        self.element(name)?.read()?.get_boolean(0).context("no switch")
    }

    fn set(&self, name: &str, on: bool) -> anyhow::Result<()> {
        let element = self.element(name)?;
        let mut value = element.read()?;
        value.set_boolean(0, on).context("no switch")?;
        element.write(&value).with_context(|| format!("set {name}"))?;
        Ok(())
    }
}

/// Adds the line's elements to the card, for anyone to set.
pub fn add_elements() -> anyhow::Result<()> {
    let card = CString::new(CARD)?;
    let mut control = std::ptr::null_mut();
    // SAFETY: the name ends with a zero; the place for the handle is ours.
    check(unsafe { ffi::snd_ctl_open(&raw mut control, card.as_ptr(), 0) })?;
    let added = ELEMENTS.iter().try_for_each(|name| {
        let name = CString::new(*name)?;
        let mut id = std::ptr::null_mut();
        // SAFETY: the place for the identity is ours; ALSA says whether it is there.
        check(unsafe { ffi::snd_ctl_elem_id_malloc(&raw mut id) })?;
        // SAFETY: handle and identity are open, the name ends with a zero and is copied; an element is locked by
        // who adds it until it is unlocked.
        let (added, unlocked) = unsafe {
            ffi::snd_ctl_elem_id_set_interface(id, ffi::SND_CTL_ELEM_IFACE_MIXER);
            ffi::snd_ctl_elem_id_set_name(id, name.as_ptr());
            let done = (ffi::snd_ctl_elem_add_boolean(control, id, 1), ffi::snd_ctl_elem_unlock(control, id));
            ffi::snd_ctl_elem_id_free(id);
            done
        };
        check(added).with_context(|| format!("add {name:?}"))?;
        check(unlocked).with_context(|| format!("unlock {name:?}"))
    });
    // SAFETY: it was opened above and is used no more.
    check(unsafe { ffi::snd_ctl_close(control) })?;
    added
}

fn check(code: i32) -> anyhow::Result<()> {
    ensure!(code >= 0, std::io::Error::from_raw_os_error(-code));
    Ok(())
}

/// What the exchange says to the line.
#[derive(Debug, Clone, Copy)]
enum Say {
    Circuit(FxsAudioOrder),
    Voice,
    Signal,
}

/// The exchange's circuit for the line: one thread, blocks of 20 ms.
fn exchange(
    audio: &mut AlsaAudio,
    ordered: &Receiver<Say>,
    keys: &Sender<char>,
    count: &Count,
    stop: &AtomicBool,
) -> anyhow::Result<()> {
    let mut circuit = FxsAudio::new(&TonePlan::cn());
    let (mut say, mut talk, mut at) = (Say::Circuit(FxsAudioOrder::Off), Talk::default(), 0);
    let (mut octets, mut heard, mut said) = ([0; SLOT_BLOCK], [0; SLOT_BLOCK], [0; SLOT_BLOCK]);
    audio.set_open(SLOT, true)?;
    while !stop.load(Ordering::Relaxed) {
        match audio.wait(Duration::from_millis(500)) {
            AudioReady::Block => {}
            AudioReady::TimedOut => continue,
            AudioReady::Gone => bail!("the far card is gone"),
        }
        if let Some(order) = ordered.try_iter().last() {
            say = order;
            circuit.order(match order {
                Say::Circuit(order) => order,
                Say::Voice | Say::Signal => FxsAudioOrder::Through,
            });
        }
        audio.read(SLOT, &mut octets);
        talk.hear(&octets, count);
        match say {
            Say::Circuit(_) => {}
            Say::Voice => said.iter_mut().for_each(|sample| {
                *sample = vowel(at);
                at += 1;
            }),
            Say::Signal => talk.say(&mut said),
        }
        Law::A.decode_into(&octets, &mut heard);
        if let Some(key) = circuit.block(&heard, &mut said)
            && matches!(say, Say::Circuit(_))
        {
            keys.send(key.as_char())?;
        }
        Law::A.encode_into(&said, &mut octets);
        audio.write(SLOT, &octets);
        audio.flush();
    }
    Ok(())
}

/// What came of the known signal, at both ends.
#[derive(Debug, Default)]
struct Signal {
    near: Count,
    far: Count,
}

impl Signal {
    fn reset(&self) {
        for count in [&self.near, &self.far] {
            count.good.store(0, Ordering::Relaxed);
            count.broken.store(0, Ordering::Relaxed);
        }
    }
}

/// Octets that follow from the one before them, and octets that do not.
#[derive(Debug, Default)]
struct Count {
    good: AtomicU32,
    broken: AtomicU32,
}

impl Count {
    fn now(&self) -> (u32, u32) {
        (self.good.load(Ordering::Relaxed), self.broken.load(Ordering::Relaxed))
    }
}

/// The known signal: every octet follows from the one before, and all 256 come.
#[derive(Debug, Default)]
struct Talk {
    heard: u8,
    said: u8,
}

impl Talk {
    fn hear(&mut self, octets: &[u8], count: &Count) {
        let before = std::iter::once(self.heard).chain(octets.iter().copied());
        let good = before.zip(octets).filter(|(before, octet)| next(*before) == **octet).count();
        self.heard = octets.last().copied().unwrap_or_default();
        count.good.fetch_add(good as u32, Ordering::Relaxed);
        count.broken.fetch_add((octets.len() - good) as u32, Ordering::Relaxed);
    }

    fn say(&mut self, block: &mut Block) {
        for sample in block {
            self.said = next(self.said);
            *sample = Law::A.decode(self.said);
        }
    }
}

/// The octet that follows in the known signal.
pub const fn next(octet: u8) -> u8 {
    octet.wrapping_mul(5).wrapping_add(3)
}

/// The audio of the line's far end, as a port of this number.
pub fn far_line(port: Timeslot) -> anyhow::Result<AlsaAudio> {
    let config = LineConfig { port, ..line_config(1, FAR_HOOK) };
    Ok(::alsa_line::open("exchange", &[config])?.1)
}

fn line_config(device: u8, hook: &str) -> LineConfig {
    let pcm = format!("{CARD},{device},0");
    let near = |name: &str| (device == 0).then(|| name.to_owned());
    LineConfig {
        port: SLOT,
        card: CARD.to_owned(),
        capture: pcm.clone(),
        playback: pcm,
        hook: hook.to_owned(),
        ring: near(RING),
        loop_current: near(CURRENT),
        polarity: near(POLARITY),
        caller_id: None,
    }
}

fn span_config() -> SpanConfig {
    let kind = PortKind::Fxo { answer: AnswerDetection::Voice, tones: "cn".to_owned() };
    SpanConfig {
        span: SpanId(1),
        trunk: TrunkId(1),
        name: String::new(),
        e1: E1Config::default(),
        purpose: SpanPurpose::Ports(vec![PortConfig { port: SLOT, kind }]),
    }
}

/// ALSA's loopback: what is played on one of its two devices is captured on the other.
const CARD: &str = "hw:Loopback";
const HOOK: &str = "Off-hook Switch";
const RING: &str = "Ring";
const CURRENT: &str = "Loop Current";
const POLARITY: &str = "Polarity Reversed";
/// The far end has a hook only because each line must.
const FAR_HOOK: &str = "Exchange Switch";
const ELEMENTS: [&str; 5] = [HOOK, RING, CURRENT, POLARITY, FAR_HOOK];
const NUMBER: &str = "85551234";
const LIMIT: Duration = Duration::from_secs(20);
const SETTLE: Duration = Duration::from_secs(1);
/// A stretch of the known signal, and the octets that it has at least.
const STRETCH: Duration = Duration::from_secs(3);
const STRETCH_OCTETS: u32 = 22_000;
/// A machine that lets the guest stand still costs blocks: one stretch without a loss is enough.
const ATTEMPTS: usize = 6;
const RINGS: u32 = 3;
const RING_ON: Duration = Duration::from_secs(1);
const RING_OFF: Duration = Duration::from_secs(4);
