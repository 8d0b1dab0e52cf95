//! Lines: trunks, line groups, caller numbers, the agents' phones. Secrets once entered never come back.

mod numbers;
mod phones;
pub(super) mod spans;
pub(super) mod trunks;

use crate::fault::Fault;
use crate::form::Form;
use crate::page::{Page, render};
use crate::routes::Routes;
use crate::visit::Visit;
use askama::Template;
use axum::response::{Html, Response};
use idl::admin::{Admin, Answer};
use idl::lines::{LineGroup, LineGroupMember};
use idl::views::LinesView;
use rights::Request;
use vocab::TrunkId;

/// The area's routes.
#[must_use]
pub fn routes() -> Routes {
    Routes::new()
        .merge(spans::routes())
        .get("/lines", trunks::list)
        .live("/lines/live", trunks::watch)
        .get("/lines/trunks/new", trunks::new)
        .get("/lines/trunks", trunks::list)
        .post("/lines/trunks", trunks::add)
        .get("/lines/trunks/{id}", trunks::show)
        .post("/lines/trunks/{id}", trunks::change)
        .get("/lines/groups", groups)
        .post("/lines/groups", add_group)
        .get("/lines/numbers", numbers::list)
        .post("/lines/numbers", numbers::add)
        .post("/lines/numbers/approve", numbers::approve)
        .get("/lines/phones", phones::list)
        .post("/lines/phones", phones::give)
        .post("/lines/phones/udp", phones::allow_udp)
}

/// The path of the navigation's item.
const NAV: &str = "/lines";
const MAX_NAME_CHARS: usize = 128;

async fn view(visit: &Visit) -> Result<LinesView, Fault> {
    match visit.ask(Admin::Lines).await? {
        Answer::Lines(view) => Ok(*view),
        _ => Err(Fault::other_answer()),
    }
}

/// Something that is done or refused, told on the page it leads back to.
async fn ordered(visit: &Visit, what: Admin, path: &str, done: &str) -> Result<Response, Fault> {
    match visit.ask(what).await {
        Ok(Answer::Done | Answer::Created { .. }) => Ok(visit.done(path, done)),
        Ok(_) => Err(Fault::other_answer()),
        Err(Fault::Refused(refusal)) => Ok(visit.refused(path, refusal.text(visit.lang))),
        Err(fault) => Err(fault),
    }
}

#[derive(Template)]
#[template(path = "lines/groups.html")]
struct GroupsPage {
    page: Page,
    view: LinesView,
    form: Form,
    may_add: bool,
}

impl GroupsPage {
    /// SIP trunks, then the trunks that spans of cards are.
    fn trunks(&self) -> impl Iterator<Item = (TrunkId, &str)> {
        let sip = self.view.trunks.iter().map(|trunk| (trunk.live.id, trunk.live.name.as_str()));
        sip.chain(self.view.span_trunks.iter().map(|(id, name)| (*id, name.as_str())))
    }

    fn trunk(&self, id: TrunkId) -> &str {
        self.trunks().find(|(known, _)| *known == id).map_or("", |(_, name)| name)
    }

    fn field(&self, name: &str, id: &TrunkId, default: &str) -> String {
        let value = self.form.value(&format!("{name}-{}", id.0));
        if value.is_empty() { default.to_owned() } else { value.to_owned() }
    }

    fn members<'a>(&'a self, group: &'a LineGroup) -> impl Iterator<Item = (String, u8, u8)> + 'a {
        group
            .members
            .iter()
            .map(|member| (self.trunk(member.trunk).to_owned(), member.rank.saturating_add(1), member.weight))
    }
}

async fn groups(visit: Visit) -> Result<Html<String>, Fault> {
    render(&groups_page(&visit, Form::default()).await?)
}

async fn groups_page(visit: &Visit, form: Form) -> Result<GroupsPage, Fault> {
    Ok(GroupsPage {
        page: visit.page(visit.t.lines.title, NAV),
        view: view(visit).await?,
        form,
        may_add: visit.may(Request::AddLineGroup),
    })
}

async fn add_group(visit: Visit, mut form: Form) -> Result<Response, Fault> {
    let t = visit.t;
    let name = form.text(t, "name", MAX_NAME_CHARS);
    let mut members = Vec::new();
    let chosen: Vec<u16> =
        form.values("member").filter_map(|word| word.parse().ok()).take(MAX_MEMBERS).collect();
    for id in chosen {
        let rank: u8 = form.number(t, &format!("rank-{id}"), 1..=9);
        let weight = form.number(t, &format!("weight-{id}"), 1..=100);
        members.push(LineGroupMember { trunk: TrunkId(id), rank: rank - 1, weight });
    }
    if members.is_empty() {
        form.fail("member", t.lines.need_member);
    }
    if form.is_good() {
        match visit.ask(Admin::AddLineGroup { name, members }).await {
            Ok(Answer::Created { .. }) => return Ok(visit.done("/lines/groups", t.lines.done_group)),
            Ok(_) => return Err(Fault::other_answer()),
            Err(Fault::Refused(refusal)) => form.refuse(&refusal, visit.lang),
            Err(fault) => return Err(fault),
        }
    }
    form.mark(t);
    visit.again(&groups_page(&visit, form).await?)
}

const MAX_MEMBERS: usize = 12;
