//! `/consoles`: recorded sessions of the serial console (AUD-09): which there are, one of them as a replay and as text, the
//! one that goes on while it goes on, and its end. Who may what, `vaultd` decides; nothing of a recording is kept here.

use super::words;
use crate::fault::Fault;
use crate::form::{Form, Query};
use crate::format::{self, Zone};
use crate::live::{Fragment, live};
use crate::page::{Markup, Page, render};
use crate::routes::Routes;
use crate::texts::{Texts, fill};
use crate::visit::Visit;
use askama::Template;
use axum::extract::Path;
use axum::response::{Html, IntoResponse, Response};
use cast::{Colour, Kind, Look, Screen, Step};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use idl::account::SessionId;
use idl::admin::{Admin, Answer};
use idl::views::{ConsoleAsk, ConsolePiece, ConsoleSession, ConsolesView};
use rights::Request;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

/// The area's routes.
#[must_use]
pub fn routes() -> Routes {
    Routes::new()
        .get("/consoles", list)
        .get("/consoles/{session}", show)
        .get("/consoles/{session}/cast", recording)
        .live("/consoles/{session}/live", watch)
        .post("/consoles/{session}/cut", cut)
}

const NAV: &str = "/consoles";
const LIVE_PERIOD: Duration = Duration::from_secs(1);
/// Steps of one page.
const STEPS_A_PAGE: usize = 20;
/// Answers that one recording takes at most.
const MAX_PARTS: usize = 1_024;
/// Answers taken by one look of a live view.
const PARTS_A_LOOK: usize = 16;

#[derive(Template)]
#[template(path = "consoles/list.html")]
struct List {
    page: Page,
    t: &'static Texts,
    zone: Zone,
    view: ConsolesView,
    newest: &'static str,
    older: String,
}

impl List {
    fn length(&self, row: &ConsoleSession) -> String {
        row.end.map_or_else(|| "–".to_owned(), |end| clock(end.length_ms))
    }
}

async fn list(visit: Visit, Query(query): Query) -> Result<Html<String>, Fault> {
    let before = query.value("before").parse().ok().map(SessionId);
    let Answer::Consoles(view) = visit.ask(Admin::Consoles(ConsoleAsk::Look { before })).await? else {
        return Err(Fault::other_answer());
    };
    render(&List {
        page: visit.page(visit.t.consoles.title, NAV),
        t: visit.t,
        zone: visit.zone.clone(),
        newest: if before.is_some() { NAV } else { "" },
        older: view.next.map(|next| format!("{NAV}?before={}", next.0)).unwrap_or_default(),
        view: *view,
    })
}

#[derive(Template)]
#[template(path = "consoles/show.html")]
struct Show {
    page: Page,
    t: &'static Texts,
    zone: Zone,
    of: ConsoleSession,
    running: bool,
    may_cut: bool,
    state: Markup,
    screen: Markup,
    fault: String,
    steps: Vec<(usize, Step)>,
    count: usize,
    seconds: u64,
    first: String,
    more: String,
}

impl Show {
    fn at(&self, step: &Step) -> String {
        clock(step.at_ms)
    }

    fn typed(&self, step: &Step) -> String {
        if step.typed.is_empty() {
            return self.t.consoles.begin.to_owned();
        }
        fill(self.t.consoles.typed, &[&step.typed])
    }

    fn label(&self, number: &usize) -> String {
        fill(self.t.consoles.screen_of, &[&number.to_string()])
    }

    fn length(&self) -> String {
        self.of.end.map_or_else(String::new, |end| clock(end.length_ms))
    }

    fn size(&self) -> String {
        self.of.end.map_or_else(String::new, |end| format::bytes(end.bytes))
    }

    fn total(&self) -> String {
        clock(self.seconds * 1_000)
    }

    fn hash(&self) -> String {
        let hex = |end: &idl::views::ConsoleEnd| data_encoding::HEXLOWER.encode(&end.sha256);
        self.of.end.as_ref().map(hex).unwrap_or_default()
    }
}

async fn show(visit: Visit, Path(id): Path<u64>, Query(query): Query) -> Result<Html<String>, Fault> {
    let t = visit.t;
    let (of, bytes) = whole(&visit, SessionId(id)).await?;
    let read = cast::read(&bytes);
    let fault = read.as_ref().err().map(|error| fill(t.consoles.unreadable, &[&error.to_string()]));
    let cast = read.unwrap_or_default();
    let seconds = cast.events.last().map_or(0, |event| event.at_ms.div_ceil(1_000));
    let mut screen = Screen::default();
    cast.events.iter().filter(|event| event.kind == Kind::Shown).for_each(|event| screen.feed(&event.text));
    let all = if cast.events.is_empty() { Vec::new() } else { cast::steps(&cast) };
    let from = query.value("from").parse().unwrap_or(0_usize).min(all.len());
    let count = all.len();
    let steps: Vec<_> = (1..).zip(all).skip(from).take(STEPS_A_PAGE).collect();
    let path = format!("{NAV}/{id}");
    let next = from + steps.len();
    render(&Show {
        page: visit.page(&fill(t.consoles.one, &[&of.ticket]), NAV),
        zone: visit.zone.clone(),
        running: of.end.is_none(),
        may_cut: visit.may(Request::CutConsole),
        state: Markup::of_safe(State { t, running: of.end.is_none() }.render()?),
        screen: Markup::of_safe(Shown::of(t, &screen).render()?),
        fault: fault.unwrap_or_default(),
        steps,
        count,
        seconds,
        first: if from > 0 { path.clone() } else { String::new() },
        more: if next < count { format!("{path}?from={next}") } else { String::new() },
        t,
        of,
    })
}

