//! The simulation finds nothing in the box as it is, finds each defect put in on purpose, and repeats itself.

use sim::{Options, Sabotage, run};

/// The first finding of a defect among the seeds, which must be one of these.
fn finds(sabotage: Sabotage, seeds: u64, words: &[&str]) {
    for seed in 1..=seeds {
        let Err(finding) = run(seed, Options { sabotage, ..Options::default() }) else { continue };
        assert!(
            words.iter().any(|word| finding.what.contains(word)),
            "{sabotage:?} is told as something else in seed {seed}: {}",
            finding.what
        );
        return;
    }
    panic!("{sabotage:?} is not found within {seeds} seeds");
}

#[test]
fn cam_01_the_box_as_it_is_breaks_nothing_in_thirty_seeds() {
    for seed in 1..=30 {
        if let Err(finding) = run(seed, Options { trace: true, ..Options::default() }) {
            panic!("seed {}: {}\n{}", finding.seed, finding.what, finding.trace.join("\n"));
        }
    }
}

#[test]
fn one_seed_is_one_run() {
    for seed in [3, 11, 24] {
        let options = Options { trace: true, ..Options::default() };
        assert_eq!(run(seed, options).ok(), run(seed, options).ok());
        let broken = Options { sabotage: Sabotage::ResendTicket, ..options };
        let (one, other) = (run(seed, broken).err(), run(seed, broken).err());
        assert_eq!(one.map(|found| found.trace), other.map(|found| found.trace));
    }
}

#[test]
fn cam_01_another_zone_after_a_restart_is_found() {
    finds(Sabotage::ShiftHours, SEEDS, &["CAM-01", "another state"]);
}

#[test]
fn cam_01_a_clock_that_nothing_holds_is_found() {
    finds(Sabotage::TrustAnyClock, 4 * SEEDS, &["CAM-01"]);
}

#[test]
fn cam_03_attempts_forgotten_at_a_restart_are_found() {
    finds(Sabotage::ForgetAttempts, SEEDS, &["CAM-03", "at once", "another state"]);
}

#[test]
fn cam_03_a_ticket_used_twice_is_found() {
    finds(Sabotage::ResendTicket, SEEDS, &["at once", "LIN-06", "CAM-03"]);
}

#[test]
fn cam_04_an_opt_out_forgotten_at_a_restart_is_found() {
    finds(Sabotage::DropOptOut, SEEDS, &["CAM-04"]);
}

#[test]
fn cam_15_wrap_ups_forgotten_at_a_restart_are_found() {
    finds(Sabotage::DropWrapUps, SEEDS, &["CAM-15"]);
}

#[test]
fn aud_01_a_changed_bit_of_the_ledger_is_found() {
    finds(Sabotage::FlipBit, SEEDS, &["AUD-01"]);
}

#[test]
fn aud_01_a_state_that_the_ledger_does_not_tell_is_found() {
    finds(Sabotage::OtherState, SEEDS, &["another state"]);
}

#[test]
fn an_answer_before_the_disk_is_done_is_found() {
    finds(Sabotage::AnswerEarly, SEEDS, &["two keys", "CAM-04", "CAM-15", "lost"]);
}

#[test]
fn an_invite_with_a_lapsed_ticket_is_found() {
    finds(Sabotage::LapsedTicket, SEEDS, &["two keys"]);
}

#[test]
fn lin_06_a_second_trunk_for_a_phone_that_rang_is_found() {
    finds(Sabotage::RedialAfterRing, SEEDS, &["LIN-06", "at once", "two keys"]);
}

/// Each defect shows within so many seeds.
const SEEDS: u64 = 40;
