//! The manifest of a file that is handed out: what it is, for which boxes, its length and its SHA-256, signed with the
//! release's key. `flash.sh` writes and sends nothing that has none. It says nothing about whether a box will start it.

use super::{Description, Keys};
use crate::project;
use anyhow::{Context, ensure};
use aws_lc_rs::digest;
use aws_lc_rs::signature::Ed25519KeyPair;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// What is handed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A whole disk of a box.
    Image,
    /// A stick that writes such a disk.
    Installer,
    /// An update.
    Bundle,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Installer => "installer",
            Self::Bundle => "bundle",
        }
    }
}

/// Writes `FILE.manifest` and `FILE.manifest.sig` beside a file; the manifest's path.
pub fn write(file: &Path, kind: Kind, description: &Description, keys: &Keys) -> anyhow::Result<PathBuf> {
    let (sha256, bytes) = measure(file).with_context(|| file.display().to_string())?;
    let text = text(kind, description, &board()?, &sha256, bytes);
    let manifest = beside(file, "manifest");
    let key = keys.folder.join("release.key");
    let signature = sign(&key, text.as_bytes()).with_context(|| key.display().to_string())?;
    std::fs::write(&manifest, text).with_context(|| manifest.display().to_string())?;
    std::fs::write(beside(file, "manifest.sig"), signature)?;
    Ok(manifest)
}

fn text(kind: Kind, description: &Description, board: &str, sha256: &str, bytes: u64) -> String {
    let (kind, release) = (kind.name(), &description.release);
    let variant = if description.development { "development" } else { "product" };
    format!(
        "ringfence-{kind} 1\nversion {}\nvariant {variant}\nepoch {}\nboard {board}\nsha256 {sha256}\nbytes {bytes}\n",
        release.version, release.epoch
    )
}

/// What an update has to be for, as the box's RAUC says it.
fn board() -> anyhow::Result<String> {
    let path = project::root().join("firmware/slots/rauc/system.conf");
    let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let board = text.lines().find_map(|line| line.strip_prefix("compatible="));
    Ok(board.with_context(|| format!("{} names no hardware", path.display()))?.to_owned())
}

fn measure(file: &Path) -> anyhow::Result<(String, u64)> {
    let (mut file, mut hash) = (File::open(file)?, digest::Context::new(&digest::SHA256));
    let (mut chunk, mut bytes) = (vec![0; CHUNK], 0);
    loop {
        let read = file.read(&mut chunk)?;
        let Some(part) = chunk.get(..read).filter(|part| !part.is_empty()) else { break };
        hash.update(part);
        bytes += u64::try_from(read)?;
    }
    ensure!(bytes > 0, "it is empty");
    Ok((data_encoding::HEXLOWER.encode(hash.finish().as_ref()), bytes))
}

/// The signature of Ed25519, with a key as `openssl genpkey` writes it.
fn sign(key: &Path, text: &[u8]) -> anyhow::Result<Vec<u8>> {
    let pem = std::fs::read_to_string(key)?;
    let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    let der = data_encoding::BASE64.decode(body.as_bytes()).context("it is no PEM")?;
    let key = Ed25519KeyPair::from_pkcs8(&der).map_err(|_| anyhow::anyhow!("it is no key of Ed25519"))?;
    Ok(key.sign(text).as_ref().to_vec())
}

/// The path of a file that lies beside another, by its ending.
pub fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    name.into()
}

const CHUNK: usize = 4 << 20;

#[cfg(test)]
mod tests {
    use super::{Kind, write};
    use crate::image::{Description, Keys, Order};
    use crate::project;
    use std::fs;
    use std::process::Command;

    #[test]
    fn l_80_what_is_handed_out_has_a_manifest_that_openssl_finds_signed() {
        let folder = std::env::temp_dir().join(format!("ringfence-manifest-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        let run = |words: &[&str]| {
            let done = Command::new("openssl").args(words).current_dir(&folder).output().expect("openssl");
            done.status.success()
        };
        assert!(run(&["genpkey", "-algorithm", "ed25519", "-out", "release.key"]));
        assert!(run(&["pkey", "-in", "release.key", "-pubout", "-out", "release.pem"]));
        fs::write(folder.join("disk.raw"), b"abc").expect("a file");
        let description =
            Description::read(&project::root().join("image/system"), &Order::default()).expect("ours");
        let keys = Keys { folder: folder.clone() };
        let manifest = write(&folder.join("disk.raw"), Kind::Image, &description, &keys).expect("a manifest");
        let text = fs::read_to_string(&manifest).expect("it is there");
        let check =
            ["pkeyutl", "-verify", "-pubin", "-inkey", "release.pem", "-rawin", "-in", "disk.raw.manifest"];
        let check = [&check[..], &["-sigfile", "disk.raw.manifest.sig"]].concat();
        let good = run(&check);
        fs::write(&manifest, text.replace("variant product", "variant Product")).expect("changed");
        let changed = run(&check);
        fs::remove_dir_all(&folder).expect("gone");
        assert!(good && !changed, "good {good}, changed {changed}");
        let (version, epoch) = (&description.release.version, description.release.epoch);
        let sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(
            text,
            format!(
                "ringfence-image 1\nversion {version}\nvariant product\nepoch {epoch}\nboard ringfence-virtual\n\
                 sha256 {sha256}\nbytes 3\n"
            )
        );
    }
}
