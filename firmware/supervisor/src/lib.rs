//! The supervisor decides what health means. It holds no customer data, no key, no parser of hostile bytes,
//! and listens on nothing: it asks.
//!
//! Every process is asked once a second. Who does not answer three questions in a row is killed; systemd
//! (on a workstation the start command) starts it again. Alarms are logged when they come and when they go,
//! and the whole picture stands in `health.json`. After an update it judges once whether the new system is good.

mod confirm;
pub mod found_bad;
mod judge;
mod report;
mod run;

pub use confirm::{Caller, ConfirmOptions, Seen, SeenProcess, confirm, faults};
pub use judge::{Judge, Verdict};
pub use report::Picture;
pub use run::{Options, run};
