//! The state tables of call control, as the code follows them and the tests walk them, row by row. They hold no code.

#[doc = include_str!("tables/user.md")]
pub mod user {}

#[doc = include_str!("tables/network.md")]
pub mod network {}

#[doc = include_str!("tables/restart.md")]
pub mod restart {}

#[doc = include_str!("tables/timers.md")]
pub mod timers {}
