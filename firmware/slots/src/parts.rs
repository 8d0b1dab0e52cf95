//! The partitions of the two slots: which of them runs, and the ids by which a system finds its root. Reads `/proc`,
//! `/dev` and `/sys`; writes with util-linux's `sfdisk`, which keeps both copies of the table.

use crate::bundle::RootHash;
use idl::host::Slot;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where the kernel shows itself; another folder in tests.
#[derive(Debug, Clone)]
pub struct Machine {
    /// `/`.
    pub root: PathBuf,
}

impl Machine {
    /// The slot that runs, and its root's hash as the signed command line says it.
    ///
    /// # Errors
    /// The root is not one of the two: nothing can be installed then.
    pub fn running(&self) -> io::Result<(Slot, RootHash)> {
        let line = self.root.join("proc/cmdline");
        let line = std::fs::read_to_string(&line).map_err(|fault| at(&line, &fault))?;
        let hash = line.split_ascii_whitespace().find_map(|word| word.strip_prefix("roothash="));
        let hash = hash.and_then(RootHash::parse).ok_or_else(|| io::Error::other("the root has no hash"))?;
        let own = self.root.join("dev/disk/by-partuuid").join(hash.root_id());
        let own = own.canonicalize().map_err(|fault| at(&own, &fault))?;
        for slot in [Slot::A, Slot::B] {
            if self.device("root", slot).canonicalize().is_ok_and(|device| device == own) {
                return Ok((slot, hash));
            }
        }
        Err(io::Error::other("the root lies in neither slot"))
    }

    /// Gives root and hash partition of a slot the ids that belong to a hash.
    ///
    /// # Errors
    /// A partition is not there, or the table cannot be written.
    pub fn name(&self, slot: Slot, root: &RootHash) -> io::Result<()> {
        for (kind, id) in [("root", root.root_id()), ("verity", root.verity_id())] {
            let (disk, number) = self.place(&self.device(kind, slot))?;
            set_id(&disk, number, &id)?;
        }
        Ok(())
    }

    fn device(&self, kind: &str, slot: Slot) -> PathBuf {
        let letter = slot.name().to_ascii_lowercase();
        self.root.join("dev/disk/by-partlabel").join(format!("{kind}-{letter}"))
    }

    /// The disk a partition lies on, and its number there.
    fn place(&self, device: &Path) -> io::Result<(PathBuf, u32)> {
        let device = device.canonicalize().map_err(|fault| at(device, &fault))?;
        let name = device.file_name().ok_or_else(|| io::Error::other("no device"))?;
        let sys = self.root.join("sys/class/block").join(name).canonicalize()?;
        let number = std::fs::read_to_string(sys.join("partition"))?;
        let number = number.trim().parse().map_err(|_| io::Error::other("no partition"))?;
        let disk = sys.parent().and_then(Path::file_name).ok_or_else(|| io::Error::other("no disk"))?;
        Ok((self.root.join("dev").join(disk), number))
    }
}

fn at(path: &Path, fault: &io::Error) -> io::Error {
    io::Error::new(fault.kind(), format!("{}: {fault}", path.display()))
}

/// Sets the id of one partition. The kernel is not told: the ids count from the next start on.
///
/// # Errors
/// What `sfdisk` says.
pub fn set_id(disk: &Path, number: u32, id: &str) -> io::Result<()> {
    let mut sfdisk = Command::new("sfdisk");
    sfdisk.args(["--no-tell-kernel", "--part-uuid"]).arg(disk).args([&number.to_string(), id]);
    let out = sfdisk.output()?;
    if out.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&out.stderr);
    Err(io::Error::other(format!("sfdisk: {}", said.trim().chars().take(MAX_SAID).collect::<String>())))
}

/// Characters of what a tool said.
const MAX_SAID: usize = 400;

#[cfg(test)]
mod tests {
    use super::Machine;
    use crate::bundle::RootHash;
    use idl::host::Slot;
    use std::os::unix::fs::symlink;
    use std::path::Path;

    fn machine(root: &Path, hash: RootHash, part: &str) -> Machine {
        for folder in ["proc", "dev/disk/by-partlabel", "dev/disk/by-partuuid"] {
            std::fs::create_dir_all(root.join(folder)).unwrap();
        }
        for (name, label) in [("vda2", "root-a"), ("vda4", "root-b")] {
            std::fs::write(root.join("dev").join(name), "").unwrap();
            symlink(format!("../../{name}"), root.join("dev/disk/by-partlabel").join(label)).unwrap();
        }
        symlink(format!("../../{part}"), root.join("dev/disk/by-partuuid").join(hash.root_id())).unwrap();
        std::fs::write(root.join("proc/cmdline"), format!("quiet roothash={hash} panic=10\n")).unwrap();
        Machine { root: root.to_owned() }
    }

    #[test]
    fn the_running_slot_is_the_one_whose_root_the_command_line_names() {
        let hash = RootHash([7; 32]);
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(machine(folder.path(), hash, "vda4").running().unwrap(), (Slot::B, hash));
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(machine(folder.path(), hash, "vda2").running().unwrap(), (Slot::A, hash));
        let folder = tempfile::tempdir().unwrap();
        let elsewhere = machine(folder.path(), hash, "vda2");
        std::fs::write(elsewhere.root.join("proc/cmdline"), "root=/dev/vda2").unwrap();
        assert!(elsewhere.running().is_err());
    }
}
