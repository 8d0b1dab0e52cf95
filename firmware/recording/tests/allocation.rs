//! The recorder runs beside the audio thread: after its start it must not allocate.

use recording::{Codec, Encoder, FRAME_SAMPLES, Gaps, Header};
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};
use vocab::{CallId, ObjectHash, Secret, UnixMs};

struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call goes to the system allocator unchanged; only a counter is kept.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
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
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    for _ in 0..30_000 {
        if let Ok(Some(chunk)) = encoder.push(&frame, &frame, Gaps::default()) {
            bytes += chunk.len();
        }
    }
    assert_eq!(ALLOCATIONS.load(Ordering::Relaxed) - before, 0);
    assert_eq!(bytes, 600 * recording::MAX_CHUNK_BYTES);
}
