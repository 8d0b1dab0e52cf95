//! Session descriptions (RFC 8866, which replaced RFC 4566), SRTP keys in them
//! (RFC 4568) and the offer/answer model for one audio stream (RFC 3264). No sockets are
//! opened and no keys are made here: ports, addresses and key bytes are handed in.

mod answer;
mod crypto;
mod model;
mod offer;
mod parse;
mod print;
mod rtp;

pub use answer::{AnswerReject, SdpReject, accept_answer, negotiate};
pub use crypto::{Crypto, CryptoError, MAX_CRYPTO_LINES, Mki, SrtpKey, SrtpSuite};
pub use model::{Address, Attribute, Direction, Hidden, Media, Origin, Proto, Session};
pub use offer::{LocalMedia, NegotiatedMedia, SrtpPair, SrtpPolicy, offer, re_offer};
pub use parse::{
    MAX_ATTRIBUTES, MAX_FORMATS, MAX_SDP_BYTES, MAX_SDP_LINE_BYTES, MAX_STREAMS, SdpError, SdpProblem,
    parse_sdp,
};
pub use rtp::{Codec, Format};
