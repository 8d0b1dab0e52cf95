//! Asterisk with chan_dahdi as the exchange at the other end of a span, entered with chroot. It is a peer that nobody here
//! wrote; nothing of it is linked.

use crate::rig::wait_for;
use anyhow::{Context, bail, ensure};
use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Asterisk while it runs.
#[derive(Debug)]
pub struct Exchange {
    child: Child,
}

/// What it has on the second span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lines {
    /// The network side of a primary rate access.
    Pri,
    /// Subscriber ports.
    Analogue,
}

impl Exchange {
    /// Starts it and waits until it is ready. Its channels must be configured and closed.
    pub fn start(lines: Lines) -> anyhow::Result<Self> {
        for folder in FOLDERS {
            fs::create_dir_all(Path::new(ROOT).join(folder))?;
        }
        if !Path::new(ROOT).join("dev/dahdi").exists() {
            mount(&["-o", "rbind", "/dev", "/asterisk/dev"])?;
            mount(&["-t", "proc", "proc", "/asterisk/proc"])?;
        }
        let settings = Path::new(ROOT).join("etc/asterisk");
        let wanted = if lines == Lines::Pri { "pri.conf" } else { "analogue.conf" };
        fs::copy(settings.join(wanted), settings.join("chan_dahdi.conf")).context(wanted)?;
        // Its ports play the tones of DAHDI's zone.
        let mut zone = Command::new("chroot");
        let status = zone.args([ROOT, "/usr/sbin/dahdi_cfg", "-c", "/etc/asterisk/zone.conf"]).status()?;
        ensure!(status.success(), "dahdi_cfg: {status}");
        let log = File::options().create(true).append(true).open(LOG)?;
        let before = fs::metadata(LOG)?.len();
        let mut command = Command::new("chroot");
        command.args([ROOT, "/usr/sbin/asterisk", "-f", "-n", "-v", "-v", "-v", "-c"]);
        command.env("TERM", "dumb").stdin(Stdio::piped()).stdout(log.try_clone()?).stderr(log);
        let mut exchange = Self { child: command.spawn().context("Asterisk cannot be started")? };
        wait_for("Asterisk to be ready", START_LIMIT, || {
            if let Some(status) = exchange.child.try_wait()? {
                bail!("Asterisk ended: {status}");
            }
            let text = fs::read(LOG)?;
            let text = String::from_utf8_lossy(text.get(usize::try_from(before)?..).unwrap_or_default())
                .into_owned();
            Ok(text.contains("Asterisk Ready").then_some(()))
        })?;
        Ok(exchange)
    }

    /// One command of its console.
    pub fn order(&self, words: &str) -> anyhow::Result<()> {
        self.ask(words).map(|_| ())
    }

    /// The same; what it prints.
    pub fn ask(&self, words: &str) -> anyhow::Result<String> {
        let output = Command::new("chroot").args([ROOT, "/usr/sbin/asterisk", "-r", "-x", words]).output()?;
        ensure!(output.status.success(), "asterisk -rx {words}: {}", output.status);
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Ends it as a power failure would.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

fn mount(words: &[&str]) -> anyhow::Result<()> {
    let status = Command::new("mount").args(words).status()?;
    ensure!(status.success(), "mount {words:?}: {status}");
    Ok(())
}

const ROOT: &str = "/asterisk";
const LOG: &str = "/out/asterisk.log";
const FOLDERS: &[&str] =
    &["dev", "proc", "run/asterisk", "tmp", "var/lib/asterisk", "var/log/asterisk", "var/spool/asterisk"];
/// How long it may take to start, on a slow machine.
pub const START_LIMIT: Duration = Duration::from_secs(90);
