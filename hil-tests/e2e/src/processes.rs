//! The processes of one box: started, killed, started again, and never left behind.

use crate::place::{Place, binary};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs::OpenOptions;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// A process of the box.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Which {
    /// The stand-in for the TPM chip.
    Swtpm,
    /// Records.
    Vaultd,
    /// Lines.
    Lined,
    /// Campaigns.
    Calld,
    /// Health.
    Supervisor,
    /// The page.
    Admind,
}

/// The product's own, in the order of their start: all that calls need.
pub const PRODUCT: [Which; 4] = [Which::Vaultd, Which::Lined, Which::Calld, Which::Supervisor];
/// The same without who kills what does not answer in time.
pub(crate) const UNSUPERVISED: [Which; 3] = [Which::Vaultd, Which::Lined, Which::Calld];

/// The same with the page.
pub(crate) const WITH_PAGE: [Which; 5] =
    [Which::Vaultd, Which::Lined, Which::Calld, Which::Supervisor, Which::Admind];

impl Which {
    /// The name of its binary and of its log.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Swtpm => "swtpm",
            Self::Vaultd => "vaultd",
            Self::Lined => "lined",
            Self::Calld => "calld",
            Self::Supervisor => "supervisor",
            Self::Admind => "admind",
        }
    }
}

#[derive(Debug)]
struct Running {
    which: Which,
    child: Option<Child>,
}

/// All processes of a box.
#[derive(Debug)]
pub(crate) struct Processes {
    running: Vec<Running>,
    /// Ends that nobody asked for, in words.
    pub(crate) surprises: Vec<String>,
}

impl Processes {
    /// Starts the software TPM and these.
    pub(crate) fn start(place: &Place, product: &[Which]) -> Self {
        let mut processes = Self { running: Vec::new(), surprises: Vec::new() };
        for which in [Which::Swtpm].iter().chain(product).copied() {
            processes.running.push(Running { which, child: Some(spawn(which, place)) });
            if which == Which::Swtpm {
                crate::until("swtpm listens", crate::SHORT, || {
                    std::net::TcpStream::connect(("127.0.0.1", place.tpm() + 1)).ok()
                });
            }
        }
        processes
    }

    /// Ends one at once, without a chance to tidy up.
    pub(crate) fn kill(&mut self, which: Which) {
        let running = self.find(which);
        if let Some(mut child) = running.child.take() {
            child.kill().expect("SIGKILL");
            child.wait().expect("an end");
        }
    }

    /// Asks one to end, and waits until it did; its exit status.
    pub(crate) fn terminate(&mut self, which: Which) -> Option<i32> {
        let mut child = self.find(which).child.take()?;
        let pid = Pid::from_raw(i32::try_from(child.id()).expect("a pid"));
        kill(pid, Signal::SIGTERM).expect("SIGTERM");
        crate::until("a process ends after SIGTERM", crate::SHORT, || child.try_wait().expect("a status"))
            .code()
    }

    /// Starts one that was killed.
    pub(crate) fn restart(&mut self, which: Which, place: &Place) {
        let running = self.find(which);
        if running.child.is_none() {
            running.child = Some(spawn(which, place));
        }
    }

    /// Starts again what ended by itself, as systemd does, and notes it.
    pub(crate) fn look_after(&mut self, place: &Place) {
        for running in &mut self.running {
            let ended = running.child.as_mut().and_then(|child| child.try_wait().expect("a status"));
            if let Some(status) = ended {
                self.surprises.push(format!("{} ended: {status}", running.which.name()));
                assert!(self.surprises.len() < MAX_SURPRISES, "processes keep ending: {:?}", self.surprises);
                running.child = Some(spawn(running.which, place));
            }
        }
    }

    /// The process ids, by name.
    pub(crate) fn pids(&self) -> Vec<(Which, u32)> {
        self.running.iter().filter_map(|one| Some((one.which, one.child.as_ref()?.id()))).collect()
    }

