//! The loop of questions. Killing is by process id as the kernel gave it for this very connection.

use crate::judge::{Judge, Verdict};
use crate::report::Picture;
use idl::health::{HealthReply, HealthRequest};
use idl::hello::Process;
use ipc::{Backoff, Conn};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinSet;

/// What the supervisor is started with.
#[derive(Debug, Clone)]
pub struct Options {
    /// The folder of the sockets, where `health.json` is written.
    pub run: PathBuf,
    /// Whom to watch.
    pub processes: Vec<Process>,
}

enum Event {
    Reached { process: Process, conn: Arc<Conn>, pid: i32 },
    Lost { process: Process },
    Answer { process: Process, reply: HealthReply },
}

struct Watched {
    process: Process,
    judge: Judge,
    conn: Option<(Arc<Conn>, i32)>,
}

/// Runs until `stop` resolves.
///
/// # Errors
/// None today; a folder that cannot be written is logged and tried again.
pub async fn run(options: Options, stop: impl Future<Output = ()>) -> anyhow::Result<()> {
    let (events, inbox) = channel(MAX_EVENTS);
    let mut tasks = JoinSet::new();
    for &process in &options.processes {
        let path = process.socket(&options.run);
        tasks.spawn(reach(path, process, events.clone()));
    }
    drop(events);
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);
    tokio::select! {
        () = watch(&options, inbox) => {}
        () = stop => {}
    }
    tasks.shutdown().await;
    Ok(())
}

async fn watch(options: &Options, mut inbox: Receiver<Event>) {
    let start = Instant::now();
    let mut picture = Picture::default();
    let watched = |&process: &Process| Watched { process, judge: Judge::default(), conn: None };
    let mut all: Vec<Watched> = options.processes.iter().map(watched).collect();
    let mut ticks = tokio::time::interval(TICK);
    loop {
        tokio::select! {
            event = inbox.recv() => match event {
                Some(event) => take(event, &mut all, &mut picture),
                None => return,
            },
            _ = ticks.tick() => {
                let now_ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
                for one in &mut all {
                    ask(one, now_ms).await;
                }
                if let Err(error) = picture.write(&Process::Supervisor.folder(&options.run)) {
                    log::warn!("health.json cannot be written: {error}");
                }
                // Fed from the loop that judges: if it hangs, the watchdog bites.
                let _ = sd_notify::notify(&[sd_notify::NotifyState::Watchdog]);
            }
        }
    }
}

fn take(event: Event, all: &mut [Watched], picture: &mut Picture) {
    let find = |process: Process| move |one: &&mut Watched| one.process == process;
    match event {
        Event::Reached { process, conn, pid } => {
            if let Some(one) = all.iter_mut().find(find(process)) {
                log::info!(process = process.name(), pid; "reached");
                one.judge.connected();
                one.conn = Some((conn, pid));
                picture.reached(process.name(), pid);
            }
        }
        Event::Lost { process } => {
            if let Some(one) = all.iter_mut().find(find(process)) {
                log::warn!(process = process.name(); "not reachable: it is being restarted");
                one.judge.lost();
                one.conn = None;
                picture.lost(process.name());
            }
        }
        Event::Answer { process, reply } => {
            if let Some(one) = all.iter_mut().find(find(process)) {
                one.judge.answered(reply.serial);
            }
            let (came, went) = picture.take(process.name(), reply);
            for code in came {
                log::warn!(process = process.name(), code = code.as_str(); "alarm raised");
            }
            for code in went {
                log::info!(process = process.name(), code = code.as_str(); "alarm cleared");
            }
        }
    }
}

async fn ask(one: &mut Watched, now_ms: u64) {
    let Some((conn, pid)) = &one.conn else { return };
    match one.judge.due(now_ms) {
        Verdict::Wait => {}
        Verdict::Ask { serial } => {
            // A peer that does not read cannot hold us: its queue is full, and the question counts as unanswered.
            let _ = tokio::time::timeout(SEND_LIMIT, conn.send(&HealthRequest::Check { serial })).await;
        }
        Verdict::Kill => {
            log::error!(process = one.process.name(), pid = *pid; "does not answer: killed, to be started again");
            let _ = kill(Pid::from_raw(*pid), Signal::SIGKILL);
            one.conn = None;
        }
    }
}

/// Keeps a connection to one process and passes its answers on.
async fn reach(path: PathBuf, process: Process, events: Sender<Event>) {
    let mut backoff = Backoff::default();
    loop {
        if let Some((conn, pid)) = connect(&path, process).await {
            backoff.reached();
            let reached = Event::Reached { process, conn: Arc::clone(&conn), pid };
            if events.send(reached).await.is_err() || !listen(&conn, process, &events).await {
                return;
            }
        }
        tokio::time::sleep(backoff.next_wait()).await;
    }
}

async fn connect(path: &Path, process: Process) -> Option<(Arc<Conn>, i32)> {
    let conn = Conn::connect(path, Process::Supervisor, process).await.ok()?;
    let pid = conn.peer_pid().ok()?;
    Some((Arc::new(conn), pid))
}

/// Listens until the peer goes; false if nobody listens to us any more.
async fn listen(conn: &Conn, process: Process, events: &Sender<Event>) -> bool {
    while let Ok(reply) = conn.recv::<HealthReply>().await {
        if events.send(Event::Answer { process, reply }).await.is_err() {
            return false;
        }
    }
    events.send(Event::Lost { process }).await.is_ok()
}

const MAX_EVENTS: usize = 64;
const TICK: Duration = Duration::from_millis(250);
const SEND_LIMIT: Duration = Duration::from_millis(50);
