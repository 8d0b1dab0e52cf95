//! The ledger's disk in memory: what was synced stays, what was being written is cut anywhere by a crash.
//!
//! The bytes are those of the `ledger` crate; the walk after a crash is the product's walk.

use ledger::{
    AppendError, Head, HeadKey, LedgerKey, Scan, Scanned, SegmentKey, SegmentStart, SignedHead, Tail, Tip,
    Walker, Writer,
};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use vaultd::entries::Entry;
use vaultd::ports::{Draft, LedgerPort, PortError};
use vaultd::state::{Calls, NoDisk, State};
use vocab::{Secret, UnixMs};

/// An entry with its place.
pub type Placed = (u64, UnixMs, Entry);

/// The disk, shared by the vault and the simulation.
#[derive(Clone)]
pub struct Disk(Arc<Mutex<Inner>>);

struct Inner {
    segments: Vec<Vec<u8>>,
    pending: Vec<u8>,
    written: Vec<Placed>,
    writer: Option<Writer>,
    head_key: HeadKey,
}

/// What a start finds.
pub struct Replayed {
    /// The state.
    pub state: State,
    /// The calls.
    pub calls: Calls,
    /// Entries above the seq asked for.
    pub entries: Vec<Placed>,
    /// Bytes of the torn tail.
    pub cut_bytes: u64,
    /// The newest signed head.
    pub signed: Option<(u64, UnixMs)>,
}

