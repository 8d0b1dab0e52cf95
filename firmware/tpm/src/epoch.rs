//! The security epoch: the least one whose releases may be installed (NIST SP 800-193; L-80).
//!
//! A counter of the TPM only goes up, but begins where the highest counter that ever was in it had come to (TPM 2.0
//! Library, part 3, 31.8). So its first value is written beside it, into an index that can be written once; the epoch
//! is the difference. Making them ready has four steps; whoever asks next goes on where a power cut left it.
//!
//! The owner's authorisation is empty, as systemd-cryptenroll wants it: somebody with root on the running box could
//! remove both indices. Against that stand the measured boot and the read-only root, not this counter.

use crate::error::{Doing, TpmError};
use crate::owner::Owner;
use tss_esapi::attributes::NvIndexAttributesBuilder;
use tss_esapi::constants::{CapabilityType, NvIndexType, SessionType};
use tss_esapi::handles::{NvIndexHandle, NvIndexTpmHandle, SessionHandle, TpmHandle};
use tss_esapi::interface_types::algorithm::HashingAlgorithm;
use tss_esapi::interface_types::resource_handles::{NvAuth, Provision};
use tss_esapi::interface_types::session_handles::PolicySession;
use tss_esapi::structures::{CapabilityData, Digest, MaxNvBuffer, NvPublic, NvPublicBuilder};

/// How far one release may raise the epoch: each step wears the TPM's memory.
pub const MAX_EPOCH_STEP: u32 = 32;

/// In the owner's range (TCG Registry of Reserved TPM 2.0 Handles, 2.2.2).
const COUNTER: u32 = 0x0180_5246;
const FIRST_VALUE: u32 = 0x0180_5247;
const BYTES: u16 = 8;

/// TPM_CC_PolicyNvWritten.
const POLICY_NV_WRITTEN: [u8; 4] = [0, 0, 1, 0x8f];

impl Owner {
    pub(crate) fn least_epoch(&mut self) -> Result<u32, TpmError> {
        let (counter, first) = self.epoch_indices()?;
        let (counter, first) = (self.read_index(counter)?, self.read_index(first)?);
        let epoch = counter.checked_sub(first).and_then(|epoch| u32::try_from(epoch).ok());
        epoch.ok_or(TpmError::ForeignIndex(FIRST_VALUE))
    }

    pub(crate) fn raise_epoch(&mut self, to: u32) -> Result<u32, TpmError> {
        let least = self.least_epoch()?;
        if to.saturating_sub(least) > MAX_EPOCH_STEP {
            return Err(TpmError::EpochStep { least, wanted: to });
        }
        let (counter, _) = self.epoch_indices()?;
        for _ in least..to {
            self.count(counter)?;
        }
        self.least_epoch()
    }

    /// Both indices, defined and written.
    fn epoch_indices(&mut self) -> Result<(NvIndexHandle, NvIndexHandle), TpmError> {
        let (counter, counted) = self.index(COUNTER, &counter_area()?)?;
        if !counted {
            self.count(counter)?;
        }
        let (first, noted) = self.index(FIRST_VALUE, &write_once_area()?)?;
        if !noted {
            let value = self.read_index(counter)?;
            self.note(first, value)?;
        }
        Ok((counter, first))
    }

    /// Finds or defines an index, and tells whether it has been written.
    fn index(&mut self, number: u32, area: &NvPublic) -> Result<(NvIndexHandle, bool), TpmError> {
        if !self.has_index(number)? {
            let area = area.clone();
            let made = self.context().execute_with_nullauth_session(|context| {
                context.nv_define_space(Provision::Owner, None, area)
            });
            return Ok((made.doing("reserve memory")?, false));
        }
        let place = NvIndexTpmHandle::new(number).doing("name an index")?;
        let context = self.context();
        let found = context
            .execute_without_session(|context| context.tr_from_tpm_public(TpmHandle::NvIndex(place)))
            .doing("find an index")?;
        let found = NvIndexHandle::from(found);
        let (public, _) = context
            .execute_without_session(|context| context.nv_read_public(found))
            .doing("read what an index is")?;
        let kind = |area: &NvPublic| area.attributes().index_type().ok();
        let same = kind(&public) == kind(area)
            && public.data_size() == area.data_size()
            && public.authorization_policy() == area.authorization_policy();
        if same { Ok((found, public.attributes().written())) } else { Err(TpmError::ForeignIndex(number)) }
    }

