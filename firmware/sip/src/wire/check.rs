//! What every message must have before a transaction sees it: the mandatory headers,
//! readable, once each, and consistent with the start line (RFC 3261 8.1.1 and 8.2).

use super::error::{ParseError, Place, Problem};
use super::start::StartLine;
use crate::header_name::HeaderName;
use crate::headers::Headers;
use crate::method::Method;

/// Checks the headers against the start line.
pub(super) fn headers(start: &StartLine, headers: &Headers) -> Result<(), ParseError> {
    let bad = ParseError::header;
    let vias = headers.vias().map_err(bad)?;
    if vias.is_empty() {
        headers.via_top().map_err(bad)?;
    }
    headers.call_id().map_err(bad)?;
    headers.from().map_err(bad)?;
    headers.to().map_err(bad)?;
    let cseq = headers.cseq().map_err(bad)?;
    headers.max_forwards().map_err(bad)?;
    headers.content_type().map_err(bad)?;
    match start {
        StartLine::Request { method, .. } => {
            if cseq.method != *method {
                return Err(ParseError::new(Place::Header(HeaderName::CSeq), 0, Problem::CSeqMismatch));
            }
            routing(headers).map_err(bad)?;
            if matches!(method, Method::Register) {
                headers.expires().map_err(bad)?;
            }
            Ok(())
        }
        StartLine::Status { .. } => routing(headers).map_err(bad),
    }
}

/// The headers that make and route a dialog.
fn routing(headers: &Headers) -> Result<(), crate::typed::HeaderError> {
    headers.contacts()?;
    headers.record_routes()?;
    headers.routes()?;
    Ok(())
}
