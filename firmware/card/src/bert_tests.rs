//! The patterns against what O.150 says of them, the checker against slips, noise, single errors and other signals.

use super::{Bert, Checker, Generator, SYNC_BITS, WINDOW_BITS};
use idl::spans::{BertPattern, TestStatus};
use proptest::prelude::*;
use vocab::Timeslot;

const PATTERNS: [BertPattern; 2] = [BertPattern::Prbs11, BertPattern::Prbs15];

fn stream(pattern: BertPattern, octets: usize) -> Vec<u8> {
    let mut stream = vec![0; octets];
    Generator::new(pattern).fill(&mut stream);
    stream
}

fn bits(octets: &[u8]) -> Vec<bool> {
    octets.iter().flat_map(|octet| (0..8).rev().map(move |shift| octet >> shift & 1 == 1)).collect()
}

fn longest_run(bits: &[bool], of: bool) -> usize {
    bits.split(|&bit| bit != of).map(<[bool]>::len).max().unwrap_or_default()
}

fn flip(octets: &mut [u8], bit: usize) {
    octets[bit / 8] ^= 0x80 >> (bit % 8);
}

#[test]
fn the_patterns_repeat_after_their_length_and_have_the_runs_of_o150() {
    for (pattern, length, zeros, ones) in [(PATTERNS[0], 2_047, 10, 11), (PATTERNS[1], 32_767, 15, 14)] {
        let bits = bits(&stream(pattern, 3 * length / 8));
        assert_eq!(bits[..length], bits[length..2 * length], "{pattern:?} repeats");
        let one = bits[..length].iter().filter(|&&bit| bit).count();
        let inverted = pattern == BertPattern::Prbs15;
        assert_eq!(one, if inverted { length / 2 } else { length / 2 + 1 }, "{pattern:?}: ones");
        assert_eq!((longest_run(&bits, false), longest_run(&bits, true)), (zeros, ones), "{pattern:?}: runs");
    }
}

#[test]
fn the_patterns_begin_as_their_polynomials_say() {
    // After all stages set, bit k is the sum of the bits 9 and 11 (or 14 and 15) before it; 2^15 - 1 is inverted.
    for (pattern, tap, stages, inverted) in [(PATTERNS[0], 9, 11, false), (PATTERNS[1], 14, 15, true)] {
        let bits: Vec<bool> = bits(&stream(pattern, 100)).iter().map(|bit| bit ^ inverted).collect();
        let before = |at: usize, back: usize| at.checked_sub(back).is_none_or(|at| bits[at]);
        for (at, &bit) in bits.iter().enumerate() {
            assert_eq!(bit, before(at, tap) ^ before(at, stages), "{pattern:?}: bit {at}");
        }
    }
}

#[test]
fn a_clear_channel_has_no_errors_and_counts_every_bit_after_the_search() {
    for pattern in PATTERNS {
        let mut bert = Bert::new(Timeslot(3), pattern);
        let mut looped = [0xD5; 160];
        for _ in 0..51 {
            let received = looped;
            bert.turn(&received, &mut looped);
        }
        let TestStatus::Bert { slot, synced, seconds, bits, errors, .. } = bert.status() else {
            panic!("a test")
        };
        assert!(synced && errors == 0 && slot == Timeslot(3), "{pattern:?}");
        assert!(bits > 50 * 1_280 - 100 && bits <= 50 * 1_280 - u64::from(SYNC_BITS), "{bits}");
        assert_eq!(seconds, 0, "a second is 64 000 bits with the pattern found");
        let received = looped;
        bert.turn(&received, &mut looped);
        assert!(matches!(bert.status(), TestStatus::Bert { seconds: 1, .. }));
    }
}

