//! Agents' phones: their accounts, who is registered, and how a phone is called.

use idl::MAX_PAGE_ITEMS;
use idl::lines::{PhoneAccount, SrtpPolicy};
use sip::Uri;
use sip::auth::{Ha1, StoredSecrets};
use sip_ua::registrar::RegistrarConfig;
use sip_ua::{Endpoint, Flow, Output};
use std::collections::{BTreeMap, BTreeSet};
use vocab::AgentId;

/// Phones of a site.
pub const MAX_PHONES: usize = 4_000;

/// The accounts.
#[derive(Debug, Default)]
pub struct Phones {
    accounts: BTreeMap<String, PhoneAccount>,
    registered: BTreeSet<AgentId>,
    realm: Option<String>,
    allow_md5: bool,
    /// Users named since the last first page; `None` when a whole list has been taken.
    listing: Option<BTreeSet<String>>,
}

/// How to reach an agent's phone.
#[derive(Debug, Clone)]
pub struct Reach {
    /// The Request-URI.
    pub target: Uri,
    /// The connection it registered over.
    pub flow: Flow,
    /// Route headers.
    pub routes: Vec<String>,
    /// Encryption.
    pub srtp: SrtpPolicy,
}

impl Phones {
    /// Takes a page of accounts.
    pub fn take(
        &mut self,
        first: bool,
        page: Vec<PhoneAccount>,
        endpoint: &mut Endpoint,
        out: &mut Vec<Output>,
    ) {
        if first {
            self.listing = Some(BTreeSet::new());
        }
        let last = page.len() < MAX_PAGE_ITEMS;
        for phone in page {
            if let Some(listing) = &mut self.listing {
                listing.insert(phone.user.clone());
            }
            self.set(phone, endpoint);
        }
        if last && let Some(listing) = self.listing.take() {
            let gone: Vec<String> =
                self.accounts.keys().filter(|user| !listing.contains(*user)).cloned().collect();
            for user in gone {
                self.accounts.remove(&user);
                endpoint.remove_phone_user(&user, out);
            }
        }
    }

    fn set(&mut self, phone: PhoneAccount, endpoint: &mut Endpoint) {
        let md5 = phone.ha1_md5.is_some();
        if self.accounts.len() >= MAX_PHONES || self.accounts.get(&phone.user) == Some(&phone) {
            return;
        }
        if self.realm.as_ref() != Some(&phone.realm) || (md5 && !self.allow_md5) {
            self.realm = Some(phone.realm.clone());
            self.allow_md5 |= md5;
            endpoint.enable_registrar(RegistrarConfig {
                realm: phone.realm.clone(),
                allow_md5: self.allow_md5,
                max_users: MAX_PHONES,
                ..RegistrarConfig::default()
            });
            for known in self.accounts.values() {
                enter(known, endpoint);
            }
        }
        enter(&phone, endpoint);
        self.accounts.insert(phone.user.clone(), phone);
    }

    /// A phone registered or left; the agent, if that is news.
    pub fn registered(&mut self, user: &str, registered: bool) -> Option<AgentId> {
        let agent = self.accounts.get(user)?.agent;
        let news = if registered { self.registered.insert(agent) } else { self.registered.remove(&agent) };
        news.then_some(agent)
    }

    /// Agents whose phone can be called.
    pub fn all_registered(&self) -> impl Iterator<Item = AgentId> + '_ {
        self.registered.iter().copied()
    }

    /// Whether this agent's phone can be called.
    #[must_use]
    pub fn is_registered(&self, agent: AgentId) -> bool {
        self.registered.contains(&agent)
    }

    /// How many phones are registered.
    #[must_use]
    pub fn count(&self) -> usize {
        self.registered.len()
    }

    /// How an agent's phone is reached now.
    #[must_use]
    pub fn reach(&self, agent: AgentId, endpoint: &Endpoint) -> Option<Reach> {
        let account = self.accounts.values().find(|account| account.agent == agent)?;
        let binding = endpoint.phone_contacts(&account.user).first()?;
        Some(Reach {
            target: binding.contact.clone(),
            flow: binding.flow,
            routes: binding.path.clone(),
            srtp: account.srtp,
        })
    }
}

fn enter(phone: &PhoneAccount, endpoint: &mut Endpoint) {
    let Some(sha256) = Ha1::from_hex(phone.ha1_sha256.expose()) else {
        log::error!(target: "phones", agent:% = phone.agent ; "the phone's account is malformed");
        return;
    };
    let md5 = phone.ha1_md5.as_ref().and_then(|ha1| Ha1::from_hex(ha1.expose()));
    if endpoint.set_phone_user(&phone.user, StoredSecrets { sha256, md5 }).is_err() {
        log::error!(target: "phones", agent:% = phone.agent ; "too many phones");
    }
}
