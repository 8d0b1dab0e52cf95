//! What makes two messages belong to the same transaction (RFC 3261 17.1.3 and 17.2.3).
//!
//! Deliberately not here: the table the keys index.

use crate::ids::BRANCH_COOKIE;
use crate::wire;
use sip::{Method, Request};

/// The key of a client transaction: branch and method. The branch is unguessable and ours.
pub(super) fn client_key(branch: &str, method: &Method) -> String {
    format!("{branch}|{method}")
}

/// The key of a server transaction; an ACK has the key of its INVITE.
///
/// Without the magic cookie the peer speaks RFC 2543: then Request-URI, From tag, Call-ID,
/// CSeq number and the whole top Via identify the request.
pub(super) fn server_key(request: &Request) -> Option<String> {
    let method = match &request.method {
        Method::Ack => &Method::Invite,
        other => other,
    };
    let sent_by = wire::top_sent_by(&request.headers)?;
    match wire::top_branch(&request.headers) {
        Some(branch) if branch.starts_with(BRANCH_COOKIE) && branch != BRANCH_COOKIE => {
            Some(format!("{branch}|{}|{method}", sent_by.to_ascii_lowercase()))
        }
        branch => {
            let (number, _) = wire::cseq(&request.headers)?;
            Some(format!(
                "2543|{}|{}|{}|{number}|{}|{}|{method}",
                request.uri,
                wire::from_tag(&request.headers).unwrap_or_default(),
                wire::call_id(&request.headers)?,
                sent_by.to_ascii_lowercase(),
                branch.unwrap_or_default(),
            ))
        }
    }
}
