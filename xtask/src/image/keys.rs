//! The keys an image is signed with. Development keys are made once, into the cache, and are good for nothing but this
//! machine's own virtual boxes. A release names a folder with the same files; none of them is ever part of the project.

use super::roots::Roots;
use super::{quiet, step};
use crate::project;
use anyhow::{Context, ensure};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Where they lie.
#[derive(Debug)]
pub struct Keys {
    /// The folder: [`NAMES`], each with `.key` and `.crt` or `.pem`.
    pub folder: PathBuf,
}

/// The folder that is named, or the development keys.
pub fn ready(named: Option<&Path>, roots: &Roots) -> anyhow::Result<Keys> {
    let folder = match named {
        Some(named) => named.canonicalize().with_context(|| named.display().to_string())?,
        None => development(roots)?,
    };
    for name in NAMES.iter().copied() {
        ensure!(folder.join(name).is_file(), "{} is missing in {}", name, folder.display());
    }
    Ok(Keys { folder })
}

fn development(roots: &Roots) -> anyhow::Result<PathBuf> {
    let folder = project::cache()?.join(format!("image-keys-{}", NAMES.len()));
    if folder.exists() {
        return Ok(folder);
    }
    let building = folder.with_extension(format!("building-{}", std::process::id()));
    fs::create_dir_all(&building)?;
    fs::set_permissions(&building, fs::Permissions::from_mode(0o700))?;
    step("making development keys", || {
        for name in ["pk", "kek", "db", "update"] {
            let subject = format!("/O=Ringfence/CN=DEVELOPMENT {name}/");
            let (key, certificate) = (format!("/mnt/{name}.key"), format!("/mnt/{name}.crt"));
            let words =
                ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "7300", "-subj"];
            let rest = [subject.as_str(), "-keyout", key.as_str(), "-out", certificate.as_str()];
            quiet(&mut roots.tool(&building, &[&words[..], &rest[..]].concat()))?;
        }
        for name in ["pcr-disk", "pcr-vault"] {
            let (key, public) = (format!("/mnt/{name}.key"), format!("/mnt/{name}.pem"));
            let words =
                ["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", &key];
            quiet(&mut roots.tool(&building, &words))?;
            quiet(&mut roots.tool(&building, &["openssl", "pkey", "-in", &key, "-pubout", "-out", &public]))?;
        }
        let (key, public) = ("/mnt/release.key", "/mnt/release.pem");
        quiet(&mut roots.tool(&building, &["openssl", "genpkey", "-algorithm", "ed25519", "-out", key]))?;
        quiet(&mut roots.tool(&building, &["openssl", "pkey", "-in", key, "-pubout", "-out", public]))?;
        Ok(())
    })?;
    if fs::rename(&building, &folder).is_err() {
        ensure!(folder.exists(), "{} cannot be made", folder.display());
        fs::remove_dir_all(&building)?;
    }
    Ok(folder)
}

/// Secure Boot's three, then the two that sign PCR 11: of the disk for the phase `enter-initrd`, of the vault for
/// `ready`, then the one that signs updates, then the one that signs the manifests of what is handed out (Ed25519), which
/// `flash.sh` asks for. PK and KEK are used only where a box's firmware is given its keys.
const NAMES: &[&str] = &[
    "pk.crt",
    "kek.crt",
    "db.key",
    "db.crt",
    "pcr-disk.key",
    "pcr-disk.pem",
    "pcr-vault.key",
    "pcr-vault.pem",
    "update.key",
    "update.crt",
    "release.key",
    "release.pem",
];
