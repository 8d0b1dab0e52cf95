//! What the core stands on at the bench: ledger, keys and contacts in memory.

use aws_lc_rs::hmac;
use idl::account::SessionId;
use ledger::{ChainHash, Head, SignedHead};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use vaultd::entries::BatchEntry;
use vaultd::ports::{ContactPort, Draft, KeyPort, LedgerPort, PortError, StoredRow, TapePort, TapeSum};
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

/// Console recordings in memory.
#[derive(Debug, Clone, Default)]
pub struct Tapes {
    pub each: Arc<Mutex<HashMap<SessionId, Vec<Vec<u8>>>>>,
    /// Nothing can be written.
    pub full: Arc<std::sync::atomic::AtomicBool>,
}

impl TapePort for Tapes {
    fn resume(&mut self, session: SessionId) -> Result<TapeSum, PortError> {
        self.each.lock().unwrap().entry(session).or_default();
        self.sum(session)
    }

    fn append(&mut self, session: SessionId, index: u32, _: u64, piece: &[u8]) -> Result<(), PortError> {
        if self.full.load(std::sync::atomic::Ordering::Relaxed) {
            return Err(PortError::new("write a console recording", "the disk is full"));
        }
        let mut each = self.each.lock().unwrap();
        let pieces = each.get_mut(&session).unwrap();
        assert_eq!(pieces.len(), usize::try_from(index).unwrap());
        pieces.push(piece.to_vec());
        Ok(())
    }

    fn sum(&mut self, session: SessionId) -> Result<TapeSum, PortError> {
        let pieces = self.each.lock().unwrap().get(&session).cloned().unwrap_or_default();
        Ok(TapeSum {
            pieces: u32::try_from(pieces.len()).unwrap(),
            bytes: pieces.iter().map(|piece| piece.len() as u64).sum(),
            length_ms: 1_000 * pieces.len() as u64,
            sha256: mac(&pieces.concat()),
        })
    }

    fn remove(&mut self, session: SessionId) -> Result<(), PortError> {
        self.each.lock().unwrap().remove(&session);
        Ok(())
    }
}
