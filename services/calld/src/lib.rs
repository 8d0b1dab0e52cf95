//! `calld`: campaigns. A thin shell of sockets around [`pacing::Floor`].
//!
//! It holds no number and no key, stores nothing, and listens only to local processes. When it dies, live
//! calls go on in `lined`; when it comes back, the lines and the vault tell it where things stand.

mod clock;
mod desks;
mod link;
mod run;

pub use run::{Options, run};
