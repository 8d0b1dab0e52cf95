//! Fields of a form: read strictly from outside bytes, checked one by one, shown again with their faults.
//!
//! Values may be passwords: they leave memory with the form and cannot be printed.

use crate::fault::{Fault, Refusal};
use crate::looks::Lang;
use crate::texts::{Texts, fill};
use axum::extract::FromRequestParts;
use http::request::Parts;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;
use vocab::Secret;
use zeroize::Zeroizing;

/// The fields of a form with what is wrong with them.
#[derive(Clone, Default)]
pub struct Form {
    fields: Vec<(String, Zeroizing<String>)>,
    errors: BTreeMap<String, String>,
    top: Option<String>,
}

impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Form({} fields)", self.fields.len())
    }
}

impl Form {
    /// Reads `application/x-www-form-urlencoded` (or a query).
    ///
    /// # Errors
    /// [`Fault::Bad`] if it is malformed or has too many fields.
    pub fn parse(bytes: &[u8]) -> Result<Self, Fault> {
        let mut form = Self::default();
        for pair in bytes.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
            let at = pair.iter().position(|byte| *byte == b'=');
            let (name, value) = pair.split_at(at.unwrap_or(pair.len()));
            form.push(decode(name)?, decode(value.get(1..).unwrap_or_default())?)?;
        }
        Ok(form)
    }

    pub(crate) fn push(&mut self, name: String, value: String) -> Result<(), Fault> {
        if self.fields.len() >= MAX_FIELDS {
            return Err(Fault::Bad("fields-many"));
        }
        self.fields.push((name, Zeroizing::new(value)));
        Ok(())
    }

    /// The value of a field, the first if there are several; empty if there is none. For templates too.
    #[must_use]
    pub fn value(&self, name: &str) -> &str {
        let found = self.fields.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value.as_str())
    }

    /// All values of a field (boxes to tick).
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.fields.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// All fields and their values, in their order.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Whether a field has this value (boxes to tick, choices).
    #[must_use]
    pub fn has(&self, name: &str, value: &str) -> bool {
        self.values(name).any(|known| known == value)
    }

    /// Sets a field, for showing a form that is filled from what is stored.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.fields.retain(|(known, _)| known != name);
        self.fields.push((name.to_owned(), Zeroizing::new(value.into())));
    }

    /// Adds a value to a field that may have several (boxes to tick).
    pub fn add(&mut self, name: &str, value: impl Into<String>) {
        self.fields.push((name.to_owned(), Zeroizing::new(value.into())));
    }

    /// What is wrong with a field; empty if nothing.
    #[must_use]
    pub fn error(&self, name: &str) -> &str {
        self.errors.get(name).map_or("", String::as_str)
    }

    /// What is wrong with the form as a whole; empty if nothing.
    #[must_use]
    pub fn top(&self) -> &str {
        self.top.as_deref().unwrap_or_default()
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.errors.is_empty() && self.top.is_none()
    }

    /// Says what is wrong with a field; the first word stays.
    pub fn fail(&mut self, name: &str, text: impl Into<String>) {
        self.errors.entry(name.to_owned()).or_insert_with(|| text.into());
    }

    /// Says what is wrong with the form as a whole.
    pub fn fail_top(&mut self, text: impl Into<String>) {
        self.top = Some(text.into());
    }

    /// Shows a refusal of `vaultd` at the top.
    pub fn refuse(&mut self, refusal: &Refusal, lang: Lang) {
        self.fail_top(refusal.text(lang));
    }

    /// A text that must be there: trimmed, without control characters, at most `max` characters.
    pub fn text(&mut self, t: &Texts, name: &str, max: usize) -> String {
        let text = self.optional(t, name, max);
        if text.is_empty() {
            self.fail(name, t.errors.field_missing);
        }
        text
    }

    /// A text that may be empty.
    pub fn optional(&mut self, t: &Texts, name: &str, max: usize) -> String {
        let text = self.value(name).trim().to_owned();
        if text.chars().count() > max {
            self.fail(name, fill(t.errors.field_long, &[&max]));
        }
        if text.chars().any(char::is_control) {
            self.fail(name, t.errors.field_control);
        }
        text
    }

    /// A text of several lines that may be empty; line ends become `\n`.
    pub fn lines(&mut self, t: &Texts, name: &str, max: usize) -> String {
        let text = self.value(name).replace("\r\n", "\n").trim().to_owned();
        if text.chars().count() > max {
            self.fail(name, fill(t.errors.field_long, &[&max]));
        }
        if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
            self.fail(name, t.errors.field_control);
        }
        text
    }

    /// A password or code: never trimmed, never shown again.
    pub fn secret(&mut self, t: &Texts, name: &str, max_bytes: usize) -> Secret<String> {
        let value = self.value(name).to_owned();
        if value.is_empty() {
            self.fail(name, t.errors.field_missing);
        } else if value.len() > max_bytes {
            self.fail(name, fill(t.errors.field_long, &[&max_bytes]));
        }
        Secret::new(value)
    }

    /// A number within bounds; the lower bound stands for a refused one.
    pub fn number<T>(&mut self, t: &Texts, name: &str, bounds: RangeInclusive<T>) -> T
    where
        T: FromStr + PartialOrd + Copy + fmt::Display,
    {
        match self.value(name).trim().parse::<T>() {
            Ok(number) if bounds.contains(&number) => number,
            _ => {
                self.fail(name, fill(t.errors.field_number, &[bounds.start(), bounds.end()]));
                *bounds.start()
            }
        }
    }

    /// One of several choices by their words; `None` with the fault said if it is none.
    pub fn choice<T: Copy>(&mut self, t: &Texts, name: &str, choices: &[(&str, T)]) -> Option<T> {
        let word = self.value(name);
        let found = choices.iter().find(|(known, _)| *known == word).map(|(_, choice)| *choice);
        if found.is_none() {
            self.fail(name, t.errors.field_choice);
        }
        found
    }

    /// Says at the top that fields are marked, if any is: to be called before a form is shown again.
    pub fn mark(&mut self, t: &Texts) {
        if self.top.is_none() && !self.errors.is_empty() {
            self.fail_top(t.errors.form_top);
        }
    }
}

