//! The line process: SIP, RTP, prompts and recordings being made, for calls that `vaultd` issued a ticket for.
//!
//! It holds the number being dialled now and the key of the recording being made now; never the store, the
//! TPM, a contact or a campaign. There is no path from one trunk to another (L-23).

pub mod call;
pub mod clock;
pub mod dns;
pub mod link;
pub mod options;
pub mod process;
pub mod prompts;
pub mod random;
pub mod recorder;
pub mod signalling;
pub mod transport;
pub mod voice;
