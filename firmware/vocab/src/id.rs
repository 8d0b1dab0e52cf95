//! Newtypes for every id. They say nothing of where an id is stored.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! numeric_id {
    ($(#[$doc:meta])* $name:ident, $inner:ty, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    };
}

numeric_id!(
    /// One call: the sequence number of the ledger entry that holds its intent, so never used twice.
    CallId, u64, "call-"
);
numeric_id!(
    /// One contact: a row of an import, bound to one purpose.
    ContactId, u64, "contact-"
);
numeric_id!(
    /// One campaign.
    CampaignId, u32, "campaign-"
);
numeric_id!(
    /// One agent.
    AgentId, u32, "agent-"
);
numeric_id!(
    /// One department of the site.
    DepartmentId, u16, "department-"
);
numeric_id!(
    /// One person with an account, whatever the role.
    PersonId, u32, "person-"
);
numeric_id!(
    /// One script with its prompts.
    ScriptId, u32, "script-"
);
numeric_id!(
    /// One trunk to a carrier.
    TrunkId, u16, "trunk-"
);
numeric_id!(
    /// One span of a card (an E1 interface, or the ports of an analogue card), numbered from 1 as the board file does.
    SpanId, u16, "span-"
);
numeric_id!(
    /// One timeslot of an E1 (1 to 31), or one port of an analogue card (from 1).
    Timeslot, u8, "ts-"
);
numeric_id!(
    /// One ordered group of trunks and spans a campaign dials through.
    LineGroupId, u16, "lines-"
);

/// One data subject: the person behind a number, random so that it tells nothing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SubjectId(pub [u8; 16]);

/// SHA-256 of an object file as it lies on disk (its ciphertext).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ObjectHash(pub [u8; 32]);

impl fmt::Display for SubjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.0)
    }
}

impl fmt::Debug for SubjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for ObjectHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.0)
    }
}

impl fmt::Debug for ObjectHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn write_hex(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}
