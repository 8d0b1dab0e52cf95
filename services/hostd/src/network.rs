//! The site's network put into effect: the files that `netconf` renders written below `/run`, the rules loaded in one
//! step, systemd told to read again. Rules come first: nothing is reachable that the new rules do not name.
//!
//! It decides nothing about addresses or rules, and goes on over a step that fails, so that a box is never left half set
//! without saying so.

use crate::programs::{Call, Programs};
use crate::status::Place;
use idl::network::NetworkConfig;
use netconf::{
    FILE_IPSEC_CERTIFICATE, FILE_IPSEC_KEY, FILE_WIREGUARD_KEY, Ports, Rendered, RenderedFile, Surroundings,
    render,
};
use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};

/// Applies a configuration; what failed, a line each.
#[must_use]
pub fn apply(config: &NetworkConfig, place: &Place, programs: &dyn Programs, today: u32) -> Vec<String> {
    let around = Surroundings::of_box(Ports::known(ports(place)), today);
    let rendered = match render(config, &around) {
        Ok(rendered) => rendered,
        Err(faults) => return faults.iter().map(|fault| format!("{fault:?}")).collect(),
    };
    let mut faults = Vec::new();
    let mut note = |what: &str, result: io::Result<()>| {
        if let Err(error) = result {
            faults.push(format!("{what}: {error}"));
        }
    };
    note("firewall", load_rules(&rendered, place, programs));
    for file in &rendered.files {
        note(&file.path, write(place, file));
    }
    note("earlier files", remove_earlier(place, &rendered));
    if let Some(host) = &rendered.host {
        note("host name", must(programs, &Call::new("hostnamectl", &["set-hostname", "--transient", host])));
    }
    note("addresses", must(programs, &Call::new("networkctl", &["reload"])));
    let again = ["try-reload-or-restart", "systemd-resolved.service", "systemd-timesyncd.service"];
    note("name and time servers", must(programs, &Call::new("systemctl", &again)));
    if rendered.files.iter().any(|file| file.path.starts_with("/run/swanctl/x509ca/")) {
        note("tunnels", must(programs, &Call::new("swanctl", &["--load-all", "--noprompt"])));
    }
    faults
}

/// The box's network ports: interfaces with a device behind them, in the order of their names.
fn ports(place: &Place) -> Vec<String> {
    let Ok(all) = std::fs::read_dir(place.at("sys/class/net")) else { return Vec::new() };
    let real = all.flatten().filter(|found| found.path().join("device").exists());
    let names: BTreeSet<(usize, String)> = real
        .filter_map(|found| found.file_name().into_string().ok())
        .map(|name| (name.len(), name))
        .collect();
    names.into_iter().map(|(_, name)| name).take(MAX_PORTS).collect()
}

fn load_rules(rendered: &Rendered, place: &Place, programs: &dyn Programs) -> io::Result<()> {
    let path = place.at("run/ringfence/network/rules.nft");
    put(&path, 0o600, None, rendered.nftables.as_bytes())?;
    must(programs, &Call::new("nft", &["-f", &path.to_string_lossy()]))
}

fn must(programs: &dyn Programs, call: &Call) -> io::Result<()> {
    let done = programs.run(call, &mut |_| {})?;
    if done.ok { Ok(()) } else { Err(io::Error::other(done.complaint.trim().to_owned())) }
}

fn write(place: &Place, file: &RenderedFile) -> io::Result<()> {
    let group = match file.group {
        Some(name) => Some(group_id(name)?),
        None => None,
    };
    put(&path_of(place, &file.path), file.mode, group, file.content.expose().as_bytes())
}

fn group_id(name: &str) -> io::Result<u32> {
    let found = nix::unistd::Group::from_name(name)?;
    found.map(|group| group.gid.as_raw()).ok_or_else(|| io::Error::other(format!("there is no group {name}")))
}

/// A reader sees the old file or the new one, never half of one, and never one that others may read before its mode.
fn put(path: &Path, mode: u32, group: Option<u32>, content: &[u8]) -> io::Result<()> {
    let folder = path.parent().ok_or_else(|| io::Error::other("no folder"))?;
    std::fs::create_dir_all(folder)?;
    let new = folder.join(NEW);
    match std::fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
    file.write_all(content)?;
    if group.is_some() {
        fchown(&file, None, group)?;
    }
    set_mode(&file, mode)?;
    std::fs::rename(&new, path)
}

fn set_mode(file: &File, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(std::fs::Permissions::from_mode(mode))
}

/// What lies beside the files and is not among them is of an earlier configuration. The box's own keys stay.
fn remove_earlier(place: &Place, rendered: &Rendered) -> io::Result<()> {
    let own = [FILE_WIREGUARD_KEY, FILE_IPSEC_CERTIFICATE, FILE_IPSEC_KEY];
    let kept: BTreeSet<PathBuf> = rendered
        .files
        .iter()
        .map(|file| file.path.as_str())
        .chain(own)
        .map(|path| path_of(place, path))
        .collect();
    for folder in FOLDERS {
        let Ok(all) = std::fs::read_dir(place.at(folder)) else { continue };
        for found in all {
            let found = found?;
            if found.file_type()?.is_file() && !kept.contains(&found.path()) {
                std::fs::remove_file(found.path())?;
            }
        }
    }
    Ok(())
}

fn path_of(place: &Place, path: &str) -> PathBuf {
    place.at(path.trim_start_matches('/'))
}

/// Folders that hold nothing but what is rendered.
const FOLDERS: [&str; 2] = ["run/systemd/network", "run/swanctl/x509ca"];
const NEW: &str = ".ringfence-new";
const MAX_PORTS: usize = 16;
