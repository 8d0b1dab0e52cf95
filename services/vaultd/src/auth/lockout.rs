//! Who may try a password at all: counters of failures by account and by source (IAM-05), pure and bounded.
//!
//! | what | limit | then |
//! |---|---|---|
//! | failures at an account in a row | [`MAX_FAILURES`] | locked for [`LOCK_MS`] |
//! | failures at an account since a success | [`MAX_TOTAL`] (NIST SP 800-63B-4 section 3.2.2) | locked until lifted |
//! | failures from a source within [`LOCK_MS`] | [`MAX_FAILURES`] | blocked for [`LOCK_MS`] |
//! | tries from a source within a minute | [`MAX_TRIES_A_MINUTE`] | blocked for [`LOCK_MS`] |
//!
//! An account counts for each source from which its person signed in of late apart from all others: who
//! guesses from elsewhere does not lock the person out at the own desk. These tables are part of the fold
//! over the ledger: a restart forgets nothing. What was refused because of a block does not make it longer.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use vocab::{DAY_MS, MINUTE_MS, PersonId, UnixMs};

/// Failures before a lock.
pub const MAX_FAILURES: u32 = 5;
/// Failures without a success between them before only an administrator lifts the lock.
pub const MAX_TOTAL: u32 = 100;
/// How long a lock lasts.
pub const LOCK_MS: i64 = 30 * MINUTE_MS;
/// Tries of one source within a minute.
pub const MAX_TRIES_A_MINUTE: usize = 10;
/// Sources an account knows.
pub const MAX_KNOWN: usize = 8;
/// How long a source stays known after a sign-in.
pub const KNOWN_MS: i64 = 30 * DAY_MS;
/// Sources counted one by one; those beyond share one counter.
pub const MAX_SOURCES: usize = 4_096;

/// Until when something is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Lock {
    /// Until this instant.
    Until(UnixMs),
    /// Until an administrator lifts it.
    UntilLifted,
}

/// Failures in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counter {
    failures: u32,
    total: u32,
    locked_until: Option<UnixMs>,
}

impl Counter {
    /// The lock that holds now.
    #[must_use]
    pub fn lock(&self, now: UnixMs) -> Option<Lock> {
        if self.total >= MAX_TOTAL {
            return Some(Lock::UntilLifted);
        }
        self.locked_until.filter(|until| now < *until).map(Lock::Until)
    }

    fn fail(&mut self, now: UnixMs) {
        self.total = self.total.saturating_add(1);
        if self.lock(now).is_some() {
            return;
        }
        if self.locked_until.take().is_some() {
            self.failures = 0;
        }
        self.failures += 1;
        if self.failures >= MAX_FAILURES {
            self.locked_until = Some(now.plus(LOCK_MS));
        }
    }
}

/// A source from which a person signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Known {
    mark: [u8; 16],
    at: UnixMs,
    counter: Counter,
}

/// The counters of one account.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AccountLocks {
    others: Counter,
    known: Vec<Known>,
}

impl AccountLocks {
    /// The lock that holds for this source now.
    #[must_use]
    pub fn lock(&self, mark: [u8; 16], now: UnixMs) -> Option<Lock> {
        self.known(mark, now).map_or(&self.others, |known| &known.counter).lock(now)
    }

    /// The lock an administrator sees: the strictest of all.
    #[must_use]
    pub fn any_lock(&self, now: UnixMs) -> Option<Lock> {
        let counters = self.known.iter().map(|known| &known.counter).chain([&self.others]);
        counters.filter_map(|counter| counter.lock(now)).max_by_key(|lock| match lock {
            Lock::Until(until) => until.0,
            Lock::UntilLifted => i64::MAX,
        })
    }

    /// A factor was wrong.
    pub fn fail(&mut self, mark: [u8; 16], now: UnixMs) {
        let known = self.known.iter_mut().find(|known| known.mark == mark && fresh(known.at, now));
        known.map_or(&mut self.others, |known| &mut known.counter).fail(now);
    }

    /// The person signed in from here.
    pub fn succeed(&mut self, mark: [u8; 16], now: UnixMs) {
        if self.known(mark, now).is_none() {
            self.others = Counter::default();
        }
        self.known.retain(|known| known.mark != mark && fresh(known.at, now));
        self.known.push(Known { mark, at: now, counter: Counter::default() });
        if self.known.len() > MAX_KNOWN {
            self.known.remove(0);
        }
    }

    /// An administrator lifted all locks.
    pub fn lift(&mut self) {
        self.others = Counter::default();
        self.known.iter_mut().for_each(|known| known.counter = Counter::default());
    }

    /// The account begins anew: nothing is known of it.
    pub fn forget(&mut self) {
        *self = Self::default();
    }

    fn known(&self, mark: [u8; 16], now: UnixMs) -> Option<&Known> {
        self.known.iter().find(|known| known.mark == mark && fresh(known.at, now))
    }
}

fn fresh(at: UnixMs, now: UnixMs) -> bool {
    now.since(at) < KNOWN_MS
}

