//! A finished trace as a download. Nothing of it is looked into: the digits of subscribers were masked when it was written.

use super::path;
use crate::fault::Fault;
use crate::form::Form;
use crate::pages::pieces::download;
use crate::visit::Visit;
use axum::extract::Path;
use axum::response::Response;
use idl::admin::Admin;
use idl::views::SpanAsk;
use vocab::SpanId;

/// Hands a trace out. That it was is an entry of the ledger, so that it is asked for by a form.
pub(super) async fn take(visit: Visit, Path(id): Path<u16>, form: Form) -> Result<Response, Fault> {
    let file = form.value("file").to_owned();
    if !is_plain(&file) {
        return Err(Fault::NotFound);
    }
    let named = file.clone();
    let ask = move |offset| Admin::Span(SpanAsk::Trace { file: named.clone(), offset });
    match download(visit.clone(), Box::new(ask), &file, "application/vnd.tcpdump.pcap").await {
        Err(Fault::Refused(refusal)) if refusal.code != "unknown" => {
            Ok(visit.refused(&path(SpanId(id)), refusal.text(visit.lang)))
        }
        answer => answer,
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
