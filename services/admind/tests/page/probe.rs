//! Routes of the tests' own: a page that panics, one that writes, an upload, long work, a live view.

use admind::fault::Fault;
use admind::form::Form;
use admind::live::live;
use admind::page::render;
use admind::routes::Routes;
use admind::upload::Upload;
use admind::visit::{Visit, to};
use askama::Template;
use axum::response::{Html, Response};
use idl::admin::{Admin, Answer};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use vocab::{Pii, UnixMs};

/// The largest upload here.
pub const MAX_UPLOAD: u64 = 4_096;

/// All of them.
pub fn routes() -> Routes {
    Routes::new()
        .open("/probe/panic", panic)
        .post("/probe/write", write)
        .upload("/probe/upload", MAX_UPLOAD, upload)
        .post("/probe/job", job)
        .live("/probe/live", watch)
        .post("/probe/away", async |form: Form| to(form.value("to")))
}

#[derive(Template)]
#[template(source = "{{ text }}", ext = "html")]
struct Plain {
    text: String,
}

async fn panic() -> Response {
    panic!("as the test wants it")
}

/// Asks for something that changes the box.
async fn write(visit: Visit, form: Form) -> Result<Response, Fault> {
    visit.ask(Admin::Blacklist { number: Pii::new(form.value("number").to_owned()) }).await?;
    Ok(visit.done("/me", "done"))
}

async fn upload(visit: Visit, upload: Upload) -> Result<Response, Fault> {
    let file = upload.file("list").ok_or(Fault::Bad("no-file"))?;
    let what = Admin::ImportDoNotCall { issued_at: UnixMs(0) };
    let name = format!("{} {} {}", file.name, file.bytes, upload.form.value("word"));
    visit.start_job("import", what, Some(file.attach()?), move |_, answer| {
        render(&Plain { text: format!("{name} {}", matches!(answer, Answer::Done)) })
    })
}

async fn job(visit: Visit) -> Result<Response, Fault> {
    visit.start_job("verify", Admin::VerifyLedger, None, |visit, answer| {
        let Answer::Ledger { entries, ok, .. } = answer else { return Err(Fault::other_answer()) };
        render(&Plain { text: format!("{} sees {entries} {ok}", visit.me.login) })
    })
}

async fn watch(visit: Visit) -> Result<Response, Fault> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    live(visit, Duration::from_millis(200), |visit| async move {
        visit.ask(Admin::Me).await?;
        let Html(text) = render(&Plain { text: "<same>\n".to_owned() })?;
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        Ok(vec![("same", text), ("count", count.to_string())])
    })
}
