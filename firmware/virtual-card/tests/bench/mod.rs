//! One span with both its sides in a folder of its own. It waits on the sockets, never on time: a wait that runs into
//! its bound is a failed test.

#![expect(dead_code, reason = "each file of tests uses a part")]

use card::{AudioReady, CardEvent, SpanAudio, SpanControl, SpanKind};
use idl::spans::{Alarms, E1Config, PriConfig, SpanConfig, SpanPurpose};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::collections::VecDeque;
use std::time::Duration;
use tempfile::TempDir;
use virtual_card::{FarEnd, FarEvent, VirtualAudio, VirtualControl};
use vocab::{SpanId, TrunkId};

pub const E1: SpanKind = SpanKind::E1;
pub const PLACE: &str = "card 1, port 1";
pub const BOUND: Duration = Duration::from_secs(10);
const SPAN: SpanId = SpanId(1);

/// A primary rate access with the usual settings.
pub fn pri() -> SpanConfig {
    SpanConfig {
        span: SPAN,
        trunk: TrunkId(1),
        name: String::new(),
        e1: E1Config::default(),
        purpose: SpanPurpose::Pri(PriConfig::default()),
    }
}

pub struct Bench {
    folder: TempDir,
    kind: SpanKind,
    pub control: VirtualControl,
    pub audio: VirtualAudio,
    pub far: Far,
    events: VecDeque<CardEvent>,
    far_events: VecDeque<FarEvent>,
}

/// The far end, or its place.
pub struct Far(Option<FarEnd>);

impl std::ops::Deref for Far {
    type Target = FarEnd;
    fn deref(&self) -> &FarEnd {
        self.0.as_ref().expect("the far end is there")
    }
}

impl std::ops::DerefMut for Far {
    fn deref_mut(&mut self) -> &mut FarEnd {
        self.0.as_mut().expect("the far end is there")
    }
}

impl Bench {
    pub fn alone(kind: SpanKind) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (control, audio) = virtual_card::open(folder.path(), SPAN, kind, PLACE).expect("a span");
        Self {
            folder,
            kind,
            control,
            audio,
            far: Far(None),
            events: VecDeque::new(),
            far_events: VecDeque::new(),
        }
    }

    pub fn connected(kind: SpanKind) -> Self {
        let mut bench = Self::alone(kind);
        bench.far_comes();
        assert_eq!(bench.event(), CardEvent::Alarms);
        assert_eq!(bench.far_event(), FarEvent::Connected { place: PLACE.to_owned() });
        bench
    }

    /// Connected, the audio too.
    pub fn with_audio(kind: SpanKind) -> Self {
        let mut bench = Self::connected(kind);
        bench.audio_connects();
        bench
    }

    /// Waits with the box until its next try to connect, at most a second after the last one.
    pub fn audio_connects(&mut self) {
        while !self.far.audio.accept() {
            assert_eq!(self.audio.wait(Duration::from_millis(1)), AudioReady::TimedOut);
        }
    }

    pub fn connected_e1() -> Self {
        let mut bench = Self::connected(E1);
        bench.control.configure(&pri()).expect("configured");
        assert_eq!(bench.far_event(), FarEvent::Configured(E1Config::default(), true));
        bench
    }

    pub fn far_comes(&mut self) {
        self.far_comes_as(self.kind);
    }

    pub fn far_comes_as(&mut self, kind: SpanKind) {
        self.far.0 = Some(FarEnd::bind(self.folder.path(), SPAN, kind, "exchange").expect("a far end"));
    }

    pub fn far_goes(&mut self) {
        self.far.0 = None;
    }

    pub fn another_box(&mut self) {
        let (control, audio) =
            virtual_card::open(self.folder.path(), SPAN, self.kind, PLACE).expect("a span");
        (self.control, self.audio) = (control, audio);
    }

    /// The box's next event.
    pub fn event(&mut self) -> CardEvent {
        self.pump_until(|bench| !bench.events.is_empty());
        self.events.pop_front().expect("waited for")
    }

    /// The far side's next event.
    pub fn far_event(&mut self) -> FarEvent {
        self.pump_until(|bench| !bench.far_events.is_empty());
        self.far_events.pop_front().expect("waited for")
    }

    /// Lets both sides read what waits for them until this holds.
    pub fn pump_until(&mut self, holds: impl Fn(&mut Self) -> bool) {
        while !holds(self) {
            if !self.pump() {
                let far = self.far.0.iter().flat_map(|far| far.control.descriptors());
                let mut watched: Vec<PollFd<'_>> = std::iter::once(self.control.descriptor())
                    .chain(far)
                    .map(|fd| PollFd::new(fd, PollFlags::POLLIN))
                    .collect();
                let bound = PollTimeout::try_from(BOUND).expect("a bound");
                assert!(
                    poll(&mut watched, bound).expect("poll") > 0,
                    "nothing happened in the time of a test"
                );
            }
        }
    }

    fn pump(&mut self) -> bool {
        let before = self.events.len() + self.far_events.len();
        while let Some(event) = self.control.next_event().expect("the card is there") {
            self.events.push_back(event);
        }
        if let Some(far) = &mut self.far.0 {
            while let Some(event) = far.control.next_event() {
                self.far_events.push_back(event);
            }
        }
        self.events.len() + self.far_events.len() > before
    }

    /// A turn: the far side sends, the box answers after it did what a turn is for.
    pub fn turn(&mut self, work: impl FnOnce(&mut VirtualAudio)) {
        let number = self.far.audio.send().expect("a box is there");
        assert_eq!(self.audio.wait(BOUND), AudioReady::Block);
        work(&mut self.audio);
        self.audio.flush();
        assert!(self.far.audio.wait(BOUND), "the box answers");
        assert_eq!(self.far.audio.receive(), Some(number));
    }
}

/// An E1 without its far side.
pub fn away() -> Alarms {
    Alarms { los: true, red: true, ..Alarms::default() }
}
