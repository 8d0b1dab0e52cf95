//! Quarters of an hour: the rules one by one, then any hour against the rules read off the whole hour at once.

use super::Quality;
use idl::spans::{Alarms, QualityBin, SpanCounters};
use proptest::prelude::*;
use vocab::{SpanId, UnixMs};

/// 2026-11-22T00:00:00Z, a quarter of an hour.
const BEGIN: i64 = 1_795_305_600_000;
const CLEAR: Alarms = Alarms {
    los: false,
    red: false,
    yellow: false,
    blue: false,
    recovering: false,
    loopback: false,
    not_open: false,
};

/// A span whose seconds are played one after another.
struct Line {
    quality: Quality,
    now: i64,
    totals: SpanCounters,
    bins: Vec<QualityBin>,
}

impl Line {
    /// The totals stand at something when we come; the first second lies in the quarter that begins at [`BEGIN`].
    fn new() -> Self {
        let totals = SpanCounters { bipolar: 7, crc4: 90, e_bit: 4, frame: 3, slips: 2, hdlc: 1 };
        let mut line = Self { quality: Quality::new(SpanId(1)), now: BEGIN, totals, bins: Vec::new() };
        line.quality.second(UnixMs(line.now), line.totals, CLEAR, &mut line.bins);
        line
    }

    fn play(&mut self, alarms: Alarms, errors: impl Fn(&mut SpanCounters)) {
        self.now += 1_000;
        errors(&mut self.totals);
        self.quality.second(UnixMs(self.now), self.totals, alarms, &mut self.bins);
    }

    fn clean(&mut self, seconds: usize) {
        (0..seconds).for_each(|_| self.play(CLEAR, |_| {}));
    }

    fn severe(&mut self, seconds: usize) {
        (0..seconds).for_each(|_| self.play(CLEAR, |totals| totals.crc4 += 300));
    }

    fn errored(&mut self, seconds: usize) {
        (0..seconds).for_each(|_| self.play(CLEAR, |totals| totals.crc4 += 1));
    }

    fn finish(mut self) -> Vec<QualityBin> {
        self.quality.finish(&mut self.bins);
        self.bins
    }

    /// The only quarter that was played.
    fn only(self) -> QualityBin {
        let bins = self.finish();
        assert_eq!(bins.len(), 1, "{bins:?}");
        bins[0]
    }
}

/// ES, SES, UAS of one second with these errors between clean ones.
fn kinds(alarms: Alarms, errors: impl Fn(&mut SpanCounters)) -> (u16, u16, u16) {
    let mut line = Line::new();
    line.clean(3);
    line.play(alarms, errors);
    line.clean(3);
    let bin = line.only();
    (bin.es, bin.ses, bin.uas)
}

#[test]
fn each_kind_of_error_makes_the_second_it_must() {
    assert_eq!(kinds(CLEAR, |_| {}), (0, 0, 0));
    assert_eq!(kinds(CLEAR, |totals| totals.crc4 += 1), (1, 0, 0));
    assert_eq!(kinds(CLEAR, |totals| totals.crc4 += 299), (1, 0, 0));
    assert_eq!(kinds(CLEAR, |totals| totals.crc4 += 300), (1, 1, 0));
    assert_eq!(kinds(CLEAR, |totals| totals.frame += 27), (1, 0, 0));
    assert_eq!(kinds(CLEAR, |totals| totals.frame += 28), (1, 1, 0));
    assert_eq!(kinds(CLEAR, |totals| totals.bipolar += 2_047), (1, 0, 0));
    assert_eq!(kinds(CLEAR, |totals| totals.bipolar += 2_048), (1, 1, 0));
    assert_eq!(kinds(CLEAR, |totals| totals.slips += 5), (1, 0, 0), "a slip is no severe error");
    assert_eq!(kinds(CLEAR, |totals| totals.e_bit += 500), (0, 0, 0), "the far end's errors are not ours");
    assert_eq!(
        kinds(CLEAR, |totals| totals.hdlc += 500),
        (0, 0, 0),
        "the D channel's frames are not the path's"
    );
}

