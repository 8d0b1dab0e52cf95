//! The handset's half on a line, and its thread with a device that is a pair of channels.

use super::{DIAL_TONE_BLOCKS, HandsetDevice, HandsetLane, HandsetProcessor};
use crate::voice::{FrameRings, SlotNews, SlotProcessor};
use analog::{ToneKind, TonePlan, TonePlayer};
use card::{CardError, SLOT_BLOCK};
use idl::handset::HandsetEnd;
use media::dtmf::Digit;
use media::dtmf::generate::{ToneShape, add_digit};
use media::dtmf::inband::InBandDetector;
use media::g711::Law;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

const SILENCE: [u8; SLOT_BLOCK] = [0xD5; SLOT_BLOCK];
const SPEECH: [u8; SLOT_BLOCK] = [0x22; SLOT_BLOCK];

/// One block on the line; what goes out, and what is told.
fn turn(line: &mut HandsetProcessor, incoming: &[u8; SLOT_BLOCK]) -> ([u8; SLOT_BLOCK], Vec<SlotNews>) {
    let (mut outgoing, mut told) = (SILENCE, Vec::new());
    line.block(incoming, &mut outgoing, &mut |news| told.push(news));
    (outgoing, told)
}

/// Blocks of the exchange's dial tone.
fn dial_tone(count: usize) -> Vec<[u8; SLOT_BLOCK]> {
    let plan = TonePlan::cn();
    let mut player = TonePlayer::new(plan.tone(ToneKind::Dial).expect("a tone"), plan.level_dbm0());
    let block = |_| {
        let (mut pcm, mut block) = ([0; SLOT_BLOCK], SILENCE);
        player.add(&mut pcm);
        Law::A.encode_into(&pcm, &mut block);
        block
    };
    (0..count).map(block).collect()
}

#[test]
fn who_only_listens_hears_the_slot_octet_by_octet_and_is_never_heard() {
    let (ours, mut handset) = FrameRings::pair();
    let mut line = HandsetProcessor::new(ours, false);
    handset.send(&SPEECH);
    let (outgoing, told) = turn(&mut line, &[0x11; SLOT_BLOCK]);
    assert_eq!((outgoing, told.len(), line.speaks()), (SILENCE, 0, false));
    assert_eq!(handset.receive(), Some([0x11; SLOT_BLOCK]));
}

#[test]
fn l_23_a_seized_line_is_neither_heard_nor_spoken_to_before_its_dial_tone() {
    let (ours, mut handset) = FrameRings::pair();
    let mut line = HandsetProcessor::seized(ours, &TonePlan::cn());
    for _ in 0..20 {
        handset.send(&SPEECH);
        let (outgoing, told) = turn(&mut line, &SPEECH);
        assert_eq!((outgoing, told.len(), handset.receive()), (SILENCE, 0, None));
    }
    let opened = dial_tone(100).iter().position(|block| {
        turn(&mut line, block);
        handset.receive().is_some()
    });
    assert!(opened.is_some(), "dial tone opens it");
    handset.send(&SPEECH);
    assert_ne!(turn(&mut line, &SPEECH).0, SILENCE, "and it is heard");
    assert_eq!(handset.receive(), Some(SPEECH));
}

#[test]
fn l_23_without_dial_tone_the_test_is_given_up_once_and_nothing_was_heard() {
    let (ours, mut handset) = FrameRings::pair();
    let mut line = HandsetProcessor::seized(ours, &TonePlan::cn());
    let mut told = Vec::new();
    for _ in 0..2 * DIAL_TONE_BLOCKS {
        told.extend(turn(&mut line, &SPEECH).1);
        assert_eq!(handset.receive(), None);
    }
    assert_eq!(told, [SlotNews::Handset(HandsetEnd::NoDialTone)]);
}

