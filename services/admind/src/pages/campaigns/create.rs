//! A new campaign: a form of what there is to choose from, checked field by field before `vaultd` decides.

use super::super::words;
use crate::fault::Fault;
use crate::form::Form;
use crate::page::{Page, render};
use crate::texts::{Texts, fill};
use crate::visit::Visit;
use askama::Template;
use axum::response::{Html, Response};
use idl::admin::{Admin, Answer, NewCampaign};
use idl::views::Choices;
use rights::Request;
use vocab::{CampaignClass, CampaignMode, DepartmentId, LineGroupId, Pii};

#[derive(Template)]
#[template(path = "campaigns/new.html")]
struct New {
    page: Page,
    t: &'static Texts,
    form: Form,
    choices: Choices,
    missing: Vec<Missing>,
}

/// What must exist before a campaign can be created.
struct Missing {
    title: &'static str,
    href: &'static str,
}

impl New {
    fn chosen(&self, name: &str, value: &dyn std::fmt::Display) -> bool {
        self.form.has(name, &value.to_string())
    }

    fn number_text(&self, number: &(String, Vec<LineGroupId>)) -> String {
        let named = |group: &LineGroupId| {
            self.choices.groups.iter().find(|(id, _)| id == group).map(|(_, name)| name.as_str())
        };
        let groups: Vec<&str> = number.1.iter().filter_map(named).collect();
        if groups.is_empty() { number.0.clone() } else { format!("{} · {}", number.0, groups.join(" / ")) }
    }

    fn batch_text(&self, purpose: &str, rows: u64, department: &DepartmentId) -> String {
        let facts = fill(self.t.campaigns.batch_facts, &[&purpose, &crate::format::count(rows)]);
        match self.department_name(department) {
            "" => facts,
            name => format!("{facts} · {name}"),
        }
    }

    fn script_text(&self, name: &str, approved: bool) -> String {
        if approved { name.to_owned() } else { fill(self.t.campaigns.script_draft, &[&name]) }
    }

    fn classes(&self) -> Vec<(&'static str, &'static str)> {
        CLASSES.iter().map(|(value, class)| (*value, words::class(self.t, class))).collect()
    }

    fn department_name(&self, department: &DepartmentId) -> &str {
        let found = self.choices.departments.iter().find(|(id, _)| id == department);
        found.map_or("", |(_, name)| name.as_str())
    }
}

/// The empty form.
pub async fn show(visit: Visit) -> Result<Html<String>, Fault> {
    let choices = choices(&visit).await?;
    let mut form = Form::default();
    for (name, value) in DEFAULTS {
        form.set(name, value);
    }
    // What leaves no choice is chosen.
    if let [(id, _)] = choices.departments.as_slice() {
        form.set("department", id.0.to_string());
    }
    if let [(id, _)] = choices.groups.as_slice() {
        form.set("group", id.0.to_string());
    }
    if let [(number, _)] = choices.numbers.as_slice() {
        form.set("caller", number.clone());
    }
    render(&page(&visit, form, choices))
}

/// Creates it, or shows the form again with what is wrong.
pub async fn create(visit: Visit, mut form: Form) -> Result<Response, Fault> {
    let choices = choices(&visit).await?;
    if let Some(plan) = read(visit.t, &mut form, &choices) {
        match visit.ask(Admin::CreateCampaign(Box::new(plan))).await {
            Ok(Answer::Created { ids }) => {
                let id = ids.first().copied().unwrap_or_default();
                return Ok(visit.done(&format!("/campaigns/{id}"), visit.t.campaigns.created));
            }
            Ok(_) => return Err(Fault::other_answer()),
            Err(Fault::Refused(refusal)) => form.refuse(&refusal, visit.lang),
            Err(fault) => return Err(fault),
        }
    }
    form.mark(visit.t);
    visit.again(&page(&visit, form, choices))
}

async fn choices(visit: &Visit) -> Result<Choices, Fault> {
    match visit.ask(Admin::CampaignChoices).await? {
        Answer::Choices(choices) => Ok(*choices),
        _ => Err(Fault::other_answer()),
    }
}

fn page(visit: &Visit, form: Form, choices: Choices) -> New {
    let t = visit.t;
    let link = |href, request| if visit.may(request) { href } else { "" };
    let wanted = [
        (choices.groups.is_empty(), t.campaigns.missing_groups, link("/lines", Request::Lines)),
        (choices.numbers.is_empty(), t.campaigns.missing_numbers, link("/lines", Request::Lines)),
        (choices.scripts.is_empty(), t.campaigns.missing_scripts, link("/scripts", Request::Scripts)),
        (choices.batches.is_empty(), t.campaigns.missing_batches, link("/contacts", Request::Batches)),
    ];
    let missing = wanted
        .into_iter()
        .filter(|(absent, ..)| *absent)
        .map(|(_, title, href)| Missing { title, href })
        .collect();
    New { page: visit.page(t.campaigns.new_title, "/campaigns"), t, form, choices, missing }
}

