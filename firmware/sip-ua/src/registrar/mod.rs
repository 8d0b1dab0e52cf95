//! The registrar of the agents' phones (RFC 3261 10.3) with digest login (RFC 7616, 8760).
//!
//! Deliberately not here: where users come from. Their HA1 are put in a table; an unknown
//! user gets the same answers, after the same work, as a wrong password.

mod bindings;

pub use bindings::Binding;

use crate::api::{Event, Output};
use crate::flow::Flow;
use crate::ids::{self, IdSource};
use crate::time::Millis;
use crate::wire;
use bindings::{Bindings, Change, Origin, Rejected};
pub use sip::auth::{Algorithm, StoredSecrets, ha1};
use sip::auth::{Claim, Credentials, DEFAULT_NONCE_LIFETIME_S, NonceCounts, NonceMint, Refusal};
use sip::{Contacts, HeaderName, NameAddr, Request, Response};
use std::collections::BTreeMap;
use std::fmt;
use vocab::Pii;

/// Settings and limits of the registrar.
#[derive(Clone, Debug)]
pub struct RegistrarConfig {
    /// The digest realm.
    pub realm: String,
    /// Shortest expiry granted (423 below).
    pub min_expires_s: u32,
    /// Longest expiry granted.
    pub max_expires_s: u32,
    /// Expiry where the phone names none.
    pub default_expires_s: u32,
    /// Contacts of one address of record.
    pub max_bindings_per_aor: usize,
    /// Contacts of all.
    pub max_bindings: usize,
    /// Whether old phones may log in with MD5.
    pub allow_md5: bool,
    /// Users of the table.
    pub max_users: usize,
}

impl Default for RegistrarConfig {
    fn default() -> Self {
        Self {
            realm: "ringfence".to_owned(),
            min_expires_s: 60,
            max_expires_s: 3_600,
            default_expires_s: 600,
            max_bindings_per_aor: 4,
            max_bindings: 4_000,
            allow_md5: true,
            max_users: 4_000,
        }
    }
}

/// Users, bindings and nonces of the phones.
pub struct Registrar {
    config: RegistrarConfig,
    mint: NonceMint,
    counts: NonceCounts,
    users: BTreeMap<String, StoredSecrets>,
    /// Stands in for the secrets of unknown users, so that they cost the same work.
    decoy: StoredSecrets,
    bindings: Bindings,
}

/// No more users fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("all {0} users of the registrar are in use")]
pub struct TooManyUsers(usize);

impl Registrar {
    /// A registrar without users. Its nonce key comes from `ids`.
    pub fn new(config: RegistrarConfig, ids: &mut dyn IdSource) -> Self {
        let mut key = [0; 32];
        key[..16].copy_from_slice(&ids.token());
        key[16..].copy_from_slice(&ids.token());
        let password = ids::hex(&ids.token());
        let decoy = StoredSecrets {
            sha256: ha1(Algorithm::Sha256, "", &config.realm, &password),
            md5: Some(ha1(Algorithm::Md5, "", &config.realm, &password)),
        };
        Self {
            mint: NonceMint::new(key, DEFAULT_NONCE_LIFETIME_S),
            counts: NonceCounts::new(),
            users: BTreeMap::new(),
            decoy,
            bindings: Bindings::default(),
            config,
        }
    }

    /// Puts a user in the table, or replaces its secrets.
    ///
    /// # Errors
    /// When the table is full.
    pub fn set_user(&mut self, user: &str, secrets: StoredSecrets) -> Result<(), TooManyUsers> {
        if self.users.len() >= self.config.max_users && !self.users.contains_key(user) {
            return Err(TooManyUsers(self.config.max_users));
        }
        self.users.insert(user.to_owned(), secrets);
        Ok(())
    }

    /// Takes a user out, with its bindings.
    pub fn remove_user(&mut self, user: &str, out: &mut Vec<Output>) {
        self.users.remove(user);
        if self.bindings.forget(user) {
            out.push(unregistered(user.to_owned()));
        }
    }

    /// The contacts of a user, best first.
    pub fn bindings(&self, user: &str) -> &[Binding] {
        self.bindings.of(user)
    }

    /// Contacts of all users.
    pub fn binding_count(&self) -> usize {
        self.bindings.len()
    }

