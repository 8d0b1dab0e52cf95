//! The processes of a running box, restarted when they end: the part systemd plays on the box.

use anyhow::Context;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::process::{Child, Command};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// A program to keep running.
#[derive(Debug, Clone)]
pub struct Program {
    /// Its name in messages and of its log file.
    pub name: String,
    /// The file.
    pub path: PathBuf,
    /// Its arguments; never a number or a key, since the process list shows them.
    pub arguments: Vec<String>,
    /// How long it may take to end after SIGTERM.
    pub stop_limit: Duration,
}

struct Kept {
    name: String,
    task: JoinHandle<()>,
    pid: Arc<Mutex<Option<i32>>>,
    stopping: Arc<Mutex<bool>>,
    stop_limit: Duration,
}

/// All of them, in the order of their start.
pub struct Children {
    logs: PathBuf,
    kept: Mutex<Vec<Kept>>,
    fatal: Arc<Notify>,
}

impl Children {
    /// None yet.
    pub fn new(logs: &Path) -> Self {
        Self { logs: logs.to_owned(), kept: Mutex::default(), fatal: Arc::default() }
    }

    /// Starts a program and keeps it running.
    pub fn start(&self, program: Program) -> anyhow::Result<()> {
        let child = spawn(&program, &self.logs)?;
        let pid = Arc::new(Mutex::new(child.id().and_then(|id| i32::try_from(id).ok())));
        let stopping = Arc::new(Mutex::new(false));
        let (name, stop_limit) = (super::named(&program).to_owned(), program.stop_limit);
        let task = tokio::spawn(keep(
            program,
            child,
            self.logs.clone(),
            Arc::clone(&pid),
            Arc::clone(&stopping),
            Arc::clone(&self.fatal),
        ));
        lock(&self.kept).push(Kept { name, task, pid, stopping, stop_limit });
        Ok(())
    }

    /// Resolves when a program ended so often that starting it again is no use.
    pub async fn fatal(&self) {
        self.fatal.notified().await;
    }

    /// Ends all, the last started first, each by SIGTERM and after its limit by SIGKILL.
    pub async fn stop(&mut self) {
        let mut kept = std::mem::take(&mut *lock(&self.kept));
        while let Some(mut one) = kept.pop() {
            *lock(&one.stopping) = true;
            signal(&one.pid, Signal::SIGTERM);
            if tokio::time::timeout(one.stop_limit, &mut one.task).await.is_err() {
                eprintln!("{} does not end: killed", one.name);
                signal(&one.pid, Signal::SIGKILL);
                let _ = tokio::time::timeout(Duration::from_secs(2), &mut one.task).await;
                one.task.abort();
            }
        }
    }
}

async fn keep(
    program: Program,
    mut child: Child,
    logs: PathBuf,
    pid: Arc<Mutex<Option<i32>>>,
    stopping: Arc<Mutex<bool>>,
    fatal: Arc<Notify>,
) {
    let mut starts: Vec<Instant> = vec![Instant::now()];
    loop {
        let status = child.wait().await;
        *lock(&pid) = None;
        if *lock(&stopping) {
            return;
        }
        eprintln!(
            "{} ended ({}): started again",
            program.name,
            status.map_or_else(|e| e.to_string(), |s| s.to_string())
        );
        starts.retain(|start| start.elapsed() < RESTART_WINDOW);
        if starts.len() >= MAX_RESTARTS {
            fatal.notify_one();
            return;
        }
        tokio::time::sleep(RESTART_WAIT).await;
        if *lock(&stopping) {
            return;
        }
        starts.push(Instant::now());
        match spawn(&program, &logs) {
            Ok(again) => child = again,
            Err(error) => {
                eprintln!("{error:#}");
                fatal.notify_one();
                return;
            }
        }
        *lock(&pid) = child.id().and_then(|id| i32::try_from(id).ok());
    }
}

fn spawn(program: &Program, logs: &Path) -> anyhow::Result<Child> {
    let log = logs.join(format!("{}.log", program.name));
    let open =
        || OpenOptions::new().create(true).append(true).open(&log).with_context(|| log.display().to_string());
    let mut command = Command::new(&program.path);
    command.args(&program.arguments).stdin(Stdio::null()).stdout(open()?).stderr(open()?).process_group(0);
    let parent = nix::unistd::getpid();
    // SAFETY: between fork and exec only two system calls run, both async-signal-safe; nothing is allocated.
    unsafe {
        command.pre_exec(move || {
            nix::sys::prctl::set_pdeathsig(Signal::SIGKILL)?;
            if nix::unistd::getppid() == parent { Ok(()) } else { Err(std::io::ErrorKind::NotFound.into()) }
        });
    }
    command.spawn().with_context(|| format!("{} cannot be started", program.path.display()))
}

fn signal(pid: &Mutex<Option<i32>>, signal: Signal) {
    if let Some(pid) = *lock(pid) {
        let _ = kill(Pid::from_raw(pid), signal);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

const RESTART_WAIT: Duration = Duration::from_millis(200);
const RESTART_WINDOW: Duration = Duration::from_secs(30);
const MAX_RESTARTS: usize = 8;