/// The form of a POST whose proofs were checked before the handler was called.
impl<S: Send + Sync> FromRequestParts<S> for Form {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Fault> {
        parts.extensions.remove::<Self>().ok_or_else(|| {
            log::error!("a handler asks for a form where its route takes none");
            Fault::Bug
        })
    }
}

/// The query of a GET, as a form.
#[derive(Debug, Clone, Default)]
pub struct Query(pub Form);

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Fault> {
        Ok(Self(Form::parse(parts.uri.query().unwrap_or_default().as_bytes())?))
    }
}

fn decode(bytes: &[u8]) -> Result<String, Fault> {
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b'+' => decoded.push(b' '),
            b'%' => {
                let (digits, after) = rest.split_at_checked(2).ok_or(Fault::Bad("form-malformed"))?;
                let value = hex(digits[0]).zip(hex(digits[1])).ok_or(Fault::Bad("form-malformed"))?;
                decoded.push(value.0 << 4 | value.1);
                rest = after;
            }
            _ => decoded.push(byte),
        }
    }
    String::from_utf8(decoded).map_err(|_| Fault::Bad("form-malformed"))
}

const fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

/// Percent-encodes a value for a query.
#[must_use]
pub fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'/') {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

/// Fields of one form.
const MAX_FIELDS: usize = 512;

#[cfg(test)]
mod tests {
    use super::{Form, MAX_FIELDS, encode};
    use crate::fault::Fault;
    use crate::looks::Lang;
    use crate::texts::Texts;
    use proptest::prelude::*;

    #[test]
    fn fields_are_decoded() {
        let form = Form::parse("name=%E5%BC%A0+%E4%B8%89&tick=1&tick=2&empty=&bare".as_bytes()).unwrap();
        assert_eq!(form.value("name"), "张 三");
        assert_eq!(form.values("tick").collect::<Vec<_>>(), ["1", "2"]);
        assert!(form.has("tick", "2") && form.has("bare", "") && !form.has("gone", ""));
    }

    #[test]
    fn malformed_forms_are_refused() {
        for bad in ["a=%", "a=%4", "a=%zz", "a=%ff", "%c3=1"] {
            assert_eq!(Form::parse(bad.as_bytes()).unwrap_err(), Fault::Bad("form-malformed"), "{bad}");
        }
        let many = "a&".repeat(MAX_FIELDS + 1);
        assert_eq!(Form::parse(many.as_bytes()).unwrap_err(), Fault::Bad("fields-many"));
    }

    #[test]
    fn faults_stand_at_their_fields_and_values_stay() {
        let t = Texts::of(Lang::En);
        let mut form = Form::parse(b"name=+++&count=11&kind=x&note=a%0Ab%00").unwrap();
        assert_eq!(form.text(t, "name", 5), "");
        assert_eq!(form.number(t, "count", 1..=10_u16), 1);
        assert_eq!(form.choice(t, "kind", &[("a", 1), ("b", 2)]), None);
        form.lines(t, "note", 10);
        form.mark(t);
        assert!(["name", "count", "kind", "note"].iter().all(|name| !form.error(name).is_empty()));
        assert_eq!((form.value("count"), form.is_good()), ("11", false));
        assert_eq!(form.top(), t.errors.form_top);
        assert_eq!(format!("{form:?}"), "Form(4 fields)");
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(text in any::<String>()) {
            let form = Form::parse(format!("a={}", encode(&text)).as_bytes()).unwrap();
            prop_assert_eq!(form.value("a"), text);
        }
    }
}
