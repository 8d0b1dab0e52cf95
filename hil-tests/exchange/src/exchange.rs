//! The exchange as a whole: one thread that turns all its spans every 20 ms, orders from outside, reports.

use crate::access::Access;
use carrier::journal::{Event, Journal, Report};
use idl::spans::{Alarms, SpanCounters};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use thiserror::Error;
use vocab::{Millis, Pii, SpanId};

/// What an exchange is set to.
#[derive(Debug, Clone, Default)]
pub struct ExchangeConfig {
    /// Folder of the virtual card's sockets.
    pub folder: PathBuf,
    /// Its spans, numbered from 1.
    pub spans: u16,
    /// This behaviour for every number.
    pub only_code: Option<u8>,
    /// Ring so long instead of what the table says.
    pub ring_ms: Option<u64>,
    /// Hang up so long after the answer; 0 listens to the end.
    pub talk_ms: u64,
    /// A file for the journal.
    pub journal_file: Option<PathBuf>,
}

/// What may be ordered of a span.
#[derive(Debug, Clone)]
pub enum Order {
    /// The line is in alarm, or well again.
    Alarms(Alarms),
    /// The card's error counters.
    Counters(SpanCounters),
    /// Frames of the D channel are lost both ways, or no longer.
    Mute(bool),
    /// A loop at the far side: the box hears itself.
    Loop(bool),
    /// RESTART of the whole interface.
    Restart,
    /// A call from outside is set up to the box.
    Call {
        /// The number called.
        called: Pii<String>,
        /// The number that calls.
        calling: Pii<String>,
    },
}

/// Counters of one span.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct LineReport {
    /// The data link stands.
    pub link_up: bool,
    /// Calls now.
    pub calls: usize,
    /// Channels that are idle.
    pub idle_channels: usize,
    /// Calls set up by the box.
    pub set_up: u64,
    /// Calls released.
    pub released: u64,
    /// Calls refused for want of a channel.
    pub refused: u64,
    /// Channels restarted by the box.
    pub restarted: u64,
    /// Messages of the box that were not usable.
    pub faults: u64,
}

/// Why an exchange cannot run.
#[derive(Debug, Error)]
pub enum StartError {
    /// The journal's file.
    #[error("the journal cannot be written: {0}")]
    Journal(#[source] std::io::Error),
    /// A span's sockets.
    #[error("{span}: its sockets cannot be made: {source}")]
    Span {
        /// The span.
        span: SpanId,
        /// The system's error.
        #[source]
        source: std::io::Error,
    },
    /// The thread.
    #[error("the exchange's thread cannot start: {0}")]
    Thread(#[source] std::io::Error),
}

/// Starts exchanges.
#[derive(Debug)]
pub struct Exchange;

/// A running exchange; it ends when this is dropped.
pub struct ExchangeHandle {
    journal: Journal,
    orders: SyncSender<(SpanId, Order)>,
    lines: Arc<Mutex<BTreeMap<SpanId, LineReport>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Exchange {
    /// Listens for the box on every span.
    ///
    /// # Errors
    /// [`StartError`].
    pub fn start(config: &ExchangeConfig) -> Result<ExchangeHandle, StartError> {
        let journal = Journal::open(config.journal_file.as_deref()).map_err(StartError::Journal)?;
        let serial = Arc::new(AtomicU64::new(0));
        let began = Instant::now();
        let accesses = (1..=config.spans)
            .map(|number| {
                let span = SpanId(number);
                Access::new(Millis(0), span, config, journal.clone(), Arc::clone(&serial))
                    .map(|access| (span, access))
                    .map_err(|source| StartError::Span { span, source })
            })
            .collect::<Result<Vec<_>, _>>()?;
        let (orders, incoming) = sync_channel(MAX_ORDERS);
        let lines = Arc::new(Mutex::new(BTreeMap::new()));
        let stop = Arc::new(AtomicBool::new(false));
        let turning = Turning {
            accesses,
            orders: incoming,
            lines: Arc::clone(&lines),
            stop: Arc::clone(&stop),
            journal: journal.clone(),
            began,
        };
        let thread = std::thread::Builder::new()
            .name("exchange".to_owned())
            .spawn(move || turning.run())
            .map_err(StartError::Thread)?;
        Ok(ExchangeHandle { journal, orders, lines, stop, thread: Some(thread) })
    }
}

impl ExchangeHandle {
    /// Orders something of a span; it happens with the next turn.
    pub fn order(&self, span: SpanId, order: Order) {
        // An exchange that does not turn any more is found by whoever waits for its effect.
        let _ = self.orders.send((span, order));
    }

    /// All events so far.
    #[must_use]
    pub fn journal(&self) -> Vec<Event> {
        self.journal.events()
    }

    /// How often each number was called, unmasked.
    #[must_use]
    pub fn calls_per_number(&self) -> BTreeMap<String, u64> {
        self.journal.calls_per_number()
    }

    /// The counters of the calls so far.
    #[must_use]
    pub fn report(&self) -> Report {
        self.journal.report()
    }

    /// The counters of a span as of the last turn.
    #[must_use]
    pub fn line(&self, span: SpanId) -> LineReport {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).get(&span).copied().unwrap_or_default()
    }

    /// Waits until the counters of calls are as wanted; false when time runs out.
    #[must_use]
    pub fn wait_until(&self, limit: Duration, wanted: impl Fn(&Report) -> bool) -> bool {
        self.journal.wait_until(limit, wanted)
    }

    /// Ends the exchange and gives its last counters.
    #[must_use]
    pub fn stop(mut self) -> Report {
        self.end();
        self.journal.report()
    }

    fn end(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for ExchangeHandle {
    fn drop(&mut self) {
        self.end();
    }
}

struct Turning {
    accesses: Vec<(SpanId, Access)>,
    orders: Receiver<(SpanId, Order)>,
    lines: Arc<Mutex<BTreeMap<SpanId, LineReport>>>,
    stop: Arc<AtomicBool>,
    journal: Journal,
    began: Instant,
}

impl Turning {
    fn run(mut self) {
        let mut deadline = Instant::now();
        while !self.stop.load(Ordering::Relaxed) {
            deadline += TURN;
            let now = Millis(u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX));
            while let Ok((span, order)) = self.orders.try_recv() {
                for (_, access) in self.accesses.iter_mut().filter(|(id, _)| *id == span) {
                    access.order(now, &order);
                }
            }
            let mut active = 0;
            let mut reports = BTreeMap::new();
            for (span, access) in &mut self.accesses {
                access.turn(now);
                let report = access.report();
                active += report.calls as u64;
                reports.insert(*span, report);
            }
            self.journal.set_active(active);
            *self.lines.lock().unwrap_or_else(PoisonError::into_inner) = reports;
            match deadline.checked_duration_since(Instant::now()) {
                Some(rest) => std::thread::sleep(rest),
                // A machine that stood still does not get all its turns at once.
                None if deadline.elapsed() > MAX_LATE => deadline = Instant::now(),
                None => {}
            }
        }
    }
}

const TURN: Duration = Duration::from_millis(20);
const MAX_LATE: Duration = Duration::from_millis(200);
const MAX_ORDERS: usize = 256;
