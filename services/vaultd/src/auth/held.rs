//! Blocked sources: refused at once, and counted together so that they cannot fill the ledger.
//!
//! The try that brings the block is an entry like any other; those after it are summed up once a minute.

use super::{Asker, lockout};
use crate::admin::Refusal;
use crate::entries::{EntryResult, Event, Who};
use crate::vault::Vault;
use idl::account::{SignInOutcome, Source};
use idl::hello::Process;
use std::net::IpAddr;
use vocab::{MINUTE_MS, PersonId, UnixMs};

/// Blocked sources summed up one by one; those beyond are summed up under the unspecified address.
const MAX_HELD: usize = 256;
const BEYOND: IpAddr = IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED);

/// Tries of a blocked source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Held {
    tries: u32,
    first: UnixMs,
    last: UnixMs,
}

impl Vault {
    /// Refuses a blocked source.
    pub(super) fn source_blocked(
        &mut self,
        asker: Asker,
        source: &Source,
        person: Option<PersonId>,
    ) -> Option<Refusal> {
        let (sources, now) = (&self.state.accounts.sources, self.clock.now);
        sources.blocked(source.address, self.under_way(source), now)?;
        if sources.known_blocked(source.address, now) {
            self.hold(source.address);
        } else {
            let outcome = SignInOutcome::SourceBlocked;
            let source = source.clone();
            let event = Event::SignInTried { person, outcome, source, step: None, token: None };
            let result = EntryResult::Refused("source-blocked".to_owned());
            self.record_from(Who::Process(asker.from), asker.from, result, event);
        }
        Some(blocked())
    }

    fn hold(&mut self, address: IpAddr) {
        let now = self.clock.now;
        let counted = lockout::counted(address);
        let room = self.auth.held.len() < MAX_HELD || self.auth.held.contains_key(&counted);
        let key = if room { counted } else { BEYOND };
        let held = self.auth.held.entry(key).or_insert(Held { tries: 0, first: now, last: now });
        held.tries = held.tries.saturating_add(1);
        held.last = now;
    }

    /// Writes down what was held for a minute, or all of it when the process stops.
    pub(crate) fn write_held(&mut self, all: bool) {
        let now = self.clock.now;
        let due = |held: &Held| all || now.since(held.first) >= MINUTE_MS || now < held.first;
        let ripe: Vec<IpAddr> =
            self.auth.held.iter().filter(|(_, held)| due(held)).map(|(address, _)| *address).collect();
        for address in ripe {
            if let Some(Held { tries, first, last }) = self.auth.held.remove(&address) {
                let event = Event::SourceHeld { address, tries, first, last };
                self.record(Who::Process(Process::Vaultd), event);
            }
        }
    }
}

fn blocked() -> Refusal {
    Refusal::new(
        "source-blocked",
        "Too many attempts came from this address. Nothing is taken from it for 30 minutes.",
        "该地址尝试次数过多，30分钟内不再受理。",
    )
}
