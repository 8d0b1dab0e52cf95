//! Our detectors on generated signals: within absolute limits, and not worse than spandsp's on the same signals.
//!
//! The signals are the same in every run. Voices are generated: a real voice may fare otherwise.

use peers::detectors::{Errors, Measured, caller_ids, dtmf, tones};
use peers::spandsp::Spandsp;

fn spandsp() -> Spandsp {
    Spandsp::build().expect("gcc and libspandsp-dev are there")
}

fn sum(rows: &[Measured], of: impl Fn(&Measured) -> Errors) -> Errors {
    rows.iter().map(of).fold(Errors::default(), |sum, errors| Errors {
        missed: sum.missed + errors.missed,
        false_hits: sum.false_hits + errors.false_hits,
    })
}

/// In every case, ours misses and invents no more than `limit` in a thousand, and in sum no more than spandsp's.
fn judge(rows: &[Measured], limit: usize) {
    assert!(!rows.is_empty());
    for row in rows {
        let wrong = row.ours.missed + row.ours.false_hits;
        assert!(row.sent > 0 && wrong * 1_000 <= limit * row.sent, "{row:?}");
    }
    let (ours, theirs) = (sum(rows, |row| row.ours), sum(rows, |row| row.spandsp));
    assert!(ours.missed <= theirs.missed, "{ours:?} {theirs:?}");
    assert!(ours.false_hits <= theirs.false_hits, "{ours:?} {theirs:?}");
}

#[test]
fn cam_05_dtmf_within_the_limits_of_q_24_is_heard_and_outside_them_is_not() {
    let rows = dtmf(&spandsp(), 1).expect("measured");
    judge(&rows, 5);
    for row in rows.iter().filter(|row| row.case.contains("not")) {
        assert_eq!(row.ours, Errors::default(), "{}", row.case);
    }
}

#[test]
fn tones_within_the_plans_tolerances_are_heard_over_noise_and_offsets() {
    let rows = tones(&spandsp(), 1).expect("measured");
    let (sent, beside): (Vec<_>, Vec<_>) =
        rows.into_iter().partition(|row| !row.case.contains("beside the plan"));
    judge(&sent, 0);
    // 1 s and 1 s of pause begins as ringback does; 440 and 480 Hz lie within 450 ± 25 Hz: told once for each ring.
    let errors = beside[0].ours;
    assert!(errors.false_hits <= 5 && errors.false_hits <= beside[0].spandsp.false_hits, "{beside:?}");
}

#[test]
fn callers_numbers_within_the_norms_rates_are_read_over_noise() {
    judge(&caller_ids(&spandsp(), 1).expect("measured"), 0);
}

#[test]
fn spandsps_receivers_work_here_so_that_the_comparison_means_something() {
    let spandsp = spandsp();
    let nominal = |rows: Vec<Measured>| {
        let rows: Vec<_> = rows.into_iter().filter(|row| row.case.contains("nominal")).collect();
        assert!(!rows.is_empty());
        for row in rows {
            assert_eq!(row.spandsp, Errors::default(), "{}", row.case);
        }
    };
    nominal(dtmf(&spandsp, 1).expect("measured"));
    nominal(tones(&spandsp, 1).expect("measured"));
    nominal(caller_ids(&spandsp, 1).expect("measured"));
}
