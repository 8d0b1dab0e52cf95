//! The quality of a span as a chart: quarters of an hour of the last day, hours of the last week, with a table of all
//! figures. Where nobody looked there is a gap, never a zero.

use super::words;
use crate::chart::{self, Series};
use crate::clock;
use crate::fault::Fault;
use crate::page::Markup;
use crate::visit::Visit;
use idl::admin::{Admin, Answer};
use idl::spans::QualityBin;
use idl::views::SpanAsk;
use vocab::{DAY_MS, HOUR_MS, SpanId, UnixMs};

/// The charts of a span, their table, and which time they show.
pub(super) struct Quality {
    /// Errored, severely errored and unavailable seconds.
    pub(super) seconds: Markup,
    /// Slips, CRC-4 errors and bipolar violations.
    pub(super) events: Markup,
    /// Every column in figures, the newest first; those nobody saw are left out.
    pub(super) rows: Vec<Row>,
    /// Figures of the whole time.
    pub(super) sums: [String; 6],
    /// Whether a week is shown rather than a day.
    pub(super) week: bool,
    /// Whether the span has an E1's counters.
    pub(super) is_e1: bool,
}

/// A column in figures.
pub(super) struct Row {
    /// When it began.
    pub(super) at: String,
    /// ES, SES, UAS, slips, CRC-4, bipolar.
    pub(super) figures: [String; 6],
}

/// A column of the charts.
struct Column {
    began: UnixMs,
    /// `None`: nobody looked.
    figures: Option<[u64; 6]>,
}

/// Asks for the quality of a span.
pub(super) async fn of(visit: &Visit, span: SpanId, is_e1: bool, week: bool) -> Result<Quality, Fault> {
    let bins = match visit.ask(Admin::Span(SpanAsk::Quality { span })).await? {
        Answer::SpanQuality(bins) => bins,
        _ => return Err(Fault::other_answer()),
    };
    let columns = columns(&bins, clock::now(), week);
    let t = visit.t;
    let labels: Vec<String> = columns
        .iter()
        .map(|column| {
            let minute = visit.zone.minute(column.began);
            // The year is known, and of one day the date too.
            minute.get(if week { 5..16 } else { 11..16 }).unwrap_or_default().to_owned()
        })
        .collect();
    let gaps: Vec<bool> = columns.iter().map(|column| column.figures.is_none()).collect();
    let line = |nth: usize| -> Vec<u64> {
        columns.iter().map(|column| column.figures.map_or(0, |figures| figures[nth])).collect()
    };
    let [es, ses, uas, slips, crc4, bipolar] = [0, 1, 2, 3, 4, 5].map(line);
    // Every severely errored second is an errored one: the column is as high as all of them.
    let only_es: Vec<u64> = es.iter().zip(&ses).map(|(es, ses)| es.saturating_sub(*ses)).collect();
    let seconds = [
        Series { name: t.spans.es, figures: &only_es },
        Series { name: t.spans.ses, figures: &ses },
        Series { name: t.spans.uas, figures: &uas },
    ];
    let events = [
        Series { name: t.spans.slips, figures: &slips },
        Series { name: t.spans.crc4_errors, figures: &crc4 },
        Series { name: t.spans.bipolar, figures: &bipolar },
    ];
    let events = if is_e1 { &events[..] } else { &events[..1] };
    let text = |figures: [u64; 6]| figures.map(crate::format::count);
    let rows = columns.iter().rev().filter_map(|column| {
        Some(Row { at: visit.zone.minute(column.began), figures: text(column.figures?) })
    });
    let shown: Vec<QualityBin> = bins
        .iter()
        .filter(|bin| columns.first().is_some_and(|first| bin.began >= first.began))
        .copied()
        .collect();
    Ok(Quality {
        seconds: chart::picture(t.spans.chart_seconds, &labels, &seconds, &gaps),
        events: chart::picture(t.spans.chart_events, &labels, events, &gaps),
        rows: rows.collect(),
        sums: text(words::sum(&shown)),
        week,
        is_e1,
    })
}

/// The columns of the last day or week up to now, each with the figures of its quarters.
fn columns(bins: &[QualityBin], now: UnixMs, week: bool) -> Vec<Column> {
    let (width, count) = if week { (HOUR_MS, WEEK_HOURS) } else { (QUARTER_MS, DAY_MS / QUARTER_MS) };
    let last = now.0 - now.0.rem_euclid(width);
    (0..count)
        .map(|back| {
            let began = UnixMs(last - width * (count - 1 - back));
            let within: Vec<QualityBin> = bins
                .iter()
                .filter(|bin| bin.began >= began && bin.began < began.plus(width) && bin.seconds > 0)
                .copied()
                .collect();
            Column { began, figures: (!within.is_empty()).then(|| words::sum(&within)) }
        })
        .collect()
}

const QUARTER_MS: i64 = HOUR_MS / 4;
const WEEK_HOURS: i64 = 7 * DAY_MS / HOUR_MS;

#[cfg(test)]
mod tests {
    use super::{QUARTER_MS, columns};
    use idl::spans::QualityBin;
    use vocab::{HOUR_MS, SpanId, UnixMs};

    const NOW: UnixMs = UnixMs(1_795_310_067_000);

    fn bin(began: i64, es: u16) -> QualityBin {
        let (span, began) = (SpanId(1), UnixMs(began));
        let (ses, uas, bipolar, crc4, e_bit, frame, slips) = (1, 0, 4, 3, 2, 0, 5);
        QualityBin { span, began, seconds: 900, es, ses, uas, bipolar, crc4, e_bit, frame, slips }
    }

    #[test]
    fn a_day_has_its_quarters_a_week_its_hours_and_where_nobody_looked_is_a_gap() {
        let quarter = NOW.0 - NOW.0.rem_euclid(QUARTER_MS);
        let hour = NOW.0 - NOW.0.rem_euclid(HOUR_MS) - HOUR_MS;
        let bins = [bin(hour, 2), bin(hour + QUARTER_MS, 3), bin(quarter, 7)];
        let day = columns(&bins, NOW, false);
        assert_eq!((day.len(), day[95].began.0), (96, quarter));
        assert_eq!(day[95].figures, Some([7, 1, 0, 5, 3, 4]));
        assert_eq!(day.iter().filter(|column| column.figures.is_some()).count(), 3);
        let week = columns(&bins, NOW, true);
        assert_eq!((week.len(), week[166].began.0), (168, hour));
        assert_eq!(week[166].figures, Some([5, 2, 0, 10, 6, 8]));
        assert!(week[..166].iter().all(|column| column.figures.is_none()));
    }
}
