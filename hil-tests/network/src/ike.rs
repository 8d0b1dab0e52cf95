//! strongSwan's daemon at both ends of an IPsec tunnel: the box's with the files that it has in the field, the peer's
//! with files of its own. ESP is done in user space, for not every kernel that tests run on has it.

use crate::Space;
use anyhow::{Context, ensure};
use std::os::unix::net::UnixDatagram;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

/// One end. It ends with its owner.
#[derive(Debug)]
pub struct Daemon {
    settings: String,
    folder: String,
    child: Child,
}

impl Daemon {
    /// Starts it with its settings (`strongswan.conf`) and its folder (`SWANCTL_DIR`), without a right that the unit
    /// does not give, and waits until it is ready. Then it is given what lies in the folder.
    ///
    /// # Errors
    /// It does not start, or does not take what lies there.
    pub fn start(space: Space, settings: &str, folder: &str) -> anyhow::Result<Self> {
        let file = format!("/run/{}.strongswan.conf", space.0);
        std::fs::write(&file, settings)?;
        let notices = format!("/run/{}.notify", space.0);
        let _none_of_before = std::fs::remove_file(&notices);
        let told = UnixDatagram::bind(&notices)?;
        told.set_read_timeout(Some(PATIENCE))?;
        let child = Command::new("ip")
            .args(["netns", "exec", space.0, "setpriv", BOUND, "--no-new-privs"])
            // Whoever started it may be killed: then nobody ends it.
            .args(["--pdeathsig", "KILL", "charon-systemd"])
            .env("PATH", crate::PATH)
            .env("STRONGSWAN_CONF", &file)
            .env("NOTIFY_SOCKET", &notices)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("ip does not start")?;
        let daemon = Self { settings: file, folder: folder.to_owned(), child };
        let mut word = [0; 512];
        loop {
            let length = told.recv(&mut word).context("the daemon is not ready in time")?;
            if String::from_utf8_lossy(&word[..length]).contains("READY=1") {
                break;
            }
        }
        let done = daemon.swanctl(&["--load-all", "--noprompt"])?;
        ensure!(done.status.success(), "what lies in {folder} is not taken: {done:?}");
        Ok(daemon)
    }

    /// Asks it for something.
    ///
    /// # Errors
    /// The program that asks does not start.
    pub fn swanctl(&self, words: &[&str]) -> anyhow::Result<Output> {
        Command::new("swanctl")
            .args(words)
            .env("PATH", crate::PATH)
            .env("STRONGSWAN_CONF", &self.settings)
            .env("SWANCTL_DIR", &self.folder)
            .stdin(Stdio::null())
            .output()
            .context("swanctl does not start")
    }

    /// Has it call the other end, if it has not done so by itself; whether the tunnel came about, and what it said.
    ///
    /// # Errors
    /// The program that asks does not start.
    pub fn call(&self, child: &str) -> anyhow::Result<(bool, String)> {
        let done = self.swanctl(&["--initiate", "--child", child, "--timeout", "30"])?;
        let said = String::from_utf8_lossy(&done.stdout).into_owned();
        Ok((done.status.success() || said.contains("due to existing duplicate"), said))
    }

    /// Has it read its folder again, as the unit does where it is told to reload.
    ///
    /// # Errors
    /// It does not take what lies there.
    pub fn reload(&self, unit: &str) -> anyhow::Result<()> {
        let line = unit.lines().find_map(|line| line.strip_prefix("ExecReload=/usr/sbin/swanctl "));
        let words: Vec<&str> = line.context("the unit reloads by swanctl")?.split(' ').collect();
        let done = self.swanctl(&words)?;
        ensure!(done.status.success(), "what lies in {} is not taken: {done:?}", self.folder);
        Ok(())
    }

    /// The number by which packets of this tunnel come in; nothing where it is not up.
    ///
    /// # Errors
    /// The program that asks does not start.
    pub fn spi(&self, child: &str) -> anyhow::Result<Option<String>> {
        let has = self.tunnels()?;
        let of = has.split(" {name=").find(|part| part.split(' ').next() == Some(child));
        let of = of.filter(|part| part.contains("state=INSTALLED"));
        let spi = of.and_then(|part| part.split("spi-in=").nth(1)?.split(' ').next());
        Ok(spi.map(str::to_owned))
    }

    /// The tunnels it has.
    ///
    /// # Errors
    /// The program that asks does not start.
    pub fn tunnels(&self) -> anyhow::Result<String> {
        let done = self.swanctl(&["--list-sas", "--raw"])?;
        Ok(String::from_utf8_lossy(&done.stdout).into_owned())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _ended = self.child.wait();
    }
}

/// How long a daemon may take to be ready.
const PATIENCE: Duration = Duration::from_secs(60);
/// The capabilities of the unit.
const BOUND: &str = "--bounding-set=-all,+net_admin,+net_bind_service";
