//! The table of `lockout`, row by row, and what must not be possible with it.

use super::{
    AccountLocks, KNOWN_MS, LOCK_MS, Lock, MAX_FAILURES, MAX_SOURCES, MAX_TOTAL, MAX_TRIES_A_MINUTE, Sources,
    counted,
};
use proptest::prelude::*;
use std::net::{IpAddr, Ipv4Addr};
use vocab::{MINUTE_MS, PersonId, UnixMs};

const DESK: [u8; 16] = [1; 16];
const ELSEWHERE: [u8; 16] = [2; 16];
const NOW: UnixMs = UnixMs(1_000_000_000);

fn address(at: u32) -> IpAddr {
    IpAddr::V4(Ipv4Addr::from_bits(0x0a00_0000 + at))
}

#[test]
fn iam_05_the_fifth_failure_locks_an_account_for_thirty_minutes() {
    let mut locks = AccountLocks::default();
    for _ in 1..MAX_FAILURES {
        locks.fail(DESK, NOW);
        assert_eq!(locks.lock(DESK, NOW), None);
    }
    locks.fail(DESK, NOW);
    assert_eq!(locks.lock(DESK, NOW), Some(Lock::Until(NOW.plus(LOCK_MS))));
    assert_eq!(locks.lock(DESK, NOW.plus(LOCK_MS - 1)), Some(Lock::Until(NOW.plus(LOCK_MS))));
    assert_eq!(locks.lock(DESK, NOW.plus(LOCK_MS)), None);
}

#[test]
fn iam_05_failures_while_locked_do_not_make_the_lock_longer_and_a_new_five_begin_after_it() {
    let mut locks = AccountLocks::default();
    (0..MAX_FAILURES + 3).for_each(|_| locks.fail(DESK, NOW));
    let after = NOW.plus(LOCK_MS);
    for _ in 1..MAX_FAILURES {
        locks.fail(DESK, after);
        assert_eq!(locks.lock(DESK, after), None);
    }
    locks.fail(DESK, after);
    assert!(locks.lock(DESK, after).is_some());
}

#[test]
fn iam_05_who_guesses_elsewhere_does_not_lock_a_person_out_at_the_own_desk() {
    let mut locks = AccountLocks::default();
    locks.succeed(DESK, NOW);
    (0..MAX_TOTAL).for_each(|_| locks.fail(ELSEWHERE, NOW));
    assert_eq!(locks.lock(ELSEWHERE, NOW), Some(Lock::UntilLifted));
    assert_eq!(locks.lock(DESK, NOW), None);
    assert_eq!(locks.any_lock(NOW), Some(Lock::UntilLifted));
    assert!(locks.lock(DESK, NOW.plus(KNOWN_MS)).is_some(), "a desk not used for a month is like any other");
    // The own desk has its own five.
    (0..MAX_FAILURES).for_each(|_| locks.fail(DESK, NOW));
    assert!(locks.lock(DESK, NOW).is_some());
}

#[test]
fn l_85_a_hundred_failures_without_a_success_lock_until_an_administrator_lifts_it() {
    let mut locks = AccountLocks::default();
    let mut now = NOW;
    for _ in 0..MAX_TOTAL {
        assert_ne!(locks.lock(DESK, now), Some(Lock::UntilLifted));
        locks.fail(DESK, now);
        now = now.plus(LOCK_MS);
    }
    assert_eq!(locks.lock(DESK, now.plus(1_000 * LOCK_MS)), Some(Lock::UntilLifted));
    locks.lift();
    assert_eq!(locks.lock(DESK, now), None);
}

#[test]
fn a_sign_in_at_the_own_desk_does_not_wipe_away_what_others_guessed() {
    let mut locks = AccountLocks::default();
    locks.succeed(DESK, NOW);
    (0..MAX_FAILURES).for_each(|_| locks.fail(ELSEWHERE, NOW));
    locks.succeed(DESK, NOW);
    assert!(locks.lock(ELSEWHERE, NOW).is_some());
}

#[test]
fn iam_05_the_fifth_failure_blocks_a_source_whoever_it_tried_to_be() {
    let mut sources = Sources::default();
    for person in 0..MAX_FAILURES {
        assert_eq!(sources.blocked(address(1), 0, NOW), None);
        sources.fail(address(1), Some(PersonId(person)), NOW);
    }
    assert!(sources.blocked(address(1), 0, NOW).is_some());
    assert!(sources.blocked(address(1), 0, NOW.plus(LOCK_MS - 1)).is_some());
    assert_eq!(sources.blocked(address(1), 0, NOW.plus(LOCK_MS)), None);
    assert_eq!(sources.blocked(address(2), 0, NOW), None, "no other source pays for it");
}

