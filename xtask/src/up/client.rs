//! Talking to `vaultd` as the page will: one request, its answers, errors as text with what to do next.

use anyhow::{Context, bail};
use idl::admin::{Admin, AdminReply, AdminRequest, Answer, BoxStatus, Figures};
use idl::hello::Process;
use ipc::{Backoff, Conn};
use nix::sys::memfd::{MFdFlags, memfd_create};
use std::io::{Seek, Write};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use vocab::PersonId;

/// A connection to the vault, made again when the vault was restarted.
pub struct Vault {
    path: PathBuf,
    conn: Conn,
    next: u64,
}

impl Vault {
    /// Waits until the vault answers.
    pub async fn reach(run: &Path) -> anyhow::Result<Self> {
        let path = Process::Vaultd.socket(run);
        let conn = connect(&path).await?;
        Ok(Self { path, conn, next: 0 })
    }

    /// Asks and waits for the last answer; `progress` sees those before it.
    pub async fn ask(
        &mut self,
        actor: Option<PersonId>,
        what: Admin,
        file: Option<OwnedFd>,
    ) -> anyhow::Result<Answer> {
        self.next += 1;
        let request = AdminRequest::of_tool(self.next, actor, what);
        match file {
            Some(file) => self.conn.send_with(&request, file).await?,
            None => self.conn.send(&request).await?,
        }
        loop {
            let reply: AdminReply = self.conn.recv().await?;
            if reply.id != request.id {
                continue;
            }
            match reply.answer {
                Answer::Progress { done, total } if total > 0 => eprint!("\r  {} % ", done * 100 / total),
                Answer::Progress { .. } => {}
                Answer::Refused { code, text_en, .. } => bail!("refused ({code}): {text_en}"),
                answer => return Ok(answer),
            }
        }
    }

    /// Asks for something that reads only, again after a restart of the vault.
    pub async fn read(
        &mut self,
        actor: Option<PersonId>,
        what: impl Fn() -> Admin,
    ) -> anyhow::Result<Answer> {
        loop {
            match self.ask(actor, what(), None).await {
                Err(error) if error.is::<ipc::IpcError>() => {
                    self.conn = connect(&self.path).await.context("vaultd does not come back")?;
                }
                answer => return answer,
            }
        }
    }

    /// Asks for something that creates one thing; its id.
    pub async fn create(&mut self, actor: PersonId, what: Admin) -> anyhow::Result<u64> {
        match self.ask(Some(actor), what, None).await? {
            Answer::Created { ids } => ids.first().copied().context("nothing was created"),
            other => bail!("an answer of another kind: {}", kind(&other)),
        }
    }

    /// Asks for something that is done or not.
    pub async fn order(&mut self, actor: PersonId, what: Admin) -> anyhow::Result<()> {
        match self.ask(Some(actor), what, None).await? {
            Answer::Done | Answer::Created { .. } => Ok(()),
            other => bail!("an answer of another kind: {}", kind(&other)),
        }
    }

    /// The state of the box.
    pub async fn status(&mut self) -> anyhow::Result<BoxStatus> {
        match self.read(None, || Admin::Status).await? {
            Answer::Status(status) => Ok(*status),
            other => bail!("an answer of another kind: {}", kind(&other)),
        }
    }

    /// The claim code of a blank box.
    pub async fn claim_code(&mut self) -> anyhow::Result<String> {
        match self.read(None, || Admin::ClaimCode).await? {
            Answer::ClaimCode(code) => Ok(code.expose().clone()),
            other => bail!("an answer of another kind: {}", kind(&other)),
        }
    }

    /// Figures of all campaigns.
    pub async fn figures(&mut self, actor: Option<PersonId>) -> anyhow::Result<Figures> {
        match self.read(actor, || Admin::Figures { campaign: None }).await? {
            Answer::Figures(figures) => Ok(*figures),
            other => bail!("an answer of another kind: {}", kind(&other)),
        }
    }
}

async fn connect(path: &Path) -> anyhow::Result<Conn> {
    let (start, mut backoff) = (Instant::now(), Backoff::default());
    loop {
        match Conn::connect(path, Process::Tool, Process::Vaultd).await {
            Ok(conn) => return Ok(conn),
            Err(error) if start.elapsed() > REACH_LIMIT => return Err(error.into()),
            Err(_) => tokio::time::sleep(backoff.next_wait()).await,
        }
    }
}

/// A file that exists in memory only.
pub fn memory_file(content: &[u8]) -> anyhow::Result<OwnedFd> {
    let mut file = std::fs::File::from(memfd_create("attached", MFdFlags::MFD_CLOEXEC)?);
    file.write_all(content)?;
    file.rewind()?;
    Ok(file.into())
}

fn kind(answer: &Answer) -> &'static str {
    match answer {
        Answer::Done => "done",
        Answer::Created { .. } => "created",
        Answer::Prompt { .. } => "prompt",
        Answer::Phone { .. } => "phone",
        Answer::Progress { .. } => "progress",
        Answer::Imported { .. } => "imported",
        Answer::Status(_) => "status",
        Answer::Figures(_) => "figures",
        Answer::Call(_) => "call",
        Answer::Calls(_) => "calls",
        Answer::Listen { .. } => "listen",
        Answer::Ledger { .. } => "ledger",
        Answer::Refused { .. } => "refused",
        _ => "a page's answer",
    }
}

const REACH_LIMIT: Duration = Duration::from_secs(30);
