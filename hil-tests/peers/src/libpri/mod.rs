//! libpri as the far end of a D channel: our stack on one end of a socket pair, a program with libpri on the other.
//!
//! The program (`c/pri_*.c`) is compiled at test time and runs as its own process; libpri is linked into nothing of
//! ours. No audio is carried here, and no card is touched: [`Bench`] carries frames only.

mod bench;
mod line;
mod program;
mod setting;
mod told;

pub use bench::Bench;
pub use line::Line;
pub use program::{Process, build};
pub use setting::{Setting, patient};
pub use told::Told;
