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
/// What the traces of one span may take on the disk that they share with ledger and recordings, the new one at its
/// longest among them; the oldest go.
const MAX_SPAN_BYTES: u64 = 2 * MAX_TRACE_BYTES;

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
    let sizes: Vec<u64> =
        files.iter().map(|path| std::fs::metadata(path).map_or(0, |known| known.len())).collect();
    let mut bytes = sizes.iter().sum::<u64>() + MAX_TRACE_BYTES;
    let mut kept = files.len() + 1;
    for (path, size) in files.iter().zip(sizes) {
        if kept <= MAX_FILES && bytes <= MAX_SPAN_BYTES {
            break;
        }
        std::fs::remove_file(path)?;
        kept -= 1;
        bytes -= size;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{MAX_FILES, Tracing, make_room};
    use card::trace::MAX_TRACE_BYTES;
    use idl::spans::PriSide;
    use std::path::Path;
    use vocab::{SpanId, UnixMs};

    fn file(folder: &Path, name: &str, bytes: u64) {
        std::fs::File::create(folder.join(name)).and_then(|file| file.set_len(bytes)).expect("a file");
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).expect("the folder");
        let mut names: Vec<String> = entries
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn the_traces_of_a_span_never_take_more_than_two_of_the_longest() {
        let folder = tempfile::tempdir().expect("a folder");
        for at in 1..=3 {
            file(folder.path(), &format!("span-1-{at}.pcap"), MAX_TRACE_BYTES);
        }
        file(folder.path(), "span-2-1.pcap", MAX_TRACE_BYTES);
        make_room(folder.path(), SpanId(1)).expect("room");
        assert_eq!(names(folder.path()), ["span-1-3.pcap", "span-2-1.pcap"], "another span's stay");
    }

    #[test]
    fn small_traces_are_kept_up_to_their_number() {
        let folder = tempfile::tempdir().expect("a folder");
        for at in 10..10 + MAX_FILES {
            file(folder.path(), &format!("span-1-{at}.pcap"), 24);
        }
        let trace = Tracing::begin(folder.path(), SpanId(1), PriSide::User, UnixMs(99)).expect("a trace");
        assert_eq!(trace.end().0, "span-1-99.pcap");
        let names = names(folder.path());
        assert_eq!((names.len(), names[0].as_str()), (MAX_FILES, "span-1-11.pcap"));
    }
}