#[test]
fn l_23_no_key_that_is_played_into_the_handset_reaches_the_line() {
    for key in "0123456789*#ABCD".chars() {
        let digit = Digit::from_char(key).expect("a key");
        let (ours, mut handset) = FrameRings::pair();
        let mut line = HandsetProcessor::new(ours, true);
        let mut pcm = [0; 10 * SLOT_BLOCK];
        add_digit(digit, &ToneShape::default(), &mut pcm);
        let (mut said, mut sent) = (InBandDetector::new(), InBandDetector::new());
        let mut was_said = false;
        for block in pcm.as_chunks::<SLOT_BLOCK>().0 {
            was_said |= said.process(block).is_some();
            let mut frame = SILENCE;
            Law::A.encode_into(block, &mut frame);
            handset.send(&frame);
            let mut out = [0; SLOT_BLOCK];
            Law::A.decode_into(&turn(&mut line, &SILENCE).0, &mut out);
            assert!(sent.process(&out).is_none(), "{key}");
        }
        assert!(was_said, "{key}: the test plays a key");
    }
}

#[test]
fn a_handset_that_is_gone_is_told_once() {
    let (ours, handset) = FrameRings::pair();
    let mut line = HandsetProcessor::new(ours, true);
    drop(handset);
    let told: Vec<SlotNews> = (0..3).flat_map(|_| turn(&mut line, &SPEECH).1).collect();
    assert_eq!(told, [SlotNews::Handset(HandsetEnd::Gone)]);
}

/// A device whose ear and mouth are channels; its clock is the mouth.
struct Channels {
    ear: SyncSender<[i16; SLOT_BLOCK]>,
    mouth: Receiver<[i16; SLOT_BLOCK]>,
}

impl HandsetDevice for Channels {
    fn turn(
        &mut self,
        heard: &[i16; SLOT_BLOCK],
        said: &mut [i16; SLOT_BLOCK],
        _: Duration,
    ) -> Result<bool, CardError> {
        *said = self.mouth.recv().map_err(|_| CardError::Gone)?;
        self.ear.send(*heard).map_err(|_| CardError::Gone)?;
        Ok(true)
    }
}

#[test]
fn the_thread_carries_both_ways_until_the_line_is_given_back_and_then_takes_the_next() {
    let (opened, devices) = sync_channel(1);
    let open = move || {
        let ((ear, heard), (says, mouth)) = (sync_channel(1), sync_channel(1));
        opened.send((heard, says)).map_err(|_| CardError::Gone)?;
        Ok(Box::new(Channels { ear, mouth }) as Box<dyn HandsetDevice>)
    };
    let lane = HandsetLane::start(Box::new(open)).expect("a thread");
    for _ in 0..2 {
        let (mut line, theirs) = FrameRings::pair();
        line.send(&SPEECH);
        lane.connect(theirs);
        let (heard, says) = devices.recv().expect("the device is opened for each test");
        let mut spoken = [0; SLOT_BLOCK];
        Law::A.decode_into(&[0x11; SLOT_BLOCK], &mut spoken);
        says.send(spoken).expect("it listens");
        assert_eq!(heard.recv().expect("a block"), [0; SLOT_BLOCK], "nothing came before");
        says.send(spoken).expect("it listens");
        let mut wanted = [0; SLOT_BLOCK];
        Law::A.decode_into(&SPEECH, &mut wanted);
        assert_eq!(heard.recv().expect("a block"), wanted, "what the line said");
        assert_eq!(line.receive(), Some([0x11; SLOT_BLOCK]), "what was spoken");
        drop(line);
        // The turn it is in, and then it sees that nobody is there.
        let _ = says.send(spoken);
        let _ = heard.recv();
        assert!(heard.recv().is_err(), "the device was closed");
    }
}

#[test]
fn a_device_that_does_not_open_lets_the_line_go() {
    let (tried, tries) = sync_channel(1);
    let open = move || {
        tried.send(()).map_err(|_| CardError::Gone)?;
        Err(CardError::Gone)
    };
    let lane = HandsetLane::start(Box::new(open)).expect("a thread");
    let (line, theirs) = FrameRings::pair();
    lane.connect(theirs);
    tries.recv().expect("it was tried");
    // The thread is joined: whatever it held is dropped.
    drop(lane);
    assert!(line.outgoing.is_abandoned());
}
