//! The processes of the test: started with folders of their own, ended with it.

use crate::screen::Line;
use idl::account::Source;
use idl::admin::{Admin, AdminReply, AdminRequest, Answer};
use idl::hello::Process;
use ipc::Conn;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::io::Read;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use vocab::Secret;

/// A password that is taken.
pub const PASSWORD: &str = "tram window 88 lamp oil";
/// How long anything may take here.
pub const LIMIT: Duration = Duration::from_secs(120);

/// A child that does not outlive its test.
pub struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The software TPM and its address; `None` on a machine without it.
pub fn swtpm(dir: &Path) -> Option<(Running, String)> {
    let tpm = dir.join("tpm");
    std::fs::create_dir_all(&tpm).unwrap();
    let port = two_free_ports();
    let child = Command::new("swtpm")
        .args(["socket", "--tpm2", "--flags", "not-need-init,startup-clear"])
        .args(["--tpmstate", &format!("dir={}", tpm.display())])
        .args(["--server", &format!("type=tcp,port={port},bindaddr=127.0.0.1")])
        .args(["--ctrl", &format!("type=tcp,port={},bindaddr=127.0.0.1", port + 1)])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let running = Running(child);
    let start = Instant::now();
    while std::net::TcpStream::connect(("127.0.0.1", port + 1)).is_err() {
        assert!(start.elapsed() < LIMIT, "swtpm does not listen");
        std::thread::yield_now();
    }
    Some((running, format!("swtpm:host=127.0.0.1,port={port}")))
}

/// The library looks for the control port behind the other one.
fn two_free_ports() -> u16 {
    loop {
        let first = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = first.local_addr().unwrap().port();
        if port < u16::MAX && TcpListener::bind(("127.0.0.1", port + 1)).is_ok() {
            return port;
        }
    }
}

/// The binary of `vaultd`, beside ours; built if nobody has.
fn bin_vaultd() -> PathBuf {
    let ours = Path::new(env!("CARGO_BIN_EXE_consoled"));
    let profile = ours.parent().unwrap();
    let found = profile.join("vaultd");
    if !found.exists() {
        let mut cargo = Command::new(option_env!("CARGO").unwrap_or("cargo"));
        cargo
            .args(["build", "--quiet", "--package", "vaultd", "--target-dir"])
            .arg(profile.parent().unwrap());
        if profile.ends_with("release") {
            cargo.arg("--release");
        }
        let status = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).status().unwrap();
        assert!(status.success(), "vaultd cannot be built");
    }
    found
}

/// The records process.
pub fn vaultd(dir: &Path, tcti: &str) -> Running {
    let path = |name: &str| dir.join(name).display().to_string();
    let child = Command::new(bin_vaultd())
        .args(["--state", &path("state"), "--run", &path("run"), "--objects", &path("objects")])
        .args(["--recordings", &path("recordings"), "--tcti", tcti, "--clock-trusted", "--log", "stderr"])
        .env("TSS2_LOG", "all+none")
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    Running(child)
}

/// The console on a line.
pub fn bin_consoled(dir: &Path, line: &Line) -> Running {
    let (input, output) = line.far();
    let child = Command::new(env!("CARGO_BIN_EXE_consoled"))
        .args(["--stdio", "--run", &dir.join("run").display().to_string(), "--log", "stderr"])
        .env_remove("TERM")
        .stdin(input)
        .stdout(output)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    Running(child)
}

/// Ends one in order; its log.
pub fn stop(mut running: Running) -> String {
    kill(Pid::from_raw(i32::try_from(running.0.id()).unwrap()), Signal::SIGTERM).unwrap();
    let mut log = String::new();
    running.0.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    assert!(running.0.wait().unwrap().success(), "{log}");
    log
}

/// The page, as the socket knows it.
pub struct Peer(Conn, u64);

impl Peer {
    /// Connects as this process.
    pub async fn connect(dir: &Path, me: Process) -> Self {
        let start = Instant::now();
        loop {
            match Conn::connect(&Process::Vaultd.socket(&dir.join("run")), me, Process::Vaultd).await {
                Ok(conn) => return Self(conn, 0),
                Err(error) => assert!(start.elapsed() < LIMIT, "{error}"),
            }
            tokio::task::yield_now().await;
        }
    }

    /// A request and its answer.
    pub async fn ask(&mut self, session: Option<&Secret<[u8; 32]>>, what: Admin) -> Answer {
        self.1 += 1;
        let source = Some(Source { address: [10, 0, 0, 1].into(), browser: "Chromium 140".to_owned() });
        let (id, session) = (self.1, session.cloned());
        let request = AdminRequest { id, actor: None, session, source, passive: false, what };
        self.0.send(&request).await.unwrap();
        loop {
            let AdminReply { id: of, answer } = self.0.recv().await.unwrap();
            if of == id && !matches!(answer, Answer::Progress { .. }) {
                return answer;
            }
        }
    }
}
