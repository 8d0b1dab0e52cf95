//! The far side of an analogue card: the exchange's end of four lines, and four plain telephones with somebody beside
//! them. What a customer does stands in the last two digits of the number:
//! 00 answers and speaks, 65 presses 9, 70 is busy, 61 hangs up and the exchange opens the loop, 62 hangs up and the
//! exchange gives busy tone.

use analog::{ToneKind, TonePlan, TonePlayer};
use card::{HookState, LineEvent, LineSignal, SLOT_BLOCK, SpanKind};
use carrier::signal;
use media::dtmf::generate::{ToneShape, add_digit};
use media::dtmf::inband::InBandDetector;
use media::{Digit, Law};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use virtual_card::{FarEnd, FarEvent};
use vocab::{SpanId, Timeslot};

/// The analogue span of the board.
pub const SPAN: SpanId = SpanId(3);
const PORTS: u8 = 8;
/// Lines to the exchange; the others are telephones.
const LINES: u8 = 4;
const TURN: Duration = Duration::from_millis(20);
const DIGITS: usize = 11;
/// Turns of silence while the exchange sets the call up.
const SETUP_TURNS: u32 = 40;
/// Turns of ringback before the customer answers.
const RINGBACK_TURNS: u32 = 110;
/// A person picks up, or hangs up, after so many turns.
const HAND_TURNS: u32 = 20;

/// What a test wants of the far side.
pub enum Order {
    /// Something happens on a line.
    Line(Timeslot, LineEvent),
    /// This line gives no dial tone.
    Dead(Timeslot),
    /// Who has this telephone answers it, and hangs up after so many turns.
    Answers(Timeslot, u32),
}

/// What the far side saw.
#[derive(Default, Clone)]
pub struct Seen {
    pub dialled: Vec<(Timeslot, String)>,
    pub seized: Vec<Timeslot>,
    pub heard: BTreeMap<Timeslot, Vec<u8>>,
}

pub struct Far {
    orders: mpsc::Sender<(Order, mpsc::Sender<()>)>,
    seen: Arc<Mutex<Seen>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Far {
    pub fn start(folder: &Path) -> Self {
        let kind = SpanKind::Analogue { ports: PORTS };
        let end = FarEnd::bind(folder, SPAN, kind, "exchange").expect("a far end");
        let (orders, incoming) = mpsc::channel();
        let seen = Arc::new(Mutex::new(Seen::default()));
        let stop = Arc::new(AtomicBool::new(false));
        let mut world = World { end, seen: Arc::clone(&seen), ports: (1..=PORTS).map(Port::new).collect() };
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let mut next = Instant::now();
            while !stopped.load(Ordering::Relaxed) {
                world.turn(&incoming);
                next += TURN;
                std::thread::sleep(next.saturating_duration_since(Instant::now()));
            }
        });
        Self { orders, seen, stop, thread: Some(thread) }
    }

    /// Orders something and waits until it holds.
    pub fn order(&self, order: Order) {
        let (taken, wait) = mpsc::channel();
        self.orders.send((order, taken)).expect("the far side runs");
        wait.recv().expect("the far side takes it");
    }

    pub fn seen(&self) -> Seen {
        self.seen.lock().expect("no panic").clone()
    }
}

impl Drop for Far {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct World {
    end: FarEnd,
    seen: Arc<Mutex<Seen>>,
    ports: Vec<Port>,
}

struct Port {
    slot: Timeslot,
    stage: Stage,
    dead: bool,
    digits: String,
    keys: InBandDetector,
    /// Turns until the telephone is hung up again, if anybody answers it.
    answers: Option<u32>,
    events: Vec<LineEvent>,
}

enum Stage {
    Idle,
    /// Dial tone, or none any more.
    Dialled(Option<TonePlayer>),
    Ringback(TonePlayer, u32),
    Talk(u32),
    Tone(TonePlayer),
    Silent,
    /// The telephone rings.
    Rings(u32),
    /// The box ended the call: the handset is about to be put down.
    Puts(u32),
}

impl World {
    fn turn(&mut self, orders: &mpsc::Receiver<(Order, mpsc::Sender<()>)>) {
        while let Some(event) = self.end.control.next_event() {
            if let FarEvent::Signal(slot, signal) = event {
                self.ports[usize::from(slot.0) - 1].signal(signal, &mut self.seen.lock().expect("no panic"));
            }
        }
        while let Ok((order, taken)) = orders.try_recv() {
            match order {
                Order::Line(slot, event) => {
                    self.end.control.line(slot, event).expect("the box is there");
                }
                Order::Dead(slot) => self.ports[usize::from(slot.0) - 1].dead = true,
                Order::Answers(slot, turns) => {
                    self.ports[usize::from(slot.0) - 1].answers = Some(turns);
                }
            }
            // Whoever does not wait any more has failed already.
            let _ = taken.send(());
        }
        let mut block = [0; SLOT_BLOCK];
        while self.end.audio.receive().is_some() {
            for port in &mut self.ports {
                self.end.audio.read(port.slot, &mut block);
                port.hear(&block, &mut self.seen.lock().expect("no panic"));
            }
        }
        for port in &mut self.ports {
            let said = port.speak();
            self.end.audio.write(port.slot, &said);
            for event in port.events.drain(..) {
                let _ = self.end.control.line(port.slot, event);
            }
        }
        self.end.audio.send();
    }
}

impl Port {
    fn new(slot: u8) -> Self {
        Self {
            slot: Timeslot(slot),
            stage: Stage::Idle,
            dead: false,
            digits: String::new(),
            keys: InBandDetector::new(),
            answers: None,
            events: Vec::new(),
        }
    }

