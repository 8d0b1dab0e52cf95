//! The data link of the D channel: ITU-T Q.921 (09/97) point-to-point, SAPI 0 and TEI 0, user and network side.
//!
//! It reads no clock and no socket, assigns no TEI, sends no UI and no FRMR, negotiates nothing by XID, and computes
//! no checksum: the card does that.
//!
//! One [`Link`] is one D channel. Its owner hands it what happens ([`Input`]) and the time, and does what comes out
//! ([`Output`]):
//!
//! ```
//! use lapd::{Config, Input, Link, Output, Side};
//! use vocab::Millis;
//!
//! let mut link = Link::new(Config::new(Side::User));
//! let mut out = Vec::new();
//! link.step(Millis(0), Input::PhysicalUp, &mut out);
//! link.step(Millis(0), Input::Establish, &mut out);
//! assert_eq!(out, [Output::Send(vec![0x00, 0x01, 0x7f])], "SABME");
//! assert_eq!(link.deadline(), Some(Millis(1_000)), "T200");
//! out.clear();
//! link.step(Millis(20), Input::Frame(&[0x00, 0x01, 0x73]), &mut out);
//! assert_eq!(out, [Output::Established { by_peer: false, reset: false }], "UA");
//! ```
//!
#![doc = include_str!("table.md")]

mod api;
mod config;
mod error;
mod frame;
mod fuzz;
mod link;

pub use api::{Counters, Input, Output, RefuseCause, ReleaseCause, State};
pub use config::{
    Config, FIRST_WAIT_MS, FREE_LOSSES, K, LONGEST_WAIT_MS, MAX_K, MAX_QUEUE, N200, N201, Persistence,
    STABLE_MS, Side, T200_MS, T203_MS,
};
pub use error::{FrameError, MdlError};
pub use frame::{FRMR_OCTETS, Frame, FrameReject, MAX_FRAME, MODULUS, Role, Supervisory};
pub use fuzz::fuzz_lapd;
pub use link::Link;