/// A whole recording, as far as it is there.
async fn whole(visit: &Visit, session: SessionId) -> Result<(ConsoleSession, Vec<u8>), Fault> {
    let (mut bytes, mut from) = (Vec::new(), 0);
    for _ in 0..MAX_PARTS {
        let part = part(visit, session, from).await?;
        bytes.extend_from_slice(part.bytes.reveal());
        from = part.next;
        if !part.more {
            return Ok((part.of, bytes));
        }
    }
    log::error!("a recording of the console comes in more parts than any has");
    Err(Fault::Bug)
}

async fn part(visit: &Visit, session: SessionId, from: u32) -> Result<ConsolePiece, Fault> {
    match visit.ask(Admin::Consoles(ConsoleAsk::Read { session, from })).await? {
        Answer::ConsolePiece(part) => Ok(*part),
        _ => Err(Fault::other_answer()),
    }
}

/// The recording for the player's script, as asciicast.
async fn recording(visit: Visit, Path(id): Path<u64>) -> Result<Response, Fault> {
    let (_, bytes) = whole(&visit, SessionId(id)).await?;
    let kind = (CONTENT_TYPE, "application/x-asciicast");
    Ok(([kind, (CONTENT_DISPOSITION, "inline")], bytes).into_response())
}

async fn cut(visit: Visit, Path(id): Path<u64>, _form: Form) -> Result<Response, Fault> {
    let what = Admin::Consoles(ConsoleAsk::Cut { session: SessionId(id) });
    visit.ordered(what, NAV, visit.t.consoles.cut_done).await
}

/// A live view: how far it has read, and what stands on its screen.
#[derive(Default)]
struct Follow {
    from: u32,
    screen: Screen,
}

async fn watch(visit: Visit, Path(id): Path<u64>) -> Result<Response, Fault> {
    let session = SessionId(id);
    part(&visit, session, 0).await?;
    let follow = Arc::new(Mutex::new(Follow::default()));
    live(visit, LIVE_PERIOD, move |visit| {
        let follow = Arc::clone(&follow);
        async move { follow.lock().await.look(&visit, session).await }
    })
}

impl Follow {
    async fn look(&mut self, visit: &Visit, session: SessionId) -> Result<Vec<Fragment>, Fault> {
        let mut running = true;
        for _ in 0..PARTS_A_LOOK {
            let part = part(visit, session, self.from).await?;
            self.from = part.next;
            running = part.of.end.is_none();
            match cast::more(part.bytes.reveal()) {
                Ok(events) => {
                    let shown = events.iter().filter(|event| event.kind == Kind::Shown);
                    shown.for_each(|event| self.screen.feed(&event.text));
                }
                Err(error) => log::error!("a piece of a console recording cannot be read: {error}"),
            }
            if !part.more {
                break;
            }
        }
        let t = visit.t;
        let screen = Shown::of(t, &self.screen).render()?;
        Ok(vec![("state", State { t, running }.render()?), ("screen", screen)])
    }
}

/// Whether it goes on.
#[derive(Template)]
#[template(path = "consoles/state.html")]
struct State {
    t: &'static Texts,
    running: bool,
}

/// A screen.
#[derive(Template)]
#[template(path = "consoles/screen.html")]
struct Shown {
    t: &'static Texts,
    rows: Vec<Vec<(String, String)>>,
}

impl Shown {
    fn of(t: &'static Texts, screen: &Screen) -> Self {
        let run = |(look, text): (Look, String)| (classes(look), text);
        Self { t, rows: screen.rows().into_iter().map(|row| row.into_iter().map(run).collect()).collect() }
    }
}

/// The classes of a look.
fn classes(look: Look) -> String {
    let colour = match look.colour {
        Colour::Plain => "",
        Colour::Red => "term-red",
        Colour::Green => "term-green",
        Colour::Yellow => "term-yellow",
        Colour::Cyan => "term-cyan",
    };
    let words =
        [colour, if look.bold { "term-bold" } else { "" }, if look.reversed { "term-reversed" } else { "" }];
    words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

fn clock(ms: u64) -> String {
    format::clock(i64::try_from(ms).unwrap_or(i64::MAX))
}
