//! Thousands of calls at once: every table fills, serves and empties.
//!
//! Deliberately not here: wall-clock time; the benchmarks measure that.

mod support;

use sip::Method;
use sip_ua::{CallHandle, EndCause, Event, Millis, Output};
use support::*;

const CALLS: u64 = 3_000;

#[test]
fn three_thousand_calls_at_once_are_answered_and_released() {
    let mut ep = endpoint();
    let mut invites = Vec::new();
    for handle in 0..CALLS {
        let mut out = Vec::new();
        ep.call(Millis(handle), spec(handle), &mut out).unwrap();
        invites.push(only(&out, &Method::Invite));
    }
    for invite in &invites {
        give(&mut ep, CALLS, with_sdp(reply(invite, 200, "t")));
    }
    assert_eq!(ep.active_calls() as u64, CALLS);
    // Long answered: nothing but the dialogs is left.
    assert!(run(&mut ep, 60_000).is_empty());
    assert_eq!(ep.transaction_count(), 0);
    assert_eq!(ep.deadline(), None);
    let mut ended = 0;
    for handle in 0..CALLS {
        let mut out = Vec::new();
        ep.hangup(Millis(70_000), CallHandle(handle), EndCause::local(None, "done"), &mut out);
        let bye = only(&out, &Method::Bye);
        let out = give(&mut ep, 70_001, reply(&bye, 200, "t"));
        ended +=
            out.iter().filter(|output| matches!(output, Output::Event(Event::Ended { .. }))).count() as u64;
    }
    assert_eq!(ended, CALLS);
    run(&mut ep, 200_000);
    assert_eq!((ep.call_count(), ep.active_calls(), ep.transaction_count()), (0, 0, 0));
}
