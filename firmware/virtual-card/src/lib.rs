//! A card over two local sockets: the same contract as a real one, for workstations and tests; the far side keeps the clock.
//!
//! For span *N* the far side (a simulated exchange, or a test) listens at `span-N.control` and `span-N.audio` in one
//! folder, both Unix `SOCK_SEQPACKET`; the box connects, and connects again with growing waits when the far side goes.
//! Meanwhile the span has no signal: an E1 shows loss of signal and RED, analogue ports are not open.
//!
//! - Control, either way at any time: one packet each of [`packet`]'s encoding. Each side says hello first, with the
//!   kind of the span; a span of another kind is no connection.
//! - Audio, in turns: the far side sends a block of every slot each 20 ms ([`block`]), the box answers each with its
//!   own under the same number. Gaps in the numbers are slips.
//!
//! The card's loops are closed in the box's half, as a card does it, so they work whatever the far side is: `Local`
//! gives back what the box sends one turn later, and its D channel frames at once (the far side goes on hearing the
//! audio, and sees no frame); `Network` and `Payload` send the far side's audio and frames back to it instead of the
//! box's, and the box goes on hearing them. The far side is told which loop is closed, and can close one of its own
//! ([`FarControl::set_loop`]).
//!
//! It knows nothing of calls, and is no way into a box: who can write its folder is the card.

mod audio;
pub mod block;
mod control;
mod far;
pub mod packet;
mod shared;
mod socket;

pub use audio::VirtualAudio;
pub use control::VirtualControl;
pub use far::{FarAudio, FarControl, FarEnd, FarEvent};

use card::{CardError, SpanKind};
use idl::spans::D_CHANNEL;
use shared::Shared;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use vocab::{SpanId, Timeslot};

/// Opens both halves of a span whose far side listens, or will listen, in `folder`.
///
/// # Errors
/// [`CardError::System`] if the system refuses the descriptors; a far side that is not there yet is no error.
pub fn open(
    folder: &Path,
    span: SpanId,
    kind: SpanKind,
    place: &str,
) -> Result<(VirtualControl, VirtualAudio), CardError> {
    let shared = Arc::new(Shared::default());
    let control = VirtualControl::new(control_path(folder, span), kind, place, Arc::clone(&shared))?;
    Ok((control, VirtualAudio::new(audio_path(folder, span), kind, shared)))
}

/// Where the control socket of a span lies.
#[must_use]
pub fn control_path(folder: &Path, span: SpanId) -> PathBuf {
    folder.join(format!("span-{}.control", span.0))
}

/// Where the audio socket of a span lies.
#[must_use]
pub fn audio_path(folder: &Path, span: SpanId) -> PathBuf {
    folder.join(format!("span-{}.audio", span.0))
}

/// Whether a span has this slot for audio and line signals; timeslot 16 of an E1 is signalling's.
fn has_slot(kind: SpanKind, slot: Timeslot) -> bool {
    (1..=kind.slots()).contains(&slot.0) && !(kind == SpanKind::E1 && slot == D_CHANNEL)
}

/// Any bytes as packets of either side and as audio.
pub fn fuzz_packet(bytes: &[u8]) {
    if let Ok(packet) = packet::ToBox::decode(bytes) {
        let again = packet.encode();
        assert_eq!(
            packet::ToBox::decode(again.as_bytes()),
            Ok(packet),
            "a packet changed on its way to the box"
        );
    }
    if let Ok(packet) = packet::ToFar::decode(bytes) {
        let again = packet.encode();
        assert_eq!(
            packet::ToFar::decode(again.as_bytes()),
            Ok(packet),
            "a packet changed on its way from the box"
        );
    }
    for kind in [SpanKind::E1, SpanKind::Analogue { ports: 1 }] {
        if let Some(sequence) = block::sequence(kind, bytes) {
            let mut again = block::Buffer::new(kind);
            again.set_sequence(sequence);
            assert_eq!(
                again.bytes()[..block::HEADER],
                bytes[..block::HEADER],
                "the header of a block changed"
            );
        }
    }
}
