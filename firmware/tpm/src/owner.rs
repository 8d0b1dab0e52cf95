//! The commands, on the one thread that owns the connection. Sessions are salted with the storage key and
//! encrypted, so the root key does not cross the bus in clear. Every loaded object and session is flushed.

use crate::blob::{SealedRoot, SealedTo, SigningKey};
use crate::error::{Doing, TpmError, again};
use crate::template;
use std::str::FromStr;
use tss_esapi::Context;
use tss_esapi::attributes::SessionAttributesBuilder;
use tss_esapi::constants::tss::{TPM2_RH_NULL, TPM2_ST_HASHCHECK};
use tss_esapi::constants::{CapabilityType, SessionType};
use tss_esapi::handles::{
    AuthHandle, KeyHandle, ObjectHandle, PersistentTpmHandle, SessionHandle, TpmHandle,
};
use tss_esapi::interface_types::algorithm::HashingAlgorithm;
use tss_esapi::interface_types::dynamic_handles::Persistent;
use tss_esapi::interface_types::resource_handles::{Hierarchy, Provision};
use tss_esapi::interface_types::session_handles::{AuthSession, PolicySession};
use tss_esapi::structures::{
    CapabilityData, Data, Digest, HashScheme, HashcheckTicket, PcrSelectionList, PcrSelectionListBuilder,
    PcrSlot, Private, Public, SensitiveData, Signature, SignatureScheme, SymmetricDefinition,
};
use tss_esapi::tcti_ldr::TctiNameConf;
use tss_esapi::tss2_esys::TPMT_TK_HASHCHECK;
use vocab::Secret;

/// The most random bytes one request gives.
pub const MAX_RANDOM_BYTES: usize = 32;

/// Where the storage root key stays (TCG TPM v2.0 Provisioning Guidance, table 2).
const STORAGE_ROOT_HANDLE: u32 = 0x8100_0001;
/// Transient objects and loaded sessions (TPM 2.0 Library, part 2, 7.2).
const LEFT_BEHIND: [u32; 2] = [0x8000_0000, 0x0200_0000];
const MAX_LEFT_BEHIND: u32 = 16;
const HIGHEST_PCR: u8 = 23;
const COORDINATE_BYTES: usize = 32;

/// The public half of the signing key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicKey {
    /// The uncompressed point: 4 ‖ x ‖ y.
    pub point: [u8; 65],
}

impl PublicKey {
    /// SubjectPublicKeyInfo as PEM (RFC 5480, RFC 7468), for the offline verifier.
    #[must_use]
    pub fn to_pem(&self) -> String {
        const PREFIX: [u8; 26] = [
            0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
            0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
        ];
        let body = data_encoding::BASE64.encode(&[PREFIX.as_slice(), &self.point].concat());
        let mut pem = String::from("-----BEGIN PUBLIC KEY-----\n");
        for line in body.as_bytes().chunks(64) {
            pem.push_str(&String::from_utf8_lossy(line));
            pem.push('\n');
        }
        pem.push_str("-----END PUBLIC KEY-----\n");
        pem
    }
}

/// The TPM's own clock: it runs on while the box's clock is set back, and counts resets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockReading {
    /// Milliseconds the TPM has been powered, over its life.
    pub clock_ms: u64,
    /// Resets of the TPM (power cycles).
    pub resets: u32,
    /// Restarts (resume from suspend).
    pub restarts: u32,
    /// Is the clock sure not to have gone back?
    pub safe: bool,
}

pub(crate) struct Owner {
    context: Context,
    storage_root: KeyHandle,
    signing: Option<KeyHandle>,
}

impl Owner {
    pub(crate) fn connect(address: &str) -> Result<Self, TpmError> {
        let known = address.starts_with("device:/")
            || (address.starts_with("swtpm:host=") && address.contains(",port="));
        let name = TctiNameConf::from_str(address).ok().filter(|_| known);
        let name = name.ok_or_else(|| TpmError::Address(address.to_owned()))?;
        let mut context = Context::new(name).map_err(TpmError::Connect)?;
        if !has_resource_manager(address) {
            flush_former_life(&mut context)?;
        }
        let storage_root = storage_root(&mut context)?;
        Ok(Self { context, storage_root, signing: None })
    }

    pub(crate) fn storage_key_name(&mut self) -> Result<Vec<u8>, TpmError> {
        let name = self.context.tr_get_name(self.storage_root.into()).doing("name the storage key")?;
        Ok(name.value().to_vec())
    }

