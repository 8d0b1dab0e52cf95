//! The digests of our policy, computed as the TPM does (TPM 2.0 Library, part 3, 23.7 and 23.16).
//!
//! The policy of a root key sealed to a release: PolicyPCR over PCR 11, approved by PolicyAuthorize for the
//! release's key with an empty policyRef (systemd-measure signs no other), then PolicyPCR over PCR 7 as it was.

use crate::release::sha256;

/// TPM_CC_PolicyPCR.
const POLICY_PCR: [u8; 4] = [0, 0, 1, 0x7f];
/// TPM_CC_PolicyAuthorize.
const POLICY_AUTHORIZE: [u8; 4] = [0, 0, 1, 0x6a];
/// A TPML_PCR_SELECTION of one bank, SHA-256, with three octets of PCRs.
const ONE_SHA256_BANK: [u8; 7] = [0, 0, 0, 1, 0, 0x0b, 3];

/// A policy digest before its first command.
pub(crate) const NOTHING: [u8; 32] = [0; 32];

/// PolicyPCR over one PCR of the SHA-256 bank.
pub(crate) fn pcr(before: &[u8; 32], pcr: u8, value: &[u8; 32]) -> [u8; 32] {
    let mask = 1_u32 << pcr;
    let octets = mask.to_le_bytes();
    sha256(&[before, &POLICY_PCR, &ONE_SHA256_BANK, &octets[..3], &sha256(&[value])])
}

/// PolicyAuthorize by the key of this name, with an empty policyRef. What was approved does not enter.
pub(crate) fn authorized(key_name: &[u8]) -> [u8; 32] {
    let command = sha256(&[&NOTHING, &POLICY_AUTHORIZE, key_name]);
    // The policyRef, empty, is hashed in a step of its own.
    sha256(&[&command])
}

#[cfg(test)]
mod tests {
    use super::{NOTHING, pcr};
    use data_encoding::HEXLOWER;

    #[test]
    fn l_36_the_digest_is_the_one_that_systemd_measure_signs() {
        let value = HEXLOWER.decode(b"d816a65b7120effec7fb5d6591dbe14c3c53a735a64bc65fa55218adfd496d94");
        let value: [u8; 32] = value.expect("hex").try_into().expect("32 bytes");
        let digest = HEXLOWER.encode(&pcr(&NOTHING, 11, &value));
        assert!(include_str!("../testdata/one.json").contains(&digest), "{digest}");
    }
}
