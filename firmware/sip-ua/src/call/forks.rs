//! The dialogs one INVITE may create, by remote tag (RFC 3261 12.1, 13.2.2.4).
//!
//! Deliberately not here: which of them the call keeps talking to; see [`super::invite`].

use crate::dialog::Dialog;
use std::collections::BTreeMap;

/// The forks of a call.
#[derive(Debug, Default)]
pub(super) struct Forks {
    by_tag: BTreeMap<String, Fork>,
    chosen: Option<String>,
}

/// One fork: a dialog with what it has said so far.
#[derive(Debug)]
pub(super) struct Fork {
    pub dialog: Dialog,
    /// Counted from 0, for the owner of the call.
    pub number: u32,
    /// The last RSeq that was acknowledged (RFC 3262 4).
    pub rseq: Option<u32>,
    /// The answer that came in a reliable provisional response.
    pub answer: Option<Vec<u8>>,
    /// The peer's Allow names UPDATE.
    pub allows_update: bool,
}

impl Forks {
    pub(super) fn get_mut(&mut self, tag: &str) -> Option<&mut Fork> {
        self.by_tag.get_mut(tag)
    }

    pub(super) fn contains(&self, tag: &str) -> bool {
        self.by_tag.contains_key(tag)
    }

    /// Adds a fork; `None` when there are too many.
    pub(super) fn add(&mut self, dialog: Dialog) -> Option<&mut Fork> {
        if self.by_tag.len() >= MAX_FORKS {
            return None;
        }
        let number = u32::try_from(self.by_tag.len()).unwrap_or(u32::MAX);
        let tag = dialog.remote_tag.clone();
        let fork = Fork { dialog, number, rseq: None, answer: None, allows_update: false };
        Some(self.by_tag.entry(tag).or_insert(fork))
    }

    /// Makes a fork the one that was answered.
    pub(super) fn choose(&mut self, tag: &str) {
        self.chosen = Some(tag.to_owned());
    }

    pub(super) fn is_chosen(&self, tag: &str) -> bool {
        self.chosen.as_deref() == Some(tag)
    }

    /// The fork the call talks to.
    pub(super) fn chosen(&mut self) -> Option<&mut Fork> {
        self.by_tag.get_mut(self.chosen.as_deref()?)
    }

    pub(super) fn chosen_tag(&self) -> Option<&str> {
        self.chosen.as_deref()
    }

    /// All early dialogs are void: the INVITE starts over.
    pub(super) fn clear(&mut self) {
        self.by_tag.clear();
        self.chosen = None;
    }
}

/// Early dialogs of one INVITE; responses of further forks count but make no dialog.
pub(super) const MAX_FORKS: usize = 16;
