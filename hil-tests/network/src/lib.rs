//! Name spaces in which the site's network is tried with real packets: one is the box, with the rendered rules in the
//! kernel's own nftables, the others are its zones.
//!
//! Everything happens in a mount, process and network name space of its own, so that a test that is killed leaves
//! nothing behind and needs no rights on a machine that lets users make name spaces. It measures no speed.

pub mod gateway;
pub mod ike;
pub mod sample;
pub mod sockets;
pub mod wireguard;

use anyhow::{Context, bail};
use nix::sched::{CloneFlags, setns, unshare};
use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};

/// Set where a test runs inside its name spaces.
const INSIDE: &str = "RINGFENCE_NETWORK_INSIDE";
const PATH: &str = "/usr/sbin:/usr/bin:/sbin:/bin";
/// Where Debian's name spaces have their names.
const NAMES: &str = "/run/netns";

/// Runs a test of this name inside fresh name spaces: the test program starts itself again there.
///
/// # Panics
/// Where the test fails inside.
pub fn inside(test: &str, body: impl FnOnce() -> anyhow::Result<()>) {
    if std::env::var_os(INSIDE).is_some() {
        if let Err(error) = prepare().and_then(|()| body()) {
            panic!("{error:?}");
        }
        return;
    }
    let this = std::env::current_exe().expect("the test program has a path");
    let mut command = Command::new("unshare");
    if !nix::unistd::geteuid().is_root() {
        command.arg("--map-root-user");
    }
    command.args(["--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc", "--"]);
    command
        .arg(this)
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(INSIDE, "1")
        .env("PATH", PATH);
    let status = command.status().expect("util-linux has unshare");
    assert!(status.success(), "{test} failed inside its name spaces");
}

/// Gives the calling thread, and all that it starts from now on, a network and mounts of their own: what is set there
/// touches nothing of the machine, and is gone with them.
///
/// # Errors
/// The kernel's refusal.
pub fn apart() -> anyhow::Result<()> {
    unshare(CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWNET).context("name spaces of its own")?;
    run("mount", &["--make-rprivate", "/"])?;
    prepare()
}

fn prepare() -> anyhow::Result<()> {
    run("mount", &["-t", "tmpfs", "tmpfs", "/run"])?;
    std::fs::create_dir_all("/run/lock")?;
    run("ip", &["link", "set", "lo", "up"])
}

/// Runs a program to its end.
///
/// # Errors
/// What it said, if it failed.
pub fn run(program: &str, arguments: &[&str]) -> anyhow::Result<()> {
    output(program, arguments).map(|_text| ())
}

/// Runs a program and takes what it prints.
///
/// # Errors
/// What it said, if it failed.
pub fn output(program: &str, arguments: &[&str]) -> anyhow::Result<String> {
    let done = Command::new(program)
        .args(arguments)
        .env("PATH", PATH)
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("{program} does not start"))?;
    if !done.status.success() {
        bail!("{program} {}: {}", arguments.join(" "), String::from_utf8_lossy(&done.stderr));
    }
    Ok(String::from_utf8_lossy(&done.stdout).into_owned())
}

/// A network name space.
#[derive(Debug, Clone, Copy)]
pub struct Space(pub &'static str);

impl Space {
    /// Makes it.
    ///
    /// # Errors
    /// The kernel's refusal.
    pub fn make(name: &'static str) -> anyhow::Result<Self> {
        run("ip", &["netns", "add", name])?;
        let space = Self(name);
        space.ip("link set lo up")?;
        Ok(space)
    }

    /// `ip` in it.
    ///
    /// # Errors
    /// What `ip` said.
    pub fn ip(self, words: &str) -> anyhow::Result<()> {
        let mut arguments = vec!["-n", self.0];
        arguments.extend(words.split(' '));
        run("ip", &arguments)
    }

    /// A program in it.
    ///
    /// # Errors
    /// What it said, if it failed.
    pub fn run(self, words: &[&str]) -> anyhow::Result<String> {
        let mut arguments = vec!["netns", "exec", self.0];
        arguments.extend(words);
        output("ip", &arguments)
    }

    /// A function in it, on a thread of its own.
    ///
    /// # Panics
    /// Where the name space is gone.
    pub fn enter<T: Send + 'static>(
        self,
        body: impl FnOnce() -> T + Send + 'static,
    ) -> std::thread::JoinHandle<T> {
        std::thread::spawn(move || {
            let space = File::open(Path::new(NAMES).join(self.0)).expect("the name space has a name");
            setns(space, CloneFlags::CLONE_NEWNET).expect("root may enter it");
            body()
        })
    }

    /// The same, waited for.
    ///
    /// # Panics
    /// Where the function does.
    pub fn within<T: Send + 'static>(self, body: impl FnOnce() -> T + Send + 'static) -> T {
        self.enter(body).join().expect("the thread ends in order")
    }

    /// Joins an interface of this name here to one of another.
    ///
    /// # Errors
    /// What `ip` said.
    pub fn join(self, interface: &str, other: Self, other_interface: &str) -> anyhow::Result<()> {
        self.ip(&format!("link add {interface} type veth peer name {other_interface} netns {}", other.0))?;
        self.ip(&format!("link set {interface} up"))?;
        other.ip(&format!("link set {other_interface} up"))
    }

    /// Loads rules as `hostd` does: one `nft -f`.
    ///
    /// # Errors
    /// What `nft` said.
    pub fn load(self, rules: &str) -> anyhow::Result<()> {
        let file = format!("/run/{}.nft", self.0);
        std::fs::write(&file, rules)?;
        self.run(&["nft", "-f", &file]).map(|_text| ())
    }

    /// Packets that a named counter has seen.
    ///
    /// # Errors
    /// What `nft` said.
    pub fn counted(self, counter: &str) -> anyhow::Result<u64> {
        let text = self.run(&["nft", "list", "counter", "inet", netconf::FIREWALL_TABLE, counter])?;
        let after = text.split("packets ").nth(1).context("a counter counts packets")?;
        Ok(after.split(' ').next().unwrap_or_default().parse()?)
    }

    /// Whether a source is blocked.
    ///
    /// # Errors
    /// What `nft` said.
    pub fn blocks(self, source: &str) -> anyhow::Result<bool> {
        let text = self.run(&["nft", "list", "set", "inet", netconf::FIREWALL_TABLE, "blocked4"])?;
        Ok(text.contains(&format!("{source} ")))
    }
}
