//! `vaultd`, the records process: TPM, keys, ledger, store, people, permissions, and the gate.
//!
//! [`vault::Vault`] is the core: plain commands in, effects out, one ledger behind it. Around it stand the
//! connections, the TPM's thread and the workers. It never has a network, and decides nothing about audio.

pub mod admin;
pub mod auth;
mod card;
pub mod chip;
pub mod client;
pub mod clock;
pub mod command;
pub mod consoles;
pub mod core_thread;
mod desk;
mod desks;
pub mod dial;
mod disk_custody;
mod disk_key;
pub mod entries;
pub mod files;
mod health;
mod host;
mod host_files;
pub mod import;
pub mod level;
mod lines;
mod listening;
mod live;
mod mask;
mod network;
pub mod options;
pub mod pending;
pub mod phone;
mod plays;
pub mod ports;
pub mod reads;
pub mod recovery;
pub mod seal;
pub mod sealing;
pub mod server;
pub mod sound;
mod spans;
mod start_keys;
pub mod startup;
pub mod state;
pub mod subject_keys;
pub mod tape_files;
pub mod tunnel_keys;
pub mod vault;
mod views;
pub mod wav;
mod words;
pub mod worker;

use vocab::CallId;

/// The name of a call's recording within the recordings folder.
#[must_use]
pub fn recording_name(call: CallId) -> String {
    format!("{}.rfr", call.0)
}
