//! What the witness tells the bench.

use serde::{Deserialize, Serialize};

/// One line. The claim code in it is the bench's own: such a box holds nobody's data.
#[derive(Clone, Serialize, Deserialize)]
pub struct Told {
    /// Seconds since the kernel started.
    pub uptime_s: f64,
    /// All memory.
    pub memory_total_kib: u64,
    /// What could be had without swapping.
    pub memory_available_kib: u64,
    /// SHA-256 of the page's certificate, as the console shows it.
    pub fingerprint: Option<String>,
    /// The claim code of a blank box.
    pub claim_code: Option<String>,
    /// Why there is none.
    pub fault: Option<String>,
    /// The machine's id.
    pub machine: String,
}
