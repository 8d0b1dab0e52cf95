//! SIP trunks: is one alive ([`monitor`]), and which one takes the next call ([`selector`]).
//!
//! Deliberately not here: any way from one trunk to another. A trunk only takes calls that
//! start on this box (L-23).

pub mod monitor;
pub mod selector;

pub use monitor::{Monitor, MonitorConfig, TrunkState};
pub use selector::{Attempt, LineGroup, Member, TrunkSelector, may_fail_over};

/// A trunk, as its owner numbers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TrunkId(pub u32);
