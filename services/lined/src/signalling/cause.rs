//! How a SIP or Q.850 ending reads in the product's words.

use crate::call::Failure;
use q931::CauseValue;
use sip_ua::EndCause;
use sip_ua::trunk::Attempt;
use vocab::FailCause;

/// The failure of a leg that was not answered.
#[must_use]
pub fn failure(how: &EndCause, rang: bool) -> Failure {
    let sip_status = how.status.unwrap_or(0);
    let q850 = how.q850.unwrap_or(0);
    let cause = match (how.status, how.attempt) {
        (Some(status), _) => by_status(status, q850, rang),
        (None, Attempt::NotSent | Attempt::Broken | Attempt::Silent) => FailCause::NoLine,
        (None, Attempt::Refused { .. } | Attempt::GivenUp | Attempt::Answered) => FailCause::Carrier,
    };
    Failure { cause, sip_status, q850 }
}

fn by_status(status: u16, q850: u8, rang: bool) -> FailCause {
    match status {
        486 | 600 => FailCause::Busy,
        603 => FailCause::Declined,
        404 | 410 | 484 | 604 => FailCause::InvalidNumber,
        488 | 606 => FailCause::Media,
        408 | 480 if rang => by_q850(q850).unwrap_or(FailCause::NoAnswer),
        408 | 480 => by_q850(q850).unwrap_or(FailCause::Unreachable),
        _ => by_q850(q850).unwrap_or(FailCause::Carrier),
    }
}

/// Q.850 tells more where the SIP status is the carrier's summary; one table serves every kind of line.
fn by_q850(q850: u8) -> Option<FailCause> {
    CauseValue::from_code(q850).verdict()
}

#[cfg(test)]
mod tests {
    use super::failure;
    use sip_ua::EndCause;
    use sip_ua::trunk::Attempt;
    use vocab::FailCause;

    fn ended(status: u16, q850: Option<u8>, rang: bool) -> FailCause {
        let mut how = EndCause::local(q850, "");
        how.status = Some(status);
        how.attempt = Attempt::Refused { status, may_have_rung: rang };
        failure(&how, rang).cause
    }

    #[test]
    fn every_final_status_has_its_word() {
        for (status, cause) in [
            (486, FailCause::Busy),
            (600, FailCause::Busy),
            (603, FailCause::Declined),
            (404, FailCause::InvalidNumber),
            (410, FailCause::InvalidNumber),
            (484, FailCause::InvalidNumber),
            (604, FailCause::InvalidNumber),
            (488, FailCause::Media),
            (480, FailCause::Unreachable),
            (403, FailCause::Carrier),
            (503, FailCause::Carrier),
        ] {
            assert_eq!(ended(status, None, false), cause, "{status}");
        }
        assert_eq!(ended(480, None, true), FailCause::NoAnswer);
        assert_eq!(ended(408, None, true), FailCause::NoAnswer);
    }

    #[test]
    fn q850_tells_more_than_a_summary_status() {
        assert_eq!(ended(500, Some(17), false), FailCause::Busy);
        assert_eq!(ended(503, Some(1), false), FailCause::InvalidNumber);
        assert_eq!(ended(480, Some(20), true), FailCause::Unreachable);
        assert_eq!(ended(486, Some(1), false), FailCause::Busy, "the callee's own status wins");
    }

    #[test]
    fn a_trunk_that_says_nothing_is_no_line() {
        let mut how = EndCause::local(None, "");
        how.attempt = Attempt::Silent;
        assert_eq!(failure(&how, false).cause, FailCause::NoLine);
    }
}
