//! The loop: news in, floor, messages out. One task owns the floor.

use crate::clock::Clock;
use crate::desks;
use crate::link::{Outbox, Words, keep};
use anyhow::Context;
use idl::campaign::{CalldToVault, CampaignRequest};
use idl::desk::DeskReply;
use idl::health::{Alarm, HealthReply, HealthState};
use idl::hello::Process;
use idl::lines::CalldToLined;
use ipc::{Listener, Question};
use pacing::{Floor, Input, Output, VAULT_DESK};
use std::collections::BTreeMap;
use std::path::PathBuf;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinSet;

/// What `calld` is started with.
#[derive(Debug, Clone)]
pub struct Options {
    /// The folder of the sockets.
    pub run: PathBuf,
    /// The supervisor's user id; `None`: our own (a workstation).
    pub supervisor_uid: Option<u32>,
}

/// What the tasks tell the loop.
pub enum Event {
    /// News for the floor.
    Floor(Input),
    /// A desk connected.
    DeskUp {
        /// Its number.
        from: u64,
        /// Where its answers go.
        replies: Sender<DeskReply>,
    },
    /// A desk is gone.
    DeskGone {
        /// Its number.
        from: u64,
    },
    /// The supervisor asks.
    Health(Question),
}

impl From<Question> for Event {
    fn from(question: Question) -> Self {
        Self::Health(question)
    }
}

/// Runs until `stop` resolves.
///
/// # Errors
/// If the socket cannot be made.
pub async fn run(options: Options, stop: impl Future<Output = ()>) -> anyhow::Result<()> {
    // The page's agents come through the vault, which alone can prove who acts.
    let allowed = [(Process::Supervisor, options.supervisor_uid), (Process::Tool, None)];
    let path = Process::Calld.socket(&options.run);
    let listener = Listener::bind(&path, Process::Calld, &allowed)
        .with_context(|| format!("cannot listen at {}", path.display()))?;
    let (events, inbox) = channel(MAX_EVENTS);
    let (vault, lines) = (Outbox::new(), Outbox::new());
    let mut tasks = JoinSet::new();
    tasks.spawn(desks::serve(listener, events.clone()));
    let words = Words { up: || Input::VaultUp, down: || Input::VaultDown, says: Input::Vault };
    tasks.spawn(keep(
        Process::Vaultd.socket(&options.run),
        Process::Vaultd,
        words,
        events.clone(),
        vault.clone(),
    ));
    let words = Words { up: || Input::LinesUp, down: || Input::LinesDown, says: Input::Lines };
    tasks.spawn(keep(Process::Lined.socket(&options.run), Process::Lined, words, events, lines.clone()));
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);
    tokio::select! {
        () = work(inbox, vault, lines) => {}
        () = stop => {}
    }
    tasks.shutdown().await;
    Ok(())
}

async fn work(mut inbox: Receiver<Event>, vault: Outbox<CalldToVault>, lines: Outbox<CalldToLined>) {
    let clock = Clock::start();
    let mut floor = Floor::new();
    let mut desks: BTreeMap<u64, Sender<DeskReply>> = BTreeMap::new();
    let mut out = Vec::new();
    loop {
        let deadline = floor.deadline_us(clock.now()).map(|at| clock.instant(at));
        let due = async {
            match deadline {
                Some(at) => tokio::time::sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            event = inbox.recv() => match event {
                Some(Event::Floor(input)) => floor.step(clock.now(), input, &mut out),
                Some(Event::DeskUp { from, replies }) => { desks.insert(from, replies); }
                Some(Event::DeskGone { from }) => {
                    desks.remove(&from);
                    floor.step(clock.now(), Input::DeskGone { from }, &mut out);
                }
                Some(Event::Health(Question { serial, reply })) => { let _ = reply.send(health(&floor, serial)); }
                None => return,
            },
            () = due => floor.expire(clock.now(), &mut out),
        }
        for output in out.drain(..) {
            match output {
                Output::Vault(message) => vault.put(message),
                Output::Lines(message) => lines.put(message),
                Output::Desk { to: VAULT_DESK, reply } => {
                    vault.put(CalldToVault { id: 0, request: CampaignRequest::DeskReply(reply) });
                }
                Output::Desk { to, reply } => {
                    // A desk that does not read loses figures, never the floor's time.
                    if let Some(desk) = desks.get(&to) {
                        let _ = desk.try_send(reply);
                    }
                }
            }
        }
    }
}

fn health(floor: &Floor, serial: u64) -> HealthReply {
    let connected = floor.connected();
    let alarm = Alarm {
        code: "calld-alone".into(),
        text_en: "campaigns wait: records or lines cannot be reached; they are being restarted".into(),
        text_zh: "任务暂停：记录或线路进程不可达，正在重启".into(),
    };
    HealthReply {
        serial,
        state: if connected { HealthState::Ready } else { HealthState::Degraded },
        gauges: floor.gauges(),
        alarms: if connected { vec![] } else { vec![alarm] },
    }
}

/// Events that may wait for the loop.
const MAX_EVENTS: usize = 1_024;
