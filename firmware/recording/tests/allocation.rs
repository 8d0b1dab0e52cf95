//! The recorder runs beside the audio thread: after its start it must not allocate.

use recording::{Codec, Encoder, FRAME_SAMPLES, Gaps, Header};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use vocab::{CallId, ObjectHash, Secret, UnixMs};

struct Counting;

thread_local! {
    // Of this thread alone: the test harness allocates on its own.
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: every call goes to the system allocator unchanged; only a counter is kept.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller's promises are the system allocator's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises are the system allocator's.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

#[test]
fn ten_minutes_are_recorded_without_an_allocation() {
    let header = Header {
        call: CallId(1),
        codec: Codec::MuLaw,
        started: UnixMs(0),
        notice_prompt: ObjectHash([0; 32]),
    };
    let mut encoder = Encoder::new(&Secret::new([5; 32]), &header);
    let frame = [0x55; FRAME_SAMPLES];
    let mut bytes = 0;
    let before = ALLOCATIONS.get();
    for _ in 0..30_000 {
        if let Ok(Some(chunk)) = encoder.push(&frame, &frame, Gaps::default()) {
            bytes += chunk.len();
        }
    }
    assert_eq!(ALLOCATIONS.get() - before, 0);
    assert_eq!(bytes, 600 * recording::MAX_CHUNK_BYTES);
}
