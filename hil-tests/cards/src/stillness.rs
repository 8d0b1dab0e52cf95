//! How long the machine let the guest stand still: a virtual card's clock loses that time, and a recording is shorter than
//! its call by it. A scenario forgives exactly that, and only where it was seen here.

use anyhow::ensure;
use e2e::TestBox;
use idl::admin::Figures;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// A thread that wants to run every 20 ms, and how much too late it did.
#[derive(Debug)]
pub struct Stillness {
    stop: Arc<AtomicBool>,
    ms: Arc<AtomicU64>,
    thread: Option<JoinHandle<()>>,
}

impl Stillness {
    /// Begins to watch.
    pub fn watch() -> Self {
        let (stop, ms) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (stopped, sum) = (Arc::clone(&stop), Arc::clone(&ms));
        let thread = std::thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                let began = Instant::now();
                std::thread::sleep(TURN);
                let late = began.elapsed().saturating_sub(TURN);
                if late > NOTICED {
                    sum.fetch_add(u64::try_from(late.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
                }
            }
        });
        Self { stop, ms, thread: Some(thread) }
    }

    /// Milliseconds so far.
    pub fn ms(&self) -> u64 {
        self.ms.load(Ordering::Relaxed)
    }

    /// Waits until so many verdicts were given and every call is over, its recording verified.
    pub fn settled(&self, sut: &mut TestBox, offered: u64) -> anyhow::Result<(Figures, String)> {
        let over = |figures: &Figures| {
            let failed: u64 = figures.failed.iter().map(|(_, count)| count).sum();
            figures.offered >= offered && figures.open == 0 && figures.placed == figures.answered + failed
        };
        let mut figures = sut.figures();
        let began = Instant::now();
        while !over(&figures) {
            ensure!(began.elapsed() < CALLS_LIMIT, "not every call is over: {figures:?}");
            std::thread::sleep(LOOK_EVERY);
            figures = sut.figures();
        }
        let began = Instant::now();
        while figures.recordings != figures.recordings_verified && began.elapsed() < VERIFY_LIMIT {
            std::thread::sleep(LOOK_EVERY);
            figures = sut.figures();
        }
        let short = figures.recordings - figures.recordings_verified;
        ensure!(short == 0 || self.ms() > RECORDING_TOLERANCE_MS, "{figures:?}");
        let told = format!("stood still {} ms, {short} recordings shorter than their calls", self.ms());
        Ok((figures, told))
    }
}

impl Drop for Stillness {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

const TURN: Duration = Duration::from_millis(20);
/// A processor of one's own wakes a thread sooner.
const NOTICED: Duration = Duration::from_millis(10);
/// By how much a recording may differ from its call and be verified.
const RECORDING_TOLERANCE_MS: u64 = 1_000;
const LOOK_EVERY: Duration = Duration::from_millis(200);
const CALLS_LIMIT: Duration = Duration::from_secs(180);
const VERIFY_LIMIT: Duration = Duration::from_secs(30);
