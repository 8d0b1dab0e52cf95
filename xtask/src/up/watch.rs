//! Watching a running demo: live figures on the terminal, agents who write up their calls, a clean stop.

use super::client::Vault;
use super::demo::Site;
use super::far::FarSides;
use super::options::Options;
use super::site::Folders;
use idl::admin::Figures;
use idl::campaign::{AgentState, Disposition};
use idl::desk::{Desk, DeskReply, DeskRequest, Live};
use idl::hello::Process;
use idl::lines::{LiveState, TrunkState};
use ipc::{Backoff, Conn};
use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};
use tokio::signal::unix::{Signal, SignalKind, signal};
use vocab::{AgentId, CallId, Pii};

/// How a run ended.
#[derive(Debug)]
pub struct Outcome {
    /// Nothing was left to do, or a person stopped it; false after a stall.
    pub finished: bool,
}

/// The watcher.
pub struct Watch<'a> {
    options: &'a Options,
    run: PathBuf,
    site: &'a Site,
    far: &'a mut FarSides,
    live: Live,
    /// The call each agent wrote up last.
    written: BTreeMap<AgentId, CallId>,
    next: u64,
    shown: usize,
    last: String,
}

impl<'a> Watch<'a> {
    /// Over these folders.
    pub fn new(options: &'a Options, folders: &Folders, site: &'a Site, far: &'a mut FarSides) -> Self {
        let live = Live { work_left: true, ..Live::default() };
        Self {
            options,
            run: folders.run.clone(),
            site,
            far,
            live,
            written: BTreeMap::new(),
            next: 0,
            shown: 0,
            last: String::new(),
        }
    }

