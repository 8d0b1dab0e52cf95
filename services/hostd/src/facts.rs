//! Facts that `vaultd` has not stored yet, each a file of its own: told again until it says that they are durable. It
//! keeps the newest where nobody takes them for a long time.

use idl::host::HostFact;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use vocab::UnixMs;

/// The facts.
#[derive(Debug)]
pub struct Facts {
    folder: PathBuf,
    waiting: BTreeMap<u64, (UnixMs, HostFact)>,
    next: u64,
}

impl Facts {
    /// Opens the folder, and takes what an earlier life left there. A file that cannot be read was never whole: it goes.
    ///
    /// # Errors
    /// The folder cannot be made or read.
    pub fn open(folder: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let mut found = Vec::new();
        for file in std::fs::read_dir(folder)? {
            let path = file?.path();
            let number = path.file_stem().and_then(|stem| stem.to_str()?.parse::<u64>().ok());
            let whole = path.extension().is_some_and(|kind| kind == "fact");
            let fact = std::fs::read(&path).ok().and_then(|bytes| postcard::from_bytes(&bytes).ok());
            match (number, fact) {
                (Some(number), Some(fact)) if whole => found.push((number, fact)),
                _ => std::fs::remove_file(&path)?,
            }
        }
        found.sort_by_key(|(number, _)| *number);
        let next = found.last().map_or(1, |(number, _)| number + 1);
        Ok(Self { folder: folder.to_owned(), waiting: found.into_iter().collect(), next })
    }

    /// Keeps a fact; durable when this returns.
    ///
    /// # Errors
    /// The disk's.
    pub fn keep(&mut self, at: UnixMs, fact: HostFact) -> io::Result<u64> {
        let number = self.next;
        let bytes = postcard::to_stdvec(&(at, &fact)).map_err(io::Error::other)?;
        let new = self.folder.join("new");
        let mut file = File::create(&new)?;
        file.write_all(&bytes)?;
        file.sync_all()?;
        std::fs::rename(&new, self.path(number))?;
        File::open(&self.folder)?.sync_all()?;
        self.next += 1;
        self.waiting.insert(number, (at, fact));
        if self.waiting.len() > MAX_WAITING
            && let Some(oldest) = self.waiting.keys().next().copied()
        {
            log::warn!("nobody takes the facts of the box: the oldest is dropped");
            self.stored(oldest)?;
        }
        Ok(number)
    }

    /// A fact is durable elsewhere.
    ///
    /// # Errors
    /// The disk's.
    pub fn stored(&mut self, number: u64) -> io::Result<()> {
        if self.waiting.remove(&number).is_some() {
            std::fs::remove_file(self.path(number))?;
        }
        Ok(())
    }

    /// What is still to be told, oldest first.
    pub fn waiting(&self) -> impl Iterator<Item = (u64, UnixMs, &HostFact)> {
        self.waiting.iter().map(|(number, (at, fact))| (*number, *at, fact))
    }

    fn path(&self, number: u64) -> PathBuf {
        self.folder.join(format!("{number}.fact"))
    }
}

/// Facts that may wait.
const MAX_WAITING: usize = 256;

#[cfg(test)]
mod tests {
    use super::{Facts, MAX_WAITING};
    use idl::host::HostFact;
    use vocab::UnixMs;

    fn fact(number: usize) -> HostFact {
        HostFact::NetworkSet { faults: vec![number.to_string()] }
    }

    #[test]
    fn a_fact_is_told_until_it_is_stored_through_any_number_of_lives() {
        let folder = tempfile::tempdir().unwrap();
        let mut facts = Facts::open(folder.path()).unwrap();
        let one = facts.keep(UnixMs(1), fact(1)).unwrap();
        facts.keep(UnixMs(2), fact(2)).unwrap();
        // The power failed while a third was written.
        std::fs::write(folder.path().join("new"), b"half").unwrap();
        let mut facts = Facts::open(folder.path()).unwrap();
        assert_eq!(facts.waiting().count(), 2);
        facts.stored(one).unwrap();
        facts.stored(one).unwrap();
        let mut facts = Facts::open(folder.path()).unwrap();
        let left: Vec<_> = facts.waiting().map(|(_, at, kept)| (at, kept.clone())).collect();
        assert_eq!(left, [(UnixMs(2), fact(2))]);
        assert!(facts.keep(UnixMs(3), fact(3)).unwrap() > one);
    }

    #[test]
    fn the_oldest_go_where_nobody_takes_them() {
        let folder = tempfile::tempdir().unwrap();
        let mut facts = Facts::open(folder.path()).unwrap();
        for number in 0..MAX_WAITING + 3 {
            facts.keep(UnixMs(0), fact(number)).unwrap();
        }
        assert_eq!(facts.waiting().count(), MAX_WAITING);
        assert_eq!(facts.waiting().next().unwrap().2, &fact(3));
    }
}
