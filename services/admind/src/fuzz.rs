//! One door for fuzzing: any bytes as a form, a query, cookies, a multipart body and a certificate. It keeps its
//! promises or panics; it opens no socket.

use crate::cookie::{self, find, token};
use crate::form::{Form, encode};
use crate::multipart::{Event, Parser, file_name};
use crate::visit::local;
use crate::{csrf, der};
use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};
use vocab::UnixMs;

/// Reads bytes as each of our parsers would.
///
/// # Panics
/// If one of their promises is broken.
pub fn fuzz_request(bytes: &[u8]) {
    if let Ok(form) = Form::parse(bytes) {
        let value = form.value("a").to_owned();
        let again = Form::parse(format!("a={}", encode(&value)).as_bytes());
        assert!(again.is_ok_and(|form| form.value("a") == value), "what is encoded is decoded");
        let path = local(&value);
        assert!(path.starts_with('/') && !path.starts_with("//"), "only paths of our own are gone to");
        assert!(HeaderValue::from_str(&path).is_ok(), "a path makes a header");
    }
    if let Ok(header) = HeaderValue::from_bytes(bytes) {
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, header);
        let _ = (find(&headers, cookie::LANG), cookie::lang(&headers), cookie::theme(&headers));
        if let Some(token) = token(&headers, cookie::SESSION) {
            assert!(cookie::set_token(cookie::SESSION, &token).to_str().is_ok());
        }
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        let name = file_name(text);
        assert!(!name.contains(['/', '\\', '\r', '\n', '\0']), "a file name is no path and no header");
        assert!(!csrf::proves(&[1; 32], text) || text == csrf::proof(&[1; 32]));
        let uses = csrf::Uses::default();
        assert_eq!(uses.take(&[1; 32], text, UnixMs(0)), csrf::Used::Foreign, "nobody guesses a proof");
    }
    let _ = der::validity(bytes);
    multipart(bytes);
}

/// The first byte says how large the pieces are; however the body is cut, the same comes out.
fn multipart(bytes: &[u8]) {
    let Some((&step, body)) = bytes.split_first() else { return };
    let (whole, pieces) = (read(body, body.len().max(1)), read(body, usize::from(step).max(1)));
    assert_eq!(whole, pieces, "pieces change nothing");
}

type Part = (String, Option<String>, Vec<u8>);

fn read(body: &[u8], step: usize) -> Option<Vec<Part>> {
    let mut parser = Parser::new("multipart/form-data; boundary=XX").ok()?;
    let (mut events, mut parts) = (vec![], vec![]);
    for piece in body.chunks(step) {
        parser.feed(piece, &mut events).ok()?;
    }
    parser.finish().ok()?;
    for event in events {
        match event {
            Event::Part(head) => parts.push((head.name, head.file, vec![])),
            Event::Data(data) => parts.last_mut().expect("data belongs to a part").2.extend(data),
            Event::PartEnd => {}
        }
    }
    Some(parts)
}
