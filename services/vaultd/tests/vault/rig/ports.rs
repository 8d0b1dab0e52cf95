//! What the core stands on at the bench: ledger, keys and contacts in memory.

use aws_lc_rs::hmac;
use ledger::{ChainHash, Head, SignedHead};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use vaultd::entries::BatchEntry;
use vaultd::ports::{ContactPort, Draft, KeyPort, LedgerPort, PortError, StoredRow};
use vocab::{ObjectHash, PhoneNumber, Secret, SubjectId, UnixMs};

/// What lies on the ledger's disk.
#[derive(Debug, Clone, Default)]
pub struct Log(pub Arc<Mutex<Vec<Option<Draft>>>>);

impl LedgerPort for Log {
    fn next_seq(&self) -> u64 {
        self.0.lock().unwrap().len() as u64 + 1
    }

    fn append(&mut self, drafts: &[Draft]) -> Result<(), PortError> {
        self.0.lock().unwrap().extend(drafts.iter().cloned().map(Some));
        Ok(())
    }

    fn head(&self, now: UnixMs) -> Option<Head> {
        let seq = self.0.lock().unwrap().len() as u64;
        (seq > 0).then_some(Head { seq, hash: ChainHash([0; 32]), time: now })
    }

    fn append_head(&mut self, _signed: &SignedHead, _now: UnixMs) -> Result<bool, PortError> {
        self.0.lock().unwrap().push(None);
        Ok(true)
    }
}

/// Keys in memory.
#[derive(Debug, Clone, Default)]
pub struct Keys {
    pub destroyed: Arc<Mutex<Vec<SubjectId>>>,
    /// The disk has a recovery key.
    pub disk: Arc<std::sync::atomic::AtomicBool>,
}

pub fn mac(text: &[u8]) -> [u8; 32] {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, b"bench"), text);
    tag.as_ref().try_into().unwrap()
}

impl KeyPort for Keys {
    fn subject_of(&self, number: &PhoneNumber) -> SubjectId {
        SubjectId(mac(number.digits().as_bytes())[..16].try_into().unwrap())
    }

    fn subject_key(&self, subject: SubjectId) -> Result<Option<Secret<[u8; 32]>>, PortError> {
        let gone = self.destroyed.lock().unwrap().contains(&subject);
        Ok((!gone).then(|| Secret::new(mac(&subject.0))))
    }

    fn blacklist_key(&self) -> Secret<[u8; 32]> {
        Secret::new([9; 32])
    }

    fn keep_recovery_copy(&self, _secret: &custodians::RecoverySecret) -> Result<(), PortError> {
        Ok(())
    }

    fn disk_copy(&self, set: [u8; 4]) -> Option<Vec<u8>> {
        self.disk.load(std::sync::atomic::Ordering::Relaxed).then(|| set.to_vec())
    }

    fn drop_recovery_copies(&self, _in_force: Option<[u8; 4]>) -> Result<(), PortError> {
        Ok(())
    }
}

/// Batches in memory.
#[derive(Debug, Clone, Default)]
pub struct Rows(pub Arc<Mutex<HashMap<ObjectHash, Vec<StoredRow>>>>);

impl ContactPort for Rows {
    fn row(&mut self, batch: &BatchEntry, row: u64) -> Option<StoredRow> {
        self.0.lock().unwrap().get(&batch.index.hash)?.get(usize::try_from(row).unwrap()).cloned()
    }
}
