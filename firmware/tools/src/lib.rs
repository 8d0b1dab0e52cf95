//! What the operator's tools share: asking the vault for the permission to hear one recording.
//!
//! It holds no key longer than one look, and asks nothing else of the vault.

use idl::admin::{Admin, AdminReply, AdminRequest, Answer};
use idl::hello::Process;
use ipc::Conn;
use std::path::Path;
use vocab::{CallId, PersonId, Secret};

/// Permission to hear one recording: used by decoding it once.
pub struct Permission {
    /// Its key.
    pub key: Secret<[u8; 32]>,
    /// The file's name within the recordings folder.
    pub file: String,
}

/// Asks the vault whether this person may hear this call now, and why (REC-05). The look stands in the ledger
/// before the answer comes.
///
/// # Errors
/// In plain words: the vault cannot be reached, or refuses, with what to do next.
pub fn listen(run: &Path, call: CallId, actor: PersonId, purpose: &str) -> Result<Permission, String> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| e.to_string())?;
    runtime.block_on(ask(run, call, actor, purpose))
}

async fn ask(run: &Path, call: CallId, actor: PersonId, purpose: &str) -> Result<Permission, String> {
    let socket = Process::Vaultd.socket(run);
    let conn = Conn::connect(&socket, Process::Tool, Process::Vaultd).await.map_err(|e| e.to_string())?;
    let what = Admin::Listen { call, purpose: purpose.to_owned() };
    conn.send(&AdminRequest::of_tool(1, Some(actor), what)).await.map_err(|e| e.to_string())?;
    let reply: AdminReply = conn.recv().await.map_err(|e| e.to_string())?;
    match reply.answer {
        Answer::Listen { key, file } => Ok(Permission { key, file }),
        Answer::Refused { code, text_en, .. } => Err(format!("refused ({code}): {text_en}")),
        _ => Err("the vault answers with something else: restart it after the update".to_owned()),
    }
}
