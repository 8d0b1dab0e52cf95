//! What can go wrong with a TPM, and whose fault it is.

use thiserror::Error;
use tss_esapi::Error as TssError;
use tss_esapi::constants::response_code::Tss2ResponseCodeKind;

/// Whose fault an error is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The configuration or the box's set-up.
    Operator,
    /// The measured boot differs from what the key was sealed to, or the blob is another TPM's.
    Tampering,
    /// The TPM or the way to it.
    Hardware,
    /// Ours.
    Bug,
}

/// Why the TPM did not do what was asked.
#[derive(Debug, Error)]
pub enum TpmError {
    /// The connection string is none we use.
    #[error("`{0}` is no TPM: use device:/dev/tpmrm0 or swtpm:host=…,port=…")]
    Address(String),
    /// A PCR that does not exist.
    #[error("PCR {0} does not exist")]
    NoSuchPcr(u8),
    /// No PCR was named: the key would be sealed to nothing.
    #[error("no PCR is named to seal to")]
    NoPcr,
    /// The thread could not be started.
    #[error("the TPM thread could not be started")]
    Thread(#[source] std::io::Error),
    /// Nobody answers.
    #[error("the TPM does not answer")]
    Connect(#[source] TssError),
    /// The blob is damaged or of another kind.
    #[error("the blob is damaged or of another kind")]
    Blob,
    /// The blob was made by another TPM.
    #[error("the blob belongs to another TPM")]
    ForeignBlob(#[source] TssError),
    /// The PCRs are not those the root key was sealed to: other software was started.
    #[error("the measured boot differs from what the root key was sealed to")]
    PolicyRefused(#[source] TssError),
    /// Secure Boot's keys, or what the firmware says of itself, are not those the root key was sealed to.
    #[error("PCR 7 (Secure Boot) was {} when the root key was sealed and is {}", hex(.sealed), hex(.now))]
    SecureBootChanged {
        /// PCR 7 when it was sealed.
        sealed: [u8; 32],
        /// PCR 7 now.
        now: [u8; 32],
    },
    /// The image that runs brings no signature by the key the root key is sealed to.
    #[error("the image brings no PCR signature by the release key {}", hex(.0))]
    NoSignature([u8; 32]),
    /// The release key signed no such state of PCR 11: another image runs, or it is another phase of its boot.
    #[error("PCR 11 (the started image and the phase of its boot) is {}, which the release key has not signed", hex(.0))]
    NotSigned([u8; 32]),
    /// A signature that names the release key was not made by it.
    #[error("the PCR signature for the started image was not made by the release key")]
    Forged,
    /// The TPM keeps no SHA-256 bank.
    #[error("the TPM's SHA-256 bank of PCRs is not allocated")]
    NoBank,
    /// Nothing was measured into a PCR.
    #[error("nothing was measured into PCR {0} at this start")]
    NotMeasured(u8),
    /// An index of the TPM's memory that is ours by its number is not of our kind.
    #[error("the TPM's memory at {0:#010x} is in use by something else")]
    ForeignIndex(u32),
    /// The security epoch cannot be raised so far.
    #[error("the security epoch is {least}: it cannot become {wanted}")]
    EpochStep {
        /// The epoch the TPM holds.
        least: u32,
        /// What was asked for.
        wanted: u32,
    },
    /// The TPM locked itself after failed authorisations.
    #[error("the TPM is locked out")]
    LockedOut(#[source] TssError),
    /// A command failed.
    #[error("the TPM failed to {step}")]
    Command {
        /// What was tried.
        step: &'static str,
        /// What the TPM said.
        #[source]
        source: TssError,
    },
    /// The TPM answered with something that is no answer.
    #[error("the TPM answered nonsense when asked to {0}")]
    Answer(&'static str),
    /// More was asked than one command gives.
    #[error("{0} bytes are more than one request may ask")]
    TooMuch(usize),
    /// Nothing was loaded to sign with.
    #[error("no signing key is loaded")]
    NoSigningKey,
    /// The thread that owns the TPM ended.
    #[error("the TPM thread has ended")]
    Gone,
}

impl TpmError {
    /// Whose fault it is.
    #[must_use]
    pub const fn fault(&self) -> Fault {
        match self {
            Self::Address(_)
            | Self::NoSuchPcr(_)
            | Self::NoPcr
            | Self::NoBank
            | Self::NotMeasured(_)
            | Self::ForeignIndex(_)
            | Self::EpochStep { .. } => Fault::Operator,
            Self::Blob
            | Self::ForeignBlob(_)
            | Self::PolicyRefused(_)
            | Self::SecureBootChanged { .. }
            | Self::NoSignature(_)
            | Self::NotSigned(_)
            | Self::Forged => Fault::Tampering,
            Self::Connect(_) | Self::LockedOut(_) | Self::Command { .. } | Self::Answer(_) => Fault::Hardware,
            Self::Thread(_) | Self::TooMuch(_) | Self::NoSigningKey | Self::Gone => Fault::Bug,
        }
    }
}

/// The first eight bytes: enough to compare with what `systemd-analyze pcrs` shows.
fn hex(value: &[u8; 32]) -> String {
    data_encoding::HEXLOWER.encode(&value[..8]) + "…"
}

/// Tries again what another measurement came in between: `TPM_RC_PCR_CHANGED` (TPM 2.0 part 3, 23.7) says that some PCR
/// was extended after the policy looked, whichever it was, and not that the policy does not hold.
pub(crate) fn again<T>(mut act: impl FnMut() -> Result<T, TpmError>) -> Result<T, TpmError> {
    for _ in 1..MAX_TRIES {
        match act() {
            Err(TpmError::PolicyRefused(TssError::Tss2Error(code)))
                if code.kind() == Some(Tss2ResponseCodeKind::PcrChanged) => {}
            other => return other,
        }
    }
    act()
}

/// The phases of a boot are measured within seconds.
const MAX_TRIES: usize = 8;

/// Gives a failed command its step; the codes a person must act on get their own variant.
pub(crate) trait Doing<T> {
    fn doing(self, step: &'static str) -> Result<T, TpmError>;
}

impl<T> Doing<T> for Result<T, TssError> {
    fn doing(self, step: &'static str) -> Result<T, TpmError> {
        self.map_err(|source| {
            let kind = match source {
                TssError::Tss2Error(code) => code.kind(),
                TssError::WrapperError(_) => None,
            };
            match kind {
                Some(Tss2ResponseCodeKind::PolicyFail | Tss2ResponseCodeKind::PcrChanged) => {
                    TpmError::PolicyRefused(source)
                }
                Some(Tss2ResponseCodeKind::Integrity) => TpmError::ForeignBlob(source),
                Some(Tss2ResponseCodeKind::Lockout) => TpmError::LockedOut(source),
                Some(_) | None => TpmError::Command { step, source },
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Doing, MAX_TRIES, TpmError, again};
    use tss_esapi::Error as TssError;
    use tss_esapi::constants::response_code::Tss2ResponseCode;

    /// Tries again how often where this is answered each time.
    fn tries(code: u32) -> usize {
        let mut tried = 0;
        let refused: Result<(), TpmError> = again(|| {
            tried += 1;
            Err(TssError::Tss2Error(Tss2ResponseCode::from(code))).doing("unseal")
        });
        assert!(refused.is_err());
        tried
    }

    #[test]
    fn a_measurement_in_between_is_met_by_another_try_and_a_refusal_is_final() {
        let (pcr_changed, policy_fail) = (0x128, 0x99d);
        assert_eq!((tries(pcr_changed), tries(policy_fail)), (MAX_TRIES, 1));
        let mut answers = vec![Ok(7), Err(pcr_changed), Err(pcr_changed)];
        let opened = again(|| match answers.pop() {
            Some(Err(code)) => Err(TssError::Tss2Error(Tss2ResponseCode::from(code))).doing("unseal"),
            Some(Ok(root)) => Ok(root),
            None => panic!("asked once too often"),
        });
        assert_eq!(opened.ok(), Some(7));
    }
}
