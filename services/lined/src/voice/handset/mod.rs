//! The technician's handset on the box's audio jack: its half on the tested line, in the card's media thread, and the thread
//! that carries audio between that and its own device. Which line it may be put onto is decided by the cards.
//!
//! On a line that was seized nothing is heard or said before the exchange's dial tone: it proves that no caller is there.
//! Nothing can be dialled with it: what is said passes a filter that leaves nothing of DTMF's low group.

mod lane;
#[cfg(test)]
mod tests;

pub use lane::{HandsetDevice, HandsetLane, OpenHandset};

use super::port::{FrameRings, SlotNews, SlotProcessor};
use analog::fxo::FxoEar;
use analog::{FxoAudio, FxoAudioOrder, Heard, ToneKind, TonePlan};
use card::SLOT_BLOCK;
use idl::handset::HandsetEnd;
use media::dtmf::stop::LowGroupStop;
use media::g711::Law;
use std::fmt;

/// Blocks in which dial tone must come: five seconds.
const DIAL_TONE_BLOCKS: u32 = 250;

/// The handset's half on a line.
pub struct HandsetProcessor {
    rings: FrameRings,
    talk: bool,
    stop: LowGroupStop,
    /// Listens for dial tone on a line that was seized.
    ear: Option<FxoAudio>,
    open: bool,
    waited: u32,
    told: bool,
}

/// Shows no audio.
impl fmt::Debug for HandsetProcessor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HandsetProcessor").field("talk", &self.talk).field("open", &self.open).finish()
    }
}

impl HandsetProcessor {
    /// On a line where nobody can be: a timeslot without a call, or a line whose loop is open.
    #[must_use]
    pub fn new(rings: FrameRings, talk: bool) -> Self {
        Self { rings, talk, stop: LowGroupStop::default(), ear: None, open: true, waited: 0, told: false }
    }

    /// On a line that was seized; its exchange has these tones.
    #[must_use]
    pub fn seized(rings: FrameRings, plan: &TonePlan) -> Self {
        let mut ear = FxoAudio::new(plan);
        ear.order(FxoAudioOrder::Listen);
        Self { ear: Some(ear), open: false, ..Self::new(rings, true) }
    }

    /// Whether dial tone was heard in this block at the latest.
    fn is_open(&mut self, incoming: &[u8; SLOT_BLOCK], news: &mut dyn FnMut(SlotNews)) -> bool {
        let Some(ear) = self.ear.as_mut().filter(|_| !self.open) else { return self.open };
        let (mut heard, mut nothing) = ([0; SLOT_BLOCK], [0; SLOT_BLOCK]);
        Law::A.decode_into(incoming, &mut heard);
        self.open = ear.block(&heard, &mut nothing) == Some(FxoEar::Heard(Heard::Tone(ToneKind::Dial)));
        self.waited += 1;
        if !self.open && self.waited >= DIAL_TONE_BLOCKS {
            self.tell(HandsetEnd::NoDialTone, news);
        }
        self.open
    }

    /// Tells once that the test cannot go on.
    fn tell(&mut self, end: HandsetEnd, news: &mut dyn FnMut(SlotNews)) {
        if !std::mem::replace(&mut self.told, true) {
            news(SlotNews::Handset(end));
        }
    }
}

impl SlotProcessor for HandsetProcessor {
    fn block(
        &mut self,
        incoming: &[u8; SLOT_BLOCK],
        outgoing: &mut [u8; SLOT_BLOCK],
        news: &mut dyn FnMut(SlotNews),
    ) {
        // Read in any case: what was said before the line was open is not heard later.
        let said = self.rings.receive();
        if self.rings.outgoing.is_abandoned() {
            return self.tell(HandsetEnd::Gone, news);
        }
        if !self.is_open(incoming, news) {
            return;
        }
        self.rings.send(incoming);
        if let Some(said) = said.filter(|_| self.talk) {
            let mut pcm = [0; SLOT_BLOCK];
            Law::A.decode_into(&said, &mut pcm);
            self.stop.process(&mut pcm);
            Law::A.encode_into(&pcm, outgoing);
        }
    }

    fn speaks(&self) -> bool {
        self.talk
    }
}
