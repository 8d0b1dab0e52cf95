//! The harness of the end-to-end tests: the box's real processes with a software TPM in a folder of their own,
//! its site created by several persons, and the peers it calls.
//!
//! It links none of the product's logic but the messages between processes and the recording format. It
//! panics where something does not work, with the ends of all logs: it is only for tests.

mod cards;
mod client;
mod floor;
mod peers;
mod place;
mod processes;
mod sipp;
mod site;
mod sound;
mod testbox;
mod tls_front;
mod wait;

pub use cards::{exchange_at, trunk_is};
pub use client::refusal_code;
pub use floor::Attendance;
pub use peers::{carrier_at, last_four, phones_at, register_for};
pub use place::{Place, binary};
pub use processes::{PRODUCT, Which, cards};
pub use sipp::{Sipp, SippPlan};
pub use site::{CampaignPlan, Line, People, Phone, Prompts, TrunkPlan};
pub use sound::{Stereo, share_of, tone_wav};
pub use testbox::{Exported, TestBox};
pub use tls_front::TlsFront;
pub use wait::{LONG, SHORT, until};
