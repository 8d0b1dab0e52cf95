//! Accounts, sessions and the door: what the page and `vaultd` say about who is there.
//!
//! Passwords and codes travel only towards `vaultd`; secrets come back once, at enrolment.

use crate::admin::Role;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use vocab::{DepartmentId, PersonId, Pii, Secret, UnixMs};

/// A session, by the number of the ledger entry that began it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SessionId(pub u64);

/// Where a request came from; a session is bound to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The peer's address as the socket says, never a header's word.
    pub address: IpAddr,
    /// The browser as it names itself, at most [`MAX_BROWSER_BYTES`]; control characters are gone.
    pub browser: String,
}

/// Longest name of a browser.
pub const MAX_BROWSER_BYTES: usize = 256;

/// What a stranger may know of the box.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Door {
    /// Whether it is a company's.
    pub commissioned: bool,
    /// The company; empty on a blank box.
    pub company: String,
    /// The IANA zone of the site; empty on a blank box.
    pub zone: String,
    /// Whether the TPM is a real chip.
    pub real_tpm: bool,
    /// The clock is synchronised.
    pub clock_synchronised: bool,
    /// A blank box whose TPM was not cleared by the factory reset before.
    pub tpm_kept: bool,
}

/// What turns a blank box into a company's.
#[derive(Debug, Serialize, Deserialize)]
pub struct Claim {
    /// The code from the console.
    pub code: Secret<String>,
    /// Company name as announced.
    pub company: String,
    /// IANA zone of the site.
    pub zone: String,
    /// Algorithm profile.
    pub profile: Profile,
    /// System, security and audit administrator: three different persons (L-32).
    pub administrators: [NewAdministrator; 3],
    /// Ed25519 public key that signs holiday calendars.
    pub calendar_key: [u8; 32],
}

/// An administrator to be.
#[derive(Debug, Serialize, Deserialize)]
pub struct NewAdministrator {
    /// Name.
    pub name: Pii<String>,
    /// Login name.
    pub login: String,
}

/// The algorithms of a box, fixed at commissioning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Profile {
    /// AES-256-GCM, SHA-256, TLS 1.3.
    Intl,
    /// SM4-GCM, SM3: refused with `profile` where the build holds no certified module.
    Gm,
}

/// Who is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Me {
    /// The person.
    pub person: PersonId,
    /// The person's own name.
    pub name: Pii<String>,
    /// Login name.
    pub login: String,
    /// Role.
    pub role: Role,
    /// Department.
    pub department: Option<(DepartmentId, String)>,
    /// The session.
    pub session: SessionId,
    /// When it began.
    pub signed_in_at: UnixMs,
    /// When it ends at the latest.
    pub ends_at: UnixMs,
    /// Idle time after which it ends, in seconds.
    pub idle_s: u32,
    /// The sign-in before this one, and from where.
    pub last: Option<(UnixMs, IpAddr)>,
    /// Failed attempts since then.
    pub failed_since: u32,
    /// The company.
    pub company: String,
    /// The IANA zone of the site.
    pub zone: String,
    /// Whether the TPM is a real chip.
    pub real_tpm: bool,
}

/// What a person needs to enrol a second factor; told once.
#[derive(Debug, Serialize, Deserialize)]
pub struct EnrolSecret {
    /// The TOTP secret in base32 without padding (RFC 6238: SHA-1, 6 digits, 30 s).
    pub secret: Secret<String>,
    /// The `otpauth://` URI that holds it.
    pub uri: Secret<String>,
    /// The person's own name.
    pub name: Pii<String>,
    /// Until when the code may be used.
    pub until: UnixMs,
}

/// A session as people see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionView {
    /// The session.
    pub session: SessionId,
    /// Whose.
    pub person: PersonId,
    /// Login name.
    pub login: String,
    /// Since when.
    pub since: UnixMs,
    /// Last used.
    pub used_at: UnixMs,
    /// From where.
    pub source: Source,
    /// It is the session that asks.
    pub own: bool,
}

/// Whose sign-ins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Whose {
    /// One person's.
    Person(PersonId),
    /// Everybody's, unknown logins included.
    All,
}

/// A try to sign in (IAM-04).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignInView {
    /// The ledger entry.
    pub seq: u64,
    /// When.
    pub at: UnixMs,
    /// Who, if such a person exists.
    pub person: Option<PersonId>,
    /// Login name; hidden where it belongs to nobody.
    pub login: String,
    /// From where.
    pub source: Source,
    /// What came of it.
    pub outcome: SignInOutcome,
}