    /// When a binding runs out next.
    pub fn deadline(&self) -> Option<Millis> {
        self.bindings.deadline()
    }

    /// Drops the bindings that ran out.
    pub fn expire(&mut self, now: Millis, out: &mut Vec<Output>) {
        out.extend(self.bindings.expire(now).into_iter().map(unregistered));
    }

    /// A connection broke: the phones behind it cannot be reached.
    pub fn flow_failed(&mut self, flow: &Flow, out: &mut Vec<Output>) {
        out.extend(self.bindings.drop_flow(flow).into_iter().map(unregistered));
    }

    /// Answers a REGISTER.
    pub fn register(
        &mut self,
        now: Millis,
        request: &Request,
        flow: Flow,
        ids: &mut dyn IdSource,
        out: &mut Vec<Output>,
    ) -> Response {
        let tag = ids::tag(ids);
        let answer = |status| wire::response(request, status, Some(&tag));
        match self.authenticate(now, request) {
            Login::Missing { stale } => self.challenge(now, answer(401), stale, ids),
            Login::Wrong => {
                out.push(Output::Event(Event::LoginFailed { flow }));
                answer(403)
            }
            Login::Proven(user) => match self.update(now, request, flow, &user, out) {
                Ok(()) => self.listing(now, request, answer(200), &user),
                Err(Problem::TooBrief) => {
                    let mut response = answer(423);
                    let min_s = self.config.min_expires_s.to_string();
                    response.headers.push(HeaderName::MinExpires, min_s);
                    response
                }
                Err(Problem::Status(status)) => answer(status),
            },
        }
    }

    fn authenticate(&mut self, now: Millis, request: &Request) -> Login {
        let Ok(all) = request.headers.authorization() else { return Login::Missing { stale: false } };
        let ours = |credentials: &&Credentials| credentials.realm == self.config.realm;
        let Some(credentials) = all.iter().take(MAX_CREDENTIALS).find(ours) else {
            return Login::Missing { stale: false };
        };
        let known = self.users.get(&credentials.username);
        let uri = request.uri.to_string();
        let claim =
            Claim { realm: &self.config.realm, method: &request.method, uri: &uri, body: &request.body };
        let stored = known.unwrap_or(&self.decoy);
        let verdict = self.mint.verify(now.0 / 1_000, credentials, stored, claim, &mut self.counts);
        match (verdict, known) {
            (Ok(()), Some(_)) => Login::Proven(credentials.username.clone()),
            (Err(Refusal::Unrelated | Refusal::Replayed), _) => Login::Missing { stale: false },
            (Err(Refusal::Stale), _) => Login::Missing { stale: true },
            (Err(Refusal::Wrong), _) | (Ok(()), None) => Login::Wrong,
        }
    }

    fn challenge(
        &self,
        now: Millis,
        mut response: Response,
        stale: bool,
        ids: &mut dyn IdSource,
    ) -> Response {
        let salt = ids::between(ids, 0, u64::MAX - 1);
        let realm = &self.config.realm;
        let md5 = self.config.allow_md5;
        for challenge in self.mint.challenges(realm, now.0 / 1_000, salt, stale, md5) {
            response.headers.push(HeaderName::WwwAuthenticate, challenge.to_string());
        }
        response
    }

    /// RFC 3261 10.3 steps 5 to 7.
    fn update(
        &mut self,
        now: Millis,
        request: &Request,
        flow: Flow,
        user: &str,
        out: &mut Vec<Output>,
    ) -> Result<(), Problem> {
        let headers = &request.headers;
        let to = headers.to().map_err(|_| Problem::Status(400))?;
        if to.uri.user_unescaped().as_deref() != Some(user) {
            return Err(Problem::Status(403));
        }
        let (Some(call_id), Some((seq, _))) = (wire::call_id(headers), wire::cseq(headers)) else {
            return Err(Problem::Status(400));
        };
        let path = path(request)?;
        let origin = Origin { call_id, seq, flow, path: &path };
        let header_s = headers.expires().map_err(|_| Problem::Status(400))?;
        let had = !self.bindings.of(user).is_empty();
        match headers.contacts().map_err(|_| Problem::Status(400))? {
            Contacts::Star if header_s == Some(0) => {
                self.bindings.clear(user, &origin).map_err(rejected)?;
            }
            Contacts::Star => return Err(Problem::Status(400)),
            Contacts::List(list) if list.is_empty() => return Ok(()),
            Contacts::List(list) => {
                let changes = self.changes(&list, header_s)?;
                let limits = (self.config.max_bindings_per_aor, self.config.max_bindings);
                self.bindings.apply(now, user, &changes, &origin, limits).map_err(rejected)?;
                if let Some(expires_s) = changes.iter().map(|change| change.expires_s).max()
                    && expires_s > 0
                {
                    let aor = Pii::new(user.to_owned());
                    out.push(Output::Event(Event::Registered { aor, flow, expires_s }));
                }
            }
        }
        if had && self.bindings.of(user).is_empty() {
            out.push(unregistered(user.to_owned()));
        }
        Ok(())
    }

