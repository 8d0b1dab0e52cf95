//! One box under test: its processes, its site, and what a test may ask and see of it.

use crate::client::Vault;
use crate::place::{Place, binary};
use crate::processes::{PRODUCT, Processes, UNSUPERVISED, WITH_PAGE, Which};
use crate::site::People;
use crate::sound::Stereo;
use crate::wait::{LONG, SHORT};
use idl::admin::{Admin, Answer, BoxStatus, CallView, Figures};
use idl::hello::Process;
use std::io::Cursor;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};
use vocab::{CallId, DepartmentId, PersonId};

/// A running, commissioned box. Everything ends when it is dropped.
#[derive(Debug)]
pub struct TestBox {
    /// Who works here.
    pub people: People,
    /// Folders and ports.
    pub place: Place,
    pub(crate) lines_made: usize,
    pub(crate) runtime: tokio::runtime::Runtime,
    vault: Vault,
    processes: Processes,
}

/// A recording with the key to it.
#[derive(Debug)]
pub struct Exported {
    /// The key.
    pub key: vocab::Secret<[u8; 32]>,
    /// The file.
    pub file: PathBuf,
}

impl TestBox {
    /// Starts and commissions a box.
    #[must_use]
    pub fn start() -> Self {
        Self::start_in(Place::new())
    }

    /// The same, in a place that peers know already.
    #[must_use]
    pub fn start_in(place: Place) -> Self {
        let mut new = Self::blank(place, &PRODUCT);
        new.people = new.commission();
        new
    }

    /// A commissioned box without its supervisor, for a machine so slow that a process may owe it three answers.
    #[must_use]
    pub fn start_unsupervised(place: Place) -> Self {
        let mut new = Self::blank(place, &UNSUPERVISED);
        new.people = new.commission();
        new
    }

    /// A blank box with its page, to be commissioned by whoever opens that.
    #[must_use]
    pub fn start_blank_with_page(place: Place) -> Self {
        Self::blank(place, &WITH_PAGE)
    }

    fn blank(place: Place, product: &[Which]) -> Self {
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(1).enable_all().build().expect("a runtime");
        let processes = Processes::start(&place, product);
        let vault = Vault::new(Process::Vaultd.socket(&place.folder("run")));
        let nobody = PersonId(0);
        let people = People {
            system: nobody,
            security: nobody,
            audit: nobody,
            manager: nobody,
            compliance: nobody,
            data: nobody,
            qa: nobody,
            department: DepartmentId(0),
        };
        Self { people, place, lines_made: 0, runtime, vault, processes }
    }

    /// One request. A refusal is an answer; a connection that breaks is a failure of the test.
    #[track_caller]
    pub fn ask(&mut self, actor: Option<PersonId>, what: Admin) -> Answer {
        self.runtime.block_on(self.vault.ask(actor, what, None)).expect("vaultd answers")
    }

    /// One request with a file.
    #[track_caller]
    pub fn attach(&mut self, actor: PersonId, what: Admin, file: OwnedFd) -> Answer {
        self.runtime.block_on(self.vault.ask(Some(actor), what, Some(file))).expect("vaultd answers")
    }

    /// Something that is done or the test fails.
    #[track_caller]
    pub fn order(&mut self, actor: PersonId, what: Admin) {
        match self.ask(Some(actor), what) {
            Answer::Done | Answer::Created { .. } => {}
            other => panic!("not done: {other:?}"),
        }
    }

    /// Something that creates one thing; its id.
    #[track_caller]
    pub fn create(&mut self, actor: PersonId, what: Admin) -> u64 {
        match self.ask(Some(actor), what) {
            Answer::Created { ids } => *ids.first().expect("an id"),
            other => panic!("not created: {other:?}"),
        }
    }

    /// Something that only reads, asked again after a restart of the vault.
    #[track_caller]
    pub fn read(&mut self, actor: Option<PersonId>, what: impl Fn() -> Admin) -> Answer {
        let start = Instant::now();
        loop {
            self.processes.look_after(&self.place);
            match self.runtime.block_on(self.vault.ask(actor, what(), None)) {
                Ok(answer) => return answer,
                Err(error) => assert!(start.elapsed() < LONG, "vaultd does not come back: {error}"),
            }
        }
    }

    /// The figures of all campaigns.
    #[track_caller]
    pub fn figures(&mut self) -> Figures {
        let manager = self.people.manager;
        match self.read(Some(manager), || Admin::Figures { campaign: None }) {
            Answer::Figures(figures) => *figures,
            other => panic!("no figures: {other:?}"),
        }
    }

    /// The state of the box.
    #[track_caller]
    pub fn status(&mut self) -> BoxStatus {
        match self.read(None, || Admin::Status) {
            Answer::Status(status) => *status,
            other => panic!("no status: {other:?}"),
        }
    }

    /// Waits until the figures are as wanted, and returns them.
    #[track_caller]
    pub fn wait_for(&mut self, what: &str, limit: Duration, wanted: impl Fn(&Figures) -> bool) -> Figures {
        let start = Instant::now();
        loop {
            let figures = self.figures();
            if wanted(&figures) {
                return figures;
            }
            assert!(start.elapsed() < limit, "not within {} s: {what}; {figures:?}", limit.as_secs());
            std::thread::sleep(PAUSE);
        }
    }

    /// Waits until so many verdicts were given and every call that was placed is over and verified.
    #[track_caller]
    pub fn settled(&mut self, offered: u64) -> Figures {
        let over = |figures: &Figures| {
            figures.offered >= offered
                && figures.open == 0
                && figures.recordings == figures.recordings_verified
                && figures.placed == figures.answered + sum(&figures.failed)
        };
        let figures = self.wait_for("every call is over and verified", LONG, over);
        self.adds_up();
        figures
    }

