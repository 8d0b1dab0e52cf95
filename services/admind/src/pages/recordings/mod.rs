//! `/recordings`: the list, the purpose (REC-05), the player. Sound is streamed in pieces and never a download
//! (REC-06); this process keeps none of it.

mod plays;

pub use plays::{Play, Plays};

use super::calls::{self, Filter, Row};
use super::words::{self, Badge};
use crate::fault::Fault;
use crate::form::{Form, Query};
use crate::format::{self, Zone};
use crate::page::{Page, render};
use crate::routes::Routes;
use crate::texts::Texts;
use crate::visit::{self, Visit};
use askama::Template;
use axum::extract::Path;
use axum::response::{Html, IntoResponse, Response};
use http::HeaderMap;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use idl::admin::{Admin, Answer};
use idl::views::{CallCard, CallKind, PlayId, Playing};
use rights::Request;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{Read, Seek};
use vocab::CallId;

/// The routes of this area.
#[must_use]
pub fn routes() -> Routes {
    Routes::new()
        .get("/recordings", list)
        .get("/recordings/{call}", ask)
        .post("/recordings/{call}", begin)
        .get("/recordings/{call}/play/{play}", player)
        .get("/recordings/{call}/play/{play}/{index}", piece)
}

const KINDS: [(&str, CallKind); 2] = [("recorded", CallKind::Recorded), ("bad", CallKind::BadRecording)];

#[derive(Template)]
#[template(path = "recordings/list.html")]
struct List {
    page: Page,
    t: &'static Texts,
    filter: Filter,
    bad: bool,
    rows: Vec<Row>,
    newest: String,
    older: String,
    goes_on: bool,
}

async fn list(visit: Visit, Query(query): Query) -> Result<Html<String>, Fault> {
    if !visit.may(Request::Play) {
        return Err(Fault::Forbidden);
    }
    let t = visit.t;
    let filter = Filter::read(t, &visit.zone, query, &KINDS);
    let page = calls::find(&visit, &filter).await?;
    render(&List {
        newest: filter.before.map(|_| filter.href("/recordings", "", None)).unwrap_or_default(),
        older: page.next.map(|next| filter.href("/recordings", "", Some(next))).unwrap_or_default(),
        goes_on: page.rows.is_empty() && page.next.is_some(),
        bad: filter.form.has("kind", "bad"),
        rows: page.rows.into_iter().map(|row| Row::of(t, row)).collect(),
        page: visit.page(t.recordings.title, "/recordings"),
        t,
        filter,
    })
}

#[derive(Template)]
#[template(path = "recordings/ask.html")]
struct Ask {
    page: Page,
    t: &'static Texts,
    zone: Zone,
    form: Form,
    card: CallCard,
    recording: Badge,
    length: String,
    audible: bool,
}

async fn ask(visit: Visit, Path(call): Path<u64>) -> Result<Html<String>, Fault> {
    if !visit.may(Request::Play) {
        return Err(Fault::Forbidden);
    }
    render(&asking(&visit, CallId(call), Form::default()).await?)
}

async fn asking(visit: &Visit, call: CallId, form: Form) -> Result<Ask, Fault> {
    let card = calls::ask(visit, call).await?;
    let t = visit.t;
    Ok(Ask {
        page: visit.page(t.recordings.ask_title, "/recordings"),
        t,
        zone: visit.zone.clone(),
        form,
        recording: words::recording(t, card.row.recording),
        length: card.recorded_ms.map_or_else(|| "–".to_owned(), clock),
        audible: words::audible(card.row.recording),
        card,
    })
}

async fn begin(visit: Visit, Path(call): Path<u64>, mut form: Form) -> Result<Response, Fault> {
    let purpose = form.choice(visit.t, "purpose", &PURPOSES);
    let call = CallId(call);
    if let Some(purpose) = purpose {
        match visit.ask(Admin::Play { call, purpose: purpose.to_owned() }).await {
            Ok(Answer::Playing(playing)) => {
                let play = playing.play;
                visit.app().plays.keep(visit.me.session, Play { call, playing: *playing });
                return Ok(visit::to(&format!("/recordings/{}/play/{}", call.0, play.0)));
            }
            Ok(_) => return Err(Fault::other_answer()),
            Err(Fault::Refused(refusal)) if refusal.code != "unknown" => form.refuse(&refusal, visit.lang),
            Err(fault) => return Err(fault),
        }
    }
    form.mark(visit.t);
    let again = asking(&visit, call, form).await?;
    visit.again(&again)
}

