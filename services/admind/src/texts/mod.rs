//! Every word the page shows, Chinese and English side by side. No text stands anywhere else.
//!
//! A text nobody uses fails a test; a missing one does not compile.

mod accounts;
mod boxes;
mod calls;
mod campaigns;
mod common;
mod consents;
mod consoles;
mod contacts;
mod custody;
mod desk;
mod dnc;
mod door;
mod errors;
mod floor;
mod ledger;
mod lines;
mod me;
mod network;
mod overview;
mod recordings;
mod scripts;
mod settings;
mod spans;
mod words;

pub use accounts::Accounts;
pub use boxes::Boxes;
pub use calls::Calls;
pub use campaigns::Campaigns;
pub use common::Common;
pub use consents::Consents;
pub use consoles::Consoles;
pub use contacts::Contacts;
pub use custody::Custody;
pub use desk::Desk;
pub use dnc::Dnc;
pub use door::Door;
pub use errors::Errors;
pub use floor::Floor;
pub use ledger::Ledger;
pub use lines::Lines;
pub use me::Me;
pub use network::Network;
pub use overview::Overview;
pub use recordings::Recordings;
pub use scripts::Scripts;
pub use settings::Settings;
pub use spans::Spans;
pub use words::Words;

use crate::looks::Lang;
use std::fmt::Display;

/// Makes a struct of texts with its Chinese (`ZH`) and English (`EN`) instances.
#[macro_export]
macro_rules! texts {
    ($(#[$meta:meta])* pub struct $name:ident {
        $($(#[$field_meta:meta])* $field:ident : $zh:literal, $en:literal;)*
    }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy)]
        pub struct $name {
            $($(#[$field_meta])* #[doc = $en] pub $field: &'static str,)*
        }

        impl $name {
            /// Chinese.
            pub const ZH: Self = Self { $($field: $zh,)* };
            /// English.
            pub const EN: Self = Self { $($field: $en,)* };
            /// Each text's name with its Chinese and English.
            pub const ALL: &'static [(&'static str, &'static str, &'static str)] =
                &[$((stringify!($field), $zh, $en),)*];
        }
    };
}

/// Lists the areas: one line for each file of this folder.
macro_rules! areas {
    ($($field:ident : $name:ident,)*) => {
        /// All texts of one language.
        #[derive(Debug, Clone, Copy)]
        pub struct Texts {
            $(#[doc = concat!("Texts of `", stringify!($field), "`.")] pub $field: $name,)*
        }

        const ZH: &Texts = &Texts { $($field: $name::ZH,)* };
        const EN: &Texts = &Texts { $($field: $name::EN,)* };

        impl Texts {
            /// The reason of a trunk's state in this language.
            #[must_use]
            pub fn trunk_reason<'a>(&self, english: &'a str) -> &'a str {
                if std::ptr::eq(self, ZH) { idl::reasons::chinese(english) } else { english }
            }

            /// What speaks against a system on trial, in this language.
            #[must_use]
            pub fn trial_reason(&self, english: &str) -> String {
                if std::ptr::eq(self, ZH) { idl::trial::chinese(english) } else { english.to_owned() }
            }
        }

        /// Each area with its texts.
        pub const AREAS: &[(&str, &[(&str, &str, &str)])] = &[$((stringify!($field), $name::ALL),)*];
    };
}

areas! {
    accounts: Accounts,
    boxes: Boxes,
    calls: Calls,
    campaigns: Campaigns,
    common: Common,
    consents: Consents,
    consoles: Consoles,
    contacts: Contacts,
    dnc: Dnc,
    desk: Desk,
    door: Door,
    errors: Errors,
    ledger: Ledger,
    floor: Floor,
    lines: Lines,
    me: Me,
    network: Network,
    overview: Overview,
    recordings: Recordings,
    scripts: Scripts,
    settings: Settings,
    custody: Custody,
    spans: Spans,
    words: Words,
}

impl Texts {
    /// The texts of a language.
    #[must_use]
    pub const fn of(lang: Lang) -> &'static Self {
        match lang {
            Lang::Zh => ZH,
            Lang::En => EN,
        }
    }
}

/// Fills the `{}` of a text in order. A value without a place, or a place without a value, is a defect that the
/// test of the page shows: the place stays empty.
#[must_use]
pub fn fill(text: &str, values: &[&dyn Display]) -> String {
    let mut values = values.iter();
    let mut pieces = text.split("{}");
    let mut filled = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        if let Some(value) = values.next() {
            filled.push_str(&value.to_string());
        }
        filled.push_str(piece);
    }
    filled
}

/// [`fill`] with one value, for templates.
#[must_use]
pub fn with(text: &str, value: impl Display) -> String {
    fill(text, &[&value])
}

/// [`fill`] with two values, for templates.
#[must_use]
pub fn with2(text: &str, first: impl Display, second: impl Display) -> String {
    fill(text, &[&first, &second])
}

#[cfg(test)]
mod tests {
    use super::{AREAS, fill};

    #[test]
    fn values_stand_where_their_places_are() {
        assert_eq!(fill("第 {} 页，共 {} 页", &[&2, &"9"]), "第 2 页，共 9 页");
        assert_eq!(fill("{}", &[&"{}"]), "{}");
    }

    #[test]
    fn both_languages_have_the_same_places_and_no_text_is_empty() {
        for (area, texts) in AREAS {
            for (name, zh, en) in *texts {
                let places = |text: &str| text.matches("{}").count();
                assert_eq!(places(zh), places(en), "{area}.{name}");
                assert!(!zh.trim().is_empty() && !en.trim().is_empty(), "{area}.{name}");
            }
        }
    }

    #[test]
    fn english_texts_hold_no_chinese() {
        let cjk = |text: &str| text.chars().any(|c| ('\u{3000}'..='\u{9fff}').contains(&c));
        for (area, texts) in AREAS {
            for (name, _, en) in *texts {
                assert!(!cjk(en) || *name == "lang_zh", "{area}.{name}");
            }
        }
    }
}
