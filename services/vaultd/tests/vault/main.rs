//! The core of `vaultd`, driven directly: a clock that stands still, a ledger in memory or in a temporary
//! folder, a chip that is a key in memory. One test uses the real software TPM.

mod accounts;
mod admin;
mod appliance;
mod console;
mod console_reset;
mod console_watch;
mod custody;
mod desk;
mod desk_bench;
mod dial;
mod disk;
mod door;
mod lines;
mod listening;
mod matrix;
mod network;
mod page;
mod privacy;
mod process;
mod replay;
mod rig;
mod samples;
mod sealing;
mod sessions;
mod sign_in;
mod span_history;
mod spans;
mod views;
mod views_pages;
