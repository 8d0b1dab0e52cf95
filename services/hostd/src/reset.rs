//! Factory reset by crypto-erase (RET-05): the keys of the data partition are destroyed, and the TPM gets new seeds, so that no
//! copy of the partition's old header opens either; what is left of the data nobody can read. The next start makes it anew:
//! systemd-repart does, told by the firmware variable that systemd reads for this. Root and boot partitions are not touched.
//!
//! That the TPM still owes new seeds stands in a variable of the firmware from before the keys go until it has them, with
//! the name of the seeds it had: where it refuses, or the power fails in between, the blank box says so before anybody
//! claims it ([`owed`]), until the seeds are others, whoever cleared them. It is not refused its claim: the keys on the disk
//! are gone in any case, and only who has both this box and an older copy of its disk could read what was there.

use crate::programs::{Call, Programs};
use crate::status::Place;
use idl::host::HostFault;
use rustix::fs::{IFlags, ioctl_getflags, ioctl_setflags};
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use tpm::Tpm;

/// The TPM, as far as a reset has to do with it.
pub(crate) trait Chip {
    /// What stands for its seeds; `None`: there is no TPM, or it does not say.
    fn seeds(&self) -> Option<String>;
    /// Gives it new ones, or says why not. A box without a TPM sealed nothing.
    fn clear(&self) -> Result<(), String>;
}

/// The box's own.
pub(crate) struct Own<'a>(pub(crate) &'a Place);

impl Own<'_> {
    fn connect(&self) -> Option<Result<Tpm, String>> {
        let device = self.0.at("dev/tpmrm0");
        let connect = || Tpm::connect(&format!("device:{}", device.display()));
        device.exists().then(|| connect().map_err(|error| error.to_string()))
    }
}

impl Chip for Own<'_> {
    fn seeds(&self) -> Option<String> {
        let name = self.connect()?.ok()?.storage_key_name().ok()?;
        Some(data_encoding::HEXLOWER.encode(&name))
    }

    fn clear(&self) -> Result<(), String> {
        let Some(tpm) = self.connect() else { return Ok(()) };
        tpm?.clear().map_err(|error| error.to_string())
    }
}

/// Destroys the keys. The order of the steps: a cut between them is a reset at the next start all the same.
///
/// # Errors
/// [`HostFault::System`]: the header holds the keys it held, and the reset is taken back; where that is not so, it says that
/// the next start ends what was begun.
pub(crate) fn erase(place: &Place, programs: &dyn Programs, chip: &dyn Chip) -> Result<(), HostFault> {
    let variable = |name, value: &str| {
        let told = tell(&variable(place, name), value);
        told.map_err(|error| HostFault::System(format!("the firmware keeps no variable: {error}")))
    };
    let seeds = chip.seeds().unwrap_or_else(|| UNKNOWN.to_owned());
    variable(OWED, &format!("{seeds} {CUT}"))?;
    variable(RESET, "yes")?;
    let data = place.at("dev/disk/by-partlabel/data");
    let held = keyslots(&data, programs);
    let call = Call::new("cryptsetup", &["erase", "--batch-mode", &data.to_string_lossy()]);
    let complaint = match programs.run(&call, &mut |_| {}) {
        Ok(done) if done.ok => None,
        Ok(done) => Some(done.complaint.trim().to_owned()),
        Err(error) => Some(error.to_string()),
    };
    if let Some(complaint) = complaint {
        let why = match keyslots(&data, programs) {
            left if left == held && held.is_some() => take_back(place, complaint),
            _ => format!("{complaint} {ENDED_LATER}"),
        };
        return Err(HostFault::System(why));
    }
    note(place, &seeds, chip.clear());
    Ok(())
}

/// The numbers of the keys in the header; `None`: nobody can say.
fn keyslots(data: &Path, programs: &dyn Programs) -> Option<BTreeSet<String>> {
    #[derive(Deserialize)]
    struct Header {
        keyslots: BTreeMap<String, IgnoredAny>,
    }
    let call = Call::new("cryptsetup", &["luksDump", "--dump-json-metadata", &data.to_string_lossy()]);
    let done = programs.run(&call, &mut |_| {}).ok().filter(|done| done.ok)?;
    let header: Header = serde_json::from_str(&done.output).ok()?;
    Some(header.keyslots.into_keys().collect())
}

/// Nothing was destroyed: the next start is none that resets. Why it was not, and whether even this failed.
fn take_back(place: &Place, complaint: String) -> String {
    match forget(&variable(place, RESET)) {
        Ok(()) => {
            if let Err(error) = forget(&variable(place, OWED)) {
                log::warn!("the note about the TPM's seeds stays: {error}");
            }
            complaint
        }
        Err(error) => format!("{complaint} {ENDED_LATER} ({error})"),
    }
}