#[test]
fn a_defect_of_ours_is_severe_and_the_far_ends_is_not() {
    for defect in [
        Alarms { los: true, ..CLEAR },
        Alarms { red: true, ..CLEAR },
        Alarms { blue: true, ..CLEAR },
        Alarms { not_open: true, ..CLEAR },
    ] {
        assert_eq!(kinds(defect, |_| {}), (1, 1, 0), "{defect:?}");
    }
    for other in [Alarms { yellow: true, ..CLEAR }, Alarms { loopback: true, recovering: true, ..CLEAR }] {
        assert_eq!(kinds(other, |_| {}), (0, 0, 0), "{other:?}");
    }
}

#[test]
fn nine_severe_seconds_are_available_time_and_the_tenth_takes_all_ten_away() {
    let mut nine = Line::new();
    nine.severe(9);
    nine.clean(1);
    let bin = nine.only();
    assert_eq!((bin.seconds, bin.es, bin.ses, bin.uas), (10, 9, 9, 0));
    let mut ten = Line::new();
    ten.severe(10);
    ten.clean(1);
    assert!(!ten.quality.is_available());
    let bin = ten.only();
    assert_eq!((bin.seconds, bin.es, bin.ses, bin.uas), (11, 0, 0, 11));
}

#[test]
fn ten_seconds_without_severe_errors_are_available_again_from_the_first() {
    let mut line = Line::new();
    line.severe(20);
    line.errored(9);
    line.severe(1);
    assert!(!line.quality.is_available());
    line.errored(9);
    line.clean(1);
    assert!(line.quality.is_available());
    let bin = line.only();
    assert_eq!((bin.es, bin.ses, bin.uas), (9, 0, 30));
    assert_eq!(bin.crc4, 21 * 300 + 18, "the sums count all time");
}

#[test]
fn a_failure_over_the_end_of_a_quarter_is_unavailable_in_both() {
    let mut line = Line::new();
    line.clean(895);
    line.severe(8);
    assert!(line.bins.is_empty(), "the first quarter is not decided yet");
    line.severe(2);
    line.clean(10);
    line.clean(880);
    let bins = line.finish();
    let told: Vec<_> = bins.iter().map(|bin| (bin.began.0, bin.seconds, bin.ses, bin.uas)).collect();
    assert_eq!(told, [(BEGIN, 900, 0, 5), (BEGIN + 900_000, 895, 0, 5)]);
}

#[test]
fn an_hour_is_four_quarters_on_quarters_of_utc() {
    let mut line = Line::new();
    line.clean(3_600);
    line.errored(1);
    let quarters: Vec<_> = line.bins.iter().map(|bin| (bin.began.0, bin.seconds)).collect();
    let expected: Vec<_> = (0..4).map(|n| (BEGIN + n * 900_000, 900)).collect();
    assert_eq!(quarters, expected);
    assert_eq!(line.quality.running().map(|bin| bin.es), Some(1));
}

#[test]
fn totals_at_the_beginning_are_nobodys_errors_and_a_driver_that_begins_anew_loses_none() {
    let mut line = Line::new();
    line.errored(2);
    line.play(CLEAR, |totals| *totals = SpanCounters { slips: 3, ..SpanCounters::default() });
    let bin = line.only();
    assert_eq!((bin.crc4, bin.slips, bin.es), (2, 3, 3));
}

#[test]
fn seconds_nobody_saw_are_missing_and_break_a_row() {
    let mut line = Line::new();
    line.severe(9);
    line.now += 60_000;
    line.severe(9);
    line.clean(1);
    let bin = line.only();
    assert_eq!((bin.seconds, bin.ses, bin.uas), (19, 18, 0), "nine and nine are no ten in a row");
}

#[test]
fn whole_quarters_nobody_saw_have_no_bin() {
    let mut line = Line::new();
    line.errored(5);
    line.now += 2 * 900_000;
    line.clean(5);
    let told: Vec<_> = line.finish().iter().map(|bin| (bin.began.0, bin.seconds)).collect();
    assert_eq!(told, [(BEGIN, 5), (BEGIN + 1_800_000, 5)]);
}

