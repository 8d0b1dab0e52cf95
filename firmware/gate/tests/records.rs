//! The rules about consent, age, lists, script, caller number, recorder and purpose; missing facts; the matrix.
//!
//! Each test spoils one thing of a lawful call.

mod site;

use gate::{
    ConsentFacts, ContactFacts, Facts, Input, Policy, PolicyError, Prompt, Refusal, RuleResult, Scope,
    Skipped, Standing, evaluate,
};
use jiff::civil::date;
use proptest::prelude::*;
use site::{at, calendar, consent, lawful, policy, refusal, result, tuesday};
use vocab::{CampaignClass, DAY_MS, LineGroupId, PersonId, RuleId, UnixMs};

fn noon() -> UnixMs {
    at(tuesday(), (12, 0, 0))
}

/// Why a call is refused once `spoil` was done to its facts; `None` if it is allowed.
fn after(spoil: impl FnOnce(&mut Facts<'_>)) -> Option<(RuleId, Refusal)> {
    let calendar = calendar(2026);
    let mut facts = lawful(noon(), &calendar, &[]);
    spoil(&mut facts);
    let verdict = evaluate(&policy(), &facts);
    assert_eq!(verdict.allowed(), verdict.first_refusal().is_none());
    assert!(
        verdict.refusals().count() <= 1,
        "one spoiled fact: {:?}",
        verdict.refusals().collect::<Vec<_>>()
    );
    verdict.first_refusal()
}

fn with_consent(change: impl FnOnce(&mut ConsentFacts<'static>)) -> Option<(RuleId, Refusal)> {
    after(|facts| {
        let mut changed = consent(facts.now);
        change(&mut changed);
        facts.contact.as_mut().expect("set").consent = Some(changed);
    })
}

fn with_contact(change: impl FnOnce(&mut ContactFacts<'_>)) -> Option<(RuleId, Refusal)> {
    after(|facts| change(facts.contact.as_mut().expect("set")))
}

#[test]
fn a_call_where_everything_is_in_order_is_allowed_and_has_a_line_for_every_rule() {
    let calendar = calendar(2026);
    let verdict = evaluate(&policy(), &lawful(noon(), &calendar, &[]));
    assert!(verdict.allowed());
    assert_eq!(verdict.retry_after(), None);
    let rules: Vec<RuleId> = verdict.lines.iter().map(|line| line.rule).collect();
    assert_eq!(rules, RuleId::ALL);
    let versions: Vec<u64> = verdict.lines.iter().map(|line| line.version).collect();
    assert_eq!(versions, [1, 1, 31, 16, 16, 16, 17, 18, 15, 14, 13, 14, 12, 19, 16]);
}

#[test]
fn cam_08_only_valid_consent_for_this_purpose_lets_marketing_pass() {
    let because = |reason| Some((RuleId::Consent, reason));
    assert_eq!(with_consent(|_| {}), None);
    let now = noon();
    assert_eq!(with_consent(|it| it.expires_at = now), because(Refusal::ConsentExpired { at: now }));
    assert_eq!(with_consent(|it| it.expires_at = now.plus(1)), None);
    assert_eq!(with_consent(|it| it.withdrawn_at = Some(now)), because(Refusal::ConsentWithdrawn));
    assert_eq!(with_consent(|it| it.purpose = "survey"), because(Refusal::ConsentOtherPurpose));
    assert_eq!(with_consent(|it| it.evidence_ok = false), because(Refusal::ConsentEvidenceBroken));
    let future = Refusal::DatedInFuture(Input::Contact);
    assert_eq!(with_consent(|it| it.given_at = now.plus(1)), because(future));
    assert_eq!(with_contact(|it| it.consent = None), because(Refusal::ConsentMissing));
}

#[test]
fn cam_08_the_policy_ends_a_consent_that_claims_to_last_longer() {
    let now = noon();
    assert_eq!(with_consent(|it| it.given_at = now.plus(1 - 365 * DAY_MS)), None);
    let old = with_consent(|it| it.given_at = now.plus(-365 * DAY_MS));
    assert_eq!(old, Some((RuleId::Consent, Refusal::ConsentExpired { at: now })));
}

#[test]
fn cam_09_marketing_starts_on_the_eighteenth_birthday() {
    assert_eq!(with_contact(|it| it.birth = Some(date(2008, 9, 15))), None);
    let a_day_short = with_contact(|it| it.birth = Some(date(2008, 9, 16)));
    assert_eq!(a_day_short, Some((RuleId::ForbiddenGroup, Refusal::Minor)));
    let unborn = with_contact(|it| {
        it.birth = Some(date(2027, 1, 1));
        it.guardian_consent = true;
    });
    assert_eq!(unborn, Some((RuleId::ForbiddenGroup, Refusal::Minor)));
}

#[test]
fn cam_09_an_unknown_age_needs_an_attested_adult_and_no_child_on_the_phone() {
    let because = |reason| Some((RuleId::ForbiddenGroup, reason));
    assert_eq!(with_contact(|it| it.birth = None), because(Refusal::AgeUnknown));
    let attested = |it: &mut ContactFacts<'_>| {
        it.birth = None;
        it.adult_attested = true;
    };
    assert_eq!(with_contact(attested), None);
    assert_eq!(with_contact(|it| it.answered_by_child = true), because(Refusal::AnsweredByChild));
}

#[test]
fn cam_09_below_fourteen_every_class_but_emergency_needs_the_guardian() {
    let calendar = calendar(2026);
    for class in gate::CLASSES {
        let mut facts = lawful(noon(), &calendar, &[]);
        facts.campaign.as_mut().expect("set").class = class;
        let contact = facts.contact.as_mut().expect("set");
        contact.birth = Some(date(2012, 9, 16));
        let found = refusal(&evaluate(&policy(), &facts), RuleId::ForbiddenGroup);
        let expected = (class != CampaignClass::Emergency).then_some(Refusal::GuardianConsentMissing);
        assert_eq!(found, expected, "{class:?}");
    }
}

#[test]
fn cam_12_a_script_passes_as_it_was_approved_by_somebody_else_and_not_long_ago() {
    let script =
        |change: &dyn Fn(&mut gate::ScriptFacts)| after(|facts| change(facts.script.as_mut().expect("set")));
    let because = |reason| Some((RuleId::Script, reason));
    assert_eq!(script(&|it| it.current_hash[31] ^= 1), because(Refusal::ScriptChanged));
    assert_eq!(script(&|it| it.author = PersonId(2)), because(Refusal::ScriptApprovedByAuthor));
    assert_eq!(script(&|it| it.approval = None), because(Refusal::ScriptNotApproved));
    let approved = |ms: i64| script(&|it| it.approval.as_mut().expect("set").at = noon().plus(ms));
    assert_eq!(approved(1 - 180 * DAY_MS), None);
    assert_eq!(approved(-180 * DAY_MS), because(Refusal::ScriptExpired { at: noon() }));
    assert_eq!(approved(1), because(Refusal::DatedInFuture(Input::Script)));
}

#[test]
fn cam_11_cam_05_rec_01_a_script_says_what_it_must() {
    let script =
        |change: &dyn Fn(&mut gate::ScriptFacts)| after(|facts| change(facts.script.as_mut().expect("set")));
    let lacks = |prompt| Some((RuleId::Script, Refusal::ScriptLacks(prompt)));
    assert_eq!(script(&|it| it.identifies_within_s = None), lacks(Prompt::Identification));
    assert_eq!(script(&|it| it.identifies_within_s = Some(11)), lacks(Prompt::Identification));
    assert_eq!(script(&|it| it.identifies_within_s = Some(10)), None);
    assert_eq!(script(&|it| it.recording_notice = false), lacks(Prompt::RecordingNotice));
    assert_eq!(script(&|it| it.opt_out_hint = false), lacks(Prompt::OptOutHint));
    let notice = after(|facts| {
        facts.campaign.as_mut().expect("set").class = CampaignClass::ServiceNotice;
        facts.script.as_mut().expect("set").opt_out_hint = false;
    });
    assert_eq!(notice, None, "the opt-out hint is marketing's duty");
}

#[test]
fn cam_04_refusals_stop_every_class_but_emergency() {
    let calendar = calendar(2026);
    for class in gate::CLASSES {
        let mut facts = lawful(noon(), &calendar, &[]);
        facts.campaign.as_mut().expect("set").class = class;
        facts.blacklist.as_mut().expect("set").hit = true;
        facts.person.as_mut().expect("set").declined = true;
        let verdict = evaluate(&policy(), &facts);
        assert_eq!(verdict.allowed(), class == CampaignClass::Emergency, "{class:?}");
        if class != CampaignClass::Emergency {
            assert_eq!(refusal(&verdict, RuleId::Blacklist), Some(Refusal::Blacklisted));
            assert_eq!(refusal(&verdict, RuleId::Declined), Some(Refusal::Declined));
            assert_eq!((verdict.retry_after(), verdict.standing()), (None, Some(Standing::Final)));
        }
    }
}

#[test]
fn cam_07_the_official_list_is_fresh_and_without_the_number() {
    let list = |change: &dyn Fn(&mut gate::DncFacts)| after(|facts| change(facts.dnc.as_mut().expect("set")));
    let because = |reason| Some((RuleId::DoNotCall, reason));
    assert_eq!(list(&|it| it.hit = true), because(Refusal::OnDoNotCallList));
    assert_eq!(list(&|it| it.imported_at = noon().plus(-7 * DAY_MS)), None);
    let stale = Refusal::DoNotCallListStale { age_days: 8, max_days: 7 };
    assert_eq!(list(&|it| it.imported_at = noon().plus(-8 * DAY_MS)), because(stale));
    let future = Refusal::DatedInFuture(Input::DoNotCall);
    assert_eq!(list(&|it| it.imported_at = noon().plus(1)), because(future));
}

#[test]
fn cam_16_a_contact_serves_only_the_purpose_it_was_imported_for() {
    assert_eq!(with_contact(|it| it.purpose = "survey"), Some((RuleId::Purpose, Refusal::OtherPurpose)));
    let calendar = calendar(2026);
    let mut facts = lawful(noon(), &calendar, &[]);
    facts.campaign.as_mut().expect("set").purpose = "";
    facts.contact.as_mut().expect("set").purpose = "";
    assert_eq!(refusal(&evaluate(&policy(), &facts), RuleId::Purpose), Some(Refusal::PurposeEmpty));
}

#[test]
fn lin_01_only_a_number_registered_for_these_lines_is_shown() {
    let caller = |change: &dyn Fn(&mut gate::CallerFacts)| {
        after(|facts| change(facts.campaign.as_mut().expect("set").caller.as_mut().expect("set")))
    };
    let because = |reason| Some((RuleId::CallerNumber, reason));
    assert_eq!(caller(&|it| it.registered_for = None), because(Refusal::CallerNotRegistered));
    assert_eq!(caller(&|it| it.registered_for = Some(LineGroupId(3))), because(Refusal::CallerNotRegistered));
    assert_eq!(caller(&|it| it.valid_to = noon()), because(Refusal::CallerExpired { at: noon() }));
}

#[test]
fn rec_02_marketing_is_not_dialled_unrecorded_and_notices_leave_a_gap_to_explain() {
    let full = |facts: &mut Facts<'_>| facts.recording.as_mut().expect("set").free_bytes = (1 << 30) - 1;
    let space = Refusal::RecordingSpace { free_mib: 1023, needed_mib: 1024 };
    assert_eq!(after(full), Some((RuleId::Recording, space)));
    let broken = after(|facts| facts.recording.as_mut().expect("set").ready = false);
    assert_eq!(broken, Some((RuleId::Recording, Refusal::RecorderNotReady)));
    let calendar = calendar(2026);
    let mut notice = lawful(noon(), &calendar, &[]);
    notice.campaign.as_mut().expect("set").class = CampaignClass::ServiceNotice;
    full(&mut notice);
    let verdict = evaluate(&policy(), &notice);
    assert!(verdict.allowed());
    assert_eq!(result(&verdict, RuleId::Recording), RuleResult::NotApplicable(Skipped::RecordingGap));
}

#[test]
fn a_campaign_at_rest_a_finished_contact_and_a_person_in_a_call_are_not_dialled() {
    let because = |reason| Some((RuleId::Dialable, reason));
    let paused = after(|facts| facts.campaign.as_mut().expect("set").running = false);
    assert_eq!(paused, because(Refusal::CampaignNotRunning));
    assert_eq!(with_contact(|it| it.open = false), because(Refusal::ContactClosed));
    let busy = after(|facts| facts.person.as_mut().expect("set").in_call_now = true);
    assert_eq!(busy, because(Refusal::PersonInCall));
}

#[test]
fn every_rule_refuses_when_its_facts_are_missing() {
    let empty = Facts {
        now: noon(),
        clock: None,
        campaign: None,
        script: None,
        contact: None,
        person: None,
        blacklist: None,
        dnc: None,
        holidays: None,
        recording: None,
    };
    let verdict = evaluate(&policy(), &empty);
    assert_eq!(verdict.lines.len(), RuleId::ALL.len());
    for line in &verdict.lines {
        // The hours need nothing but the instant.
        let refused = matches!(line.result, RuleResult::Refuse(_));
        assert_eq!(refused, line.rule != RuleId::CallingHours, "{}", line.rule);
    }
    assert_eq!(verdict.retry_after(), None);
}

#[test]
fn one_missing_fact_refuses_under_the_rules_that_read_it() {
    type Spoil = fn(&mut Facts<'_>);
    let table: [(Spoil, &[RuleId]); 10] = [
        (|it| it.clock = None, &[RuleId::Clock]),
        (
            |it| it.campaign = None,
            &[RuleId::Consent, RuleId::Purpose, RuleId::CallerNumber, RuleId::Dialable],
        ),
        (|it| it.campaign.as_mut().expect("set").caller = None, &[RuleId::CallerNumber]),
        (|it| it.script = None, &[RuleId::Script]),
        (
            |it| it.contact = None,
            &[RuleId::Consent, RuleId::ForbiddenGroup, RuleId::Purpose, RuleId::Dialable],
        ),
        (
            |it| it.person = None,
            &[RuleId::Frequency, RuleId::RetryBudget, RuleId::Declined, RuleId::Dialable],
        ),
        (|it| it.blacklist = None, &[RuleId::Blacklist]),
        (|it| it.dnc = None, &[RuleId::DoNotCall]),
        (|it| it.holidays = None, &[RuleId::Holiday]),
        (|it| it.recording = None, &[RuleId::Recording]),
    ];
    let calendar = calendar(2026);
    for (spoil, expected) in table {
        let mut facts = lawful(noon(), &calendar, &[]);
        spoil(&mut facts);
        let verdict = evaluate(&policy(), &facts);
        let rules: Vec<RuleId> = verdict.refusals().map(|(rule, _)| rule).collect();
        assert_eq!(rules, expected);
    }
}

#[test]
fn the_matrix_names_every_rule_once_and_binds_marketing_by_all() {
    let listed: Vec<RuleId> = gate::MATRIX.iter().map(|(rule, _)| *rule).collect();
    assert_eq!(listed, RuleId::ALL);
    for (rule, columns) in gate::MATRIX {
        assert_eq!(columns[0], Scope::Always, "{rule}");
        assert_eq!(gate::scope(rule, CampaignClass::Marketing), Scope::Always);
    }
}

#[test]
fn a_policy_written_past_its_bounds_refuses_every_call() {
    let calendar = calendar(2026);
    let facts = lawful(noon(), &calendar, &[]);
    let mut early = policy();
    early.hours.marketing.opens_min = 7 * 60 + 30;
    let zoneless = Policy { zone: "Mars/Olympus".to_owned(), ..policy() };
    let alone = Policy {
        wider_approved: Some(gate::DualApproval { set_by: PersonId(1), agreed_by: PersonId(1) }),
        ..policy()
    };
    for bad in [early, zoneless, alone] {
        let verdict = evaluate(&bad, &facts);
        assert_eq!(verdict.refusals().count(), RuleId::ALL.len());
        assert_eq!(verdict.first_refusal(), Some((RuleId::Clock, Refusal::PolicyInvalid)));
    }
}

#[test]
fn cam_01_half_past_seven_and_half_past_ten_cannot_be_saved() {
    let mut policy = policy();
    assert_eq!(policy.validate(), Ok(()));
    policy.hours.marketing.opens_min = 450;
    let out = |field, class, value, min, max| PolicyError::OutOfBounds { field, class, value, min, max };
    let marketing = Some(CampaignClass::Marketing);
    assert_eq!(policy.validate(), Err(out("hours.opens_min", marketing, 450, 480, 1260)));
    policy.hours.marketing.opens_min = 480;
    policy.hours.emergency.closes_min = 1350;
    let emergency = Some(CampaignClass::Emergency);
    assert_eq!(policy.validate(), Err(out("hours.closes_min", emergency, 1350, 480, 1320)));
    policy.hours.emergency.closes_min = 1320;
    assert!(matches!(policy.validate(), Err(PolicyError::NeedsDualApproval { bound: 1260, .. })));
    let shown = out("ring_time_s", None, 61, 10, 60).to_string();
    assert_eq!(shown, "ring_time_s is 61, but must lie between 10 and 60");
}

#[test]
fn cam_01_a_zone_nobody_knows_cannot_be_saved() {
    let unknown = Policy { zone: "Mars/Olympus".to_owned(), ..policy() };
    assert_eq!(unknown.validate(), Err(PolicyError::UnknownZone("Mars/Olympus".to_owned())));
    let long = Policy { zone: "x".repeat(10_000), ..policy() };
    assert_eq!(long.validate(), Err(PolicyError::UnknownZone("x".repeat(gate::MAX_ZONE_CHARS))));
}

#[test]
fn cam_03_wider_caps_need_two_people_and_marketing_never_gets_them() {
    let mut policy = policy();
    policy.frequency.service_notice.per_day = 3;
    assert!(matches!(policy.validate(), Err(PolicyError::NeedsDualApproval { value: 3, bound: 1, .. })));
    policy.wider_approved = Some(gate::DualApproval { set_by: PersonId(1), agreed_by: PersonId(2) });
    assert_eq!(policy.validate(), Ok(()));
    policy.frequency.service_notice.per_day = 4;
    assert!(matches!(policy.validate(), Err(PolicyError::OutOfBounds { max: 3, .. })));
    policy.frequency.service_notice.per_day = 3;
    policy.frequency.marketing.per_day = 2;
    assert!(matches!(policy.validate(), Err(PolicyError::OutOfBounds { max: 1, .. })));
}

/// The prohibitions of the product, one by one.
const PROHIBITIONS: [fn(&mut Facts<'_>); 20] = [
    |it| it.clock = None,
    |it| it.clock.iter_mut().for_each(|clock| clock.synchronised = false),
    |it| it.campaign = None,
    |it| it.campaign.iter_mut().for_each(|campaign| campaign.running = false),
    |it| it.campaign.iter_mut().for_each(|campaign| campaign.caller = None),
    |it| it.script = None,
    |it| it.script.iter_mut().for_each(|script| script.approval = None),
    |it| it.script.iter_mut().for_each(|script| script.recording_notice = false),
    |it| it.contact = None,
    |it| it.contact.iter_mut().for_each(|contact| contact.consent = None),
    |it| it.contact.iter_mut().for_each(|contact| contact.purpose = "another"),
    |it| it.contact.iter_mut().for_each(|contact| contact.birth = Some(date(2020, 1, 1))),
    |it| it.contact.iter_mut().for_each(|contact| contact.open = false),
    |it| it.person = None,
    |it| it.person.iter_mut().for_each(|person| person.declined = true),
    |it| it.person.iter_mut().for_each(|person| person.in_call_now = true),
    |it| it.blacklist.iter_mut().for_each(|list| list.hit = true),
    |it| it.dnc.iter_mut().for_each(|list| list.hit = true),
    |it| it.holidays = None,
    |it| it.recording = None,
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn one_more_prohibition_never_turns_a_refusal_into_a_permission(
        before in prop::collection::vec(0_usize..20, 0..4),
        added in 0_usize..20,
        class in 0_usize..5,
        minute in 0_i64..24 * 60,
        age_days in prop::option::of(0_i64..20),
    ) {
        let calendar = calendar(2026);
        let now = at(tuesday(), (0, 0, 0)).plus(minute * 60_000);
        let attempts: Vec<gate::Attempt> = age_days
            .map(|days| gate::Attempt { at: now.plus(-days * DAY_MS), answered: false })
            .into_iter()
            .collect();
        let mut facts = lawful(now, &calendar, &attempts);
        facts.campaign.as_mut().expect("set").class = gate::CLASSES[class];
        before.iter().for_each(|which| PROHIBITIONS[*which](&mut facts));
        let first = evaluate(&policy(), &facts);
        PROHIBITIONS[added](&mut facts);
        let second = evaluate(&policy(), &facts);
        prop_assert!(first.allowed() || !second.allowed());
        for (rule, _) in first.refusals() {
            prop_assert!(refusal(&second, rule).is_some(), "{} forgot its refusal", rule);
        }
    }
}
