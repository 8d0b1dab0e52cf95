//! Layer 3 of the D channel: Q.931 messages, information elements and call control, user and network side.
//!
//! It reads no clock and no socket, sends nothing and remembers nothing between two messages outside [`control`].
//! What a message says is [`Message`]; what it may not say in a log (numbers, names, texts) lives in
//! [`vocab::Pii`]. A trace of the D channel passes through [`mask_digits`] first.
//!
//! # What call control does with a parsed message
//!
//! | found | clause | what it asks |
//! |---|---|---|
//! | [`MessageError`] | 5.8.1, 5.8.2, 5.8.3.1 | nothing: the message is ignored |
//! | [`MessageType::Unknown`], [`MessageType::National`] | 5.8.4 | the type for the diagnostics: [`MessageType::code`] |
//! | a mandatory element is missing | 5.8.6.1 | `ies.has(id)` is false and `ies.invalid_of(id)` is none |
//! | a mandatory element is invalid | 5.8.6.2 | `ies.invalid_of(id)` |
//! | an unknown element must be understood | 5.8.7.1 | [`Ies::comprehension_required`]: as if a mandatory one were missing |
//! | other unknown elements | 5.8.7.1 | [`Ies::unknown`] with codeset 0 |
//! | an optional element is invalid | 5.8.7.2 | [`Ies::invalid`]: as if it were absent |
//! | order, repetition, emptiness | 5.8.5, 4.5.1 | nothing: parsing has settled it, [`Oddity`] tells of it |

#[macro_use]
mod codes;
mod call_ref;
pub mod cause;
pub mod control;
mod dchannel;
mod fuzz;
pub mod ie;
mod ies;
mod kind;
mod mask;
mod message;
mod walk;

pub use call_ref::{CallRef, CallRefError, Flag};
pub use cause::CauseValue;
pub use control::fuzz::fuzz_control;
pub use dchannel::{DChannel, DOutput};
pub use fuzz::fuzz_q931;
pub use ie::{Ie, IeError, IeFault, IeId, InvalidIe, UnknownIe};
pub use ies::Ies;
pub use kind::{MAINTENANCE, MessageType, Q931};
pub use mask::mask_digits;
pub use message::{EncodeError, MAX_MESSAGE_OCTETS, Message, MessageError, Oddity};
