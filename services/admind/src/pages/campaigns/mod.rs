//! `/campaigns`: the list, one campaign with its figures, a new one, start and pause. What may be done is decided
//! by `vaultd`; here it is only shown or hidden.

mod create;
mod detail;

use super::words::{self, Badge};
use crate::fault::Fault;
use crate::form::{Query, encode};
use crate::page::{Page, render};
use crate::routes::Routes;
use crate::texts::Texts;
use crate::visit::{self, Visit};
use askama::Template;
use axum::extract::Path;
use axum::response::{Html, Response};
use idl::admin::{Admin, Answer};
use idl::views::CampaignRow;
use rights::Request;
use vocab::CampaignId;

/// The routes of this area.
#[must_use]
pub fn routes() -> Routes {
    Routes::new()
        .get("/campaigns", list)
        .get("/campaigns/new", create::show)
        .post("/campaigns/new", create::create)
        .get("/campaigns/{campaign}", detail::show)
        .live("/campaigns/{campaign}/live", detail::watch)
        .get("/campaigns/{campaign}/refusals", detail::refusals)
        .get("/campaigns/{campaign}/start", back)
        .post("/campaigns/{campaign}/start", start)
        .get("/campaigns/{campaign}/pause", back)
        .post("/campaigns/{campaign}/pause", pause)
}

#[derive(Template)]
#[template(path = "campaigns/list.html")]
struct List {
    page: Page,
    t: &'static Texts,
    rows: Vec<CampaignRow>,
    /// `all`, `running`, `paused`.
    only: String,
    search: String,
    filtered: bool,
    /// There are more than can be listed.
    cut: bool,
    may_create: bool,
}

impl List {
    fn state(&self, row: &CampaignRow) -> Badge {
        words::campaign_state(self.t, row.running, row.left, row.open, row.hold_until.is_some())
    }

    fn href(&self, only: &str) -> String {
        let search =
            if self.search.is_empty() { String::new() } else { format!("&q={}", encode(&self.search)) };
        format!("/campaigns?only={only}{search}")
    }
}

async fn list(visit: Visit, Query(query): Query) -> Result<Html<String>, Fault> {
    let (mut rows, cut) = all(&visit).await?;
    let only = match query.value("only") {
        known @ ("running" | "paused") => known,
        _ => "all",
    };
    let search = query.value("q").trim().to_owned();
    let wanted = search.to_lowercase();
    rows.retain(|row| {
        let state = only == "all" || row.running == (only == "running");
        let named = wanted.is_empty()
            || row.name.to_lowercase().contains(&wanted)
            || row.purpose.to_lowercase().contains(&wanted);
        state && named
    });
    rows.reverse();
    let t = visit.t;
    render(&List {
        page: visit.page(t.campaigns.title, "/campaigns"),
        t,
        rows,
        filtered: only != "all" || !search.is_empty(),
        only: only.to_owned(),
        search,
        cut,
        may_create: visit.may(Request::CreateCampaign),
    })
}

/// Every campaign within reach, oldest first, and whether there are more than are taken.
pub(super) async fn all(visit: &Visit) -> Result<(Vec<CampaignRow>, bool), Fault> {
    let mut rows: Vec<CampaignRow> = vec![];
    for _ in 0..MAX_PAGES {
        let after = rows.last().map(|row| row.id);
        let Answer::Campaigns(page) = visit.ask(Admin::Campaigns { after }).await? else {
            return Err(Fault::other_answer());
        };
        if page.is_empty() {
            return Ok((rows, false));
        }
        rows.extend(page);
    }
    Ok((rows, true))
}

/// Who opens again what was sent before.
async fn back(_: Visit, Path(campaign): Path<u32>) -> Response {
    visit::to(&format!("/campaigns/{campaign}"))
}

async fn start(visit: Visit, Path(campaign): Path<u32>) -> Result<Response, Fault> {
    let what = Admin::StartCampaign { campaign: CampaignId(campaign) };
    after(&visit, campaign, what, visit.t.campaigns.started).await
}

async fn pause(visit: Visit, Path(campaign): Path<u32>) -> Result<Response, Fault> {
    let what = Admin::PauseCampaign { campaign: CampaignId(campaign) };
    after(&visit, campaign, what, visit.t.campaigns.pause_done).await
}

/// Asks, and goes back to the campaign with what came of it.
async fn after(visit: &Visit, campaign: u32, what: Admin, done: &str) -> Result<Response, Fault> {
    let path = format!("/campaigns/{campaign}");
    match visit.ask(what).await {
        Ok(_) => Ok(visit.done(&path, done)),
        Err(Fault::Refused(refusal)) if refusal.code != "unknown" => {
            Ok(visit.refused(&path, refusal.text(visit.lang)))
        }
        Err(fault) => Err(fault),
    }
}

/// Pages of campaigns that are asked for at once.
const MAX_PAGES: usize = 16;
