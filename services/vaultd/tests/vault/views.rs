//! What each role sees in each view: masks, departments, and one entry for each look (DAT-04, DAT-07, ACC-03,
//! ACC-04, ACC-05, AUD-01, REC-05, REC-06).

use crate::rig::{
    AGENT, AUDIT, CALLER, CAMPAIGN, COMPLIANCE, DATA, MANAGER, PAGE, QA, Rig, SECURITY, SUPERVISOR, SYSTEM,
    TECHNICIAN, agent_id, number,
};
use idl::admin::{Admin, Answer, Role};
use idl::campaign::{CampaignRequest, Disposition};
use idl::hello::Process;
use idl::lines::{CallFact, OptOutBy};
use idl::views::{CallFilter, ContactFilter, LedgerFilter, PlayId};
use rights::{Field, ROLES, Request, Sight, may, request_of, sight};
use vaultd::command::{Cmd, Job, LedgerFound, LedgerRead, ReadJob, ReplyTo};
use vaultd::entries::{Entry, Event};
use vaultd::sound::Heard;
use vocab::{CallId, ContactId, DepartmentId, PersonId, Pii};

const PERSONS: [PersonId; 10] =
    [SYSTEM, SECURITY, AUDIT, COMPLIANCE, MANAGER, SUPERVISOR, QA, DATA, AGENT, TECHNICIAN];
const NOTE: &str = "NOTE-77";

/// A site in which everything there is to see has happened.
fn seen_site() -> (Rig, CallId) {
    let mut rig = Rig::calling();
    let call = rig.ticketed(ContactId(1));
    rig.answer_it(call);
    rig.fact(call, 3, CallFact::OptOut { by: OptOutBy::InBand });
    let (agent, disposition) = (agent_id(), Disposition::Complaint);
    rig.calld(CampaignRequest::WrapUp { call, agent, disposition, note: Pii::new(NOTE.to_owned()) });
    let heard = rig.answered_call(ContactId(2));
    rig.done(MANAGER, Admin::Blacklist { number: Pii::new("13900000000".to_owned()) });
    // The same person is refused when called again.
    rig.dial(ContactId(1));
    rig.take();
    (rig, heard)
}

/// Every view that shows data of customers, and whether this request shows some here.
fn personal(call: CallId) -> Vec<Admin> {
    vec![
        Admin::Refusals { campaign: CAMPAIGN, before: None },
        Admin::Contacts { batch: 1, from_row: 0, only: ContactFilter::All },
        Admin::Lookup { number: Pii::new(number(1_000).digits().to_owned()) },
        Admin::DoNotCall { before: None },
        Admin::CallsPage { filter: CallFilter::default(), before: None },
        Admin::CallCard { call },
    ]
}

/// The others that are answered at once.
fn figures() -> Vec<Admin> {
    vec![
        Admin::Overview,
        Admin::Series { campaign: None, hours: 24 },
        Admin::Departments,
        Admin::Campaigns { after: None },
        Admin::Campaign { campaign: CAMPAIGN },
        Admin::CampaignChoices,
        Admin::Batches { before: None },
        Admin::Scripts { after: None },
        Admin::Prompts { before: None },
        Admin::Lines,
        Admin::Settings,
        Admin::Live,
    ]
}

fn whole(shown: &str) -> bool {
    let digits = |at: u64| number(at).digits()[2..].to_owned();
    (1_000..1_010).any(|at| shown.contains(&digits(at))) || shown.contains("13900000000")
}

fn looks(rig: &Rig) -> usize {
    let log = rig.log.0.lock().unwrap();
    let entries = log.iter().flatten().map(|(_, _, plain)| postcard::from_bytes::<Entry>(plain).unwrap());
    entries.filter(|entry| matches!(entry.event, Event::Looked { .. })).count()
}

