//! The first frame in each direction: who speaks, and that both were built from the same messages.

use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// A process of the box.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Process {
    /// Health, leases, watchdog.
    Supervisor,
    /// Lines.
    Lined,
    /// Campaigns.
    Calld,
    /// Records.
    Vaultd,
    /// The page.
    Admind,
    /// The serial console.
    Consoled,
    /// A tool run by an operator (`cargo xtask up`, `ringfence-recording`).
    Tool,
    /// What needs root on the box: addresses, firewall, updates, restart, reset.
    Hostd,
}

impl Process {
    /// The name of its binary.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Supervisor => "supervisor",
            Self::Lined => "lined",
            Self::Calld => "calld",
            Self::Vaultd => "vaultd",
            Self::Admind => "admind",
            Self::Consoled => "consoled",
            Self::Hostd => "hostd",
            Self::Tool => "tool",
        }
    }

    /// The folder in which it makes what others see, within the folder of all. It is its own user's: who reaches something
    /// there knows whose it is, while in the folder of all nobody but root makes anything.
    #[must_use]
    pub fn folder(self, run: &Path) -> PathBuf {
        run.join(self.name())
    }

    /// Its socket.
    #[must_use]
    pub fn socket(self, run: &Path) -> PathBuf {
        self.folder(run).join("sock")
    }
}

/// The first frame.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// Hash of the message definitions both sides were built from ([`BUILD`]).
    pub build: u64,
    /// Who speaks.
    pub process: Process,
}

/// FNV-1a over the sources of this crate and of `vocab`: two builds with other messages never talk.
pub const BUILD: u64 = {
    let mut hash = FNV_OFFSET;
    let mut index = 0;
    while index < SOURCES.len() {
        hash = fnv1a(hash, SOURCES[index]);
        index += 1;
    }
    hash
};

const SOURCES: &[&[u8]] = &[
    include_bytes!("account.rs"),
    include_bytes!("admin.rs"),
    include_bytes!("answer.rs"),
    include_bytes!("campaign.rs"),
    include_bytes!("desk.rs"),
    include_bytes!("draft.rs"),
    include_bytes!("health.rs"),
    include_bytes!("host.rs"),
    include_bytes!("lines.rs"),
    include_bytes!("network.rs"),
    include_bytes!("spans.rs"),
    include_bytes!("trunks.rs"),
    include_bytes!("views/campaign.rs"),
    include_bytes!("views/contact.rs"),
    include_bytes!("views/floor.rs"),
    include_bytes!("views/host.rs"),
    include_bytes!("views/record.rs"),
    include_bytes!("views/site.rs"),
    include_bytes!("views/span.rs"),
    include_bytes!("../../vocab/src/id.rs"),
    include_bytes!("../../vocab/src/number.rs"),
    include_bytes!("../../vocab/src/outcome.rs"),
    include_bytes!("../../vocab/src/rule.rs"),
];

const fn fnv1a(mut hash: u64, bytes: &[u8]) -> u64 {
    let mut at = 0;
    while at < bytes.len() {
        hash = (hash ^ bytes[at] as u64).wrapping_mul(FNV_PRIME);
        at += 1;
    }
    hash
}

const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x0000_0100_0000_01b3;
