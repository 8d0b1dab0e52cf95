//! Proofs inside a form: that our own page made it (`csrf`), and that it is sent once (`once`).
//!
//! `csrf` is a hash of the token, so it outlives a restart of this process. `once` is a time and a random number
//! under a MAC of the token: made without memory, remembered when used. It does not know sessions.

use crate::cookie::Token;
use aws_lc_rs::{digest, hmac};
use data_encoding::BASE64URL_NOPAD;
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use subtle::ConstantTimeEq;
use vocab::UnixMs;

/// The `csrf` field of the forms of a token.
#[must_use]
pub fn proof(token: &Token) -> String {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(b"csrf");
    context.update(token);
    BASE64URL_NOPAD.encode(context.finish().as_ref())
}

/// Whether a `csrf` field belongs to a token; takes the same time whatever it holds.
#[must_use]
pub fn proves(token: &Token, field: &str) -> bool {
    proof(token).as_bytes().ct_eq(field.as_bytes()).into()
}

/// A fresh `once` field.
#[must_use]
pub fn once(token: &Token, now: UnixMs, random: [u8; RANDOM_BYTES]) -> String {
    let mut bytes = now.0.to_be_bytes().to_vec();
    bytes.extend_from_slice(&random);
    let mac = mac(token, &bytes);
    bytes.extend_from_slice(&mac);
    BASE64URL_NOPAD.encode(&bytes)
}

fn mac(token: &Token, bytes: &[u8]) -> [u8; MAC_BYTES] {
    let key = hmac::Key::new(hmac::HMAC_SHA256, token);
    let mut context = hmac::Context::with_key(&key);
    context.update(b"once");
    context.update(bytes);
    let mut short = [0; MAC_BYTES];
    short.copy_from_slice(&context.sign().as_ref()[..MAC_BYTES]);
    short
}

/// When a `once` field was made, and its name in the memory; `None` if it is not of this token.
fn read_once(token: &Token, field: &str) -> Option<(UnixMs, [u8; RANDOM_BYTES])> {
    let bytes = BASE64URL_NOPAD.decode(field.as_bytes()).ok()?;
    let (said, given) = bytes.split_at_checked(TIME_BYTES + RANDOM_BYTES)?;
    if !bool::from(mac(token, said).ct_eq(given)) {
        return None;
    }
    let (time, random) = said.split_at_checked(TIME_BYTES)?;
    Some((UnixMs(i64::from_be_bytes(time.try_into().ok()?)), random.try_into().ok()?))
}

/// What came of using a `once` field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Used {
    /// The first time.
    First,
    /// It was used before, or is so old that nobody knows.
    Again,
    /// It is not of this token.
    Foreign,
}

/// The memory of used `once` fields: bounded for each token and in all. What it forgets counts as used.
#[derive(Debug, Default)]
pub struct Uses(Mutex<Table>);

#[derive(Debug, Default)]
struct Table {
    tokens: HashMap<Token, PerToken>,
    /// Tokens in the order in which they came.
    order: VecDeque<Token>,
    /// Made up to then and not in the table: counts as used.
    floor: Option<UnixMs>,
}

#[derive(Debug)]
struct PerToken {
    used: BTreeSet<(i64, [u8; RANDOM_BYTES])>,
    floor: Option<UnixMs>,
}

impl Uses {
    /// Uses a field up.
    pub fn take(&self, token: &Token, field: &str, now: UnixMs) -> Used {
        let Some((at, random)) = read_once(token, field) else { return Used::Foreign };
        if now.since(at) > ONCE_LIFE_MS || at.since(now) > CLOCK_STEP_MS {
            return Used::Again;
        }
        let mut table = self.table();
        if !table.tokens.contains_key(token) {
            table.make_room();
            let floor = table.floor;
            table.order.push_back(*token);
            table.tokens.insert(*token, PerToken { used: BTreeSet::new(), floor });
        }
        let Some(own) = table.tokens.get_mut(token) else { return Used::Again };
        if own.floor.is_some_and(|floor| at <= floor) || !own.used.insert((at.0, random)) {
            return Used::Again;
        }
        if own.used.len() > MAX_USES_OF_TOKEN
            && let Some((oldest, _)) = own.used.pop_first()
        {
            own.floor = Some(UnixMs(oldest));
        }
        Used::First
    }

