//! The floor now: figures, agents, live calls, campaigns, trunks. It shows no customer and changes nothing.
//!
//! All who see the same share one look a second: whoever comes first asks `vaultd` and renders, the others are
//! sent what was rendered. Each stream still proves its own session every few seconds, so that it ends with it.

mod board;

use crate::fault::Fault;
use crate::format::Zone;
use crate::live::{Fragment, live};
use crate::looks::Lang;
use crate::page::{Markup, Page, render};
use crate::routes::Routes;
use crate::visit::Visit;
use askama::Template;
use axum::response::{Html, Response};
use board::{Agents, Calls, Campaigns, Tiles, Trunks};
use idl::admin::{Admin, Answer, Role};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Mutex;
use vocab::DepartmentId;

/// The area's routes.
#[must_use]
pub fn routes() -> Routes {
    Routes::new().get(FLOOR, show).live("/floor/live", watch)
}

const FLOOR: &str = "/floor";
const LIVE_PERIOD: Duration = Duration::from_secs(1);
/// A look serves everybody for this long.
const FRESH: Duration = Duration::from_millis(900);
/// A stream proves its session anew every so many looks.
const PROVE_EVERY: u64 = 5;
/// Kinds of sight at once: three roles, departments, two languages.
const MAX_BOARDS: usize = 256;

/// Who sees the same: the role, the department it is bound to, and the language.
type Sight = (Role, Option<DepartmentId>, Lang);

/// What was rendered last for each sight.
#[derive(Debug, Default)]
pub struct Boards(std::sync::Mutex<HashMap<Sight, Arc<Mutex<Board>>>>);

/// The fragments of a look, and when it was.
#[derive(Debug, Default)]
struct Board {
    at: Option<Instant>,
    fragments: Arc<Vec<Fragment>>,
}

impl Boards {
    fn of(&self, sight: Sight) -> Arc<Mutex<Board>> {
        let mut boards = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if boards.len() >= MAX_BOARDS {
            boards.retain(|_, board| Arc::strong_count(board) > 1);
        }
        Arc::clone(boards.entry(sight).or_default())
    }
}

fn sight(visit: &Visit) -> Sight {
    let bound = match visit.me.role {
        Role::Supervisor => visit.me.department.as_ref().map(|(id, _)| *id),
        _ => None,
    };
    (visit.me.role, bound, visit.lang)
}

/// The floor as this visitor may see it, at most [`FRESH`] old.
async fn look(visit: &Visit) -> Result<Arc<Vec<Fragment>>, Fault> {
    let board = visit.app().boards.of(sight(visit));
    let mut board = board.lock().await;
    if board.at.is_none_or(|at| at.elapsed() >= FRESH) {
        board.fragments = Arc::new(fresh(visit).await?);
        board.at = Some(Instant::now());
    }
    Ok(Arc::clone(&board.fragments))
}

async fn fresh(visit: &Visit) -> Result<Vec<Fragment>, Fault> {
    let Answer::Live(view) = visit.ask(Admin::Live).await? else { return Err(Fault::other_answer()) };
    let (t, view, zone): (_, _, &Zone) = (visit.t, &*view, &visit.zone);
    Ok(vec![
        ("tiles", Tiles { t, view }.render()?),
        ("agents", Agents { t, view, zone }.render()?),
        ("calls", Calls { t, view, zone }.render()?),
        ("campaigns", Campaigns { t, view, zone }.render()?),
        ("trunks", Trunks { t, view }.render()?),
    ])
}

#[derive(Template)]
#[template(path = "floor/show.html")]
struct Show {
    page: Page,
    parts: Vec<(&'static str, Markup)>,
}

async fn show(visit: Visit) -> Result<Html<String>, Fault> {
    // The page itself is asked for by a person: their right is proven by a look of their own.
    let fragments = fresh(&visit).await?;
    let parts = fragments.into_iter().map(|(id, html)| (id, Markup::of_safe(html))).collect();
    render(&Show { page: visit.page(visit.t.floor.title, FLOOR), parts })
}

async fn watch(visit: Visit) -> Result<Response, Fault> {
    // The role may have lost the floor since the page was opened.
    visit.ask(Admin::Live).await?;
    let looks = Arc::new(AtomicU64::new(0));
    live(visit, LIVE_PERIOD, move |visit| {
        let looks = Arc::clone(&looks);
        async move {
            if looks.fetch_add(1, Ordering::Relaxed) % PROVE_EVERY == PROVE_EVERY - 1 {
                visit.ask(Admin::Me).await?;
            }
            Ok(look(&visit).await?.to_vec())
        }
    })
}
