//! The custodians' shares, as they stand in the ledger: whose, never what is on them. The order of variants and fields is
//! its format: only ever appended to.

use serde::{Deserialize, Serialize};
use vocab::PersonId;

/// An event of the custodians' shares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum CustodyEvent {
    /// Shares were made for five custodians; the set before stays in force.
    Begun {
        /// The set.
        set: [u8; 4],
        /// Who.
        custodians: Vec<PersonId>,
    },
    /// A custodian took the share, which is never shown again.
    Taken {
        /// The set.
        set: [u8; 4],
        /// Its number.
        number: u8,
    },
    /// All five were taken: these shares recover the keys, and no others.
    InForce {
        /// The set.
        set: [u8; 4],
        /// Whose.
        custodians: Vec<PersonId>,
    },
    /// The root key did not unseal; the custodians' shares opened it.
    Recovered {
        /// The set.
        set: [u8; 4],
    },
    /// On another chip heads are signed by a key of that chip; both by the SHA-256 of their public keys.
    SigningKeyReplaced {
        /// The key that signed until now.
        former: [u8; 32],
        /// The key that signs from here on.
        current: [u8; 32],
    },
}
