//! Overview, campaigns, calls, recordings and the ledger against a double of `vaultd`: every state of a page, forms
//! there and back, what a hostile text becomes. It proves no right: those are proven where they are decided.

mod calls;
mod campaigns;
mod ledger;
mod overview;
mod recordings;
#[expect(dead_code, reason = "the rig is shared; uploads are not of these areas")]
#[path = "../lists/rig.rs"]
mod rig;
mod samples;
