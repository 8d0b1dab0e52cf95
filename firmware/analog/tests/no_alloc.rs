//! What the media thread runs takes no memory once it is made: counted by the allocator itself.

use analog::caller_id::send::{Fsk, fsk, single};
use analog::{
    DialString, DtmfTiming, FxoAudio, FxoAudioOrder, FxsAudio, FxsAudioOrder, ToneKind, TonePlan, TonePlayer,
};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

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

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: the caller's contract is passed on.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn counted(run: impl FnOnce()) -> u64 {
    let before = COUNT.with(Cell::get);
    run();
    COUNT.with(Cell::get) - before
}

#[test]
fn an_fxo_line_dials_hears_tones_and_numbers_without_memory() {
    let plan = TonePlan::cn();
    let mut audio = FxoAudio::new(&plan);
    let busy = plan.tone(ToneKind::Busy).expect("busy");
    let mut tone = TonePlayer::new(busy, -10.0);
    let mut message = fsk(&single("03171656", "2156430144"), &Fsk::BELL_202);
    message.resize(message.len() + 320, 0);
    let number = DialString::parse("02112345678").expect("a number");
    let mut told = 0;
    let memory = counted(|| {
        let mut said = [0; 160];
        audio.order(FxoAudioOrder::Dial(number, DtmfTiming::default()));
        for _ in 0..200 {
            told += u32::from(audio.block(&[0; 160], &mut said).is_some());
        }
        audio.order(FxoAudioOrder::Listen);
        for _ in 0..500 {
            let mut heard = [0; 160];
            tone.add(&mut heard);
            told += u32::from(audio.block(&heard, &mut said).is_some());
        }
        audio.order(FxoAudioOrder::Caller);
        for block in message.as_chunks::<160>().0 {
            told += u32::from(audio.block(block, &mut said).is_some());
        }
    });
    assert_eq!(told, 3, "dialled, busy, the caller's number");
    assert_eq!(memory, 0);
}

#[test]
fn a_telephone_hears_tones_and_is_heard_without_memory() {
    let mut audio = FxsAudio::new(&TonePlan::cn());
    let memory = counted(|| {
        for order in [
            FxsAudioOrder::Tone(ToneKind::Dial),
            FxsAudioOrder::Through,
            FxsAudioOrder::Tone(ToneKind::Howler),
            FxsAudioOrder::Off,
        ] {
            audio.order(order);
            for _ in 0..200 {
                audio.block(&[100; 160], &mut [0; 160]);
            }
        }
    });
    assert_eq!(memory, 0);
}
