//! What the program with libpri tells. It interprets nothing.

use serde::Deserialize;

/// One event of the program: its name, and of the rest what belongs to it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Told {
    /// Its name.
    pub event: String,
    /// The call by the program's own number.
    pub call: Option<u32>,
    /// The timeslot; 255: all of them.
    pub channel: Option<u8>,
    /// The cause.
    pub cause: Option<u8>,
    /// Progress indicators, as libpri's bits.
    pub progress: Option<u32>,
    /// Digits of the called number.
    pub called: Option<String>,
    /// Digits of the calling number.
    pub calling: Option<String>,
    /// Presentation of the calling number, as the element has it.
    pub presentation: Option<u8>,
    /// Type and plan of the called number, as the element has them.
    pub called_plan: Option<u8>,
    /// Information transfer capability.
    pub bearer: Option<u8>,
    /// User information layer 1 protocol.
    pub layer1: Option<u8>,
    /// Whether the number is complete.
    pub complete: Option<u8>,
    /// Whether another channel may be given.
    pub flexible: Option<u8>,
    /// Words of libpri.
    pub text: Option<String>,
    /// Of which question a report is the answer.
    pub tag: Option<u64>,
    /// Whether the data link stands.
    pub up: Option<u8>,
    /// Calls the program holds.
    pub calls: Option<usize>,
    /// Channels they hold.
    pub busy: Option<usize>,
    /// Calls libpri itself holds.
    pub libpri_calls: Option<i64>,
}
