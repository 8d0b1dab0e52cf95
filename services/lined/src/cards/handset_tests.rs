//! The handset on spans whose card is a script: where it may be put, what ends it, and that it and a call never meet.

use super::{CardCall, Deck, DeckOutput, Now};
use card::{CardError, CardEvent, HookState, LineEvent, LineSignal, SpanControl, SpanKind};
use idl::handset::{HANDSET_LIMIT_MS, HandsetEnd, HandsetTest, HandsetUse};
use idl::spans::{
    Alarms, AnswerDetection, E1Config, LoopKind, PortConfig, PortKind, PriConfig, SlotState, SpanConfig,
    SpanCounters, SpanFact, SpanOrder, SpanPurpose, SpanRefusal, SpanStatus,
};
use nix::sys::eventfd::EventFd;
use sip_ua::CallHandle;
use std::collections::VecDeque;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Arc, Mutex};
use vocab::{AgentId, Millis, PhoneNumber, Pii, SpanId, Timeslot, TrunkId, UnixMs};

const LINE: Timeslot = Timeslot(1);
const PHONE: Timeslot = Timeslot(5);
const E1: SpanId = SpanId(2);
const ANALOGUE: SpanId = SpanId(1);
const OFF: LineSignal = LineSignal::Hook(HookState::Off);
const ON: LineSignal = LineSignal::Hook(HookState::On);

#[derive(Debug, Default)]
struct Script {
    events: VecDeque<CardEvent>,
    signals: Vec<(Timeslot, LineSignal)>,
}

/// A card that says what the script says, and notes what it is told.
#[derive(Debug)]
struct Card {
    kind: SpanKind,
    ready: EventFd,
    script: Arc<Mutex<Script>>,
}

impl SpanControl for Card {
    fn kind(&self) -> SpanKind {
        self.kind
    }

    fn place(&self) -> &str {
        "script"
    }

    fn descriptor(&self) -> BorrowedFd<'_> {
        self.ready.as_fd()
    }

    fn configure(&mut self, _: &SpanConfig) -> Result<(), CardError> {
        Ok(())
    }

    fn next_event(&mut self) -> Result<Option<CardEvent>, CardError> {
        Ok(self.script.lock().expect("one thread").events.pop_front())
    }

    fn send_frame(&mut self, _: &[u8]) -> Result<(), CardError> {
        Ok(())
    }

    fn status(&mut self) -> Result<(Alarms, SpanCounters), CardError> {
        Ok((Alarms::default(), SpanCounters::default()))
    }

    fn set_loop(&mut self, _: Option<LoopKind>) -> Result<(), CardError> {
        Ok(())
    }

    fn signal(&mut self, slot: Timeslot, signal: LineSignal) -> Result<(), CardError> {
        self.script.lock().expect("one thread").signals.push((slot, signal));
        Ok(())
    }
}

struct Bench {
    deck: Deck,
    script: Arc<Mutex<Script>>,
    at: u64,
    out: Vec<DeckOutput>,
    _folder: tempfile::TempDir,
}

/// One line to the exchange and an agent's telephone on span 1; an E1 on span 2.
fn bench() -> Bench {
    bench_with(true)
}

fn bench_with(handset: bool) -> Bench {
    let script = Arc::new(Mutex::new(Script::default()));
    let card = |kind, script| -> Box<dyn SpanControl> {
        // Always readable: the script is looked at whenever the deck looks.
        Box::new(Card { kind, ready: EventFd::from_value(1).expect("a descriptor"), script })
    };
    let folder = tempfile::tempdir().expect("a folder");
    let controls = vec![
        (ANALOGUE, card(SpanKind::Analogue { ports: 8 }, Arc::clone(&script))),
        (E1, card(SpanKind::E1, Arc::default())),
    ];
    let deck = Deck::new(controls, folder.path()).expect("a deck").with_handset(handset);
    let mut bench = Bench { deck, script, at: 0, out: Vec::new(), _folder: folder };
    let fxo = PortKind::Fxo { answer: AnswerDetection::PolarityReversal, tones: "cn".to_owned() };
    let ports = vec![
        PortConfig { port: LINE, kind: fxo },
        PortConfig { port: PHONE, kind: PortKind::Fxs { agent: AgentId(7) } },
    ];
    let span = |span: SpanId, purpose| SpanConfig {
        span,
        trunk: TrunkId(span.0),
        name: String::new(),
        e1: E1Config::default(),
        purpose,
    };
    let site = [span(ANALOGUE, SpanPurpose::Ports(ports)), span(E1, SpanPurpose::Pri(PriConfig::default()))];
    bench.deck.apply(bench.now(), &site, &mut bench.out);
    bench.pass(10_000);
    bench
}

