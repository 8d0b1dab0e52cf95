//! The page of the box, and that of its console's sessions, against a double of `vaultd`: every state, orders asked for and given, an update uploaded.
//! It proves no right but that a page hides what the table of rights refuses.

mod consoles;
mod orders;
#[expect(dead_code, reason = "the rig is shared; ranges of files are not of this area")]
#[path = "../lists/rig.rs"]
mod rig;
mod samples;
mod show;
mod upload;