/// What came of a try to sign in, and of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum SignInOutcome {
    /// Signed in with password and TOTP.
    SignedIn,
    /// No such login.
    UnknownLogin,
    /// Not enrolled yet.
    NotEnrolled,
    /// Wrong password.
    WrongPassword,
    /// Wrong TOTP code.
    WrongCode,
    /// A TOTP code used before.
    ReusedCode,
    /// The account is locked.
    Locked,
    /// The account is switched off.
    Disabled,
    /// The source is blocked.
    SourceBlocked,
    /// Both factors were right, but the role does not work at the serial console.
    NotAtConsole,
}

impl SignInOutcome {
    /// Every outcome.
    pub const ALL: &'static [Self] = &[
        Self::SignedIn,
        Self::UnknownLogin,
        Self::NotEnrolled,
        Self::WrongPassword,
        Self::WrongCode,
        Self::ReusedCode,
        Self::Locked,
        Self::Disabled,
        Self::SourceBlocked,
        Self::NotAtConsole,
    ];
}

/// A person as the security administrator sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonView {
    /// The person.
    pub person: PersonId,
    /// The name, within the asker's sight.
    pub name: String,
    /// Login name; empty where there is no account.
    pub login: String,
    /// Role.
    pub role: Role,
    /// Department.
    pub department: Option<DepartmentId>,
    /// The state of the account.
    pub account: AccountState,
    /// The newest sign-in.
    pub last_sign_in: Option<UnixMs>,
    /// Sessions open now.
    pub sessions: u32,
    /// Has a SIP phone.
    pub phone: bool,
}

/// The state of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum AccountState {
    /// The person has none.
    None,
    /// To be enrolled until then; after that a new code is needed.
    Enrolling(UnixMs),
    /// May sign in.
    Active,
    /// Locked until then.
    Locked(UnixMs),
    /// Switched off.
    Off,
}

/// The number of the service ticket for which a technician opens the console (L-42): letters, digits and `- _ . / #`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ServiceTicket {
    length: u8,
    letters: [u8; MAX_TICKET_LETTERS],
}

/// Letters of the shortest ticket number.
pub const MIN_TICKET_LETTERS: usize = 3;
/// Letters of the longest ticket number.
pub const MAX_TICKET_LETTERS: usize = 24;

impl ServiceTicket {
    /// Reads one; blanks around it do not count.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./#".contains(&byte);
        if !(MIN_TICKET_LETTERS..=MAX_TICKET_LETTERS).contains(&text.len()) || !text.bytes().all(plain) {
            return None;
        }
        let mut letters = [0; MAX_TICKET_LETTERS];
        letters.iter_mut().zip(text.bytes()).for_each(|(letter, byte)| *letter = byte);
        Some(Self { length: u8::try_from(text.len()).ok()?, letters })
    }

    /// As it was typed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let letters = self.letters.get(..usize::from(self.length)).unwrap_or_default();
        std::str::from_utf8(letters).unwrap_or_default()
    }
}

impl std::fmt::Display for ServiceTicket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::fmt::Debug for ServiceTicket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ServiceTicket({})", self.as_str())
    }
}

/// The text is no ticket number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoTicket;

impl std::fmt::Display for NoTicket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("this is no ticket number")
    }
}

impl TryFrom<String> for ServiceTicket {
    type Error = NoTicket;

    fn try_from(text: String) -> Result<Self, NoTicket> {
        Self::parse(&text).ok_or(NoTicket)
    }
}

impl From<ServiceTicket> for String {
    fn from(ticket: ServiceTicket) -> Self {
        ticket.as_str().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_TICKET_LETTERS, ServiceTicket};

    #[test]
    fn l_42_a_ticket_number_is_short_and_plain_however_it_comes() {
        for good in ["WO-2026/118", " a1b ", "123", &"x".repeat(MAX_TICKET_LETTERS)] {
            let ticket = ServiceTicket::parse(good).unwrap();
            assert_eq!(ticket.as_str(), good.trim());
            assert_eq!(ServiceTicket::try_from(String::from(ticket)), Ok(ticket));
        }
        for bad in ["", "ab", "工单一号", "a b c", "a\u{1b}[2J", &"x".repeat(MAX_TICKET_LETTERS + 1)] {
            assert_eq!(ServiceTicket::parse(bad), None, "{bad:?}");
            assert!(ServiceTicket::try_from(bad.to_owned()).is_err());
        }
    }
}
