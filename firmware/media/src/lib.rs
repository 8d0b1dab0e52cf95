//! The media core: RTP and SRTP, jitter buffers, G.711, DTMF, prompts, the recording tap.
//!
//! No I/O, no clock, no locks, and no allocation once a call is set up. Time is passed in as
//! monotonic microseconds; datagrams come and go through the caller's buffers.

pub mod call;
pub mod command;
pub mod dtmf;
pub mod fuzz;
pub mod g711;
pub mod jitter;
pub mod latch;
pub mod line;
pub mod list;
pub mod prompt;
pub mod rtcp;
pub mod rtp;
pub mod session;
pub mod source;
pub mod srtp;
pub mod stats;
pub mod tdm;
pub mod tone;
pub mod units;
pub mod watchdog;

pub use call::{CallMedia, TapFrame, TickOutput};
pub use command::{Command, Event, Leg, RecordingState, Retired};
pub use dtmf::{Digit, DigitSource};
pub use fuzz::fuzz_rtp;
pub use g711::Law;
pub use line::Line;
pub use session::{LegConfig, Session, SrtpPair};
pub use tdm::TdmLeg;
