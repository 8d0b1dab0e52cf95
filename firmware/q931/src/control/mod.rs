//! Call control of one primary rate interface, user side and network side (Q.931 5, annex A), as a pure core.
//!
//! It reads no clock and no socket; messages come and go as octets, and [`Interface`] holds all there is. It carries no
//! audio, chooses no trunk and connects no two calls.

mod api;
mod call;
mod commands;
mod config;
mod dispatch;
mod expiry;
mod faults;
mod interface;
mod messages;
mod orders;
mod reference;
mod restart;
mod service;
mod slots;
mod state;
mod timer;
mod wire;

pub use api::{
    Bearer, CallEnd, CallHandle, Command, EndedBy, Event, Fault, Incoming, Input, MAX_DIGITS, Output,
    PEER_CALLS_FROM, Presentation, Refusal, Setup,
};
pub use config::{Config, IncomingPolicy, MAX_CALLS, MAX_RESELECTIONS, MAX_RESTARTS_SENT, MAX_SENT};
pub use interface::Interface;
pub use state::CallState;
pub use timer::{Timer, TimerValues};
