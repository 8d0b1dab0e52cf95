//! The agent's desk: `vaultd` proves who acts and shows the customer masked; `calld` carries it out.

use super::{Actor, Handled, Refusal};
use crate::vault::Vault;
use idl::views::DeskAction;

impl Vault {
    pub(super) fn desk_request(&mut self, _actor: &Actor, _action: DeskAction) -> Handled {
        Err(Refusal::unknown("desk"))
    }
}
