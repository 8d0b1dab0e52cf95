//! The custodians' recovery: five shares on paper, each shown once to its custodian (ENC-05, L-65).

use crate::admin::Role;
use serde::{Deserialize, Serialize};
use vocab::{PersonId, UnixMs};

/// Custodians of a set.
pub const CUSTODIANS: usize = 5;

/// What may be asked of custody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum CustodyAsk {
    /// How it stands: [`crate::admin::Answer::Custody`].
    Look,
    /// Begins a set for five persons. The set before stays in force until all five have taken their share.
    Begin {
        /// Who.
        custodians: [PersonId; CUSTODIANS],
    },
    /// One's own share of the set that was begun, once: [`crate::admin::Answer::Share`].
    Take,
}

/// How custody stands.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CustodyView {
    /// The set in force and its custodians.
    pub in_force: Option<([u8; 4], Vec<PersonId>)>,
    /// Since when.
    pub since: Option<UnixMs>,
    /// The set that was begun, and who has not yet taken the share; nobody: it is being brought into the disk's header.
    /// Gone when the process starts again.
    pub begun: Option<([u8; 4], Vec<PersonId>)>,
    /// Whether the one who asks has a share to take.
    pub yours: bool,
    /// Whether the shares in force open the disk; `None`: there is no disk of the box's own (a workstation).
    pub disk: Option<DiskCustody>,
    /// When custodians recovered the keys, and with which set; newest last.
    pub recoveries: Vec<(UnixMs, [u8; 4])>,
    /// Who can be named, for whoever may name them: those with an account whose role allows it.
    pub candidates: Vec<(PersonId, String, Role)>,
    /// The persons of the sets above, as the asker may see them.
    pub people: Vec<(PersonId, String, Role)>,
}

/// Whether custodians' shares open the disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum DiskCustody {
    /// Those of the set in force do.
    Opens,
    /// None do.
    Closed,
    /// The header is not as it should be.
    Fault(String),
}
