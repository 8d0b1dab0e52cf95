//! Why the box started: what the life before left behind, compared with what runs now. It says nothing of whether the
//! running system is good.

use idl::host::{BootCause, Slot};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// What a life leaves behind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Life {
    /// The kernel's name for that boot.
    pub boot: String,
    /// The slot that ran.
    pub slot: Slot,
    /// Its version.
    pub version: String,
    /// It ended in order.
    pub ended: bool,
    /// The slot an installation meant to start, until a system in it was found good.
    pub expected: Option<Slot>,
    /// This life's system was told to be good.
    pub good_told: bool,
}

/// What runs now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start {
    /// The kernel's name for this boot.
    pub boot: String,
    /// The slot.
    pub slot: Slot,
    /// The version.
    pub version: String,
}

/// Why this boot began; `None`: it is the boot already known, `hostd` alone was restarted. A boot that was blamed for
/// something (a hung supervisor) did not end because somebody wanted it.
#[must_use]
pub fn boot_cause(before: Option<&Life>, now: &Start, blamed: bool) -> Option<BootCause> {
    let Some(before) = before else { return Some(BootCause::First) };
    if before.boot == now.boot {
        return None;
    }
    Some(match before.expected {
        Some(expected) if expected == now.slot && before.slot != now.slot => BootCause::Updated,
        Some(expected) if expected != now.slot => BootCause::RolledBack,
        _ if before.slot != now.slot => BootCause::RolledBack,
        _ if before.ended && !blamed => BootCause::Ordered,
        _ => BootCause::Unclean,
    })
}

impl Life {
    /// The life that begins.
    #[must_use]
    pub fn begin(before: Option<&Self>, now: Start) -> Self {
        let Start { boot, slot, version } = now;
        let same = before.is_some_and(|life| life.boot == boot);
        // A slot that was given up is expected no more.
        let expected = before.and_then(|life| life.expected).filter(|expected| *expected == slot || same);
        let good_told = before.is_some_and(|life| same && life.good_told);
        Self { boot, slot, version, ended: false, expected, good_told }
    }

    /// What was left behind; a file that cannot be read was never whole.
    ///
    /// # Errors
    /// The disk's.
    pub fn read(path: &Path) -> io::Result<Option<Self>> {
        match std::fs::read(path) {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes).ok()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Changes what is left behind, if there is anything; the order's thread and the loop both do.
    ///
    /// # Errors
    /// The disk's.
    pub fn change(path: &Path, change: impl FnOnce(&mut Self)) -> io::Result<()> {
        static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
        let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(mut life) = Self::read(path)? else { return Ok(()) };
        change(&mut life);
        life.write(path)
    }

    /// Leaves it behind; durable when this returns.
    ///
    /// # Errors
    /// The disk's.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        let new = path.with_extension("new");
        let mut file = File::create(&new)?;
        serde_json::to_writer(&mut file, self)?;
        file.flush()?;
        file.sync_all()?;
        std::fs::rename(&new, path)?;
        File::open(path.parent().unwrap_or_else(|| Path::new(".")))?.sync_all()
    }
}

#[cfg(test)]
mod tests {
    use super::{Life, Start, boot_cause};
    use idl::host::{BootCause, Slot};

    fn life(slot: Slot, ended: bool, expected: Option<Slot>) -> Life {
        Life { boot: "1".into(), slot, version: "0.1.0".into(), ended, expected, good_told: true }
    }

    fn start(slot: Slot) -> Start {
        Start { boot: "2".into(), slot, version: "0.2.0".into() }
    }

    #[test]
    fn why_the_box_started_is_told_from_what_was_left_behind() {
        use Slot::{A, B};
        for (before, now, cause) in [
            (life(A, true, None), A, BootCause::Ordered),
            (life(A, false, None), A, BootCause::Unclean),
            (life(A, true, Some(B)), B, BootCause::Updated),
            // The new system never came so far as to leave anything behind.
            (life(A, true, Some(B)), A, BootCause::RolledBack),
            // It came, and was given up.
            (life(B, true, Some(B)), A, BootCause::RolledBack),
            (life(B, false, None), A, BootCause::RolledBack),
            // Its second try.
            (life(B, true, Some(B)), B, BootCause::Ordered),
        ] {
            assert_eq!(boot_cause(Some(&before), &start(now), false), Some(cause), "{before:?} {now:?}");
        }
        assert_eq!(boot_cause(None, &start(A), false), Some(BootCause::First));
        // A hung supervisor: the box went down in order, and nobody wanted it.
        assert_eq!(boot_cause(Some(&life(A, true, None)), &start(A), true), Some(BootCause::Unclean));
        let same = Start { boot: "1".into(), ..start(A) };
        assert_eq!(boot_cause(Some(&life(A, false, None)), &same, false), None);
    }

    #[test]
    fn a_slot_that_was_given_up_is_expected_no_more() {
        let back = Life::begin(Some(&life(Slot::B, true, Some(Slot::B))), start(Slot::A));
        assert_eq!(back.expected, None);
        let on_trial = Life::begin(Some(&life(Slot::A, true, Some(Slot::B))), start(Slot::B));
        assert_eq!((on_trial.expected, on_trial.good_told), (Some(Slot::B), false));
    }

    #[test]
    fn a_life_is_read_as_it_was_left_and_a_torn_one_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("life");
        assert_eq!(Life::read(&path).unwrap(), None);
        let left = life(Slot::B, true, Some(Slot::A));
        left.write(&path).unwrap();
        assert_eq!(Life::read(&path).unwrap(), Some(left));
        std::fs::write(&path, "{\"boot\"").unwrap();
        assert_eq!(Life::read(&path).unwrap(), None);
    }
}
