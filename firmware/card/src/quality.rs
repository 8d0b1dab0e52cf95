//! Quality of a span in quarters of an hour: errored, severely errored and unavailable seconds, slips and error sums.
//!
//! Fed once a second with the card's totals and alarms; it keeps no history beyond the quarter that runs, and reads no
//! clock. The far end's errors (E bits, YELLOW) are summed, never seconds of ours.
//!
//! | what | rule | from |
//! |---|---|---|
//! | errored second (ES) | an errored CRC-4 block, an errored frame alignment signal, a code violation, a slip, or a defect | G.826; slips as RFC 4805 |
//! | severely errored (SES) | a defect, or 30 % of the blocks: 300 of the 1 000 CRC-4 blocks of a second | G.826; blocks after G.706 4.3 |
//! | SES without CRC-4 | 28 errored frame alignment signals, or 2 048 code violations | M.2100 for 2 048 kbit/s; RFC 4805 |
//! | defect | loss of signal, AIS (G.775), loss of frame (G.706); or the span is not open | G.826 annex B |
//! | unavailable (UAS) | from the first of ten SES in a row, until the first of ten seconds in a row that are none | G.826 annex A |
//!
//! (M.2100 takes 805 CRC-4 blocks for an SES in service; G.826's 300 is the stricter one and is used.)
//!
//! Ten seconds must pass before a second can be told available or not, so the end of a quarter comes up to nine seconds
//! late. ES and SES of unavailable time are not counted; the sums of errors are.

use idl::spans::{Alarms, QualityBin, SpanCounters};
use std::collections::VecDeque;
use vocab::{SpanId, UnixMs};

/// The meter of one span.
#[derive(Debug, Clone)]
pub struct Quality {
    span: SpanId,
    last: Option<(UnixMs, SpanCounters)>,
    available: bool,
    /// Seconds that may turn out the other way: SES in available time, others in unavailable time. Fewer than ten.
    undecided: VecDeque<Second>,
    bin: Option<QualityBin>,
}

/// One second as it was seen.
#[derive(Debug, Clone, Copy)]
struct Second {
    began: UnixMs,
    errored: bool,
    severe: bool,
    errors: SpanCounters,
}

impl Quality {
    /// A meter that has seen nothing; time begins as available.
    #[must_use]
    pub const fn new(span: SpanId) -> Self {
        Self { span, last: None, available: true, undecided: VecDeque::new(), bin: None }
    }

    /// A second is over: the card's totals and its alarms now. Quarters that are complete go to `out`.
    ///
    /// The first call only says where the totals begin. Seconds that nobody saw (a call that comes late, a clock that
    /// was set) are not counted; errors since the call before are this second's. A clock set back into an earlier
    /// quarter gives that quarter a second bin.
    pub fn second(&mut self, now: UnixMs, totals: SpanCounters, alarms: Alarms, out: &mut Vec<QualityBin>) {
        let Some((before, totals_before)) = self.last.replace((now, totals)) else { return };
        if !(0..GAP_MS).contains(&now.0.saturating_sub(before.0)) {
            self.decide_all(out);
        }
        let errors = since(&totals, &totals_before);
        let defect = alarms.los || alarms.red || alarms.blue || alarms.not_open;
        let severe =
            defect || errors.crc4 >= SES_CRC4 || errors.frame >= SES_FRAME || errors.bipolar >= SES_BIPOLAR;
        let any = errors.crc4 | errors.frame | errors.bipolar | errors.slips != 0;
        // It lies in the quarter it began in.
        let began = quarter(now.plus(-SECOND_MS));
        let second = Second { began, errored: severe || any, severe, errors };
        let waits = second.severe == self.available;
        if !waits {
            self.decide_all(out);
        }
        self.undecided.push_back(second);
        if !waits {
            self.decide_all(out);
        } else if self.undecided.len() >= DECIDING_SECONDS {
            self.available = !self.available;
            self.decide_all(out);
        }
    }

