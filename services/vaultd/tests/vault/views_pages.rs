//! Pages: walked from the first to the last they give each row once, and none is longer than a frame.

use crate::rig::{AUDIT, CAMPAIGN, COMPLIANCE, DATA, MANAGER, QA, Rig, SYSTEM, calendar_key, plan, trunk};
use idl::MAX_FRAME_BYTES;
use idl::admin::{Admin, AdminReply, Answer};
use idl::lines::{LinedToVault, PromptRole, TrunkState, TrunkStatus};
use idl::views::{CallFilter, CallKind, CallsPage, ContactFilter, SpanAsk};
use proptest::prelude::*;
use std::collections::BTreeSet;
use vaultd::command::Cmd;
use vocab::{CallId, ContactId, FailCause, LineGroupId, ObjectHash, Pii, ScriptId, UnixMs};

fn calls_page(rig: &mut Rig, filter: &CallFilter, before: Option<CallId>) -> CallsPage {
    match rig.ask(MANAGER, Admin::CallsPage { filter: filter.clone(), before }) {
        Answer::CallsPage(page) => *page,
        other => panic!("no page: {other:?}"),
    }
}

fn walk_calls(rig: &mut Rig, filter: &CallFilter) -> Vec<CallId> {
    let (mut all, mut before) = (Vec::new(), None);
    for _ in 0..1_000 {
        let page = calls_page(rig, filter, before);
        all.extend(page.rows.iter().map(|row| row.call));
        match page.next {
            Some(next) => {
                assert!(before.is_none_or(|last| next < last), "the search goes on");
                before = Some(next);
            }
            None => return all,
        }
    }
    panic!("the walk does not end");
}

/// A site with so many calls, every third of them answered, a minute apart.
fn with_calls(calls: u64) -> (Rig, Vec<CallId>) {
    let mut rig = Rig::calling_with(calls);
    let mut made = Vec::new();
    for at in 1..=calls {
        made.push(match at % 3 {
            0 => rig.answered_call(ContactId(at)),
            _ => rig.failed_call(ContactId(at), FailCause::Busy),
        });
        rig.later(60_000);
        rig.take();
    }
    made.reverse();
    (rig, made)
}

#[test]
fn walking_the_pages_of_calls_gives_each_call_once_newest_first() {
    let (mut rig, made) = with_calls(100);
    assert_eq!(walk_calls(&mut rig, &CallFilter::default()), made);
    let answered = CallFilter { kind: CallKind::Answered, ..CallFilter::default() };
    assert_eq!(walk_calls(&mut rig, &answered).len(), 33);
    let failed = CallFilter { kind: CallKind::Failed, ..CallFilter::default() };
    assert_eq!(walk_calls(&mut rig, &failed).len(), 67);
    let none = CallFilter { kind: CallKind::OptedOut, ..CallFilter::default() };
    assert!(walk_calls(&mut rig, &none).is_empty());
}

#[test]
fn a_stretch_of_time_gives_its_calls_and_no_others() {
    let (mut rig, made) = with_calls(60);
    let times: Vec<UnixMs> = made.iter().map(|call| rig.vault.calls().get(*call).unwrap().at).collect();
    for (newest, oldest) in [(0, 59), (10, 20), (59, 59), (0, 0)] {
        let filter = CallFilter {
            from: Some(times[oldest]),
            to: Some(times[newest].plus(1)),
            ..CallFilter::default()
        };
        assert_eq!(walk_calls(&mut rig, &filter), made[newest..=oldest], "{newest}..={oldest}");
    }
    let before_all = CallFilter { to: Some(times[59]), ..CallFilter::default() };
    assert!(walk_calls(&mut rig, &before_all).is_empty());
}

#[test]
fn walking_the_pages_of_a_batch_gives_each_row_once_under_every_filter() {
    let mut rig = Rig::calling_with(1_300);
    let walk = |rig: &mut Rig, only| {
        let (mut rows, mut from_row) = (Vec::new(), 0);
        loop {
            let Answer::Contacts(page) = rig.ask(DATA, Admin::Contacts { batch: 1, from_row, only }) else {
                panic!("no page")
            };
            rows.extend(page.rows.iter().map(|row| row.row));
            assert!(page.rows.len() <= 50);
            match page.next_row {
                Some(next) => {
                    assert!(next > from_row);
                    from_row = next;
                }
                None => return rows,
            }
        }
    };
    assert_eq!(walk(&mut rig, ContactFilter::All), (0..1_300).collect::<Vec<_>>());
    assert_eq!(walk(&mut rig, ContactFilter::Consented).len(), 1_300);
    assert!(walk(&mut rig, ContactFilter::Unconsented).is_empty());
    let last = Pii::new(crate::rig::number(2_299).digits().to_owned());
    rig.done(MANAGER, Admin::Blacklist { number: last });
    assert_eq!(walk(&mut rig, ContactFilter::Blocked), [1_299], "found beyond the first search");
}