#[test]
fn dat_04_dat_07_no_view_shows_any_role_a_number_or_a_name_whole_or_a_field_beyond_its_sight() {
    let (mut rig, call) = seen_site();
    let mut answered = 0;
    for (person, role) in PERSONS.into_iter().zip(ROLES) {
        let all = personal(call).into_iter().chain(figures());
        for what in all {
            let kind = request_of(&what);
            let answer = rig.ask(person, what);
            let refused = matches!(&answer, Answer::Refused { .. });
            assert_eq!(refused, !may(role, kind), "{role:?} {} {answer:?}", kind.name());
            let shown = format!("{answer:?}");
            let place = format!("{role:?} {}", kind.name());
            assert!(!whole(&shown), "{place} shows a number: {shown}");
            assert!(!shown.contains("赵六"), "{place} shows a name: {shown}");
            for (field, mark) in [
                (Field::OrderNo, "ORDER-77"),
                (Field::Demand, "DEMAND-77"),
                (Field::Tag, "TAG-77"),
                (Field::Issue, "ISSUE-77"),
                (Field::Source, "own customers"),
                (Field::CallNote, NOTE),
                (Field::CallerNumber, CALLER),
            ] {
                let allowed = sight(role, field) == Sight::Clear;
                assert!(allowed || !shown.contains(mark), "{place} shows {}: {shown}", field.name());
            }
            let masks = shown.contains("138****10") || shown.contains("赵**");
            let sees = sight(role, Field::CustomerNumber) == Sight::Masked;
            assert!(sees || !masks, "{place} shows a mask: {shown}");
            answered += usize::from(!refused && masks);
        }
    }
    assert!(answered >= 20, "the views were not empty: {answered}");
}

#[test]
fn dat_07_a_colleagues_name_is_clear_masked_or_gives_way_to_the_login() {
    let (mut rig, _) = seen_site();
    let author = |rig: &mut Rig, person| match rig.ask(person, Admin::Scripts { after: None }) {
        Answer::Scripts(scripts) => scripts[0].author.1.clone(),
        other => panic!("{other:?}"),
    };
    // The rig names its people after their roles.
    assert_eq!(author(&mut rig, COMPLIANCE), "Manager");
    assert_eq!(author(&mut rig, QA), "M**");
    assert_eq!(author(&mut rig, MANAGER), "Manager", "one's own name is clear");
    let Answer::Batches(batches) = rig.ask(DATA, Admin::Batches { before: None }) else { panic!("batches") };
    assert_eq!(batches[0].imported_by.1, "DataSpecialist", "one's own name, though names are hidden");
    assert_eq!(batches[0].released_by.as_ref().map(|(_, name)| name.as_str()), Some(""));
}

#[test]
fn acc_05_aud_01_every_look_at_customers_is_one_entry_and_figures_are_none() {
    let (mut rig, call) = seen_site();
    for (person, role) in PERSONS.into_iter().zip(ROLES) {
        for what in personal(call) {
            let kind = request_of(&what);
            let before = looks(&rig);
            rig.ask(person, what);
            let expected = usize::from(may(role, kind));
            assert_eq!(looks(&rig) - before, expected, "{role:?} {}", kind.name());
        }
        for what in figures() {
            let kind = request_of(&what);
            let before = looks(&rig);
            rig.ask(person, what);
            assert_eq!(looks(&rig), before, "{role:?} {}", kind.name());
        }
    }
}

