//! The handle: sends work to the one TPM thread and waits for its answer. The thread ends with the handle.

use crate::blob::{SealedRoot, SigningKey};
use crate::error::TpmError;
use crate::owner::{ClockReading, Owner, PublicKey};
use crate::release::ReleaseKey;
use crate::signatures::PcrSignatures;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use vocab::Secret;

/// Requests that may wait for the TPM; a further one waits to be sent.
const MAX_WAITING: usize = 16;

type Work = Box<dyn FnOnce(&mut Owner) + Send>;

/// Is this the address of a simulator? Then say so loudly: its keys lie in a file.
#[must_use]
pub fn is_simulator(address: &str) -> bool {
    !address.starts_with("device:")
}

/// The TPM. Every call blocks until the TPM has answered (tens to hundreds of milliseconds).
#[derive(Debug)]
pub struct Tpm {
    requests: Option<SyncSender<Work>>,
    thread: Option<JoinHandle<()>>,
}

impl Tpm {
    /// Connects (`device:/dev/tpmrm0` or `swtpm:host=127.0.0.1,port=2321`) and finds or makes the storage key.
    ///
    /// # Errors
    /// [`TpmError`].
    pub fn connect(address: &str) -> Result<Self, TpmError> {
        let (requests, work) = sync_channel::<Work>(MAX_WAITING);
        let (ready, connected) = sync_channel(1);
        let address = address.to_owned();
        let thread = std::thread::Builder::new()
            .name("tpm".to_owned())
            .spawn(move || serve(&address, &ready, &work))
            .map_err(TpmError::Thread)?;
        let tpm = Self { requests: Some(requests), thread: Some(thread) };
        connected.recv().map_err(|_| TpmError::Gone)??;
        Ok(tpm)
    }

    /// Seals the root key to the present values of these PCRs (SHA-256 bank).
    ///
    /// # Errors
    /// [`TpmError`].
    pub fn seal_root_key(&self, root: &Secret<[u8; 32]>, pcrs: &[u8]) -> Result<SealedRoot, TpmError> {
        let (root, pcrs) = (root.clone(), pcrs.to_vec());
        self.ask(move |owner| owner.seal_root_key(&root, &pcrs))
    }

    /// Unseals the root key, if this is the TPM and these are the PCRs.
    ///
    /// # Errors
    /// [`TpmError::PolicyRefused`] if other software was started, [`TpmError::ForeignBlob`] on another TPM.
    pub fn unseal_root_key(&self, sealed: &SealedRoot) -> Result<Secret<[u8; 32]>, TpmError> {
        let sealed = sealed.clone();
        self.ask(move |owner| owner.unseal_root_key(&sealed))
    }

    /// Seals the root key to PCR 11 as this key signs it for each release, and to PCR 7 as it is now.
    ///
    /// # Errors
    /// [`TpmError::NoBank`] or [`TpmError::NotMeasured`] where the start was not measured: then nothing is sealed.
    pub fn seal_to_release(&self, root: &Secret<[u8; 32]>, key: &ReleaseKey) -> Result<SealedRoot, TpmError> {
        let (root, key) = (root.clone(), key.clone());
        self.ask(move |owner| owner.seal_to_release(&root, &key))
    }

    /// Unseals a root key that is sealed to a release, by the signatures that the running image brings.
    ///
    /// # Errors
    /// [`TpmError::SecureBootChanged`], [`TpmError::NoSignature`], [`TpmError::NotSigned`], [`TpmError::Forged`];
    /// [`TpmError::ForeignBlob`] on another TPM.
    pub fn unseal_by_release(
        &self,
        sealed: &SealedRoot,
        signatures: &PcrSignatures,
    ) -> Result<Secret<[u8; 32]>, TpmError> {
        let (sealed, signatures) = (sealed.clone(), signatures.clone());
        self.ask(move |owner| owner.unseal_by_release(&sealed, &signatures))
    }

    /// The least security epoch that may be installed: 0 on a box that never raised it.
    ///
    /// The TPM's memory for it is made ready where it is not.
    ///
    /// # Errors
    /// [`TpmError`].
    pub fn least_epoch(&self) -> Result<u32, TpmError> {
        self.ask(Owner::least_epoch)
    }

