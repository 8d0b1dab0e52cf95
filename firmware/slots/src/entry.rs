//! The name of a system's file in the boot partition, `ringfence_VERSION_SLOT+LEFT-DONE.efi`: the loader counts in
//! it, and the running system reads its state from it. Other names are nobody's of ours.

use crate::version::{Version, VersionError};
use idl::host::Slot;
use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// How often a system may still be started, and how often it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Counter {
    /// Starts left.
    pub left: u32,
    /// Starts made.
    pub done: u32,
}

/// A system the loader can start.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Entry {
    /// Its version.
    pub version: Version,
    /// The slot whose root it starts.
    pub slot: Slot,
    /// Its counter; `None`: it was found good.
    pub counter: Option<Counter>,
}

/// Why a name is none of ours.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EntryError {
    /// It does not begin and end as ours do.
    #[error("no name of a system of this box")]
    Foreign,
    /// Its version cannot be one.
    #[error(transparent)]
    Version(#[from] VersionError),
    /// Its slot is neither A nor B.
    #[error("its slot is neither A nor B")]
    Slot,
    /// Its counter cannot be read.
    #[error("its counter is not +LEFT or +LEFT-DONE, each of at most {MAX_DIGITS} digits")]
    Counter,
}

impl Entry {
    /// A system to be tried for the first time.
    #[must_use]
    pub const fn fresh(version: Version, slot: Slot) -> Self {
        Self { version, slot, counter: Some(Counter { left: TRIES, done: 0 }) }
    }

    /// The same, found good.
    #[must_use]
    pub fn good(&self) -> Self {
        Self { counter: None, ..self.clone() }
    }

    /// The same, started only where nothing better is left.
    #[must_use]
    pub fn last_resort(&self) -> Self {
        let done = self.counter.map_or(0, |counter| counter.done);
        Self { counter: Some(Counter { left: 0, done }), ..self.clone() }
    }

    /// Whether it was found good.
    #[must_use]
    pub const fn is_good(&self) -> bool {
        self.counter.is_none()
    }

    /// Whether the loader prefers it to one whose tries are used up.
    #[must_use]
    pub fn may_start(&self) -> bool {
        self.counter.is_none_or(|counter| counter.left > 0)
    }

    /// The loader's order: what starts first is less.
    #[must_use]
    pub fn cmp_start(&self, other: &Self) -> Ordering {
        other
            .may_start()
            .cmp(&self.may_start())
            .then_with(|| other.version.cmp(&self.version))
            .then_with(|| other.slot.name().cmp(self.slot.name()))
            .then_with(|| {
                let left = |entry: &Self| entry.counter.map_or(u32::MAX, |counter| counter.left);
                left(other).cmp(&left(self))
            })
    }
}

impl FromStr for Entry {
    type Err = EntryError;

    fn from_str(name: &str) -> Result<Self, EntryError> {
        let stem = name.strip_prefix(PREFIX).and_then(|rest| rest.strip_suffix(SUFFIX));
        let stem = stem.ok_or(EntryError::Foreign)?;
        let (id, counter) = match stem.split_once('+') {
            Some((id, counter)) => (id, Some(parse_counter(counter)?)),
            None => (stem, None),
        };
        let (version, slot) = id.rsplit_once('_').ok_or(EntryError::Slot)?;
        let slot = match slot {
            "A" => Slot::A,
            "B" => Slot::B,
            _ => return Err(EntryError::Slot),
        };
        Ok(Self { version: version.parse()?, slot, counter })
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}_{}", self.version, self.slot.name())?;
        match self.counter {
            Some(Counter { left, done: 0 }) => write!(f, "+{left}")?,
            Some(Counter { left, done }) => write!(f, "+{left}-{done}")?,
            None => {}
        }
        f.write_str(SUFFIX)
    }
}

fn parse_counter(text: &str) -> Result<Counter, EntryError> {
    let (left, done) = match text.split_once('-') {
        Some((left, done)) => (number(left)?, number(done)?),
        None => (number(text)?, 0),
    };
    Ok(Counter { left, done })
}

