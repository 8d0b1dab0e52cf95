//! What an order does. Each runs by itself on a thread of its own; one at a time.

use crate::diagnostics::collect;
use crate::life::Life;
use crate::programs::{Call, Programs};
use crate::reset::{Own, erase};
use crate::status::{Place, Release, release};
use idl::host::{HostFact, HostFault, HostOrder, Slot};
use slots::epoch::{Both, EpochStore, FileEpoch};
use slots::{Bundle, first, ordered};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// What follows when the order's end was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Then {
    /// Nothing.
    Nothing,
    /// A fact is kept.
    Tell(HostFact),
    /// The box starts again.
    Restart,
    /// The box powers off.
    PowerOff,
}

/// Carries an order out.
///
/// # Errors
/// [`HostFault`].
pub fn carry_out(
    order: &HostOrder,
    place: &Place,
    counted: Counted,
    programs: &dyn Programs,
    at_s: u64,
    progress: &mut dyn FnMut(u8),
) -> Result<Then, HostFault> {
    match order {
        HostOrder::Install { bundle, downgrade } => {
            install(bundle, *downgrade, place, counted, programs, progress)?;
            Ok(Then::Nothing)
        }
        HostOrder::Restart => Ok(Then::Restart),
        HostOrder::PowerOff => Ok(Then::PowerOff),
        HostOrder::FactoryReset => {
            erase(place, programs, &Own(place))?;
            Ok(Then::Restart)
        }
        HostOrder::Diagnostics => {
            let (bundle, bytes) = collect(place, programs, at_s, progress)?;
            Ok(Then::Tell(HostFact::Diagnostics { bundle, bytes }))
        }
    }
}

fn install(
    hash: &[u8; 32],
    downgrade: bool,
    place: &Place,
    counted: Counted,
    programs: &dyn Programs,
    progress: &mut dyn FnMut(u8),
) -> Result<(), HostFault> {
    let path = place.bundles.join(format!("{}.raucb", data_encoding::HEXLOWER.encode(hash)));
    match hash_of(&path) {
        Ok(found) if found == *hash => {}
        Ok(_) => return Err(HostFault::BadSignature),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(HostFault::NoBundle),
        Err(error) => return Err(system("the bundle cannot be read", error)),
    }
    let (running, _) = place.running().map_err(|error| system("the running slot is unknown", error))?;
    let entries = place.entries().map_err(|error| system("the boot partition cannot be read", error))?;
    if !slots::plan::is_good(&entries, running) {
        return Err(HostFault::NotYetGood);
    }
    let own = release(place).map_err(|error| system("the running system does not say what it is", error))?;
    let bundle = inspect(&path, programs)?;
    may_install(&bundle, &own, downgrade, &Both(epoch(place), counted))?;
    let ordered = place.state.join(ORDERED);
    ordered::allow(&ordered, &bundle.root)
        .map_err(|error| system("what is ordered cannot be kept", error))?;
    let installed = expect(place, Some(running.other()))
        .and_then(|()| run_rauc(&path, programs, progress))
        .and_then(|()| starts_next(place, running.other()));
    ordered::forget(&ordered).map_err(|error| system("what was ordered cannot be taken back", error))?;
    if installed.is_err() {
        expect(place, None)?;
    }
    installed
}

/// What RAUC reports of a bundle whose signature it has checked.
fn inspect(path: &Path, programs: &dyn Programs) -> Result<Bundle, HostFault> {
    let call = Call::new("rauc", &["info", "--output-format=shell", &path.to_string_lossy()]);
    let done = programs.run(&call, &mut |_| {}).map_err(|error| system("rauc", error))?;
    if !done.ok {
        // The key that it is encrypted with is sealed to recipients, before anything is known of its signature.
        let unread = done.complaint.contains(NOT_DECRYPTED) || done.output.contains(NOT_DECRYPTED);
        return Err(if unread { HostFault::OtherBox } else { HostFault::BadSignature });
    }
    Bundle::of_info(&done.output).map_err(|error| HostFault::System(error.to_string()))
}

