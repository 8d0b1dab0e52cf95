//! A finished trace as a download, piece by piece as `vaultd` reads it. Nothing of it is kept here, and nothing of it
//! is looked into: the digits of subscribers were masked when it was written.

use super::path;
use crate::fault::Fault;
use crate::form::Form;
use crate::visit::Visit;
use axum::body::{Body, Bytes};
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use http::header::{CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE};
use idl::admin::{Admin, Answer};
use idl::views::SpanAsk;
use std::io;
use vocab::SpanId;

/// Hands a trace out. That it was is an entry of the ledger, so that it is asked for by a form.
pub(super) async fn take(visit: Visit, Path(id): Path<u16>, form: Form) -> Result<Response, Fault> {
    let file = form.value("file").to_owned();
    if !is_plain(&file) {
        return Err(Fault::NotFound);
    }
    let (bytes, total) = match piece(&visit, &file, 0).await {
        Ok(piece) => piece,
        Err(Fault::Refused(refusal)) if refusal.code != "unknown" => {
            return Ok(visit.refused(&path(SpanId(id)), refusal.text(visit.lang)));
        }
        Err(fault) => return Err(fault),
    };
    let headers = [
        (CONTENT_TYPE, "application/vnd.tcpdump.pcap".to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"{file}\"")),
        (CONTENT_LENGTH, total.to_string()),
    ];
    let taking = Taking { visit, file, total, sent: 0, next: Some(bytes) };
    Ok((headers, Body::from_stream(stream::try_unfold(taking, Taking::go_on))).into_response())
}

struct Taking {
    visit: Visit,
    file: String,
    total: u64,
    sent: u64,
    next: Option<Vec<u8>>,
}

impl Taking {
    /// The next piece. A download that cannot go on breaks off: its length was said, so the browser knows.
    async fn go_on(mut self) -> io::Result<Option<(Bytes, Self)>> {
        if self.sent >= self.total {
            return Ok(None);
        }
        let bytes = match self.next.take() {
            Some(bytes) => bytes,
            None => piece(&self.visit, &self.file, self.sent).await.map_err(broken)?.0,
        };
        let length = u64::try_from(bytes.len()).map_err(io::Error::other)?;
        if length == 0 || length > self.total - self.sent {
            log::warn!("a trace has another length than was said");
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
        }
        self.sent += length;
        Ok(Some((Bytes::from(bytes), self)))
    }
}

fn broken(fault: Fault) -> io::Error {
    io::Error::other(fault.code().to_owned())
}

async fn piece(visit: &Visit, file: &str, offset: u64) -> Result<(Vec<u8>, u64), Fault> {
    match visit.ask(Admin::Span(SpanAsk::Trace { file: file.to_owned(), offset })).await? {
        Answer::TracePiece { bytes, total } => Ok((bytes, total)),
        _ => Err(Fault::other_answer()),
    }
}

/// A name that may stand in a header and names a file, not a way to one.
fn is_plain(file: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    (1..=MAX_FILE_CHARS).contains(&file.len()) && file.chars().all(plain) && !file.starts_with('.')
}

const MAX_FILE_CHARS: usize = 128;

#[cfg(test)]
mod tests {
    use super::is_plain;

    #[test]
    fn a_trace_is_named_by_a_plain_file_name() {
        assert!(is_plain("span-1-20261122T091427Z.pcap"));
        for bad in ["", "../x.pcap", ".pcap", "a/b.pcap", "a\"b.pcap", "a\r\nb.pcap", "路.pcap"] {
            assert!(!is_plain(bad), "{bad}");
        }
    }
}