#[derive(Template)]
#[template(path = "recordings/player.html")]
struct Player {
    page: Page,
    t: &'static Texts,
    call: CallId,
    playing: Playing,
    columns: usize,
    customer: String,
    agent: String,
    length: String,
    seconds: u64,
}

async fn player(visit: Visit, Path((call, play)): Path<(u64, u64)>) -> Result<Response, Fault> {
    let call = CallId(call);
    let Some(Play { playing, .. }) = visit.app().plays.of(visit.me.session, call, PlayId(play)) else {
        return Ok(visit::to(&format!("/recordings/{}", call.0)));
    };
    let t = visit.t;
    let shown = Player {
        page: visit.page(t.recordings.player, "/recordings"),
        t,
        call,
        columns: playing.peaks_customer.len().max(playing.peaks_agent.len()).max(1),
        customer: wave(&playing.peaks_customer, true),
        agent: wave(&playing.peaks_agent, false),
        length: clock(playing.duration_ms),
        seconds: playing.duration_ms.div_ceil(1_000),
        playing,
    };
    Ok(render(&shown)?.into_response())
}

/// A piece of sound, for the player's script alone: a browser that would show or save it gets nothing.
async fn piece(
    visit: Visit,
    Path((_call, play, index)): Path<(u64, u64, u32)>,
    headers: HeaderMap,
) -> Result<Response, Fault> {
    if !of_a_script(&headers) {
        return Err(Fault::NotFound);
    }
    let (answer, file) = visit.ask_with_file(Admin::PlaySegment { play: PlayId(play), index }).await?;
    let (Answer::Audio { bytes }, Some(file)) = (answer, file) else { return Err(Fault::other_answer()) };
    let sound = read(file, bytes)?;
    Ok(([(CONTENT_TYPE, "audio/wav"), (CONTENT_DISPOSITION, "inline")], sound).into_response())
}

/// Whether a script asks, as far as the browser says what asks.
fn of_a_script(headers: &HeaderMap) -> bool {
    headers.get(FETCH_DEST).is_none_or(|dest| dest == "empty")
}

fn read(mut file: File, bytes: u64) -> Result<Vec<u8>, Fault> {
    let mut sound = vec![];
    let whole = file.rewind().and_then(|()| file.take(MAX_PIECE_BYTES + 1).read_to_end(&mut sound));
    match whole {
        Ok(_) if sound.len() as u64 == bytes && bytes <= MAX_PIECE_BYTES => Ok(sound),
        Ok(length) => {
            log::error!("a piece of a recording has {length} bytes where {bytes} were said");
            Err(Fault::Bug)
        }
        Err(error) => {
            log::error!("a piece of a recording cannot be read: {error}");
            Err(Fault::Bug)
        }
    }
}

/// Peaks as a path: a column each, upwards or downwards from the middle of a box of 96.
fn wave(peaks: &[u8], up: bool) -> String {
    let mut path = String::new();
    for (at, peak) in peaks.iter().enumerate() {
        let height = (u32::from(*peak) * WAVE_HALF / 255).max(1);
        let sign = if up { "-" } else { "" };
        let _infallible = write!(path, "M{at} {WAVE_MIDDLE}h.8v{sign}{height}h-.8z");
    }
    path
}

fn clock(ms: u64) -> String {
    format::clock(i64::try_from(ms).unwrap_or(i64::MAX))
}

const PURPOSES: [(&str, &str); 3] =
    [("quality", "quality"), ("dispute", "dispute"), ("strategy", "strategy")];
const FETCH_DEST: &str = "sec-fetch-dest";
const WAVE_MIDDLE: u32 = 48;
const WAVE_HALF: u32 = 46;
/// Longest piece: seconds of two sides, far below this.
const MAX_PIECE_BYTES: u64 = 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::{FETCH_DEST, of_a_script, wave};
    use http::{HeaderMap, HeaderValue};

    #[test]
    fn rec_06_a_piece_is_no_page_no_download_and_no_source_of_a_player_elsewhere() {
        let asked_for = |dest: &'static str| {
            of_a_script(&HeaderMap::from_iter([(
                FETCH_DEST.parse().unwrap(),
                HeaderValue::from_static(dest),
            )]))
        };
        assert!(asked_for("empty") && of_a_script(&HeaderMap::new()));
        assert!(!["document", "audio", "iframe", "object", ""].into_iter().any(asked_for));
    }

    #[test]
    fn a_wave_has_a_column_for_each_peak_and_even_silence_is_seen() {
        assert_eq!(wave(&[0, 255], true), "M0 48h.8v-1h-.8zM1 48h.8v-46h-.8z");
        assert_eq!(wave(&[128], false), "M0 48h.8v23h-.8z");
    }
}
