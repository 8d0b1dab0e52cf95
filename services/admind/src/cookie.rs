//! Cookies: reading them strictly from outside bytes, and the few this page sets.
//!
//! A value that is not of its kind counts as absent. Nothing is kept in a cookie but a random token and two
//! choices of looks.

use crate::looks::{Lang, Theme};
use data_encoding::BASE64URL_NOPAD;
use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};

/// A token of 256 bits, as cookies carry it.
pub type Token = [u8; 32];

/// The cookie of a session.
pub const SESSION: &str = "__Host-session";
/// The cookie of a browser before its sign-in.
pub const DOOR: &str = "__Host-door";
/// The language.
pub const LANG: &str = "lang";
/// The theme.
pub const THEME: &str = "theme";

/// The value of a cookie, if it stands there exactly once (two of one name: somebody plays tricks, none counts).
#[must_use]
pub fn find<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut found = None;
    for header in headers.get_all(COOKIE) {
        let Ok(text) = header.to_str() else { continue };
        for pair in text.split(';').take(MAX_COOKIES) {
            if let Some((key, value)) = pair.split_once('=')
                && key.trim_matches(' ') == name
            {
                if found.is_some() {
                    return None;
                }
                found = Some(value.trim_matches(' '));
            }
        }
    }
    found
}

/// The token in a cookie; nothing but exactly 32 bytes counts.
#[must_use]
pub fn token(headers: &HeaderMap, name: &str) -> Option<Token> {
    let bytes = BASE64URL_NOPAD.decode(find(headers, name)?.as_bytes()).ok()?;
    bytes.try_into().ok()
}

/// `Set-Cookie` of a token; ends with the browser.
#[must_use]
pub fn set_token(name: &str, token: &Token) -> HeaderValue {
    header(format!("{name}={}; {STRICT}", BASE64URL_NOPAD.encode(token)))
}

/// `Set-Cookie` that takes a token away.
#[must_use]
pub fn drop_token(name: &str) -> HeaderValue {
    header(format!("{name}=; {STRICT}; Max-Age=0"))
}

/// `Set-Cookie` of a language.
#[must_use]
pub fn set_lang(lang: Lang) -> HeaderValue {
    header(format!("{LANG}={}; {CHOICE}", lang.code()))
}

/// `Set-Cookie` of a theme.
#[must_use]
pub fn set_theme(theme: Theme) -> HeaderValue {
    header(format!("{THEME}={}; {CHOICE}", theme.code()))
}

/// The chosen language; Chinese unless chosen otherwise.
#[must_use]
pub fn lang(headers: &HeaderMap) -> Lang {
    find(headers, LANG).and_then(Lang::parse).unwrap_or_default()
}

/// The chosen theme.
#[must_use]
pub fn theme(headers: &HeaderMap) -> Theme {
    find(headers, THEME).and_then(Theme::parse).unwrap_or_default()
}

fn header(text: String) -> HeaderValue {
    // Names are constants and values base64url or words of ours: always visible ASCII.
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
}

const STRICT: &str = "Path=/; Secure; HttpOnly; SameSite=Strict";
const CHOICE: &str = "Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=31536000";
/// Cookies of one header that are looked at.
const MAX_COOKIES: usize = 32;

#[cfg(test)]
mod tests {
    use super::{LANG, SESSION, find, lang, set_token, token};
    use crate::looks::Lang;
    use http::header::COOKIE;
    use http::{HeaderMap, HeaderValue};

    fn headers(lines: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(COOKIE, HeaderValue::try_from(*line).unwrap());
        }
        headers
    }

    #[test]
    fn a_token_comes_back_as_it_was_set() {
        let set = set_token(SESSION, &[7; 32]);
        let pair = set.to_str().unwrap().split(';').next().unwrap().to_owned();
        assert_eq!(token(&headers(&[&format!("a=b; {pair}; c=d")]), SESSION), Some([7; 32]));
        let set = set.to_str().unwrap();
        for word in ["Secure", "HttpOnly", "SameSite=Strict", "Path=/"] {
            assert!(set.contains(word), "{word}");
        }
    }

    #[test]
    fn malformed_tokens_are_no_tokens() {
        let bad = ["", "x", "__Host-session", "__Host-session=", "__Host-session=AAAA", "__Host-session=%00"];
        for line in bad {
            assert_eq!(token(&headers(&[line]), SESSION), None, "{line}");
        }
        let long = format!("__Host-session={}", "A".repeat(44));
        assert_eq!(token(&headers(&[&long]), SESSION), None);
    }

    #[test]
    fn of_two_cookies_with_one_name_none_counts() {
        assert_eq!(find(&headers(&["lang=en; lang=zh"]), LANG), None);
        assert_eq!(find(&headers(&["lang=en", "lang=en"]), LANG), None);
        assert_eq!(lang(&headers(&["lang=en; theme=dark"])), Lang::En);
        assert_eq!(lang(&headers(&["lang=fr"])), Lang::Zh);
    }
}
