//! The prompt player: a list of G.711 clips already in memory, with exact positions.
//!
//! It does not read files and does not decide what is said: the caller queues the clips. The
//! caller keeps its own `Arc` of each clip, so that dropping one here never frees memory.

use std::fmt;
use std::sync::Arc;

use crate::g711::{Law, transcode};
use crate::units::{FRAME_SAMPLES, Frame};

/// Clips one list holds.
pub const MAX_PROMPTS: usize = 12;

/// Which prompt, as the caller numbers them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PromptId(pub u32);

/// Which list, as the caller numbers its play commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ListId(pub u32);

/// What a clip is for. The recorder waits for [`ClipRole::RecordingNotice`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClipRole {
    /// Who is calling.
    Identify,
    /// Why.
    Purpose,
    /// That the call is recorded.
    RecordingNotice,
    /// The content of the call.
    Body,
    /// Confirms an opt-out.
    OptOutConfirmation,
    /// Fills waiting time.
    Waiting,
    /// A tone: ringback, beep.
    Tone,
}

/// One prompt: G.711 octets shared with the caller.
#[derive(Clone)]
pub struct Clip {
    /// The caller's number for it.
    pub id: PromptId,
    /// What it is for.
    pub role: ClipRole,
    /// The law of `audio`.
    pub law: Law,
    /// 8 kHz G.711 octets, one per sample.
    pub audio: Arc<[u8]>,
}

impl fmt::Debug for Clip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clip")
            .field("id", &self.id)
            .field("role", &self.role)
            .field("samples", &self.audio.len())
            .finish()
    }
}

/// A list of clips played in order.
#[derive(Clone, Debug)]
pub struct Playlist {
    id: ListId,
    clips: [Option<Clip>; MAX_PROMPTS],
    len: usize,
    looped: bool,
}

impl Playlist {
    /// An empty list.
    #[must_use]
    pub fn new(id: ListId) -> Self {
        Self { id, clips: [const { None }; MAX_PROMPTS], len: 0, looped: false }
    }

    /// Appends a clip; gives it back when the list is full.
    ///
    /// # Errors
    /// The clip, when [`MAX_PROMPTS`] are already in the list.
    pub fn push(&mut self, clip: Clip) -> Result<(), Clip> {
        match self.clips.get_mut(self.len) {
            Some(slot) => {
                *slot = Some(clip);
                self.len += 1;
                Ok(())
            }
            None => Err(clip),
        }
    }

    /// Plays the list again and again until stopped: for waiting.
    #[must_use]
    pub fn looped(mut self) -> Self {
        self.looped = true;
        self
    }

    /// The list's number.
    #[must_use]
    pub fn id(&self) -> ListId {
        self.id
    }

    /// How many clips it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Samples of the whole list, once through.
    #[must_use]
    pub fn samples(&self) -> u64 {
        self.clips.iter().flatten().map(|clip| clip.audio.len() as u64).sum()
    }
}

/// Where a player stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The list.
    pub list: ListId,
    /// The clip's place in it.
    pub index: usize,
    /// The clip's number.
    pub prompt: PromptId,
    /// Samples of it already given out.
    pub offset: usize,
}

/// What happened while a frame was filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlayEvent {
    /// A clip's first sample is in this frame.
    Started(Position, ClipRole),
    /// A clip's last sample is in this frame.
    Finished(Position, ClipRole),
    /// The list's last sample is in this frame.
    ListFinished(ListId),
    /// The list was stopped or pre-empted before its end, at this place.
    Interrupted(Position, ClipRole),
}

/// Plays one list at a time.
#[derive(Debug, Default)]
pub struct Player {
    list: Option<Playlist>,
    index: usize,
    offset: usize,
}

impl Player {
    /// Starts a list, pre-empting what plays; tells where the old one was cut.
    pub fn play(&mut self, list: Playlist) -> Option<PlayEvent> {
        let cut = self.stop();
        if list.samples() > 0 {
            self.list = Some(list);
        }
        cut
    }

    /// Stops; tells where the list was cut.
    pub fn stop(&mut self) -> Option<PlayEvent> {
        let cut = self
            .position()
            .zip(self.clip().map(|clip| clip.role))
            .map(|(position, role)| PlayEvent::Interrupted(position, role));
        self.list = None;
        self.index = 0;
        self.offset = 0;
        cut
    }

    /// Whether a list plays.
    #[must_use]
    pub fn is_playing(&self) -> bool {
        self.list.is_some()
    }

    /// The next sample to be given out.
    #[must_use]
    pub fn position(&self) -> Option<Position> {
        let list = self.list.as_ref()?;
        let clip = self.clip()?;
        Some(Position { list: list.id, index: self.index, prompt: clip.id, offset: self.offset })
    }

    /// Fills one frame in `law`; `false` when nothing plays. Clips follow each other without a
    /// seam; silence fills the frame after the list's last sample.
    pub fn next_frame(&mut self, law: Law, frame: &mut Frame, mut told: impl FnMut(PlayEvent)) -> bool {
        if self.list.is_none() {
            return false;
        }
        let mut filled = 0;
        while filled < FRAME_SAMPLES {
            let Some(step) = self.copy_some(law, &mut frame[filled..], &mut told) else { break };
            filled += step;
        }
        frame[filled..].fill(law.silence());
        true
    }

    /// Copies from the current clip and moves past its end. `None` after the list's end.
    fn copy_some(&mut self, law: Law, into: &mut [u8], told: &mut impl FnMut(PlayEvent)) -> Option<usize> {
        let place = self.position()?;
        let clip = self.clip()?;
        let (role, rest) = (clip.role, clip.audio.get(self.offset..).unwrap_or(&[]));
        let step = rest.len().min(into.len());
        into[..step].copy_from_slice(&rest[..step]);
        transcode(clip.law, law, &mut into[..step]);
        let ended = step == rest.len();
        if place.offset == 0 && step > 0 {
            told(PlayEvent::Started(place, role));
        }
        self.offset += step;
        if ended {
            told(PlayEvent::Finished(Position { offset: self.offset, ..place }, role));
            self.next_clip(told);
        }
        Some(step)
    }

    fn next_clip(&mut self, told: &mut impl FnMut(PlayEvent)) {
        self.offset = 0;
        self.index += 1;
        let Some(list) = &self.list else { return };
        if self.index < list.len {
            return;
        }
        self.index = 0;
        if !list.looped {
            let id = list.id;
            self.list = None;
            told(PlayEvent::ListFinished(id));
        }
    }

    fn clip(&self) -> Option<&Clip> {
        self.list.as_ref()?.clips.get(self.index)?.as_ref()
    }
}

#[cfg(test)]
mod tests;
