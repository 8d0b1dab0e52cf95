//! The pages of lists, consents, do-not-call lists and scripts against a double of `vaultd`: every state of a page,
//! forms there and back, what a hostile text becomes. It proves no right: those are proven where they are decided.

mod consents;
mod contacts;
mod dnc;
mod rig;
mod samples;
mod scripts;
