//! Style, script and icons, inside the binary. Their addresses hold a hash of their content, so a browser may
//! keep them for ever; nothing is loaded from anywhere else.

use crate::fault::Fault;
use aws_lc_rs::digest::{SHA256, digest};
use axum::body::Body;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use data_encoding::HEXLOWER;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use http::{HeaderMap, StatusCode};
use rust_embed::RustEmbed;
use std::collections::HashMap;
use std::sync::LazyLock;

#[derive(RustEmbed)]
#[folder = "assets/"]
struct Files;

struct Asset {
    hash: String,
    kind: &'static str,
    content: std::borrow::Cow<'static, [u8]>,
}

static ASSETS: LazyLock<HashMap<String, Asset>> = LazyLock::new(|| {
    Files::iter()
        .filter_map(|name| {
            let content = Files::get(&name)?.data;
            let hash = HEXLOWER.encode(&digest(&SHA256, &content).as_ref()[..HASH_BYTES]);
            Some((name.to_string(), Asset { hash, kind: kind(&name), content }))
        })
        .collect()
});

/// The address of an asset.
#[must_use]
pub fn address(name: &str) -> String {
    let hash = ASSETS.get(name).map_or("none", |asset| asset.hash.as_str());
    format!("/assets/{hash}/{name}")
}

/// The names of all assets.
pub fn names() -> impl Iterator<Item = &'static str> {
    ASSETS.keys().map(String::as_str)
}

/// Serves an asset under the hash it has now.
///
/// # Errors
/// [`Fault::NotFound`].
pub async fn serve(
    Path((hash, name)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Fault> {
    let asset = ASSETS.get(&name).filter(|asset| asset.hash == hash).ok_or(Fault::NotFound)?;
    let etag = format!("\"{}\"", asset.hash);
    let known = headers.get(IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == etag.as_bytes());
    let fixed = [(CACHE_CONTROL, IMMUTABLE.to_owned()), (ETAG, etag)];
    if known {
        return Ok((StatusCode::NOT_MODIFIED, fixed).into_response());
    }
    let content = match &asset.content {
        std::borrow::Cow::Borrowed(content) => Body::from(*content),
        std::borrow::Cow::Owned(content) => Body::from(content.clone()),
    };
    Ok((fixed, [(CONTENT_TYPE, asset.kind)], content).into_response())
}

fn kind(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    }
}

const HASH_BYTES: usize = 8;
/// What may be kept for ever.
pub const IMMUTABLE: &str = "public, max-age=31536000, immutable";
