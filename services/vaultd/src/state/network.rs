//! The site's network in the state: what is kept, what waits for a second person, what is on trial, the box's own keys.
//! Preshared and private keys stand here only sealed.

use crate::entries::{IpsecStored, NetworkEvent, NetworkStored, TunnelKeysStored};
use crate::pending::Pending;
use serde::{Deserialize, Serialize};
use vocab::{PersonId, UnixMs};

/// Everything known of the network.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct NetworkKept {
    /// What was last confirmed, or needed no confirmation; `None`: a box never set.
    pub kept: Option<NetworkStored>,
    /// What waits for the second person.
    pub waiting: Option<Pending<NetworkStored>>,
    /// What was agreed to and is not confirmed.
    pub trial: Option<(u64, NetworkStored)>,
    /// The box's own WireGuard key.
    pub keys: Option<TunnelKeysStored>,
    /// The box's own key and certificate for IPsec.
    pub ipsec: Option<IpsecStored>,
}

impl NetworkKept {
    /// An event of the network.
    pub(super) fn apply(&mut self, seq: u64, at: UnixMs, by: PersonId, event: &NetworkEvent) {
        match event {
            NetworkEvent::KeysMade { stored } => self.keys = Some((**stored).clone()),
            NetworkEvent::IpsecMade { stored } => self.ipsec = Some((**stored).clone()),
            NetworkEvent::Proposed { stored } => {
                self.waiting = Some(Pending { seq, by, at, what: (**stored).clone() });
            }
            NetworkEvent::Withdrawn { proposed } => {
                self.waiting.take_if(|waiting| waiting.seq == *proposed);
            }
            NetworkEvent::Agreed { proposed, on_trial } => {
                let Some(waiting) = self.waiting.take_if(|waiting| waiting.seq == *proposed) else { return };
                if *on_trial {
                    self.trial = Some((*proposed, waiting.what));
                } else {
                    self.kept = Some(waiting.what);
                }
            }
            NetworkEvent::Confirmed { proposed } => {
                if let Some((_, stored)) = self.trial.take_if(|(number, _)| number == proposed) {
                    self.kept = Some(stored);
                }
            }
            NetworkEvent::FellBack { proposed } => {
                self.trial.take_if(|(number, _)| number == proposed);
            }
            NetworkEvent::TunnelClosed { name } => {
                if let Some(kept) = &mut self.kept {
                    kept.config.tunnels.retain(|tunnel| tunnel.name != *name);
                    kept.preshared.retain(|known| known != name);
                }
            }
        }
    }
}
