//! The stateful part of SIP without I/O: transactions, dialogs, calls, registrar, trunks.
//!
//! [`Endpoint`] is what a process uses: messages and the time go in, messages and events
//! come out. Inside stand the machines of the standards, each a table with its tests:
//! [`transaction`] (RFC 3261 17, RFC 6026), [`dialog`] (12), the call (9, 13 to 15, RFC 3262,
//! 3311, 4028), [`registrar`] and [`registration`] (10), [`trunk`] (LIN-02, LIN-06).
//!
//! Deliberately not here: sockets, clocks, randomness, name resolution, media, and any way
//! for a call to come in or to go from one trunk to another (L-23).

mod api;
mod call;
mod config;
mod core_uas;
mod ctx;
pub mod dialog;
pub mod endpoint;
mod flow;
pub mod fuzz;
pub mod ids;
pub mod registrar;
pub mod registration;
mod time;
mod timers;
pub mod transaction;
pub mod trunk;
mod wire;

pub use api::{
    CallHandle, CallSpec, EndCause, EndedBy, Event, Input, Login, OfferResult, Output, RegistrationState, Sdp,
};
pub use call::{MAX_INFO_BYTES, MAX_RING_MS, OfferError};
pub use config::Config;
pub use dialog::{Dialog, DialogSnapshot};
pub use endpoint::{CallError, Endpoint, TrunkConfig};
pub use flow::{Flow, Transport};
pub use ids::IdSource;
pub use time::{Millis, Timing};
pub use timers::Timers;
pub use trunk::{TrunkId, TrunkState};
