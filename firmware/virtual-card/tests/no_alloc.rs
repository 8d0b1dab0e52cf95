//! A turn of the box's audio half allocates nothing: counted by the allocator itself.

mod bench;

use bench::{BOUND, Bench};
use card::driver::SLOT_BLOCK;
use card::{AudioReady, SpanAudio, SpanKind};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use vocab::Timeslot;

struct Counting;

thread_local! {
    static COUNT: Cell<u64> = const { Cell::new(0) };
}

fn count() {
    COUNT.with(|count| count.set(count.get() + 1));
}

// SAFETY: every call is passed unchanged to the system's allocator; counting does not allocate.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's contract is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count();
        // SAFETY: the caller's contract is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn a_thousand_turns_of_a_full_e1_allocate_nothing() {
    let mut bench = Bench::with_audio(SpanKind::E1);
    let slots = || (1..=31).filter(|&slot| slot != 16).map(Timeslot);
    for slot in slots() {
        bench.audio.set_open(slot, true).expect("open");
    }
    let allocations = || COUNT.with(Cell::get);
    let begun = allocations();
    for _ in 0..1_000 {
        let number = bench.far.audio.send();
        assert!(bench.audio.wait(BOUND) == AudioReady::Block);
        for slot in slots() {
            let mut block = [0; SLOT_BLOCK];
            assert!(bench.audio.read(slot, &mut block));
            bench.audio.write(slot, &block);
        }
        bench.audio.flush();
        assert!(number.is_some() && bench.far.audio.receive() == number);
    }
    assert!(bench.audio.wait(std::time::Duration::from_millis(1)) == AudioReady::TimedOut);
    assert_eq!(allocations(), begun);
    drop(bench);
    assert!(allocations() > begun, "the counter counts");
}
