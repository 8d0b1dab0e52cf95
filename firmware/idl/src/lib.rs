//! Every message that crosses between two processes, and nothing else.
//!
//! One enum for each direction of each pair; postcard on `SOCK_SEQPACKET` (crate `ipc`). Audio never
//! crosses. What a process must not hold has no field here: `calld` receives no number and no key.
//!
//! | socket | client | it sends | it receives |
//! |---|---|---|---|
//! | vaultd | lined | [`lines::LinedToVault`] | [`lines::VaultToLined`] |
//! | vaultd | calld | [`campaign::CalldToVault`] | [`campaign::VaultToCalld`] |
//! | vaultd | admind, tools | [`admin::AdminRequest`] | [`admin::AdminReply`] |
//! | lined | calld | [`lines::CalldToLined`] | [`lines::LinedToCalld`] |
//! | calld | admind, tools | [`desk::DeskRequest`] | [`desk::DeskReply`] |
//! | vaultd | hostd | [`host::HostToVault`] | [`host::VaultToHost`] |
//! | vaultd | consoled | [`admin::AdminRequest`] | [`admin::AdminReply`] |
//! | any | supervisor | [`health::HealthRequest`] | [`health::HealthReply`] |

pub mod account;
pub mod admin;
pub mod answer;
pub mod campaign;
pub mod desk;
pub mod draft;
pub mod handset;
pub mod health;
pub mod hello;
pub mod host;
pub mod lines;
pub mod network;
pub mod reasons;
pub mod role;
pub mod spans;
pub mod trial;
pub mod trunks;
pub mod views;

/// Largest frame, in bytes; longer lists are sent in pages.
pub const MAX_FRAME_BYTES: usize = 64 * 1024;
/// Most items of a page in any listing.
pub const MAX_PAGE_ITEMS: usize = 256;
