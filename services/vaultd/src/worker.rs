//! Long work beside the core: imports and the ledger's verification on one thread, recordings on another,
//! passwords on a third, signatures of the TPM on a fourth, so that dialling never waits for any of them.

use crate::admin::Refusal;
use crate::chip::Epochs;
use crate::command::{Cmd, Imported, Job, Message, ReadJob, ReplyTo};
use crate::entries::{RecordingFinding, RecordingWorth};
use crate::files::KeyFiles;
use crate::import::{self, Tools};
use crate::reads;
use crate::recording_name;
use crate::server::{Input, Outbox};
use crate::tape_files::TapeFiles;
use idl::admin::{AdminReply, Answer};
use recording::Verdict;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use store::{HeadKey, Objects, verify_dir};
use tokio::sync::mpsc::Sender;
use vocab::{CallId, Secret};

/// Jobs waiting for a thread; the core hands out fewer.
const MAX_WAITING: usize = 64;
const _: () = assert!(crate::auth::MAX_CHECKS <= MAX_WAITING, "every check begun finds room at its thread");

/// What the workers need.
#[derive(Debug, Clone)]
pub struct Context {
    /// Objects.
    pub objects: Arc<Objects>,
    /// Keys.
    pub keys: Arc<KeyFiles>,
    /// The recordings' folder.
    pub recordings: PathBuf,
    /// The folder of traces.
    pub traces: PathBuf,
    /// The folder of bundles.
    pub bundles: PathBuf,
    /// The folder of diagnostics bundles, which `hostd` writes.
    pub diagnostics: PathBuf,
    /// Console sessions' recordings.
    pub tapes: Arc<TapeFiles>,
    /// The ledger's folder.
    pub ledger: PathBuf,
    /// The key that checks heads.
    pub head_key: HeadKey,
    /// The TPM's count of the least security epoch.
    pub epochs: Arc<dyn Epochs>,
    /// The way back into the core.
    pub core: Sender<Input>,
    /// The way to a peer, for progress.
    pub outbox: Outbox,
}

/// The threads.
#[derive(Debug)]
pub struct Workers {
    imports: Option<SyncSender<Job>>,
    recordings: Option<SyncSender<Job>>,
    passwords: Option<SyncSender<Job>>,
    reads: Option<SyncSender<ReadJob>>,
    outbox: Outbox,
    threads: Vec<JoinHandle<()>>,
}

impl Workers {
    /// Starts the threads.
    ///
    /// # Errors
    /// The system's, if it gives no thread.
    pub fn start(context: &Context) -> std::io::Result<Self> {
        let (imports, import_jobs) = sync_channel(MAX_WAITING);
        let (recordings, recording_jobs) = sync_channel(MAX_WAITING);
        let (passwords, password_jobs) = sync_channel(MAX_WAITING);
        let mut threads = Vec::new();
        let queues = [("import", import_jobs), ("recordings", recording_jobs), ("passwords", password_jobs)];
        for (name, jobs) in queues {
            let context = context.clone();
            let thread = std::thread::Builder::new().name(name.to_owned());
            threads.push(thread.spawn(move || run(&context, &jobs))?);
        }
        let (reads, read_jobs) = sync_channel(MAX_WAITING);
        let reader = context.clone();
        let thread = std::thread::Builder::new().name("reads".to_owned());
        threads.push(thread.spawn(move || reads::run(&reader, &read_jobs))?);
        Ok(Self {
            imports: Some(imports),
            recordings: Some(recordings),
            passwords: Some(passwords),
            reads: Some(reads),
            outbox: context.outbox.clone(),
            threads,
        })
    }

    /// Gives a job to its thread. A full queue loses nothing: recordings are asked for again, and people are told
    /// to.
    pub fn give(&self, job: Job) {
        let job = match job {
            Job::Read(read) => return self.read(read),
            other => other,
        };
        let queue = match &job {
            Job::Read(_) => return,
            Job::VerifyRecording { .. } => &self.recordings,
            Job::Password(_) => &self.passwords,
            Job::ImportContacts { .. }
            | Job::ImportDoNotCall { .. }
            | Job::StorePrompt { .. }
            | Job::StoreBundle { .. }
            | Job::CheckLedger
            | Job::RaiseEpoch { .. }
            | Job::VerifyLedger { .. } => &self.imports,
        };
        let Some(queue) = queue else {
            return;
        };
        if let Err(TrySendError::Full(_)) = queue.try_send(job) {
            log::error!("the worker's queue is full");
        }
    }

    fn read(&self, job: ReadJob) {
        let reply = job.reply();
        let given = self.reads.as_ref().map(|queue| queue.try_send(job));
        if !matches!(given, Some(Ok(()))) {
            let answer = Refusal::busy().into_answer();
            self.outbox.send(reply.conn, Message::Admin(AdminReply { id: reply.id, answer }));
        }
    }

