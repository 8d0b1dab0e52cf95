//! Talking to `vaultd` as the page does: one request, its answers.

use idl::admin::{Admin, AdminReply, AdminRequest, Answer};
use idl::hello::Process;
use ipc::{Conn, IpcError};
use nix::sys::memfd::{MFdFlags, memfd_create};
use std::io::{Seek, Write};
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::time::Instant;
use vocab::PersonId;

/// A connection to the vault, made again when the vault was restarted.
#[derive(Debug)]
pub(crate) struct Vault {
    path: PathBuf,
    conn: Option<Conn>,
    next: u64,
}

impl Vault {
    pub(crate) const fn new(path: PathBuf) -> Self {
        Self { path, conn: None, next: 0 }
    }

    /// One request and its last answer. A connection that broke is not used again.
    pub(crate) async fn ask(
        &mut self,
        actor: Option<PersonId>,
        what: Admin,
        file: Option<OwnedFd>,
    ) -> Result<Answer, IpcError> {
        if self.conn.is_none() {
            self.conn = Some(reach(&self.path).await?);
        }
        self.next += 1;
        let request = AdminRequest::of_tool(self.next, actor, what);
        let asked = tokio::time::timeout(crate::LONG, self.exchange(&request, file)).await;
        let answer = asked.unwrap_or_else(|_| panic!("vaultd does not answer a request"));
        if answer.is_err() {
            self.conn = None;
        }
        answer
    }

    async fn exchange(&self, request: &AdminRequest, file: Option<OwnedFd>) -> Result<Answer, IpcError> {
        let conn = self.conn.as_ref().ok_or(IpcError::Closed)?;
        match file {
            Some(file) => conn.send_with(request, file).await?,
            None => conn.send(request).await?,
        }
        loop {
            let reply: AdminReply = conn.recv().await?;
            if reply.id == request.id && !matches!(reply.answer, Answer::Progress { .. }) {
                return Ok(reply.answer);
            }
        }
    }
}

async fn reach(path: &std::path::Path) -> Result<Conn, IpcError> {
    let start = Instant::now();
    loop {
        match Conn::connect(path, Process::Tool, Process::Vaultd).await {
            Ok(conn) => return Ok(conn),
            Err(error) if start.elapsed() > crate::SHORT => return Err(error),
            Err(_) => tokio::time::sleep(RETRY).await,
        }
    }
}

/// A file that exists in memory only.
pub(crate) fn memory_file(content: &[u8]) -> OwnedFd {
    let mut file = std::fs::File::from(memfd_create("attached", MFdFlags::MFD_CLOEXEC).expect("a memfd"));
    file.write_all(content).expect("written to memory");
    file.rewind().expect("rewound");
    file.into()
}

/// The code of a refusal, or an empty text for any other answer.
#[must_use]
pub fn refusal_code(answer: &Answer) -> &str {
    if let Answer::Refused { code, .. } = answer { code } else { "" }
}

const RETRY: std::time::Duration = std::time::Duration::from_millis(20);
