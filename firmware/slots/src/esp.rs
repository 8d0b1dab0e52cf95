//! The folder of the boot partition where the loader looks, and the writing of a plan into it. Each step is on the
//! disk before the next begins. It mounts nothing.

use crate::bundle::RootHash;
use crate::entry::{Entry, PART};
use crate::plan::Step;
use idl::host::Slot;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// The folder.
#[derive(Debug, Clone)]
pub struct Esp {
    folder: PathBuf,
}

/// Why a plan was not carried out.
#[derive(Debug, Error)]
pub enum EspError {
    /// The folder cannot be read.
    #[error("{0} cannot be read")]
    List(PathBuf, #[source] io::Error),
    /// A step failed; those before it are done.
    #[error("{0:?} failed")]
    Step(Box<Step>, #[source] io::Error),
}

/// Names the partitions of a slot by a root's hash.
pub type Namer<'a> = &'a mut dyn FnMut(Slot, &RootHash) -> io::Result<()>;

impl Esp {
    /// The folder of a mounted boot partition.
    #[must_use]
    pub fn at(mount: &Path) -> Self {
        Self { folder: mount.join("EFI/Linux") }
    }

    /// Our entries in it; names that are not ours are left alone.
    ///
    /// # Errors
    /// [`EspError::List`].
    pub fn entries(&self) -> Result<Vec<Entry>, EspError> {
        let failed = |error| EspError::List(self.folder.clone(), error);
        let mut entries = Vec::new();
        for file in std::fs::read_dir(&self.folder).map_err(failed)?.take(MAX_FILES) {
            let name = file.map_err(failed)?.file_name();
            entries.extend(name.to_str().and_then(|name| name.parse().ok()));
        }
        Ok(entries)
    }

    /// Carries a plan out. `system` is the file of the new system, needed where the plan writes one.
    ///
    /// # Errors
    /// [`EspError::Step`]; what went before stays, and the box starts as the plan's rule says.
    pub fn apply(&self, plan: &[Step], system: Option<&Path>, name: Namer<'_>) -> Result<(), EspError> {
        for step in plan {
            self.step(step, system, name).map_err(|error| EspError::Step(Box::new(step.clone()), error))?;
        }
        Ok(())
    }

    fn step(&self, step: &Step, system: Option<&Path>, name: Namer<'_>) -> io::Result<()> {
        match step {
            Step::Remove(entry) => gone(std::fs::remove_file(self.path(entry)))?,
            Step::RemovePart => gone(std::fs::remove_file(self.folder.join(PART)))?,
            Step::Name { slot, root } => name(*slot, root)?,
            Step::WritePart => {
                let system = system.ok_or_else(|| io::Error::other("there is no system to write"))?;
                self.write_part(system)?;
            }
            Step::Show(entry) => std::fs::rename(self.folder.join(PART), self.path(entry))?,
            Step::Rename(from, to) => std::fs::rename(self.path(from), self.path(to))?,
        }
        self.sync()
    }

    /// Writes the file and reads it back past the cache's idea of it.
    fn write_part(&self, system: &Path) -> io::Result<()> {
        let mut from = File::open(system)?;
        let length = from.metadata()?.len();
        if length == 0 || length > MAX_SYSTEM_BYTES {
            return Err(io::Error::other(format!("a system's file has 1 to {MAX_SYSTEM_BYTES} bytes")));
        }
        let mut to = File::create(self.folder.join(PART))?;
        let copied = io::copy(&mut from, &mut to)?;
        to.sync_all()?;
        if copied != length {
            return Err(io::Error::other("the system's file changed while it was read"));
        }
        Ok(())
    }

    /// The whole file system: a FAT keeps a name, its clusters and its table in three places.
    fn sync(&self) -> io::Result<()> {
        let folder = File::open(&self.folder)?;
        nix::unistd::syncfs(&folder).map_err(io::Error::from)
    }

    fn path(&self, entry: &Entry) -> PathBuf {
        self.folder.join(entry.to_string())
    }
}

fn gone(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// Files looked at in the folder.
const MAX_FILES: usize = 64;
/// Bytes of a system's file.
const MAX_SYSTEM_BYTES: u64 = 256 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::Esp;
    use crate::bundle::{Bundle, RootHash};
    use crate::plan::plan_install;
    use idl::host::Slot;

    #[test]
    fn an_installation_leaves_the_running_system_and_the_new_one() {
        let mount = tempfile::tempdir().unwrap();
        let folder = mount.path().join("EFI/Linux");
        std::fs::create_dir_all(&folder).unwrap();
        for name in ["ringfence_0.1.0_A.efi", "ringfence_0.0.9_B.efi", "ringfence.part", "memtest.efi"] {
            std::fs::write(folder.join(name), name).unwrap();
        }
        let system = mount.path().join("uki.efi");
        std::fs::write(&system, "new").unwrap();
        let esp = Esp::at(mount.path());
        let root = RootHash([2; 32]);
        let bundle = Bundle { compatible: "x".to_owned(), version: "0.2.0".parse().unwrap(), epoch: 1, root };
        let running = (Slot::A, RootHash([1; 32]));
        let plan = plan_install(&esp.entries().unwrap(), running, Slot::B, &bundle).unwrap();
        let mut named = Vec::new();
        let mut namer = |slot, root: &RootHash| {
            named.push((slot, *root));
            Ok(())
        };
        esp.apply(&plan, Some(&system), &mut namer).unwrap();
        assert_eq!(named, [(Slot::B, root)]);
        let mut names: Vec<String> = std::fs::read_dir(&folder)
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(names, ["memtest.efi", "ringfence_0.1.0_A.efi", "ringfence_0.2.0_B+3.efi"]);
        assert_eq!(std::fs::read_to_string(folder.join("ringfence_0.2.0_B+3.efi")).unwrap(), "new");
    }
}