#[test]
fn acc_03_a_supervisor_sees_nothing_of_another_department() {
    let (mut rig, call) = seen_site();
    let other = Admin::AddPerson {
        name: Pii::new("other".to_owned()),
        role: Role::Supervisor,
        department: Some(DepartmentId(2)),
    };
    let other = PersonId(u32::try_from(rig.created(SECURITY, other)).unwrap());
    for what in [
        Admin::Campaign { campaign: CAMPAIGN },
        Admin::Series { campaign: Some(CAMPAIGN), hours: 24 },
        Admin::Refusals { campaign: CAMPAIGN, before: None },
        Admin::Contacts { batch: 1, from_row: 0, only: ContactFilter::All },
        Admin::CallCard { call },
        Admin::Play { call, purpose: "quality".to_owned() },
        Admin::CallsPage {
            filter: CallFilter { campaign: Some(CAMPAIGN), ..CallFilter::default() },
            before: None,
        },
    ] {
        let kind = request_of(&what);
        assert_eq!(rig.code(other, what), "unknown", "{}", kind.name());
    }
    let Answer::CallsPage(page) =
        rig.ask(other, Admin::CallsPage { filter: CallFilter::default(), before: None })
    else {
        panic!("no page")
    };
    assert!(page.rows.is_empty() && page.next.is_none());
    let Answer::Campaigns(rows) = rig.ask(other, Admin::Campaigns { after: None }) else { panic!("rows") };
    assert!(rows.is_empty());
    let Answer::Batches(rows) = rig.ask(other, Admin::Batches { before: None }) else { panic!("rows") };
    assert!(rows.is_empty());
    let Answer::Live(live) = rig.ask(other, Admin::Live) else { panic!("live") };
    assert!(live.agents.is_empty() && live.calls_total == 0 && live.today.placed == 0);
    let Answer::Overview(first) = rig.ask(other, Admin::Overview) else { panic!("overview") };
    assert_eq!((first.today.placed, first.campaigns.len(), first.live_calls), (0, 0, 0));
    let number = Pii::new(number(1_000).digits().to_owned());
    let Answer::Number(card) = rig.ask(other, Admin::Lookup { number }) else { panic!("number") };
    assert!(card.attempts.is_empty(), "the calls of another department are not named");
    assert!(!card.blocked.is_empty(), "but the whole company keeps to the blacklist");
    // The same for a supervisor of the department.
    let Answer::CallsPage(page) =
        rig.ask(SUPERVISOR, Admin::CallsPage { filter: CallFilter::default(), before: None })
    else {
        panic!("no page")
    };
    assert_eq!(page.rows.len(), 2);
}

#[test]
fn acc_04_the_first_page_of_system_staff_has_no_campaign_and_no_customer() {
    let (mut rig, _) = seen_site();
    for person in [SYSTEM, SECURITY, TECHNICIAN, DATA] {
        let Answer::Overview(first) = rig.ask(person, Admin::Overview) else { panic!("overview") };
        assert!(first.campaigns.is_empty() && first.today.placed == 0, "{person:?}");
        assert!(first.attention.iter().all(|item| item.code != "bad-recording"), "{person:?}");
        assert!(!first.checklist.is_empty());
    }
    let Answer::Overview(first) = rig.ask(MANAGER, Admin::Overview) else { panic!("overview") };
    assert_eq!((first.campaigns.len(), first.today.placed), (1, 2));
    assert!(first.calling_hours.0 && first.calling_hours.1.is_some(), "ten in the morning");
}

fn peaks_of(rig: &mut Rig, actor: PersonId, heard: Option<Heard>) -> Answer {
    let jobs = rig.jobs();
    let [Job::Read(ReadJob::Peaks { call, reply, .. })] = jobs.as_slice() else { panic!("{jobs:?}") };
    assert_eq!(reply.actor, actor);
    rig.answer(Cmd::PeaksRead { reply: *reply, call: *call, heard })
}

fn heard() -> Option<Heard> {
    Some(Heard { duration_ms: 8_000, customer: vec![1; 400], agent: vec![2; 400] })
}

#[test]
fn rec_05_a_recording_is_heard_for_a_purpose_and_the_look_is_written_down_first() {
    let (mut rig, call) = seen_site();
    for purpose in ["", "sales", "quality "] {
        assert_eq!(rig.code(QA, Admin::Play { call, purpose: purpose.to_owned() }), "purpose");
    }
    for purpose in ["quality", "dispute", "strategy"] {
        let before = looks(&rig);
        let cmd = rig.request(Some(QA), Admin::Play { call, purpose: purpose.to_owned() });
        rig.give(cmd);
        assert_eq!(looks(&rig), before + 1);
        assert!(matches!(peaks_of(&mut rig, QA, heard()), Answer::Playing(_)));
    }
}

