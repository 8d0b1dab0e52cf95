//! The disks of this box that could take a system, as the kernel shows them. It opens none of them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disk {
    /// Its device.
    pub device: PathBuf,
    /// Its maker's name for it.
    pub model: String,
    /// What a person types to mean it: its serial, or its device where it has none.
    pub serial: String,
    /// Its size.
    pub bytes: u64,
    /// The partitions on it, each with its name and its size.
    pub partitions: Vec<(String, u64)>,
}

impl Disk {
    /// Whether a box's data lie on it.
    #[must_use]
    pub fn has_data(&self) -> bool {
        let named = |name: &str| self.partitions.iter().any(|(label, _)| label == name);
        named("root-a") && named("data")
    }
}

/// Every disk that stays in the box: none that can be pulled out, none that is made of others, none write-protected.
///
/// # Errors
/// The kernel shows no disks at all.
pub fn look(root: &Path) -> io::Result<Vec<Disk>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root.join("sys/block"))?.take(MAX_DISKS) {
        let folder = entry?.path();
        let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if let Some(disk) = disk(root, &folder, &name) {
            found.push(disk);
        }
    }
    found.sort_by(|one, other| one.device.cmp(&other.device));
    Ok(found)
}

fn disk(root: &Path, folder: &Path, name: &str) -> Option<Disk> {
    // By USB come sticks and card readers, whatever they say of themselves.
    let by_usb = folder
        .canonicalize()
        .ok()?
        .components()
        .any(|part| part.as_os_str().to_string_lossy().starts_with("usb"));
    let bytes = number(&folder.join("size"))? * SECTOR;
    let stays = number(&folder.join("removable")) == Some(0) && number(&folder.join("ro")) == Some(0);
    if by_usb || !stays || bytes == 0 || MADE_OF_OTHERS.iter().any(|kind| name.starts_with(kind)) {
        return None;
    }
    let device = Path::new("/dev").join(name);
    let first =
        |paths: &[&str]| paths.iter().map(|path| text(&folder.join(path))).find(|text| !text.is_empty());
    let serial = first(&["serial", "device/serial", "device/vpd_pg80", "device/wwid", "wwid"]);
    Some(Disk {
        model: first(&["device/model"]).unwrap_or_else(|| name.to_owned()),
        serial: serial.unwrap_or_else(|| device.display().to_string()),
        bytes,
        partitions: partitions(folder),
        device: root.join(device.strip_prefix("/").unwrap_or(&device)),
    })
}

fn partitions(folder: &Path) -> Vec<(String, u64)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let place = entry.path();
        let Some(at) = number(&place.join("partition")) else { continue };
        let told = fs::read_to_string(place.join("uevent")).unwrap_or_default();
        let label = told.lines().find_map(|line| line.strip_prefix("PARTNAME=")).unwrap_or("-");
        found.push((at, clean(label.as_bytes()), number(&place.join("size")).unwrap_or(0) * SECTOR));
    }
    found.sort();
    found.truncate(MAX_PARTITIONS);
    found.into_iter().map(|(_, label, bytes)| (label, bytes)).collect()
}

fn number(path: &Path) -> Option<u64> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

/// What a device says of itself: printable, short, and from the page of serials without its head.
fn text(path: &Path) -> String {
    let bytes = fs::read(path).unwrap_or_default();
    let head = if path.ends_with("vpd_pg80") { VPD_HEAD } else { 0 };
    clean(bytes.get(head..).unwrap_or_default())
}

fn clean(bytes: &[u8]) -> String {
    let text: String =
        bytes.iter().map(|byte| char::from(*byte)).filter(|c| c.is_ascii_graphic() || *c == ' ').collect();
    text.trim().chars().take(MAX_TEXT).collect()
}

/// Devices that are no disk of their own.
const MADE_OF_OTHERS: &[&str] = &["loop", "ram", "zram", "dm-", "md", "sr", "fd", "nbd", "mmcblk"];
const SECTOR: u64 = 512;
const VPD_HEAD: usize = 4;
const MAX_TEXT: usize = 64;
const MAX_DISKS: usize = 256;
const MAX_PARTITIONS: usize = 128;
