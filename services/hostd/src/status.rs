//! How the box stands, read where the system shows it. It changes nothing.

use idl::host::{HostStatus, Slot, SlotView};
use nix::sys::statvfs::statvfs;
use slots::esp::Esp;
use slots::parts::Machine;
use slots::{Entry, RootHash};
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// Where things lie; another root in tests.
#[derive(Debug, Clone)]
pub struct Place {
    /// `/`.
    pub root: PathBuf,
    /// The mounted boot partition.
    pub esp: PathBuf,
    /// What this process keeps.
    pub state: PathBuf,
    /// Bundles, by the SHA-256 of their bytes.
    pub bundles: PathBuf,
    /// Diagnostics bundles, likewise.
    pub diagnostics: PathBuf,
}

/// What the running system says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Release {
    /// Its version.
    pub version: String,
    /// Its security epoch.
    pub epoch: u32,
    /// Whether it is the development variant.
    pub development: bool,
    /// The hardware it is made for, as RAUC is configured.
    pub compatible: String,
}

impl Place {
    /// A file of the system.
    #[must_use]
    pub fn at(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    /// The slot that runs, and its root's hash.
    ///
    /// # Errors
    /// The root is neither of the two.
    pub fn running(&self) -> io::Result<(Slot, RootHash)> {
        Machine { root: self.root.clone() }.running()
    }

    /// The systems the loader knows.
    ///
    /// # Errors
    /// The boot partition cannot be read.
    pub fn entries(&self) -> io::Result<Vec<Entry>> {
        Esp::at(&self.esp).entries().map_err(io::Error::other)
    }

    /// The kernel's name for this boot.
    ///
    /// # Errors
    /// It does not tell.
    pub fn boot(&self) -> io::Result<String> {
        Ok(std::fs::read_to_string(self.at("proc/sys/kernel/random/boot_id"))?.trim().to_owned())
    }
}

/// Reads `os-release` and RAUC's configuration.
///
/// # Errors
/// They are not there.
pub fn release(place: &Place) -> io::Result<Release> {
    let mut bytes = Vec::new();
    let file = File::open(place.at(vocab::Release::PATH))?;
    file.take(vocab::Release::MAX_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    let own = vocab::Release::parse(&bytes);
    let rauc = std::fs::read_to_string(place.at("etc/rauc/system.conf"))?;
    let compatible = rauc.lines().find_map(|line| line.trim().strip_prefix("compatible="));
    Ok(Release {
        version: own.version.unwrap_or_default(),
        epoch: own.epoch,
        development: own.development,
        compatible: compatible.unwrap_or_default().trim().to_owned(),
    })
}

/// How the box stands.
///
/// # Errors
/// What makes it a box is not there: a running slot, a boot partition.
pub fn status(place: &Place, release: &Release) -> io::Result<HostStatus> {
    let (running, _) = place.running()?;
    let entries = place.entries()?;
    let (data_bytes, data_free_bytes) = space(&place.state);
    Ok(HostStatus {
        running,
        slots: [view(&entries, Slot::A), view(&entries, Slot::B)],
        development: release.development,
        secure_boot: efi_flag(place, "SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"),
        data_sealed: place.at("dev/mapper/data").exists() && !place.at("run/ringfence-unsealed").exists(),
        data_bytes,
        data_free_bytes,
        addresses: addresses(),
        time_synchronised: place.at("run/systemd/timesync/synchronized").exists(),
        up_s: uptime(place),
    })
}

fn view(entries: &[Entry], slot: Slot) -> SlotView {
    let own = entries.iter().filter(|entry| entry.slot == slot);
    let best = own.min_by(|one, other| one.cmp_start(other));
    SlotView {
        slot,
        version: best.map(|entry| entry.version.to_string()),
        good: best.is_some_and(Entry::is_good),
        tries_left: best
            .and_then(|entry| entry.counter)
            .map(|count| u8::try_from(count.left).unwrap_or(u8::MAX)),
    }
}

/// A variable of the firmware whose value is one byte behind four of attributes.
fn efi_flag(place: &Place, name: &str) -> bool {
    let bytes = std::fs::read(place.at("sys/firmware/efi/efivars").join(name));
    bytes.is_ok_and(|bytes| bytes.get(4) == Some(&1))
}

fn space(folder: &Path) -> (u64, u64) {
    statvfs(folder).map_or((0, 0), |stat| {
        (stat.blocks() * stat.fragment_size(), stat.blocks_available() * stat.fragment_size())
    })
}

fn uptime(place: &Place) -> u64 {
    let text = std::fs::read_to_string(place.at("proc/uptime")).unwrap_or_default();
    text.split('.').next().and_then(|seconds| seconds.parse().ok()).unwrap_or(0)
}

/// Addresses in use but the loopback's.
fn addresses() -> Vec<String> {
    let Ok(all) = nix::ifaddrs::getifaddrs() else { return Vec::new() };
    let mut told: Vec<String> = all
        .filter(|found| !found.flags.contains(nix::net::if_::InterfaceFlags::IFF_LOOPBACK))
        .filter_map(|found| {
            let address = found.address?;
            let (ip, mask): (std::net::IpAddr, u32) =
                match (address.as_sockaddr_in(), address.as_sockaddr_in6()) {
                    (Some(four), _) => (four.ip().into(), ones_4(found.netmask?.as_sockaddr_in()?.ip())),
                    (None, Some(six)) => (six.ip().into(), ones_6(found.netmask?.as_sockaddr_in6()?.ip())),
                    (None, None) => return None,
                };
            Some(format!("{} {ip}/{mask}", found.interface_name))
        })
        .take(MAX_ADDRESSES)
        .collect();
    told.sort();
    told
}

fn ones_4(mask: std::net::Ipv4Addr) -> u32 {
    u32::from(mask).count_ones()
}

fn ones_6(mask: std::net::Ipv6Addr) -> u32 {
    u128::from(mask).count_ones()
}

/// All that a site can set, and some.
const MAX_ADDRESSES: usize = 128;
