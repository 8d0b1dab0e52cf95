//! The ear and mouth of an FXO line: what the media thread runs for each block. It allocates nothing and knows no
//! state of the line; it does the last order.

use crate::Block;
use crate::caller_id::{CallerIdReceiver, RawCallerId};
use crate::dial::{DialString, DtmfSender, DtmfTiming};
use crate::plan::TonePlan;
use crate::progress::{Heard, ProgressDetector};

/// What the ear and mouth of an FXO line do.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum FxoAudioOrder {
    /// Nothing; silence goes out.
    Off,
    /// Wait for a caller's number; silence goes out.
    Caller,
    /// Tell what is heard; silence goes out.
    Listen,
    /// Dial, then silence; nothing is told but the end.
    Dial(DialString, DtmfTiming),
    /// Tell what is heard; what the call says goes out.
    Through,
}

/// What the ear tells.
#[expect(
    clippy::large_enum_variant,
    reason = "it crosses from the media thread by value: nothing there may take memory"
)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FxoEar {
    /// What is heard now.
    Heard(Heard),
    /// The last digit is out.
    Dialled,
    /// A caller's number, unread.
    Caller(RawCallerId),
}

/// Ear and mouth of one FXO line.
#[derive(Debug)]
pub struct FxoAudio {
    mode: Mode,
    progress: ProgressDetector,
    caller: CallerIdReceiver,
}

#[derive(Debug)]
enum Mode {
    Off,
    Caller,
    Listen,
    Dial(DtmfSender),
    Through,
}

impl FxoAudio {
    /// For a line whose exchange has these tones. This is where memory is taken.
    #[must_use]
    pub fn new(plan: &TonePlan) -> Self {
        Self { mode: Mode::Off, progress: ProgressDetector::new(plan), caller: CallerIdReceiver::new() }
    }

    /// Does this from the next block on.
    pub fn order(&mut self, order: FxoAudioOrder) {
        self.mode = match order {
            FxoAudioOrder::Off => Mode::Off,
            FxoAudioOrder::Caller => {
                self.caller.reset();
                Mode::Caller
            }
            FxoAudioOrder::Listen => {
                self.progress.reset();
                Mode::Listen
            }
            FxoAudioOrder::Dial(string, timing) => Mode::Dial(DtmfSender::new(string, timing)),
            FxoAudioOrder::Through => {
                self.progress.reset();
                Mode::Through
            }
        };
    }

    /// One turn: `heard` came from the line; `said` is what the call says and becomes what goes out.
    pub fn block(&mut self, heard: &Block, said: &mut Block) -> Option<FxoEar> {
        match &mut self.mode {
            Mode::Off => {
                said.fill(0);
                None
            }
            Mode::Caller => {
                said.fill(0);
                self.caller.process(heard).map(FxoEar::Caller)
            }
            Mode::Listen => {
                said.fill(0);
                self.progress.process(heard).map(FxoEar::Heard)
            }
            Mode::Dial(sender) => {
                if sender.fill(said) {
                    return None;
                }
                self.mode = Mode::Off;
                Some(FxoEar::Dialled)
            }
            Mode::Through => self.progress.process(heard).map(FxoEar::Heard),
        }
    }
}