#[test]
fn walking_refusals_and_the_blacklist_gives_each_entry_once() {
    let mut rig = Rig::calling_with(130);
    for at in 0..130 {
        let number = Pii::new(crate::rig::number(1_000 + at).digits().to_owned());
        rig.done(MANAGER, Admin::Blacklist { number });
    }
    for at in 1..=130 {
        rig.dial(ContactId(at));
    }
    let (mut seqs, mut before) = (BTreeSet::new(), None);
    loop {
        let what = Admin::Refusals { campaign: CAMPAIGN, before };
        let Answer::Refusals(rows) = rig.ask(MANAGER, what) else { panic!("no page") };
        let Some(last) = rows.last() else { break };
        before = Some(last.seq);
        assert!(
            rows.iter().all(|row| seqs.insert(row.seq) && !row.rules.is_empty() && row.again_at.is_none())
        );
    }
    assert_eq!(seqs.len(), 130);
    let (mut seqs, mut before) = (BTreeSet::new(), None);
    loop {
        let Answer::DoNotCall(page) = rig.ask(MANAGER, Admin::DoNotCall { before }) else {
            panic!("no page")
        };
        assert_eq!(page.internal, 130);
        let Some(last) = page.rows.last() else { break };
        before = Some(last.seq);
        assert!(page.rows.iter().all(|row| seqs.insert(row.seq) && row.number.starts_with("138****")));
    }
    assert_eq!(seqs.len(), 130);
}

fn fits(answer: &Answer) -> usize {
    let bytes = postcard::to_stdvec(&answer).unwrap().len();
    assert!(bytes + 16 <= MAX_FRAME_BYTES, "{bytes} bytes: {answer:?}");
    let _reply_has_the_same_form = std::mem::size_of::<AdminReply>();
    bytes
}

/// The longest name there can be: characters of four bytes.
fn long(mark: usize) -> String {
    let mark = format!("{mark}");
    format!("{mark}{}", "𠮷".repeat(128 - mark.len()))
}

