//! The security epoch below which no system is installed any more. It only rises: when a system was found good, to
//! that system's own.
//!
//! Where it is kept is an [`EpochStore`]: the file here, and where the TPM has a counter for it, that counter beside
//! the file (the higher of the two counts).

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::PathBuf;

/// Where the lowest epoch is kept.
pub trait EpochStore {
    /// The lowest epoch that may be installed; 0 where none was ever kept.
    ///
    /// # Errors
    /// It cannot be read: nothing may be installed then.
    fn least(&self) -> io::Result<u32>;

    /// Raises it; a lower one changes nothing.
    ///
    /// # Errors
    /// It cannot be kept.
    fn raise(&mut self, to: u32) -> io::Result<()>;
}

/// A file of ten digits and a line's end, replaced whole.
#[derive(Debug, Clone)]
pub struct FileEpoch(pub PathBuf);

impl EpochStore for FileEpoch {
    fn least(&self) -> io::Result<u32> {
        let file = match File::open(&self.0) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
            Err(error) => return Err(error),
        };
        let mut text = String::new();
        file.take(MAX_BYTES).read_to_string(&mut text)?;
        text.trim_end().parse().map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "no number"))
    }

    fn raise(&mut self, to: u32) -> io::Result<()> {
        if to <= self.least()? {
            return Ok(());
        }
        let new = self.0.with_extension("new");
        let mut file = File::create(&new)?;
        writeln!(file, "{to:010}")?;
        file.sync_all()?;
        std::fs::rename(&new, &self.0)?;
        let folder = self.0.parent().unwrap_or_else(|| std::path::Path::new("."));
        File::open(folder)?.sync_all()
    }
}

/// Two places: both are raised, and the higher one counts. A copy of an older disk does not lower it.
#[derive(Debug, Clone)]
pub struct Both<A, B>(pub A, pub B);

impl<A: EpochStore, B: EpochStore> EpochStore for Both<A, B> {
    fn least(&self) -> io::Result<u32> {
        Ok(self.0.least()?.max(self.1.least()?))
    }

    fn raise(&mut self, to: u32) -> io::Result<()> {
        self.0.raise(to)?;
        self.1.raise(to)
    }
}

const MAX_BYTES: u64 = 16;

#[cfg(test)]
mod tests {
    use super::{Both, EpochStore, FileEpoch};

    #[test]
    fn the_lowest_epoch_only_rises() {
        let folder = tempfile::tempdir().unwrap();
        let mut epoch = FileEpoch(folder.path().join("epoch"));
        assert_eq!(epoch.least().unwrap(), 0);
        for (to, least) in [(3, 3), (2, 3), (3, 3), (7, 7), (0, 7)] {
            epoch.raise(to).unwrap();
            assert_eq!(epoch.least().unwrap(), least);
        }
    }

    #[test]
    fn an_epoch_that_cannot_be_read_is_no_epoch_zero() {
        let folder = tempfile::tempdir().unwrap();
        let epoch = FileEpoch(folder.path().join("epoch"));
        for bad in ["", "x", "-1", "99999999999"] {
            std::fs::write(&epoch.0, bad).unwrap();
            assert!(epoch.least().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn the_higher_of_two_places_counts() {
        let folder = tempfile::tempdir().unwrap();
        let (mut old, new) = (FileEpoch(folder.path().join("a")), FileEpoch(folder.path().join("b")));
        old.raise(5).unwrap();
        let mut both = Both(old, new.clone());
        assert_eq!(both.least().unwrap(), 5);
        both.raise(6).unwrap();
        assert_eq!(new.least().unwrap(), 6);
    }
}