    pub(crate) fn clear(&mut self) -> Result<(), TpmError> {
        // The keys that a salted session needs are gone with the answer.
        let by_password = Some(AuthSession::Password);
        let cleared =
            self.context.execute_with_session(by_password, |context| context.clear(AuthHandle::Lockout));
        cleared.doing("clear the TPM")
    }

    pub(crate) fn seal_root_key(
        &mut self,
        root: &Secret<[u8; 32]>,
        pcrs: &[u8],
    ) -> Result<SealedRoot, TpmError> {
        let mask = pcr_mask(pcrs)?;
        let policy = self.with_policy(SessionType::Trial, mask, |context, session| {
            context.policy_get_digest(PolicySession::try_from(session)?)
        })?;
        self.create_sealed(root, policy, &SealedTo::Values(mask))
    }

    pub(crate) fn unseal_root_key(&mut self, sealed: &SealedRoot) -> Result<Secret<[u8; 32]>, TpmError> {
        let parts = sealed.parts()?;
        let SealedTo::Values(pcrs @ 1..) = parts.to else {
            return Err(TpmError::Blob);
        };
        let object = self.load_object(parts.private, parts.public)?;
        let plain = again(|| {
            self.with_policy(SessionType::Policy, pcrs, |context, session| {
                context.execute_with_session(Some(session), |context| context.unseal(object.into()))
            })
        });
        self.flush(object.into())?;
        root_key(&plain?)
    }

    /// Creates the object that holds the root key under this policy.
    pub(crate) fn create_sealed(
        &mut self,
        root: &Secret<[u8; 32]>,
        policy: Digest,
        to: &SealedTo,
    ) -> Result<SealedRoot, TpmError> {
        let public = template::sealed(policy).doing("describe the sealed object")?;
        let secret = SensitiveData::try_from(root.expose().to_vec()).doing("take the root key")?;
        let parent = self.storage_root;
        let made = self.with_session("seal the root key", |context| {
            context.create(parent, public, None, Some(secret), None, None)
        })?;
        SealedRoot::new(to, &made.out_public, &made.out_private)
    }

    pub(crate) fn load_object(&mut self, private: Private, public: Public) -> Result<KeyHandle, TpmError> {
        let parent = self.storage_root;
        self.with_session("load the sealed root key", |context| context.load(parent, private, public))
    }

    pub(crate) fn create_signing_key(&mut self) -> Result<SigningKey, TpmError> {
        let public = template::head_signing().doing("describe the signing key")?;
        let parent = self.storage_root;
        let made = self.with_session("create the signing key", |context| {
            context.create(parent, public, None, None, None, None)
        })?;
        SigningKey::new(&made.out_public, &made.out_private)
    }

    pub(crate) fn load_signing_key(&mut self, key: &SigningKey) -> Result<PublicKey, TpmError> {
        let (public_area, private) = key.parts()?;
        let public = point_of(&public_area)?;
        let parent = self.storage_root;
        let loaded =
            self.with_session("load the signing key", |context| context.load(parent, private, public_area))?;
        if let Some(before) = self.signing.replace(loaded) {
            self.flush(before.into())?;
        }
        Ok(public)
    }

