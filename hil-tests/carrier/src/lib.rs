//! The simulated carrier: a SIP user agent server whose callees behave as their numbers say, and
//! simulated agents' phones. It is a test peer: it shares no code with the product's own SIP and
//! media crates, so that a mistake made there is not made here too.
//!
//! The last two digits of the dialled number choose the behaviour; [`behaviour::TABLE`] is the
//! table, printed by `carrier --behaviours`:
//!
//! | code | the callee |
//! |---|---|
//! | 00–59 | rings 200 + 100 × code ms, answers, talks, listens to the end |
//! | 60–64 | presses 9 by RFC 4733: at once, after 800 ms, in the middle, held 1 s, end packets only |
//! | 65–66 | presses 9 in-band after 0.5 s, after 3 s |
//! | 67 | presses 9 by SIP INFO |
//! | 68–69 | hangs up after 0.5 s, after 3 s |
//! | 70–72, 75–80, 94, 95, 99 | refuses: 486, 603, 404, 480, 500, 503, 486 after 183, 408, 606, 302 |
//! | 73–74 | rings until CANCEL |
//! | 81–82 | early media; reliable 183 with PRACK; then answers |
//! | 83–84, 96, 97 | no media; a foreign RTP source; silent after 1 s; voicemail |
//! | 85–86 | broken SDP in the 200; a broken final response |
//! | 87–88 | slow; never answers the INVITE |
//! | 89–91 | forks; 200 crosses CANCEL; BYE glare |
//! | 92–93, 98 | refreshes by re-INVITE; holds and resumes; 422 first |
//!
//! It is no proxy, no registrar with memory and no media relay, and it sends only to loopback
//! addresses unless told otherwise.

pub mod behaviour;
mod carrier;
pub mod config;
pub mod digest;
mod engine;
pub mod journal;
mod media;
mod phones;
pub mod sdp;
pub mod signal;
pub mod srtp;
pub mod text;
mod tls;
mod transport;

pub use carrier::{Carrier, CarrierHandle, StartError};
pub use config::{
    Account, CarrierConfig, Credentials, DigestAlgorithm, PhonesConfig, TlsIdentity, Transport,
};
pub use journal::{Event, EventKind, Report};
pub use phones::{Phones, PhonesHandle};
pub use tls::TlsError;
