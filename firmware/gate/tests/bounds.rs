//! The bounds people are shown are those the gate keeps, and the hours shown are those it decides by.

use gate::{CampaignFacts, Facts, Policy, PolicyField, RuleResult, hours_at, policy_fields};
use vocab::{CampaignClass, CampaignId, LineGroupId, MINUTE_MS, PersonId, RuleId, UnixMs};

fn with(name: &str, value: toml::Value) -> Policy {
    let approval = gate::DualApproval { set_by: PersonId(1), agreed_by: PersonId(2) };
    let policy = Policy { wider_approved: Some(approval), ..Policy::default() };
    let mut table = toml::Value::try_from(&policy).unwrap();
    let mut place = &mut table;
    for part in name.split('.') {
        place = place.get_mut(part).unwrap_or_else(|| panic!("{name} is a value of the policy"));
    }
    *place = value;
    table.try_into().unwrap()
}

#[test]
fn every_bound_shown_is_the_one_that_is_kept() {
    for PolicyField { name, bounds, .. } in policy_fields() {
        let Some((min, max)) = bounds else { continue };
        let sound = |value: u32| with(&name, toml::Value::Integer(value.into())).validate();
        // A window must open before it closes: its far ends are out of order, not out of bounds.
        let in_order = |value: u32| {
            let error = sound(value).err().map(|error| error.to_string()).unwrap_or_default();
            assert!(!error.contains("must lie between"), "{name} = {value}: {error}");
        };
        in_order(min);
        in_order(max);
        let refused = |value: u32| {
            let error = sound(value).expect_err("out of bounds").to_string();
            assert!(error.contains("must lie between"), "{name} = {value}: {error}");
        };
        refused(max + 1);
        if min > 0 {
            refused(min - 1);
        }
    }
}

#[test]
fn every_value_of_the_policy_but_its_version_and_approval_is_shown() {
    fn names(prefix: &str, value: &toml::Value, out: &mut Vec<String>) {
        match value {
            toml::Value::Table(table) => {
                for (name, value) in table {
                    let dotted = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
                    names(&dotted, value, out);
                }
            }
            _ => out.push(prefix.to_owned()),
        }
    }
    let mut all = Vec::new();
    names("", &toml::Value::try_from(Policy::default()).unwrap(), &mut all);
    all.retain(|name| name != "version");
    all.sort();
    let mut shown: Vec<String> = policy_fields().into_iter().map(|field| field.name).collect();
    shown.sort();
    assert_eq!(shown, all);
}

/// Whether the gate's own rules of hours let this minute pass.
fn open(policy: &Policy, now: UnixMs) -> bool {
    let campaign = CampaignFacts {
        id: CampaignId(1),
        version: 1,
        class: CampaignClass::ServiceNotice,
        purpose: "x",
        running: true,
        line_group: LineGroupId(1),
        caller: None,
    };
    let facts = Facts {
        now,
        clock: None,
        campaign: Some(campaign),
        script: None,
        contact: None,
        person: None,
        blacklist: None,
        dnc: None,
        holidays: None,
        recording: None,
    };
    let verdict = gate::evaluate(policy, &facts);
    let hours = verdict.lines.iter().find(|line| line.rule == RuleId::CallingHours).unwrap();
    hours.result == RuleResult::Pass
}

#[test]
fn cam_01_the_hours_shown_change_exactly_when_the_gate_does() {
    let policy = Policy::default();
    let start: jiff::Timestamp = "2026-11-23T00:00:00+08:00".parse().unwrap();
    for minute in 0..48 * 60 {
        let now = UnixMs(start.as_millisecond() + minute * MINUTE_MS);
        let shown = hours_at(&policy, CampaignClass::ServiceNotice, None, now);
        assert_eq!(shown.open, open(&policy, now), "minute {minute}");
        let changes = shown.changes_at.expect("it changes every day");
        assert!(changes > now);
        assert_ne!(open(&policy, changes), shown.open, "it changes then");
        assert_eq!(open(&policy, changes.plus(-1)), shown.open, "and not before");
    }
}