    pub(crate) fn sign(&mut self, message: &[u8]) -> Result<[u8; 64], TpmError> {
        let key = self.signing.ok_or(TpmError::NoSigningKey)?;
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, message);
        let digest = Digest::try_from(digest.as_ref()).doing("take the digest")?;
        let no_ticket =
            TPMT_TK_HASHCHECK { tag: TPM2_ST_HASHCHECK, hierarchy: TPM2_RH_NULL, digest: Default::default() };
        let no_ticket = HashcheckTicket::try_from(no_ticket).doing("make an empty ticket")?;
        let signature =
            self.with_session("sign", |context| context.sign(key, digest, SignatureScheme::Null, no_ticket))?;
        let Signature::EcDsa(signature) = signature else { return Err(TpmError::Answer("sign")) };
        let mut out = [0_u8; 64];
        out[..32].copy_from_slice(&coordinate(signature.signature_r().value())?);
        out[32..].copy_from_slice(&coordinate(signature.signature_s().value())?);
        Ok(out)
    }

    /// Reads the clock through a quote over no PCR, so the reading comes from the TPM that holds our key.
    pub(crate) fn clock(&mut self) -> Result<ClockReading, TpmError> {
        let key = self.signing.ok_or(TpmError::NoSigningKey)?;
        let nothing = PcrSelectionListBuilder::new().build().doing("select no PCR")?;
        let scheme = SignatureScheme::EcDsa { hash_scheme: HashScheme::new(HashingAlgorithm::Sha256) };
        let (attest, _) = self
            .with_session("read the clock", |context| context.quote(key, Data::default(), scheme, nothing))?;
        let clock = attest.clock_info();
        Ok(ClockReading {
            clock_ms: clock.clock(),
            resets: clock.reset_count(),
            restarts: clock.restart_count(),
            safe: clock.safe(),
        })
    }

    pub(crate) fn random(&mut self, count: usize) -> Result<Secret<Vec<u8>>, TpmError> {
        if count > MAX_RANDOM_BYTES {
            return Err(TpmError::TooMuch(count));
        }
        let bytes = self.with_session("give random bytes", |context| context.get_random(count))?;
        if bytes.value().len() != count {
            return Err(TpmError::Answer("give random bytes"));
        }
        Ok(Secret::new(bytes.value().to_vec()))
    }

    pub(crate) fn pcr_values(&mut self, pcrs: &[u8]) -> Result<Vec<(u8, [u8; 32])>, TpmError> {
        let mut values = Vec::with_capacity(pcrs.len());
        for pcr in pcrs {
            let selection = selection(pcr_mask(&[*pcr])?)?;
            let (_, _, digests) = self
                .context
                .execute_without_session(|context| context.pcr_read(selection))
                .doing("read a PCR")?;
            // A TPM answers with no digest where the bank is not allocated.
            let digest = digests.value().first().ok_or(TpmError::NoBank)?;
            let digest = digest.value().try_into().map_err(|_| TpmError::Answer("read a PCR"))?;
            values.push((*pcr, digest));
        }
        Ok(values)
    }

    /// Runs a command in a salted HMAC session with encrypted parameters.
    pub(crate) fn with_session<T>(
        &mut self,
        step: &'static str,
        command: impl FnOnce(&mut Context) -> Result<T, tss_esapi::Error>,
    ) -> Result<T, TpmError> {
        let session = self.start(SessionType::Hmac)?;
        let done = self.context.execute_with_session(Some(session), command).doing(step);
        self.flush(SessionHandle::from(session).into())?;
        done
    }

    /// Runs a command in a session that has satisfied (or, on trial, computed) the PCR policy.
    fn with_policy<T>(
        &mut self,
        kind: SessionType,
        pcrs: u32,
        command: impl FnOnce(&mut Context, AuthSession) -> Result<T, tss_esapi::Error>,
    ) -> Result<T, TpmError> {
        let selection = selection(pcrs)?;
        let session = self.start(kind)?;
        let context = &mut self.context;
        let done = PolicySession::try_from(session)
            // An empty digest takes the PCRs as they are now.
            .and_then(|policy| context.policy_pcr(policy, Digest::default(), selection))
            .and_then(|()| command(context, session))
            .doing("satisfy the PCR policy");
        self.flush(SessionHandle::from(session).into())?;
        done
    }

    pub(crate) fn start(&mut self, kind: SessionType) -> Result<AuthSession, TpmError> {
        let salt = self.storage_root;
        let session = self
            .context
            .execute_without_session(|context| {
                context.start_auth_session(
                    Some(salt),
                    None,
                    None,
                    kind,
                    SymmetricDefinition::AES_128_CFB,
                    HashingAlgorithm::Sha256,
                )
            })
            .doing("start a session")?
            .ok_or(TpmError::Answer("start a session"))?;
        let (attributes, mask) = SessionAttributesBuilder::new()
            .with_continue_session(true)
            .with_decrypt(kind == SessionType::Hmac)
            .with_encrypt(true)
            .build();
        if kind != SessionType::Trial {
            self.context.tr_sess_set_attributes(session, attributes, mask).doing("encrypt a session")?;
        }
        Ok(session)
    }

    pub(crate) fn flush(&mut self, handle: ObjectHandle) -> Result<(), TpmError> {
        self.context.flush_context(handle).doing("flush a handle")
    }

    pub(crate) fn context(&mut self) -> &mut Context {
        &mut self.context
    }

    #[cfg(test)]
    pub(crate) fn leave_a_session(&mut self) -> Result<(), TpmError> {
        self.start(SessionType::Hmac).map(|_session| ())
    }

    #[cfg(test)]
    pub(crate) fn load_sealed(&mut self, sealed: &SealedRoot) -> Result<KeyHandle, TpmError> {
        let parts = sealed.parts()?;
        self.load_object(parts.private, parts.public)
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        if let Some(key) = self.signing.take() {
            // The connection may be gone; a resource manager flushes then.
            let _flushed = self.flush(key.into());
        }
    }
}

