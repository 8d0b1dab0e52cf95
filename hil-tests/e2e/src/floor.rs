//! The agents' desks: somebody who is ready, and writes up each call; and a desk to ask by hand.

use crate::testbox::TestBox;
use idl::campaign::{AgentState, Disposition};
use idl::desk::{Desk, DeskReply, DeskRequest, Live};
use idl::hello::Process;
use ipc::{Conn, IpcError};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use vocab::{AgentId, Pii};

/// Agents at their desks: signed in, ready, each call written up. They go home when this is dropped.
#[derive(Debug)]
pub struct Attendance {
    live: Arc<Mutex<Live>>,
    task: tokio::task::JoinHandle<()>,
}

impl Attendance {
    /// What the floor last said.
    #[must_use]
    pub fn live(&self) -> Live {
        self.live.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until the floor is as wanted.
    #[track_caller]
    pub fn wait_for(&self, what: &str, limit: Duration, wanted: impl Fn(&Live) -> bool) -> Live {
        crate::until(what, limit, || Some(self.live()).filter(|live| wanted(live)))
    }
}

impl Drop for Attendance {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl TestBox {
    /// Agents who keep themselves ready; with `writes_up` they also note "done" after each call.
    #[must_use]
    pub fn attend(&self, agents: &[AgentId], writes_up: bool) -> Attendance {
        let live = Arc::new(Mutex::new(Live::default()));
        let socket = Process::Calld.socket(&self.place.folder("run"));
        let work = work(socket, agents.to_vec(), writes_up, Arc::clone(&live));
        Attendance { live, task: self.runtime.spawn(work) }
    }

    /// Asks at a desk.
    #[track_caller]
    pub fn desk(&self, what: Desk) -> DeskReply {
        let socket = Process::Calld.socket(&self.place.folder("run"));
        let asking = async {
            let conn = reach(&socket).await;
            conn.send(&DeskRequest { id: 1, what }).await?;
            loop {
                match conn.recv::<DeskReply>().await? {
                    DeskReply::Live(_) => {}
                    reply => return Ok::<_, IpcError>(reply),
                }
            }
        };
        let limited = async { tokio::time::timeout(crate::LONG, asking).await };
        self.runtime.block_on(limited).expect("calld answers in time").expect("calld answers")
    }
}

async fn work(socket: PathBuf, agents: Vec<AgentId>, writes_up: bool, live: Arc<Mutex<Live>>) {
    loop {
        let conn = reach(&socket).await;
        // A connection that breaks is made again: calld may have been killed.
        let _ = serve(&conn, &agents, writes_up, &live).await;
    }
}

async fn serve(conn: &Conn, agents: &[AgentId], writes_up: bool, live: &Mutex<Live>) -> Result<(), IpcError> {
    conn.send(&DeskRequest { id: 1, what: Desk::Watch }).await?;
    let mut next = 1;
    loop {
        let DeskReply::Live(now) = conn.recv::<DeskReply>().await? else { continue };
        for what in wishes(&now, agents, writes_up) {
            next += 1;
            conn.send(&DeskRequest { id: next, what }).await?;
        }
        *live.lock().unwrap_or_else(PoisonError::into_inner) = now;
    }
}

fn wishes(live: &Live, agents: &[AgentId], writes_up: bool) -> Vec<Desk> {
    let mut wishes = Vec::new();
    for (agent, state, _) in live.agents.iter().filter(|(agent, ..)| agents.contains(agent)) {
        let owed = live.wrap_ups.iter().find(|(owner, _)| owner == agent).map(|(_, call)| *call);
        match (state, owed) {
            (AgentState::Out, _) => wishes.push(Desk::State { agent: *agent, state: AgentState::Ready }),
            (AgentState::WrapUp, Some(call)) if writes_up => {
                let (disposition, note) = (Disposition::Done, Pii::new(String::new()));
                wishes.push(Desk::WrapUp { agent: *agent, call, disposition, note });
            }
            (
                AgentState::Break
                | AgentState::Ready
                | AgentState::Reserved
                | AgentState::Talking
                | AgentState::WrapUp,
                _,
            ) => {}
        }
    }
    wishes
}

async fn reach(socket: &Path) -> Conn {
    let start = Instant::now();
    loop {
        match Conn::connect(socket, Process::Tool, Process::Calld).await {
            Ok(conn) => return conn,
            Err(error) => assert!(start.elapsed() < crate::LONG, "calld does not answer: {error}"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
