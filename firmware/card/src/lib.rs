//! What a telephone card is to the rest of the box: the contract every driver keeps ([`driver`]), and what is counted
//! and tested on its lines, as cores without I/O: quality in quarters of an hour ([`quality`]), bit error tests
//! ([`bert`]), the trace of a D channel ([`trace`]).
//!
//! It drives no card: `dahdi`, `alsa-line` and `virtual-card` do.

pub mod bert;
pub mod driver;
pub mod quality;
pub mod trace;

pub use driver::{
    AudioReady, CardError, CardEvent, HookState, LineEvent, LineSignal, SLOT_BLOCK, SpanAudio, SpanControl,
    SpanKind,
};
