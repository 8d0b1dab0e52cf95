//! Lines: trunks, line groups, caller numbers, the agents' phones. Secrets once entered never come back.

mod groups;
mod numbers;
mod phones;
pub(super) mod spans;
pub(super) mod trunks;

use crate::fault::Fault;
use crate::routes::Routes;
use crate::visit::Visit;
use idl::admin::{Admin, Answer};
use idl::views::LinesView;

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
        .get("/lines/groups", groups::list)
        .post("/lines/groups", groups::add)
        .get("/lines/groups/{id}", groups::show)
        .post("/lines/groups/{id}", groups::change)
        .post("/lines/groups/{id}/remove", groups::remove)
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
