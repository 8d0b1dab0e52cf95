//! A media thread's card: it waits for the card's clock, opens and closes slots, and runs what listens and speaks on
//! slots without a call.

use super::Report;
use super::port::SlotProcessor;
use card::{AudioReady, SLOT_BLOCK, SpanAudio};
use idl::spans::E1_TIMESLOTS;
use media::g711::Law;
use rtrb::Producer;
use std::time::Duration;
use vocab::{SpanId, Timeslot};

/// A card that delivered nothing for so long stands still: five of its turns, so that a late one is not taken for it.
const STALL: Duration = Duration::from_millis(100);
/// While it stands still, its calls are ticked by the system's clock.
const TICK: Duration = Duration::from_millis(20);

/// The card of a thread.
#[derive(Debug)]
pub(super) struct CardSide {
    span: SpanId,
    audio: Box<dyn SpanAudio>,
    processors: [Option<Box<dyn SlotProcessor>>; E1_TIMESLOTS as usize],
    runs: bool,
}

impl CardSide {
    pub fn new(span: SpanId, audio: Box<dyn SpanAudio>) -> Self {
        Self { span, audio, processors: std::array::from_fn(|_| None), runs: false }
    }

    /// The card itself.
    pub fn audio(&mut self) -> &mut dyn SpanAudio {
        &mut *self.audio
    }

    /// Waits for the card, or a turn's time; whether it delivered a block.
    pub fn wait(&mut self, reports: &mut Producer<Report>) -> bool {
        let ready = self.audio.wait(if self.runs { STALL } else { TICK });
        if ready == AudioReady::Gone {
            std::thread::sleep(TICK);
        }
        self.tell(ready == AudioReady::Block, reports);
        ready == AudioReady::Block
    }

    /// Runs the processors, and sends the turn.
    pub fn finish(&mut self, delivered: bool, reports: &mut Producer<Report>) {
        if !delivered {
            return;
        }
        let span = self.span;
        for (number, processor) in (1..).zip(&mut self.processors) {
            let Some(processor) = processor else { continue };
            let slot = Timeslot(number);
            let (mut incoming, mut outgoing) = (SILENCE, SILENCE);
            let _ = self.audio.read(slot, &mut incoming);
            processor.block(&incoming, &mut outgoing, &mut |news| {
                let _ = reports.push(Report::Slot { span, slot, news });
            });
            if processor.speaks() {
                self.audio.write(slot, &outgoing);
            }
        }
        self.audio.flush();
    }

    /// A call begins on a slot.
    pub fn open(&mut self, slot: Timeslot) {
        if self.is_processed(slot) {
            return;
        }
        if let Err(error) = self.audio.set_open(slot, true) {
            log::error!(target: "cards", span:% = self.span, slot:%, error:% ; "a timeslot cannot be opened");
        }
    }

    /// A call on a slot is over; a slot on which something runs stays open for that.
    pub fn close(&mut self, slot: Timeslot) {
        if !self.is_processed(slot) {
            // A slot that cannot be closed is opened again by the next call, and then tells.
            let _ = self.audio.set_open(slot, false);
        }
    }

    fn is_processed(&self, slot: Timeslot) -> bool {
        self.processors.get(usize::from(slot.0).wrapping_sub(1)).is_some_and(Option::is_some)
    }

    /// Sets what runs on a slot; what ran there goes back to be freed.
    pub fn process(
        &mut self,
        slot: Timeslot,
        processor: Option<Box<dyn SlotProcessor>>,
        reports: &mut Producer<Report>,
    ) {
        let Some(place) = self.processors.get_mut(usize::from(slot.0).wrapping_sub(1)) else { return };
        let open = processor.is_some();
        let clear = processor.as_ref().is_some_and(|processor| processor.wants_clear_slot());
        let old = std::mem::replace(place, processor);
        let goes_on = open && old.as_ref().is_some_and(|old| !old.wants_clear_slot());
        if let Some(old) = old {
            let _ = reports.push(Report::Processor(old));
        }
        let opened = if goes_on { Ok(()) } else { self.audio.set_open(slot, open) };
        let opened = if clear { opened.and_then(|()| self.audio.set_clear(slot, true)) } else { opened };
        if let Err(error) = opened {
            log::error!(target: "cards", span:% = self.span, slot:%, error:% ; "a timeslot cannot be opened");
        }
    }

    fn tell(&mut self, runs: bool, reports: &mut Producer<Report>) {
        if runs != self.runs {
            self.runs = runs;
            let _ = reports.push(Report::Card { span: self.span, runs });
        }
    }
}

const SILENCE: [u8; SLOT_BLOCK] = [Law::A.silence(); SLOT_BLOCK];
