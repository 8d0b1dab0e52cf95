//! Analogue lines: FXO and FXS, the tones of the exchange, the caller's number, and loop start over CAS bits.
//!
//! Everything comes in two halves. A *machine* ([`fxo::Fxo`], [`fxs::Fxs`]) lives in signalling: it takes line events,
//! orders and what was heard, and gives line signals, audio orders and reports. An *ear and mouth*
//! ([`fxo::FxoAudio`], [`fxs::FxsAudio`]) lives in the media thread: it takes and gives blocks of 20 ms and allocates
//! nothing. What passes between them are small values that a wait-free ring can carry.
//!
//! It reads no clock and no card; an incoming call is reported and never answered (L-23: this box only calls out).

pub mod caller_id;
pub mod cas;
pub mod cause;
pub mod dial;
pub mod fuzz;
pub mod fxo;
pub mod fxs;
pub mod hook;
pub mod plan;
pub mod play;
pub mod progress;

pub use caller_id::{CallerId, CallerIdReceiver, MessageError, RawCallerId};
pub use cause::LineCause;
pub use dial::{DialString, DialStringError, DtmfSender, DtmfTiming};
pub use fuzz::{fuzz_caller_id, fuzz_cas};
pub use fxo::{Fxo, FxoAudio, FxoAudioOrder, FxoConfig, FxoInput, FxoOutput, FxoReport, FxoState};
pub use fxs::{Fxs, FxsAudio, FxsAudioOrder, FxsConfig, FxsInput, FxsOutput, FxsReport, FxsState};
pub use plan::{PlanError, ToneKind, TonePlan};
pub use play::TonePlayer;
pub use progress::{Heard, ProgressDetector};

/// A block of 20 ms of linear samples, as the media core has it.
pub type Block = media::units::PcmFrame;
/// Milliseconds of a block.
pub const BLOCK_MS: u64 = 20;
