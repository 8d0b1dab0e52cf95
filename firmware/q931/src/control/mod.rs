//! Call control of one primary rate interface, user side and network side (Q.931 5, annex A), as a pure core.
//!
//! It reads no clock and no socket; messages come and go as octets, and [`Interface`] holds all there is. It carries no
//! audio, chooses no trunk and connects no two calls.
//!
//! The tables come first: [`tables::user`], [`tables::network`], [`tables::restart`], [`tables::timers`]. The code
//! follows them: a call's messages in `messages`, commands in `commands`, timers and the data link in `expiry`, what is
//! of no call in `dispatch`, RESTART in `restart`, SERVICE in `service`.
//!
//! **Procedures.** En-bloc and overlap sending and receiving (5.1.1, 5.1.3, 5.2.1, 5.2.4), in-band information (5.1.6,
//! 5.4), clearing with and without tones and its collisions (5.3), RESTART both ways (5.5), glare (5.7), STATUS ENQUIRY
//! (5.8.10). Suspending is refused (5.6), segments are not taken (5.8.4).
//!
//! **Channels.** SETUP of either side names its channel; the first answer names the one that is used. The channel of a
//! call is reserved from SETUP on and free again when the call's end is told, but for one whose RELEASE was never
//! answered: that is restarted first. In glare (5.7) the network's call wins: the network refuses the user's SETUP with
//! cause 44 or gives another channel; the user yields a channel that the network has not confirmed, and sets its call up
//! again on another one where none was asked for by name and nothing shows that the network went on with the call
//! (PROGRESS, a link reset that may have lost its answer): nobody is called twice for one order.
//!
//! **Faults (5.8), in their order.** Another discriminator, too short, a bad reference: ignored and told (5.8.1 to
//! 5.8.3.1). A reference of no call: column 0 of the tables (5.8.3.2). A message that is not expected: STATUS 101; of a
//! type that is not known: STATUS 97 (5.8.4). Elements out of order are used, repeated ones are not (5.8.5). A mandatory
//! element missing, or an unknown one that must be understood: 96; invalid: 100 (5.8.6), as RELEASE COMPLETE to SETUP,
//! in RELEASE to DISCONNECT, in RELEASE COMPLETE to RELEASE, as STATUS otherwise. An optional element unknown: 99;
//! invalid: 100; the message counts (5.8.7). STATUS is never answered by STATUS: two sides could do so for ever. Data
//! link reset and loss: rows of the tables (5.8.8, 5.8.9). STATUS with a state the peer cannot be in clears with cause
//! 101; one that tells of a message of ours not understood (96, 97, 100, 101) clears a call that is being set up with
//! its cause and is told otherwise (5.8.11 leaves it open).
//!
//! **Where it is more patient than Q.931.** A first answer without channel identification means the channel of the
//! SETUP. ALERTING and CONNECT are taken as first answers of either side (annex D). PROGRESS before any answer is told.

mod api;
mod call;
mod commands;
mod config;
mod dispatch;
mod expiry;
mod faults;
pub(crate) mod fuzz;
mod interface;
mod messages;
mod orders;
mod reference;
mod restart;
mod service;
mod slots;
mod state;
pub mod tables;
mod timer;
mod wire;

pub use api::{
    Bearer, CallEnd, CallHandle, Command, EndedBy, Event, Fault, Incoming, Input, MAX_DIGITS, Output,
    PEER_CALLS_FROM, Presentation, Refusal, Setup,
};
pub use config::{Config, IncomingPolicy, MAX_CALLS, MAX_RESELECTIONS, MAX_RESTARTS_SENT, MAX_SENT};
pub use interface::Interface;
pub use state::CallState;
pub use timer::{Timer, TimerValues};
