//! How values of several areas are shown: instants, people, places in a list. It asks nothing and decides nothing.

use crate::form::{Form, encode};
use crate::format::Zone;
use crate::page::Markup;
use vocab::{PersonId, UnixMs};

/// What stands where there is nothing to show.
pub const ABSENT: &str = "–";

/// An instant to the minute in the site's zone; its exact value is in the attribute.
#[must_use]
pub fn minute(zone: &Zone, at: UnixMs) -> Markup {
    Markup::of_safe(format!(r#"<time datetime="{}">{}</time>"#, zone.iso(at), zone.minute(at)))
}

/// The day of an instant in the site's zone.
#[must_use]
pub fn day(zone: &Zone, at: UnixMs) -> Markup {
    Markup::of_safe(format!(r#"<time datetime="{}">{}</time>"#, zone.iso(at), zone.date(at)))
}

/// A text, or what stands for none.
#[must_use]
pub fn text(text: &str) -> String {
    if text.trim().is_empty() { ABSENT.to_owned() } else { text.to_owned() }
}

/// A colleague as far as the visitor may know.
#[must_use]
pub fn person((_, name): &(PersonId, String)) -> String {
    text(name)
}

/// A number of the query, such as the place in a list; anything else is none.
#[must_use]
pub fn place(query: &Form, name: &str) -> Option<u64> {
    query.value(name).parse().ok()
}

/// A path with a query of those fields that have a value.
#[must_use]
pub fn address(path: &str, fields: &[(&str, &str)]) -> String {
    let given = fields.iter().filter(|(_, value)| !value.is_empty());
    let pairs: Vec<String> = given.map(|(name, value)| format!("{name}={}", encode(value))).collect();
    if pairs.is_empty() { path.to_owned() } else { format!("{path}?{}", pairs.join("&")) }
}

/// A badge: its kind and its word.
pub type Badge = (&'static str, &'static str);

/// Where a list goes on; an empty address leads nowhere.
#[derive(Debug, Clone, Default)]
pub struct Pager {
    /// What this page holds.
    pub shown: String,
    /// Back to the beginning.
    pub first: String,
    /// The next page.
    pub next: String,
}

#[cfg(test)]
mod tests {
    use super::{address, text};

    #[test]
    fn only_fields_with_a_value_come_into_an_address() {
        assert_eq!(address("/a", &[("b", ""), ("c", "")]), "/a");
        assert_eq!(address("/a", &[("b", "1 &"), ("c", ""), ("d", "2")]), "/a?b=1%20%26&d=2");
        assert_eq!((text(" "), text("张**")), ("–".to_owned(), "张**".to_owned()));
    }
}
