//! The custodians' recovery: five shares on paper, each shown once to its custodian (ENC-05, L-65).

use serde::{Deserialize, Serialize};
use vocab::PersonId;

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
    /// The set that was begun, and who has not yet taken the share. Gone when the process starts again.
    pub begun: Option<([u8; 4], Vec<PersonId>)>,
}
