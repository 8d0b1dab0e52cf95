//! Spans of cards against a double of `vaultd`: every state of a page, orders there and back, forms refused and kept.
//! It proves no right but that a page hides what the table of rights refuses.

mod history;
mod list;
mod orders;
#[expect(dead_code, reason = "the rig is shared; uploads and jobs are not of this area")]
#[path = "../lists/rig.rs"]
mod rig;
mod samples;
mod set;
mod show;
