//! The stateless part of SIP: bytes to messages and back, Digest authentication, SDP with
//! offer and answer. It does no I/O, reads no clock and keeps no transaction or dialog.

pub mod auth;
mod header_name;
mod headers;
mod host;
mod message;
mod method;
mod name_addr;
mod params;
pub mod scan;
pub mod sdp;
mod status;
mod typed;
pub mod uas;
mod uri;
mod values;
mod via;
pub mod wire;

pub use header_name::{HeaderName, Shape};
pub use headers::Headers;
pub use host::Host;
pub use message::{Message, Request, Response};
pub use method::Method;
pub use name_addr::{Contacts, NameAddr};
pub use params::{MAX_PARAMS, Params};
pub use scan::Syntax;
pub use status::StatusCode;
pub use typed::HeaderError;
pub use uri::{Scheme, Uri};
pub use values::{
    CSeq, ContentType, MAX_CSEQ, RAck, Reason, Refresher, RetryAfter, SessionExpires, TokenSet,
};
pub use via::{MAGIC_COOKIE, Transport, Via};
pub use wire::{Answer, FrameError, Framed, ParseError, Place, Problem, StreamFramer, parse_datagram};
