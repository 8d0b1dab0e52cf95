//! The box itself on the page and at the console: what may be asked of it, and how it stands. Nothing here decides.

use crate::host::{HostFact, HostFault, HostOrder, HostStatus};
use serde::{Deserialize, Serialize};
use vocab::{PersonId, UnixMs};

/// What is asked about the box.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum BoxAsk {
    /// How it stands: [`crate::admin::Answer::Box`].
    Look,
    /// Stores a bundle, attached: [`crate::admin::Answer::Bundle`]. Whether it is one is found out when it is
    /// installed.
    Upload,
    /// Orders something: `Created` with the order's number. What two persons must want waits for the second.
    Order(HostOrder),
    /// The second person agrees to an order that waits: `Done`.
    Agree {
        /// The order.
        order: u64,
    },
    /// An order that waits or drains calls is taken back: `Done`.
    Withdraw {
        /// The order.
        order: u64,
    },
    /// A piece of a diagnostics bundle: [`crate::admin::Answer::TracePiece`]. The piece that begins at 0 is an entry.
    Diagnostics {
        /// Its SHA-256.
        bundle: [u8; 32],
        /// From this byte on.
        offset: u64,
    },
}

/// The box.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoxView {
    /// How it stands; `None`: `hostd` is not there.
    pub status: Option<HostStatus>,
    /// Bundles that lie ready, newest first.
    pub bundles: Vec<BundleView>,
    /// Orders that wait, run, or ended lately, newest first.
    pub orders: Vec<BoxOrder>,
    /// What happened to the box, newest first.
    pub history: Vec<(UnixMs, HostFact)>,
    /// Calls that are not over.
    pub open_calls: u64,
    /// The certificate to which an update for this box alone is encrypted, in PEM; `None`: it was not told yet.
    pub update_certificate: Option<String>,
}

/// A bundle that lies ready.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BundleView {
    /// Its SHA-256.
    pub bundle: [u8; 32],
    /// Its bytes.
    pub bytes: u64,
    /// When it was stored.
    pub at: UnixMs,
}

/// An order as people see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoxOrder {
    /// Its number.
    pub order: u64,
    /// What.
    pub what: HostOrder,
    /// Who ordered it; 0: the box itself, after an update.
    pub by: PersonId,
    /// When.
    pub at: UnixMs,
    /// Where it stands.
    pub stage: BoxOrderStage,
}

/// Where an order stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum BoxOrderStage {
    /// A second person must agree.
    WaitsForSecond {
        /// Until then; after that it is void.
        until: UnixMs,
    },
    /// Nothing is dialled any more; calls are still going on.
    Draining {
        /// Calls.
        open_calls: u64,
    },
    /// It is being done.
    UnderWay {
        /// Whole per cent.
        percent: u8,
    },
    /// It is done.
    Done,
    /// It was not.
    Failed(HostFault),
    /// It was taken back, or nobody agreed in time.
    Withdrawn,
}

/// Orders and events of one answer.
pub const BOX_ROWS: usize = 32;
