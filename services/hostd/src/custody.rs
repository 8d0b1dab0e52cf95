//! The tokens in the header of the data partition by which custodians open it. What is written is sealed: this process
//! learns no key. cryptsetup writes a header whole or not at all.

use crate::programs::{Call, Programs};
use crate::status::Place;
use custodians::{DiskCopy, DiskHeader, MAX_DISK_COPY_BYTES, SetId};
use idl::host::{CustodyCopy, HostFault};
use std::path::Path;

/// Makes the header hold these copies and no others, nor damaged ones; `owed`: shares are still to be asked for at the next start. A new
/// copy is there before an old one goes. The sets that are in the header then.
///
/// # Errors
/// [`HostFault`].
pub fn keep(
    copies: &[CustodyCopy],
    owed: bool,
    place: &Place,
    programs: &dyn Programs,
) -> Result<Vec<[u8; 4]>, HostFault> {
    let wanted: Vec<DiskCopy> = copies
        .iter()
        .filter(|copy| copy.sealed.len() <= MAX_DISK_COPY_BYTES)
        .map(|copy| DiskCopy { set: SetId(copy.set), sealed: copy.sealed.clone() })
        .collect();
    let found = header(place, programs)?;
    for copy in wanted.iter().filter(|copy| found.copies.iter().all(|(_, known)| known != *copy)) {
        let slot = found.keyslot.ok_or_else(|| system("the data partition has no recovery key yet"))?;
        import(&copy.token(slot), place, programs)?;
    }
    let dead = found.copies.iter().filter(|(_, known)| !wanted.contains(known)).map(|(token, _)| *token);
    let settled = found.owed.filter(|_| !owed);
    // What cannot be read opens nothing for anybody.
    for token in &found.damaged {
        log::warn!("token {token} of the disk's header, a custodians' copy, is damaged and goes");
    }
    for token in dead.chain(settled).chain(found.damaged.iter().copied()) {
        let device = device(place);
        run(programs, &["token", "remove", "--token-id", &token.to_string(), &device])?;
    }
    let now = header(place, programs)?;
    Ok(now.copies.iter().map(|(_, copy)| copy.set.0).collect())
}

fn import(token: &str, place: &Place, programs: &dyn Programs) -> Result<(), HostFault> {
    let file = place.state.join(TOKEN);
    std::fs::write(&file, token).map_err(|error| system(&error.to_string()))?;
    let done = run(programs, &["token", "import", "--json-file", &file.to_string_lossy(), &device(place)]);
    let gone = std::fs::remove_file(&file).map_err(|error| system(&error.to_string()));
    done.and(gone)
}

fn header(place: &Place, programs: &dyn Programs) -> Result<DiskHeader, HostFault> {
    let call = Call::new("cryptsetup", &["luksDump", "--dump-json-metadata", &device(place)]);
    let done = programs.run(&call, &mut |_| {}).map_err(|error| system(&error.to_string()))?;
    if !done.ok {
        return Err(system(done.complaint.trim()));
    }
    DiskHeader::parse(done.output.as_bytes()).map_err(|error| system(&error.to_string()))
}

fn run(programs: &dyn Programs, words: &[&str]) -> Result<(), HostFault> {
    let done = programs
        .run(&Call::new("cryptsetup", words), &mut |_| {})
        .map_err(|error| system(&error.to_string()))?;
    if done.ok { Ok(()) } else { Err(system(done.complaint.trim())) }
}

fn device(place: &Place) -> String {
    let path: &Path = &place.at("dev/disk/by-partlabel/data");
    path.to_string_lossy().into_owned()
}

fn system(why: &str) -> HostFault {
    HostFault::System(why.to_owned())
}

const TOKEN: &str = "custody-token";
