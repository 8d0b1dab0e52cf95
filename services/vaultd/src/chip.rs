//! The TPM as this process uses it. What it seals to and whether it is a real chip is said here.

use crate::sealing::Sealing;
use crate::startup::Chip;
use tpm::{SealedRoot, SigningKey, Tpm, TpmError};
use vocab::Secret;

/// The PCRs the root key of a workstation is sealed to: firmware, kernel, Secure Boot's policy.
const PCRS: [u8; 4] = [0, 2, 4, 7];

/// What a real chip is called.
const REAL: &str = "TPM 2.0";

/// Whether what [`Chip::kind`] said is a real chip.
#[must_use]
pub fn is_real(kind: &str) -> bool {
    kind == REAL
}

/// The TPM's count of the least security epoch.
pub trait Epochs: Send + Sync + std::fmt::Debug {
    /// Raises it; one that is reached already is left as it is. The count afterwards.
    ///
    /// # Errors
    /// The TPM's, in words.
    fn raise_epoch(&self, to: u32) -> Result<u32, String>;
}

/// A TPM at an address.
#[derive(Debug)]
pub struct TpmChip {
    tpm: Tpm,
    simulator: bool,
    sealing: Sealing,
}

impl TpmChip {
    /// Connects.
    ///
    /// # Errors
    /// [`TpmError`].
    pub fn connect(address: &str, sealing: Sealing) -> Result<Self, TpmError> {
        Ok(Self { tpm: Tpm::connect(address)?, simulator: tpm::is_simulator(address), sealing })
    }

    /// Whether it is the development stand-in.
    #[must_use]
    pub const fn is_simulator(&self) -> bool {
        self.simulator
    }
}

impl Epochs for TpmChip {
    fn raise_epoch(&self, to: u32) -> Result<u32, String> {
        self.tpm.raise_epoch(to).map_err(words)
    }
}

impl Chip for TpmChip {
    fn kind(&self) -> String {
        if self.simulator {
            "DEVELOPMENT STAND-IN: its keys lie in a file".to_owned()
        } else {
            REAL.to_owned()
        }
    }

    fn new_root(&self) -> Result<Secret<[u8; 32]>, String> {
        let chip = self.tpm.random(32).map_err(words)?;
        let mut root = [0; 32];
        getrandom::fill(&mut root).map_err(|error| error.to_string())?;
        // Both sources: the key is good if either is.
        for (byte, other) in root.iter_mut().zip(chip.expose()) {
            *byte ^= other;
        }
        Ok(Secret::new(root))
    }

    fn seal(&self, root: &Secret<[u8; 32]>) -> Result<Vec<u8>, String> {
        let Sealing::Release(release) = &self.sealing else {
            return self
                .tpm
                .seal_root_key(root, &PCRS)
                .map(|sealed| sealed.as_bytes().to_vec())
                .map_err(words);
        };
        if !release.secure_boot {
            return Err(
                "Secure Boot is off; switch it on in the firmware's set-up, with the keys of this product, \
                        and start again"
                    .to_owned(),
            );
        }
        let sealed = self.tpm.seal_to_release(root, &release.key).map_err(words)?;
        // Nothing is kept under a key that this very image could not open again.
        let opened = self.tpm.unseal_by_release(&sealed, &release.signatures).map_err(words)?;
        if opened != *root {
            return Err("the TPM gave back another key than it was given; replace it".to_owned());
        }
        Ok(sealed.as_bytes().to_vec())
    }

    fn unseal(&self, sealed: &[u8]) -> Result<Secret<[u8; 32]>, String> {
        let sealed = SealedRoot::from_bytes(sealed).map_err(words)?;
        match (&self.sealing, sealed.release()) {
            (_, None) => self.tpm.unseal_root_key(&sealed).map_err(words),
            (Sealing::Release(release), Some(_)) => {
                self.tpm.unseal_by_release(&sealed, &release.signatures).map_err(words)
            }
            (Sealing::Pcrs, Some(_)) => Err("the root key is sealed to what a release signs; start with \
                                             --policy-key and --policy-signatures"
                .to_owned()),
        }
    }

    fn sealed_as_wanted(&self, sealed: &[u8]) -> bool {
        let sealed_to_release = SealedRoot::from_bytes(sealed).is_ok_and(|sealed| sealed.release().is_some());
        sealed_to_release == matches!(self.sealing, Sealing::Release(_))
    }

    fn new_signing_key(&self) -> Result<Vec<u8>, String> {
        self.tpm.create_signing_key().map(|key| key.as_bytes().to_vec()).map_err(words)
    }

    fn load_signing_key(&self, wrapped: &[u8]) -> Result<String, String> {
        let key = SigningKey::from_bytes(wrapped).map_err(words)?;
        self.tpm.load_signing_key(&key).map(|public| public.to_pem()).map_err(words)
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; 64], String> {
        self.tpm.sign(message).map_err(words)
    }
}

/// What went wrong and what to do.
#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn words(error: TpmError) -> String {
    let next = match &error {
        TpmError::ForeignBlob(_) => {
            "; use the box these data were made on, or recover with the custodians' shares"
        }
        TpmError::PolicyRefused(_) => {
            "; start the signed image this key was sealed to, or recover with the custodians' shares"
        }
        TpmError::SecureBootChanged { .. } => {
            "; undo the change of Secure Boot or of the firmware, or recover with the custodians' shares"
        }
        TpmError::NoSignature(_) | TpmError::NotSigned(_) | TpmError::Forged => {
            "; start a release of this product, untouched, and not before systemd-pcrphase.service, or recover with \
             the custodians' shares"
        }
        TpmError::NoBank => "; switch the TPM's SHA-256 bank on in the firmware's set-up and start again",
        TpmError::NotMeasured(7) => {
            "; switch Secure Boot and the TPM on in the firmware's set-up and start again"
        }
        TpmError::NotMeasured(_) => "; start the box by its signed image (systemd-boot and UKI)",
        TpmError::Connect(_) | TpmError::Gone => "; check the TPM and the option --tcti",
        TpmError::LockedOut(_) => "; wait for the TPM's lock-out time",
        _ => "",
    };
    format!("{error}{next}")
}
