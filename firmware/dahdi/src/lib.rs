//! The edge to DAHDI: spans, D channels, B channels, signalling, alarms, counters and loops through its device files.
//!
//! It knows nothing of calls: what it opens is the two halves of `card`'s contract, [`DahdiControl`] for signalling
//! and [`DahdiAudio`] for one media thread. Which span is which is read from sysfs ([`spans`]); what is done to them
//! goes through ioctls whose numbers and structures a test compares with the distribution's header. All `unsafe` of
//! the crate stands in `device`.
//!
//! Written for DAHDI 2.11 (Debian 12); 3.4 has the same header. Known differences: 3.x assigns spans by itself
//! (`auto_assign_spans=1`), and its sysfs names a device's span types `spantype`, not `dahdi_spantype`.

mod abi;
mod audio;
mod channels;
mod control;
mod device;
mod dynamic;
mod events;
mod maintenance;
mod map;
mod shared;
mod sysfs;

#[cfg(test)]
mod abi_tests;
#[cfg(test)]
mod control_tests;
#[cfg(test)]
mod sysfs_tests;

pub use audio::DahdiAudio;
pub use control::{DahdiControl, DriverVersion, PortSide, driver_version, open};
pub use dynamic::{DynamicPair, create_pair};
pub use maintenance::Maintenance;
pub use sysfs::{DiscoveryError, FoundCard, FoundSpan, LocalSpan, assign, assign_all, cards, spans};

use std::path::PathBuf;

/// Where the kernel's files are; a test puts a tree of its own there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    /// The root of sysfs.
    pub sysfs: PathBuf,
    /// The folder of DAHDI's device files.
    pub dev: PathBuf,
    /// The folder of DAHDI's files in procfs: one counter stands only there.
    pub proc: PathBuf,
}

impl Default for Paths {
    fn default() -> Self {
        Self { sysfs: "/sys".into(), dev: "/dev/dahdi".into(), proc: "/proc/dahdi".into() }
    }
}
