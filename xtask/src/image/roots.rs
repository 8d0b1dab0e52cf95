//! The two roots an image is made of, from Debian's packages alone: one with the tools that build it, one with what the
//! box runs. apt checks Debian's signatures; both lie in the cache by what they were asked to hold.

use super::{Description, quiet, short_hash, step};
use crate::project;
use anyhow::{Context, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Both.
#[derive(Debug)]
pub struct Roots {
    /// What builds it.
    pub tools: PathBuf,
    /// What the box runs, untouched.
    pub base: PathBuf,
}

impl Roots {
    /// A command of the tools, started within their root: `work` is its `/mnt`, and it sees nothing else of this
    /// machine. Dates it writes are the release's.
    pub fn tool(&self, work: &Path, words: &[&str]) -> Command {
        let mut command = Command::new("unshare");
        command.args(["--mount", "--", "sh", "-ec", ENTER]).arg(&self.tools).arg(work).arg(DATE);
        command.args(words);
        command
    }

    /// The kernel's version, as `uname -r` will say it.
    pub fn kernel(&self) -> anyhow::Result<String> {
        let folder = self.tools.join("usr/lib/modules");
        let mut names = Vec::new();
        for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
            names.push(entry?.file_name().to_string_lossy().into_owned());
        }
        ensure!(names.len() == 1, "there is not one kernel in {}: {names:?}", folder.display());
        Ok(names.remove(0))
    }

    /// A file of the tools.
    pub fn file(&self, path: &str) -> PathBuf {
        self.tools.join(path)
    }
}

/// Both roots from the cache, made when they are not there.
pub fn ready(description: &Description) -> anyhow::Result<Roots> {
    let tools: Vec<&str> = description.tools.debian.iter().map(String::as_str).collect();
    let tools = root("tools", &tools, TOOLS_LEAVE_OUT)?;
    let base = root("base", &description.packages(), BASE_LEAVE_OUT)?;
    Ok(Roots { tools, base })
}

/// The same with the box's part unpacked anew, into a folder, whatever the cache has.
pub fn anew(description: &Description, folder: &Path) -> anyhow::Result<Roots> {
    let base = folder.join("base");
    if base.exists() {
        fs::remove_dir_all(&base).with_context(|| base.display().to_string())?;
    }
    unpack("base", &description.packages(), BASE_LEAVE_OUT, &base)?;
    Ok(Roots { base, ..ready(description)? })
}

/// Debian with systemd, a bus and a login, as its packages leave it.
pub fn bare() -> anyhow::Result<PathBuf> {
    root("bare", BARE, BASE_LEAVE_OUT)
}

fn root(name: &str, packages: &[&str], leave_out: &[&str]) -> anyhow::Result<PathBuf> {
    let asked = format!("{FORMAT}\n{SUITE}\n{}\n{}", packages.join("\n"), leave_out.join("\n"));
    let folder = project::cache()?.join(format!("image-{name}-{}", short_hash(asked.as_bytes())));
    if folder.exists() {
        return Ok(folder);
    }
    let building = folder.with_extension(format!("building-{}", std::process::id()));
    fs::create_dir_all(building.parent().unwrap_or(&building))?;
    unpack(name, packages, leave_out, &building)?;
    // Two commands at once build twice and the first to be done stays.
    if fs::rename(&building, &folder).is_err() {
        ensure!(folder.exists(), "{} cannot be made", folder.display());
        fs::remove_dir_all(&building)?;
    }
    Ok(folder)
}

fn unpack(name: &str, packages: &[&str], leave_out: &[&str], into: &Path) -> anyhow::Result<()> {
    let what = format!("fetching and unpacking Debian {SUITE}: {name}");
    step(&what, || {
        let mut command = Command::new("mmdebstrap");
        // The kernel's packages would make a first stage that nobody starts.
        command.env("INITRD", "No").env("SOURCE_DATE_EPOCH", DATE).args([
            "--mode=root",
            "--variant=minbase",
            "--aptopt=APT::Install-Recommends \"false\"",
        ]);
        command.args(leave_out.iter().map(|one| format!("--dpkgopt={one}")));
        command.arg(format!("--include={}", packages.join(","))).arg(SUITE).arg(into).arg(SOURCE);
        quiet(&mut command).map(|_| ())
    })
}

const SUITE: &str = "trixie";
const SOURCE: &str =
    "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian trixie main";

/// Entering the root of the tools; everything mounted goes with the command.
const ENTER: &str = "R=$0; W=$1; E=$2; shift 2; mount --make-rprivate /; mount --bind \"$W\" $R/mnt; mount -t proc proc $R/proc; \
    mount -t tmpfs tmpfs $R/tmp; mount -t tmpfs tmpfs $R/var/tmp; mount -t tmpfs tmpfs $R/run; mount --bind /dev $R/dev; \
    exec chroot $R env -i PATH=/usr/sbin:/usr/bin HOME=/root LC_ALL=C.UTF-8 SOURCE_DATE_EPOCH=$E \"$@\"";
/// The date of what is written: 2026-01-01.
const DATE: &str = "1767225600";

/// Copyright files stay: those of the first stage's packages go into the box.
const TOOLS_LEAVE_OUT: &[&str] = &[
    "path-exclude=/usr/share/doc/*",
    "path-include=/usr/share/doc/*/copyright",
    "path-exclude=/usr/share/man/*",
    "path-exclude=/usr/share/locale/*",
];
/// Copyright files stay: they are what the licences ask for.
const BASE_LEAVE_OUT: &[&str] = &[
    "path-exclude=/usr/share/doc/*",
    "path-include=/usr/share/doc/*/copyright",
    "path-exclude=/usr/share/man/*",
    "path-exclude=/usr/share/info/*",
    "path-exclude=/usr/share/locale/*",
];
/// What one gets who asks for Debian with systemd.
const BARE: &[&str] = &["systemd", "systemd-sysv", "udev", "dbus", "kmod", "login", "e2fsprogs", "iproute2"];
/// Changed when the same packages are unpacked in another way.
const FORMAT: &str = "2";