    /// Ends the threads after the job each is at.
    pub fn stop(&mut self) {
        self.imports = None;
        self.recordings = None;
        self.passwords = None;
        self.reads = None;
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                log::error!("a worker ended with a panic");
            }
        }
    }
}

fn run(context: &Context, jobs: &Receiver<Job>) {
    while let Ok(job) = jobs.recv() {
        let Some(cmd) = perform(context, job) else {
            continue;
        };
        if context.core.blocking_send(Input::Cmd(cmd)).is_err() {
            return;
        }
    }
}

fn perform(context: &Context, job: Job) -> Option<Cmd> {
    let tools = Tools { objects: &context.objects, keys: &context.keys };
    let cmd = match job {
        Job::Read(_) => return None,
        Job::ImportContacts { reply, file, options, plan } => {
            let outcome = import::contacts(tools, file, options, plan, &mut progress(context, reply));
            Cmd::Imported(Box::new(Imported { reply, outcome }))
        }
        Job::ImportDoNotCall { reply, file, issued_at, now } => {
            let outcome = import::do_not_call(tools, file, issued_at, now, &mut progress(context, reply));
            Cmd::Imported(Box::new(Imported { reply, outcome }))
        }
        Job::StorePrompt { reply, file, text } => {
            let outcome = import::prompt(tools, file, text);
            Cmd::Imported(Box::new(Imported { reply, outcome }))
        }
        Job::VerifyRecording { call, key, expected_ms } => {
            let finding = recording_finding(&context.recordings, call, key.as_ref(), expected_ms);
            Cmd::RecordingVerified { call, finding }
        }
        Job::CheckLedger => {
            let verified = verify_dir(&context.ledger, Some(&context.head_key), None, |_| {});
            Cmd::LedgerChecked(verified.err().map(|error| error.to_string()))
        }
        Job::RaiseEpoch { to } => Cmd::EpochRaised(context.epochs.raise_epoch(to)),
        Job::StoreBundle { reply, file, keep } => {
            let outcome = crate::host_files::store_bundle(&context.bundles, file, &keep);
            Cmd::BundleStored { reply, outcome }
        }
        Job::Password(job) => Cmd::PasswordDone(job.perform()),
        Job::VerifyLedger { reply } => {
            let verified = verify_dir(&context.ledger, Some(&context.head_key), None, |_| {});
            let outcome = verified.map(|report| report.last_seq).map_err(|error| error.to_string());
            Cmd::LedgerVerified { reply, outcome }
        }
    };
    Some(cmd)
}

/// Tells progress at whole percents at most, and never waits for the peer.
fn progress(context: &Context, reply: ReplyTo) -> impl FnMut(u64, u64) + '_ {
    let mut told = 0;
    move |done, total| {
        let percent = (done * 100).checked_div(total).unwrap_or(0);
        if percent > told {
            told = percent;
            let answer = Answer::Progress { done, total };
            context.outbox.send(reply.conn, Message::Admin(AdminReply { id: reply.id, answer }));
        }
    }
}

/// Verifies one recording.
#[must_use]
pub fn recording_finding(
    folder: &Path,
    call: CallId,
    key: Option<&Secret<[u8; 32]>>,
    expected_ms: Option<u64>,
) -> RecordingFinding {
    let only = |worth| RecordingFinding { duration_ms: 0, gaps_customer_ms: 0, gaps_agent_ms: 0, worth };
    let Some(key) = key else {
        return only(RecordingWorth::Erased);
    };
    let file = match File::open(folder.join(recording_name(call))) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return only(RecordingWorth::Missing),
        Err(_) => return only(RecordingWorth::Unreadable),
    };
    // The file is made with the ticket and begun with the notice's end: a recorder that died before leaves it
    // empty.
    if expected_ms.is_none() && file.metadata().is_ok_and(|data| data.len() == 0) {
        return only(RecordingWorth::Cut);
    }
    let Ok(report) = recording::verify(BufReader::new(file), key, expected_ms) else {
        return only(RecordingWorth::Unreadable);
    };
    let worth = match report.verdict {
        Verdict::Sound => RecordingWorth::Sound,
        // A call that ended in order closes its recording.
        Verdict::Cut if expected_ms.is_some() => RecordingWorth::WrongDuration,
        Verdict::Cut => RecordingWorth::Cut,
        Verdict::WrongDuration => RecordingWorth::WrongDuration,
        Verdict::Damaged(_) => RecordingWorth::Damaged,
    };
    RecordingFinding {
        duration_ms: report.duration_ms,
        gaps_customer_ms: report.gaps_left_ms,
        gaps_agent_ms: report.gaps_right_ms,
        worth,
    }
}