#[test]
fn an_inserted_error_is_counted_once() {
    for pattern in PATTERNS {
        let mut bert = Bert::new(Timeslot(1), pattern);
        let mut looped = [0; 160];
        for turn in 1..=100_u64 {
            let received = looped;
            bert.turn(&received, &mut looped);
            if turn % 10 == 0 {
                bert.insert_error();
            }
        }
        let TestStatus::Bert { errors, .. } = bert.status() else { panic!("a test") };
        // The one of the last turn was not sent yet; that of the turn before the last came back in none.
        assert_eq!((errors, bert.losses()), (9, 0), "{pattern:?}");
    }
}

#[test]
fn a_lost_octet_loses_the_step_once_and_no_error_of_it_is_counted() {
    for pattern in PATTERNS {
        let mut checker = Checker::new(pattern);
        let mut octets = stream(pattern, 2_000);
        octets.remove(1_000);
        checker.check(&octets);
        assert_eq!((checker.errors(), checker.losses()), (0, 1), "{pattern:?}");
        assert!(checker.is_synced());
    }
}

#[test]
fn what_is_not_the_pattern_is_never_taken_for_it() {
    for pattern in PATTERNS {
        let mut others: Vec<Vec<u8>> =
            [0x00, 0xFF, 0xD5, 0x55, 0xAA, 0x7E].map(|octet| vec![octet; 4_000]).to_vec();
        let other = if pattern == PATTERNS[0] { PATTERNS[1] } else { PATTERNS[0] };
        others.push(stream(other, 8_000));
        others.push(stream(pattern, 8_000).iter().map(|octet| !octet).collect());
        for (number, other) in others.iter().enumerate() {
            let mut checker = Checker::new(pattern);
            checker.check(other);
            assert!(!checker.is_synced() && checker.bits() == 0, "{pattern:?}: signal {number}");
        }
    }
}

#[test]
fn a_line_that_goes_dead_loses_the_step_and_its_counts_stay() {
    for pattern in PATTERNS {
        let mut checker = Checker::new(pattern);
        checker.check(&stream(pattern, 1_000));
        let before = checker.bits();
        checker.check(&[0xFF; 1_000]);
        assert!(!checker.is_synced() && checker.losses() == 1);
        assert!(checker.bits() <= before && checker.bits() >= before - 2 * u64::from(WINDOW_BITS));
        assert_eq!(checker.errors(), 0);
    }
}

proptest! {
    #[test]
    fn errors_of_any_place_are_counted_one_by_one(
        pick in 0_usize..2,
        // Far enough apart that no window holds a fifth of wrong bits.
        places in prop::collection::btree_set(0_usize..2_000, 0..150),
    ) {
        let mut octets = stream(PATTERNS[pick], 2_100);
        let begin = 100 * 8;
        for place in &places {
            flip(&mut octets, begin + place * 8 + place % 8);
        }
        let mut checker = Checker::new(PATTERNS[pick]);
        checker.check(&octets);
        prop_assert_eq!(checker.errors(), places.len() as u64);
        prop_assert_eq!(checker.losses(), 0);
    }

    #[test]
    fn the_pattern_is_found_from_any_place(pick in 0_usize..2, skip in 0_usize..4_000, shift in 0_usize..8) {
        let all = bits(&stream(PATTERNS[pick], 4_200));
        let from = &all[skip * 8 + shift..];
        let octets: Vec<u8> = from
            .as_chunks::<8>()
            .0
            .iter()
            .map(|bits| bits.iter().fold(0, |octet, &bit| octet << 1 | u8::from(bit)))
            .collect();
        let mut checker = Checker::new(PATTERNS[pick]);
        let heard = octets.len().min(100);
        checker.check(&octets[..heard]);
        prop_assert!(checker.is_synced(), "100 octets are enough");
        prop_assert_eq!(checker.errors(), 0);
    }

    #[test]
    fn any_octets_are_read(pick in 0_usize..2, octets in prop::collection::vec(any::<u8>(), 0..2_000)) {
        let mut checker = Checker::new(PATTERNS[pick]);
        checker.check(&octets);
        prop_assert!(checker.errors() <= checker.bits());
        prop_assert!(checker.bits() <= octets.len() as u64 * 8);
    }
}
