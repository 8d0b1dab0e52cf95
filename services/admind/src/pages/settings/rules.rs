//! The policy's values within their bounds. A form changes only what differs from what is in force; a form made
//! from older rules changes nothing.

use super::{NAV, view};
use crate::fault::Fault;
use crate::form::Form;
use crate::page::{Page, render};
use crate::texts::{Texts, fill};
use crate::visit::Visit;
use askama::Template;
use axum::response::{Html, Response};
use idl::admin::{Admin, Answer};
use idl::views::{PolicyValue, SettingsView};
use rights::Request;

#[derive(Template)]
#[template(path = "settings/rules.html")]
struct RulesPage {
    page: Page,
    form: Form,
    classes: [&'static str; 5],
    /// A row for each value that every class has of its own.
    by_class: Vec<ClassRow>,
    single: Vec<Field>,
    version: u64,
    may_save: bool,
}

struct ClassRow {
    label: String,
    rule: String,
    fields: Vec<Option<Field>>,
}

/// One value as its field shows it.
struct Field {
    name: String,
    label: String,
    /// What a screen reader says: the value and its class.
    spoken: String,
    rule: String,
    kind: Kind,
    value: String,
    default: String,
    bounds: String,
    min: String,
    max: String,
    editable: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Minutes of the day, shown as a time.
    Time,
    Number,
    Choice,
}

impl Field {
    fn is_time(&self) -> bool {
        self.kind == Kind::Time
    }

    fn is_choice(&self) -> bool {
        self.kind == Kind::Choice
    }
}

const CLASSES: [&str; 5] = ["marketing", "return_visit", "confirmation", "service_notice", "emergency"];
const PATH: &str = "/settings/rules";

/// The rules.
pub(super) async fn show(visit: Visit) -> Result<Html<String>, Fault> {
    let view = view(&visit).await?;
    render(&page(&visit, &view, Form::default()))
}

fn page(visit: &Visit, view: &SettingsView, form: Form) -> RulesPage {
    let t = visit.t;
    let s = &t.settings;
    let names = [s.marketing, s.return_visit, s.confirmation, s.service_notice, s.emergency];
    let (mut by_class, mut single): (Vec<ClassRow>, Vec<Field>) = (Vec::new(), Vec::new());
    for value in &view.policy {
        let mut field = field(t, value, &form);
        let Some((class, base)) = class_of(&value.name) else {
            single.push(field);
            continue;
        };
        let (label, rule) = (label(t, &base), value.rule.clone());
        let at = by_class.iter().position(|row| row.label == label).unwrap_or_else(|| {
            by_class.push(ClassRow { label, rule, fields: CLASSES.iter().map(|_| None).collect() });
            by_class.len() - 1
        });
        field.spoken = format!("{} {}", field.label, names[class]);
        by_class[at].fields[class] = Some(field);
    }
    RulesPage {
        page: visit.page(s.title, NAV),
        form,
        classes: names,
        by_class,
        single,
        version: view.policy_version,
        may_save: visit.may(Request::SetPolicy),
    }
}

/// The class within a value's name, and the name without it.
fn class_of(name: &str) -> Option<(usize, String)> {
    let class = CLASSES.iter().position(|class| name.split('.').any(|part| part == *class))?;
    let rest: Vec<&str> = name.split('.').filter(|part| *part != CLASSES[class]).collect();
    Some((class, rest.join(".")))
}

fn label(t: &Texts, name: &str) -> String {
    let s = &t.settings;
    let known = match name.rsplit('.').next().unwrap_or(name) {
        "opens_min" => s.opens_min,
        "closes_min" => s.closes_min,
        "per_day" => s.per_day,
        "per_7d" => s.per_7d,
        "holidays_off" => s.holidays_off,
        "weekends_off" => s.weekends_off,
        "ring_time_s" => s.ring_time_s,
        "max_attempts" => s.max_attempts,
        "window_days" => s.window_days,
        "dnc_max_age_days" => s.dnc_max_age_days,
        "consent_max_days" => s.consent_max_days,
        "script_max_age_days" => s.script_max_age_days,
        "identify_within_s" => s.identify_within_s,
        "recording_min_free_mib" => s.recording_min_free_mib,
        other => return other.to_owned(),
    };
    known.to_owned()
}

fn field(t: &Texts, value: &PolicyValue, form: &Form) -> Field {
    let kind = match value.value.as_str() {
        "true" | "false" => Kind::Choice,
        _ if value.name.ends_with("_min") => Kind::Time,
        _ => Kind::Number,
    };
    let shown = |text: &str| match kind {
        Kind::Time => time_of(text),
        Kind::Choice => if text == "true" { t.settings.yes } else { t.settings.no }.to_owned(),
        Kind::Number => text.to_owned(),
    };
    let typed = form.value(&value.name);
    let (min, max) = (shown(&value.bounds.0), shown(&value.bounds.1));
    let current = if kind == Kind::Choice { value.value.clone() } else { shown(&value.value) };
    Field {
        label: label(t, &value.name),
        spoken: String::new(),
        rule: value.rule.clone(),
        value: if typed.is_empty() { current } else { typed.to_owned() },
        default: fill(t.settings.default, &[&shown(&value.default)]),
        bounds: if value.bounds.0.is_empty() {
            String::new()
        } else {
            fill(t.settings.bounds, &[&min, &max])
        },
        min,
        max,
        name: value.name.clone(),
        kind,
        editable: value.editable,
    }
}

/// `480` → `08:00`.
fn time_of(minutes: &str) -> String {
    minutes.parse::<u16>().map_or_else(|_| String::new(), |min| format!("{:02}:{:02}", min / 60, min % 60))
}

/// `08:00` → `480`.
fn minutes_of(time: &str) -> Option<u16> {
    let (hour, minute) = time.split_once(':')?;
    let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.get(..2)?.parse().ok()?);
    (hour <= 24 && minute < 60).then_some(hour * 60 + minute)
}