/// The keys are gone already: a TPM that refuses ends no reset, and a note that cannot be written leaves the one before.
fn note(place: &Place, seeds: &str, cleared: Result<(), String>) {
    let path = variable(place, OWED);
    let noted = match cleared {
        Ok(()) => {
            log::warn!("the TPM has new seeds: nothing sealed before opens any more");
            forget(&path)
        }
        Err(why) => {
            log::error!("the TPM was not cleared: {why}");
            tell(&path, &format!("{seeds} {}", why.chars().take(MAX_WHY).collect::<String>()))
        }
    };
    if let Err(error) = noted {
        log::error!("whether the TPM was cleared cannot be noted: {error}");
    }
}

/// Why the TPM has the seeds that it had before the last reset; `None`: it has others, or there was no reset.
pub(crate) fn owed(place: &Place, chip: &dyn Chip) -> Option<String> {
    let path = variable(place, OWED);
    let bytes = std::fs::read(&path).ok()?;
    let (pairs, _) = bytes.get(ATTRIBUTES.len()..)?.as_chunks::<2>();
    let units = pairs.iter().map(|pair| u16::from_le_bytes(*pair)).take_while(|unit| *unit != 0);
    let text =
        char::decode_utf16(units).take(MAX_TEXT).map(|read| read.unwrap_or(char::REPLACEMENT_CHARACTER));
    let text: String = text.collect();
    let (seeds, why) = text.split_once(' ').unwrap_or((UNKNOWN, &text));
    if seeds != UNKNOWN && chip.seeds().is_some_and(|now| now != seeds) {
        // Somebody cleared it since: in the firmware's setup.
        if let Err(error) = forget(&path) {
            log::warn!("the note about the TPM's seeds stays: {error}");
        }
        return None;
    }
    Some(why.to_owned())
}

fn variable(place: &Place, name: &str) -> PathBuf {
    place.at("sys/firmware/efi/efivars").join(name)
}

/// Attributes (kept, at boot and run time), then UTF-16: one write, as efivarfs asks for.
fn tell(path: &Path, value: &str) -> io::Result<()> {
    forget(path)?;
    let mut bytes = ATTRIBUTES.to_vec();
    bytes.extend(value.encode_utf16().chain([0]).flat_map(u16::to_le_bytes));
    std::fs::write(path, bytes)
}

