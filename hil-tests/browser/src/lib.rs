//! The page in a real browser against the real processes.
//!
//! Chromium is driven by the scenarios in `js/`; here is what they stand on: a blank box with its page, a
//! carrier, phones that ring, and a socket on which a scenario asks for what no browser can know, such as the
//! claim code on the console. It knows no page. The same scenarios' language opens any other box by its address: the crate
//! `box-scenarios` does so with its virtual one (`virtual-*.test.js`), without the feature `bench`.

#[cfg(feature = "bench")]
mod control;
mod toolchain;

#[cfg(feature = "bench")]
pub use control::Bench;
pub use toolchain::{Scenario, modules, scenarios};