/// Saves what differs.
pub(super) async fn save(visit: Visit, mut form: Form) -> Result<Response, Fault> {
    let s = &visit.t.settings;
    let view = view(&visit).await?;
    if form.value("version") != view.policy_version.to_string() {
        form.fail_top(s.changed_meanwhile);
        return visit.again(&page(&visit, &view, form));
    }
    let mut toml = String::new();
    for value in view.policy.iter().filter(|value| value.editable) {
        let typed = form.value(&value.name).trim().to_owned();
        if typed.is_empty() {
            continue;
        }
        let Some(wanted) = wanted(value, &typed) else {
            form.fail_top(fill(s.bad_value, &[&label(visit.t, &value.name)]));
            return visit.again(&page(&visit, &view, form));
        };
        if wanted != value.value {
            toml.push_str(&format!("{} = {wanted}\n", value.name));
        }
    }
    if toml.is_empty() {
        return Ok(visit.done(PATH, s.nothing_changed));
    }
    match visit.ask(Admin::SetPolicy { toml }).await {
        Ok(Answer::Done) => Ok(visit.done(PATH, s.done_rules)),
        Ok(_) => Err(Fault::other_answer()),
        Err(Fault::Refused(refusal)) => {
            form.refuse(&refusal, visit.lang);
            visit.again(&page(&visit, &view, form))
        }
        Err(fault) => Err(fault),
    }
}

/// What was typed, as TOML writes it; `None` if it is no value of this kind.
fn wanted(value: &PolicyValue, typed: &str) -> Option<String> {
    match value.value.as_str() {
        "true" | "false" => matches!(typed, "true" | "false").then(|| typed.to_owned()),
        _ if value.name.ends_with("_min") => minutes_of(typed).map(|minutes| minutes.to_string()),
        _ => typed.parse::<u32>().ok().map(|number| number.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::{class_of, minutes_of, time_of};

    #[test]
    fn minutes_of_the_day_are_times_and_back() {
        assert_eq!((time_of("480").as_str(), minutes_of("08:00")), ("08:00", Some(480)));
        assert_eq!((time_of("1259").as_str(), minutes_of("20:59:00")), ("20:59", Some(1_259)));
        for bad in ["8", "25:00", "08:60", "aa:bb", "08:", ""] {
            assert_eq!(minutes_of(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_value_of_a_class_is_told_from_one_for_all() {
        assert_eq!(class_of("hours.marketing.opens_min"), Some((0, "hours.opens_min".to_owned())));
        assert_eq!(class_of("holidays_off.emergency"), Some((4, "holidays_off".to_owned())));
        assert_eq!(class_of("ring_time_s"), None);
    }
}
