//! Every process killed while calls run: nobody is called twice, no opt-out is lost, the box goes on by itself.

use carrier::{Event, EventKind};
use e2e::{CampaignPlan, LONG, PRODUCT, Place, TestBox, TrunkPlan, Which, carrier_at};
use idl::lines::SipTransport;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeSet;
use std::time::{SystemTime, UNIX_EPOCH};

/// `n` people who answer and listen, press 9, or hang up; they differ in what a mask shows.
fn numbers(n: usize) -> Vec<String> {
    let codes = [10, 11, 61, 12, 64, 13, 68, 14, 65, 15];
    (0..n).map(|i| format!("{}7777{:02}{:02}", 190 + i / 100, i % 100, codes[i % codes.len()])).collect()
}

/// The digits that a mask leaves.
fn shown(number: &str) -> (&str, &str) {
    (&number[..3], &number[number.len() - 4..])
}

/// When each call that is still up was answered, in milliseconds since 1970.
fn open_calls(journal: &[Event]) -> Vec<u64> {
    let ended = |call| journal.iter().any(|event| event.call == call && event.event == EventKind::Ended);
    let answered = journal.iter().filter(|event| event.event == EventKind::Answered);
    answered.filter(|event| !ended(event.call)).map(|event| event.t_us / 1_000).collect()
}

fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    u64::try_from(since.as_millis()).expect("before the year 500,000,000")
}

fn run(seed: u64, kills: &[&[Which]]) {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let place = Place::new();
    let carrier = carrier_at(&place, |_| {});
    let trunk = TrunkPlan::plain(carrier.addr(), SipTransport::Udp);
    let mut sut = TestBox::start_in(place);
    let line = sut.line(&[trunk]);
    let people = numbers(40 + 40 * kills.len());
    let plan = CampaignPlan::announcement(people.clone()).body_ms(4_000).max_calls(45);
    sut.campaign(&line, &plan);
    let mut killed_ms = Vec::new();
    for (at, killed) in kills.iter().enumerate() {
        // A random moment: after so many further calls, at least 40 of them since the last kill.
        let calls = (40 * (at as u64 + 1)) + random.random_range(0..20);
        assert!(
            carrier.wait_until(LONG, |report| report.invites >= calls),
            "calls go on: {:?}",
            carrier.report()
        );
        killed.iter().for_each(|which| sut.kill(*which));
        killed_ms.push(now_ms());
        killed.iter().for_each(|which| sut.restart(*which));
    }
    let done = |figures: &idl::admin::Figures| figures.contacts_left == 0 && figures.open == 0;
    let placed = sut.wait_for("all are called, all is over", LONG, done).placed;
    let figures = sut.settled(people.len() as u64);
    assert_eq!(placed, figures.placed);

    let calls = carrier.calls_per_number();
    let twice: Vec<_> = calls.iter().filter(|(_, count)| **count > 1).collect();
    assert!(twice.is_empty(), "called twice: {twice:?}");
    // A call answered in the instant of the kill, before its answer was durable, is known to nobody: its own
    // session timer ends it. Every other orphan gets its BYE from the next life.
    let known = |at: &u64| !killed_ms.iter().any(|kill| (kill - UNRECORDED_MS..=kill + 50).contains(at));
    e2e::until("every call gets its end", LONG, || {
        (!open_calls(&carrier.journal()).iter().any(known)).then_some(())
    });
    let forgotten = open_calls(&carrier.journal()).len();
    assert!(forgotten <= MAX_FORGOTTEN * kills.len(), "{forgotten} calls were forgotten");
    let expected =
        ["ack_missing", "bye_unanswered", "info_unanswered", "reinvite_unanswered", "prack_missing"];
    let report = carrier.report();
    assert!(report.violations.keys().all(|rule| expected.contains(&rule.as_str())), "{report:?}");

    // Opt-outs the vault acknowledged, and those whose confirmation a customer can have heard.
    let views = sut.calls();
    let opted: Vec<_> = views.iter().filter(|call| call.opted_out).collect();
    assert_eq!(opted.len() as u64, figures.opted_out);
    assert!(!opted.is_empty(), "some pressed 9: {figures:?}");
    let tails: BTreeSet<(&str, &str)> = opted.iter().map(|call| shown(&call.number)).collect();
    let never_again: Vec<String> =
        people.iter().filter(|number| tails.contains(&shown(number))).cloned().collect();
    sut.campaign(&line, &CampaignPlan::announcement(never_again.clone()));
    let after = sut.settled(people.len() as u64 + never_again.len() as u64);
    assert_eq!(after.placed, figures.placed, "nobody who opted out is called: {after:?}");
    assert!(carrier.journal().iter().filter(|event| event.event == EventKind::Invite).count() == calls.len());

    // What a killed recorder leaves is cut, never damaged.
    let log = sut.log(Which::Vaultd);
    let damaged: Vec<&str> = log.lines().filter(|line| line.contains("is bad")).collect();
    assert!(damaged.is_empty(), "{damaged:?}");

    // The ledger as a stranger would check it.
    sut.terminate(Which::Vaultd);
    let key = sut.place.folder("vault").join("keys/head.pub").display().to_string();
    let (code, said) = sut.verify_offline(&sut.ledger_folder(), &["--key", &key]);
    assert_eq!(code, 0, "{said}");
}

#[test]
fn each_process_killed_alone_loses_no_promise() {
    run(7, &[&[Which::Calld], &[Which::Vaultd], &[Which::Lined], &[Which::Supervisor]]);
}

#[test]
fn all_processes_killed_together_lose_no_promise() {
    run(11, &[&PRODUCT, &PRODUCT]);
}

/// How long an answer may be on its way to the disk, on a busy machine.
const UNRECORDED_MS: u64 = 200;
/// Calls that one kill can catch on that way.
const MAX_FORGOTTEN: usize = 6;
