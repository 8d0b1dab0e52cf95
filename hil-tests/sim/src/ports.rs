//! Keys and contacts of the simulated box, in memory. Nothing here is secret and nothing is destroyed.

use aws_lc_rs::digest::{SHA256, digest};
use idl::account::SessionId;
use std::sync::Arc;
use vaultd::entries::BatchEntry;
use vaultd::ports::{ContactPerson, ContactPort, KeyPort, PortError, StoredRow, TapePort, TapeSum};
use vaultd::seal::{Purpose, seal};
use vocab::{PhoneNumber, Secret, SubjectId};

/// The keys.
#[derive(Debug, Clone, Copy)]
pub struct Keys;

impl KeyPort for Keys {
    fn subject_of(&self, number: &PhoneNumber) -> SubjectId {
        subject_of(number)
    }

    fn subject_key(&self, subject: SubjectId) -> Result<Option<Secret<[u8; 32]>>, PortError> {
        Ok(Some(Secret::new(hash(&[b"key", subject.0.as_slice()].concat()))))
    }

    fn blacklist_key(&self) -> Secret<[u8; 32]> {
        Secret::new([3; 32])
    }

    fn keep_recovery_copy(&self, _secret: &custodians::RecoverySecret) -> Result<(), PortError> {
        Ok(())
    }

    fn disk_copy(&self, _set: [u8; 4]) -> Option<Vec<u8>> {
        None
    }

    fn drop_recovery_copies(&self, _in_force: Option<[u8; 4]>) -> Result<(), PortError> {
        Ok(())
    }
}

/// The person behind a number.
pub fn subject_of(number: &PhoneNumber) -> SubjectId {
    let hash = hash(number.digits().as_bytes());
    let mut subject = [0; 16];
    subject.copy_from_slice(&hash[..16]);
    SubjectId(subject)
}

/// SHA-256.
pub fn hash(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest(&SHA256, bytes).as_ref());
    out
}

/// The rows of all batches; each batch says which of the persons it holds.
#[derive(Debug, Clone)]
pub struct Rows(pub Arc<Vec<Vec<ContactPerson>>>);

impl ContactPort for Rows {
    fn row(&mut self, batch: &BatchEntry, row: u64) -> Option<StoredRow> {
        let rows = self.0.get(usize::try_from(batch.batch).ok()?.checked_sub(1)?)?;
        let person = rows.get(usize::try_from(row).ok()?)?;
        let subject = subject_of(&person.number);
        let key = Keys.subject_key(subject).ok()??;
        let nonce = [u8::try_from(row % 256).unwrap_or(0); 12];
        Some(StoredRow { subject, person: seal(&key, Purpose::Contact, nonce, person) })
    }
}

/// Nobody is at the serial console.
#[derive(Debug, Clone, Copy)]
pub struct NoTapes;

impl TapePort for NoTapes {
    fn resume(&mut self, _session: SessionId) -> Result<TapeSum, PortError> {
        Err(nobody())
    }

    fn append(&mut self, _session: SessionId, _: u32, _: u64, _piece: &[u8]) -> Result<(), PortError> {
        Err(nobody())
    }

    fn sum(&mut self, _session: SessionId) -> Result<TapeSum, PortError> {
        Err(nobody())
    }

    fn remove(&mut self, _session: SessionId) -> Result<(), PortError> {
        Err(nobody())
    }
}

fn nobody() -> PortError {
    PortError::new("record the console", "nobody is there")
}
