//! What can go wrong with a request: each with its status, its stable code, and what to do next.
//!
//! A fault is data; the page that shows it is made by [`crate::dress`], which knows the language.

use crate::looks::Lang;
use crate::texts::{Texts, fill};
use crate::vault::VaultError;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use idl::admin::Answer;

/// A refusal of `vaultd`, in both languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// A stable code.
    pub code: String,
    /// English.
    pub text_en: String,
    /// Chinese.
    pub text_zh: String,
}

impl Refusal {
    /// Its text in a language.
    #[must_use]
    pub fn text(&self, lang: Lang) -> &str {
        lang.of(&self.text_zh, &self.text_en)
    }
}

/// Why a request gets no page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// It is malformed; the code says where.
    Bad(&'static str),
    /// It does not prove that it comes from our own page; the code says what is missing.
    Csrf(&'static str),
    /// There is no session.
    NoSession,
    /// The session was used from elsewhere.
    Elsewhere(Refusal),
    /// The role may not.
    Forbidden,
    /// There is no such page.
    NotFound,
    /// The page does not take this method.
    Method,
    /// The form was sent before; its page may be opened again.
    Again {
        /// The page.
        page: String,
    },
    /// `vaultd` refused.
    Refused(Refusal),
    /// The body came too slowly.
    BodyLate,
    /// The body is too large.
    TooLarge,
    /// The data partition has no room for the body.
    NoRoom,
    /// The address is too long.
    UriTooLong,
    /// The content type is not taken here.
    Media,
    /// The headers are too large.
    HeadersTooLarge,
    /// Too many requests of one source.
    TooMany {
        /// Seconds to wait.
        wait_s: u64,
    },
    /// A defect of ours; the log has more.
    Bug,
    /// `vaultd` is not there; nothing was done.
    Unavailable,
    /// The answer of `vaultd` is lost; it may have been done.
    Lost,
    /// Too much work at once.
    Busy,
}

/// What a fault's page says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// The title.
    pub title: String,
    /// What to do next.
    pub next: String,
}

impl Fault {
    /// Its status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Bad(_) => StatusCode::BAD_REQUEST,
            Self::Csrf(_) | Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NoSession | Self::Elsewhere(_) => StatusCode::UNAUTHORIZED,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::Again { .. } => StatusCode::CONFLICT,
            Self::Refused(refusal) => match refusal.code.as_str() {
                "unknown" | "other-department" => StatusCode::NOT_FOUND,
                _ => StatusCode::UNPROCESSABLE_ENTITY,
            },
            Self::BodyLate => StatusCode::REQUEST_TIMEOUT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::NoRoom => StatusCode::INSUFFICIENT_STORAGE,
            Self::UriTooLong => StatusCode::URI_TOO_LONG,
            Self::Media => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::HeadersTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Bug => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable | Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::Lost => StatusCode::BAD_GATEWAY,
        }
    }

    /// Its stable code.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Bad(code) | Self::Csrf(code) => code,
            Self::NoSession => "no-session",
            Self::Elsewhere(_) => "session-elsewhere",
            Self::Forbidden => "role",
            Self::NotFound => "not-found",
            Self::Method => "method",
            Self::Again { .. } => "sent-before",
            Self::Refused(refusal) => &refusal.code,
            Self::BodyLate => "body-slow",
            Self::TooLarge => "too-large",
            Self::NoRoom => "no-room",
            Self::UriTooLong => "address-long",
            Self::Media => "content-type",
            Self::HeadersTooLarge => "headers-large",
            Self::TooMany { .. } => "too-many-requests",
            Self::Bug => "internal",
            Self::Unavailable => "records-unavailable",
            Self::Lost => "result-unknown",
            Self::Busy => "busy",
        }
    }

    /// Its words in a language.
    #[must_use]
    pub fn words(&self, lang: Lang) -> Words {
        let t = Texts::of(lang);
        let (title, next) = match self {
            Self::Bad(_) => (t.errors.bad_title, t.errors.bad_next),
            Self::Csrf(_) => (t.errors.csrf_title, t.errors.csrf_next),
            Self::NoSession => (t.errors.session_title, t.errors.session_next),
            Self::Elsewhere(_) => (t.errors.elsewhere_title, t.errors.elsewhere_next),
            Self::Forbidden => (t.errors.forbidden_title, t.errors.forbidden_next),
            Self::NotFound => (t.errors.not_found_title, t.errors.not_found_next),
            Self::Method => (t.errors.method_title, t.errors.method_next),
            Self::Again { .. } => (t.errors.again_title, t.errors.again_next),
            Self::Refused(refusal) => (t.errors.refused_title, refusal.text(lang)),
            Self::BodyLate => (t.errors.late_body_title, t.errors.late_body_next),
            Self::TooLarge => (t.errors.too_large_title, t.errors.too_large_next),
            Self::NoRoom => (t.errors.no_room_title, t.errors.no_room_next),
            Self::UriTooLong => (t.errors.uri_title, t.errors.bad_next),
            Self::Media => (t.errors.media_title, t.errors.bad_next),
            Self::HeadersTooLarge => (t.errors.headers_title, t.errors.bad_next),
            Self::TooMany { wait_s } => {
                let next = fill(t.errors.too_many_next, &[wait_s]);
                return Words { title: t.errors.too_many_title.to_owned(), next };
            }
            Self::Bug => (t.errors.bug_title, t.errors.bug_next),
            Self::Unavailable => (t.errors.unavailable_title, t.errors.unavailable_next),
            Self::Lost => (t.errors.lost_title, t.errors.lost_next),
            Self::Busy => (t.errors.busy_title, t.errors.busy_next),
        };
        Words { title: title.to_owned(), next: next.to_owned() }
    }

    /// Whether it is certain that nothing was done, so that the same form may be sent again as it is.
    #[must_use]
    pub const fn nothing_done(&self) -> bool {
        matches!(self, Self::Unavailable | Self::Busy | Self::TooMany { .. } | Self::NoSession)
    }

    /// An answer of `vaultd`: its refusal is a fault.
    ///
    /// # Errors
    /// The refusal.
    pub fn of_answer(answer: Answer) -> Result<Answer, Self> {
        let Answer::Refused { code, text_en, text_zh } = answer else { return Ok(answer) };
        let refusal = Refusal { code, text_en, text_zh };
        Err(match refusal.code.as_str() {
            "no-session" => Self::NoSession,
            "session-elsewhere" => Self::Elsewhere(refusal),
            "role" | "box-for-custodians" => Self::Forbidden,
            _ => Self::Refused(refusal),
        })
    }

    /// The answer is of a kind nobody asked for: a defect.
    #[must_use]
    pub fn other_answer() -> Self {
        log::error!("vaultd gave an answer of another kind");
        Self::Bug
    }
}

impl From<VaultError> for Fault {
    fn from(error: VaultError) -> Self {
        log::warn!("{error}");
        match error {
            VaultError::NotReached => Self::Unavailable,
            VaultError::Lost | VaultError::Late => Self::Lost,
            VaultError::TooLong => Self::TooLarge,
        }
    }
}

impl From<askama::Error> for Fault {
    fn from(error: askama::Error) -> Self {
        log::error!("a page cannot be rendered: {error}");
        Self::Bug
    }
}

impl IntoResponse for Fault {
    /// Status and the fault itself; [`crate::dress`] makes the page of it.
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        if let Self::TooMany { wait_s } = self {
            response.headers_mut().insert(http::header::RETRY_AFTER, wait_s.into());
        }
        response.extensions_mut().insert(self);
        response
    }
}
