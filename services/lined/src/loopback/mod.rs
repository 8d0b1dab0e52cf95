//! The loop-back call: this process calls itself over the loopback interface, and hears itself both ways.
//!
//! One leg is the endpoint's own, as every call to a carrier; the other is answered here, by [`far`], which knows this
//! one call and no other. Both have their media in the media threads, encrypted as on a trunk that wants it; each plays
//! keys of its own and must hear the other's. What was heard is recorded, read back and thrown away.
//!
//! It is no call to anybody: its target is an address that this machine bound on 127.0.0.1 a moment before, there is no
//! number in it, no ticket, no campaign and no fact for the ledger. It never comes near a line (L-23): the far leg exists
//! only while the call does, and answers only its own token.
//!
//! | state | what comes | next |
//! |---|---|---|
//! | opening | the recorder's file is there | dial, calling |
//! | calling | the answer | both legs to the media threads, listening |
//! | listening | each leg has heard all keys of the other | settling |
//! | settling | a moment is over: what was heard is recorded, too | BYE, close, ending |
//! | ending | call over, both legs closed, recording closed | read it back, checking |
//! | checking | it holds the keys of both | good |
//!
//! Whatever else comes, or nothing in time, is a fault with its name.

mod check;
pub mod far;
mod keys;
mod machine;

pub use check::{read_back, throw_away};
pub use keys::{FAR_KEYS, NEAR_KEYS, far_list, near_list};
pub use machine::{Action, Input, Machine, Side};

use vocab::CallId;

/// The endpoint's leg. No ledger ever comes so far: a real call's number is an entry's.
pub const NEAR: CallId = CallId(u64::MAX);
/// The leg that is answered here.
pub const FAR: CallId = CallId(u64::MAX - 1);

/// Whether a call is this one.
#[must_use]
pub fn is_loopback(call: CallId) -> bool {
    call == NEAR || call == FAR
}