#[test]
fn rec_06_a_piece_is_played_once_by_who_opened_it_and_only_while_the_key_is_there() {
    let (mut rig, call) = seen_site();
    let cmd = rig.request(Some(QA), Admin::Play { call, purpose: "quality".to_owned() });
    rig.give(cmd);
    let Answer::Playing(playing) = peaks_of(&mut rig, QA, heard()) else { panic!("not playing") };
    assert_eq!((playing.duration_ms, playing.segment_ms), (8_000, 5_000));
    assert!(playing.watermark.contains("Qa") && playing.watermark.contains("2026-11-23 10:00"));
    let piece = |index| Admin::PlaySegment { play: playing.play, index };
    let cmd = rig.request(Some(QA), piece(0));
    rig.give(cmd);
    let jobs = rig.jobs();
    assert!(matches!(jobs.as_slice(), [Job::Read(ReadJob::Piece { from_ms: 0, to_ms: 5_000, .. })]));
    assert_eq!(rig.code(QA, piece(0)), "played-already");
    assert_eq!(rig.code(SUPERVISOR, piece(1)), "play-ended", "somebody else's play");
    assert_eq!(rig.code(QA, Admin::PlaySegment { play: PlayId(99), index: 0 }), "play-ended");
    let subject = rig.subject(1_001);
    rig.keys.destroyed.lock().unwrap().push(subject);
    assert_eq!(rig.code(QA, piece(1)), "erased");
}

#[test]
fn rec_06_what_holds_no_sound_is_not_played() {
    let (mut rig, call) = seen_site();
    let failed = rig.failed_call(ContactId(3), vocab::FailCause::Busy);
    assert_eq!(rig.code(QA, Admin::Play { call: failed, purpose: "quality".to_owned() }), "no-recording");
    let cmd = rig.request(Some(QA), Admin::Play { call, purpose: "quality".to_owned() });
    rig.give(cmd);
    let answer = peaks_of(&mut rig, QA, None);
    assert!(matches!(answer, Answer::Refused { code, .. } if code == "no-recording"));
}

#[test]
fn l_32_the_ledgers_page_names_who_and_what_without_a_customers_data() {
    let (mut rig, _) = seen_site();
    let all: Vec<_> = {
        let log = rig.log.0.lock().unwrap();
        let entry = |plain: &[u8]| postcard::from_bytes::<Entry>(plain).unwrap();
        (1_u64..)
            .zip(log.iter())
            .filter_map(|(seq, draft)| draft.as_ref().map(|(_, at, plain)| (seq, *at, entry(plain))))
            .collect()
    };
    let count = all.len();
    let reply = ReplyTo { conn: PAGE, id: 1, actor: AUDIT, from: Process::Tool, session: None };
    let found = LedgerFound { entries: all.into_iter().rev().collect(), next: None };
    let Answer::LedgerPage(page) =
        rig.answer(Cmd::LedgerRead(Box::new(LedgerRead { reply, outcome: Ok(found) })))
    else {
        panic!("no page")
    };
    assert_eq!(page.rows.len(), count);
    let shown = format!("{page:?}");
    assert!(!whole(&shown) && !shown.contains("赵六") && !shown.contains(NOTE), "{shown}");
    assert!(!shown.contains("5b5b"), "no key of the rig");
    for row in &page.rows {
        let says_nothing = row.what.is_empty() && row.kind.1 != "Stopped";
        assert!(!says_nothing, "{row:?}");
    }
    let approval = page.rows.iter().find(|row| row.kind.1 == "ScriptApproved").unwrap();
    assert_eq!(
        approval.person.as_ref().map(|(person, _, role)| (*person, *role)),
        Some((COMPLIANCE, Role::Compliance))
    );
    assert_eq!(approval.what[0], ("script".to_owned(), "script-1".to_owned()));
    // The request itself is a look, and goes to the reader with what is durable.
    let cmd = rig.request(Some(AUDIT), Admin::LedgerPage { filter: LedgerFilter::default(), before: None });
    let entries = rig.vault.state().applied_seq;
    rig.give(cmd);
    let jobs = rig.jobs();
    let [Job::Read(ReadJob::Ledger { query, .. })] = jobs.as_slice() else { panic!("{jobs:?}") };
    assert_eq!(query.before, entries + 1);
    assert!(may(Role::AuditAdmin, Request::LedgerPage));
}
