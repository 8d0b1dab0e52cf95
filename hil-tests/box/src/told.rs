//! What the box tells the bench: its serial console, as anybody at it would read it, and the witness of the bench's own
//! image (memory and time, which no console shows to a stranger).

use serde::{Deserialize, Serialize};

/// One line of the witness.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Told {
    /// Seconds since the kernel started.
    pub uptime_s: f64,
    /// All memory.
    pub memory_total_kib: u64,
    /// What could be had without swapping.
    pub memory_available_kib: u64,
    /// Whether the hardware's watchdog is fed (`active`), as the kernel says; empty: there is none.
    pub watchdog: String,
}

/// What the console's welcome of a blank box says. The claim code in it is the bench's own: such a box holds nobody's data.
#[derive(Clone)]
pub struct Shown {
    /// SHA-256 of the page's certificate, as colons and capitals.
    pub fingerprint: String,
    /// What a browser asks for once.
    pub claim_code: String,
}

/// Reads the last welcome that is complete.
#[must_use]
pub fn welcome(console: &str) -> Option<Shown> {
    let screen = console.rsplit(HEAD).find(|screen| screen.contains(END))?;
    let lines: Vec<&str> = screen.lines().map(str::trim).collect();
    let after = |name: &str| lines.iter().position(|line| line.starts_with(name));
    let code = lines.get(after(CODE)?)?.strip_prefix(CODE)?.trim();
    let at = after(FINGERPRINT)?;
    let (first, second) = (lines.get(at)?.strip_prefix(FINGERPRINT)?.trim(), lines.get(at + 1)?.trim());
    let fingerprint = format!("{first}{second}");
    let octets = fingerprint.split(':').filter(|octet| octet.len() == 2 && is_hex(octet)).count();
    (octets == 32 && !code.is_empty()).then(|| Shown { fingerprint, claim_code: code.to_owned() })
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

const HEAD: &str = "Serial console";
const END: &str = "Press Enter";
const FINGERPRINT: &str = "Fingerprint";
const CODE: &str = "Claim code";

#[cfg(test)]
mod tests {
    use super::welcome;

    const EARLY: &str = "== Ringfence 0.1.0  Serial console  To be claimed ==\r\n\
        Fingerprint        the page is not ready yet\r\nClaim code         MKDV-PR8J-WD5P-5GCQ\r\nPress Enter to begin: ";

    #[test]
    fn the_last_whole_welcome_counts_and_one_without_a_fingerprint_is_none() {
        assert!(welcome(EARLY).is_none());
        let octets = ["BF"; 16].join(":");
        let whole = format!(
            "{EARLY}\r\n== Ringfence 0.1.0  Serial console  To be claimed ==\r\n\
             Fingerprint        {octets}:\r\n                   {octets}\r\n\
             Claim code         MKDV-PR8J-WD5P-5GCQ\r\nPress Enter to begin: \r\n== Ringfence  Serial console"
        );
        let shown = welcome(&whole).expect("a welcome");
        assert_eq!(shown.claim_code, "MKDV-PR8J-WD5P-5GCQ");
        assert_eq!(shown.fingerprint, ["BF"; 32].join(":"));
    }
}
