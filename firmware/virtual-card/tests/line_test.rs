//! What a technician does with a span, over the real sockets: loops with a bit error test, and long runs with the box's
//! audio in a thread of its own.

mod bench;

use bench::{BOUND, Bench};
use card::bert::Bert;
use card::driver::SLOT_BLOCK;
use card::{AudioReady, SpanAudio, SpanControl, SpanKind};
use idl::spans::{BertPattern, LoopKind, TestStatus};
use vocab::Timeslot;

const SLOT: Timeslot = Timeslot(9);

/// Runs the test for so many turns; a wrong bit is sent in the turn `wrong`.
fn run(bench: &mut Bench, bert: &mut Bert, turns: usize, wrong: Option<usize>) -> TestStatus {
    for turn in 0..turns {
        bench.turn(|audio| {
            let (mut received, mut send) = ([0; SLOT_BLOCK], [0; SLOT_BLOCK]);
            audio.read(SLOT, &mut received);
            if wrong == Some(turn) {
                bert.insert_error();
            }
            bert.turn(&received, &mut send);
            audio.write(SLOT, &send);
        });
    }
    bert.status()
}

#[test]
fn a_bit_error_test_over_the_cards_and_the_far_sides_loop_counts_what_was_put_in() {
    for pattern in [BertPattern::Prbs11, BertPattern::Prbs15] {
        for far in [false, true] {
            let mut bench = Bench::with_audio(SpanKind::E1);
            bench.audio.set_open(SLOT, true).expect("open");
            if far {
                bench.far.control.set_loop(true);
            } else {
                bench.control.set_loop(Some(LoopKind::Local)).expect("looped");
            }
            let mut bert = Bert::new(SLOT, pattern);
            let status = run(&mut bench, &mut bert, 120, Some(60));
            let TestStatus::Bert { synced, seconds, errors, .. } = status else { panic!("a test") };
            assert_eq!((synced, seconds, errors, bert.losses()), (true, 2, 1, 0), "{pattern:?}, far {far}");
        }
    }
}

#[test]
fn without_a_loop_the_test_finds_no_pattern() {
    let mut bench = Bench::with_audio(SpanKind::E1);
    bench.audio.set_open(SLOT, true).expect("open");
    let mut bert = Bert::new(SLOT, BertPattern::Prbs15);
    let status = run(&mut bench, &mut bert, 20, None);
    assert!(matches!(status, TestStatus::Bert { synced: false, bits: 0, .. }), "{status:?}");
}

#[test]
fn a_box_in_a_thread_of_its_own_answers_thousands_of_turns_in_order() {
    const TURNS: u32 = 5_000;
    let mut bench = Bench::with_audio(SpanKind::E1);
    let far = &mut bench.far.audio;
    let audio = &mut bench.audio;
    audio.set_open(SLOT, true).expect("open");
    std::thread::scope(|scope| {
        scope.spawn(move || {
            for _ in 0..TURNS {
                assert_eq!(audio.wait(BOUND), AudioReady::Block);
                let mut block = [0; SLOT_BLOCK];
                audio.read(SLOT, &mut block);
                audio.write(SLOT, &block.map(|octet| !octet));
                audio.flush();
            }
        });
        // Up to eight turns are on their way at once, as with a box that is late.
        let mut sent = 0;
        let mut first = None;
        for turn in 0..TURNS {
            while sent < TURNS && sent < turn + 8 {
                far.write(SLOT, &[sent.to_le_bytes()[0]; SLOT_BLOCK]);
                let number = far.send().expect("there is room for eight");
                first.get_or_insert(number);
                sent += 1;
            }
            let number = loop {
                match far.receive() {
                    Some(number) => break number,
                    None => assert!(far.wait(BOUND), "the box answers"),
                }
            };
            assert_eq!(number.wrapping_sub(first.expect("sent")), turn);
            let mut block = [0; SLOT_BLOCK];
            far.read(SLOT, &mut block);
            // The line has a signal only once the control half is connected, which it is.
            assert_eq!(block, [!turn.to_le_bytes()[0]; SLOT_BLOCK]);
        }
    });
    assert_eq!(bench.control.status().expect("status").1.slips, 0);
}
