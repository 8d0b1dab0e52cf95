//! The pages: one file for each area, its templates in the folder of the same name.
//!
//! A page is a handler, a template and its texts; an area is one line in [`routes`], one in `texts/mod.rs`.
//!
//! ```ignore
//! pub fn routes() -> Routes {
//!     Routes::new().get("/dnc", show).post("/dnc/add", add).live("/dnc/live", watch)
//!         .upload("/dnc/import", MAX_LIST_BYTES, import)
//! }
//!
//! #[derive(Template)]
//! #[template(path = "dnc/show.html")]              // extends base.html, which needs `page`
//! struct Show { page: Page, t: &'static Texts, form: Form, list: DncView }
//!
//! async fn show(visit: Visit, Query(query): Query) -> Result<Html<String>, Fault> {
//!     let Answer::DoNotCall(list) = visit.ask(Admin::DoNotCall { before: None }).await? else {
//!         return Err(Fault::other_answer());
//!     };
//!     render(&Show { page: visit.page(visit.t.dnc.title, "/dnc"), t: visit.t, form: Form::default(), list: *list })
//! }
//!
//! async fn add(visit: Visit, mut form: Form) -> Result<Response, Fault> {
//!     let number = Pii::new(form.text(visit.t, "number", 32));
//!     if form.is_good() {
//!         match visit.ask(Admin::Blacklist { number }).await {
//!             Ok(_) => return Ok(visit.done("/dnc", visit.t.dnc.added)),      // 303, said there once
//!             Err(Fault::Refused(refusal)) => form.refuse(&refusal, visit.lang),
//!             Err(fault) => return Err(fault),
//!         }
//!     }
//!     form.mark(visit.t);
//!     visit.again(&page(&visit, form).await?)                                 // 422, all values kept
//! }
//! ```
//!
//! Session, `csrf`, `once`, origin and sizes are checked before a handler is called; a form only needs
//! `{{ page.proof() }}` inside, before its file fields. A form that posts to its own path of its own needs a
//! `get` there too: whoever reloads after a refusal gets the page. Long work: `visit.start_job(title, what,
//! Some(upload.file("list")?.attach()?), |visit, answer| render(&…))`. Live parts: `live(visit, period, |visit|
//! async move { Ok(vec![("id", html)]) })`.

pub mod accounts;
pub mod calls;
pub mod campaigns;
pub mod claim;
pub mod consents;
pub mod consoles;
pub mod contacts;
pub mod desk;
pub mod dnc;
pub mod door;
pub mod enrol;
pub mod floor;
pub mod job;
pub mod kinds;
pub mod ledger;
pub mod lines;
pub mod me;
pub mod overview;
pub mod pieces;
pub mod preferences;
pub mod recordings;
pub mod scripts;
pub mod settings;
pub mod shown;
pub mod words;

use crate::routes::Routes;

/// Every route of the page but the assets. One line for each area.
#[must_use]
pub fn routes() -> Routes {
    Routes::new()
        .merge(accounts::routes())
        .merge(calls::routes())
        .merge(campaigns::routes())
        .merge(claim::routes())
        .merge(consents::routes())
        .merge(consoles::routes())
        .merge(contacts::routes())
        .merge(dnc::routes())
        .merge(desk::routes())
        .merge(door::routes())
        .merge(enrol::routes())
        .merge(floor::routes())
        .merge(job::routes())
        .merge(ledger::routes())
        .merge(lines::routes())
        .merge(me::routes())
        .merge(overview::routes())
        .merge(preferences::routes())
        .merge(recordings::routes())
        .merge(scripts::routes())
        .merge(settings::routes())
}
