//! Layer 3 of the D channel: Q.931 messages, information elements and call control, user and network side.
//!
//! It reads no clock and no socket, sends nothing and remembers nothing between two messages outside [`control`].
//! What a message says is [`Message`]; what it may not say in a log (numbers, names, texts) lives in
//! [`vocab::Pii`]. A trace of the D channel passes through [`mask_digits`] first.

#[macro_use]
mod codes;
mod call_ref;
pub mod cause;
pub mod control;
mod fuzz;
pub mod ie;
mod ies;
mod kind;
mod mask;
mod message;
mod walk;

pub use call_ref::{CallRef, CallRefError, Flag};
pub use cause::CauseValue;
pub use fuzz::fuzz_q931;
pub use ie::{Ie, IeError, IeFault, IeId, InvalidIe, UnknownIe};
pub use ies::Ies;
pub use kind::{MAINTENANCE, MessageType, Q931};
pub use mask::mask_digits;
pub use message::{EncodeError, MAX_MESSAGE_OCTETS, Message, MessageError, Oddity};