impl Bench {
    fn now(&self) -> Now {
        Now { at: Millis(self.at), wall: UnixMs(self.at as i64) }
    }

    /// Time passes in steps of what is due.
    fn pass(&mut self, ms: u64) {
        let until = self.at + ms;
        while self.at < until {
            let due = self.deck.deadline().map_or(until, |due| due.0);
            self.at = due.clamp(self.at + 1, until);
            self.deck.expire(self.now(), &mut self.out);
        }
    }

    fn order(&mut self, span: SpanId, order: SpanOrder) -> Result<(), SpanRefusal> {
        self.deck.order(self.now(), 1, span, order, &mut self.out);
        let done = self.out.iter().rev().find_map(|output| match output {
            DeckOutput::Done(1, result) => Some(*result),
            _ => None,
        });
        done.expect("every order is answered")
    }

    fn lift(&mut self, span: SpanId, slot: Timeslot, talk: bool) -> Result<(), SpanRefusal> {
        self.order(span, SpanOrder::Handset(HandsetTest { slot, talk }))
    }

    fn sees(&mut self, event: LineEvent) {
        self.script.lock().expect("one thread").events.push_back(CardEvent::Line(LINE, event));
        self.deck.on_ready(self.now(), &mut self.out);
    }

    fn signals(&self) -> Vec<(Timeslot, LineSignal)> {
        std::mem::take(&mut self.script.lock().expect("one thread").signals)
    }

    fn uses(&self) -> Vec<HandsetUse> {
        let used = |output: &DeckOutput| match output {
            DeckOutput::Fact(SpanFact::Handset(used)) => Some(*used),
            _ => None,
        };
        self.out.iter().filter_map(used).collect()
    }

    fn slot(&mut self, span: SpanId, slot: Timeslot) -> SlotState {
        let mut told = Vec::new();
        self.at += 1_000;
        self.deck.tell_all(self.now(), &mut told);
        let status = told.into_iter().rev().find_map(|output| match output {
            DeckOutput::Status(status) if status.span == span => Some::<Box<SpanStatus>>(status),
            _ => None,
        });
        status.expect("it is told").slots[usize::from(slot.0) - 1]
    }

    fn call(&mut self, handle: u64) {
        let number = |text| Pii::new(PhoneNumber::parse(text).expect("a number"));
        let call = CardCall {
            handle: CallHandle(handle),
            number: number("13812345600"),
            caller: number("01088886666"),
        };
        assert!(self.deck.call(self.now(), ANALOGUE, call, &mut self.out));
    }

    fn ended(&self, handle: u64) -> bool {
        let is_it =
            |output: &DeckOutput| matches!(output, DeckOutput::Ended(CallHandle(of), _) if *of == handle);
        self.out.iter().any(is_it)
    }
}

#[test]
fn l_23_the_handset_and_a_call_never_meet_on_a_line() {
    let mut bench = bench();
    bench.call(9);
    assert!(!bench.ended(9), "the call is being set up");
    for talk in [false, true] {
        assert_eq!(bench.lift(ANALOGUE, LINE, talk), Err(SpanRefusal::InUse));
    }
    bench.deck.hang_up(bench.now(), CallHandle(9), &mut bench.out);
    assert_eq!(bench.lift(ANALOGUE, LINE, true), Err(SpanRefusal::InUse), "the line rests");
    bench.pass(10_000);
    assert_eq!(bench.lift(ANALOGUE, LINE, true), Ok(()));
    bench.call(10);
    assert!(bench.ended(10), "the only line takes no call meanwhile");
    assert!(bench.out.iter().all(|output| !matches!(output, DeckOutput::Answered(..))));
    assert_eq!(bench.order(ANALOGUE, SpanOrder::StopTest), Ok(()));
    bench.call(11);
    assert!(bench.ended(11), "the exchange sees its loop open first");
    bench.pass(3_000);
    bench.call(12);
    assert!(!bench.ended(12), "and then it takes calls again");
}

#[test]
fn a_line_is_seized_to_talk_and_given_back_and_only_listened_to_with_its_loop_open() {
    let mut bench = bench();
    bench.signals();
    assert_eq!(bench.lift(ANALOGUE, LINE, false), Ok(()));
    assert_eq!((bench.signals(), bench.slot(ANALOGUE, LINE)), (vec![], SlotState::Testing));
    assert_eq!(bench.order(ANALOGUE, SpanOrder::StopTest), Ok(()));
    assert_eq!((bench.signals(), bench.slot(ANALOGUE, LINE)), (vec![], SlotState::Idle));
    assert_eq!(bench.lift(ANALOGUE, LINE, true), Ok(()));
    assert_eq!(bench.signals(), [(LINE, OFF)]);
    bench.pass(30_000);
    assert_eq!(bench.order(ANALOGUE, SpanOrder::StopTest), Ok(()));
    assert_eq!(bench.signals(), [(LINE, ON)]);
    let used: Vec<_> = bench.uses().iter().map(|used| (used.test.talk, used.end)).collect();
    assert_eq!(used, [(false, HandsetEnd::HungUp), (true, HandsetEnd::HungUp)]);
    assert!((30..32).contains(&bench.uses()[1].seconds), "{:?}", bench.uses()[1]);
}

