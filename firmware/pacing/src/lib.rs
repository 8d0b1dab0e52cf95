//! Pacing: which contact is dialled when, for which agent, over which lines.
//!
//! [`Floor`] is the whole of `calld` without its sockets: campaigns, agents, live calls and the requests
//! under way, by opaque ids. It knows no number and no key, decides nothing about lawfulness (the vault's
//! gate does, at the instant of dialling) and never retries a call by itself: the vault's queue does.

mod floor;
mod rate;

pub use floor::{Floor, Input, Now, Output, VAULT_DESK};
pub use rate::Rate;