    fn changes(&self, list: &[NameAddr], header_s: Option<u32>) -> Result<Vec<Change>, Problem> {
        let config = &self.config;
        if list.len() > config.max_bindings_per_aor {
            return Err(Problem::Status(403));
        }
        list.iter()
            .map(|contact| {
                if !contact.uri.is_sip() {
                    return Err(Problem::Status(416));
                }
                // A malformed expires counts as the default (RFC 3261 10.2.1.1).
                let asked = contact.params.get("expires").map(|text| text.parse().ok());
                let expires_s: u32 = asked.unwrap_or(header_s).unwrap_or(config.default_expires_s);
                if expires_s > 0 && expires_s < config.min_expires_s {
                    return Err(Problem::TooBrief);
                }
                Ok(Change {
                    contact: contact.uri.clone(),
                    expires_s: expires_s.min(config.max_expires_s),
                    q: contact.params.get("q").and_then(q_value).unwrap_or(Q_DEFAULT),
                })
            })
            .collect()
    }

    /// The 200 with all current bindings (RFC 3261 10.3 step 8, RFC 3327 5.3).
    fn listing(&self, now: Millis, request: &Request, mut response: Response, user: &str) -> Response {
        for binding in self.bindings.of(user) {
            let mut contact = NameAddr::new(binding.contact.clone());
            let left_s = (binding.expires_at - now).div_ceil(1_000).to_string();
            contact.params.set("expires", Some(&left_s));
            let q = format!("{}.{:03}", binding.q / 1_000, binding.q % 1_000);
            contact.params.set("q", Some(&q));
            response.headers.push(HeaderName::Contact, contact.to_string());
        }
        response.headers.copy_from(&request.headers, &HeaderName::Path);
        response
    }
}

impl fmt::Debug for Registrar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registrar")
            .field("users", &self.users.len())
            .field("bindings", &self.bindings.len())
            .finish_non_exhaustive()
    }
}

enum Login {
    Missing { stale: bool },
    Wrong,
    Proven(String),
}

enum Problem {
    Status(u16),
    TooBrief,
}

fn rejected(why: Rejected) -> Problem {
    match why {
        Rejected::OutOfOrder => Problem::Status(500),
        Rejected::Full => Problem::Status(403),
    }
}

fn path(request: &Request) -> Result<Vec<String>, Problem> {
    let values: Vec<String> = request.headers.get_all(&HeaderName::Path).map(str::to_owned).collect();
    if values.len() > crate::dialog::MAX_ROUTES {
        return Err(Problem::Status(403));
    }
    let supported = request.headers.supported().is_ok_and(|set| set.contains("path"));
    if !values.is_empty() && !supported {
        // RFC 3327 5.3: a phone that does not know its path may not be routed by it.
        return Err(Problem::Status(420));
    }
    Ok(values)
}

/// `0`, `0.5`, `1.000` in thousandths (RFC 3261 25.1 qvalue).
fn q_value(text: &str) -> Option<u16> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.len() > 3 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let thousandths: u16 = format!("{fraction:0<3}").parse().ok()?;
    match whole {
        "0" => Some(thousandths),
        "1" if thousandths == 0 => Some(1_000),
        _ => None,
    }
}

fn unregistered(aor: String) -> Output {
    Output::Event(Event::Unregistered { aor: Pii::new(aor) })
}

/// Preference of a contact without one.
const Q_DEFAULT: u16 = 1_000;
/// Credentials of one request that are looked at.
const MAX_CREDENTIALS: usize = 4;
