//! The line process: SIP, RTP, prompts and recordings being made, for calls that `vaultd` issued a ticket for.
//!
//! It holds the number being dialled now and the key of the recording being made now; never the store, the
//! TPM, a contact or a campaign. There is no path from one trunk to another (L-23).
//!
//! | thread or task | owns | waits for |
//! |---|---|---|
//! | signalling (one task) | the SIP endpoint, all calls, trunks, phones, facts | events, deadlines; never a peer or a disk |
//! | transports (a task for each socket or connection) | bytes and framing | the network |
//! | links (a task for each peer) | a Unix socket | the other process |
//! | media (`--media-threads`) | the media of its calls, their RTP sockets | the next 20 ms |
//! | recorder | encryption, recording files | blocks of a second |
//! | recorder-sync | durability of recording files | the disk |
//!
//! Signalling and media speak through rings without locks; everything else through bounded channels. A fact of
//! a call is kept until `vaultd` says that it is durable, however often the connection is lost meanwhile.

pub mod call;
pub mod cards;
pub mod clock;
pub mod dns;
pub mod link;
pub mod loopback;
pub mod options;
pub mod process;
pub mod prompts;
pub mod random;
pub mod recorder;
pub mod signalling;
pub mod transport;
pub mod voice;
