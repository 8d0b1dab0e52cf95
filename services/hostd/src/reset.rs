//! Factory reset by crypto-erase (RET-05): the keys of the data partition are destroyed, and the TPM gets new seeds, so that no
//! copy of the partition's old header opens either; what is left of the data nobody can read. The next start makes it anew:
//! systemd-repart does, told by the firmware variable that systemd reads for this. Root and boot partitions are not touched.

use crate::programs::{Call, Programs};
use crate::status::Place;
use idl::host::HostFault;
use std::io;
use tpm::Tpm;

/// Destroys the keys. The order of the steps: a cut between them is a reset at the next start all the same.
///
/// # Errors
/// [`HostFault::System`]: then nothing was destroyed, or all of it.
pub fn erase(place: &Place, programs: &dyn Programs) -> Result<(), HostFault> {
    tell_repart(place)
        .map_err(|error| HostFault::System(format!("the firmware keeps no variable: {error}")))?;
    let data = place.at("dev/disk/by-partlabel/data");
    let call = Call::new("cryptsetup", &["erase", "--batch-mode", &data.to_string_lossy()]);
    let done = programs.run(&call, &mut |_| {}).map_err(|error| HostFault::System(error.to_string()))?;
    if !done.ok {
        return Err(HostFault::System(done.complaint.trim().to_owned()));
    }
    clear_tpm(place);
    Ok(())
}

/// Makes every sealed copy of the keys worthless. The keys themselves are gone already: a TPM that refuses ends no reset.
fn clear_tpm(place: &Place) {
    let device = place.at("dev/tpmrm0");
    if !device.exists() {
        return;
    }
    let cleared = Tpm::connect(&format!("device:{}", device.display())).and_then(Tpm::clear);
    match cleared {
        Ok(()) => log::warn!("the TPM has new seeds: nothing sealed before opens any more"),
        Err(error) => log::error!("the TPM was not cleared: {error}"),
    }
}

/// `FactoryReset=yes` of systemd's vendor: four bytes of attributes (kept, at boot and run time), then UTF-16.
fn tell_repart(place: &Place) -> io::Result<()> {
    let mut value = vec![7, 0, 0, 0];
    value.extend("yes\0".encode_utf16().flat_map(u16::to_le_bytes));
    std::fs::write(place.at("sys/firmware/efi/efivars").join(VARIABLE), value)
}

const VARIABLE: &str = "FactoryReset-8cf2644b-4b0b-428f-9387-6d876050dc67";
