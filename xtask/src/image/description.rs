//! `image/system/system.toml`: what of the system has no format of its own. The files beside it are read by those whose
//! formats they have.

use super::Order;
use anyhow::{Context, bail, ensure};
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// The description, and where it lies.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Description {
    /// The folder with `root`, `repart`, `initrd`, `development`.
    #[serde(skip)]
    pub folder: PathBuf,
    /// The development variant.
    #[serde(skip)]
    pub development: bool,
    /// Not the box, but what it is measured beside: a root without a hash, without secrets.
    #[serde(skip)]
    pub bare: bool,
    /// Version and epoch.
    pub release: Release,
    /// Command line and options.
    pub kernel: Kernel,
    /// The first stage.
    pub initrd: Initrd,
    /// What is taken out again.
    pub remove: Remove,
    /// What the box runs besides ours.
    pub package: Vec<Package>,
    /// What builds it.
    pub tools: Tools,
}

/// Version and epoch.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Release {
    /// As people write it.
    pub version: String,
    /// Counts up when older systems must not come back.
    pub epoch: u32,
}

/// Command line and options of the kernel.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kernel {
    /// In this order.
    pub command_line: Vec<String>,
    /// After those, in the development variant.
    pub development_command_line: Vec<String>,
    /// What its configuration must have.
    pub options: Vec<String>,
}

/// The first stage.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Initrd {
    /// dracut's modules.
    pub modules: Vec<String>,
    /// The kernel's.
    pub drivers: Vec<String>,
    /// Programs besides.
    pub programs: Vec<String>,
    /// Ours among them.
    pub ours: Vec<String>,
}

/// What is taken out of the root again.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Remove {
    /// In both variants.
    pub paths: Vec<String>,
    /// In the product variant alone.
    pub product: Vec<String>,
}

/// A package of the box.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Package {
    /// Its name in Debian.
    pub debian: String,
    /// Its name in OpenEmbedded.
    pub oe: String,
    /// Why the box has it.
    pub why: String,
}

/// What builds the image.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tools {
    /// Names in Debian.
    pub debian: Vec<String>,
}

impl Description {
    /// Reads it, with the version that was ordered.
    pub fn read(folder: &Path, order: &Order) -> anyhow::Result<Self> {
        let path = folder.join("system.toml");
        let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let mut read: Self = toml::from_str(&text).with_context(|| path.display().to_string())?;
        read.folder = folder.to_owned();
        read.development = order.development;
        if let Some(version) = &order.version {
            read.release.version.clone_from(version);
        }
        let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '~' | '^');
        let version = &read.release.version;
        ensure!(
            !version.is_empty() && version.chars().all(good),
            "{version:?} cannot be a version: it is in file names"
        );
        let lacking = read.package.iter().find(|one| one.why.is_empty() || one.oe.is_empty());
        if let Some(package) = lacking {
            bail!("{}: {} says not why, or not its name in OpenEmbedded", path.display(), package.debian);
        }
        ensure!(
            read.kernel.options.iter().all(|one| one.starts_with("CONFIG_")),
            "a kernel option is no option"
        );
        Ok(read)
    }

    /// The names of the box's packages in Debian.
    pub fn packages(&self) -> Vec<&str> {
        self.package.iter().map(|one| one.debian.as_str()).collect()
    }

    /// What it is called on screens.
    pub fn pretty_name(&self) -> String {
        format!("Ringfence {}{}", self.release.version, if self.development { " (DEVELOPMENT)" } else { "" })
    }

    /// `/usr/lib/os-release`.
    pub fn os_release(&self) -> String {
        let (version, shown) = (&self.release.version, self.pretty_name());
        let variant = if self.development { "development" } else { "product" };
        format!(
            "ID=ringfence\nNAME=Ringfence\nPRETTY_NAME=\"{shown}\"\nVERSION_ID={version}\n\
             IMAGE_ID=ringfence\nIMAGE_VERSION={version}\nVARIANT_ID={variant}\nRINGFENCE_EPOCH={}\n",
            self.release.epoch
        )
    }
}
