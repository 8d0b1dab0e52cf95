//! The site's network on the page: what may be asked of it, and how it stands. Nothing here decides.

use crate::network::{Cidr, NetworkConfig};
use serde::{Deserialize, Serialize};
use vocab::{PersonId, UnixMs};

/// What is asked about the network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum NetworkAsk {
    /// How it stands: [`crate::admin::Answer::Network`].
    Look,
    /// Proposes another configuration: `Created` with the proposal's number. A tunnel without a preshared key keeps the
    /// one it has, if it has the same name and the same peer.
    Propose(Box<NetworkConfig>),
    /// The second person agrees; it is applied now: `Done`.
    Agree {
        /// The proposal.
        proposed: u64,
    },
    /// A proposal is taken back, or refused by the second person: `Done`.
    Withdraw {
        /// The proposal.
        proposed: u64,
    },
    /// The page is still reached: what is on trial stays. `Done`.
    Confirm {
        /// The proposal on trial.
        proposed: u64,
    },
    /// Closes a tunnel at once, by one person: `Done`.
    CloseTunnel {
        /// Its name.
        name: String,
    },
    /// Makes the box's own keys for tunnels, or others in their place: `Done`.
    MakeKeys,
}

/// The network. Preshared keys are never in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkView {
    /// What is in use.
    pub config: NetworkConfig,
    /// Tunnels of it that have a preshared key.
    pub preshared: Vec<String>,
    /// What is on trial, which is in use but not kept so far.
    pub trial: Option<NetworkTrial>,
    /// What waits for the second person.
    pub proposal: Option<NetworkProposal>,
    /// The box's own WireGuard public key.
    pub wireguard_public: Option<[u8; 32]>,
    /// The box's own certificate for IPsec, PEM: no secret, the other side needs it.
    pub ipsec_certificate: Option<String>,
    /// Names of the tunnels that are up; `None`: nobody told so far.
    pub up: Option<Vec<String>>,
    /// Addresses of trunks: carriers without a word of the site.
    pub trunks: Vec<Cidr>,
    /// Trunks by name: the networks they are reached in are the site's to say.
    pub trunks_by_name: Vec<String>,
    /// Whether agents have SIP phones.
    pub phones: bool,
    /// What `hostd` could not apply the last time.
    pub faults: Vec<String>,
}

/// A configuration on trial.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkTrial {
    /// The proposal.
    pub proposed: u64,
    /// Seconds left to confirm.
    pub left_s: u32,
}

/// A configuration that waits for the second person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkProposal {
    /// Its number.
    pub proposed: u64,
    /// Who proposed it.
    pub by: PersonId,
    /// When.
    pub at: UnixMs,
    /// Void after that.
    pub until: UnixMs,
    /// What is proposed.
    pub config: NetworkConfig,
}
