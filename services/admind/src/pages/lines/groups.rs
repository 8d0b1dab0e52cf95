//! Line groups: their list, a form for a new one, and one for each that is there. Whether a group may be changed or
//! removed `vaultd` decides.

use super::{MAX_NAME_CHARS, NAV, view};
use crate::fault::Fault;
use crate::form::Form;
use crate::page::{Page, render};
use crate::texts::{Texts, fill};
use crate::visit::Visit;
use askama::Template;
use axum::extract::Path;
use axum::response::{Html, Response};
use idl::admin::{Admin, Answer};
use idl::lines::{LineGroup, LineGroupMember};
use idl::views::LinesView;
use rights::Request;
use vocab::{LineGroupId, TrunkId};

const PATH: &str = "/lines/groups";

/// The trunks a group may have, and what the form says of them.
struct Members {
    trunks: Vec<(TrunkId, String)>,
}

impl Members {
    /// SIP trunks, then the trunks that spans of cards are.
    fn of(view: &LinesView) -> Self {
        let sip = view.trunks.iter().map(|trunk| (trunk.live.id, trunk.live.name.clone()));
        Self { trunks: sip.chain(view.span_trunks.iter().cloned()).collect() }
    }

    fn name(&self, id: TrunkId) -> &str {
        self.trunks.iter().find(|(known, _)| *known == id).map_or("", |(_, name)| name)
    }

    fn field(&self, form: &Form, name: &str, id: &TrunkId) -> String {
        let value = form.value(&format!("{name}-{}", id.0));
        if value.is_empty() { "1".to_owned() } else { value.to_owned() }
    }

    fn has(&self, form: &Form, id: &TrunkId) -> bool {
        form.has("member", &id.0.to_string())
    }
}

#[derive(Template)]
#[template(path = "lines/groups.html")]
struct GroupsPage {
    page: Page,
    groups: Vec<LineGroup>,
    members: Members,
    form: Form,
    may_add: bool,
    may_set: bool,
}

impl GroupsPage {
    fn of<'a>(&'a self, group: &'a LineGroup) -> impl Iterator<Item = (&'a str, u8, u8)> {
        group
            .members
            .iter()
            .map(|member| (self.members.name(member.trunk), member.rank.saturating_add(1), member.weight))
    }
}

#[derive(Template)]
#[template(path = "lines/group.html")]
struct GroupPage {
    page: Page,
    here: String,
    members: Members,
    form: Form,
    may_remove: bool,
}

/// All groups, with a form for a new one.
pub(super) async fn list(visit: Visit) -> Result<Html<String>, Fault> {
    render(&groups_page(&visit, Form::default()).await?)
}

async fn groups_page(visit: &Visit, form: Form) -> Result<GroupsPage, Fault> {
    let view = view(visit).await?;
    Ok(GroupsPage {
        page: visit.page(visit.t.lines.title, NAV),
        members: Members::of(&view),
        groups: view.groups,
        form,
        may_add: visit.may(Request::AddLineGroup),
        may_set: visit.may(Request::SetLineGroup),
    })
}

/// Adds one.
pub(super) async fn add(visit: Visit, mut form: Form) -> Result<Response, Fault> {
    if let Some((name, members)) = read(&mut form, visit.t) {
        match visit.ask(Admin::AddLineGroup { name, members }).await {
            Ok(Answer::Created { .. }) => return Ok(visit.done(PATH, visit.t.lines.done_group)),
            Ok(_) => return Err(Fault::other_answer()),
            Err(Fault::Refused(refusal)) => form.refuse(&refusal, visit.lang),
            Err(fault) => return Err(fault),
        }
    }
    form.mark(visit.t);
    visit.again(&groups_page(&visit, form).await?)
}

/// The form of one, as it is.
pub(super) async fn show(visit: Visit, Path(id): Path<u16>) -> Result<Html<String>, Fault> {
    if !visit.may(Request::SetLineGroup) {
        return Err(Fault::Forbidden);
    }
    render(&group_page(&visit, id, None).await?)
}

/// `form` is what was typed; without it the group is shown as it is.
async fn group_page(visit: &Visit, id: u16, form: Option<Form>) -> Result<GroupPage, Fault> {
    let view = view(visit).await?;
    let group = view.groups.iter().find(|group| group.id.0 == id).ok_or(Fault::NotFound)?;
    Ok(GroupPage {
        page: visit.page(&fill(visit.t.lines.group_title, &[&group.name]), NAV),
        here: format!("{PATH}/{id}"),
        members: Members::of(&view),
        form: form.unwrap_or_else(|| filled(group)),
        may_remove: visit.may(Request::RemoveLineGroup),
    })
}

fn filled(group: &LineGroup) -> Form {
    let mut form = Form::default();
    form.set("name", group.name.clone());
    for member in &group.members {
        form.add("member", member.trunk.0.to_string());
        form.set(&format!("rank-{}", member.trunk.0), member.rank.saturating_add(1).to_string());
        form.set(&format!("weight-{}", member.trunk.0), member.weight.to_string());
    }
    form
}

/// Changes one.
pub(super) async fn change(visit: Visit, Path(id): Path<u16>, mut form: Form) -> Result<Response, Fault> {
    if let Some((name, members)) = read(&mut form, visit.t) {
        match visit.ask(Admin::SetLineGroup { group: LineGroupId(id), name, members }).await {
            Ok(Answer::Done) => return Ok(visit.done(PATH, visit.t.lines.done_group_set)),
            Ok(_) => return Err(Fault::other_answer()),
            Err(Fault::Refused(refusal)) => form.refuse(&refusal, visit.lang),
            Err(fault) => return Err(fault),
        }
    }
    form.mark(visit.t);
    visit.again(&group_page(&visit, id, Some(form)).await?)
}

/// Removes one.
pub(super) async fn remove(visit: Visit, Path(id): Path<u16>) -> Result<Response, Fault> {
    let what = Admin::RemoveLineGroup { group: LineGroupId(id) };
    visit.ordered(what, PATH, visit.t.lines.done_group_removed).await
}

/// Reads the form; `None` if something in it is wrong.
fn read(form: &mut Form, t: &Texts) -> Option<(String, Vec<LineGroupMember>)> {
    let name = form.text(t, "name", MAX_NAME_CHARS);
    let mut members = Vec::new();
    let chosen: Vec<u16> =
        form.values("member").filter_map(|word| word.parse().ok()).take(MAX_MEMBERS).collect();
    for id in chosen {
        let rank: u8 = form.number(t, &format!("rank-{id}"), 1..=9);
        let weight = form.number(t, &format!("weight-{id}"), 1..=100);
        members.push(LineGroupMember { trunk: TrunkId(id), rank: rank.saturating_sub(1), weight });
    }
    if members.is_empty() {
        form.fail("member", t.lines.need_member);
    }
    form.is_good().then_some((name, members))
}

/// Trunks of one form; `vaultd` has its own bound.
const MAX_MEMBERS: usize = 64;
