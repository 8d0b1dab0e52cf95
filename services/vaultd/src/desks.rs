//! What the desks of agents need between two requests: wishes on their way to `calld`, tokens of contacts shown,
//! live states of calls. It is kept in memory alone; after a restart everything is asked for anew.
//!
//! It decides nothing and shows nothing; that is done in `admin::desk`.

use crate::admin::Actor;
use crate::command::ConnId;
use idl::lines::LiveState;
use idl::views::CustomerCard;
use std::collections::{BTreeMap, BTreeSet};
use vocab::{AgentId, CallId, CampaignId, ContactId, UnixMs};

/// A wish that `calld` has not answered yet.
#[derive(Debug)]
pub(crate) struct Wish {
    /// Who wishes.
    pub(crate) actor: Actor,
    /// The connection of `calld` it went to.
    pub(crate) calld: ConnId,
    /// What its answer brings.
    pub(crate) kind: WishKind,
    /// Until when it is waited for, in milliseconds of `CLOCK_BOOTTIME`.
    pub(crate) until_boot_ms: u64,
}

/// What the answer to a wish brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WishKind {
    /// That it is done.
    Plain,
    /// A contact of this campaign to be shown.
    Next(CampaignId),
}

/// A contact shown to an agent, who may dial it once (CAM-13).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Preview {
    pub(crate) contact: ContactId,
    pub(crate) campaign: CampaignId,
    pub(crate) token: u64,
    pub(crate) until: UnixMs,
}

/// A card as it was shown last at a desk.
#[derive(Debug, Clone)]
pub(crate) struct Shown {
    pub(crate) call: Option<CallId>,
    pub(crate) card: CustomerCard,
    /// The page that shows it was fetched; before that, fetching it is no look of its own.
    pub(crate) fetched: bool,
}

/// The desks.
#[derive(Debug, Default)]
pub(crate) struct Desks {
    next: u64,
    wishes: BTreeMap<u64, Wish>,
    /// Contacts shown for preview.
    pub(crate) previews: BTreeMap<AgentId, Preview>,
    /// Cards shown last.
    pub(crate) shown: BTreeMap<AgentId, Shown>,
    /// Agents who have come through the page and whose last session is not known to be over.
    pub(crate) at_page: BTreeSet<AgentId>,
    /// Open calls of agents.
    pub(crate) calls: BTreeMap<AgentId, CallId>,
}

impl Desks {
    /// Keeps a wish; `None` if as many are on their way as may be, of this agent or of all.
    pub(crate) fn keep(&mut self, wish: Wish) -> Option<u64> {
        let own = self.wishes.values().filter(|known| known.actor.id == wish.actor.id).count();
        if own >= MAX_WISHES_OF_ONE || self.wishes.len() >= MAX_WISHES {
            return None;
        }
        self.next += 1;
        self.wishes.insert(self.next, wish);
        Some(self.next)
    }

    /// Takes the wish that an answer of this connection is for.
    pub(crate) fn take(&mut self, id: u64, calld: ConnId) -> Option<Wish> {
        if self.wishes.get(&id).is_none_or(|wish| wish.calld != calld) {
            return None;
        }
        self.wishes.remove(&id)
    }

    /// Takes the wishes for which this is so.
    pub(crate) fn take_where(&mut self, over: impl Fn(&Wish) -> bool) -> Vec<Wish> {
        let ids: Vec<u64> = self.wishes.iter().filter(|(_, wish)| over(wish)).map(|(id, _)| *id).collect();
        ids.into_iter().filter_map(|id| self.wishes.remove(&id)).collect()
    }
}

/// Where a live call stands, and since when.
pub(crate) type LiveNow = BTreeMap<CallId, (LiveState, UnixMs)>;

/// Wishes on their way at once.
const MAX_WISHES: usize = 1_024;
/// Wishes of one agent on their way at once.
const MAX_WISHES_OF_ONE: usize = 4;
/// `calld` answers within this time, or is gone.
pub(crate) const WISH_WAITS_MS: u64 = 5_000;
/// CAM-13: what was shown may be dialled for 120 s.
pub(crate) const TOKEN_LIFE_MS: i64 = 120_000;
