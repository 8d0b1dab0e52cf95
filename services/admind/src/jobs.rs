//! Long work: started by a POST, watched on a page of its own, its result kept until the session ends.
//!
//! The table is bounded; each job is a task owned here. What is done is `vaultd`'s; leaving the page stops
//! nothing, the end of this process does.

use crate::fault::Fault;
use crate::visit::Visit;
use axum::response::Html;
use idl::account::SessionId;
use idl::admin::Answer;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::task::JoinSet;

/// A job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct JobId(pub u64);

/// Makes a page of a job's last answer.
pub type Show = dyn Fn(&Visit, &Answer) -> Result<Html<String>, Fault> + Send + Sync;

/// How far a job is.
#[derive(Debug, Clone, Default)]
pub struct Progress(Arc<(AtomicU64, AtomicU64)>);

impl Progress {
    /// Tells it.
    pub fn tell(&self, done: u64, total: u64) {
        self.0.0.store(done, Ordering::Relaxed);
        self.0.1.store(total, Ordering::Relaxed);
    }

    /// Done so far, and of how many (0: nobody knows).
    #[must_use]
    pub fn read(&self) -> (u64, u64) {
        (self.0.0.load(Ordering::Relaxed), self.0.1.load(Ordering::Relaxed))
    }
}

/// A job as its page sees it.
#[derive(Clone)]
pub struct Job {
    /// What it does.
    pub title: String,
    /// How far it is.
    pub progress: Progress,
    /// Its end.
    pub end: Option<Result<Arc<Answer>, Fault>>,
    /// Makes a page of the end.
    pub show: Arc<Show>,
    session: SessionId,
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Job({}, {})", self.title, if self.end.is_some() { "ended" } else { "running" })
    }
}

/// All jobs.
#[derive(Debug, Default)]
pub struct Jobs(Arc<Mutex<Table>>);

#[derive(Debug, Default)]
struct Table {
    next: u64,
    jobs: BTreeMap<JobId, Job>,
    tasks: JoinSet<()>,
}

impl Jobs {
    /// Starts work for a session.
    ///
    /// # Errors
    /// [`Fault::Busy`] if too much runs, in all or for this session.
    pub fn start<W>(
        &self,
        session: SessionId,
        title: &str,
        work: impl FnOnce(Progress) -> W,
        show: Arc<Show>,
    ) -> Result<JobId, Fault>
    where
        W: Future<Output = Result<Answer, Fault>> + Send + 'static,
    {
        let mut table = lock(&self.0);
        while table.tasks.try_join_next().is_some() {}
        let running = |job: &&Job| job.end.is_none();
        let of_session = table.jobs.values().filter(running).filter(|job| job.session == session).count();
        if table.jobs.values().filter(running).count() >= MAX_RUNNING || of_session >= MAX_RUNNING_OF_SESSION
        {
            return Err(Fault::Busy);
        }
        if table.jobs.len() >= MAX_KEPT {
            let oldest = table.jobs.iter().find(|(_, job)| job.end.is_some()).map(|(id, _)| *id);
            oldest.map(|id| table.jobs.remove(&id));
        }
        table.next += 1;
        let (id, progress) = (JobId(table.next), Progress::default());
        let job = Job { title: title.to_owned(), progress: progress.clone(), end: None, show, session };
        table.jobs.insert(id, job);
        let (work, jobs) = (work(progress), Arc::clone(&self.0));
        table.tasks.spawn(async move {
            let end = work.await.map(Arc::new);
            if let Some(job) = lock(&jobs).jobs.get_mut(&id) {
                job.end = Some(end);
            }
        });
        Ok(id)
    }

    /// A job of a session; nobody else's exists for it.
    #[must_use]
    pub fn of(&self, session: SessionId, id: JobId) -> Option<Job> {
        lock(&self.0).jobs.get(&id).filter(|job| job.session == session).cloned()
    }

    /// The session ended: its results are forgotten. Running work goes on, unseen.
    pub fn forget(&self, session: SessionId) {
        lock(&self.0).jobs.retain(|_, job| job.session != session || job.end.is_none());
    }

    /// Jobs that run.
    #[must_use]
    pub fn running(&self) -> usize {
        lock(&self.0).jobs.values().filter(|job| job.end.is_none()).count()
    }
}

fn lock(table: &Mutex<Table>) -> MutexGuard<'_, Table> {
    // The table is whole after every statement.
    table.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Jobs at once: each has a connection of its own to `vaultd`.
const MAX_RUNNING: usize = 8;
const MAX_RUNNING_OF_SESSION: usize = 2;
/// Jobs kept, ended ones included.
const MAX_KEPT: usize = 128;
