//! Asking `vaultd` from a tool or a test: one request, its progress, its last answer.

use idl::admin::{Admin, AdminReply, AdminRequest, Answer};
use idl::hello::Process;
use ipc::{Conn, IpcError};
use nix::sys::memfd::{MFdFlags, memfd_create};
use std::fs::File;
use std::io::{Seek, Write};
use std::os::fd::OwnedFd;
use std::path::Path;
use thiserror::Error;
use vocab::{CallId, PersonId, Secret};

/// Why there is no good answer.
#[derive(Debug, Error)]
pub enum ClientError {
    /// The connection failed.
    #[error(transparent)]
    Ipc(#[from] IpcError),
    /// The file in memory could not be made.
    #[error("a file in memory cannot be made: {0}")]
    Memory(#[from] std::io::Error),
    /// `vaultd` refused, and says what to do.
    #[error("refused ({code}): {text_en} {text_zh}")]
    Refused {
        /// The stable code.
        code: String,
        /// English.
        text_en: String,
        /// Chinese.
        text_zh: String,
    },
    /// The answer is of another kind.
    #[error("the answer is of another kind")]
    Other,
}

/// A connection as a tool.
#[derive(Debug)]
pub struct Client {
    conn: Conn,
    next: u64,
}

impl Client {
    /// Connects to the `vaultd` of a run folder.
    ///
    /// # Errors
    /// [`IpcError`].
    pub async fn connect(run: &Path) -> Result<Self, IpcError> {
        let conn = Conn::connect(&Process::Vaultd.socket(run), Process::Tool, Process::Vaultd).await?;
        Ok(Self { conn, next: 0 })
    }

    /// Asks, and answers with what came last; `progress` sees what came before. A refusal is an answer.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn ask(
        &mut self,
        actor: Option<PersonId>,
        what: Admin,
        attached: Option<OwnedFd>,
        progress: impl FnMut(u64, u64),
    ) -> Result<Answer, ClientError> {
        Ok(self.ask_for_file(actor, what, attached, progress).await?.0)
    }

    /// As [`Client::ask`], with the file that comes attached to the answer.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn ask_for_file(
        &mut self,
        actor: Option<PersonId>,
        what: Admin,
        attached: Option<OwnedFd>,
        mut progress: impl FnMut(u64, u64),
    ) -> Result<(Answer, Option<OwnedFd>), ClientError> {
        self.next += 1;
        let request = AdminRequest::of_tool(self.next, actor, what);
        match attached {
            Some(file) => self.conn.send_with(&request, file).await?,
            None => self.conn.send(&request).await?,
        }
        loop {
            let (reply, file) = self.conn.recv_with::<AdminReply>().await?;
            match reply.answer {
                _ if reply.id != self.next => {}
                Answer::Progress { done, total } => progress(done, total),
                answer => return Ok((answer, file)),
            }
        }
    }

    /// As [`Client::ask`] without file or progress; a refusal is an error.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn order(&mut self, actor: Option<PersonId>, what: Admin) -> Result<Answer, ClientError> {
        match self.ask(actor, what, None, |_, _| {}).await? {
            Answer::Refused { code, text_en, text_zh } => {
                Err(ClientError::Refused { code, text_en, text_zh })
            }
            answer => Ok(answer),
        }
    }
}

/// A file in memory with this content, to be attached.
///
/// # Errors
/// [`ClientError::Memory`].
pub fn memory_file(content: &[u8]) -> Result<OwnedFd, ClientError> {
    let fd = memfd_create("attached", MFdFlags::MFD_CLOEXEC).map_err(std::io::Error::from)?;
    let mut file = File::from(fd);
    file.write_all(content)?;
    file.rewind()?;
    Ok(file.into())
}

/// The key and file name of a recording, for one look that is in the ledger when this returns.
///
/// # Errors
/// [`ClientError`].
pub async fn listen(
    run: &Path,
    call: CallId,
    actor: PersonId,
    purpose: &str,
) -> Result<(Secret<[u8; 32]>, String), ClientError> {
    let mut client = Client::connect(run).await?;
    let what = Admin::Listen { call, purpose: purpose.to_owned() };
    match client.order(Some(actor), what).await? {
        Answer::Listen { key, file } => Ok((key, file)),
        _ => Err(ClientError::Other),
    }
}
