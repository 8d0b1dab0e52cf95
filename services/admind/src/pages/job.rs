//! The page of long work: how far it is, and its result.

use crate::app::App;
use crate::fault::Fault;
use crate::format::count;
use crate::jobs::{Job, JobId};
use crate::live::event;
use crate::page::{Markup, Page, render};
use crate::routes::Routes;
use crate::texts::{Texts, fill};
use crate::visit::Visit;
use askama::Template;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use http::header::{CONTENT_TYPE, REFRESH};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

/// The routes of this area.
#[must_use]
pub fn routes() -> Routes {
    Routes::new().get("/jobs/{id}", show).live("/jobs/{id}/live", watch)
}

#[derive(Template)]
#[template(path = "job/show.html")]
struct Show {
    page: Page,
    t: &'static Texts,
    live: String,
    bar: Markup,
}

#[derive(Template)]
#[template(path = "job/bar.html")]
struct Bar {
    label: String,
    done: u64,
    total: u64,
    text: String,
}

fn bar(t: &'static Texts, job: &Job) -> String {
    let (done, total) = job.progress.read();
    let text = if total == 0 {
        fill(t.common.job_progress_open, &[&count(done)])
    } else {
        fill(t.common.job_progress, &[&count(done), &count(total)])
    };
    Bar { label: job.title.clone(), done, total, text }.render().unwrap_or_default()
}

fn find(visit: &Visit, app: &App, id: u64) -> Result<Job, Fault> {
    app.jobs.of(visit.me.session, JobId(id)).ok_or(Fault::NotFound)
}

async fn show(visit: Visit, State(app): State<App>, Path(id): Path<u64>) -> Result<Response, Fault> {
    let job = find(&visit, &app, id)?;
    match &job.end {
        Some(Ok(answer)) => Ok((job.show)(&visit, answer)?.into_response()),
        Some(Err(fault)) => Err(fault.clone()),
        None => {
            let page = visit.page(&job.title, "");
            let bar = Markup::of_safe(bar(visit.t, &job));
            let show = Show { page, t: visit.t, live: format!("/jobs/{id}/live"), bar };
            Ok(([(REFRESH, REFRESH_S)], render(&show)?).into_response())
        }
    }
}

/// Fragments of the progress; at the job's end the page is loaded again, and shows the result.
async fn watch(visit: Visit, State(app): State<App>, Path(id): Path<u64>) -> Result<Response, Fault> {
    find(&visit, &app, id)?;
    let permit = Arc::clone(&app.lives).try_acquire_owned().map_err(|_| Fault::Busy)?;
    let ticks = tokio::time::interval(PERIOD);
    let state = Some((visit, app, ticks, (u64::MAX, 0), permit));
    let events = stream::unfold(state, move |state| async move {
        let (visit, app, mut ticks, mut last, permit) = state?;
        loop {
            ticks.tick().await;
            let job = find(&visit, &app, id).ok().filter(|job| job.end.is_none());
            let Some(job) = job.filter(|_| !*app.stopping.borrow()) else {
                let end = event("end", &serde_json::Value::Null);
                return Some((Ok::<_, Infallible>(Bytes::from(end)), None));
            };
            if job.progress.read() != last {
                last = job.progress.read();
                let fragment = serde_json::json!({ "id": "job", "html": bar(visit.t, &job) });
                let text = event("fragment", &fragment);
                return Some((Ok(Bytes::from(text)), Some((visit, app, ticks, last, permit))));
            }
        }
    });
    Ok(([(CONTENT_TYPE, "text/event-stream; charset=utf-8")], Body::from_stream(events)).into_response())
}

const PERIOD: Duration = Duration::from_millis(300);
/// A browser without script loads the page again by itself.
const REFRESH_S: &str = "5";
