//! The far end of an analogue line, and of an agent's plain telephone beside it: the exchange's circuit, the party that was
//! called, the agent's hand. One thread, paced by the far card. What the called party does stands in the last digit: 0
//! answers and speaks, 5 answers and presses 9 three times, 7 is busy.

use analog::{Block, FxsAudio, FxsAudioOrder, ToneKind, TonePlan};
use anyhow::{bail, ensure};
use card::{AudioReady, SLOT_BLOCK, SpanAudio};
use media::Digit;
use media::dtmf::generate::{ToneShape, add_digit};
use media::g711::Law;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use vocab::Timeslot;

/// What the far side can do with the loops that end at it.
pub trait Loops {
    /// Whether the box has closed the loop of its line.
    fn is_closed(&mut self) -> anyhow::Result<bool>;
    /// The line's loop current flows, or not.
    fn feed(&mut self, on: bool) -> anyhow::Result<()>;
    /// The called party answered, or hung up: where the exchange can say so.
    fn answered(&mut self, on: bool) -> anyhow::Result<()>;
    /// Whether the box has begun to ring the agent's telephone since the last look.
    fn rings(&mut self) -> anyhow::Result<bool>;
    /// The agent lifts the handset, or hangs up.
    fn lift(&mut self, up: bool) -> anyhow::Result<()>;
}

/// A call as the far side saw it.
#[derive(Debug, Clone, Default)]
pub struct Heard {
    /// What was dialled.
    pub dialled: String,
    /// What the called party heard.
    pub pcm: Vec<i16>,
}

/// What the far side saw so far.
#[derive(Debug, Default)]
pub struct Seen {
    story: Mutex<Vec<String>>,
    calls: Mutex<Vec<Heard>>,
    agent: Mutex<Vec<i16>>,
}

impl Seen {
    /// The calls that are over, in their order.
    pub fn calls(&self) -> Vec<Heard> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What happened, in its order: for people.
    pub fn story(&self) -> String {
        self.story.lock().unwrap_or_else(PoisonError::into_inner).join(", ")
    }

    fn tell(&self, what: &str) {
        self.story.lock().unwrap_or_else(PoisonError::into_inner).push(what.to_owned());
    }