    /// Until everything is done, somebody stops it, or nothing moves for two minutes.
    pub async fn run(mut self, vault: &mut Vault) -> anyhow::Result<Outcome> {
        let (mut interrupt, mut terminate) =
            (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        let mut conn = self.reach().await?;
        let mut moved = (Instant::now(), Figures::default());
        let mut ticks = tokio::time::interval(TICK);
        let finished = loop {
            tokio::select! {
                message = conn.recv::<DeskReply>() => match message {
                    Ok(message) => self.take(&conn, message).await,
                    Err(_) => conn = self.reach().await?,
                },
                _ = ticks.tick() => {
                    let figures = vault.figures(Some(self.site.manager())).await?;
                    self.show(&figures);
                    if figures != moved.1 {
                        moved = (Instant::now(), figures.clone());
                    }
                    if self.options.headless && self.is_over(&figures) {
                        break true;
                    }
                    if moved.0.elapsed() > STALL && self.options.headless {
                        eprintln!("nothing has moved for {} s", STALL.as_secs());
                        break false;
                    }
                }
                () = stopped(&mut interrupt, &mut terminate) => break true,
            }
        };
        self.stop(&conn).await;
        self.settle(vault).await?;
        Ok(Outcome { finished })
    }

    /// After the stop the last ends and verifications become durable.
    async fn settle(&self, vault: &mut Vault) -> anyhow::Result<()> {
        let start = Instant::now();
        loop {
            let figures = vault.figures(Some(self.site.manager())).await?;
            if (figures.open == 0 && figures.recordings == figures.recordings_verified)
                || start.elapsed() > SETTLE
            {
                return Ok(());
            }
            tokio::time::sleep(TICK / 4).await;
        }
    }

    async fn reach(&mut self) -> anyhow::Result<Conn> {
        let (start, mut backoff) = (Instant::now(), Backoff::default());
        let path = Process::Calld.socket(&self.run);
        let conn = loop {
            match Conn::connect(&path, Process::Tool, Process::Calld).await {
                Ok(conn) => break conn,
                Err(error) if start.elapsed() > STALL => return Err(error.into()),
                Err(_) => tokio::time::sleep(backoff.next_wait()).await,
            }
        };
        self.ask(&conn, Desk::Watch).await;
        Ok(conn)
    }

    async fn ask(&mut self, conn: &Conn, what: Desk) {
        self.next += 1;
        // If the connection is gone, the next receive says so.
        let _ = conn.send(&DeskRequest { id: self.next, what }).await;
    }

    async fn take(&mut self, conn: &Conn, message: DeskReply) {
        let DeskReply::Live(live) = message else { return };
        self.live = live;
        let agents = self.live.agents.clone();
        for (agent, state, _) in agents {
            match state {
                AgentState::Out if self.site.agents().contains(&agent) => {
                    self.ask(conn, Desk::State { agent, state: AgentState::Ready }).await;
                }
                AgentState::WrapUp => self.write_up(conn, agent).await,
                AgentState::Out
                | AgentState::Break
                | AgentState::Ready
                | AgentState::Reserved
                | AgentState::Talking => {}
            }
        }
    }

    /// The demo's agents note "done" after each call.
    async fn write_up(&mut self, conn: &Conn, agent: AgentId) {
        let Some(call) = self.live.wrap_ups.iter().find(|(owner, _)| *owner == agent).map(|(_, call)| *call)
        else {
            return;
        };
        if self.written.insert(agent, call) == Some(call) {
            return;
        }
        let note = Pii::new(String::new());
        self.ask(conn, Desk::WrapUp { agent, call, disposition: Disposition::Done, note }).await;
    }

    fn is_over(&self, figures: &Figures) -> bool {
        let later = self.live.next_at.is_some() && self.live.calls_total == 0;
        figures.open == 0
            && figures.offered > 0
            && figures.recordings == figures.recordings_verified
            && (!self.live.work_left || later)
    }

    /// Every live call is ended with BYE before the processes stop.
    async fn stop(&mut self, conn: &Conn) {
        eprintln!("\nstopping: every live call is released …");
        self.ask(conn, Desk::Stop).await;
        let stop = self.next;
        let released = async {
            loop {
                match conn.recv::<DeskReply>().await {
                    Ok(DeskReply::Done { id }) if id == stop => return,
                    Ok(_) => {}
                    Err(_) => return,
                }
            }
        };
        if tokio::time::timeout(RELEASE, released).await.is_err() {
            eprintln!("not all calls could be released within {} s", RELEASE.as_secs());
        }
    }

    fn show(&mut self, figures: &Figures) {
        let sum = |counts: &[(String, u64)]| counts.iter().map(|(_, count)| count).sum::<u64>();
        let list = |counts: &[(String, u64)]| {
            counts.iter().map(|(name, count)| format!("{name} {count}")).collect::<Vec<_>>().join("  ")
        };
        let trunks =
            self.live.trunks.iter().map(|trunk| format!("{} {}", trunk.trunk, trunk_name(trunk.state)));
        let talking = self.live.calls.iter().filter(|(_, state)| *state == LiveState::Talking).count();
        let seen = self.far.look();
        let lines = [
            format!("lines      {}", trunks.collect::<Vec<_>>().join("  ")),
            format!("calls      {} live, {talking} with an agent", self.live.calls_total),
            format!(
                "verdicts   {} offered, {} placed, {} refused   {}",
                figures.offered,
                figures.placed,
                sum(&figures.refused),
                list(&figures.refused)
            ),
            format!(
                "ends       {} answered, {} opted out, {} failed   {}",
                figures.answered,
                figures.opted_out,
                sum(&figures.failed),
                list(&figures.failed)
            ),
            format!(
                "recordings {} of which {} verified   unrecorded: {}",
                figures.recordings,
                figures.recordings_verified,
                list(&figures.unrecorded)
            ),
            format!(
                "far sides  {} calls by SIP, {} over E1, {} numbers, called twice {}",
                seen.sip_calls, seen.e1_calls, seen.numbers, seen.called_twice
            ),
            format!(
                "ledger     {} entries   contacts left {}",
                figures.ledger_entries, figures.contacts_left
            ),
        ];
        let mut terminal = std::io::stderr().lock();
        if terminal.is_terminal() {
            let up = if self.shown > 0 { format!("\x1b[{}A", self.shown) } else { String::new() };
            let _ = write!(terminal, "{up}{}", lines.map(|line| format!("\x1b[2K{line}\n")).concat());
            self.shown = LINES_SHOWN;
        } else {
            let line = lines[1..6].join(" | ");
            if line != self.last {
                let _ = writeln!(terminal, "{line}");
                self.last = line;
            }
        }
    }
}

async fn stopped(interrupt: &mut Signal, terminate: &mut Signal) {
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

const fn trunk_name(state: TrunkState) -> &'static str {
    match state {
        TrunkState::Unknown => "unknown",
        TrunkState::Up => "up",
        TrunkState::Degraded => "degraded",
        TrunkState::Down => "DOWN",
        TrunkState::RegistrationFailed => "NOT REGISTERED",
        TrunkState::Disabled => "disabled",
    }
}

const TICK: Duration = Duration::from_secs(1);
const STALL: Duration = Duration::from_secs(120);
const RELEASE: Duration = Duration::from_secs(15);
const SETTLE: Duration = Duration::from_secs(20);
const LINES_SHOWN: usize = 7;