#[test]
fn an_own_account_does_not_wipe_away_failures_at_others() {
    let mut sources = Sources::default();
    (1..MAX_FAILURES).for_each(|_| sources.fail(address(1), Some(PersonId(7)), NOW));
    sources.succeed(address(1), PersonId(8), NOW);
    sources.fail(address(1), Some(PersonId(7)), NOW);
    assert!(sources.blocked(address(1), 0, NOW).is_some());
    let mut slips = Sources::default();
    (1..MAX_FAILURES).for_each(|_| slips.fail(address(1), Some(PersonId(7)), NOW));
    slips.succeed(address(1), PersonId(7), NOW);
    (1..MAX_FAILURES).for_each(|_| slips.fail(address(1), Some(PersonId(7)), NOW));
    assert_eq!(slips.blocked(address(1), 0, NOW), None);
}

#[test]
fn lifting_a_persons_locks_frees_the_desk_where_only_that_person_failed() {
    let mut sources = Sources::default();
    (0..MAX_FAILURES).for_each(|_| sources.fail(address(1), Some(PersonId(7)), NOW));
    (0..MAX_FAILURES).for_each(|at| sources.fail(address(2), Some(PersonId(6 + at % 2)), NOW));
    sources.lift(PersonId(8), NOW);
    assert!(sources.blocked(address(1), 0, NOW).is_some());
    sources.lift(PersonId(7), NOW);
    assert_eq!(sources.blocked(address(1), 0, NOW), None);
    assert!(sources.blocked(address(2), 0, NOW).is_some(), "who tried to be two persons stays blocked");
}

#[test]
fn iam_05_the_eleventh_try_within_a_minute_is_blocked_with_those_under_way_counted() {
    let mut sources = Sources::default();
    for at in 0..MAX_TRIES_A_MINUTE {
        assert_eq!(sources.blocked(address(1), 0, NOW), None, "{at}");
        sources.tried(address(1), NOW);
    }
    assert!(sources.blocked(address(1), 0, NOW).is_some());
    assert_eq!(sources.blocked(address(1), 0, NOW.plus(MINUTE_MS)), None, "slow ones pass");
    assert!(Sources::default().blocked(address(1), MAX_TRIES_A_MINUTE, NOW).is_some());
}

#[test]
fn iam_05_a_flood_of_sources_unlocks_nothing_and_grows_nothing() {
    let mut sources = Sources::default();
    (0..MAX_FAILURES).for_each(|_| sources.fail(address(0), None, NOW));
    for at in 1..3 * u32::try_from(MAX_SOURCES).unwrap() {
        sources.fail(address(at), None, NOW);
    }
    assert!(sources.len() <= MAX_SOURCES);
    assert!(sources.blocked(address(0), 0, NOW).is_some(), "the blocked source stays blocked");
    assert!(sources.blocked(address(900_000), 0, NOW).is_some(), "newcomers share one counter, now blocked");
    let later = NOW.plus(LOCK_MS);
    sources.fail(address(900_000), None, later);
    assert_eq!(sources.len(), 1, "idle sources make room");
}

#[test]
fn the_hosts_of_one_ipv6_network_count_as_one_and_mapped_ipv4_as_ipv4() {
    let v6 = |text: &str| text.parse::<IpAddr>().unwrap();
    assert_eq!(counted(v6("2001:db8::1")), counted(v6("2001:db8::ffff:2")));
    assert_ne!(counted(v6("2001:db8:0:1::1")), counted(v6("2001:db8::1")));
    assert_eq!(counted(v6("::ffff:10.0.0.1")), counted(address(1)));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn never_more_than_five_failures_pass_in_any_thirty_minutes(steps in prop::collection::vec((0..3_u32, 0..600_000_i64), 1..200)) {
        let (mut locks, mut sources) = (AccountLocks::default(), Sources::default());
        let mut now = NOW;
        let (mut by_account, mut by_source) = (Vec::new(), vec![Vec::new(); 3]);
        for (from, wait) in steps {
            now = now.plus(wait);
            if locks.lock(ELSEWHERE, now).is_none() {
                by_account.push(now);
            }
            locks.fail(ELSEWHERE, now);
            if sources.blocked(address(from), 0, now).is_none() {
                by_source[from as usize].push(now);
                sources.fail(address(from), None, now);
            }
        }
        let crowded = |tries: &[UnixMs]| {
            tries.windows(MAX_FAILURES as usize + 1).any(|six| six[5].since(six[0]) < LOCK_MS)
        };
        prop_assert!(!crowded(&by_account));
        for tries in &by_source {
            prop_assert!(!crowded(tries));
        }
    }
}