fn number(text: &str) -> Result<u32, EntryError> {
    let plain =
        !text.is_empty() && text.len() <= MAX_DIGITS && text.bytes().all(|byte| byte.is_ascii_digit());
    if !plain {
        return Err(EntryError::Counter);
    }
    text.parse().map_err(|_| EntryError::Counter)
}

/// What every name of ours begins with.
pub const PREFIX: &str = "ringfence_";
/// What the loader asks of a name.
pub const SUFFIX: &str = ".efi";
/// A file on its way: the loader looks at nothing that ends so.
pub const PART: &str = "ringfence.part";
/// Starts that a new system gets.
pub const TRIES: u32 = 3;
/// Digits of a counter's number.
const MAX_DIGITS: usize = 4;

#[cfg(test)]
mod tests {
    use super::{Counter, Entry, EntryError};
    use idl::host::Slot;
    use proptest::prelude::*;

    fn entry(name: &str) -> Entry {
        name.parse().unwrap()
    }

    #[test]
    fn a_name_says_version_slot_and_what_the_loader_counted() {
        let fresh = entry("ringfence_0.2.0_B+3.efi");
        assert_eq!((fresh.version.as_str(), fresh.slot), ("0.2.0", Slot::B));
        assert_eq!(fresh.counter, Some(Counter { left: 3, done: 0 }));
        assert_eq!(entry("ringfence_0.2.0_B+1-2.efi").counter, Some(Counter { left: 1, done: 2 }));
        assert_eq!(entry("ringfence_0.2.0_B+0-3.efi").good().to_string(), "ringfence_0.2.0_B.efi");
        assert_eq!(entry("ringfence_0.2.0_A.efi").last_resort().to_string(), "ringfence_0.2.0_A+0.efi");
    }

    #[test]
    fn other_names_are_not_ours_and_say_why() {
        for (name, why) in [
            ("linux.efi", EntryError::Foreign),
            ("ringfence_1_A.efi.bak", EntryError::Foreign),
            ("ringfence.part", EntryError::Foreign),
            ("ringfence_1_C.efi", EntryError::Slot),
            ("ringfence_1.efi", EntryError::Slot),
            ("ringfence_1_A+.efi", EntryError::Counter),
            ("ringfence_1_A+-1.efi", EntryError::Counter),
            ("ringfence_1_A+3-.efi", EntryError::Counter),
            ("ringfence_1_A+99999.efi", EntryError::Counter),
            ("ringfence_1_A++3.efi", EntryError::Counter),
        ] {
            assert_eq!(name.parse::<Entry>(), Err(why), "{name}");
        }
        assert!(matches!("ringfence_../x_A.efi".parse::<Entry>(), Err(EntryError::Version(_))));
    }

    #[test]
    fn the_newest_that_may_start_is_first_and_what_is_used_up_is_last() {
        let mut names = [
            "ringfence_0.9.0_A+0-3.efi",
            "ringfence_0.3.0_A.efi",
            "ringfence_0.10.0_B+2-1.efi",
            "ringfence_0.3.0_B.efi",
            "ringfence_1.0.0_B+0.efi",
        ]
        .map(entry);
        names.sort_by(Entry::cmp_start);
        let sorted: Vec<String> = names.iter().map(ToString::to_string).collect();
        assert_eq!(
            sorted,
            [
                "ringfence_0.10.0_B+2-1.efi",
                "ringfence_0.3.0_B.efi",
                "ringfence_0.3.0_A.efi",
                "ringfence_1.0.0_B+0.efi",
                "ringfence_0.9.0_A+0-3.efi",
            ]
        );
    }

    proptest! {
        #[test]
        fn a_name_is_read_as_it_was_written(version in "[0-9][0-9a-z.~^-]{0,8}", b: bool, left in 0_u32..9999, done in 0_u32..9999, good: bool) {
            let slot = if b { Slot::B } else { Slot::A };
            let counter = (!good).then_some(Counter { left, done });
            let entry = Entry { version: version.parse().unwrap(), slot, counter };
            prop_assert_eq!(entry.to_string().parse::<Entry>(), Ok(entry));
        }
    }
}
