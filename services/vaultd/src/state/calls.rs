//! Call records: the open and the newly changed ones in memory, the others where a [`CallDisk`] keeps them.

use crate::entries::{Intent, RecordingFinding, Sealed};
use idl::campaign::Disposition;
use idl::lines::NoRecording;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use vocab::{AgentId, CallId, Outcome, TrunkId, UnixMs};

/// What is known of a call's recording.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum RecordingState {
    /// The call has not ended.
    None,
    /// There is none, for this reason; what a crash left behind is verified all the same.
    Absent(NoRecording, Option<RecordingFinding>),
    /// It has this length and is still to be verified.
    Unverified {
        /// The length the call had.
        expected_ms: u64,
    },
    /// It was verified.
    Verified(RecordingFinding),
}

/// One call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallRecord {
    /// Its intent, with the verdict.
    pub intent: Intent,
    /// When it was decided.
    pub at: UnixMs,
    /// The newest fact stored.
    pub last_fact: u32,
    /// The trunk.
    pub trunk: Option<TrunkId>,
    /// When it was answered.
    pub answered_at: Option<UnixMs>,
    /// What releases it, sealed.
    pub dialog: Option<Sealed>,
    /// The agent the customer heard.
    pub agent: Option<AgentId>,
    /// Whether the customer opted out.
    pub opted_out: bool,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// When it ended.
    pub ended_at: Option<UnixMs>,
    /// Its recording.
    pub recording: RecordingState,
    /// The agent's disposition.
    pub disposition: Option<Disposition>,
    /// Notes, sealed.
    pub note: Option<Sealed>,
}

/// Where closed calls are kept.
pub trait CallDisk {
    /// A call's bytes.
    fn read(&self, call: CallId) -> Option<Vec<u8>>;
    /// The ids of at most `max` calls above `after`, in order.
    fn after(&self, after: CallId, max: usize) -> Vec<CallId>;
    /// The bytes of at most `max` calls below `before`, newest first.
    fn before(&self, before: CallId, max: usize) -> Vec<(CallId, Vec<u8>)>;
}

/// No disk: everything stays in memory.
#[derive(Debug, Default)]
pub struct NoDisk;

impl CallDisk for NoDisk {
    fn read(&self, _call: CallId) -> Option<Vec<u8>> {
        None
    }

    fn after(&self, _after: CallId, _max: usize) -> Vec<CallId> {
        Vec::new()
    }

    fn before(&self, _before: CallId, _max: usize) -> Vec<(CallId, Vec<u8>)> {
        Vec::new()
    }
}

/// All call records.
pub struct Calls {
    fresh: BTreeMap<CallId, CallRecord>,
    disk: Box<dyn CallDisk + Send>,
}

impl std::fmt::Debug for Calls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Calls").field("fresh", &self.fresh.len()).finish_non_exhaustive()
    }
}

impl Calls {
    /// Over a disk.
    #[must_use]
    pub fn new(disk: Box<dyn CallDisk + Send>) -> Self {
        Self { fresh: BTreeMap::new(), disk }
    }

    /// A call.
    #[must_use]
    pub fn get(&self, call: CallId) -> Option<CallRecord> {
        if let Some(record) = self.fresh.get(&call) {
            return Some(record.clone());
        }
        postcard::from_bytes(&self.disk.read(call)?).ok()
    }

    /// Stores a new call.
    pub fn insert(&mut self, call: CallId, record: CallRecord) {
        self.fresh.insert(call, record);
    }

    /// A call to be changed, brought into memory.
    pub fn get_mut(&mut self, call: CallId) -> Option<&mut CallRecord> {
        if !self.fresh.contains_key(&call) {
            let record = postcard::from_bytes(&self.disk.read(call)?).ok()?;
            self.fresh.insert(call, record);
        }
        self.fresh.get_mut(&call)
    }

    /// The ids of at most `max` calls above `after`.
    #[must_use]
    pub fn after(&self, after: CallId, max: usize) -> Vec<CallId> {
        let mut ids = self.disk.after(after, max);
        let above = CallId(after.0.saturating_add(1));
        ids.extend(self.fresh.range(above..).take(max).map(|(call, _)| *call));
        ids.sort_unstable();
        ids.dedup();
        ids.truncate(max);
        ids
    }

    /// At most `max` calls below `before`, newest first.
    #[must_use]
    pub fn before(&self, before: CallId, max: usize) -> Vec<(CallId, CallRecord)> {
        let mut fresh = self.fresh.range(..before).rev().take(max).peekable();
        let mut found = Vec::new();
        for (call, bytes) in self.disk.before(before, max) {
            while let Some((newer, record)) = fresh.next_if(|(known, _)| **known > call) {
                found.push((*newer, record.clone()));
            }
            // What is in memory is newer than what lies on disk.
            if fresh.peek().is_some_and(|(known, _)| **known == call) {
                continue;
            }
            if let Ok(record) = postcard::from_bytes(&bytes) {
                found.push((call, record));
            }
        }
        found.extend(fresh.map(|(call, record)| (*call, record.clone())));
        found.truncate(max);
        found
    }

    /// Everything in memory as bytes to be written.
    ///
    /// # Errors
    /// The encoder's, which memory alone can cause.
    pub fn encode_fresh(&self) -> Result<Vec<(CallId, Vec<u8>)>, postcard::Error> {
        self.fresh.iter().map(|(call, record)| Ok((*call, postcard::to_stdvec(record)?))).collect()
    }

    /// What was written may leave memory, but for calls that are not over.
    pub fn written(&mut self) {
        self.fresh.retain(|_, record| record.outcome.is_none());
    }

    /// Records in memory.
    #[must_use]
    pub fn in_memory(&self) -> usize {
        self.fresh.len()
    }
}
