//! A WireGuard peer nobody here wrote: Debian's `wireguard-go`, for not every kernel that tests run on has WireGuard.

use crate::Space;
use crate::gateway::put;
use anyhow::{Context, ensure};
use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A peer's device. It ends with its owner.
#[derive(Debug)]
pub struct Peer {
    space: Space,
    child: Child,
    /// Its public key, in base64.
    pub public: String,
}

/// How it reaches the box.
#[derive(Debug, Clone, Copy)]
pub struct Way<'a> {
    /// The box's public key, in base64.
    pub key: &'a str,
    /// Where the box listens.
    pub endpoint: &'a str,
    /// The box's address inside.
    pub inside: &'a str,
}

impl Peer {
    /// A device with a key of its own and this address inside, which calls nobody so far.
    ///
    /// # Errors
    /// It does not start.
    pub fn start(space: Space, own: &str) -> anyhow::Result<Self> {
        let private = crate::output("wg", &["genkey"])?;
        let public = public_of(&private)?;
        put(&key_file(space), &private)?;
        let child = Command::new("ip")
            .args(["netns", "exec", space.0, "setpriv", "--pdeathsig", "KILL", "wireguard-go", "-f", DEVICE])
            .env("PATH", crate::PATH)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("ip does not start")?;
        let mut peer = Self { space, child, public };
        let begun = Instant::now();
        while !Path::new(SOCKET).exists() {
            ensure!(peer.child.try_wait()?.is_none(), "wireguard-go ended");
            ensure!(begun.elapsed() < PATIENCE, "wireguard-go is not ready");
            std::thread::sleep(LOOK_EVERY);
        }
        space.ip(&format!("addr add {own} dev {DEVICE}"))?;
        space.ip(&format!("link set {DEVICE} up"))?;
        Ok(peer)
    }

    /// Calls the box from now on.
    ///
    /// # Errors
    /// What `wg` or `ip` said.
    pub fn call(&self, way: Way<'_>) -> anyhow::Result<()> {
        let file = key_file(self.space);
        let mut words = vec!["wg", "set", DEVICE, "private-key", &file, "peer", way.key];
        words.extend(["endpoint", way.endpoint, "allowed-ips", way.inside, "persistent-keepalive", "3"]);
        self.space.run(&words)?;
        self.space.ip(&format!("route add {} dev {DEVICE}", way.inside))
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _ended = self.child.wait();
    }
}

fn key_file(space: Space) -> String {
    format!("/run/{}.wireguard", space.0)
}

fn public_of(private: &str) -> anyhow::Result<String> {
    let mut child = Command::new("wg")
        .arg("pubkey")
        .env("PATH", crate::PATH)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("wg does not start")?;
    child.stdin.take().context("its input")?.write_all(private.as_bytes())?;
    let done = child.wait_with_output()?;
    ensure!(done.status.success(), "wg makes no public key");
    Ok(String::from_utf8(done.stdout)?.trim().to_owned())
}

const DEVICE: &str = "wg0";
/// Where it is asked.
const SOCKET: &str = "/var/run/wireguard/wg0.sock";
const PATIENCE: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(100);
