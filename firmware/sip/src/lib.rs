//! The stateless part of SIP: bytes to messages and back, Digest authentication, SDP with
//! offer and answer. It does no I/O, reads no clock and keeps no transaction or dialog.
//!
//! # The way of a message
//!
//! [`wire`] cuts lines, undoes folding, compact names and comma lists, replaces what is no
//! UTF-8, and so makes a canonical text. `rsip` parses that text; its start line is
//! compared with ours and its header values are the ones kept. Then the headers that a
//! transaction relies on are read once, so that what comes out of [`parse_datagram`] has
//! them, in order and consistent. Everything else is read when asked for.
//!
//! # Which header is parsed by what
//!
//! | Header | told apart by | value read by | checked on receipt |
//! |---|---|---|---|
//! | request line, status line | `rsip` and [`wire`], compared | [`Method`], [`Uri`], [`StatusCode`] | yes |
//! | Via | `rsip` | [`Via`] | yes, every one |
//! | From, To | `rsip` | [`NameAddr`] | yes, once each |
//! | Call-ID | `rsip` | [`Headers::call_id`] | yes, once |
//! | CSeq | `rsip` | [`CSeq`] | yes, once, same method |
//! | Contact | `rsip` | [`Contacts`] | yes |
//! | Route, Record-Route | `rsip` | [`NameAddr`] | yes |
//! | Max-Forwards, Content-Length | `rsip` | numbers, bounded | yes, at most once |
//! | Content-Type | `rsip` | [`ContentType`] | yes, at most once |
//! | Expires | `rsip` | a number | in REGISTER |
//! | Require, Supported, Unsupported, Allow | `rsip` | [`TokenSet`] | when read |
//! | WWW-Authenticate, Proxy-Authenticate | `rsip` | [`auth::Challenge`] | when read |
//! | Authorization, Proxy-Authorization | `rsip` | [`auth::Credentials`] | when read |
//! | Retry-After, Min-Expires | `rsip` | [`RetryAfter`], a number | when read |
//! | RSeq, RAck (RFC 3262) | [`HeaderName`] | a number, [`RAck`] | when read |
//! | Session-Expires, Min-SE (RFC 4028) | [`HeaderName`] | [`SessionExpires`] | when read |
//! | Reason (RFC 3326) | [`HeaderName`] | [`Reason`] | when read |
//! | P-Asserted-Identity (RFC 3325) | [`HeaderName`] | [`NameAddr`] | when read |
//! | all others | `rsip` or [`HeaderName`] | text | never |
//!
//! `rsip` 0.4 has typed headers too. They are not used: its URIs know no IPv6 literal, no
//! `tel:` and no dot in a user, its Via no list, its Digest counts in decimal.
//!
//! # What never shows
//!
//! `Debug` of every type here leaves out users, display names, header values, bodies and
//! keys. `Display` and `to_bytes` are for the wire alone.

pub mod auth;
pub mod fuzz;
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

pub use fuzz::{fuzz_datagram, fuzz_sdp};
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