#[test]
fn a_test_that_nobody_ends_is_hung_up_at_its_limit() {
    for (span, slot) in [(ANALOGUE, LINE), (E1, Timeslot(7))] {
        let mut bench = bench();
        assert_eq!(bench.lift(span, slot, true), Ok(()));
        bench.pass(HANDSET_LIMIT_MS - 1);
        assert_eq!(bench.uses(), []);
        bench.pass(1);
        let test = HandsetTest { slot, talk: true };
        assert_eq!(bench.uses(), [HandsetUse { span, test, seconds: 120, end: HandsetEnd::Limit }]);
        bench.pass(5_000);
        assert_eq!(bench.slot(span, slot), SlotState::Idle);
        assert_eq!(bench.order(span, SpanOrder::StopTest), Err(SpanRefusal::NothingRuns));
    }
}

#[test]
fn l_23_a_line_that_rings_or_is_lost_is_let_go_at_once() {
    for (talk, event) in [
        (false, LineEvent::RingBegins),
        (true, LineEvent::RingBegins),
        (false, LineEvent::PolarityReversed),
        (true, LineEvent::LoopOpen),
    ] {
        let mut bench = bench();
        assert_eq!(bench.lift(ANALOGUE, LINE, talk), Ok(()));
        bench.signals();
        bench.sees(event);
        let ends: Vec<HandsetEnd> = bench.uses().iter().map(|used| used.end).collect();
        assert_eq!(ends, [HandsetEnd::LineTaken], "{event:?}");
        assert_eq!(bench.signals(), if talk { vec![(LINE, ON)] } else { vec![] }, "{event:?}");
        let off = bench.out.iter().rev().find_map(|output| match output {
            DeckOutput::Process(ANALOGUE, LINE, processor) => Some(format!("{processor:?}")),
            _ => None,
        });
        assert!(off.expect("replaced").contains("Fxo"), "its own ear is on the line again");
    }
}

#[test]
fn there_is_one_handset_and_it_goes_only_where_a_line_is() {
    let mut bench = bench();
    assert_eq!(bench.lift(ANALOGUE, PHONE, false), Err(SpanRefusal::NotSupported), "an agent's telephone");
    assert_eq!(bench.lift(ANALOGUE, Timeslot(3), false), Err(SpanRefusal::NoSuchSlot));
    assert_eq!(bench.lift(E1, Timeslot(16), false), Err(SpanRefusal::NoSuchSlot), "the D channel");
    assert_eq!(bench.lift(E1, Timeslot(40), false), Err(SpanRefusal::NoSuchSlot));
    assert_eq!(bench.lift(SpanId(9), LINE, false), Err(SpanRefusal::NoSuchSpan));
    assert_eq!(bench.lift(E1, Timeslot(7), false), Ok(()));
    assert_eq!(bench.lift(ANALOGUE, LINE, false), Err(SpanRefusal::Running), "there is one handset");
    bench.deck.news(
        bench.now(),
        E1,
        Timeslot(7),
        crate::voice::SlotNews::Handset(HandsetEnd::Gone),
        &mut bench.out,
    );
    assert_eq!(bench.uses()[0].end, HandsetEnd::Gone);
    assert_eq!(bench.lift(ANALOGUE, LINE, false), Ok(()));
    let mut none = bench_with(false);
    assert_eq!(none.lift(ANALOGUE, LINE, false), Err(SpanRefusal::NoHandset));
}

#[test]
fn a_channel_that_was_blocked_stays_blocked_after_the_test() {
    let mut bench = bench();
    assert_eq!(bench.order(E1, SpanOrder::Block(Timeslot(7))), Ok(()));
    assert_eq!(bench.slot(E1, Timeslot(7)), SlotState::Blocked);
    assert_eq!(bench.lift(E1, Timeslot(7), true), Ok(()));
    assert_eq!(bench.slot(E1, Timeslot(7)), SlotState::Testing);
    assert_eq!(bench.order(E1, SpanOrder::StopTest), Ok(()));
    assert_eq!(bench.slot(E1, Timeslot(7)), SlotState::Blocked);
}