impl Disk {
    /// An empty disk.
    pub fn new(head_key: HeadKey) -> Self {
        let inner =
            Inner { segments: Vec::new(), pending: Vec::new(), written: Vec::new(), writer: None, head_key };
        Self(Arc::new(Mutex::new(inner)))
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bytes that a crash may still lose.
    pub fn pending(&self) -> usize {
        self.inner().pending.len()
    }

    /// The disk has them: the entries that became durable.
    pub fn sync(&self) -> Vec<Placed> {
        let mut inner = self.inner();
        let pending = std::mem::take(&mut inner.pending);
        if let Some(last) = inner.segments.last_mut() {
            last.extend_from_slice(&pending);
        }
        std::mem::take(&mut inner.written)
    }

    /// The power of the process is gone: `keep` of the bytes being written reached the disk.
    pub fn crash(&self, keep: usize) {
        let mut inner = self.inner();
        let mut pending = std::mem::take(&mut inner.pending);
        pending.truncate(keep);
        if let Some(last) = inner.segments.last_mut() {
            last.extend_from_slice(&pending);
        }
        inner.written.clear();
        inner.writer = None;
    }

    /// Changes one bit of what is on the disk.
    pub fn flip(&self, at: u64) {
        let mut inner = self.inner();
        let Some(first) = inner.segments.first_mut().filter(|bytes| !bytes.is_empty()) else { return };
        let place = usize::try_from(at % first.len() as u64).unwrap_or(0);
        first[place] ^= 1;
    }

    /// Walks the whole ledger, checks it, cuts a torn tail and folds it.
    ///
    /// # Errors
    /// The fault in words.
    pub fn replay(&self, above: u64) -> Result<Replayed, String> {
        let mut inner = self.inner();
        let key = key();
        let mut walker = Walker::new(Tip::genesis(), Some(inner.head_key.clone()));
        let mut found = Replayed {
            state: State::default(),
            calls: Calls::new(Box::new(NoDisk)),
            entries: Vec::new(),
            cut_bytes: 0,
            signed: None,
        };
        let count = inner.segments.len();
        for (at, bytes) in inner.segments.iter_mut().enumerate() {
            let cut = walk(&mut walker, bytes, at + 1 == count, &key, above, &mut found)?;
            bytes.truncate(bytes.len() - cut);
            found.cut_bytes += cut as u64;
        }
        inner.segments.retain(|bytes| !bytes.is_empty());
        Ok(found)
    }

    /// Begins a segment after what was replayed.
    ///
    /// # Errors
    /// The fault in words.
    pub fn open(&self, opened: UnixMs, salt: [u8; 32]) -> Result<(), String> {
        let mut inner = self.inner();
        let mut walker = Walker::new(Tip::genesis(), None);
        let count = inner.segments.len();
        for (at, bytes) in inner.segments.iter().enumerate() {
            skip(&mut walker, bytes, at + 1 == count)?;
        }
        let mut header = Vec::new();
        let writer = Writer::begin(walker.into_tip(), SegmentStart { opened, salt }, &key(), &mut header);
        inner.segments.push(header);
        inner.writer = Some(writer);
        Ok(())
    }
}

fn walk(
    walker: &mut Walker,
    bytes: &[u8],
    last: bool,
    key: &LedgerKey,
    above: u64,
    found: &mut Replayed,
) -> Result<usize, String> {
    let Some(mut scan) = Scan::begin(walker, bytes, last).map_err(|error| error.to_string())? else {
        return Ok(bytes.len());
    };
    let segment = SegmentKey::derive(&key.key, scan.header());
    loop {
        match scan.next_entry().map_err(|error| error.to_string())? {
            Scanned::Entry(entry) => {
                let (seq, at) = (entry.header.seq, entry.header.time);
                if let Some(head) = entry.head {
                    found.state.pass_heads(seq);
                    found.signed = Some((head.head.seq, at));
                    continue;
                }
                let plain = entry.open(&segment).map_err(|error| error.to_string())?;
                let read: Entry =
                    postcard::from_bytes(&plain).map_err(|error| format!("entry {seq}: {error}"))?;
                let _ = found.state.apply(&mut found.calls, seq, at, &read);
                if seq > above {
                    found.entries.push((seq, at, read));
                }
            }
            Scanned::End(Tail::Clean) => return Ok(0),
            Scanned::End(Tail::Torn { bytes, .. }) => return Ok(usize::try_from(bytes).unwrap_or(0)),
        }
    }
}

fn skip(walker: &mut Walker, bytes: &[u8], last: bool) -> Result<(), String> {
    let Some(mut scan) = Scan::begin(walker, bytes, last).map_err(|error| error.to_string())? else {
        return Ok(());
    };
    while let Scanned::Entry(_) = scan.next_entry().map_err(|error| error.to_string())? {}
    Ok(())
}

fn key() -> LedgerKey {
    LedgerKey { generation: 1, key: Secret::new([0x5a; 32]) }
}

impl LedgerPort for Disk {
    fn next_seq(&self) -> u64 {
        self.inner().writer.as_ref().map_or(0, Writer::next_seq)
    }

    fn append(&mut self, drafts: &[Draft]) -> Result<(), PortError> {
        let mut inner = self.inner();
        let Inner { pending, written, writer, .. } = &mut *inner;
        let Some(writer) = writer else { return Err(PortError::new("append", "closed")) };
        for (kind, at, plain) in drafts {
            let appended =
                writer.append(*kind, *at, plain, pending).map_err(|error| PortError::new("append", error))?;
            let entry = postcard::from_bytes(plain).map_err(|error| PortError::new("read back", error))?;
            written.push((appended.seq, *at, entry));
        }
        Ok(())
    }

    fn head(&self, now: UnixMs) -> Option<Head> {
        self.inner().writer.as_ref()?.head(now)
    }

    fn append_head(&mut self, signed: &SignedHead, now: UnixMs) -> Result<bool, PortError> {
        let mut inner = self.inner();
        let Inner { pending, writer, .. } = &mut *inner;
        let Some(writer) = writer else { return Err(PortError::new("append a head", "closed")) };
        match writer.append_head(signed, now, pending) {
            Ok(_) => Ok(true),
            Err(AppendError::ForeignHead(_)) => Ok(false),
            Err(error) => Err(PortError::new("append a head", error)),
        }
    }
}
