//! Between `vaultd` and `hostd`, which does on the box what needs root: addresses and firewall, updates, restart,
//! factory reset, the diagnostics bundle. `vaultd` decides who may and writes it down first; `hostd` decides nothing
//! and holds no customer data.

use crate::network::NetworkConfig;
use serde::{Deserialize, Serialize};
use vocab::{Secret, UnixMs};

/// What `hostd` is told. A path never comes from outside: bundles lie in one folder, by the hash of their bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum VaultToHost {
    /// How the site's network is set: applied whole, kept as the last that was applied.
    Network(Box<NetworkConfig>),
    /// Something to be done; answered by [`HostToVault::Ended`] with the same number.
    Order {
        /// The entry of the ledger that ordered it.
        id: u64,
        /// What.
        order: HostOrder,
    },
    /// A fact is durable and need not be kept any longer.
    FactStored {
        /// Its number in this life of `hostd`.
        seq: u64,
    },
    /// The box's own private key for WireGuard; told before the network that may need it. It stays in memory and in the
    /// file below `/run` that `netconf` names.
    TunnelKey(Secret<[u8; 32]>),
    /// The least security epoch as the TPM counts it: told when `hostd` connects, and when it rises. Nothing is installed
    /// before it was told.
    LeastEpoch {
        /// No system below it is installed.
        epoch: u32,
    },
    /// The copies of the disk's recovery key that its header is to hold, and no others; answered by
    /// [`HostToVault::Custody`].
    Custody {
        /// One for each set.
        copies: Vec<CustodyCopy>,
        /// A recovery was begun and the root key is not sealed anew: the next start asks for the shares again.
        owed: bool,
    },
    /// The box's own certificate and private key for IPsec; told before a network that has such a tunnel, and never else.
    /// They stay in memory and in the files below `/run` that `netconf` names.
    IpsecKey {
        /// The certificate, PEM.
        certificate: String,
        /// The private key, PKCS #8 in PEM.
        key: Secret<String>,
    },
}

/// A copy of the disk's recovery key, sealed under what the custodians of a set share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustodyCopy {
    /// The set.
    pub set: [u8; 4],
    /// Sealed: it may be shown to anybody.
    pub sealed: Vec<u8>,
}

/// What may be ordered of the box.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum HostOrder {
    /// Installs the bundle with this SHA-256 into the slot that does not run, then starts it once calls are drained.
    Install {
        /// SHA-256 of the bundle's bytes.
        bundle: [u8; 32],
        /// Whether an older version is taken, too (two persons have agreed).
        downgrade: bool,
    },
    /// Starts again once calls are drained.
    Restart,
    /// Powers off once calls are drained.
    PowerOff,
    /// Destroys the keys of all data and starts as a blank box (two custodians have agreed).
    FactoryReset,
    /// Collects the diagnostics bundle, scrubbed: [`HostFact::Diagnostics`].
    Diagnostics,
}

impl HostOrder {
    /// Its name in the ledger and on screens.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Install { .. } => "install",
            Self::Restart => "restart",
            Self::PowerOff => "power-off",
            Self::FactoryReset => "factory-reset",
            Self::Diagnostics => "diagnostics",
        }
    }
}

/// What `hostd` tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum HostToVault {
    /// How the box stands: at the start, and whenever it changes.
    Status(Box<HostStatus>),
    /// Something to be kept; sent until [`VaultToHost::FactStored`].
    Fact {
        /// Counts up from 1 in this life of `hostd`.
        seq: u64,
        /// When it happened.
        at: UnixMs,
        /// What.
        fact: HostFact,
    },
    /// An order goes on.
    Progress {
        /// The order.
        id: u64,
        /// Whole per cent.
        percent: u8,
    },
    /// An order ended.
    Ended {
        /// The order.
        id: u64,
        /// How.
        result: Result<(), HostFault>,
    },
    /// Which sets of custodians' shares open the disk, as its header stands.
    Custody {
        /// The sets.
        sets: Vec<[u8; 4]>,
        /// Why it is not as it was told.
        fault: Option<HostFault>,
    },
    /// The running system was found good: from now on no older security epoch than its own is installed. Told once in each
    /// connection, so that a count that failed is made up for.
    Good {
        /// The running system's epoch.
        epoch: u32,
    },
    /// Which tunnels have a peer at their other end now: after a network was set, and whenever it changes.
    Tunnels {
        /// Their names.
        up: Vec<String>,
    },
    /// The certificate of the box's own key for encrypted updates, in PEM; told once in each connection.
    UpdateCertificate(String),
}

