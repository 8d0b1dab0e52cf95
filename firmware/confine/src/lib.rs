//! A process gives up, for itself and for good, the files it does not need (Landlock): besides what its unit forbids,
//! and also where no unit is. It may read the system, which is the same on every box; it may write what is named; it
//! starts no program, and opens no TCP connection where it said so.
//!
//! It holds for the thread that calls and for those started after it, so it is called before the first one. What is open
//! already stays open, and sockets with a path are still reached: who may speak to whom `ipc` decides. It deliberately
//! knows no process: each one names its own folders. `hostd` is not confined: it installs and mounts, which no such
//! process may.

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, PathBeneath, PathFd, Ruleset,
    RulesetAttr, RulesetCreatedAttr, RulesetStatus,
};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// What a process keeps besides the system's own files.
#[derive(Debug, Clone, Default)]
pub struct Kept {
    folders: Vec<PathBuf>,
    files: Vec<PathBuf>,
    read: Vec<PathBuf>,
    tcp: bool,
}

/// How far the kernel follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// In everything that was asked for.
    Whole,
    /// An older kernel: in part.
    InPart,
    /// A kernel without Landlock: not at all.
    NotAtAll,
}

/// Why a process could not be confined; it must not go on.
#[derive(Debug, Error)]
pub enum ConfineError {
    /// A folder of its own cannot be made.
    #[error("{path} cannot be made: {source}")]
    Folder {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The kernel refused the rules.
    #[error("the kernel refused to confine the process: {0}")]
    Kernel(#[from] landlock::RulesetError),
}

impl Kept {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A folder that is read and written, with all below it; made if it is not there.
    #[must_use]
    pub fn folder(mut self, path: impl AsRef<Path>) -> Self {
        self.folders.push(path.as_ref().to_owned());
        self
    }

    /// A device, or a folder of the system, that is read and written; it may be missing.
    #[must_use]
    pub fn device(mut self, path: impl AsRef<Path>) -> Self {
        self.files.push(path.as_ref().to_owned());
        self
    }

    /// A file or folder that is read; it may be missing.
    #[must_use]
    pub fn read(mut self, path: impl AsRef<Path>) -> Self {
        self.read.push(path.as_ref().to_owned());
        self
    }

    /// TCP is kept, too.
    #[must_use]
    pub const fn tcp(mut self) -> Self {
        self.tcp = true;
        self
    }

    /// Gives up everything else. To be called before the process starts its first thread.
    ///
    /// # Errors
    /// A folder cannot be made, or the kernel knows Landlock and refuses.
    pub fn enter(self) -> Result<Outcome, ConfineError> {
        for path in &self.folders {
            std::fs::create_dir_all(path)
                .map_err(|source| ConfineError::Folder { path: path.clone(), source })?;
        }
        let everything = AccessFs::from_all(RIGHTS);
        let write = everything & !AccessFs::Execute;
        let mut rules =
            Ruleset::default().set_compatibility(CompatLevel::BestEffort).handle_access(everything)?;
        if !self.tcp {
            rules = rules.handle_access(AccessNet::from_all(RIGHTS))?;
        }
        let mut rules = rules.create()?;
        let written = self.folders.iter().chain(&self.files).map(|path| (path.as_path(), write));
        let system = SYSTEM.iter().map(Path::new).chain(self.read.iter().map(PathBuf::as_path));
        let read = AccessFs::ReadFile | AccessFs::ReadDir;
        for (path, access) in written.chain(system.map(|path| (path, read))) {
            // What is not there needs no rule: it stays out of reach.
            let Ok(opened) = PathFd::new(path) else { continue };
            let access = if path.is_dir() { access } else { access & of_files() };
            rules = rules.add_rule(PathBeneath::new(opened, access))?;
        }
        let null = AccessFs::ReadFile | AccessFs::WriteFile;
        for path in STREAMS {
            if let Ok(opened) = PathFd::new(path) {
                rules = rules.add_rule(PathBeneath::new(opened, null))?;
            }
        }
        let outcome = match rules.restrict_self()?.ruleset {
            RulesetStatus::FullyEnforced => Outcome::Whole,
            RulesetStatus::PartiallyEnforced => Outcome::InPart,
            RulesetStatus::NotEnforced => Outcome::NotAtAll,
        };
        match outcome {
            Outcome::Whole => log::info!("confined to its own files"),
            Outcome::InPart => log::info!("confined to its own files, as far as this older kernel does it"),
            Outcome::NotAtAll => log::warn!("not confined to its own files: this kernel has no Landlock"),
        }
        Ok(outcome)
    }
}

fn of_files() -> BitFlags<AccessFs> {
    AccessFs::from_file(RIGHTS)
}

/// The newest rights asked for; an older kernel gives what it has. The sixth version is Linux 6.12, the box's kernel.
const RIGHTS: ABI = ABI::V6;
/// The same on every box, and no secret: programs' data, settings, what the kernel tells, the resolver's file.
const SYSTEM: [&str; 6] = ["/usr", "/etc", "/proc", "/sys", "/run/systemd", "/lib"];
/// What every process may open.
const STREAMS: [&str; 4] = ["/dev/null", "/dev/zero", "/dev/random", "/dev/urandom"];
