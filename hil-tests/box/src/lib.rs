//! The virtual box on the bench: rigs (machine, disk, TPM, network) and what scenarios are made of. It builds no image
//! (`cargo xtask image`) and knows the box from outside alone: its ports, its screens, its disk.

#![expect(clippy::print_stdout, reason = "the bench speaks on standard output")]

pub mod callee;
pub mod campaign;
pub mod client;
pub mod far_site;
pub mod figures;
pub mod hand;
pub mod luks;
pub mod machine;
pub mod packets;
pub mod person;
pub mod port_text;
pub mod rig;
pub mod scenarios;
pub mod site;
pub mod steps;
pub mod terminal;
pub mod time_server;
pub mod told;
pub mod window;
pub mod write_cache;
pub mod writes;
