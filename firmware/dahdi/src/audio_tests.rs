//! The turns of the audio half over sockets instead of channels: a packet is a block. What only the driver can do
//! (law, echo canceller, its events) is proven by the probe against the driver itself.

use super::*;
use crate::shared::Layout;
use card::SpanKind;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};
use std::fs::File;
use std::io::{Read, Write};

const PACER: usize = 5;
const SLOT: usize = 2;

/// The audio half of a span with ports 2 and 5, both in a call, and the far ends of its channels.
struct Bench {
    audio: DahdiAudio,
    pacer: File,
    far: File,
}

fn socket() -> (ChannelFile, File) {
    let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
    let (near, far) = socketpair(AddressFamily::Unix, SockType::SeqPacket, None, flags).expect("sockets");
    (ChannelFile::of(File::from(near)), File::from(far))
}

fn bench() -> Bench {
    let span = FoundSpan {
        number: 1,
        device: "pci:0000:02:08.0".into(),
        local: 1,
        first_channel: 1,
        kind: SpanKind::Analogue { ports: 8 },
        name: String::new(),
        description: String::new(),
    };
    let shared = Arc::new(Shared::default());
    let (near_pacer, pacer) = socket();
    let (near, far) = socket();
    let mut layout = Layout::default();
    layout.slots[PACER] = SlotUse::Port(Arc::new(near_pacer));
    layout.slots[SLOT] = SlotUse::Port(Arc::new(near));
    shared.publish(layout);
    let mut audio = DahdiAudio::new(Paths::default(), &span, shared);
    audio.relayout();
    audio.seats[PACER].in_call = true;
    audio.seats[SLOT].in_call = true;
    Bench { audio, pacer, far }
}

impl Bench {
    /// A turn whose distance from the last one does not count.
    fn turn(&mut self) -> AudioReady {
        self.audio.last_turn = None;
        self.audio.wait(Duration::ZERO)
    }

    fn read(&mut self, slot: usize) -> Option<u8> {
        let mut block = [0; SLOT_BLOCK];
        let there = self.audio.read(Timeslot(slot as u8), &mut block);
        assert!(there || block == [SILENCE; SLOT_BLOCK], "without a block there is silence");
        there.then_some(block[0])
    }
}

fn speak(file: &mut File, octet: u8) {
    assert_eq!(file.write(&[octet; SLOT_BLOCK]).expect("room"), SLOT_BLOCK);
}

/// What was sent: the first octet of each block.
fn heard(file: &mut File) -> Vec<u8> {
    let mut block = [0; 2 * SLOT_BLOCK];
    let mut blocks = Vec::new();
    while let Ok(octets) = file.read(&mut block) {
        assert_eq!(octets, SLOT_BLOCK);
        blocks.push(block[0]);
    }
    blocks
}

#[test]
fn the_highest_slot_that_carries_audio_paces() {
    let mut bench = bench();
    assert_eq!(bench.audio.pacer, Some(PACER));
    speak(&mut bench.far, 1);
    assert_eq!(bench.turn(), AudioReady::TimedOut);
    speak(&mut bench.pacer, 2);
    assert_eq!(bench.turn(), AudioReady::Block);
    assert_eq!((bench.read(PACER), bench.read(SLOT)), (Some(2), Some(1)));
}

#[test]
fn a_block_is_read_once_and_a_slot_without_one_is_silent() {
    let mut bench = bench();
    speak(&mut bench.pacer, 2);
    assert_eq!(bench.turn(), AudioReady::Block);
    assert_eq!(bench.read(PACER), Some(2));
    assert_eq!(bench.read(PACER), None);
    assert_eq!(bench.read(SLOT), None);
    assert_eq!(bench.read(31), None);
}

#[test]
fn sending_begins_one_block_ahead_and_what_is_not_written_is_silence() {
    let mut bench = bench();
    bench.audio.write(Timeslot(SLOT as u8), &[7; SLOT_BLOCK]);
    bench.audio.flush();
    assert_eq!(heard(&mut bench.far), [SILENCE, 7]);
    bench.audio.flush();
    assert_eq!(heard(&mut bench.far), [SILENCE]);
    bench.audio.write(Timeslot(SLOT as u8), &[8; SLOT_BLOCK]);
    bench.audio.flush();
    assert_eq!(heard(&mut bench.far), [8]);
    assert_eq!(bench.audio.lost_blocks(), 0);
}

#[test]
fn blocks_that_wait_are_taken_one_a_turn() {
    let mut bench = bench();
    for octet in 1..=3 {
        speak(&mut bench.pacer, octet);
    }
    let mut taken = Vec::new();
    while bench.turn() == AudioReady::Block {
        taken.push(bench.read(PACER));
    }
    assert_eq!(taken, [Some(1), Some(2), Some(3)]);
}

#[test]
fn after_a_stall_only_the_newest_block_counts_and_sending_begins_anew() {
    let mut bench = bench();
    bench.audio.flush();
    heard(&mut bench.far);
    for octet in 1..=4 {
        speak(&mut bench.pacer, octet);
        speak(&mut bench.far, octet);
    }
    bench.audio.last_turn = Some(Instant::now() - 10 * STALL);
    assert_eq!(bench.audio.wait(Duration::ZERO), AudioReady::Block);
    assert_eq!((bench.read(PACER), bench.read(SLOT)), (Some(4), Some(4)));
    assert_eq!(bench.audio.lost_blocks(), 6);
    bench.audio.write(Timeslot(SLOT as u8), &[9; SLOT_BLOCK]);
    bench.audio.flush();
    assert_eq!(heard(&mut bench.far), [SILENCE, 9]);
    assert_eq!(bench.turn(), AudioReady::TimedOut);
}

#[test]
fn a_full_queue_loses_the_block_and_it_is_counted() {
    let mut bench = bench();
    let before = bench.audio.lost_blocks();
    // Nobody reads: sooner or later the sockets take no more.
    for _ in 0..10_000 {
        bench.audio.flush();
        if bench.audio.lost_blocks() > before {
            return;
        }
    }
    panic!("the queue never filled");
}

#[test]
fn a_channel_that_was_taken_away_ends_the_span() {
    let mut bench = bench();
    drop(bench.pacer);
    bench.audio.last_turn = None;
    assert_eq!(bench.audio.wait(Duration::ZERO), AudioReady::Gone);
}

#[test]
fn before_the_span_is_configured_its_audio_stands_still() {
    let mut bench = bench();
    let shared = Arc::new(Shared::default());
    bench.audio.shared = Arc::clone(&shared);
    bench.audio.generation = shared.generation();
    bench.audio.pacer = None;
    for seat in &mut bench.audio.seats {
        *seat = Seat::empty();
    }
    assert_eq!(bench.audio.wait(Duration::ZERO), AudioReady::TimedOut);
    assert!(matches!(bench.audio.set_open(Timeslot(1), true), Err(CardError::NoSuchSlot(Timeslot(1)))));
    assert!(matches!(bench.audio.set_open(Timeslot(200), true), Err(CardError::NoSuchSlot(_))));
}