/// The plan, if every field is good; else each fault stands at its field.
fn read(t: &Texts, form: &mut Form, choices: &Choices) -> Option<NewCampaign> {
    let name = form.text(t, "name", MAX_NAME_CHARS);
    let class = form.choice(t, "class", &CLASSES);
    let mode = form.choice(t, "mode", &MODES);
    let department = one_of(t, form, "department", choices.departments.iter().map(|(id, _)| (id.0, *id)));
    let group = one_of(t, form, "group", choices.groups.iter().map(|(id, _)| (id.0, *id)));
    let script = one_of(t, form, "script", choices.scripts.iter().map(|(id, ..)| (id.0, *id)));
    let caller = caller(t, form, choices, group);
    let (batches, purpose) = batches(t, form, choices, department);
    let max_calls = form.number(t, "max_calls", 1..=2_000_u16);
    let calls_per_minute = form.number(t, "calls_per_minute", 1..=60_000_u32);
    let wrap_up_s = form.number(t, "wrap_up_s", 10..=300_u16);
    let attempts = form.number(t, "attempts", 1..=3_u8);
    if !form.is_good() {
        return None;
    }
    Some(NewCampaign {
        name,
        class: class?,
        mode: mode?,
        purpose: purpose?,
        department: department?,
        group: group?,
        caller: Pii::new(caller?),
        script: script?,
        batches,
        max_calls,
        calls_per_minute,
        wrap_up_s,
        attempts,
    })
}

/// One of the known ids.
fn one_of<K: std::fmt::Display, V>(
    t: &Texts,
    form: &mut Form,
    name: &str,
    known: impl IntoIterator<Item = (K, V)>,
) -> Option<V> {
    let found = known.into_iter().find(|(id, _)| id.to_string() == form.value(name)).map(|(_, value)| value);
    if found.is_none() {
        form.fail(name, t.errors.field_choice);
    }
    found
}

/// The caller number, which must be registered for the group.
fn caller(t: &Texts, form: &mut Form, choices: &Choices, group: Option<LineGroupId>) -> Option<String> {
    let known =
        choices.numbers.iter().map(|(number, groups)| (number.clone(), (number.clone(), groups.clone())));
    let (number, groups) = one_of(t, form, "caller", known)?;
    if group.is_some_and(|group| !groups.contains(&group)) {
        form.fail("caller", t.campaigns.caller_group);
        return None;
    }
    Some(number)
}

/// The batches with their one purpose.
fn batches(
    t: &Texts,
    form: &mut Form,
    choices: &Choices,
    department: Option<DepartmentId>,
) -> (Vec<u64>, Option<String>) {
    let chosen: Vec<_> =
        choices.batches.iter().filter(|(batch, ..)| form.has("batch", &batch.to_string())).collect();
    let Some((_, _, purpose, ..)) = chosen.first() else {
        form.fail("batch", t.campaigns.batches_none);
        return (vec![], None);
    };
    if chosen.iter().any(|(_, _, other, ..)| other != purpose) {
        form.fail("batch", t.campaigns.batches_mixed);
    }
    if department.is_some_and(|wanted| chosen.iter().any(|(.., of)| *of != wanted)) {
        form.fail("batch", t.campaigns.batches_department);
    }
    (chosen.iter().map(|(batch, ..)| *batch).collect(), Some(purpose.clone()))
}

const CLASSES: [(&str, CampaignClass); 5] = [
    ("marketing", CampaignClass::Marketing),
    ("return-visit", CampaignClass::ReturnVisit),
    ("confirmation", CampaignClass::Confirmation),
    ("service-notice", CampaignClass::ServiceNotice),
    ("emergency", CampaignClass::Emergency),
];
const MODES: [(&str, CampaignMode); 3] = [
    ("announcement", CampaignMode::Announcement),
    ("progressive", CampaignMode::Progressive),
    ("preview", CampaignMode::Preview),
];
/// What the form holds at first.
const DEFAULTS: [(&str, &str); 6] = [
    ("class", "return-visit"),
    ("mode", "progressive"),
    ("max_calls", "10"),
    ("calls_per_minute", "10"),
    ("wrap_up_s", "60"),
    ("attempts", "2"),
];
const MAX_NAME_CHARS: usize = 128;