    /// What the agent heard.
    pub fn agent(&self) -> Vec<i16> {
        self.agent.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The ports of the far card.
#[derive(Debug, Clone, Copy)]
pub struct Slots {
    /// The line's.
    pub line: Timeslot,
    /// The telephone's, if there is one.
    pub telephone: Option<Timeslot>,
}

/// Serves until told to stop.
pub fn serve(
    audio: &mut dyn SpanAudio,
    slots: Slots,
    loops: &mut dyn Loops,
    seen: &Seen,
    stop: &AtomicBool,
) -> anyhow::Result<()> {
    let mut line = Line::new();
    let mut agent = Agent::OnHook;
    for slot in std::iter::once(slots.line).chain(slots.telephone) {
        audio.set_open(slot, true)?;
    }
    while !stop.load(Ordering::Relaxed) {
        match audio.wait(Duration::from_millis(500)) {
            AudioReady::Block => {}
            AudioReady::TimedOut => continue,
            AudioReady::Gone => bail!("the far card is gone"),
        }
        pass(audio, slots.line, |heard, said| line.block(heard, said, loops, seen))?;
        if let Some(slot) = slots.telephone {
            pass(audio, slot, |heard, said| agent.block(heard, said, loops, seen))?;
        }
        audio.flush();
    }
    Ok(())
}

fn pass(
    audio: &mut dyn SpanAudio,
    slot: Timeslot,
    act: impl FnOnce(&Block, &mut Block) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let (mut octets, mut heard, mut said) = ([0; SLOT_BLOCK], [0; SLOT_BLOCK], [0; SLOT_BLOCK]);
    audio.read(slot, &mut octets);
    Law::A.decode_into(&octets, &mut heard);
    act(&heard, &mut said)?;
    Law::A.encode_into(&said, &mut octets);
    audio.write(slot, &octets);
    Ok(())
}

enum Stage {
    Idle,
    /// Dial tone, or digits; turns since the last of them.
    Dialling(u32),
    Busy,
    Ringback(u32),
    Talking(u32),
}

struct Line {
    circuit: FxsAudio,
    stage: Stage,
    call: Heard,
    key: Vec<i16>,
}

impl Line {
    fn new() -> Self {
        let mut key = vec![0; KEY_TURNS as usize * SLOT_BLOCK];
        if let Some(nine) = Digit::from_char('9') {
            add_digit(nine, &ToneShape::default(), &mut key);
        }
        Self { circuit: FxsAudio::new(&TonePlan::cn()), stage: Stage::Idle, call: Heard::default(), key }
    }

    fn block(
        &mut self,
        heard: &Block,
        said: &mut Block,
        loops: &mut dyn Loops,
        seen: &Seen,
    ) -> anyhow::Result<()> {
        match (loops.is_closed()?, &self.stage) {
            (true, Stage::Idle) => {
                loops.feed(true)?;
                seen.tell("closed");
                self.enter(Stage::Dialling(0), FxsAudioOrder::Tone(ToneKind::Dial));
            }
            (false, Stage::Dialling(_) | Stage::Busy | Stage::Ringback(_) | Stage::Talking(_)) => {
                loops.answered(false)?;
                loops.feed(false)?;
                self.enter(Stage::Idle, FxsAudioOrder::Off);
                seen.tell(&format!("open after {} turns of talk", self.call.pcm.len() / SLOT_BLOCK));
                seen.calls
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(std::mem::take(&mut self.call));
            }
            (true, _) | (false, Stage::Idle) => {}
        }
        if let Stage::Talking(turn) = self.stage {
            self.speak(turn, said);
        }
        let key = self.circuit.block(heard, said);
        self.advance(key, heard, loops, seen)
    }

    /// What follows from this turn.
    fn advance(
        &mut self,
        key: Option<Digit>,
        heard: &Block,
        loops: &mut dyn Loops,
        seen: &Seen,
    ) -> anyhow::Result<()> {
        match (&mut self.stage, key) {
            (Stage::Dialling(_), Some(key)) => {
                self.call.dialled.push(key.as_char());
                self.enter(Stage::Dialling(0), FxsAudioOrder::Silence);
            }
            (Stage::Dialling(quiet), None) if !self.call.dialled.is_empty() && *quiet >= DIALLED_TURNS => {
                seen.tell(&format!("dialled {}", self.call.dialled));
                if self.call.dialled.ends_with('7') {
                    self.enter(Stage::Busy, FxsAudioOrder::Tone(ToneKind::Busy));
                } else {
                    self.enter(Stage::Ringback(0), FxsAudioOrder::Tone(ToneKind::Ringback));
                }
            }
            (Stage::Ringback(turn), _) if *turn >= RINGBACK_TURNS => {
                loops.answered(true)?;
                seen.tell("answered");
                self.enter(Stage::Talking(0), FxsAudioOrder::Through);
            }
            (Stage::Dialling(turn) | Stage::Ringback(turn), _) => *turn += 1,
            (Stage::Talking(turn), _) => {
                *turn += 1;
                self.call.pcm.extend_from_slice(heard);
                ensure!(self.call.pcm.len() < MOST_SAMPLES, "a call does not end");
            }
            (Stage::Idle | Stage::Busy, _) => {}
        }
        Ok(())
    }

    fn enter(&mut self, stage: Stage, order: FxsAudioOrder) {
        self.stage = stage;
        self.circuit.order(order);
    }

    /// The called party in this turn of the call.
    fn speak(&self, turn: u32, said: &mut Block) {
        let pressed = PRESSES.iter().find_map(|from| turn.checked_sub(*from).filter(|at| *at < KEY_TURNS));
        match pressed.filter(|_| self.call.dialled.ends_with('5')) {
            Some(at) => said.copy_from_slice(&self.key[at as usize * SLOT_BLOCK..][..SLOT_BLOCK]),
            None => speak(turn, vowel, said),
        }
    }
}

/// The agent beside the telephone.
enum Agent {
    OnHook,
    Reaching(u32),
    Talking(u32),
}

impl Agent {
    fn block(
        &mut self,
        heard: &Block,
        said: &mut Block,
        loops: &mut dyn Loops,
        seen: &Seen,
    ) -> anyhow::Result<()> {
        let rings = loops.rings()?;
        match self {
            Self::OnHook if rings => *self = Self::Reaching(0),
            Self::OnHook => {}
            Self::Reaching(turn) if *turn >= HAND_TURNS => {
                loops.lift(true)?;
                *self = Self::Talking(0);
            }
            Self::Talking(turn) if *turn >= TALK_TURNS => {
                loops.lift(false)?;
                *self = Self::OnHook;
            }
            Self::Talking(turn) => {
                speak(*turn, agent_tone, said);
                *turn += 1;
                seen.agent.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(heard);
            }
            Self::Reaching(turn) => *turn += 1,
        }
        Ok(())
    }
}

fn speak(turn: u32, voice: fn(u32) -> i16, said: &mut Block) {
    for (at, sample) in (turn * SLOT_BLOCK as u32..).zip(said) {
        *sample = voice(at);
    }
}

fn agent_tone(at: u32) -> i16 {
    (6_000.0 * (std::f64::consts::TAU * f64::from(AGENT_HZ) * f64::from(at) / 8_000.0).sin()) as i16
}

/// Syllables of a vowel, whose pitch and strength move.
pub fn vowel(at: u32) -> i16 {
    let t = f64::from(at) / 8_000.0;
    let syllable = (t * 2.5).fract();
    if syllable >= 0.5 {
        return 0;
    }
    let turns = 140.0 * t + 4.0 * (t * 6.0).sin();
    let wave: f64 = (1..8).map(|k| (std::f64::consts::TAU * turns * f64::from(k)).sin() / f64::from(k)).sum();
    (wave * (syllable * std::f64::consts::TAU).sin() * 3_000.0) as i16
}

/// What the agent says.
pub const AGENT_HZ: u32 = 1_500;
/// Turns of 20 ms after which a number is whole: digits may be lost or doubled where the machine let the guest stand still.
const DIALLED_TURNS: u32 = 75;
/// Long enough for a detector to know it.
const RINGBACK_TURNS: u32 = 150;
/// When the key goes down, in turns since the answer, and for how long: pressed again, as people do.
const PRESSES: [u32; 3] = [300, 350, 400];
const KEY_TURNS: u32 = 15;
const HAND_TURNS: u32 = 25;
/// How long the agent stays: longer than the announcements, of which nothing is heard.
const TALK_TURNS: u32 = 400;
/// Two minutes.
const MOST_SAMPLES: usize = 960_000;
