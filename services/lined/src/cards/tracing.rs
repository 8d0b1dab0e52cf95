//! The trace of a D channel on its way to a file: signalling hands over masked octets, a thread writes them. A disk that
//! is slow or full ends the trace, never a call.

use card::trace::{Direction, MAX_TRACE_BYTES, Trace};
use idl::spans::PriSide;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use vocab::{SpanId, UnixMs};

/// Pieces waiting for the disk.
const MAX_WAITING: usize = 1_024;
/// Finished traces kept of one span; the oldest go.
const MAX_FILES: usize = 32;

/// A running trace.
#[derive(Debug)]
pub(super) struct Tracing {
    file: String,
    trace: Trace,
    pieces: SyncSender<Vec<u8>>,
    full: bool,
}

impl Tracing {
    /// Begins a trace in a new file of the folder.
    ///
    /// # Errors
    /// The system's: the folder or the file.
    pub fn begin(folder: &Path, span: SpanId, side: PriSide, wall: UnixMs) -> std::io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        make_room(folder, span)?;
        let file = format!("{span}-{}.pcap", wall.0);
        let path = folder.join(&file);
        let written = std::fs::File::create_new(&path)?;
        // The vault hands it out: it is of the same group.
        written.set_permissions(std::fs::Permissions::from_mode(0o640))?;
        let (pieces, waiting) = sync_channel(MAX_WAITING);
        std::thread::Builder::new()
            .name("trace".to_owned())
            .spawn(move || write(written, &path, &waiting))?;
        let mut head = Vec::new();
        let trace = Trace::begin(side, MAX_TRACE_BYTES, &mut head);
        let mut tracing = Self { file, trace, pieces, full: false };
        tracing.hand_over(head);
        Ok(tracing)
    }

    /// A frame of the D channel; subscribers' digits are masked before anything is kept.
    pub fn frame(&mut self, wall: UnixMs, direction: Direction, frame: &[u8]) {
        let mut piece = Vec::new();
        let mask = |message: &mut [u8]| {
            let masked = q931::mask_digits(message);
            message.copy_from_slice(&masked);
        };
        let fits = self.trace.frame(wall, direction, frame, mask, &mut piece);
        self.full |= !fits;
        self.hand_over(piece);
    }

    /// Frames so far.
    pub fn frames(&self) -> u64 {
        self.trace.frames()
    }

    /// Whether nothing more can be written: end it.
    pub fn is_full(&self) -> bool {
        self.full
    }

    /// Ends it: the file's name and its frames.
    pub fn end(self) -> (String, u64) {
        let frames = self.trace.frames();
        (self.file, frames)
    }

    fn hand_over(&mut self, piece: Vec<u8>) {
        if !piece.is_empty() && self.pieces.try_send(piece).is_err() {
            self.full = true;
        }
    }
}

fn write(mut file: std::fs::File, path: &Path, waiting: &Receiver<Vec<u8>>) {
    let mut written = Ok(());
    while let Ok(piece) = waiting.recv() {
        written = written.and_then(|()| file.write_all(&piece));
        if written.is_err() {
            break;
        }
    }
    if let Err(error) = written.and_then(|()| file.sync_all()) {
        log::error!(target: "cards", error:%, file:% = path.display() ; "a trace was not written to its end: free some space");
    }
}

/// Removes the oldest traces of a span, so that one more fits.
fn make_room(folder: &Path, span: SpanId) -> std::io::Result<()> {
    let prefix = format!("{span}-");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)?
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with(&prefix) && name.ends_with(".pcap")
        })
        .collect();
    files.sort();
    let surplus = (files.len() + 1).saturating_sub(MAX_FILES);
    for path in &files[..surplus] {
        std::fs::remove_file(path)?;
    }
    Ok(())
}
