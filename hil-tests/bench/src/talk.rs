//! A connection to a process of the box, as the page has one, for requests that take longer than a test waits
//! or whose instant matters.

use anyhow::ensure;
use e2e::TestBox;
use idl::admin::{Admin, AdminReply, AdminRequest, Answer};
use idl::desk::{Desk, DeskReply, DeskRequest};
use idl::hello::Process;
use ipc::Conn;
use std::os::fd::OwnedFd;
use tokio::runtime::{Builder, Runtime};
use vocab::PersonId;

/// One connection and the runtime it lives on.
#[derive(Debug)]
pub struct Talk {
    runtime: Runtime,
    conn: Conn,
    next: u64,
}

impl Talk {
    /// Connects to `vaultd` or `calld`.
    ///
    /// # Errors
    /// If it is not there.
    pub fn to(sut: &TestBox, process: Process) -> anyhow::Result<Self> {
        ensure!(matches!(process, Process::Vaultd | Process::Calld), "nothing is asked of {process:?} here");
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let path = process.socket(&sut.place.folder("run"));
        let conn = runtime.block_on(Conn::connect(&path, Process::Tool, process))?;
        Ok(Self { runtime, conn, next: 0 })
    }

    /// A request with a file, and its last answer.
    ///
    /// # Errors
    /// If the connection breaks.
    pub fn attach(&mut self, actor: PersonId, what: Admin, file: OwnedFd) -> anyhow::Result<Answer> {
        self.next += 1;
        let request = AdminRequest::of_tool(self.next, Some(actor), what);
        self.runtime.block_on(async {
            self.conn.send_with(&request, file).await?;
            loop {
                let reply: AdminReply = self.conn.recv().await?;
                if reply.id == request.id && !matches!(reply.answer, Answer::Progress { .. }) {
                    return Ok(reply.answer);
                }
            }
        })
    }

    /// A request at a desk, and its answer.
    ///
    /// # Errors
    /// If the connection breaks.
    pub fn desk(&mut self, what: Desk) -> anyhow::Result<DeskReply> {
        self.next += 1;
        let request = DeskRequest { id: self.next, what };
        self.runtime.block_on(async {
            self.conn.send(&request).await?;
            loop {
                match self.conn.recv::<DeskReply>().await? {
                    DeskReply::Live(_) => {}
                    reply => return Ok(reply),
                }
            }
        })
    }
}
