//! The data link of the D channel: ITU-T Q.921 point-to-point, SAPI 0 and TEI 0, user and network side.
//!
//! It reads no clock and no socket, assigns no TEI, sends no UI and no FRMR, negotiates nothing by XID, and computes
//! no checksum: the card does that.

mod api;
mod config;
mod error;
mod frame;
mod link;

pub use api::{Counters, Input, Output, RefuseCause, ReleaseCause, State};
pub use config::{
    Config, FIRST_WAIT_MS, FREE_LOSSES, K, LONGEST_WAIT_MS, MAX_K, MAX_QUEUE, N200, N201, Persistence,
    STABLE_MS, Side, T200_MS, T203_MS,
};
pub use error::{FrameError, MdlError};
pub use frame::{FRMR_OCTETS, Frame, FrameReject, MAX_FRAME, MODULUS, Role, Supervisory};
pub use link::Link;
