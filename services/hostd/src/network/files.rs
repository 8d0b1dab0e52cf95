//! Files below `/run` for the site's network: written whole or not at all, and only where they differ. It knows no format.

use crate::programs::{Call, Programs};
use crate::status::Place;
use netconf::{FILE_WIREGUARD_KEY, RenderedFile};
use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};

/// The box's network ports: interfaces with a device behind them, in the order of their names.
pub(super) fn ports(place: &Place) -> Vec<String> {
    let Ok(all) = std::fs::read_dir(place.at("sys/class/net")) else { return Vec::new() };
    let real = all.flatten().filter(|found| found.path().join("device").exists());
    let names: BTreeSet<(usize, String)> = real
        .filter_map(|found| found.file_name().into_string().ok())
        .map(|name| (name.len(), name))
        .collect();
    names.into_iter().map(|(_, name)| name).take(MAX_PORTS).collect()
}

/// Runs a program that must say that it did what it was asked.
pub(super) fn must(programs: &dyn Programs, call: &Call) -> io::Result<()> {
    let done = programs.run(call, &mut |_| {})?;
    if done.ok { Ok(()) } else { Err(io::Error::other(done.complaint.trim().to_owned())) }
}

/// What was written, or taken away.
#[derive(Debug, Default)]
pub(super) struct Changes {
    paths: Vec<String>,
    /// Device files among them that were there before.
    devices: Vec<String>,
    key: bool,
}

impl Changes {
    /// Whether there are any.
    pub(super) fn any(&self) -> bool {
        !self.paths.is_empty()
    }

    /// Whether there are any below a folder.
    pub(super) fn below(&self, folder: &str) -> bool {
        self.paths.iter().any(|path| path.starts_with(folder))
            || (self.key && folder == "/run/systemd/network/")
    }

    /// Devices that are no more as they are written: VLANs, and tunnels whose peer or key is another.
    pub(super) fn devices(&self) -> Vec<String> {
        let name = |path: &String| {
            let name = path.rsplit('/').next()?.strip_prefix("10-")?.strip_suffix(".netdev")?;
            Some(name.to_owned())
        };
        self.devices.iter().filter_map(name).collect()
    }

    /// Writes a file if it differs from the one there.
    pub(super) fn write(&mut self, place: &Place, file: &RenderedFile) -> io::Result<()> {
        let path = path_of(place, &file.path);
        let content = file.content.expose().as_bytes();
        let before = std::fs::read(&path).ok();
        if before.as_deref() == Some(content) {
            // A key that is another makes every tunnel a new one.
            if self.key && file.path.ends_with(".netdev") && file.path.contains("/10-wg-") {
                self.devices.push(file.path.clone());
            }
            return Ok(());
        }
        let group = match file.group {
            Some(name) => Some(group_id(place, name)?),
            None => None,
        };
        put(&path, file.mode, group, content)?;
        self.key |= file.path == FILE_WIREGUARD_KEY;
        if before.is_some() && file.path.ends_with(".netdev") {
            self.devices.push(file.path.clone());
        }
        self.paths.push(file.path.clone());
        Ok(())
    }

    /// What lies beside the files and is not among them is of an earlier configuration, the box's key for IPsec too;
    /// the one for WireGuard lies elsewhere.
    pub(super) fn remove_earlier(&mut self, place: &Place, files: &[&RenderedFile]) -> io::Result<()> {
        let kept: BTreeSet<PathBuf> = files.iter().map(|file| path_of(place, &file.path)).collect();
        for folder in FOLDERS {
            let Ok(all) = std::fs::read_dir(place.at(folder)) else { continue };
            for found in all {
                let found = found?;
                if !found.file_type()?.is_file() || kept.contains(&found.path()) {
                    continue;
                }
                std::fs::remove_file(found.path())?;
                let path = format!("/{folder}/{}", found.file_name().to_string_lossy());
                if path.ends_with(".netdev") {
                    self.devices.push(path.clone());
                }
                self.paths.push(path);
            }
        }
        Ok(())
    }
}

/// The number of a group; the file is what the system asks, and what a box of files has.
fn group_id(place: &Place, name: &str) -> io::Result<u32> {
    let text = std::fs::read_to_string(place.at("etc/group"))?;
    let found = text.lines().find_map(|line| {
        let mut parts = line.split(':');
        if parts.next() == Some(name) { parts.nth(1)?.parse().ok() } else { None }
    });
    found.ok_or_else(|| io::Error::other(format!("there is no group {name}")))
}

/// A reader sees the old file or the new one, never half of one, and never one that others may read before its mode.
pub(super) fn put(path: &Path, mode: u32, group: Option<u32>, content: &[u8]) -> io::Result<()> {
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

fn path_of(place: &Place, path: &str) -> PathBuf {
    place.at(path.trim_start_matches('/'))
}

/// Folders that hold nothing but what is rendered.
const FOLDERS: [&str; 5] =
    ["run/systemd/network", "run/swanctl", "run/swanctl/x509ca", "run/swanctl/x509", "run/swanctl/private"];
const NEW: &str = ".ringfence-new";
const MAX_PORTS: usize = 16;
