//! What RAUC asks of a custom bootloader backend, in its words ("Custom Bootloader Backend Interface" of RAUC's
//! integration guide), and what it tells a post-install handler in the environment. Words only; nothing is written here.

use crate::bundle::{Bundle, BundleError};
use crate::entry::Entry;
use crate::plan::first;
use idl::host::Slot;
use std::path::PathBuf;
use thiserror::Error;

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// Which slot starts next?
    GetPrimary,
    /// This slot is to start next.
    SetPrimary(Slot),
    /// Is this slot good?
    GetState(Slot),
    /// This slot is good, or is not.
    SetState(Slot, bool),
    /// Which slot runs?
    GetCurrent,
}

/// Why a call is not understood.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CallError {
    /// It is none of RAUC's.
    #[error("no call of RAUC's: {0}")]
    Unknown(String),
    /// The slot is neither A nor B.
    #[error("no slot of this box: {0}")]
    Slot(String),
    /// The state is neither good nor bad.
    #[error("no state: {0}")]
    State(String),
}

/// Why a handler's environment is not understood.
#[derive(Debug, Error)]
pub enum HandlerError {
    /// A variable misses.
    #[error("RAUC did not tell {0}")]
    Missing(String),
    /// The slots written are not the two halves of one system.
    #[error("RAUC wrote something else than one whole system: {0}")]
    Slots(String),
    /// The bundle says nothing usable.
    #[error(transparent)]
    Bundle(#[from] BundleError),
}

impl Call {
    /// Reads the words after the program's name.
    ///
    /// # Errors
    /// [`CallError`].
    pub fn parse(words: &[String]) -> Result<Self, CallError> {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["get-primary"] => Ok(Self::GetPrimary),
            ["get-current"] => Ok(Self::GetCurrent),
            ["set-primary", slot] => Ok(Self::SetPrimary(slot_of(slot)?)),
            ["get-state", slot] => Ok(Self::GetState(slot_of(slot)?)),
            ["set-state", slot, "good"] => Ok(Self::SetState(slot_of(slot)?, true)),
            ["set-state", slot, "bad"] => Ok(Self::SetState(slot_of(slot)?, false)),
            ["set-state", _, state] => Err(CallError::State((*state).to_owned())),
            other => Err(CallError::Unknown(other.join(" "))),
        }
    }
}

/// The name RAUC's configuration gives a slot.
///
/// # Errors
/// There are two.
pub fn slot_of(name: &str) -> Result<Slot, CallError> {
    match name {
        "A" => Ok(Slot::A),
        "B" => Ok(Slot::B),
        other => Err(CallError::Slot(other.to_owned())),
    }
}

/// The answer to [`Call::GetPrimary`].
#[must_use]
pub fn primary(entries: &[Entry]) -> Option<&'static str> {
    first(entries).map(|entry| entry.slot.name())
}

/// The answer to [`Call::GetState`]: good is what the loader would start before it gives up.
#[must_use]
pub fn state(entries: &[Entry], slot: Slot) -> &'static str {
    if entries.iter().any(|entry| entry.slot == slot && entry.may_start()) { "good" } else { "bad" }
}

/// An installation whose images are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The slot.
    pub slot: Slot,
    /// The bundle's folder.
    pub bundle: PathBuf,
}

/// Reads what RAUC tells a post-install handler.
///
/// # Errors
/// [`HandlerError`].
pub fn written(env: impl Fn(&str) -> Option<String>) -> Result<Written, HandlerError> {
    let told = |name: &str| env(name).filter(|value| !value.is_empty());
    let must = |name: String| told(&name).ok_or(HandlerError::Missing(name));
    let bundle = told("RAUC_BUNDLE_MOUNT_POINT").or_else(|| told("RAUC_UPDATE_SOURCE"));
    let bundle = bundle.ok_or_else(|| HandlerError::Missing("RAUC_BUNDLE_MOUNT_POINT".to_owned()))?;
    let targets = must("RAUC_TARGET_SLOTS".to_owned())?;
    let mut classes = Vec::new();
    let mut slot = None;
    for number in targets.split_ascii_whitespace().take(MAX_TARGETS) {
        let class = must(format!("RAUC_SLOT_CLASS_{number}"))?;
        if class == "root" {
            let name = must(format!("RAUC_SLOT_BOOTNAME_{number}"))?;
            slot = Some(slot_of(&name).map_err(|_| HandlerError::Slots(name))?);
        }
        classes.push(class);
    }
    classes.sort_unstable();
    match slot {
        Some(slot) if classes == ["root", "verity"] => Ok(Written { slot, bundle: bundle.into() }),
        Some(_) | None => Err(HandlerError::Slots(classes.join(" "))),
    }
}

/// Reads a manifest beside the images.
///
/// # Errors
/// [`HandlerError::Bundle`].
pub fn manifest(text: &str) -> Result<Bundle, HandlerError> {
    Ok(Bundle::of_manifest(text)?)
}

/// Targets of one installation looked at.
const MAX_TARGETS: usize = 8;

#[cfg(test)]
mod tests {
    use super::{Call, CallError, Written, primary, state, written};
    use crate::entry::Entry;
    use idl::host::Slot;

    fn call(words: &str) -> Result<Call, CallError> {
        Call::parse(&words.split(' ').map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn every_call_of_raucs_is_understood_and_no_other() {
        assert_eq!(call("get-primary"), Ok(Call::GetPrimary));
        assert_eq!(call("set-primary B"), Ok(Call::SetPrimary(Slot::B)));
        assert_eq!(call("get-state A"), Ok(Call::GetState(Slot::A)));
        assert_eq!(call("set-state A bad"), Ok(Call::SetState(Slot::A, false)));
        assert_eq!(call("set-state B good"), Ok(Call::SetState(Slot::B, true)));
        assert_eq!(call("get-current"), Ok(Call::GetCurrent));
        assert!(
            call("set-state A maybe").is_err() && call("set-primary C").is_err() && call("boot").is_err()
        );
    }

    #[test]
    fn a_slot_is_good_while_the_loader_would_still_start_it() {
        let entries: Vec<Entry> =
            ["ringfence_2_B+0-3.efi", "ringfence_1_A.efi"].map(|name| name.parse().unwrap()).into();
        assert_eq!((state(&entries, Slot::A), state(&entries, Slot::B)), ("good", "bad"));
        assert_eq!(primary(&entries), Some("A"));
        assert_eq!(primary(&[]), None);
    }

    #[test]
    fn only_a_whole_system_counts_as_written() {
        let told = |classes: [&'static str; 2]| {
            written(move |name| {
                let value = match name {
                    "RAUC_TARGET_SLOTS" => "3 4",
                    "RAUC_SLOT_CLASS_3" => classes[0],
                    "RAUC_SLOT_CLASS_4" => classes[1],
                    "RAUC_SLOT_BOOTNAME_3" => "B",
                    "RAUC_BUNDLE_MOUNT_POINT" => "/run/rauc/bundle",
                    _ => return None,
                };
                Some(value.to_owned())
            })
        };
        let whole = Written { slot: Slot::B, bundle: "/run/rauc/bundle".into() };
        assert_eq!(told(["root", "verity"]).unwrap(), whole);
        assert!(told(["root", "data"]).is_err());
        assert!(written(|_| None).is_err());
    }
}
