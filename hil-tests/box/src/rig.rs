//! A rig: what the virtual box's hardware is, in a file of `hil-tests/box/rigs`, and the image that is put into it.

use anyhow::{Context, ensure};
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// The hardware.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rig {
    /// Processors.
    pub processors: u8,
    /// Memory.
    pub memory_mib: u32,
    /// The disk.
    pub disk_gib: u64,
    /// What the firmware says the machine is; the box takes its machine id of it.
    pub serial_number: String,
}

impl Rig {
    /// Reads a rig's file.
    ///
    /// # Errors
    /// The file cannot be read, or says what cannot be.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
        let rig: Self = toml::from_str(&text).with_context(|| path.display().to_string())?;
        ensure!((1..=16).contains(&rig.processors), "{}: 1 to 16 processors", path.display());
        ensure!((512..=65_536).contains(&rig.memory_mib), "{}: 512 to 65536 MiB", path.display());
        ensure!((4..=1_024).contains(&rig.disk_gib), "{}: 4 to 1024 GiB of disk", path.display());
        Ok(rig)
    }
}

/// An image, as `cargo xtask image` leaves it in its folder.
#[derive(Debug, Clone)]
pub struct Image {
    /// The folder.
    pub folder: PathBuf,
}

impl Image {
    /// One in this folder.
    ///
    /// # Errors
    /// A file of it is missing.
    pub fn open(folder: &Path) -> anyhow::Result<Self> {
        let image = Self { folder: folder.canonicalize().with_context(|| folder.display().to_string())? };
        for name in [DISK, FIRMWARE, VARIABLES] {
            ensure!(image.folder.join(name).is_file(), "{} has no {name}: build it first", folder.display());
        }
        Ok(image)
    }

    /// The disk as it is built.
    #[must_use]
    pub fn disk(&self) -> PathBuf {
        self.folder.join(DISK)
    }

    /// The stick that installs it, where one was built.
    #[must_use]
    pub fn installer(&self) -> PathBuf {
        self.folder.join(INSTALLER)
    }

    /// An update to a further version: `next`, or `broken`.
    #[must_use]
    pub fn update(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.raucb"))
    }

    /// The hash of its root, by which images are told apart.
    ///
    /// # Errors
    /// The file is not there.
    pub fn root_hash(&self) -> anyhow::Result<String> {
        std::fs::read_to_string(self.folder.join("roothash")).context("the image's root hash")
    }

    /// Some bytes from the middle of the signed kernel.
    ///
    /// # Errors
    /// There is no kernel.
    pub fn piece_of_kernel(&self) -> anyhow::Result<Vec<u8>> {
        for found in std::fs::read_dir(&self.folder)? {
            let path = found?.path();
            if path.extension().is_some_and(|end| end == "efi") {
                let bytes = std::fs::read(&path)?;
                let half = bytes.len() / 2;
                return Ok(bytes.get(half..half + 64).context("the kernel is empty")?.to_vec());
            }
        }
        anyhow::bail!("{} holds no kernel", self.folder.display())
    }

    /// The firmware.
    #[must_use]
    pub fn firmware(&self) -> PathBuf {
        self.folder.join(FIRMWARE)
    }

    /// Its variables with the keys.
    #[must_use]
    pub fn variables(&self) -> PathBuf {
        self.folder.join(VARIABLES)
    }
}

const DISK: &str = "disk.raw";
const INSTALLER: &str = "installer.raw";
const FIRMWARE: &str = "firmware.fd";
const VARIABLES: &str = "variables.fd";