    fn has_index(&mut self, number: u32) -> Result<bool, TpmError> {
        let (found, _) = self
            .context()
            .execute_without_session(|context| context.get_capability(CapabilityType::Handles, number, 1))
            .doing("list indices")?;
        match found {
            CapabilityData::Handles(handles) => {
                Ok(handles.first().is_some_and(|handle| u32::from(*handle) == number))
            }
            _ => Err(TpmError::Answer("list indices")),
        }
    }

    fn read_index(&mut self, index: NvIndexHandle) -> Result<u64, TpmError> {
        let value = self
            .context()
            .execute_with_nullauth_session(|context| context.nv_read(NvAuth::Owner, index, BYTES, 0))
            .doing("read an index")?;
        value.value().try_into().map(u64::from_be_bytes).map_err(|_| TpmError::Answer("read an index"))
    }

    fn count(&mut self, counter: NvIndexHandle) -> Result<(), TpmError> {
        self.context()
            .execute_with_nullauth_session(|context| context.nv_increment(NvAuth::Owner, counter))
            .doing("count up")
    }

    /// Writes once: the policy asks that nothing has been written yet.
    fn note(&mut self, index: NvIndexHandle, value: u64) -> Result<(), TpmError> {
        let bytes = MaxNvBuffer::try_from(value.to_be_bytes().to_vec()).doing("take a number")?;
        let session = self.start(SessionType::Policy)?;
        let context = self.context();
        let written = PolicySession::try_from(session)
            .and_then(|policy| {
                context.policy_nv_written(policy, false)?;
                context.execute_with_session(Some(session), |context| {
                    context.nv_write(NvAuth::NvIndex(index), index, bytes, 0)
                })
            })
            .doing("write an index");
        self.flush(SessionHandle::from(session).into())?;
        written
    }

    #[cfg(test)]
    fn remove(&mut self, index: NvIndexHandle) -> Result<(), TpmError> {
        self.context()
            .execute_with_nullauth_session(|context| context.nv_undefine_space(Provision::Owner, index))
            .doing("remove an index")
    }

    /// What another program may have put at this number.
    #[cfg(test)]
    fn define_ordinary(&mut self, number: u32) -> Result<(), TpmError> {
        let attributes =
            NvIndexAttributesBuilder::new().with_owner_write(true).with_owner_read(true).with_no_da(true);
        let area = area(number, attributes, Digest::default())?;
        self.context()
            .execute_with_nullauth_session(|context| context.nv_define_space(Provision::Owner, None, area))
            .map(|_| ())
            .doing("reserve memory")
    }
}

fn counter_area() -> Result<NvPublic, TpmError> {
    let attributes = NvIndexAttributesBuilder::new()
        .with_owner_write(true)
        .with_owner_read(true)
        .with_no_da(true)
        .with_nv_index_type(NvIndexType::Counter);
    area(COUNTER, attributes, Digest::default())
}

fn write_once_area() -> Result<NvPublic, TpmError> {
    let attributes = NvIndexAttributesBuilder::new()
        .with_policy_write(true)
        .with_owner_read(true)
        .with_no_da(true)
        .with_nv_index_type(NvIndexType::Ordinary);
    let unwritten = crate::release::sha256(&[&[0; 32], &POLICY_NV_WRITTEN, &[0]]);
    let policy = Digest::try_from(unwritten.as_slice()).doing("take the policy")?;
    area(FIRST_VALUE, attributes, policy)
}

fn area(number: u32, attributes: NvIndexAttributesBuilder, policy: Digest) -> Result<NvPublic, TpmError> {
    let step = "describe an index";
    NvPublicBuilder::new()
        .with_nv_index(NvIndexTpmHandle::new(number).doing(step)?)
        .with_index_name_algorithm(HashingAlgorithm::Sha256)
        .with_index_attributes(attributes.build().doing(step)?)
        .with_index_auth_policy(policy)
        .with_data_area_size(usize::from(BYTES))
        .build()
        .doing(step)
}

#[cfg(test)]
#[path = "epoch_tests.rs"]
mod tests;
