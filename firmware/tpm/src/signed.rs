//! The root key sealed to a release: PolicyPCR(11), PolicyAuthorize by the release's key, PolicyPCR(7).
//!
//! Every reason to refuse is found out before the TPM is asked, so that a person reads which it is; the TPM decides
//! all the same. The digests are in [`crate::policy`]. No security epoch stands in this policy: systemd-measure signs
//! with an empty policyRef, so a release once signed opens for ever. Which release may come to run is decided where
//! it is installed ([`crate::Tpm::least_epoch`]).

use crate::blob::{SealedRoot, SealedTo};
use crate::error::{Doing, TpmError, again};
use crate::owner::{Owner, root_key, selection};
use crate::policy;
use crate::release::{ReleaseKey, sha256};
use crate::signatures::{PCR_KERNEL_BOOT, PcrSignatures, SignedPolicy};
use crate::template;
use tss_esapi::constants::SessionType;
use tss_esapi::handles::{KeyHandle, SessionHandle};
use tss_esapi::interface_types::algorithm::HashingAlgorithm;
use tss_esapi::interface_types::resource_handles::Hierarchy;
use tss_esapi::interface_types::session_handles::PolicySession;
use tss_esapi::structures::{Digest, Name, Nonce, PublicKeyRsa, RsaSignature, Signature, VerifiedTicket};
use vocab::Secret;

/// Secure Boot's state, keys and what they let start (TCG PC Client Platform Firmware Profile, 3.3.4.8).
const PCR_SECURE_BOOT: u8 = 7;

/// The two PCRs as they are.
struct Measured {
    pcr_7: [u8; 32],
    pcr_11: [u8; 32],
}

impl Owner {
    pub(crate) fn seal_to_release(
        &mut self,
        root: &Secret<[u8; 32]>,
        key: &ReleaseKey,
    ) -> Result<SealedRoot, TpmError> {
        let now = self.measured()?;
        for (pcr, value) in [(PCR_SECURE_BOOT, now.pcr_7), (PCR_KERNEL_BOOT, now.pcr_11)] {
            if value == [0; 32] {
                return Err(TpmError::NotMeasured(pcr));
            }
        }
        let (handle, name) = self.load_release_key(key)?;
        self.flush(handle.into())?;
        let policy = policy::pcr(&policy::authorized(name.value()), PCR_SECURE_BOOT, &now.pcr_7);
        let policy = Digest::try_from(policy.as_slice()).doing("take the policy")?;
        self.create_sealed(root, policy, &SealedTo::Release { key: key.clone(), pcr_7: now.pcr_7 })
    }

    pub(crate) fn unseal_by_release(
        &mut self,
        sealed: &SealedRoot,
        signatures: &PcrSignatures,
    ) -> Result<Secret<[u8; 32]>, TpmError> {
        let parts = sealed.parts()?;
        let SealedTo::Release { key, pcr_7 } = parts.to else {
            return Err(TpmError::Blob);
        };
        // First of all: is it this TPM's?
        let object = self.load_object(parts.private, parts.public)?;
        let opened = again(|| self.open_by_release(object, &key, pcr_7, signatures));
        self.flush(object.into())?;
        opened
    }

    fn open_by_release(
        &mut self,
        object: KeyHandle,
        key: &ReleaseKey,
        pcr_7: [u8; 32],
        signatures: &PcrSignatures,
    ) -> Result<Secret<[u8; 32]>, TpmError> {
        let now = self.measured()?;
        if now.pcr_7 != pcr_7 {
            return Err(TpmError::SecureBootChanged { sealed: pcr_7, now: now.pcr_7 });
        }
        let signed = signature_for(key, now.pcr_11, signatures)?;
        let (name, ticket) = self.verify(key, signed)?;
        let approved = Digest::try_from(signed.policy.as_slice()).doing("take the policy")?;
        let kernel_boot = selection(1 << PCR_KERNEL_BOOT)?;
        let secure_boot = selection(1 << PCR_SECURE_BOOT)?;
        let session = self.start(SessionType::Policy)?;
        let context = self.context();
        let plain = PolicySession::try_from(session)
            .and_then(|policy| {
                context.policy_pcr(policy, Digest::default(), kernel_boot)?;
                context.policy_authorize(policy, approved, Nonce::default(), &name, ticket)?;
                context.policy_pcr(policy, Digest::default(), secure_boot)?;
                context.execute_with_session(Some(session), |context| context.unseal(object.into()))
            })
            .doing("unseal the root key");
        self.flush(SessionHandle::from(session).into())?;
        root_key(&plain?)
    }

    /// Has the TPM check the signature: its ticket is what PolicyAuthorize takes.
    fn verify(
        &mut self,
        key: &ReleaseKey,
        signed: &SignedPolicy,
    ) -> Result<(Name, VerifiedTicket), TpmError> {
        // What is signed is the policy and the policyRef, which is empty.
        let digest = Digest::try_from(sha256(&[&signed.policy]).as_slice()).doing("take the digest")?;
        let signature = PublicKeyRsa::try_from(signed.signature.clone())
            .and_then(|bytes| RsaSignature::create(HashingAlgorithm::Sha256, bytes))
            .doing("take the signature")?;
        let (handle, name) = self.load_release_key(key)?;
        let ticket = self
            .context()
            .execute_without_session(|context| {
                context.verify_signature(handle, digest, Signature::RsaSsa(signature))
            })
            .doing("verify the PCR signature");
        self.flush(handle.into())?;
        Ok((name, ticket?))
    }

    /// Loads the public key and asks for its name. Under the owner's hierarchy, or its tickets would be void.
    fn load_release_key(&mut self, key: &ReleaseKey) -> Result<(KeyHandle, Name), TpmError> {
        let public = template::release(key.modulus()).doing("describe the release key")?;
        let handle = self
            .context()
            .execute_without_session(|context| context.load_external_public(public, Hierarchy::Owner))
            .doing("load the release key")?;
        let name = self.context().tr_get_name(handle.into()).doing("name the release key");
        if name.is_err() {
            self.flush(handle.into())?;
        }
        Ok((handle, name?))
    }

    fn measured(&mut self) -> Result<Measured, TpmError> {
        let values = self.pcr_values(&[PCR_SECURE_BOOT, PCR_KERNEL_BOOT])?;
        match values.as_slice() {
            [(_, pcr_7), (_, pcr_11)] => Ok(Measured { pcr_7: *pcr_7, pcr_11: *pcr_11 }),
            _ => Err(TpmError::Answer("read a PCR")),
        }
    }
}

/// The release's signature for this state of PCR 11, checked.
fn signature_for<'a>(
    key: &ReleaseKey,
    pcr_11: [u8; 32],
    signatures: &'a PcrSignatures,
) -> Result<&'a SignedPolicy, TpmError> {
    let wanted = policy::pcr(&policy::NOTHING, PCR_KERNEL_BOOT, &pcr_11);
    let mut by_key = signatures.of(key).peekable();
    if by_key.peek().is_none() {
        return Err(TpmError::NoSignature(key.fingerprint()));
    }
    let signed = by_key.find(|signed| signed.policy == wanted).ok_or(TpmError::NotSigned(pcr_11))?;
    if key.verifies(&signed.policy, &signed.signature) { Ok(signed) } else { Err(TpmError::Forged) }
}

#[cfg(test)]
#[path = "signed_tests.rs"]
mod tests;
