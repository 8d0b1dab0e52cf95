//! What the pages show: every list and card, masked within the asker's sight.

use crate::admin::{Actor, Handled, Refusal};
use crate::vault::Vault;
use idl::admin::Admin;

impl Vault {
    pub(crate) fn look_request(&mut self, _actor: &Actor, what: Admin) -> Handled {
        Err(Refusal::unknown(rights::request_of(&what).name()))
    }
}
