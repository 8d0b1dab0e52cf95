//! Live parts of a page: server-sent events, each a fragment of HTML for one place, sent only when it changed.
//!
//! Such a request does not keep a session alive, and the stream ends with the session.

use crate::fault::Fault;
use crate::visit::Visit;
use axum::body::{Body, Bytes};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use http::header::CONTENT_TYPE;
use std::collections::HashMap;
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, MissedTickBehavior, interval};

/// A fragment: the `data-live` of its place, and its HTML.
pub type Fragment = (&'static str, String);

/// Answers with a stream that asks for the fragments every `period` and sends those that changed.
///
/// # Errors
/// [`Fault::Busy`] if too many are open.
pub fn live<F, W>(visit: Visit, period: Duration, fragments: F) -> Result<Response, Fault>
where
    F: Fn(Visit) -> W + Send + 'static,
    W: Future<Output = Result<Vec<Fragment>, Fault>> + Send,
{
    let permit = std::sync::Arc::clone(&visit.app().lives).try_acquire_owned().map_err(|_| Fault::Busy)?;
    let mut ticks = interval(period.max(SHORTEST_PERIOD));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let stopping = visit.app().stopping.clone();
    let view = View { visit, fragments, sent: HashMap::new(), spoke: Instant::now(), _permit: permit };
    let events = stream::unfold(Some((view, ticks)), move |state| {
        let mut stopping = stopping.clone();
        async move {
            let (mut view, mut ticks) = state?;
            loop {
                tokio::select! {
                    _ = ticks.tick() => {}
                    _ = stopping.wait_for(|stopping| *stopping) => return None,
                }
                let (text, going_on) = view.look().await;
                if !text.is_empty() || !going_on {
                    let bytes = Ok::<_, Infallible>(Bytes::from(text));
                    return Some((bytes, going_on.then_some((view, ticks))));
                }
            }
        }
    });
    Ok(([(CONTENT_TYPE, "text/event-stream; charset=utf-8")], Body::from_stream(events)).into_response())
}

struct View<F> {
    visit: Visit,
    fragments: F,
    sent: HashMap<&'static str, String>,
    spoke: Instant,
    _permit: OwnedSemaphorePermit,
}

impl<F, W> View<F>
where
    F: Fn(Visit) -> W + Send + 'static,
    W: Future<Output = Result<Vec<Fragment>, Fault>> + Send,
{
    /// What to send now, and whether the stream goes on.
    async fn look(&mut self) -> (String, bool) {
        match (self.fragments)(self.visit.clone()).await {
            Ok(fragments) => {
                let mut text = String::new();
                for (id, html) in fragments {
                    if self.sent.get(id) != Some(&html) {
                        text.push_str(&event("fragment", &serde_json::json!({ "id": id, "html": html })));
                        self.sent.insert(id, html);
                    }
                }
                if text.is_empty() && self.spoke.elapsed() >= BREATH {
                    ":\n\n".clone_into(&mut text);
                }
                if !text.is_empty() {
                    self.spoke = Instant::now();
                }
                (text, true)
            }
            // `vaultd` restarts: the page keeps what it has.
            Err(Fault::Unavailable | Fault::Lost | Fault::Busy) => (":\n\n".to_owned(), true),
            Err(_) => (event("end", &serde_json::Value::Null), false),
        }
    }
}

/// One event; JSON holds no line ends, so its data is one line.
#[must_use]
pub fn event(name: &str, data: &serde_json::Value) -> String {
    format!("event: {name}\ndata: {data}\n\n")
}

const SHORTEST_PERIOD: Duration = Duration::from_millis(200);
/// Something is sent at least so often, that a dead connection is noticed.
const BREATH: Duration = Duration::from_secs(15);
