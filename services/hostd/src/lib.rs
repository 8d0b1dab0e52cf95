//! `hostd`: the one process with root on the box. It does what `vaultd` decided and wrote down before: installs a
//! system, restarts, powers off, resets, collects a diagnostics bundle; and it tells how the box stands.
//!
//! It listens to nobody: it connects to `vaultd`, which no network reaches. It parses what RAUC has verified and what
//! the box itself wrote. It decides nothing, and holds no customer data and no key but those of tunnels: what it
//! writes into the disk's header for the custodians is sealed.

mod custody;
mod diagnostics;
mod facts;
mod found_bad;
mod life;
mod network;
mod orders;
mod programs;
mod reset;
mod run;
mod scrub;
mod status;
mod tar;
mod update_key;

pub use custody::keep as keep_custody;
pub use diagnostics::collect;
pub use facts::Facts;
pub use life::{Life, Start, boot_cause};
pub use network::{IpsecOwn, Network, Outcome, list_rules};
pub use orders::{Counted, Then, carry_out};
pub use programs::{Call, Done, Programs, Real};
pub use run::{Options, run};
pub use scrub::scrub;
pub use status::{Place, release, status};
pub use update_key::{FILE as UPDATE_KEY_FILE, UpdateKeyError, update_certificate};
