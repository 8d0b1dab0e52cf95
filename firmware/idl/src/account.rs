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