fn may_install(
    bundle: &Bundle,
    own: &Release,
    downgrade: bool,
    epochs: &dyn EpochStore,
) -> Result<(), HostFault> {
    if bundle.compatible != own.compatible {
        return Err(HostFault::OtherHardware);
    }
    let least = epochs.least().map_err(|error| system("the lowest epoch is unknown", error))?;
    if bundle.epoch < least {
        return Err(HostFault::TooOld { epoch: bundle.epoch, least });
    }
    let older = own.version.parse::<slots::Version>().is_ok_and(|running| bundle.version < running);
    if older && !downgrade {
        let (new, old) = (&bundle.version, &own.version);
        return Err(HostFault::System(format!(
            "{new} is older than {old}, which runs: two persons must want it"
        )));
    }
    Ok(())
}

fn run_rauc(path: &Path, programs: &dyn Programs, progress: &mut dyn FnMut(u8)) -> Result<(), HostFault> {
    let call = Call::new("rauc", &["install", &path.to_string_lossy()]).within(INSTALL_LIMIT_S);
    let mut last_error = None;
    let mut heard = |line: &str| {
        if let Some(percent) = percent(line) {
            progress(percent);
        }
        if let Some(error) = line.strip_prefix("LastError: ") {
            last_error = Some(error.to_owned());
        }
    };
    let done = programs.run(&call, &mut heard).map_err(|error| system("rauc", error))?;
    if done.ok {
        return Ok(());
    }
    let said = last_error.unwrap_or(done.complaint);
    // RAUC checks the signature first, and the content block by block while it reads: dm-verity gives no changed block.
    let unread = said.contains("Input/output error") || said.contains("I/O error");
    let hint = if unread { "; the update was changed after it was signed, or the disk fails" } else { "" };
    Err(HostFault::System(format!("{said}{hint}")))
}

/// RAUC says that it is done; the boot partition must say so too.
fn starts_next(place: &Place, slot: Slot) -> Result<(), HostFault> {
    let entries = place.entries().map_err(|error| system("the boot partition cannot be read", error))?;
    if first(&entries).is_some_and(|entry| entry.slot == slot) {
        return Ok(());
    }
    Err(HostFault::System("it was written, but the loader would not start it".to_owned()))
}

/// The slot that an installation means to start is left behind: a start from the other one is a fall back then.
fn expect(place: &Place, slot: Option<Slot>) -> Result<(), HostFault> {
    let path = place.state.join(LIFE);
    let written = Life::change(&path, |life| life.expected = slot);
    written.map_err(|error| system("what is expected cannot be kept", error))
}

/// The least security epoch as the TPM counts it: `vaultd`, which owns the TPM, tells it and raises it. `None`: it has not
/// told yet, and nothing is installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counted(pub Option<u32>);

impl EpochStore for Counted {
    fn least(&self) -> std::io::Result<u32> {
        self.0.ok_or_else(|| std::io::Error::other("the TPM has not told its count yet"))
    }

    /// Not here: a system that was found good is told to `vaultd`, which raises the count.
    fn raise(&mut self, _to: u32) -> std::io::Result<()> {
        Ok(())
    }
}

/// The lowest epoch, kept beside the facts: the second witness beside the TPM's count.
#[must_use]
pub fn epoch(place: &Place) -> FileEpoch {
    FileEpoch(place.state.join("epoch"))
}

fn hash_of(path: &Path) -> std::io::Result<[u8; 32]> {
    let mut file = File::open(path)?;
    let mut context = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
    let mut buffer = vec![0; READ_BYTES];
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        context.update(&buffer[..read]);
    }
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    Ok(hash)
}

/// ` 40% Verifying signature done.`
fn percent(line: &str) -> Option<u8> {
    let (number, _) = line.trim_start().split_once('%')?;
    number.parse().ok().filter(|percent| *percent <= 100)
}

fn system(what: &str, error: impl std::fmt::Display) -> HostFault {
    HostFault::System(format!("{what}: {error}"))
}

/// The file in which a life is left behind.
pub const LIFE: &str = "life.json";
/// What RAUC's handler makes startable.
const ORDERED: &str = "ordered";
/// What RAUC says of a bundle that is encrypted to others (`check_bundle` of its 1.8 to 1.15).
const NOT_DECRYPTED: &str = "Failed to decrypt bundle";
/// An installation takes no longer.
const INSTALL_LIMIT_S: u64 = 1_800;
const READ_BYTES: usize = 256 * 1024;
