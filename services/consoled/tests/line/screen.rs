//! The terminal at the other end: a pseudo-terminal, what was sent as a stream, and what stands on its screen.

use crate::boxes::LIMIT;
use cast::Screen;
use nix::pty::{OpenptyResult, openpty};
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::Stdio;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Instant;

/// A line with a terminal at its near end.
pub struct Line {
    keyboard: File,
    far: OwnedFd,
    shared: Arc<(Mutex<Terminal>, Condvar)>,
}

#[derive(Default)]
struct Terminal {
    stream: Vec<u8>,
    /// The column it answers a probe with.
    column: Option<u16>,
    probes: usize,
    pending: Vec<u8>,
    screen: Screen,
}

impl Line {
    /// A new line; a thread reads it until its far end is closed.
    pub fn open() -> Self {
        let OpenptyResult { master, slave } = openpty(None, None).unwrap();
        let keyboard = File::from(master);
        let mut reader = keyboard.try_clone().unwrap();
        let mut answering = keyboard.try_clone().unwrap();
        let shared = Arc::new((Mutex::new(Terminal::default()), Condvar::new()));
        let theirs = Arc::clone(&shared);
        std::thread::spawn(move || {
            let mut buffer = [0; 4_096];
            while let Ok(read @ 1..) = reader.read(&mut buffer) {
                let mut terminal = theirs.0.lock().unwrap();
                terminal.take(&buffer[..read]);
                if let Some(column) = terminal.column
                    && terminal.probes > 0
                {
                    terminal.probes = 0;
                    answering.write_all(format!("\x1b[1;{column}R").as_bytes()).unwrap();
                }
                theirs.1.notify_all();
            }
        });
        Self { keyboard, far: slave, shared }
    }

    /// The far end, as input and output of a process.
    pub fn far(&self) -> (Stdio, Stdio) {
        (self.far.try_clone().unwrap().into(), self.far.try_clone().unwrap().into())
    }

    /// From now on the terminal answers where its cursor is.
    pub fn answers_probes(&mut self, column: u16) {
        self.shared.0.lock().unwrap().column = Some(column);
    }

    pub fn keys(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
    }

    /// Everything sent so far.
    pub fn stream(&self) -> String {
        String::from_utf8_lossy(&self.shared.0.lock().unwrap().stream).into_owned()
    }

    /// What stands on its screen.
    pub fn screen(&self) -> String {
        self.shared.0.lock().unwrap().screen.text()
    }

    /// What was sent from the last time this was said.
    pub fn tail(&self, words: &str) -> String {
        let stream = self.stream();
        let from = stream.rfind(words).unwrap_or(0);
        stream[from..].to_owned()
    }

    /// Waits until these words were sent.
    pub fn wait_for(&self, words: &str) {
        self.until(words, |terminal| String::from_utf8_lossy(&terminal.stream).contains(words).then_some(()));
    }

    /// Waits until these words stand on the screen.
    pub fn shows(&self, words: &str) {
        self.until(words, |terminal| terminal.screen.text().contains(words).then_some(()));
    }

    /// The word that follows these words in the stream.
    pub fn word_after(&self, words: &str) -> String {
        self.until(words, |terminal| {
            let stream = String::from_utf8_lossy(&terminal.stream).into_owned();
            let rest = &stream[stream.find(words)? + words.len()..];
            rest.contains('\n').then(|| rest.split_whitespace().next().map(str::to_owned)).flatten()
        })
    }

    fn until<T>(&self, what: &str, mut found: impl FnMut(&Terminal) -> Option<T>) -> T {
        let start = Instant::now();
        let mut terminal = self.shared.0.lock().unwrap();
        loop {
            if let Some(found) = found(&terminal) {
                return found;
            }
            let left = LIMIT.saturating_sub(start.elapsed());
            assert!(!left.is_zero(), "{what} never came:\n{}", terminal.screen.text());
            terminal = self.shared.1.wait_timeout(terminal, left).unwrap().0;
        }
    }
}

impl Terminal {
    fn take(&mut self, bytes: &[u8]) {
        self.stream.extend(bytes);
        self.pending.extend(bytes);
        // A character of more bytes may come in two reads.
        let whole = match std::str::from_utf8(&self.pending) {
            Ok(text) => text.len(),
            Err(error) => error.valid_up_to(),
        };
        let text: Vec<u8> = self.pending.drain(..whole).collect();
        let before = self.screen.probes();
        self.screen.feed(&String::from_utf8(text).unwrap());
        assert_eq!(self.screen.strange(), 0, "the console sent a sequence no VT100 knows");
        self.probes += self.screen.probes() - before;
    }
}
