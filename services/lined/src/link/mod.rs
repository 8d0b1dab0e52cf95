//! The process's Unix sockets: facts and tickets with `vaultd`, live states with `calld`, health.
//!
//! Each link is its own task; none of them decides anything about a call.

pub mod facts;
pub mod server;
pub mod vault;
