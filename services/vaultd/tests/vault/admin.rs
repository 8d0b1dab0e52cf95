//! Requests of people: who may, four eyes, bounds, calendars, lists, looks.

use crate::rig::{
    AGENT, AUDIT, CALLER, CAMPAIGN, COMPLIANCE, DATA, MANAGER, PAGE, QA, Rig, SECURITY, SUPERVISOR, SYSTEM,
    TECHNICIAN, holidays, number, plan,
};
use crate::samples::sample;
use idl::admin::{Admin, Answer, Role};
use idl::hello::Process;
use idl::lines::{PromptRole, SrtpPolicy};
use rights::{ROLES, Request, TABLE, request_of};
use vaultd::command::{Cmd, ImportOutcome, Job, ReplyTo};
use vaultd::entries::{Entry, EntryResult, Event};
use vocab::{DepartmentId, ObjectHash, PersonId, Pii, ScriptId};

const PERSONS: [PersonId; 10] =
    [SYSTEM, SECURITY, AUDIT, COMPLIANCE, MANAGER, SUPERVISOR, QA, DATA, AGENT, TECHNICIAN];

#[test]
fn acc_01_every_request_of_every_role_meets_the_table() {
    for (request, columns) in TABLE {
        assert_eq!(request_of(&sample(request)), request);
        for ((person, role), allowed) in PERSONS.into_iter().zip(ROLES).zip(columns) {
            let mut rig = Rig::blank();
            rig.commission();
            rig.people();
            let cmd = rig.request(Some(person), sample(request));
            let answered = if allowed && matches!(request, Request::VerifyLedger | Request::LedgerPage) {
                rig.give(cmd);
                assert!(matches!(rig.jobs().as_slice(), [Job::VerifyLedger { .. } | Job::Read(_)]));
                continue;
            } else {
                rig.answer(cmd)
            };
            let denied = matches!(&answered, Answer::Refused { code, .. } if code == "role");
            assert_eq!(denied, !allowed, "{role:?} {} {answered:?}", request.name());
        }
    }
}

#[test]
fn aud_01_a_refused_request_is_an_entry_with_who_and_why() {
    let mut rig = Rig::calling();
    assert_eq!(rig.code(AGENT, Admin::VerifyLedger), "role");
    let log = rig.log.0.lock().unwrap();
    let (_, _, plain) = log.last().unwrap().as_ref().unwrap();
    let entry: Entry = postcard::from_bytes(plain).unwrap();
    assert_eq!(entry.who, vaultd::entries::Who::Person(AGENT, Role::Agent));
    assert_eq!(entry.result, EntryResult::Refused("role".to_owned()));
    assert!(matches!(entry.event, Event::Denied { request } if request == "VerifyLedger"));
}

#[test]
fn a_box_is_commissioned_once_by_three_different_persons() {
    let mut rig = Rig::blank();
    assert_eq!(rig.code(SYSTEM, Admin::AddDepartment { name: "x".to_owned() }), "not-commissioned");
    let twice = Admin::Commission {
        company: "x".to_owned(),
        zone: "Asia/Shanghai".to_owned(),
        administrators: ["a", "b", "a"].map(|name| Pii::new(name.to_owned())),
        calendar_key: [0; 32],
    };
    let cmd = rig.request(None, twice);
    assert!(matches!(rig.answer(cmd), Answer::Refused { code, .. } if code == "same-person"));
    assert!(matches!(rig.commission(), Answer::Created { ids } if ids == [1, 2, 3]));
    assert!(matches!(rig.commission(), Answer::Refused { code, .. } if code == "commissioned"));
}

#[test]
fn four_eyes_caller_number_script_and_batch_need_another_person() {
    let mut rig = Rig::calling();
    // A compliance officer drafts a script and may not approve it; the same for what the others entered.
    let prompts = vec![(PromptRole::Identify, ObjectHash([1; 32]))];
    let script = rig.created(COMPLIANCE, Admin::CreateScript { name: "own".to_owned(), prompts });
    let script = ScriptId(u32::try_from(script).unwrap());
    assert_eq!(rig.code(COMPLIANCE, Admin::ApproveScript { script }), "same-person");
    let batch = rig.quarantined(5_000, 1);
    assert_eq!(rig.code(DATA, Admin::ReleaseBatch { batch }), "same-person");
    rig.done(COMPLIANCE, Admin::ReleaseBatch { batch });
    assert_eq!(rig.code(COMPLIANCE, Admin::ReleaseBatch { batch }), "exists");
}

#[test]
fn cam_12_a_script_without_its_mandatory_words_cannot_be_approved() {
    let mut rig = Rig::calling();
    for missing in [PromptRole::Identify, PromptRole::RecordingNotice, PromptRole::OptOutHint] {
        let all = [PromptRole::Identify, PromptRole::RecordingNotice, PromptRole::OptOutHint];
        let prompts = all.into_iter().filter(|role| *role != missing).map(|role| (role, ObjectHash([1; 32])));
        let prompts = prompts.collect();
        let id = rig.created(MANAGER, Admin::CreateScript { name: "x".to_owned(), prompts });
        let script = ScriptId(u32::try_from(id).unwrap());
        assert_eq!(rig.code(COMPLIANCE, Admin::ApproveScript { script }), "script-lacks", "{missing:?}");
    }
}

