//! The sound of a prompt, as the browser's own player asks for it: whole, or the part of a `Range`.

use crate::fault::Fault;
use crate::visit::Visit;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use data_encoding::HEXLOWER;
use http::header::{ACCEPT_RANGES, CONTENT_RANGE, CONTENT_TYPE, RANGE};
use http::{HeaderMap, StatusCode};
use idl::admin::{Admin, Answer};
use std::io::{Read, Seek};
use vocab::ObjectHash;

/// Where a prompt is heard.
#[must_use]
pub fn address(object: ObjectHash) -> String {
    format!("/scripts/prompts/{object}/audio")
}

/// The sound.
///
/// # Errors
/// [`Fault`].
pub async fn play(visit: Visit, Path(object): Path<String>, headers: HeaderMap) -> Result<Response, Fault> {
    let hash = HEXLOWER.decode(object.as_bytes()).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    let object = ObjectHash(hash.ok_or(Fault::NotFound)?);
    let (Answer::Audio { bytes }, Some(mut file)) =
        visit.ask_with_file(Admin::PromptAudio { object }).await?
    else {
        return Err(Fault::other_answer());
    };
    if bytes > MAX_AUDIO_BYTES {
        return Err(Fault::TooLarge);
    }
    let mut sound = vec![];
    // The file is in memory: reading it waits for nothing.
    file.rewind().and_then(|()| file.take(bytes).read_to_end(&mut sound)).map_err(|error| {
        log::error!("a prompt cannot be read: {error}");
        Fault::Bug
    })?;
    let asked = headers.get(RANGE).and_then(|range| range.to_str().ok());
    Ok(answer(sound, asked))
}

fn answer(sound: Vec<u8>, asked: Option<&str>) -> Response {
    let kind = [(CONTENT_TYPE, "audio/wav"), (ACCEPT_RANGES, "bytes")];
    let total = sound.len();
    match asked.and_then(|asked| range(asked, total)) {
        None => (kind, sound).into_response(),
        Some((first, last)) => {
            let of = [(CONTENT_RANGE, format!("bytes {first}-{last}/{total}"))];
            (StatusCode::PARTIAL_CONTENT, kind, of, sound[first..=last].to_vec()).into_response()
        }
    }
}

/// First and last byte of a range (RFC 9110 §14.1.2). `None`: answer with the whole, as a server may for whatever
/// is not one plain range of what there is.
fn range(asked: &str, total: usize) -> Option<(usize, usize)> {
    let (first, last) = asked.strip_prefix("bytes=")?.split_once('-')?;
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !plain(first) || !plain(last) {
        return None;
    }
    let end = total.checked_sub(1)?;
    if first.is_empty() {
        let count = last.parse::<usize>().ok()?.min(total);
        return (count > 0).then(|| (total - count, end));
    }
    let first = first.parse::<usize>().ok()?;
    let last = if last.is_empty() { end } else { last.parse().ok()? };
    (first <= last && first <= end).then(|| (first, last.min(end)))
}

/// Longest sound: a prompt is 120 s of 16-bit samples.
const MAX_AUDIO_BYTES: u64 = 4 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::range;

    #[test]
    fn one_plain_range_is_answered_and_anything_else_is_the_whole() {
        for (asked, expected) in [
            ("bytes=0-", Some((0, 99))),
            ("bytes=10-19", Some((10, 19))),
            ("bytes=90-500", Some((90, 99))),
            ("bytes=-10", Some((90, 99))),
            ("bytes=-500", Some((0, 99))),
            ("bytes=100-", None),
            ("bytes=-0", None),
            ("bytes=9-3", None),
            ("bytes=-", None),
            ("bytes=0-1,5-6", None),
            ("bytes=+1-2", None),
            ("items=0-1", None),
            ("bytes=99999999999999999999-", None),
        ] {
            assert_eq!(range(asked, 100), expected, "{asked}");
        }
        assert_eq!(range("bytes=0-", 0), None);
        assert_eq!(range("bytes=-5", 0), None);
    }
}
