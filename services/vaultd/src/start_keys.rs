//! The folder of keys at a start: made, unsealed by the chip or opened by custodians' shares, and made whole for the chip
//! that is there. A chip's signing key never leaves it: on another chip the ledger goes on under a new one, and the public
//! keys it had before stay known.

use crate::entries::{CustodyEvent, Event};
use crate::recovery;
use crate::startup::{Chip, StartError};
use custodians::SetId;
use std::path::Path;
use store::{HeadKey, Keyring, write_whole};
use vocab::{Secret, UnixMs};

const ROOT: &str = "root.sealed";
const SIGNING: &str = "signing.key";
/// Public keys of heads, oldest first: `ringfence-ledger verify --key` takes it as it is.
const PUBLIC: &str = "head.pub";
const KEYRING: &str = "keyring";

/// Makes all keys beside their place and moves them there at once, so that a crash leaves all or none.
pub(crate) fn first_keys(keys: &Path, chip: &dyn Chip, now: UnixMs) -> Result<(), StartError> {
    let tpm = |step| move |reason| StartError::Tpm { step, reason };
    let beside = keys.with_extension("new");
    let file = |step| move |source| StartError::File { step, source };
    if beside.exists() {
        std::fs::remove_dir_all(&beside).map_err(file("remove half-made keys"))?;
    }
    std::fs::create_dir_all(&beside).map_err(file("make the keys' folder"))?;
    let root = chip.new_root().map_err(tpm("give random bytes"))?;
    let sealed = chip.seal(&root).map_err(tpm("seal the root key"))?;
    let signing = chip.new_signing_key().map_err(tpm("make the signing key"))?;
    let public = chip.load_signing_key(&signing).map_err(tpm("load the signing key"))?;
    write_whole(&beside.join(ROOT), &sealed)?;
    write_whole(&beside.join(SIGNING), &signing)?;
    write_whole(&beside.join(PUBLIC), public.as_bytes())?;
    write_whole(&beside.join(KEYRING), &Keyring::create(&root, now)?.to_bytes()?)?;
    std::fs::rename(&beside, keys).map_err(file("put the keys in place"))?;
    let parent = keys.parent().unwrap_or_else(|| Path::new("."));
    std::fs::File::open(parent).and_then(|dir| dir.sync_all()).map_err(file("put the keys in place"))
}

/// What a start found and made.
pub(crate) struct Opened {
    pub keyring: Keyring,
    pub head_key: HeadKey,
    pub root: Secret<[u8; 32]>,
    /// The root key sealed anew, if it was sealed another way.
    resealed: Option<Vec<u8>>,
    /// The set of shares that opened it in place of the TPM.
    pub(crate) recovered: Option<SetId>,
    /// A signing key of this chip in place of another chip's.
    signing: Option<NewSigning>,
}

struct NewSigning {
    wrapped: Vec<u8>,
    /// All public keys, oldest first, as PEM.
    public: String,
    former: [u8; 32],
}

pub(crate) fn open_keys(keys: &Path, shares: &Path, chip: &dyn Chip) -> Result<Opened, StartError> {
    let sealed = read(keys, ROOT)?;
    let (root, recovered) = match chip.unseal(&sealed) {
        Ok(root) => {
            // Shares that were not needed lie about no longer.
            recovery::erase(shares)
                .map_err(|source| StartError::File { step: "take the shares away", source })?;
            (root, None)
        }
        Err(reason) => match recovery::open(keys, shares) {
            Ok(Some((root, set))) => {
                log::warn!("the root key was recovered with the custodians' shares of set {set}");
                (root, Some(set))
            }
            Ok(None) => return Err(StartError::Tpm { step: "unseal the root key", reason }),
            Err(shares) => return Err(StartError::Recovery { reason, shares }),
        },
    };
    let keyring = Keyring::open(&root, &read(keys, KEYRING)?)?;
    let as_wanted = recovered.is_none() && chip.sealed_as_wanted(&sealed);
    let resealed = if as_wanted { None } else { seal_again(chip, &root) };
    let (head_key, signing) = signing_key(keys, chip, recovered.is_some())?;
    Ok(Opened { keyring, head_key, root, resealed, recovered, signing })
}

fn read(keys: &Path, name: &str) -> Result<Vec<u8>, StartError> {
    std::fs::read(keys.join(name)).map_err(|source| {
        if source.kind() == std::io::ErrorKind::NotFound {
            StartError::KeyMissing(keys.to_owned())
        } else {
            StartError::File { step: "read a key's file", source }
        }
    })
}

/// The signing key; on another chip, which custodians have vouched for, a new one.
fn signing_key(
    keys: &Path,
    chip: &dyn Chip,
    recovered: bool,
) -> Result<(HeadKey, Option<NewSigning>), StartError> {
    let tpm = |step| move |reason| StartError::Tpm { step, reason };
    let shown = |error: ledger::HeadKeyError| StartError::Tpm {
        step: "show its signing key",
        reason: error.to_string(),
    };
    let known = read(keys, PUBLIC)?;
    let before = HeadKey::parse(&known).map_err(shown)?;
    match chip.load_signing_key(&read(keys, SIGNING)?) {
        Ok(public) => Ok((HeadKey::parse(public.as_bytes()).map_err(shown)?.after(before), None)),
        Err(reason) if !recovered => Err(tpm("load the signing key")(reason)),
        Err(_) => {
            let wrapped = chip.new_signing_key().map_err(tpm("make the signing key"))?;
            let public = chip.load_signing_key(&wrapped).map_err(tpm("load the signing key"))?;
            let former = before.fingerprint();
            let head_key = HeadKey::parse(public.as_bytes()).map_err(shown)?.after(before);
            let public = format!("{}\n{public}", String::from_utf8_lossy(&known).trim_end());
            Ok((head_key, Some(NewSigning { wrapped, public, former })))
        }
    }
}

/// Seals an open root key the way this start would. Where that fails the box goes on with what opens, and the next
/// start tries again.
fn seal_again(chip: &dyn Chip, root: &Secret<[u8; 32]>) -> Option<Vec<u8>> {
    match chip.seal(root) {
        Ok(sealed) => {
            log::warn!("the root key was sealed another way; it is sealed as this release does now");
            Some(sealed)
        }
        Err(error) => {
            log::error!("the root key stays sealed the way it was: {error}");
            None
        }
    }
}

impl Opened {
    /// What the ledger is to say of it.
    pub(crate) fn events(&self) -> Vec<Event> {
        let mut events = Vec::new();
        if let Some(SetId(set)) = self.recovered {
            events.push(Event::Custody { event: CustodyEvent::Recovered { set } });
        }
        if let Some(signing) = &self.signing {
            let (former, current) = (signing.former, self.head_key.fingerprint());
            events.push(Event::Custody { event: CustodyEvent::SigningKeyReplaced { former, current } });
        }
        if self.resealed.is_some() {
            events.push(Event::RootKeyResealed {});
        }
        events
    }

    /// Stores what was made; true: the shares are needed at the next start again. The sealed root key comes last: until
    /// it is there, a start asks the custodians, and finds the rest done.
    pub(crate) fn keep(&self, keys: &Path) -> Result<bool, StartError> {
        if let Some(signing) = &self.signing {
            write_whole(&keys.join(PUBLIC), signing.public.as_bytes())?;
            write_whole(&keys.join(SIGNING), &signing.wrapped)?;
        }
        if let Some(sealed) = &self.resealed {
            write_whole(&keys.join(ROOT), sealed)?;
        }
        Ok(self.recovered.is_some() && self.resealed.is_none())
    }
}