#[test]
fn no_answer_is_longer_than_a_frame_with_the_longest_values_there_can_be() {
    let mut rig = Rig::calling_with(3);
    for at in 0..11 {
        let mut trunk = trunk();
        trunk.name = long(at);
        trunk.host = "h".repeat(253);
        trunk.tls_name = Some("n".repeat(253));
        let id = rig.created(SYSTEM, Admin::AddTrunk(Box::new(trunk)));
        for turn in 0..12_i64 {
            let state = if turn % 2 == 0 { TrunkState::Down } else { TrunkState::Up };
            let trunk = vocab::TrunkId(u16::try_from(id).unwrap());
            let status =
                TrunkStatus { trunk, since: UnixMs(turn), state, reason: "𠮷".repeat(512), calls: 0 };
            rig.give(Cmd::Lined(LinedToVault::Trunk(status)));
        }
    }
    for at in 1..=32 {
        let mut span = crate::spans::ports(at, 31);
        span.name = "𠮷".repeat(64);
        let set = Admin::Span(SpanAsk::Set(Box::new(span)));
        let trunk = vocab::TrunkId(u16::try_from(rig.created(SYSTEM, set)).unwrap());
        let (since, state, reason) = (UnixMs(i64::MAX), TrunkState::Down, "𠮷".repeat(512));
        let status = TrunkStatus { trunk, since, state, reason, calls: 0 };
        rig.give(Cmd::Lined(LinedToVault::Trunk(status)));
        rig.stands(at, |status| status.place = "𠮷".repeat(64));
    }
    for at in 0..70 {
        rig.created(crate::rig::SECURITY, Admin::AddDepartment { name: long(at) });
        let valid_to = rig.clock.now.plus(1_000);
        let number = || Pii::new(format!("0106{at:07}"));
        rig.done(
            SYSTEM,
            Admin::AddCallerNumber {
                number: number(),
                groups: vec![LineGroupId(1)],
                contract: long(at),
                valid_to,
            },
        );
        rig.done(COMPLIANCE, Admin::ApproveCallerNumber { number: number() });
    }
    let prompts: Vec<(PromptRole, ObjectHash)> =
        (0..16).map(|_| (PromptRole::Identify, ObjectHash([1; 32]))).collect();
    for at in 0..20 {
        rig.created(MANAGER, Admin::CreateScript { name: long(at), prompts: prompts.clone() });
    }
    let script = ScriptId(1);
    for at in 0..70 {
        let mut plan = plan(script, vec![1]);
        plan.name = long(at);
        rig.created(MANAGER, Admin::CreateCampaign(Box::new(plan)));
    }
    let mut longest = 0;
    for (person, what) in [
        (MANAGER, Admin::Overview),
        (MANAGER, Admin::Campaigns { after: None }),
        (MANAGER, Admin::Campaign { campaign: CAMPAIGN }),
        (MANAGER, Admin::CampaignChoices),
        (MANAGER, Admin::Departments),
        (MANAGER, Admin::Scripts { after: None }),
        (MANAGER, Admin::Prompts { before: None }),
        (MANAGER, Admin::Batches { before: None }),
        (MANAGER, Admin::Live),
        (MANAGER, Admin::Settings),
        (SYSTEM, Admin::Lines),
        (SYSTEM, Admin::Overview),
        (SYSTEM, Admin::Span(SpanAsk::All)),
        (SYSTEM, Admin::Span(SpanAsk::One { span: vocab::SpanId(32) })),
        (AUDIT, Admin::Series { campaign: None, hours: 744 }),
        (QA, Admin::CallsPage { filter: CallFilter::default(), before: None }),
    ] {
        let answer = rig.ask(person, what);
        assert!(!matches!(answer, Answer::Refused { .. }), "{answer:?}");
        longest = longest.max(fits(&answer));
    }
    let Answer::Spans(spans) = rig.ask(SYSTEM, Admin::Span(SpanAsk::All)) else { panic!("no spans") };
    assert_eq!(spans.len(), 32, "all of them fit one answer");
    assert!(longest > MAX_FRAME_BYTES / 2, "the values were long: {longest}");
    // Every campaign is met all the same.
    let (mut seen, mut after) = (0, None);
    loop {
        let Answer::Campaigns(rows) = rig.ask(MANAGER, Admin::Campaigns { after }) else { panic!("no page") };
        let Some(last) = rows.last() else { break };
        after = Some(last.id);
        seen += rows.len();
    }
    assert_eq!(seen, 71);
    let _key_of_calendars = calendar_key();
}

#[test]
fn what_was_placed_refused_and_answered_stands_in_its_hour() {
    let (mut rig, _) = with_calls(6);
    let Answer::Series(series) = rig.ask(MANAGER, Admin::Series { campaign: None, hours: 24 }) else {
        panic!("no series")
    };
    assert_eq!(series.hours.len(), 24);
    let now = series.hours.last().unwrap();
    assert_eq!((now.placed, now.answered), (6, 2));
    rig.later(25 * 3_600_000);
    let Answer::Series(series) = rig.ask(MANAGER, Admin::Series { campaign: None, hours: 24 }) else {
        panic!("no series")
    };
    assert!(series.hours.iter().all(|hour| hour.placed == 0), "a day later they are out of sight");
    assert_eq!(rig.code(MANAGER, Admin::Series { campaign: None, hours: 0 }), "bounds");
    assert_eq!(rig.code(MANAGER, Admin::Series { campaign: None, hours: 745 }), "bounds");
}

#[test]
fn a_trunk_set_with_an_empty_password_keeps_the_known_one() {
    let mut rig = Rig::calling();
    let account = |password: &str| idl::lines::TrunkAccount {
        user: "user".to_owned(),
        password: vocab::Secret::new(password.to_owned()),
        register: true,
        expires_s: 300,
    };
    let set = |rig: &mut Rig, password: &str| {
        let mut changed = trunk();
        changed.id = vocab::TrunkId(1);
        changed.account = Some(account(password));
        rig.done(SYSTEM, Admin::SetTrunk(Box::new(changed)));
        let known = rig.vault.state().trunks[&vocab::TrunkId(1)].account.clone().unwrap();
        known.password.expose().clone()
    };
    assert_eq!(set(&mut rig, "first"), "first");
    assert_eq!(set(&mut rig, ""), "first");
    assert_eq!(set(&mut rig, "second"), "second");
    let Answer::Lines(lines) = rig.ask(SYSTEM, Admin::Lines) else { panic!("lines") };
    assert!(!format!("{lines:?}").contains("second"), "passwords never come back");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn pages_of_calls_are_complete_for_any_number_of_calls(calls in 0_u64..140) {
        let (mut rig, made) = with_calls(calls.max(1));
        prop_assert_eq!(walk_calls(&mut rig, &CallFilter::default()), made);
    }
}
