//! A campaign as scenarios order it of the browser, and what the page said of it afterwards.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is to be called.
#[derive(Debug, Clone, Serialize)]
pub struct Plan {
    /// Its name.
    pub name: String,
    /// The numbers; made up.
    pub numbers: Vec<String>,
    /// Calls at once.
    pub max_calls: String,
    /// Line group and caller number, if not the SIP trunk's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lines: Option<[&'static str; 2]>,
    /// How long it may take, in seconds.
    pub limit_s: u64,
}

/// What the page said.
#[derive(Debug, Clone, Deserialize)]
pub struct Found {
    /// The tiles.
    pub figures: Figures,
    /// Calls that are over, by their number in the ledger.
    pub calls: BTreeMap<String, String>,
}

/// The tiles of a campaign.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Figures {
    /// Contacts that are still to be called.
    pub left: u64,
    /// Calls that stand.
    pub open: u64,
    /// Calls that were placed.
    pub placed: u64,
    /// Calls that were answered.
    pub answered: u64,
    /// People who do not want to be called again.
    pub opted_out: u64,
    /// Recordings that were read back and found sound.
    pub verified: u64,
}

/// Made-up numbers, in no other block. The last two digits say to the simulated exchange what its subscriber does.
pub fn numbers(block: u32, codes: impl IntoIterator<Item = u32>) -> Vec<String> {
    codes.into_iter().enumerate().map(|(at, code)| format!("199{block:03}{at:03}{code:02}")).collect()
}
