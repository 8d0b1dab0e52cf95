//! Debian packages the project needs on a workstation, by name, each with its reason; installs what misses.

use crate::project;
use anyhow::{Context, bail};
use std::process::{Command, Stdio};

/// A package and why it is needed.
pub struct Package {
    name: &'static str,
    why: &'static str,
    /// A program that may be there without the package, from elsewhere.
    program: Option<&'static str>,
}

const fn package(name: &'static str, why: &'static str) -> Package {
    Package { name, why, program: None }
}

const fn program(name: &'static str, program: &'static str, why: &'static str) -> Package {
    Package { name, why, program: Some(program) }
}

/// To build.
pub const BUILD: &[Package] = &[
    package("gcc", "links Rust programs and compiles the C of aws-lc"),
    package("libc6-dev", "C headers for the same"),
    package("pkg-config", "finds the libraries of the TPM and of ALSA"),
    package("libtss2-dev", "headers of the TPM 2.0 software stack"),
    package("libtss2-tctildr0", "loads the TPM's transport"),
    package("libtss2-tcti-device0", "transport to a TPM chip"),
    package("libtss2-tcti-swtpm0", "transport to the software TPM"),
    package("libasound2-dev", "ALSA: lines behind codec cards, the technician's handset"),
];

/// To run the box on a workstation.
pub const RUN: &[Package] = &[
    package("swtpm", "software TPM in place of the chip"),
    package("espeak-ng", "speaks the demo's prompts"),
    package("sox", "brings them to telephone quality"),
];

/// To run all tests.
pub const TEST: &[Package] = &[
    package("dahdi-source", "DAHDI's header, which the driver's binary interface is compared with"),
    package("bzip2", "unpacks it"),
    package("swtpm-tools", "makes a software TPM with another bank of PCRs"),
    package("shellcheck", "checks flash.sh"),
    package("fdisk", "flash.sh: reads and makes tables of partitions"),
    package("zstd", "flash.sh: packed images"),
    package("openssl", "flash.sh: checks the image's signature"),
    package("curl", "flash.sh: sends an update to a box's page"),
    package("sip-tester", "SIPp: the peer nobody here wrote"),
    package("libpri-dev", "libpri: the far end of D channels that nobody here wrote"),
    package("tshark", "Wireshark: reads the traces of D channels"),
    package("chromium", "the browser that opens the page"),
    package("fonts-noto-cjk", "Chinese text in it"),
    program("nodejs", "node", "runs the scenarios that drive the browser"),
    package("libspandsp-dev", "the detectors that ours are compared with"),
    package("libtiff-dev", "its headers ask for it"),
    package("cryptsetup-bin", "LUKS2 headers, as the recovery of a disk reads and writes them"),
    package("rauc", "RAUC itself, against the backend and the handler of our two slots"),
    package("squashfs-tools", "packs RAUC's bundles"),
    package("dbus", "the bus RAUC's service is asked over"),
    package("fdisk", "sfdisk: the ids of the slots' partitions"),
    package("nftables", "nft: reads and runs the firewall's rules"),
    package("iproute2", "ip: the name spaces in which the network is tried"),
    package("wireguard-tools", "wg: sets up a peer nobody here wrote"),
    package("wireguard-go", "WireGuard where the kernel has none"),
    package("charon-systemd", "strongSwan's daemon, for both ends of an IPsec tunnel"),
    package("strongswan-swanctl", "gives it the connections"),
    package("libstrongswan-standard-plugins", "its cryptography, by OpenSSL"),
    package("libcharon-extra-plugins", "IPsec where the kernel has none"),
    package("python3", "BitBake's library, which reads the image's recipes"),
    package("python3-venv", "its own environment"),
    program("npm", "npm", "fetches the two packages they use"),
];

/// To run the guest with the kernel modules of cards. Its kernel and DAHDI's source are only unpacked, not installed.
pub const HIL: &[Package] = &[
    package("qemu-system-x86", "the guest's machine"),
    package("make", "builds DAHDI's modules for the guest's kernel"),
    package("libelf1", "the kernel's own build tools need it"),
    package("libpri-dev", "libpri: the far end of D channels that nobody here wrote"),
    package("kmod", "finds the modules that modules need"),
    package("debian-archive-keyring", "checks the packages of Asterisk, which are of another release"),
];

/// To build the virtual box and to run it. What builds it comes from Debian's next release, into the cache.
pub const IMAGE: &[Package] = &[
    package("mmdebstrap", "unpacks the packages the box and its tools are made of"),
    package("debian-archive-keyring", "checks their signatures"),
    package("binutils", "strips the programs"),
    package("python3", "BitBake's library, which runs the recipes that install our files"),
    package("python3-venv", "its own environment"),
    package("qemu-system-x86", "the virtual box's machine"),
    package("swtpm", "its TPM"),
    package("curl", "a client of its page that nobody here wrote"),
];

/// What stands around the virtual box: whoever opens its page and takes its calls.
pub const AROUND: &[Package] = &[
    package("chromium", "the browser that opens its page"),
    package("fonts-noto-cjk", "Chinese text in it"),
    program("nodejs", "node", "drives the browser"),
    program("npm", "npm", "fetches what drives it"),
    package("sip-tester", "SIPp: the carrier nobody here wrote"),
    package("iproute2", "ip: the name spaces of what lies behind tunnels"),
    package("charon-systemd", "strongSwan's daemon: the gateway of another site"),
    package("strongswan-swanctl", "gives it the connections"),
    package("libstrongswan-standard-plugins", "its cryptography, by OpenSSL"),
    package("libcharon-extra-plugins", "its ESP, where the kernel has none"),
    package("wireguard-tools", "wg: sets up the peer that comes by WireGuard"),
    package("wireguard-go", "that peer, where the kernel has none"),
];

/// Installs what is missing of these lists and says which.
pub fn install(lists: &[&[Package]]) -> anyhow::Result<()> {
    let missing: Vec<&Package> =
        lists.iter().copied().flatten().filter(|package| !installed(package)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    eprintln!("installing Debian packages:");
    for package in &missing {
        eprintln!("  {:24} {}", package.name, package.why);
    }
    if !nix::unistd::getuid().is_root() {
        let names: Vec<&str> = missing.iter().map(|package| package.name).collect();
        bail!("run this once, then start again: sudo apt-get install -y {}", names.join(" "));
    }
    let apt = |arguments: &[&str]| {
        let mut command = Command::new("apt-get");
        command
            .args(["-qq", "-o", "Dpkg::Use-Pty=0"])
            .args(arguments)
            .env("DEBIAN_FRONTEND", "noninteractive");
        command.stdout(Stdio::null()).stdin(Stdio::null());
        project::run(&mut command)
    };
    apt(&["update"]).context("the package lists cannot be updated")?;
    let mut arguments = vec!["install", "-y", "--no-install-recommends"];
    arguments.extend(missing.iter().map(|package| package.name));
    apt(&arguments)
}

fn installed(package: &Package) -> bool {
    let runs = |program: &str| Command::new(program).arg("--version").stdout(Stdio::null()).status().is_ok();
    if package.program.is_some_and(runs) {
        return true;
    }
    let asked = Command::new("dpkg-query")
        .args(["-W", "-f", "${Status}", package.name])
        .stderr(Stdio::null())
        .output();
    asked.is_ok_and(|output| output.stdout.ends_with(b"install ok installed"))
}
