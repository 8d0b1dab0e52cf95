//! `ringfence-install`: the installer on the serial port and on the screen of the box that was started from the stick.
//! systemd starts the box again when it ends. Chinese stands on the serial port alone: a kernel's screen has no such letters.

use installer::dialogue::{Machine, Terminal, converse};
use installer::disks::{self, Disk};
use installer::manifest::Manifest;
use installer::packed::Unpack;
use installer::write::{Stage, WriteError, install};
use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

fn main() -> anyhow::Result<()> {
    let manifest = Manifest::parse(&std::fs::read_to_string(MANIFEST)?)?;
    let mut terminal = Ports::open();
    converse(&mut terminal, &mut Hardware, &manifest)?;
    Ok(())
}

/// Every place where somebody may sit.
struct Ports {
    open: Vec<(File, bool)>,
    typed: Receiver<String>,
}

impl Ports {
    fn open() -> Self {
        let (to, typed) = sync_channel(MAX_TYPED);
        let mut open = Vec::new();
        for (path, chinese) in PORTS {
            let mut options = OpenOptions::new();
            let port = options.read(true).write(true).custom_flags(nix::libc::O_NOCTTY).open(path);
            // A box without a screen, or without a serial port, has the other one.
            if let Ok(port) = port
                && let Ok(reading) = port.try_clone()
            {
                let to = to.clone();
                std::thread::spawn(move || read_lines(reading, &to));
                open.push((port, *chinese));
            }
        }
        Self { open, typed }
    }

    fn write(&mut self, chinese: Option<&str>, line: &str) {
        for (port, has_letters) in &mut self.open {
            let chinese =
                chinese.filter(|_| *has_letters).map(|text| format!("{text}\n")).unwrap_or_default();
            // A port that is gone is one of two.
            let _ = port.write_all(format!("{chinese}{line}\n").as_bytes());
        }
    }
}

impl Terminal for Ports {
    fn say(&mut self, zh: &str, en: &str) {
        self.write(Some(zh), en);
    }

    fn show(&mut self, line: &str) {
        self.write(None, line);
    }

    fn ask(&mut self) -> io::Result<String> {
        self.typed.recv().map_err(|_| io::Error::other("there is neither a serial port nor a screen"))
    }
}

/// Lines of one port, each bounded; what is longer is no answer to anything that is asked.
fn read_lines(port: File, to: &SyncSender<String>) {
    let mut line = Vec::new();
    for byte in BufReader::new(port).bytes() {
        match byte {
            Ok(b'\n' | b'\r') => {
                let text = String::from_utf8_lossy(&line).trim().to_owned();
                line.clear();
                if to.send(text).is_err() {
                    return;
                }
            }
            Ok(byte) if line.len() < MAX_LINE => line.push(byte),
            Ok(_) => {}
            Err(_) => return,
        }
    }
}

/// The box itself.
struct Hardware;

impl Machine for Hardware {
    fn disks(&mut self) -> io::Result<Vec<Disk>> {
        for _ in 0..LOOKS {
            let found = disks::look(Path::new("/"))?;
            if !found.is_empty() {
                return Ok(found);
            }
            // Drivers are still being loaded.
            std::thread::sleep(LOOK_EVERY);
        }
        Ok(Vec::new())
    }

    fn warnings(&mut self) -> Vec<(&'static str, &'static str)> {
        let mut warnings = Vec::new();
        let secure = std::fs::read(SECURE_BOOT).is_ok_and(|bytes| bytes.last() == Some(&1));
        if !secure {
            warnings.push((
                "安全启动未开启：装好的系统不会启动，请先在固件中开启。",
                "Secure Boot is off. The installed system will not start: switch it on in the firmware first.",
            ));
        }
        let tpm = std::fs::read_to_string(TPM_VERSION).is_ok_and(|text| text.trim() == "2");
        if !tpm {
            warnings.push((
                "没有 TPM 2.0：装好的系统不会启动，请先在固件中开启。",
                "There is no TPM 2.0. The installed system will not start: switch it on in the firmware first.",
            ));
        }
        warnings
    }

    fn install(&mut self, disk: &Disk, told: &mut dyn FnMut(Stage, u8)) -> Result<(), WriteError> {
        let text = std::fs::read_to_string(MANIFEST).map_err(WriteError::Image)?;
        let manifest = Manifest::parse(&text).map_err(|error| WriteError::Image(io::Error::other(error)))?;
        let image = File::open(IMAGE).map_err(WriteError::Image)?;
        // Nobody else has it open: a system's own disk is not started from a stick.
        let mut options = OpenOptions::new();
        options.read(true).write(true).custom_flags(nix::libc::O_EXCL);
        let target = options.open(&disk.device).map_err(WriteError::Write)?;
        install(
            &mut Unpack::new(BufReader::with_capacity(READ_BYTES, image)),
            &manifest,
            &target,
            disk.bytes,
            told,
        )
    }
}

/// Where somebody may sit, and whether Chinese can be shown there.
const PORTS: &[(&str, bool)] = &[("/dev/ttyS0", true), ("/dev/tty1", false)];
const MANIFEST: &str = "/usr/share/ringfence/image.manifest";
const IMAGE: &str = "/usr/share/ringfence/image.packed";
const SECURE_BOOT: &str = "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";
const TPM_VERSION: &str = "/sys/class/tpm/tpm0/tpm_version_major";
const MAX_LINE: usize = 256;
const MAX_TYPED: usize = 16;
const READ_BYTES: usize = 1 << 20;
const LOOKS: u32 = 20;
const LOOK_EVERY: Duration = Duration::from_millis(500);
