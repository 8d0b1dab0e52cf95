//! Accounts and sessions of people. What a password is worth stands in `auth`.

use super::{Actor, Handled, Refusal};
use crate::vault::Vault;
use idl::admin::Admin;

impl Vault {
    pub(super) fn account_request(&mut self, _actor: &Actor, what: Admin) -> Handled {
        Err(Refusal::unknown(rights::request_of(&what).name()))
    }
}