    /// The end: what is undecided stays as it stands, the quarter that runs is given out.
    pub fn finish(&mut self, out: &mut Vec<QualityBin>) {
        self.decide_all(out);
        out.extend(self.bin.take());
        self.last = None;
    }

    /// The quarter that runs, without the seconds that are undecided.
    #[must_use]
    pub const fn running(&self) -> Option<&QualityBin> {
        self.bin.as_ref()
    }

    /// Whether the span is in available time, as far as it is decided.
    #[must_use]
    pub const fn is_available(&self) -> bool {
        self.available
    }

    fn decide_all(&mut self, out: &mut Vec<QualityBin>) {
        while let Some(second) = self.undecided.pop_front() {
            self.count(&second, out);
        }
    }

    fn count(&mut self, second: &Second, out: &mut Vec<QualityBin>) {
        out.extend(self.bin.take_if(|bin| bin.began != second.began));
        let available = self.available;
        let bin = self.bin.get_or_insert_with(|| empty(self.span, second.began));
        let Second { errors, .. } = second;
        bin.bipolar = bin.bipolar.saturating_add(errors.bipolar);
        bin.crc4 = bin.crc4.saturating_add(errors.crc4);
        bin.e_bit = bin.e_bit.saturating_add(errors.e_bit);
        bin.frame = bin.frame.saturating_add(errors.frame);
        bin.slips = bin.slips.saturating_add(errors.slips);
        // A timer that runs a little fast gives a quarter one second too many: its errors count, it does not.
        if bin.seconds < SECONDS_OF_BIN {
            bin.seconds += 1;
            bin.uas += u16::from(!available);
            bin.es += u16::from(available && second.errored);
            bin.ses += u16::from(available && second.severe);
        }
        debug_assert!(bin.ses <= bin.es && bin.es + bin.uas <= bin.seconds, "seconds of a bin do not add up");
    }
}

/// What was counted since; a total that shrank is of a driver that began anew, and so are all others.
fn since(now: &SpanCounters, before: &SpanCounters) -> SpanCounters {
    let SpanCounters { bipolar, crc4, e_bit, frame, slips, hdlc } = *now;
    let shrank = bipolar < before.bipolar
        || crc4 < before.crc4
        || e_bit < before.e_bit
        || frame < before.frame
        || slips < before.slips
        || hdlc < before.hdlc;
    if shrank {
        return *now;
    }
    SpanCounters {
        bipolar: bipolar - before.bipolar,
        crc4: crc4 - before.crc4,
        e_bit: e_bit - before.e_bit,
        frame: frame - before.frame,
        slips: slips - before.slips,
        hdlc: hdlc - before.hdlc,
    }
}

/// The quarter of an hour of UTC that a moment lies in.
const fn quarter(now: UnixMs) -> UnixMs {
    now.plus(-now.0.rem_euclid(QUARTER_MS))
}

const fn empty(span: SpanId, began: UnixMs) -> QualityBin {
    QualityBin {
        span,
        began,
        seconds: 0,
        es: 0,
        ses: 0,
        uas: 0,
        bipolar: 0,
        crc4: 0,
        e_bit: 0,
        frame: 0,
        slips: 0,
    }
}

/// 30 % of the 1 000 CRC-4 blocks (sub-multiframes of 2 048 bits) of a second.
const SES_CRC4: u32 = 300;
/// Errored frame alignment signals of a second without CRC-4.
const SES_FRAME: u32 = 28;
/// Code violations of a second without CRC-4: one in a thousand bits.
const SES_BIPOLAR: u32 = 2_048;
/// Seconds in a row that turn availability.
const DECIDING_SECONDS: usize = 10;
const SECONDS_OF_BIN: u16 = 900;
const SECOND_MS: i64 = 1_000;
const QUARTER_MS: i64 = 900_000;
/// A call so late is a gap: what was seen before does not run on over it.
const GAP_MS: i64 = 2_500;

#[cfg(test)]
#[path = "quality_tests.rs"]
mod tests;
