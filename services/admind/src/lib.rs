//! `admind`, the local HTTPS page: TLS, sessions' cookies, forms, pages.
//!
//! It holds no key but that of its certificate, no store and no right: every request goes to `vaultd` with the
//! session's token and the source, and what comes back is rendered, already masked.

pub mod admit;
pub mod app;
pub mod assets;
pub mod chart;
pub mod clock;
pub mod cookie;
pub mod csrf;
pub mod der;
pub mod dress;
pub mod fault;
pub mod follow;
pub mod form;
pub mod format;
pub mod fuzz;
pub mod health;
pub mod jobs;
pub mod limit;
pub mod listen;
pub mod live;
pub mod looks;
pub mod multipart;
pub mod options;
pub mod page;
pub mod pages;
pub mod places;
pub mod random;
pub mod routes;
pub mod serve;
pub mod spool;
pub mod texts;
pub mod tls;
pub mod upload;
pub mod variant;
pub mod vault;
pub mod visit;

pub use fuzz::fuzz_request;
pub use options::Options;
pub use serve::{Bound, router, run};
