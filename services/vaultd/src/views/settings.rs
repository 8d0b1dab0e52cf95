//! The site's settings: what was fixed at commissioning, and the policy with the bounds the gate keeps.

use super::page::{MAX_PAGE_BYTES, Page};
use super::sight::Eyes;
use crate::vault::Vault;
use gate::{CalendarData, Policy, PolicyField, policy_fields};
use idl::views::{PolicyValue, SettingsView};
use rights::Request;

impl Vault {
    pub(super) fn settings(&self, eyes: Eyes) -> SettingsView {
        let state = &self.state;
        let defaults = Policy { zone: state.policy.zone.clone(), ..Policy::default() };
        let (now, defaults) = (table_of(&state.policy), table_of(&defaults));
        let may = eyes.may(Request::SetPolicy);
        let value = |field: PolicyField| PolicyValue {
            value: value_at(&now, &field.name),
            default: value_at(&defaults, &field.name),
            rule: field.rule.to_owned(),
            bounds: field
                .bounds
                .map_or_else(Default::default, |(min, max)| (min.to_string(), max.to_string())),
            editable: field.editable && may,
            name: field.name,
        };
        let mut calendars = Page::within(MAX_CALENDARS, MAX_PAGE_BYTES / 4);
        for calendar in state.holidays.values().rev() {
            let data = CalendarData::from(calendar.clone());
            let dates = |dates: &[gate::Date]| dates.iter().map(ToString::to_string).collect();
            let row = (data.year, data.version, dates(&data.dates_off), dates(&data.adjusted_working_days));
            if !calendars.push(row) {
                break;
            }
        }
        let mut departments = Page::within(idl::MAX_PAGE_ITEMS, MAX_PAGE_BYTES / 2);
        for (id, name) in &state.departments {
            if !departments.push((*id, name.clone())) {
                break;
            }
        }
        SettingsView {
            company: state.company.clone(),
            zone: state.policy.zone.clone(),
            calendar_key: data_encoding::HEXLOWER.encode(&state.calendar_key),
            policy: policy_fields().into_iter().map(value).collect(),
            policy_version: state.policy.version,
            calendars: calendars.into_rows(),
            departments: departments.into_rows(),
        }
    }
}

fn table_of(policy: &Policy) -> toml::Value {
    toml::Value::try_from(policy).unwrap_or_else(|_| toml::Value::Table(toml::Table::new()))
}

/// A value as TOML writes it; empty where there is none.
fn value_at(table: &toml::Value, name: &str) -> String {
    let found = name.split('.').try_fold(table, |value, part| value.get(part));
    found.map_or_else(String::new, ToString::to_string)
}

/// Calendars of one answer, the newest years first.
const MAX_CALENDARS: usize = 6;
