//! A file of the box as a download, piece by piece as `vaultd` reads it. Nothing of it is kept here or looked into.

use crate::fault::Fault;
use crate::visit::Visit;
use axum::body::{Body, Bytes};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use http::header::{CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE};
use idl::admin::{Admin, Answer};
use std::io;

/// The request for the piece that begins at a byte.
pub type Ask = Box<dyn Fn(u64) -> Admin + Send + Sync>;

/// Hands a file out under a name, which may stand in a header as it is.
///
/// # Errors
/// What asking for its first piece brings.
pub async fn download(visit: Visit, ask: Ask, name: &str, kind: &str) -> Result<Response, Fault> {
    let (bytes, total) = piece(&visit, ask(0)).await?;
    let headers = [
        (CONTENT_TYPE, kind.to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
        (CONTENT_LENGTH, total.to_string()),
    ];
    let taking = Taking { visit, ask, total, sent: 0, next: Some(bytes) };
    Ok((headers, Body::from_stream(stream::try_unfold(taking, Taking::go_on))).into_response())
}

struct Taking {
    visit: Visit,
    ask: Ask,
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
            None => piece(&self.visit, (self.ask)(self.sent)).await.map_err(broken)?.0,
        };
        let length = u64::try_from(bytes.len()).map_err(io::Error::other)?;
        if length == 0 || length > self.total - self.sent {
            log::warn!("a file has another length than was said");
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
        }
        self.sent += length;
        Ok(Some((Bytes::from(bytes), self)))
    }
}

#[expect(clippy::needless_pass_by_value, reason = "used as the function of map_err")]
fn broken(fault: Fault) -> io::Error {
    io::Error::other(fault.code().to_owned())
}

async fn piece(visit: &Visit, what: Admin) -> Result<(Vec<u8>, u64), Fault> {
    match visit.ask(what).await? {
        Answer::TracePiece { bytes, total } => Ok((bytes, total)),
        _ => Err(Fault::other_answer()),
    }
}