/// Which of the two systems.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Slot {
    /// The first.
    A,
    /// The second.
    B,
}

impl Slot {
    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }

    /// `A` or `B`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::B => "B",
        }
    }
}

/// A system in a slot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotView {
    /// Where.
    pub slot: Slot,
    /// Its version; `None`: nothing is installed there.
    pub version: Option<String>,
    /// Whether it has been found good.
    pub good: bool,
    /// Starts that are left before the other slot is taken; `None` where it is good.
    pub tries_left: Option<u8>,
}

/// How the box stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostStatus {
    /// Which system runs.
    pub running: Slot,
    /// Both, A first.
    pub slots: [SlotView; 2],
    /// Whether this is the development variant.
    pub development: bool,
    /// Whether the firmware enforces Secure Boot.
    pub secure_boot: bool,
    /// Whether data is sealed to this box's TPM.
    pub data_sealed: bool,
    /// Bytes of the data partition.
    pub data_bytes: u64,
    /// Bytes free on it.
    pub data_free_bytes: u64,
    /// Addresses in use, as `interface address/prefix`.
    pub addresses: Vec<String>,
    /// Whether the clock follows a time server.
    pub time_synchronised: bool,
    /// Seconds since the kernel started.
    pub up_s: u64,
}

/// What is kept of the box's life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum HostFact {
    /// The box started this version from this slot.
    Booted {
        /// The slot.
        slot: Slot,
        /// The version.
        version: String,
        /// Why it started: as the boot before ended.
        cause: BootCause,
    },
    /// The running system was found good.
    MarkedGood {
        /// The slot.
        slot: Slot,
        /// The version.
        version: String,
    },
    /// The running system was not found good; the box starts again.
    FoundBad {
        /// The slot.
        slot: Slot,
        /// The version.
        version: String,
        /// What failed, one line for each check.
        reasons: Vec<String>,
    },
    /// The network is set as the site wants it, or could not be.
    NetworkSet {
        /// What failed; empty: all of it was applied.
        faults: Vec<String>,
    },
    /// A diagnostics bundle lies ready.
    Diagnostics {
        /// Its SHA-256, by which it is fetched.
        bundle: [u8; 32],
        /// Its bytes.
        bytes: u64,
    },
    /// The factory reset before this life destroyed the keys of data, but the TPM did not get new seeds.
    TpmKept {
        /// Why.
        why: String,
    },
}

/// How the boot before ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum BootCause {
    /// The first start of this box.
    First,
    /// In order: somebody wanted it.
    Ordered,
    /// After an update.
    Updated,
    /// The slot before was given up: this is the fall back.
    RolledBack,
    /// Without an end: the power failed, or the watchdog bit.
    Unclean,
}

/// Why an order was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum HostFault {
    /// No such bundle.
    NoBundle,
    /// Not signed by a key of this product, or changed after it was signed.
    BadSignature,
    /// Made for other hardware.
    OtherHardware,
    /// Older than what the box must not fall below.
    TooOld {
        /// The epoch of the bundle.
        epoch: u32,
        /// The lowest epoch taken.
        least: u32,
    },
    /// The running system has not been found good yet.
    NotYetGood,
    /// Another order is under way.
    Busy,
    /// Calls were not over within the limit.
    NotDrained,
    /// The system refused; what it said, without personal data.
    System(String),
    /// It is encrypted, and not to the certificate of this box.
    OtherBox,
}
