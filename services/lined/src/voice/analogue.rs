//! Analogue lines in a card's media thread: what listens and speaks on a port, driven through small rings by its
//! machine in signalling. It takes no decision; a call's own audio on an FXO line is its place's business.

use super::port::{FrameRings, SlotNews, SlotProcessor};
use analog::{FxoAudio, FxoAudioOrder, FxsAudio, FxsAudioOrder, TonePlan};
use card::SLOT_BLOCK;
use media::g711::Law;
use rtrb::{Consumer, Producer, RingBuffer};
use std::fmt;

/// Orders that wait for a port's next block.
pub const MAX_SLOT_ORDERS: usize = 16;

/// Ear and mouth of a line to the exchange.
pub struct FxoProcessor {
    audio: FxoAudio,
    orders: Consumer<FxoAudioOrder>,
    through: bool,
}

impl FxoProcessor {
    /// For a line whose exchange has these tones; the ring's other end takes its orders.
    #[must_use]
    pub fn new(plan: &TonePlan) -> (Self, Producer<FxoAudioOrder>) {
        let (producer, orders) = RingBuffer::new(MAX_SLOT_ORDERS);
        (Self { audio: FxoAudio::new(plan), orders, through: false }, producer)
    }
}

/// Shows no audio and no number.
impl fmt::Debug for FxoProcessor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FxoProcessor").field("through", &self.through).finish_non_exhaustive()
    }
}

impl SlotProcessor for FxoProcessor {
    fn block(
        &mut self,
        incoming: &[u8; SLOT_BLOCK],
        outgoing: &mut [u8; SLOT_BLOCK],
        news: &mut dyn FnMut(SlotNews),
    ) {
        while let Ok(order) = self.orders.pop() {
            self.through = order == FxoAudioOrder::Through;
            self.audio.order(order);
        }
        let (mut heard, mut said) = ([0; SLOT_BLOCK], [0; SLOT_BLOCK]);
        Law::A.decode_into(incoming, &mut heard);
        if let Some(ear) = self.audio.block(&heard, &mut said) {
            news(SlotNews::Fxo(ear));
        }
        Law::A.encode_into(&said, outgoing);
    }

    fn speaks(&self) -> bool {
        !self.through
    }
}

/// Ear and mouth of an agent's plain telephone, and the bridge to the call that another place ticks.
pub struct FxsProcessor {
    audio: FxsAudio,
    orders: Consumer<FxsAudioOrder>,
    bridge: Option<FrameRings>,
    through: bool,
}

impl FxsProcessor {
    /// For a telephone that hears the tones of this plan; the ring's other end takes its orders.
    #[must_use]
    pub fn new(plan: &TonePlan, bridge: Option<FrameRings>) -> (Self, Producer<FxsAudioOrder>) {
        let (producer, orders) = RingBuffer::new(MAX_SLOT_ORDERS);
        (Self { audio: FxsAudio::new(plan), orders, bridge, through: false }, producer)
    }
}

/// Shows no audio and no key.
impl fmt::Debug for FxsProcessor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FxsProcessor").field("through", &self.through).finish_non_exhaustive()
    }
}

impl SlotProcessor for FxsProcessor {
    fn block(
        &mut self,
        incoming: &[u8; SLOT_BLOCK],
        outgoing: &mut [u8; SLOT_BLOCK],
        news: &mut dyn FnMut(SlotNews),
    ) {
        while let Ok(order) = self.orders.pop() {
            self.through = order == FxsAudioOrder::Through;
            self.audio.order(order);
        }
        // Read in any case: what the call said while the telephone was on-hook is not heard later.
        let call = self.bridge.as_mut().and_then(FrameRings::receive);
        let (mut heard, mut said) = ([0; SLOT_BLOCK], [0; SLOT_BLOCK]);
        Law::A.decode_into(incoming, &mut heard);
        if let Some(key) = self.audio.block(&heard, &mut said) {
            news(SlotNews::Fxs(key));
        }
        if !self.through {
            Law::A.encode_into(&said, outgoing);
            return;
        }
        if let Some(bridge) = &mut self.bridge {
            bridge.send(incoming);
        }
        if let Some(frame) = call {
            *outgoing = frame;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{FxoProcessor, FxsProcessor};
    use crate::voice::{FrameRings, SlotNews, SlotProcessor};
    use analog::fxo::FxoEar;
    use analog::{FxoAudioOrder, FxsAudioOrder, Heard, ToneKind, TonePlan, TonePlayer};
    use card::SLOT_BLOCK;
    use media::g711::Law;

    const SILENCE: [u8; SLOT_BLOCK] = [0xD5; SLOT_BLOCK];

    #[test]
    fn a_line_in_a_call_goes_on_listening_for_busy_tone_and_leaves_speaking_to_the_call() {
        let plan = TonePlan::cn();
        let (mut line, mut orders) = FxoProcessor::new(&plan);
        let mut player = TonePlayer::new(plan.tone(ToneKind::Busy).expect("a tone"), plan.level_dbm0());
        orders.push(FxoAudioOrder::Through).expect("room");
        let mut told = Vec::new();
        for _ in 0..200 {
            let (mut pcm, mut incoming, mut outgoing) = ([0; SLOT_BLOCK], SILENCE, SILENCE);
            player.add(&mut pcm);
            Law::A.encode_into(&pcm, &mut incoming);
            line.block(&incoming, &mut outgoing, &mut |news| told.push(news));
            assert!(!line.speaks(), "the call's own words go out");
        }
        assert!(told.contains(&SlotNews::Fxo(FxoEar::Heard(Heard::Tone(ToneKind::Busy)))), "{told:?}");
        orders.push(FxoAudioOrder::Off).expect("room");
        line.block(&SILENCE, &mut SILENCE.clone(), &mut |_| {});
        assert!(line.speaks(), "a line that is idle again is silent whatever a place still says");
    }

    #[test]
    fn a_telephone_hears_its_call_and_is_heard_only_while_it_is_connected() {
        let (ours, mut theirs) = FrameRings::pair();
        let (mut telephone, mut orders) = FxsProcessor::new(&TonePlan::cn(), Some(ours));
        let (said, speech) = ([0x11; SLOT_BLOCK], [0x22; SLOT_BLOCK]);
        let mut outgoing = SILENCE;
        theirs.send(&speech);
        telephone.block(&said, &mut outgoing, &mut |_| {});
        assert_eq!(outgoing, SILENCE);
        assert_eq!(theirs.receive(), None);
        orders.push(FxsAudioOrder::Through).expect("room");
        telephone.block(&said, &mut outgoing, &mut |_| {});
        assert_eq!(outgoing, SILENCE, "nothing old is heard");
        assert_eq!(theirs.receive(), Some(said));
        theirs.send(&speech);
        telephone.block(&said, &mut outgoing, &mut |_| {});
        assert_eq!(outgoing, speech, "octet by octet");
    }
}