/// The kernel marks variables that it does not know, so that nobody deletes by mistake what a firmware cannot start without.
fn forget(path: &Path) -> io::Result<()> {
    match File::open(path) {
        Ok(file) => {
            // Only efivarfs has the mark; whether it went the removal tells.
            if let Ok(flags) = ioctl_getflags(&file)
                && flags.contains(IFlags::IMMUTABLE)
            {
                ioctl_setflags(&file, flags - IFlags::IMMUTABLE)?;
            }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    }
    std::fs::remove_file(path)
}

/// `FactoryReset` of systemd's vendor.
const RESET: &str = "FactoryReset-8cf2644b-4b0b-428f-9387-6d876050dc67";
/// Ours.
const OWED: &str = "RingfenceTpmOwed-5b1f5f0e-6c0a-4a53-9b7e-2f1d3a8c9e41";
const ATTRIBUTES: [u8; 4] = [7, 0, 0, 0];
/// What is added to why the keys were not destroyed where they may be in part.
const ENDED_LATER: &str = "- the next start ends the reset that was begun";
/// What stands there until the TPM was asked.
const CUT: &str = "the reset was cut off";
/// Where the TPM did not say which seeds it had.
const UNKNOWN: &str = "-";
/// Characters of a reason, and of all that stands in our variable.
const MAX_WHY: usize = 120;
const MAX_TEXT: usize = 256;

#[cfg(test)]
mod tests {
    use super::{CUT, Chip, ENDED_LATER, OWED, RESET, erase, owed, variable};
    use crate::programs::{Call, Done, Programs};
    use crate::status::Place;
    use idl::host::HostFault;
    use std::cell::RefCell;
    use std::sync::atomic::AtomicBool;
    use std::sync::atomic::Ordering::Relaxed;

    /// Whether it destroys the keys, and how many it leaves where it complains; `None`: it tells nothing of them then.
    struct Cryptsetup {
        ok: bool,
        leaves: Option<usize>,
        asked: AtomicBool,
    }

    fn cryptsetup(ok: bool, leaves: Option<usize>) -> Cryptsetup {
        Cryptsetup { ok, leaves, asked: AtomicBool::new(false) }
    }

    impl Programs for Cryptsetup {
        fn run(&self, call: &Call, _line: &mut dyn FnMut(&str)) -> std::io::Result<Done> {
            let complaint = "no such device".to_owned();
            if call.arguments[0] == "luksDump" {
                let held = if self.asked.load(Relaxed) { self.leaves } else { Some(2) };
                let Some(held) = held else { return Ok(Done { complaint, ..Done::default() }) };
                let slots: Vec<String> =
                    (0..held).map(|at| format!("\"{at}\":{{\"type\":\"luks2\"}}")).collect();
                let output = format!("{{\"keyslots\":{{{}}},\"tokens\":{{}}}}", slots.join(","));
                return Ok(Done { ok: true, output, ..Done::default() });
            }
            assert_eq!(call.arguments[..2], ["erase", "--batch-mode"]);
            self.asked.store(true, Relaxed);
            Ok(Done { ok: self.ok, complaint, ..Done::default() })
        }
    }

    /// A TPM with a lock, and what a box would say that starts at the moment in which it is asked to clear.
    struct Locked<'a> {
        place: &'a Place,
        seeds: RefCell<&'static str>,
        locked: bool,
        meanwhile: RefCell<Option<String>>,
    }

    impl Chip for Locked<'_> {
        fn seeds(&self) -> Option<String> {
            Some((*self.seeds.borrow()).to_owned())
        }

        fn clear(&self) -> Result<(), String> {
            *self.meanwhile.borrow_mut() = owed(self.place, self);
            if self.locked {
                return Err("clear the TPM: 0x921 锁定".to_owned());
            }
            *self.seeds.borrow_mut() = "new";
            Ok(())
        }
    }

    fn place(folder: &std::path::Path) -> Place {
        std::fs::create_dir_all(folder.join("sys/firmware/efi/efivars")).unwrap();
        let at = |name: &str| folder.join(name);
        let (bundles, diagnostics) = (at("bundles"), at("diagnostics"));
        Place { root: folder.to_owned(), esp: at("efi"), state: at("state"), bundles, diagnostics }
    }

    fn chip(place: &Place, locked: bool) -> Locked<'_> {
        Locked { place, seeds: RefCell::new("old"), locked, meanwhile: RefCell::default() }
    }

    #[test]
    fn ret_05_a_tpm_that_was_not_cleared_is_told_until_it_has_other_seeds() {
        let folder = tempfile::tempdir().unwrap();
        let place = place(folder.path());
        let good = chip(&place, false);
        assert_eq!(owed(&place, &good), None);
        erase(&place, &cryptsetup(true, Some(0)), &good).unwrap();
        assert_eq!(good.meanwhile.borrow().as_deref(), Some(CUT), "a cut of power before it was asked");
        assert_eq!(owed(&place, &good), None);
        assert!(variable(&place, RESET).exists() && !variable(&place, OWED).exists());
        let bad = chip(&place, true);
        erase(&place, &cryptsetup(true, Some(0)), &bad).unwrap();
        for _start in 0..2 {
            assert_eq!(owed(&place, &bad).as_deref(), Some("clear the TPM: 0x921 锁定"));
        }
        // In the firmware's setup.
        *bad.seeds.borrow_mut() = "others";
        assert_eq!(owed(&place, &bad), None);
        assert!(!variable(&place, OWED).exists());
    }

    #[test]
    fn what_nobody_of_us_wrote_into_the_variable_is_read_all_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let place = place(folder.path());
        for (bytes, told) in [
            (&[7, 0, 0, 0, 0, 0xd8, b'a', 0, 9][..], Some("\u{fffd}a")),
            (&[7, 0, 0, 0], Some("")),
            (&[7], None),
        ] {
            std::fs::write(variable(&place, OWED), bytes).unwrap();
            assert_eq!(owed(&place, &chip(&place, true)).as_deref(), told, "{bytes:?}");
        }
    }

    #[test]
    fn ret_05_where_the_keys_were_not_destroyed_the_tpm_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let place = place(folder.path());
        let chip = chip(&place, false);
        assert!(erase(&place, &cryptsetup(false, Some(2)), &chip).is_err());
        assert_eq!(chip.seeds().as_deref(), Some("old"));
    }

    #[test]
    fn ret_05_a_reset_that_destroyed_nothing_is_taken_back_and_one_in_part_says_that_it_ends_later() {
        for (leaves, ends) in [(Some(2), false), (Some(1), true), (Some(0), true), (None, true)] {
            let folder = tempfile::tempdir().unwrap();
            let place = place(folder.path());
            let failed = erase(&place, &cryptsetup(false, leaves), &chip(&place, false));
            let Err(HostFault::System(why)) = failed else { panic!("{leaves:?} {failed:?}") };
            assert!(why.starts_with("no such device"), "{why}");
            assert_eq!(why.ends_with(ENDED_LATER), ends, "{leaves:?} {why}");
            assert_eq!(variable(&place, RESET).exists(), ends, "{leaves:?}");
            assert_eq!(variable(&place, OWED).exists(), ends, "{leaves:?}");
        }
    }
}