/// What a source did of late.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Tries {
    failures: Vec<(UnixMs, Option<PersonId>)>,
    recent: Vec<UnixMs>,
    blocked_until: Option<UnixMs>,
}

impl Tries {
    fn blocked(&self, now: UnixMs) -> Option<UnixMs> {
        self.blocked_until.filter(|until| now < *until)
    }

    fn within_minute(&self, now: UnixMs) -> usize {
        self.recent.iter().filter(|at| now.since(**at) < MINUTE_MS).count()
    }

    fn idle(&self, now: UnixMs) -> bool {
        let old = self.failures.iter().all(|(at, _)| now.since(*at) >= LOCK_MS);
        old && self.blocked(now).is_none() && self.within_minute(now) == 0
    }

    fn block(&mut self, now: UnixMs) {
        if self.blocked(now).is_none() {
            self.blocked_until = Some(now.plus(LOCK_MS));
        }
    }

    fn tried(&mut self, now: UnixMs) {
        self.recent.retain(|at| now.since(*at) < MINUTE_MS);
        self.recent.push(now);
        if self.recent.len() > MAX_TRIES_A_MINUTE {
            self.block(now);
        }
    }

    fn fail(&mut self, who: Option<PersonId>, now: UnixMs) {
        if self.blocked(now).is_some() {
            return;
        }
        self.failures.retain(|(at, _)| now.since(*at) < LOCK_MS);
        self.failures.push((now, who));
        if self.failures.len() >= MAX_FAILURES as usize {
            self.block(now);
        }
    }
}

/// The sources. A table that is full lets nobody in place of another: what is blocked stays blocked, and
/// new sources share one counter until old ones have become idle.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Sources {
    each: BTreeMap<IpAddr, Tries>,
    beyond: Tries,
}

impl Sources {
    /// Until when a source is blocked; `under_way` tries of it have no outcome yet.
    #[must_use]
    pub fn blocked(&self, address: IpAddr, under_way: usize, now: UnixMs) -> Option<UnixMs> {
        let tries = self.tries(address);
        let full = tries.within_minute(now) + under_way >= MAX_TRIES_A_MINUTE;
        tries.blocked(now).or_else(|| full.then(|| now.plus(LOCK_MS)))
    }

    /// Whether the block is already part of what was written down.
    #[must_use]
    pub fn known_blocked(&self, address: IpAddr, now: UnixMs) -> bool {
        self.tries(address).blocked(now).is_some()
    }

    /// Sources blocked now.
    #[must_use]
    pub fn blocked_count(&self, now: UnixMs) -> usize {
        self.each.values().chain([&self.beyond]).filter(|tries| tries.blocked(now).is_some()).count()
    }

    /// A try had an outcome.
    pub fn tried(&mut self, address: IpAddr, now: UnixMs) {
        self.tries_mut(address, now).tried(now);
    }

    /// A try failed.
    pub fn fail(&mut self, address: IpAddr, who: Option<PersonId>, now: UnixMs) {
        self.tries_mut(address, now).fail(who, now);
    }

    /// A try succeeded: this person's failures here were slips of the fingers.
    pub fn succeed(&mut self, address: IpAddr, who: PersonId, now: UnixMs) {
        self.tries_mut(address, now).failures.retain(|(_, failed)| *failed != Some(who));
    }

    /// An administrator lifts a person's locks: sources that failed as nobody else are free again.
    pub fn lift(&mut self, who: PersonId, now: UnixMs) {
        for tries in self.each.values_mut() {
            let own =
                !tries.failures.is_empty() && tries.failures.iter().all(|(_, failed)| *failed == Some(who));
            if own && tries.blocked(now).is_some() {
                *tries = Tries::default();
            }
        }
    }

    /// A source is blocked for what it did within a minute.
    pub fn block(&mut self, address: IpAddr, now: UnixMs) {
        self.tries_mut(address, now).block(now);
    }

    /// Sources counted one by one.
    #[must_use]
    pub fn len(&self) -> usize {
        self.each.len()
    }

    /// There is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.each.is_empty()
    }

    fn tries(&self, address: IpAddr) -> &Tries {
        match self.each.get(&counted(address)) {
            Some(tries) => tries,
            None if self.each.len() >= MAX_SOURCES => &self.beyond,
            None => &NOTHING,
        }
    }

    fn tries_mut(&mut self, address: IpAddr, now: UnixMs) -> &mut Tries {
        let key = counted(address);
        if !self.each.contains_key(&key) && self.each.len() >= MAX_SOURCES {
            self.each.retain(|_, tries| !tries.idle(now));
            if self.each.len() >= MAX_SOURCES {
                return &mut self.beyond;
            }
        }
        self.each.entry(key).or_default()
    }
}

static NOTHING: Tries = Tries { failures: Vec::new(), recent: Vec::new(), blocked_until: None };

/// The address that counts: a host of IPv6 has a whole /64 to choose from.
#[must_use]
pub fn counted(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64))),
        v4 => v4,
    }
}

#[cfg(test)]
#[path = "lockout_tests.rs"]
mod tests;