    fn find(&mut self, which: Which) -> &mut Running {
        self.running.iter_mut().find(|running| running.which == which).expect("a process of the box")
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        for child in self.running.iter_mut().rev().filter_map(|running| running.child.as_mut()) {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn spawn(which: Which, place: &Place) -> Child {
    let path: PathBuf = if which == Which::Swtpm { "swtpm".into() } else { binary(which.name()) };
    let log = place.folder("logs").join(format!("{}.log", which.name()));
    let open = || OpenOptions::new().create(true).append(true).open(&log).expect("a log file");
    let mut command = Command::new(path);
    command.args(arguments(which, place)).stdin(Stdio::null()).stdout(open()).stderr(open()).process_group(0);
    command.env_clear();
    // SAFETY: between fork and exec only one system call runs, async-signal-safe; nothing is allocated.
    unsafe {
        command.pre_exec(|| Ok(nix::sys::prctl::set_pdeathsig(Signal::SIGKILL)?));
    }
    command.spawn().unwrap_or_else(|error| panic!("{} cannot be started: {error}", which.name()))
}

fn arguments(which: Which, place: &Place) -> Vec<String> {
    let folder = |name: &str| place.folder(name).display().to_string();
    let tls = |name: &str| place.folder("tls").join(name).display().to_string();
    let words = |words: &[&str]| words.iter().map(ToString::to_string).collect::<Vec<String>>();
    let (run, port) = (folder("run"), place.tpm());
    match which {
        Which::Swtpm => words(&[
            "socket",
            "--tpm2",
            "--tpmstate",
            &format!("dir={}", folder("tpm")),
            "--server",
            &format!("type=tcp,port={port},bindaddr=127.0.0.1"),
            "--ctrl",
            &format!("type=tcp,port={},bindaddr=127.0.0.1", port + 1),
            "--flags",
            "not-need-init,startup-clear",
        ]),
        Which::Vaultd => words(&[
            "--state",
            &folder("vault"),
            "--run",
            &run,
            "--objects",
            &folder("objects"),
            "--recordings",
            &folder("recordings"),
            "--traces",
            &folder("traces"),
            "--tcti",
            &format!("swtpm:host=127.0.0.1,port={port}"),
            "--clock-trusted",
            "--log",
            "stderr",
        ]),
        Which::Lined => [
            words(&[
                "--run",
                &run,
                "--recordings",
                &folder("recordings"),
                "--objects",
                &folder("objects"),
                "--sip-udp",
                &place.sip().to_string(),
                "--sip-tcp",
                &place.sip().to_string(),
                "--sip-tls",
                &place.sip_tls().to_string(),
                "--tls-cert",
                &tls("cert.pem"),
                "--tls-key",
                &tls("key.pem"),
                "--rtp-addr",
                "127.0.0.1",
                "--rtp-ports",
                &format!("{}-{}", place.rtp().0, place.rtp().1),
                "--log",
                "stderr",
            ]),
            cards(place),
        ]
        .concat(),
        Which::Admind => words(&[
            "--run",
            &run,
            "--state",
            &folder("page"),
            "--listen",
            &place.page().to_string(),
            "--log",
            "stderr",
        ]),
        Which::Calld | Which::Supervisor => words(&["--run", &run, "--log", "stderr"]),
    }
}

/// What tells `lined` of its cards.
#[must_use]
pub fn cards(place: &Place) -> Vec<String> {
    let Some(board) = place.board() else { return Vec::new() };
    let boards = concat!(env!("CARGO_MANIFEST_DIR"), "/../../board");
    let (sockets, traces) = (place.folder("cards"), place.folder("traces"));
    let (sockets, traces) = (sockets.display().to_string(), traces.display().to_string());
    ["--board", board, "--boards", boards, "--virtual-cards", &sockets, "--traces", &traces]
        .map(str::to_owned)
        .to_vec()
}

const MAX_SURPRISES: usize = 12;
