//! Reads what the console knows without asking: the run folder, the variant, the addresses, the clocks. It decides
//! nothing, and what cannot be read is missing.

use crate::clean::{clean, fingerprint};
use crate::facts::{Facts, MAX_ADDRESSES, MAX_PICTURE_BYTES, Picture};
use idl::hello::Process;
use nix::ifaddrs::getifaddrs;
use nix::net::if_::InterfaceFlags;
use nix::time::{ClockId, clock_gettime};
use std::fs::File;
use std::io::Read;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};
use vocab::{Release, UnixMs, device_number};

const VERSION_COLUMNS: usize = 24;

/// The facts of this moment.
#[must_use]
pub fn facts(run: &Path, connected: bool) -> Facts {
    let told = read(&Process::Admind.folder(run).join("page-fingerprint"), MAX_FINGERPRINT_BYTES)
        .unwrap_or_default();
    let release = read(&Path::new("/").join(Release::PATH), Release::MAX_BYTES).unwrap_or_default();
    let release = Release::parse(&release);
    let health = read(&Process::Supervisor.folder(run).join("health.json"), MAX_PICTURE_BYTES);
    Facts {
        now: now(),
        up_s: boot_ms() / 1_000,
        development: release.development,
        version: version(release),
        connected,
        device: device_number(&read(Path::new(MACHINE_ID), MAX_ID_BYTES).unwrap_or_default())
            .unwrap_or_default(),
        addresses: addresses(),
        fingerprint: fingerprint(&String::from_utf8_lossy(&told)),
        health: health.and_then(|bytes| Picture::parse(&bytes)),
    }
}

/// The version of the system by its os-release(5): after an update it is another one than this program was built with.
/// Where there is none, on a workstation, the program's own.
fn version(release: Release) -> String {
    let image = release.version.map(|version| clean(&version, VERSION_COLUMNS));
    let image = image.filter(|version| !version.is_empty());
    image.unwrap_or_else(|| env!("CARGO_PKG_VERSION").to_owned())
}

/// Milliseconds of the clock that only runs forward.
#[must_use]
pub fn boot_ms() -> u64 {
    let Ok(now) = clock_gettime(ClockId::CLOCK_BOOTTIME) else { return 0 };
    u64::try_from(now.tv_sec()).unwrap_or(0) * 1_000 + u64::try_from(now.tv_nsec()).unwrap_or(0) / 1_000_000
}

fn now() -> UnixMs {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixMs(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

fn read(path: &Path, max: usize) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(max as u64 + 1).read_to_end(&mut bytes).ok()?;
    (bytes.len() <= max).then_some(bytes)
}

/// Addresses in use on ports that are up, those of the machine itself left out.
fn addresses() -> Vec<(String, String)> {
    let Ok(all) = getifaddrs() else { return Vec::new() };
    let mut found = Vec::new();
    for one in all {
        let up =
            one.flags.contains(InterfaceFlags::IFF_UP) && !one.flags.contains(InterfaceFlags::IFF_LOOPBACK);
        let address = one.address.as_ref().and_then(|address| {
            let v4 = address.as_sockaddr_in().map(|v4| IpAddr::V4(v4.ip()));
            v4.or_else(|| address.as_sockaddr_in6().map(|v6| IpAddr::V6(v6.ip())))
        });
        if let Some(address) = address.filter(|address| up && is_reachable(*address)) {
            found.push((clean(&one.interface_name, 16), address.to_string()));
        }
    }
    found.sort();
    found.truncate(MAX_ADDRESSES);
    found
}

/// Whether a browser elsewhere may use it: no address of the machine itself, and none of the link alone.
const fn is_reachable(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => !v4.is_loopback() && !is_same(v4, Ipv4Addr::UNSPECIFIED),
        IpAddr::V6(v6) => !v6.is_loopback() && !is_link_local(v6),
    }
}

const fn is_same(one: Ipv4Addr, other: Ipv4Addr) -> bool {
    one.to_bits() == other.to_bits()
}

const fn is_link_local(v6: Ipv6Addr) -> bool {
    v6.segments()[0] & 0xffc0 == 0xfe80
}

const MAX_FINGERPRINT_BYTES: usize = 256;
const MACHINE_ID: &str = "/etc/machine-id";
const MAX_ID_BYTES: usize = 64;

#[cfg(test)]
mod tests {
    use super::{facts, is_reachable, version};
    use idl::hello::Process;
    use tempfile::tempdir;
    use vocab::Release;

    #[test]
    fn what_is_missing_or_too_long_is_not_there_and_what_is_there_is_read() {
        let run = tempdir().unwrap();
        let none = facts(run.path(), false);
        assert!(none.fingerprint.is_empty() && none.health.is_none() && none.now.0 > 0);
        for process in [Process::Admind, Process::Supervisor] {
            std::fs::create_dir(process.folder(run.path())).unwrap();
        }
        std::fs::write(run.path().join("admind/page-fingerprint"), "AB:CD\n").unwrap();
        std::fs::write(run.path().join("supervisor/health.json"), "{\"processes\":{}}\n").unwrap();
        let some = facts(run.path(), true);
        assert!(some.fingerprint == "AB:CD" && some.health.is_some() && some.connected);
        std::fs::write(run.path().join("admind/page-fingerprint"), "A".repeat(10_000)).unwrap();
        assert!(facts(run.path(), true).fingerprint.is_empty());
    }

    #[test]
    fn the_version_shown_is_that_of_the_system_and_not_of_the_program() {
        let ours = Release::parse(b"ID=ringfence\nVERSION_ID=\"13\"\nIMAGE_VERSION=\"7.2.1\"\n");
        assert_eq!(version(ours), "7.2.1");
        for without in [&b""[..], b"NAME=Debian\nVERSION_ID=\"12\"\n"] {
            assert_eq!(version(Release::parse(without)), env!("CARGO_PKG_VERSION"));
        }
    }

    #[test]
    fn addresses_of_the_machine_itself_or_of_the_link_alone_are_no_way_to_the_page() {
        for (address, reachable) in [
            ("127.0.0.1", false),
            ("::1", false),
            ("fe80::1", false),
            ("10.0.0.7", true),
            ("2001:db8::7", true),
        ] {
            assert_eq!(is_reachable(address.parse().unwrap()), reachable, "{address}");
        }
    }
}