    /// Raises the least security epoch, by [`crate::MAX_EPOCH_STEP`] at most; one already reached is left as it is.
    /// A power cut on the way leaves an epoch between the two: raise again.
    ///
    /// # Errors
    /// [`TpmError`]; [`TpmError::EpochStep`] if it is too far.
    pub fn raise_epoch(&self, to: u32) -> Result<u32, TpmError> {
        self.ask(move |owner| owner.raise_epoch(to))
    }

    /// Makes a signing key for the ledger's heads; it never leaves this TPM.
    ///
    /// # Errors
    /// [`TpmError`].
    pub fn create_signing_key(&self) -> Result<SigningKey, TpmError> {
        self.ask(Owner::create_signing_key)
    }

    /// Loads the signing key; [`Tpm::sign`] and [`Tpm::clock`] use it from now on.
    ///
    /// # Errors
    /// [`TpmError`].
    pub fn load_signing_key(&self, key: &SigningKey) -> Result<PublicKey, TpmError> {
        let key = key.clone();
        self.ask(move |owner| owner.load_signing_key(&key))
    }

    /// Signs a message with ECDSA P-256 and SHA-256: r ‖ s.
    ///
    /// # Errors
    /// [`TpmError`]; [`TpmError::NoSigningKey`] if no signing key is loaded.
    pub fn sign(&self, message: &[u8]) -> Result<[u8; 64], TpmError> {
        let message = message.to_vec();
        self.ask(move |owner| owner.sign(&message))
    }

    /// Reads the TPM's clock.
    ///
    /// # Errors
    /// [`TpmError`]; [`TpmError::NoSigningKey`] if no signing key is loaded.
    pub fn clock(&self) -> Result<ClockReading, TpmError> {
        self.ask(Owner::clock)
    }

    /// Random bytes from the TPM, at most [`crate::MAX_RANDOM_BYTES`].
    ///
    /// # Errors
    /// [`TpmError`].
    pub fn random(&self, count: usize) -> Result<Secret<Vec<u8>>, TpmError> {
        self.ask(move |owner| owner.random(count))
    }

    /// The name of the storage key, which stands for the TPM's seeds: after a clear, by whomever, it is another.
    ///
    /// # Errors
    /// [`TpmError`].
    pub fn storage_key_name(&self) -> Result<Vec<u8>, TpmError> {
        self.ask(Owner::storage_key_name)
    }

    /// Gives the TPM new seeds (TPM2_Clear by the lockout hierarchy, which has no password on a box): nothing that was
    /// sealed by it before can be opened any more, by whatever copy of it. The handle is used up.
    ///
    /// # Errors
    /// [`TpmError`].
    pub fn clear(self) -> Result<(), TpmError> {
        self.ask(Owner::clear)
    }

    /// The present values of PCRs (SHA-256 bank), for the status page.
    ///
    /// # Errors
    /// [`TpmError`].
    pub fn pcr_values(&self, pcrs: &[u8]) -> Result<Vec<(u8, [u8; 32])>, TpmError> {
        let pcrs = pcrs.to_vec();
        self.ask(move |owner| owner.pcr_values(&pcrs))
    }

    pub(crate) fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Owner) -> Result<T, TpmError> + Send + 'static,
    ) -> Result<T, TpmError> {
        let (answer, answered) = sync_channel(1);
        let work: Work = Box::new(move |owner| {
            // Whoever asked may have gone; the work is done all the same.
            let _heard = answer.send(work(owner));
        });
        let requests = self.requests.as_ref().ok_or(TpmError::Gone)?;
        requests.send(work).map_err(|_| TpmError::Gone)?;
        answered.recv().map_err(|_| TpmError::Gone)?
    }
}

impl Drop for Tpm {
    fn drop(&mut self) {
        drop(self.requests.take());
        if let Some(thread) = self.thread.take() {
            let _ended = thread.join();
        }
    }
}

fn serve(address: &str, ready: &SyncSender<Result<(), TpmError>>, work: &Receiver<Work>) {
    let mut owner = match Owner::connect(address) {
        Ok(owner) => owner,
        Err(error) => {
            let _heard = ready.send(Err(error));
            return;
        }
    };
    if ready.send(Ok(())).is_err() {
        return;
    }
    while let Ok(work) = work.recv() {
        work(&mut owner);
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