#[test]
fn a_clock_set_back_gives_the_earlier_quarter_a_second_bin() {
    let mut line = Line::new();
    line.clean(905);
    line.now -= 600_000;
    line.errored(5);
    let told: Vec<_> = line.finish().iter().map(|bin| (bin.began.0, bin.seconds, bin.es)).collect();
    assert_eq!(told, [(BEGIN, 900, 0), (BEGIN + 900_000, 5, 0), (BEGIN, 5, 5)]);
}

#[test]
fn a_fast_timer_makes_no_quarter_longer_than_900_seconds() {
    let mut line = Line::new();
    line.now += 200;
    for _ in 0..1_000 {
        line.now -= 101;
        line.errored(1);
    }
    let bin = line.only();
    assert_eq!((bin.seconds, bin.es, bin.crc4), (900, 900, 1_000));
}

/// The rules of annex A, read off all seconds at once: which are unavailable.
fn unavailable(severe: &[bool]) -> Vec<bool> {
    let mut down = false;
    let turns = |at: usize, down: bool| {
        severe.get(at..at + 10).is_some_and(|next| next.iter().all(|&severe| severe != down))
    };
    let mut state = |at| {
        down ^= turns(at, down);
        down
    };
    (0..severe.len()).map(&mut state).collect()
}

proptest! {
    #[test]
    fn any_seconds_are_told_as_the_rules_read_off_them_all(
        runs in prop::collection::vec((0_u8..3, 1_usize..25), 1..120),
    ) {
        let kinds: Vec<u8> = runs.iter().flat_map(|&(kind, length)| vec![kind; length]).collect();
        let mut line = Line::new();
        for kind in &kinds {
            match kind {
                0 => line.clean(1),
                1 => line.errored(1),
                _ => line.severe(1),
            }
        }
        let bins = line.finish();
        let severe: Vec<bool> = kinds.iter().map(|&kind| kind == 2).collect();
        let down = unavailable(&severe);
        for (number, quarter) in (0_i64..).zip(kinds.chunks(900).zip(down.chunks(900))) {
            let bin = bins.iter().find(|bin| bin.began.0 == BEGIN + number * 900_000);
            let bin = bin.expect("each quarter has its bin");
            let (kinds, down) = quarter;
            let count = |is: &dyn Fn(u8, bool) -> bool| {
                kinds.iter().zip(down).filter(|&(&kind, &down)| is(kind, down)).count()
            };
            prop_assert_eq!(usize::from(bin.seconds), kinds.len());
            prop_assert_eq!(usize::from(bin.uas), count(&|_, down| down));
            prop_assert_eq!(usize::from(bin.es), count(&|kind, down| !down && kind > 0));
            prop_assert_eq!(usize::from(bin.ses), count(&|kind, down| !down && kind == 2));
        }
    }

    #[test]
    fn no_errors_are_lost_or_invented(
        seconds in prop::collection::vec((0_u32..500, 0_u32..40, 0_u32..3, 0_i64..4_000), 1..200),
    ) {
        let mut line = Line::new();
        for &(crc4, frame, slips, late) in &seconds {
            line.now += late;
            line.play(CLEAR, |totals| {
                totals.crc4 += crc4;
                totals.frame += frame;
                totals.slips += slips;
            });
        }
        let bins = line.finish();
        prop_assert_eq!(bins.iter().map(|bin| bin.crc4).sum::<u32>(), seconds.iter().map(|s| s.0).sum::<u32>());
        prop_assert_eq!(bins.iter().map(|bin| bin.frame).sum::<u32>(), seconds.iter().map(|s| s.1).sum::<u32>());
        prop_assert_eq!(bins.iter().map(|bin| bin.slips).sum::<u32>(), seconds.iter().map(|s| s.2).sum::<u32>());
        prop_assert_eq!(bins.iter().map(|bin| usize::from(bin.seconds)).sum::<usize>(), seconds.len());
    }
}
