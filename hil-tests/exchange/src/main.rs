//! The command line of the simulated exchange.
//!
//! It reads options, waits for a signal or a line on standard input, and prints the report; what a call does is in the
//! library.

use anyhow::{Context, bail};
use exchange::{Exchange, ExchangeConfig};
use lexopt::prelude::*;
use nix::sys::signal::{SigSet, Signal};
use std::io::{BufRead, Write};
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

const HELP: &str = "\
exchange --cards DIR [options]   an exchange behind virtual cards, whose subscribers behave as their numbers say

  --cards DIR      folder of the cards' sockets
  --spans N        so many primary rate accesses, numbered from 1 (2)
  --only CODE      this behaviour for every number (the table: carrier --behaviours)
  --ring-ms N, --talk-ms N   shorter rings; hang up N ms after the answer (0: listen to the end)
  --journal FILE   what happened, one JSON object a line
On standard input: report, stop. SIGINT and SIGTERM stop too. The report is one JSON object.
";

enum Word {
    Report,
    Stop,
}

fn main() -> anyhow::Result<()> {
    let Some(config) = config()? else { return print(HELP) };
    // Before any thread, so that all of them inherit it.
    let signals = SigSet::from_iter([Signal::SIGINT, Signal::SIGTERM]);
    signals.thread_block().context("signals cannot be blocked")?;
    let exchange = Exchange::start(&config)?;
    let (words, inbox) = sync_channel(CONTROL_LIMIT);
    let stop = words.clone();
    // Both threads end with the process: neither wait can be called off.
    std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
        if signals.wait().is_ok() {
            let _ = stop.send(Word::Stop);
        }
    })?;
    std::thread::Builder::new().name("control".to_owned()).spawn(move || control(&words))?;
    loop {
        match inbox.recv_timeout(FLUSH) {
            Ok(Word::Report) => print(&format!("{}\n", serde_json::to_string(&exchange.report())?))?,
            // The report completes the journal's file.
            Err(RecvTimeoutError::Timeout) => drop(exchange.report()),
            Ok(Word::Stop) | Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    print(&format!("{}\n", serde_json::to_string(&exchange.stop())?))
}

fn control(words: &SyncSender<Word>) {
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        let word = match line.trim() {
            "report" => Word::Report,
            "stop" => Word::Stop,
            _ => continue,
        };
        if words.send(word).is_err() {
            return;
        }
    }
}

fn config() -> anyhow::Result<Option<ExchangeConfig>> {
    let mut config = ExchangeConfig { spans: 2, ..ExchangeConfig::default() };
    let mut parser = lexopt::Parser::from_env();
    while let Some(option) = parser.next()? {
        match option {
            Long("cards") => config.folder = parser.value()?.into(),
            Long("spans") => config.spans = parser.value()?.parse()?,
            Long("only") => config.only_code = Some(parser.value()?.parse()?),
            Long("ring-ms") => config.ring_ms = Some(parser.value()?.parse()?),
            Long("talk-ms") => config.talk_ms = parser.value()?.parse()?,
            Long("journal") => config.journal_file = Some(parser.value()?.into()),
            Long("help") | Short('h') => return Ok(None),
            other => return Err(other.unexpected().into()),
        }
    }
    if config.folder.as_os_str().is_empty() {
        bail!("--cards DIR is missing");
    }
    if !(1..=MAX_SPANS).contains(&usize::from(config.spans)) {
        bail!("--spans takes 1 to {MAX_SPANS}");
    }
    if config.only_code.is_some_and(|code| code > MAX_CODE) {
        bail!("--only takes 0 to {MAX_CODE}");
    }
    Ok(Some(config))
}

fn print(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}

const MAX_SPANS: usize = idl::spans::MAX_SPANS;
const MAX_CODE: u8 = 99;
const CONTROL_LIMIT: usize = 16;
/// The journal's file is complete up to so long ago.
const FLUSH: Duration = Duration::from_millis(500);
