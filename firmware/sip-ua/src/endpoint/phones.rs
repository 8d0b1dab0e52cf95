//! The registrar of an [`Endpoint`]: users in, contacts out.
//!
//! Deliberately not here: the protocol; see [`crate::registrar`].

use super::Endpoint;
use crate::api::Output;
use crate::registrar::{Binding, Registrar, RegistrarConfig, StoredSecrets, TooManyUsers};

impl Endpoint {
    /// Starts to serve REGISTER; without it 405 is answered.
    pub fn enable_registrar(&mut self, config: RegistrarConfig) {
        self.registrar = Some(Registrar::new(config, self.ids.as_mut()));
    }

    /// Lets a phone log in as `user`, or replaces its secrets.
    ///
    /// # Errors
    /// When the table is full.
    pub fn set_phone_user(&mut self, user: &str, secrets: StoredSecrets) -> Result<(), TooManyUsers> {
        match &mut self.registrar {
            Some(registrar) => registrar.set_user(user, secrets),
            None => Ok(()),
        }
    }

    /// Takes a user and its contacts away.
    pub fn remove_phone_user(&mut self, user: &str, out: &mut Vec<Output>) {
        if let Some(registrar) = &mut self.registrar {
            registrar.remove_user(user, out);
        }
    }

    /// Where the phones of a user are reached, best first: Request-URI, flow and route.
    pub fn phone_contacts(&self, user: &str) -> &[Binding] {
        self.registrar.as_ref().map_or(&[], |registrar| registrar.bindings(user))
    }
}
