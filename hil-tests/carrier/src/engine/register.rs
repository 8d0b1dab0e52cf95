//! The phones' registrations: REGISTER, the answer to a challenge, the refresh at half time.
//!
//! No outbound, no GRUU, no unregistration: the binding expires.

use std::time::{Duration, Instant};

use super::client::{Kind, new_branch};
use super::{Engine, PhonesRole, Role, Timer};
use crate::behaviour::{During, Script, Sound, Step};
use crate::config::{Account, DigestAlgorithm};
use crate::digest;
use crate::journal::EventKind;
use crate::text::{self, Message};
use crate::transport::Link;

/// One phone.
pub(crate) struct Phone {
    pub(crate) account: Account,
    pub(crate) link: Link,
    pub(crate) registrar: String,
    pub(crate) call_id: String,
    pub(crate) cseq: u32,
    /// Challenges answered since the last success, so that a wrong password ends.
    pub(crate) tries: u32,
    /// Counts planned registrations, so that only the latest plan is carried out.
    pub(crate) turn: u32,
}

impl PhonesRole {
    /// What a phone does with a call.
    pub(super) fn script(&self, user: &str) -> Script {
        let place = self.phones.iter().position(|p| p.account.user == user).unwrap_or(0);
        let mut before = vec![(0, Step::Trying), (0, Step::Ringing)];
        before.push((self.answer_ms, Step::Answer));
        Script {
            before,
            answer_after_prack_ms: 0,
            sound: Sound::AgentTone((place % usize::from(crate::signal::AGENT_TONES)) as u8),
            press: None,
            hang_up_after_ms: (self.hangup_after_ms > 0).then_some(self.hangup_after_ms),
            during: During::Listen,
            bleed: false,
            glare: false,
            answer_crosses_cancel: false,
            interval_too_small_first: false,
        }
    }
}

impl Engine {
    /// Every phone registers, a little after the one before it.
    pub(super) fn begin_registering(&mut self, now: Instant) {
        let Role::Phones(role) = &self.role else { return };
        for phone in 0..role.phones.len() {
            self.plan_registration(phone, STAGGER * phone as u32, now);
        }
    }

    /// A phone's connection broke and is there again.
    pub(super) fn reconnected(&mut self, index: usize, link: Link, now: Instant) {
        let Role::Phones(role) = &mut self.role else { return };
        let Some(phone) = role.phones.get_mut(index) else { return };
        phone.link = link;
        phone.tries = 0;
        self.plan_registration(index, Duration::ZERO, now);
    }

    pub(super) fn registration_due(&mut self, index: usize, turn: u32, now: Instant) {
        let Role::Phones(role) = &self.role else { return };
        if role.phones.get(index).is_some_and(|phone| phone.turn == turn) {
            self.register(index, None, now);
        }
    }

    fn plan_registration(&mut self, index: usize, wait: Duration, now: Instant) {
        let Role::Phones(role) = &mut self.role else { return };
        let Some(phone) = role.phones.get_mut(index) else { return };
        phone.turn += 1;
        let turn = phone.turn;
        self.after(now, wait, Timer::Register { phone: index, turn });
    }

    pub(super) fn register(
        &mut self,
        index: usize,
        credentials: Option<(&'static str, String)>,
        now: Instant,
    ) {
        let Role::Phones(role) = &mut self.role else { return };
        let expires_s = role.expires_s;
        let Some(phone) = role.phones.get_mut(index) else { return };
        phone.cseq += 1;
        let (link, branch) = (phone.link.clone(), new_branch());
        let user = &phone.account.user;
        let domain = phone.account.realm.as_deref().unwrap_or(&phone.registrar);
        let mut request = Message::request("REGISTER", &format!("sip:{}", phone.registrar));
        request
            .add("Via", format!("SIP/2.0/{} {};branch={branch};rport", link.name, link.local))
            .add("Max-Forwards", "70")
            .add("From", format!("<sip:{user}@{domain}>;tag={}", super::tag()))
            .add("To", format!("<sip:{user}@{domain}>"))
            .add("Call-ID", phone.call_id.clone())
            .add("CSeq", format!("{} REGISTER", phone.cseq))
            .add("Contact", format!("<sip:{user}@{}{}>", link.local, link.uri_parameter()))
            .add("Expires", expires_s.to_string());
        if let Some((header, value)) = credentials {
            request.add(header, value);
        }
        self.send_request(Kind::Register { phone: index }, link, branch, &request, now);
    }

    pub(super) fn register_answered(&mut self, index: usize, code: u16, message: &Message, now: Instant) {
        let Role::Phones(role) = &mut self.role else { return };
        let expires_s = role.expires_s;
        let Some(phone) = role.phones.get_mut(index) else { return };
        match code {
            200..300 => {
                phone.tries = 0;
                let user = phone.account.user.clone();
                let granted = granted_s(message, &phone.link, expires_s);
                self.journal.note(EventKind::Registered, 0, &user);
                let wait = Duration::from_secs(u64::from(granted / 2).max(1));
                self.plan_registration(index, wait, now);
            }
            401 | 407 if phone.tries < TRY_LIMIT => {
                phone.tries += 1;
                let (account, uri) = (phone.account.clone(), format!("sip:{}", phone.registrar));
                let (asked, header) = if code == 401 {
                    ("WWW-Authenticate", "Authorization")
                } else {
                    ("Proxy-Authenticate", "Proxy-Authorization")
                };
                let answer = challenge_in(message, asked).and_then(|challenge| {
                    digest::authorise(challenge, &account.user, &account.password, "REGISTER", &uri)
                });
                match answer {
                    Some(answer) => self.register(index, Some((header, answer)), now),
                    None => self.registration_failed(index, code, now),
                }
            }
            _ => self.registration_failed(index, code, now),
        }
    }

    pub(super) fn registration_failed(&mut self, index: usize, code: u16, now: Instant) {
        let Role::Phones(role) = &mut self.role else { return };
        let Some(phone) = role.phones.get_mut(index) else { return };
        phone.tries = 0;
        let user = phone.account.user.clone();
        self.journal.note_code(EventKind::RegisterRefused, 0, &user, code);
        self.plan_registration(index, RETRY_AFTER, now);
    }
}

// RFC 8760 section 2.3: the first algorithm we know would do; SHA-256 is taken where offered.
fn challenge_in<'a>(message: &'a Message, header: &'static str) -> Option<&'a str> {
    let known: Vec<&str> = message.all(header).filter(|c| digest::algorithm_of(c).is_some()).collect();
    let strong = known.iter().find(|c| digest::algorithm_of(c) == Some(DigestAlgorithm::Sha256));
    strong.or(known.first()).copied()
}

// The registrar lists every binding; ours is the one with our address.
fn granted_s(message: &Message, link: &Link, asked_s: u32) -> u32 {
    let ours = link.local.to_string();
    let contact = message.all("Contact").flat_map(text::split_list).find(|c| c.contains(&ours));
    let granted = contact.and_then(|c| text::param(c, "expires")).unwrap_or(message.header("Expires"));
    granted.parse().unwrap_or(asked_s)
}

const STAGGER: Duration = Duration::from_millis(2);
const RETRY_AFTER: Duration = Duration::from_secs(2);
const TRY_LIMIT: u32 = 2;
