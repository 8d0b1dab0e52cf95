//! Call-progress tones as clips for the player: made once at start, played from memory.

use std::sync::Arc;

use crate::dtmf::generate::add_tone;
use crate::g711::Law;
use crate::prompt::{Clip, ClipRole, PromptId};

/// Ringback of the Chinese plan: 450 Hz, 1 s on, 4 s off (GB/T 3380). Looped by the player.
#[must_use]
pub fn ringback(id: PromptId, law: Law) -> Clip {
    clip(id, law, &[(450.0, 1_000), (0.0, 4_000)])
}

/// A beep of 1 kHz, 200 ms.
#[must_use]
pub fn beep(id: PromptId, law: Law) -> Clip {
    clip(id, law, &[(1_000.0, 200)])
}

/// Busy tone of the Chinese plan: 450 Hz, 350 ms on, 350 ms off.
#[must_use]
pub fn busy(id: PromptId, law: Law) -> Clip {
    clip(id, law, &[(450.0, 350), (0.0, 350)])
}

/// Stretches of (frequency or zero for silence, milliseconds).
fn clip(id: PromptId, law: Law, stretches: &[(f64, usize)]) -> Clip {
    let mut audio = Vec::new();
    for (hz, ms) in stretches {
        let mut samples = vec![0i16; ms * 8];
        if *hz > 0.0 {
            add_tone(*hz, LEVEL_DBM0, &mut samples);
            audio.extend(samples.iter().map(|sample| law.encode(*sample)));
        } else {
            audio.resize(audio.len() + samples.len(), law.silence());
        }
    }
    Clip { id, role: ClipRole::Tone, law, audio: Arc::from(audio) }
}

const LEVEL_DBM0: f64 = -10.0;
