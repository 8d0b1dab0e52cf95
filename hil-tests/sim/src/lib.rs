//! The whole appliance in virtual time, under seeded faults.
//!
//! The cores of the product run as they are: the floor of `calld`, the vault with its gate and ledger, the
//! call machine and the fact queue of `lined`, the SIP endpoint. Around them stand models of what has no
//! core: the processes' edges, a network that loses packets, two carriers, phones, agents, the office. A
//! checker ([`truth`]) that shares no code with the gate watches what the carriers really see.
//!
//! One seed is one run, the same on every machine. It opens no socket and no file and reads no clock.

mod calld;
mod carrier;
mod desks;
mod disk;
mod env;
mod faults;
mod lined;
mod office;
mod ports;
mod run;
mod sip_text;
mod truth;
mod vault;

pub use run::{Finding, Options, Report, Sabotage, run};