#[test]
fn cam_02_a_calendar_with_a_wrong_signature_is_refused() {
    let mut rig = Rig::calling();
    let (toml, mut signature) = holidays();
    signature[7] ^= 1;
    assert_eq!(rig.code(SYSTEM, Admin::Holidays { toml: toml.clone(), signature }), "signature");
    let (_, signature) = holidays();
    assert_eq!(
        rig.code(SYSTEM, Admin::Holidays { toml: toml.replace("10-02", "10-03"), signature }),
        "signature"
    );
}

#[test]
fn cam_01_a_policy_beyond_its_bounds_is_refused_and_changes_nothing() {
    let mut rig = Rig::calling();
    let before = rig.vault.state().policy.clone();
    for toml in
        ["dnc_max_age_days = 31", "[hours.marketing]\nopens_min = 420", "zone = \"UTC\"", "nonsense = 1"]
    {
        let code = rig.code(COMPLIANCE, Admin::SetPolicy { toml: toml.to_owned() });
        assert!(["policy-bounds", "zone", "policy"].contains(&code.as_str()), "{toml} {code}");
    }
    assert_eq!(rig.vault.state().policy, before);
    rig.done(COMPLIANCE, Admin::SetPolicy { toml: "dnc_max_age_days = 3".to_owned() });
    assert_eq!(rig.vault.state().policy.dnc_max_age_days, 3);
    assert_eq!(rig.vault.state().policy.hours, before.hours);
}

#[test]
fn a_wider_policy_needs_the_asking_officer_and_another_person_of_the_box() {
    let mut rig = Rig::calling();
    let toml = |set: u32, agreed: u32| {
        format!(
            "[frequency.service_notice]\nper_day = 2\nper_7d = 6\n[wider_approved]\nset_by = {set}\nagreed_by = {agreed}\n"
        )
    };
    assert_eq!(rig.code(COMPLIANCE, Admin::SetPolicy { toml: toml(5, 4) }), "same-person");
    assert_eq!(rig.code(COMPLIANCE, Admin::SetPolicy { toml: toml(4, 4_000) }), "same-person");
    rig.done(COMPLIANCE, Admin::SetPolicy { toml: toml(4, 5) });
}

#[test]
fn campaigns_are_bounded_and_take_released_contacts_of_their_purpose() {
    let mut rig = Rig::calling();
    let script = ScriptId(1);
    let quarantined = rig.quarantined(7_000, 1);
    let released = rig.batch(8_000, 1);
    let create = |plan| Admin::CreateCampaign(Box::new(plan));
    assert_eq!(rig.code(MANAGER, create(plan(script, vec![quarantined]))), "quarantine");
    let mut other = plan(script, vec![released]);
    other.purpose = "something else".to_owned();
    assert_eq!(rig.code(MANAGER, create(other)), "purpose");
    let mut many = plan(script, vec![released]);
    many.attempts = 4;
    assert_eq!(rig.code(MANAGER, create(many)), "bounds");
    let mut caller = plan(script, vec![released]);
    caller.caller = Pii::new("01069999999".to_owned());
    assert_eq!(rig.code(MANAGER, create(caller)), "unknown");
    assert_eq!(rig.code(MANAGER, create(plan(script, vec![released, released]))), "exists");
    assert_eq!(rig.created(MANAGER, create(plan(script, vec![released]))), 2);
}

#[test]
fn acc_03_a_supervisor_does_not_reach_into_another_department() {
    let mut rig = Rig::calling();
    let contact = rig.queue(1)[0];
    let call = rig.answered_call(contact);
    let department = Some(DepartmentId(2));
    let name = Pii::new("别的主管".to_owned());
    let other = rig.created(SECURITY, Admin::AddPerson { name, role: Role::Supervisor, department });
    let other = PersonId(u32::try_from(other).unwrap());
    assert_eq!(rig.code(other, Admin::Call { call }), "other-department");
    assert_eq!(rig.code(other, Admin::StartCampaign { campaign: CAMPAIGN }), "other-department");
    assert!(matches!(rig.ask(other, Admin::Calls { after: None }), Answer::Calls(calls) if calls.is_empty()));
    assert!(
        matches!(rig.ask(SUPERVISOR, Admin::Calls { after: None }), Answer::Calls(calls) if calls.len() == 1)
    );
}

#[test]
fn aud_01_a_look_is_durable_before_the_key_of_a_recording_is_given() {
    let mut rig = Rig::calling();
    let contact = rig.queue(1)[0];
    let call = rig.answered_call(contact);
    assert_eq!(rig.code(QA, Admin::Listen { call, purpose: "curiosity".to_owned() }), "purpose");
    let before = rig.log.0.lock().unwrap().len();
    let answer = rig.ask(QA, Admin::Listen { call, purpose: "quality".to_owned() });
    assert!(matches!(answer, Answer::Listen { file, .. } if file == format!("{}.rfr", call.0)));
    let log = rig.log.0.lock().unwrap();
    let (_, _, plain) = log[before].as_ref().unwrap();
    let entry: Entry = postcard::from_bytes(plain).unwrap();
    assert!(
        matches!(entry.event, Event::Looked { call: Some(seen), purpose, .. } if seen == call && purpose == "quality")
    );
}

