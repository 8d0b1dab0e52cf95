//! The measurements of the product: what a call costs, how many fit, how long each waits.
//!
//! Each prints one JSON object with what was run and the raw figures. Nothing here judges: what the figures
//! mean stands in `firmware/docs/performance.md`. Processor time is that of the product's own processes by
//! `/proc/PID/stat`, memory that of `/proc/PID/smaps_rollup` and `/proc/PID/status`.

pub mod call_rate;
pub mod contact_import;
pub mod gate_speed;
pub mod heard;
pub mod lines;
pub mod live_calls;
pub mod machine;
pub mod options;
pub mod page;
pub mod peer;
pub mod rig;
pub mod setup_time;
pub mod spread;
pub mod talk;
