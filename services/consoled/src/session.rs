//! What the console knows of the person: who is signed in, what is typed at the sign-in, what was told last, and what each
//! request under way is for. It decides nothing.

use idl::account::{Door, ServiceTicket};
use idl::spans::QualityBin;
use idl::views::{BoxView, Overview, SpanCard, SpanHistory, SpanView};
use jiff::tz::TimeZone;
use vocab::Secret;

/// What a request under way is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum For {
    Door,
    Claim,
    SignIn,
    Poll,
    Look,
    /// An order, by its word.
    Order(&'static str),
    Leave,
    /// A piece of the recording.
    Piece,
}

/// Who is signed in.
pub(crate) struct Session {
    pub(crate) token: Secret<[u8; 32]>,
    pub(crate) login: String,
    pub(crate) ticket: ServiceTicket,
    pub(crate) zone_name: String,
    pub(crate) zone: TimeZone,
    pub(crate) began: u64,
    pub(crate) used: u64,
}

/// What is typed at the sign-in, step by step.
#[derive(Default)]
pub(crate) struct Typed {
    pub(crate) ticket: Option<ServiceTicket>,
    pub(crate) login: String,
    pub(crate) password: Option<Secret<String>>,
}

/// What was told last, as far as a page shows it.
#[derive(Debug, Default)]
pub(crate) struct Told {
    pub(crate) door: Option<Door>,
    pub(crate) claim: Option<Secret<String>>,
    pub(crate) overview: Option<Box<Overview>>,
    pub(crate) spans: Option<Vec<SpanView>>,
    pub(crate) span: Option<Box<SpanCard>>,
    pub(crate) history: Option<Box<SpanHistory>>,
    pub(crate) quality: Option<Vec<QualityBin>>,
    pub(crate) appliance: Option<Box<BoxView>>,
}