#[test]
fn an_import_with_errors_imports_nothing_and_says_where() {
    let mut rig = Rig::calling();
    let batches = rig.vault.state().batches.len();
    let outcome = ImportOutcome::Errors { what: "contacts", rows: 5, total: 2, first: Vec::new() };
    assert!(matches!(rig.imported(DATA, outcome), Answer::Imported { batch: None, errors_total: 2, .. }));
    assert_eq!(rig.vault.state().batches.len(), batches);
}

#[test]
fn a_second_file_on_the_same_connection_waits_for_the_first() {
    let mut rig = Rig::calling();
    let file = || std::fs::File::open("/dev/null").unwrap();
    for expected_jobs in [1, 0] {
        let cmd = rig.request(Some(MANAGER), Admin::UploadPrompt { text: "x".to_owned() });
        let Cmd::Admin { conn, from, request, .. } = cmd else { unreachable!() };
        rig.give(Cmd::Admin { conn, from, request, attached: Some(file()) });
        assert_eq!(rig.jobs().len(), expected_jobs);
    }
    rig.give(Cmd::AdminDown(PAGE));
    assert_eq!(rig.code(MANAGER, Admin::UploadPrompt { text: "x".to_owned() }), "file-missing");
}

#[test]
fn the_password_of_a_phone_is_shown_once_and_lined_gets_its_hashes() {
    let mut rig = Rig::calling();
    let wanted = Admin::AddPhone { person: AGENT, srtp: SrtpPolicy::Required, allow_md5: false };
    let Answer::Phone { user, realm, password, .. } = rig.ask(SECURITY, wanted) else { panic!("no phone") };
    let expected = vaultd::phone::ha1_sha256(&user, &realm, &password);
    let phones: Vec<_> = rig
        .sent_to_lined()
        .into_iter()
        .filter_map(|message| match message {
            idl::lines::VaultToLined::Phones { phones, .. } => Some(phones),
            _ => None,
        })
        .flatten()
        .collect();
    assert_eq!(phones.len(), 1);
    assert!(phones[0].ha1_sha256 == expected && phones[0].ha1_md5.is_none());
    let log = rig.log.0.lock().unwrap();
    let secret = expected.expose().as_bytes();
    assert!(
        log.iter().flatten().all(|(_, _, plain)| !plain.windows(secret.len()).any(|part| part == secret))
    );
    let wanted = Admin::AddPhone { person: QA, srtp: SrtpPolicy::Required, allow_md5: false };
    drop(log);
    assert_eq!(rig.code(SECURITY, wanted), "not-an-agent");
}

#[test]
fn the_status_says_what_is_missing_before_the_first_call() {
    let mut rig = Rig::blank();
    let cmd = rig.request(None, Admin::Status);
    let Answer::Status(blank) = rig.answer(cmd) else { panic!("no status") };
    assert!(!blank.commissioned && blank.missing.len() > 5);
    let mut rig = Rig::calling();
    let cmd = rig.request(None, Admin::Status);
    let Answer::Status(status) = rig.answer(cmd) else { panic!("no status") };
    assert!(status.commissioned && status.missing.is_empty(), "{:?}", status.missing);
}

#[test]
fn the_ledgers_verification_is_answered_and_is_an_entry() {
    let mut rig = Rig::calling();
    let reply = ReplyTo { conn: PAGE, id: 5, actor: AUDIT, from: Process::Tool, session: None };
    let answer = rig.answer(Cmd::LedgerVerified { reply, outcome: Err("entry 7 was altered".to_owned()) });
    assert!(matches!(answer, Answer::Ledger { ok: false, fault, .. } if fault.contains("entry 7")));
}

#[test]
fn a_caller_number_is_entered_and_approved_by_two_persons() {
    let mut rig = Rig::blank();
    rig.commission();
    rig.people();
    rig.lines();
    let number = vocab::PhoneNumber::parse(CALLER).unwrap();
    let known = &rig.vault.state().numbers[&number];
    assert_eq!((known.entered_by, known.approved_by), (SYSTEM, Some(COMPLIANCE)));
    assert_eq!(
        rig.code(COMPLIANCE, Admin::ApproveCallerNumber { number: Pii::new("12".to_owned()) }),
        "number"
    );
    let unknown = Pii::new(crate::rig::number(5).digits().to_owned());
    assert_eq!(rig.code(COMPLIANCE, Admin::ApproveCallerNumber { number: unknown }), "unknown");
}

#[test]
fn cam_04_a_number_entered_by_hand_is_blocked_whatever_its_spelling() {
    let mut rig = Rig::calling();
    let spelled = Pii::new(format!("+86 {}", &number(1_000).digits()[2..]));
    rig.done(MANAGER, Admin::Blacklist { number: spelled });
    assert!(rig.vault.state().blacklist.contains_key(&rig.subject(1_000)));
}