/// Finds the storage root key or makes it persistent, so that it takes none of the three transient slots.
fn storage_root(context: &mut Context) -> Result<KeyHandle, TpmError> {
    let place = PersistentTpmHandle::new(STORAGE_ROOT_HANDLE).doing("name the storage key")?;
    let (found, _) = context
        .execute_without_session(|context| {
            context.get_capability(CapabilityType::Handles, STORAGE_ROOT_HANDLE, 1)
        })
        .doing("list persistent keys")?;
    let there = match found {
        CapabilityData::Handles(handles) => handles.first() == Some(&TpmHandle::Persistent(place)),
        _ => return Err(TpmError::Answer("list persistent keys")),
    };
    if there {
        let found = context
            .execute_without_session(|context| context.tr_from_tpm_public(TpmHandle::Persistent(place)))
            .doing("find the storage key")?;
        return Ok(found.into());
    }
    let public = template::storage_root().doing("describe the storage key")?;
    context
        .execute_with_nullauth_session(|context| {
            let made = context.create_primary(Hierarchy::Owner, public, None, None, None, None)?;
            let transient = made.key_handle.into();
            let kept = context.evict_control(Provision::Owner, transient, Persistent::Persistent(place));
            context.flush_context(transient)?;
            kept.map(KeyHandle::from)
        })
        .doing("make the storage key")
}

/// The kernel's resource manager flushes what a process leaves that was killed; the simulator has none.
fn has_resource_manager(address: &str) -> bool {
    address.starts_with("device:/dev/tpmrm")
}

/// Flushes the keys and sessions of a process that could not: three slots of each are all a TPM has.
fn flush_former_life(context: &mut Context) -> Result<(), TpmError> {
    for first in LEFT_BEHIND {
        let (found, _) = context
            .execute_without_session(|context| {
                context.get_capability(CapabilityType::Handles, first, MAX_LEFT_BEHIND)
            })
            .doing("list what was left behind")?;
        let CapabilityData::Handles(handles) = found else {
            return Err(TpmError::Answer("list what was left behind"));
        };
        for handle in handles.into_inner() {
            context
                .execute_without_session(|context| {
                    let left = context.tr_from_tpm_public(handle)?;
                    context.flush_context(left)
                })
                .doing("flush what was left behind")?;
        }
    }
    Ok(())
}

fn pcr_mask(pcrs: &[u8]) -> Result<u32, TpmError> {
    if pcrs.is_empty() {
        return Err(TpmError::NoPcr);
    }
    pcrs.iter().try_fold(0_u32, |mask, pcr| match *pcr {
        pcr @ 0..=HIGHEST_PCR => Ok(mask | 1 << pcr),
        pcr => Err(TpmError::NoSuchPcr(pcr)),
    })
}

pub(crate) fn selection(mask: u32) -> Result<PcrSelectionList, TpmError> {
    let slots: Result<Vec<_>, _> = (0..=HIGHEST_PCR)
        .map(|pcr| mask & (1 << pcr))
        .filter(|bit| *bit != 0)
        .map(PcrSlot::try_from)
        .collect();
    PcrSelectionListBuilder::new()
        .with_selection(HashingAlgorithm::Sha256, &slots.doing("select PCRs")?)
        .build()
        .doing("select PCRs")
}

pub(crate) fn root_key(unsealed: &SensitiveData) -> Result<Secret<[u8; 32]>, TpmError> {
    unsealed.value().try_into().map(Secret::new).map_err(|_| TpmError::Blob)
}

fn point_of(public: &Public) -> Result<PublicKey, TpmError> {
    let Public::Ecc { unique, .. } = public else { return Err(TpmError::Blob) };
    let mut point = [4_u8; 65];
    point[1..33].copy_from_slice(&coordinate(unique.x().value())?);
    point[33..].copy_from_slice(&coordinate(unique.y().value())?);
    Ok(PublicKey { point })
}

/// TPMs leave out leading zeros.
fn coordinate(bytes: &[u8]) -> Result<[u8; COORDINATE_BYTES], TpmError> {
    let start = COORDINATE_BYTES.checked_sub(bytes.len()).ok_or(TpmError::Answer("give a number"))?;
    let mut out = [0_u8; COORDINATE_BYTES];
    out[start..].copy_from_slice(bytes);
    Ok(out)
}