    /// Every figure is accounted for, and the ledger is whole.
    #[track_caller]
    pub fn adds_up(&mut self) {
        let figures = self.figures();
        assert_eq!(figures.offered, sum(&figures.refused) + figures.placed, "{figures:?}");
        assert_eq!(figures.placed, figures.answered + sum(&figures.failed) + figures.open, "{figures:?}");
        if figures.open == 0 {
            assert_eq!(
                figures.answered,
                figures.recordings_verified + sum(&figures.unrecorded),
                "{figures:?}"
            );
        }
        let auditor = self.people.audit;
        match self.read(Some(auditor), || Admin::VerifyLedger) {
            Answer::Ledger { ok: true, .. } => {}
            other => panic!("the ledger is not whole: {other:?}"),
        }
    }

    /// All calls, oldest first.
    #[track_caller]
    pub fn calls(&mut self) -> Vec<CallView> {
        let (qa, mut calls) = (self.people.qa, Vec::<CallView>::new());
        loop {
            let after = calls.last().map(|call| call.call);
            match self.read(Some(qa), || Admin::Calls { after }) {
                Answer::Calls(page) if page.is_empty() => return calls,
                Answer::Calls(page) => calls.extend(page),
                other => panic!("no calls: {other:?}"),
            }
        }
    }

    /// The only call of a campaign of one contact, when it is over: the newest.
    #[track_caller]
    pub fn last_call(&mut self) -> CallView {
        self.calls().pop().expect("a call")
    }

    /// The permission to hear a call, and its file.
    #[track_caller]
    pub fn recording(&mut self, call: CallId) -> Exported {
        let qa = self.people.qa;
        match self.ask(Some(qa), Admin::Listen { call, purpose: "quality".into() }) {
            Answer::Listen { key, file } => {
                Exported { key, file: self.place.folder("recordings").join(file) }
            }
            other => panic!("no key: {other:?}"),
        }
    }

    /// Ends a process at once.
    pub fn kill(&mut self, which: Which) {
        self.processes.kill(which);
    }

    /// Asks a process to end; its exit code.
    pub fn terminate(&mut self, which: Which) -> Option<i32> {
        self.processes.terminate(which)
    }

    /// Starts a process that was ended.
    pub fn restart(&mut self, which: Which) {
        self.processes.restart(which, &self.place);
    }

    /// The process ids of everything that runs.
    #[must_use]
    pub fn pids(&self) -> Vec<(Which, u32)> {
        self.processes.pids()
    }

    /// Fails if a process ended without being told to.
    #[track_caller]
    pub fn nothing_ended_by_itself(&mut self) {
        self.processes.look_after(&self.place);
        assert!(self.processes.surprises.is_empty(), "{:?}", self.processes.surprises);
    }

    /// A process's log so far.
    #[must_use]
    pub fn log(&self, which: Which) -> String {
        let file = self.place.folder("logs").join(format!("{}.log", which.name()));
        String::from_utf8_lossy(&std::fs::read(file).unwrap_or_default()).into_owned()
    }

    /// Waits until a log holds these words.
    #[track_caller]
    pub fn wait_for_log(&self, which: Which, words: &str) {
        crate::until(&format!("{} logs {words:?}", which.name()), SHORT, || {
            self.log(which).contains(words).then_some(())
        });
    }

    /// A copy of the ledger's folder, verified by the tool that needs nothing else: what it says and its code.
    #[track_caller]
    pub fn verify_offline(&self, folder: &std::path::Path, more: &[&str]) -> (i32, String) {
        let mut tool = Command::new(binary("ringfence-ledger"));
        let output = tool.arg("verify").arg(folder).args(more).output().expect("the tool runs");
        let said = [output.stdout, output.stderr].concat();
        (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&said).into_owned())
    }

    /// The folder that holds the ledger's segments.
    #[must_use]
    pub fn ledger_folder(&self) -> PathBuf {
        self.place.folder("vault").join("ledger")
    }
}

impl Exported {
    /// The audio.
    ///
    /// # Panics
    /// If it cannot be decoded.
    #[must_use]
    pub fn stereo(&self) -> Stereo {
        let mut wav = Cursor::new(Vec::new());
        let file = std::fs::File::open(&self.file).expect("the recording's file");
        recording::decode_to_wav(std::io::BufReader::new(file), &self.key, &mut wav)
            .expect("a sound recording");
        Stereo::read(wav.get_ref())
    }

    /// What the check says of it.
    ///
    /// # Panics
    /// If it is no recording at all.
    #[must_use]
    pub fn verify(&self, expected_ms: Option<u64>) -> recording::Verdict {
        let file = std::fs::File::open(&self.file).expect("the recording's file");
        recording::verify(std::io::BufReader::new(file), &self.key, expected_ms).expect("a recording").verdict
    }
}

impl Drop for TestBox {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        for which in WITH_PAGE {
            let log = self.log(which);
            let lines: Vec<&str> = log.lines().collect();
            let from = lines.len().saturating_sub(LOG_LINES_SHOWN);
            eprintln!("--- {}:\n{}", which.name(), lines[from..].join("\n"));
        }
        eprintln!("--- ended by themselves: {:?}", self.processes.surprises);
        eprintln!("--- kept in {}", self.place.path().display());
        self.place.keep();
    }
}

pub(crate) fn sum(counts: &[(String, u64)]) -> u64 {
    counts.iter().map(|(_, count)| count).sum()
}

const PAUSE: Duration = Duration::from_millis(50);
const LOG_LINES_SHOWN: usize = 30;
