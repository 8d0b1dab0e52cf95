//! The loop around the console: the line's bytes in and out, requests to `vaultd`, facts once a second, the supervisor
//! and the watchdog. It decides nothing.

use crate::console::{Ask, Console, Input, Out};
use crate::health;
use crate::link::{self, News};
use crate::options::Options;
use crate::outside;
use crate::port::Port;
use anyhow::Context;
use idl::hello::Process;
use ipc::{Listener, Question};
use sd_notify::NotifyState;
use std::time::Duration;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

/// Runs until `stop` resolves, or the terminal it was started on is gone.
///
/// # Errors
/// If the port or the supervisor's socket cannot be used.
pub async fn run(options: Options, stop: impl Future<Output = ()>) -> anyhow::Result<()> {
    let port = match &options.port {
        Some(device) => Port::open(device, options.baud)?,
        None => Port::stdio()?,
    };
    let supervised = Listener::bind(
        &Process::Consoled.socket(&options.run),
        Process::Consoled,
        &[(Process::Supervisor, options.supervisor_uid)],
    )
    .context("the supervisor's socket cannot be made")?;
    let (asks, asked) = channel(MAX_ASKS);
    let (tell, news) = channel(MAX_NEWS);
    let (question, questions) = channel(MAX_QUESTIONS);
    let mut tasks = JoinSet::new();
    tasks.spawn(link::keep(Process::Vaultd.socket(&options.run), asked, tell));
    tasks.spawn(Question::take(supervised, question, |error| log::warn!("a peer was refused: {error}")));
    let _not_under_systemd = sd_notify::notify(&[NotifyState::Ready]);
    let shell = Shell {
        console: Console::new(options.wish),
        options,
        port,
        asks,
        connected: false,
        backlog: Vec::new(),
        facts_at: Instant::now(),
    };
    let done = shell.serve(news, questions, stop).await;
    tasks.shutdown().await;
    done
}

struct Shell {
    console: Console,
    options: Options,
    port: Port,
    asks: Sender<Ask>,
    connected: bool,
    /// What the line has not taken yet.
    backlog: Vec<u8>,
    facts_at: Instant,
}

impl Shell {
    async fn serve(
        mut self,
        mut news: Receiver<News>,
        mut questions: Receiver<Question>,
        stop: impl Future<Output = ()>,
    ) -> anyhow::Result<()> {
        tokio::pin!(stop);
        let watchdog = sd_notify::watchdog_enabled().map(|limit| limit / 2);
        let mut fed = Instant::now();
        let mut buffer = [0; READ_BYTES];
        loop {
            if Instant::now() >= self.facts_at {
                self.facts_at = Instant::now() + FACTS_EVERY;
                let facts = outside::facts(&self.options.run, self.connected);
                self.step(Input::Facts(Box::new(facts)));
            }
            if watchdog.is_some_and(|every| fed.elapsed() >= every) {
                fed = Instant::now();
                let _not_under_systemd = sd_notify::notify(&[NotifyState::Watchdog]);
            }
            if self.backlog.is_empty() {
                self.console.frame(outside::boot_ms(), &mut self.backlog);
            }
            let due = Duration::from_millis(self.console.deadline().saturating_sub(outside::boot_ms()));
            let wait = due.min(self.facts_at.saturating_duration_since(Instant::now())).max(SHORTEST);
            tokio::select! {
                () = &mut stop => {
                    self.step(Input::Hangup);
                    let _not_under_systemd = sd_notify::notify(&[NotifyState::Stopping]);
                    // The session's end is on its way; the line gets its last words if it takes them at once.
                    let _ = tokio::time::timeout(LAST_WORDS, self.port.write(b"\x1b[0m\r\n")).await;
                    return Ok(());
                }
                read = self.port.read(&mut buffer) => match read {
                    Ok(0) | Err(_) => {
                        self.step(Input::Hangup);
                        if self.options.port.is_none() {
                            return Ok(());
                        }
                        self.backlog.clear();
                        sleep(AFTER_HANGUP).await;
                    }
                    Ok(read) if self.is_left(buffer.get(..read).unwrap_or_default()) => {
                        self.step(Input::Hangup);
                        return Ok(());
                    }
                    Ok(read) => {
                        let bytes = buffer.get(..read).unwrap_or_default().to_vec();
                        self.step(Input::Bytes(&bytes));
                        buffer.fill(0);
                    }
                },
                written = self.port.write(&self.backlog), if !self.backlog.is_empty() => match written {
                    Ok(written) => drop(self.backlog.drain(..written.min(self.backlog.len()))),
                    Err(_gone) => self.backlog.clear(),
                },
                Some(told) = news.recv() => match told {
                    News::Connected(connected) => {
                        self.connected = connected;
                        self.facts_at = Instant::now();
                    }
                    News::Answer(id, answer) => self.step(Input::Answer { id, answer }),
                },
                Some(Question { serial, reply }) = questions.recv() => {
                    let signed_in = self.console.is_signed_in();
                    let _gone = reply.send(health::answer(serial, self.connected, signed_in));
                }
                () = sleep(wait) => self.step(Input::Tick),
            }
        }
    }

    /// Ctrl-D leaves a terminal the process was started on, never a serial port; not while somebody is signed in.
    fn is_left(&self, bytes: &[u8]) -> bool {
        self.options.port.is_none() && !self.console.is_signed_in() && bytes.contains(&END_OF_INPUT)
    }

    fn step(&mut self, input: Input<'_>) {
        let mut out = Out::default();
        self.console.step(outside::boot_ms(), input, &mut out);
        // A line that takes nothing loses its oldest words; the next full screen is drawn whole.
        if self.backlog.len() + out.bytes.len() > MAX_BACKLOG {
            self.backlog.clear();
        }
        self.backlog.append(&mut out.bytes);
        for ask in out.asks {
            let id = ask.id;
            if self.asks.try_send(ask).is_err() {
                self.step(Input::Answer { id, answer: None });
            }
        }
    }
}

/// Ctrl-D.
const END_OF_INPUT: u8 = 4;
const READ_BYTES: usize = 256;
/// Bytes that wait for the line: six seconds of it.
const MAX_BACKLOG: usize = 64 * 1024;
const MAX_ASKS: usize = 8;
const MAX_NEWS: usize = 16;
const MAX_QUESTIONS: usize = 8;
const FACTS_EVERY: Duration = Duration::from_secs(1);
const SHORTEST: Duration = Duration::from_millis(5);
const AFTER_HANGUP: Duration = Duration::from_millis(500);
const LAST_WORDS: Duration = Duration::from_millis(200);
