//! What all requests share. It holds no customer data: ways, memories of used forms, notices, running jobs.

use crate::cookie::Token;
use crate::csrf::Uses;
use crate::jobs::Jobs;
use crate::page::Notice;
use crate::pages::floor::Boards;
use crate::pages::recordings::Plays;
use crate::tls::Identity;
use crate::vault::Vault;
use std::collections::VecDeque;
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{Semaphore, watch};

/// The shared state; cheap to clone.
#[derive(Debug, Clone)]
pub struct App(Arc<Shared>);

/// What is shared.
#[derive(Debug)]
pub struct Shared {
    /// The way to `vaultd`.
    pub vault: Vault,
    /// Certificate and key of this page.
    pub identity: Arc<Identity>,
    /// Used forms of sessions.
    pub session_uses: Uses,
    /// Used forms of browsers before their sign-in: a flood of them forgets nothing of a session's.
    pub door_uses: Uses,
    /// Long work.
    pub jobs: Jobs,
    /// Hearings of recordings that have begun.
    pub plays: Plays,
    /// Uploads at once.
    pub uploads: Semaphore,
    /// Large uploads at once.
    pub large: Semaphore,
    /// The folder of large uploads.
    pub spool: PathBuf,
    /// Files in memory that long work of `vaultd` reads, at once.
    pub carried: Arc<Semaphore>,
    /// Live views at once.
    pub lives: Arc<Semaphore>,
    /// The floor as it was rendered last, shared by those who see the same.
    pub boards: Boards,
    /// True when the process ends.
    pub stopping: watch::Receiver<bool>,
    notices: Mutex<VecDeque<(Token, Notice)>>,
}

impl Deref for App {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl App {
    /// The state of a starting process.
    #[must_use]
    pub fn new(
        vault: Vault,
        identity: Arc<Identity>,
        stopping: watch::Receiver<bool>,
        spool: PathBuf,
    ) -> Self {
        Self(Arc::new(Shared {
            vault,
            identity,
            session_uses: Uses::default(),
            door_uses: Uses::default(),
            jobs: Jobs::default(),
            plays: Plays::default(),
            uploads: Semaphore::new(MAX_UPLOADS),
            large: Semaphore::new(MAX_LARGE),
            spool,
            carried: Arc::new(Semaphore::new(MAX_CARRIED)),
            lives: Arc::new(Semaphore::new(MAX_LIVES)),
            boards: Boards::default(),
            stopping,
            notices: Mutex::default(),
        }))
    }
}

impl Shared {
    /// Keeps a notice for the next page of a token. The oldest of all goes when there are too many.
    pub fn notify(&self, token: &Token, notice: Notice) {
        let mut notices = self.notices.lock().unwrap_or_else(PoisonError::into_inner);
        if notices.len() >= MAX_NOTICES {
            notices.pop_front();
        }
        notices.push_back((*token, notice));
    }

    /// Takes the notices of a token.
    pub fn notices(&self, token: &Token) -> Vec<Notice> {
        let mut notices = self.notices.lock().unwrap_or_else(PoisonError::into_inner);
        let mut own = vec![];
        notices.retain(|(of, notice)| {
            let mine = of == token;
            if mine {
                own.push(notice.clone());
            }
            !mine
        });
        own
    }
}

/// Uploads at once: each may hold the largest file in memory.
const MAX_UPLOADS: usize = 2;
/// Large uploads at once: each may take its size of the data partition twice.
const MAX_LARGE: usize = 1;
/// Files in memory that long work reads, at once.
const MAX_CARRIED: usize = 2;
/// Live views at once.
const MAX_LIVES: usize = 512;
/// Notices not shown yet.
const MAX_NOTICES: usize = 256;