    fn signal(&mut self, signal: LineSignal, seen: &mut Seen) {
        match signal {
            LineSignal::Hook(HookState::Off) => {
                seen.seized.push(self.slot);
                self.digits.clear();
                self.keys = InBandDetector::new();
                self.stage =
                    if self.dead { Stage::Silent } else { Stage::Dialled(Some(tone(ToneKind::Dial))) };
            }
            LineSignal::Hook(HookState::On) => self.stage = Stage::Idle,
            LineSignal::Ring(true) if matches!(self.stage, Stage::Idle) => self.stage = Stage::Rings(0),
            LineSignal::Ring(false) if self.answers.is_none() => self.stage = Stage::Idle,
            LineSignal::Break => self.stage = Stage::Puts(0),
            LineSignal::Ring(_) | LineSignal::Flash | LineSignal::Reverse(_) => {}
        }
    }

    fn hear(&mut self, block: &[u8; SLOT_BLOCK], seen: &mut Seen) {
        match &mut self.stage {
            Stage::Dialled(dial_tone) => {
                let mut pcm = [0; SLOT_BLOCK];
                Law::A.decode_into(block, &mut pcm);
                let Some(digit) = self.keys.process(&pcm) else { return };
                *dial_tone = None;
                self.digits.push(digit.as_char());
                if self.digits.len() == DIGITS {
                    seen.dialled.push((self.slot, self.digits.clone()));
                    self.stage = match &self.digits[DIGITS - 2..] {
                        "70" => Stage::Tone(tone(ToneKind::Busy)),
                        _ => Stage::Ringback(tone(ToneKind::Ringback), SETUP_TURNS + RINGBACK_TURNS),
                    };
                }
            }
            Stage::Talk(_) => seen.heard.entry(self.slot).or_default().extend(block),
            _ => {}
        }
    }

    fn speak(&mut self) -> [u8; SLOT_BLOCK] {
        let mut pcm = [0; SLOT_BLOCK];
        let is_telephone = self.slot.0 > LINES;
        match &mut self.stage {
            Stage::Idle | Stage::Silent | Stage::Dialled(None) => {}
            Stage::Dialled(Some(player)) | Stage::Tone(player) => {
                player.add(&mut pcm);
            }
            Stage::Ringback(player, 0) => {
                let _ = player;
                self.events.push(LineEvent::PolarityReversed);
                self.stage = Stage::Talk(0);
            }
            Stage::Ringback(player, left) => {
                if *left <= RINGBACK_TURNS {
                    player.add(&mut pcm);
                }
                *left -= 1;
            }
            Stage::Rings(turns) => {
                *turns += 1;
                if self.answers.is_some() && *turns > HAND_TURNS {
                    self.events.push(LineEvent::Hook(HookState::Off));
                    self.stage = Stage::Talk(0);
                }
            }
            Stage::Puts(turns) => {
                *turns += 1;
                if *turns > HAND_TURNS {
                    self.events.push(LineEvent::Hook(HookState::On));
                    self.stage = Stage::Idle;
                }
            }
            Stage::Talk(turn) => {
                let at = *turn;
                *turn += 1;
                if is_telephone {
                    if self.answers.is_some_and(|turns| at >= turns) {
                        self.events.push(LineEvent::Hook(HookState::On));
                        self.stage = Stage::Idle;
                        return SILENCE;
                    }
                    return voice("agent", at);
                }
                return self.customer(at);
            }
        }
        let mut block = SILENCE;
        Law::A.encode_into(&pcm, &mut block);
        block
    }

    /// What a customer says in this turn of the call.
    fn customer(&mut self, turn: u32) -> [u8; SLOT_BLOCK] {
        match (&self.digits[DIGITS - 2..], turn) {
            ("65", 60..66) => {
                let mut pcm = vec![0; 6 * SLOT_BLOCK];
                add_digit(Digit::from_event(9).expect("a key"), &ToneShape::default(), &mut pcm);
                let from = (turn as usize - 60) * SLOT_BLOCK;
                let mut block = SILENCE;
                Law::A.encode_into(&pcm[from..from + SLOT_BLOCK], &mut block);
                block
            }
            ("61", 40) => {
                self.events.push(LineEvent::LoopOpen);
                self.stage = Stage::Silent;
                SILENCE
            }
            ("62", 40) => {
                self.stage = Stage::Tone(tone(ToneKind::Busy));
                SILENCE
            }
            _ => voice(&self.digits, turn),
        }
    }
}

/// What somebody says in a turn.
pub fn voice(who: &str, turn: u32) -> [u8; SLOT_BLOCK] {
    let seed = signal::voice_seed(who);
    let first = turn * SLOT_BLOCK as u32;
    std::array::from_fn(|at| signal::Law::A.encode(signal::voice_sample(seed, first + at as u32)))
}

fn tone(kind: ToneKind) -> TonePlayer {
    let plan = TonePlan::cn();
    TonePlayer::new(plan.tone(kind).expect("a tone of the plan"), plan.level_dbm0())
}

const SILENCE: [u8; SLOT_BLOCK] = [0xD5; SLOT_BLOCK];
