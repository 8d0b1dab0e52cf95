//! The site's network as it stands in the ledger: what could open a tunnel stands here only sealed. The order of variants
//! and fields is its format: only ever appended to.

use super::{Event, Sealed};
use idl::network::NetworkConfig;
use serde::{Deserialize, Serialize};
use vocab::SubjectId;

/// An event of the site's network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum NetworkEvent {
    /// Another network is proposed; its number is this entry's.
    Proposed {
        /// The network.
        stored: Box<NetworkStored>,
    },
    /// A proposal was taken back, or nobody agreed in time.
    Withdrawn {
        /// The entry that proposed it.
        proposed: u64,
    },
    /// The second person agreed (ACC-06): it is in use.
    Agreed {
        /// The entry that proposed it.
        proposed: u64,
        /// It is kept only once it is confirmed (L-42).
        on_trial: bool,
    },
    /// The page was reached over it: it is kept.
    Confirmed {
        /// The entry that proposed it.
        proposed: u64,
    },
    /// Nobody confirmed it: the network before is in use again.
    FellBack {
        /// The entry that proposed it.
        proposed: u64,
    },
    /// A tunnel was closed.
    TunnelClosed {
        /// Its name.
        name: String,
    },
    /// The box's own keys for tunnels were made.
    KeysMade {
        /// The keys.
        stored: Box<TunnelKeysStored>,
    },
    /// The box's own key and certificate for IPsec were made.
    IpsecMade {
        /// Both.
        stored: Box<IpsecStored>,
    },
}

impl From<NetworkEvent> for Event {
    fn from(event: NetworkEvent) -> Self {
        Self::Network { event }
    }
}

/// A configuration as it is stored: its preshared keys apart, sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkStored {
    /// Without preshared keys.
    pub config: NetworkConfig,
    /// The key they are sealed under.
    pub subject: SubjectId,
    /// Names of tunnels with their preshared keys.
    pub secrets: Sealed,
    /// The names, in clear.
    pub preshared: Vec<String>,
}

/// The box's own key for WireGuard tunnels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TunnelKeysStored {
    /// The public key.
    pub wireguard_public: [u8; 32],
    /// The key the private one is sealed under.
    pub subject: SubjectId,
    /// The private key.
    pub keys: Sealed,
}

/// The box's own key and certificate for IPsec tunnels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IpsecStored {
    /// Who the box is in its certificate; the same in each that follows.
    pub name: String,
    /// The certificate, PEM.
    pub certificate: String,
    /// The key the private one is sealed under.
    pub subject: SubjectId,
    /// The private key.
    pub key: Sealed,
}

#[cfg(test)]
mod tests {
    use super::NetworkEvent;

    #[test]
    fn the_words_of_the_network_never_change_their_numbers_in_the_ledger() {
        let bytes = |event: NetworkEvent| postcard::to_stdvec(&event).unwrap();
        assert_eq!(bytes(NetworkEvent::Withdrawn { proposed: 7 }), [1, 7]);
        assert_eq!(bytes(NetworkEvent::Agreed { proposed: 7, on_trial: true }), [2, 7, 1]);
        assert_eq!(bytes(NetworkEvent::Confirmed { proposed: 7 }), [3, 7]);
        assert_eq!(bytes(NetworkEvent::FellBack { proposed: 7 }), [4, 7]);
        assert_eq!(bytes(NetworkEvent::TunnelClosed { name: "a".to_owned() }), [5, 1, 97]);
    }
}