    /// Gives a field back: nothing was done, so the same form may be sent again.
    pub fn give_back(&self, token: &Token, field: &str) {
        if let Some((at, random)) = read_once(token, field)
            && let Some(own) = self.table().tokens.get_mut(token)
        {
            own.used.remove(&(at.0, random));
        }
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        // The table is whole after every statement.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    fn make_room(&mut self) {
        while self.order.len() >= MAX_TOKENS {
            let Some(oldest) = self.order.pop_front() else { return };
            let Some(gone) = self.tokens.remove(&oldest) else { continue };
            let newest = gone.used.last().map(|(at, _)| UnixMs(*at));
            self.floor = self.floor.max(newest).max(gone.floor);
        }
    }
}

/// Random bytes of a `once` field.
pub const RANDOM_BYTES: usize = 12;
const TIME_BYTES: usize = 8;
const MAC_BYTES: usize = 16;
/// A form may lie open for as long as a session may live.
const ONCE_LIFE_MS: i64 = 12 * vocab::HOUR_MS;
/// How far the clock may have been set back since a form was made.
const CLOCK_STEP_MS: i64 = vocab::MINUTE_MS;
/// Used fields remembered for one token.
const MAX_USES_OF_TOKEN: usize = 512;
/// Tokens remembered.
const MAX_TOKENS: usize = 4_096;

#[cfg(test)]
mod tests {
    use super::{MAX_TOKENS, MAX_USES_OF_TOKEN, ONCE_LIFE_MS, RANDOM_BYTES, Used, Uses, once, proof, proves};
    use vocab::UnixMs;

    const TOKEN: [u8; 32] = [1; 32];

    fn random(of: usize) -> [u8; RANDOM_BYTES] {
        let mut bytes = [0; RANDOM_BYTES];
        bytes[..8].copy_from_slice(&of.to_be_bytes());
        bytes
    }

    #[test]
    fn a_proof_is_of_one_token() {
        assert!(proves(&TOKEN, &proof(&TOKEN)));
        assert!(!proves(&[2; 32], &proof(&TOKEN)));
        assert!(!proves(&TOKEN, ""));
    }

    #[test]
    fn a_form_is_taken_once_and_again_only_if_given_back() {
        let (uses, now) = (Uses::default(), UnixMs(1_000_000));
        let field = once(&TOKEN, now, random(1));
        assert_eq!(uses.take(&TOKEN, &field, now), Used::First);
        assert_eq!(uses.take(&TOKEN, &field, now), Used::Again);
        uses.give_back(&TOKEN, &field);
        assert_eq!(uses.take(&TOKEN, &field, now), Used::First);
        assert_eq!(uses.take(&[2; 32], &field, now), Used::Foreign);
        assert_eq!(uses.take(&TOKEN, "AAAA", now), Used::Foreign);
    }

    #[test]
    fn an_old_form_counts_as_used() {
        let (uses, now) = (Uses::default(), UnixMs(1_000_000));
        let field = once(&TOKEN, now, random(1));
        assert_eq!(uses.take(&TOKEN, &field, now.plus(ONCE_LIFE_MS + 1)), Used::Again);
    }

    #[test]
    fn what_the_memory_forgets_stays_used() {
        let (uses, now) = (Uses::default(), UnixMs(1_000_000));
        let first = once(&TOKEN, now, random(0));
        assert_eq!(uses.take(&TOKEN, &first, now), Used::First);
        for at in 1..=MAX_USES_OF_TOKEN {
            let now = now.plus(i64::try_from(at).unwrap());
            assert_eq!(uses.take(&TOKEN, &once(&TOKEN, now, random(at)), now), Used::First);
        }
        assert_eq!(uses.take(&TOKEN, &first, now), Used::Again);
    }

    #[test]
    fn a_flood_of_tokens_opens_no_used_form_again() {
        let (uses, now) = (Uses::default(), UnixMs(1_000_000));
        let first = once(&TOKEN, now, random(0));
        assert_eq!(uses.take(&TOKEN, &first, now), Used::First);
        for at in 0..=MAX_TOKENS {
            let mut token = [9; 32];
            token[..8].copy_from_slice(&at.to_be_bytes());
            let later = now.plus(1 + i64::try_from(at).unwrap());
            assert_eq!(uses.take(&token, &once(&token, later, random(at)), later), Used::First);
        }
        assert_eq!(uses.take(&TOKEN, &first, now), Used::Again);
    }
}
