//! The page over a box that has worked for a long time: a million contacts, a million calls. How long each page
//! takes as its reader waits for it, how many a second, how much memory, and what watching live costs.

mod browser;
mod filled;
mod people;

use crate::machine::{self, Reading};
use crate::options::Options;
use crate::peer::{Carrier, Peer};
use crate::rig::{Plan, Rig, numbers};
use crate::spread::{rounded, spread};
use anyhow::ensure;
use browser::Browser;
use e2e::{TrunkPlan, binary};
use idl::lines::{PromptRole, SipTransport};
use people::Staff;
use serde_json::{Map, Value, json};
use std::process::Command;
use std::time::{Duration, Instant};
use vocab::CampaignMode;

/// Pages with whoever opens them.
const PAGES: &[(&str, &str)] = &[
    ("manager", "/"),
    ("manager", "/campaigns"),
    ("manager", "/campaigns/1"),
    ("manager", "/calls"),
    ("manager", "/calls?kind=answered"),
    ("manager", "/contacts"),
    ("manager", "/contacts/1"),
    ("manager", "/consents"),
    ("manager", "/consents?batch=1&only=all&from=500000"),
    ("manager", "/consents?batch=1&only=blocked"),
    ("manager", "/dnc"),
    ("manager", "/scripts"),
    ("manager", "/floor"),
    ("qa", "/recordings"),
    ("audit", "/ledger"),
    ("system", "/"),
    ("system", "/lines"),
    ("system", "/settings"),
    ("security", "/accounts"),
    ("security", "/accounts/sign-ins"),
];

/// All of it.
///
/// # Errors
/// If the box cannot be filled or a page is not shown.
pub fn run(options: &Options) -> anyhow::Result<Value> {
    let mut rig = Rig::start(options.media_threads)?;
    let filled = filled::fill(&mut rig, options.rows)?;
    let page = start_page(&rig)?;
    let mut staff = Staff::enrol(&mut rig)?;
    let pids = [("vaultd".to_owned(), rig.pid("vaultd")?), ("admind".to_owned(), page.pid())];
    let memory = |pids: &[(String, u32)]| -> Map<String, Value> {
        pids.iter().map(|(name, pid)| (name.clone(), machine::memory(*pid))).collect()
    };
    let fresh = memory(&pids);
    let pages = pages(&rig, &mut staff)?;
    let throughput = throughput(&rig, &mut staff, &pids)?;
    let live = live(options, &mut rig, &mut staff, &pids)?;
    Ok(json!({
        "run": { "contacts": filled.contacts, "calls": filled.calls, "ledger_entries": filled.entries,
                 "filled_in_s": rounded(filled.seconds), "requests_each": REQUESTS,
                 "seen_from": "one browser on the same machine, TLS 1.3, HTTP/1.1 kept alive, whole body read" },
        "pages_ms": pages.0, "all_pages_ms": spread(pages.1),
        "throughput": throughput, "live": live,
        "memory_fresh": fresh, "memory_after": memory(&pids),
    }))
}

fn start_page(rig: &Rig) -> anyhow::Result<Peer> {
    let place = &rig.sut.place;
    let mut command = Command::new(binary("admind"));
    command.arg("--run").arg(place.folder("run")).arg("--state").arg(place.folder("page"));
    command.args(["--listen", &place.page().to_string(), "--source-rate", "1000000", "--log", "stderr"]);
    let page = Peer::start(&mut command, &place.folder("logs").join("admind.log"))?;
    e2e::until("the page listens", e2e::SHORT, || std::net::TcpStream::connect(place.page()).ok());
    Ok(page)
}

/// Each page many times; its spread, and all times together.
fn pages(rig: &Rig, staff: &mut Staff) -> anyhow::Result<(Value, Vec<f64>)> {
    let (mut each, mut all) = (Map::new(), Vec::new());
    for (role, path) in PAGES {
        let mut browser = Browser::open(rig, staff.token(role)?)?;
        let mut times = Vec::with_capacity(REQUESTS);
        let mut bytes = 0;
        for at in 0..WARM + REQUESTS {
            let begun = Instant::now();
            let (status, body) = browser.get(path)?;
            let took = begun.elapsed().as_secs_f64() * 1_000.0;
            ensure!(status == 200, "{path} as {role}: status {status}");
            bytes = body;
            if at >= WARM {
                times.push(took);
            }
        }
        all.extend(&times);
        let mut figures = spread(times);
        figures["bytes"] = bytes.into();
        each.insert(format!("{role} {path}"), figures);
    }
    Ok((Value::Object(each), all))
}

/// As many pages a second as a few readers get who never pause.
fn throughput(rig: &Rig, staff: &mut Staff, pids: &[(String, u32)]) -> anyhow::Result<Value> {
    let token = staff.token("manager")?;
    let before = Reading::take(pids);
    let readers: Vec<_> = (0..READERS)
        .map(|_| {
            let browser = Browser::open(rig, token)?;
            Ok(std::thread::spawn(move || read_on(browser)))
        })
        .collect::<anyhow::Result<_>>()?;
    let mut done = 0_u64;
    for reader in readers {
        done += reader.join().map_err(|_| anyhow::anyhow!("a reader ended with a panic"))??;
    }
    let after = Reading::take(pids);
    let seconds = after.wall_ms(&before) / 1_000.0;
    Ok(json!({
        "page": THROUGHPUT_PAGE, "readers": READERS, "seconds": rounded(seconds), "requests": done,
        "requests_per_s": (done as f64 / seconds).round(), "percent_of_a_core": after.shares(&before),
    }))
}

fn read_on(mut browser: Browser) -> anyhow::Result<u64> {
    let (begun, mut done) = (Instant::now(), 0);
    while begun.elapsed() < THROUGHPUT {
        let (status, _) = browser.get(THROUGHPUT_PAGE)?;
        ensure!(status == 200, "status {status}");
        done += 1;
    }
    Ok(done)
}

/// Two hundred calls, watched by twenty browsers: what the watching adds.
fn live(
    options: &Options,
    rig: &mut Rig,
    staff: &mut Staff,
    pids: &[(String, u32)],
) -> anyhow::Result<Value> {
    let calls = options.calls.unwrap_or(200);
    let talk_ms = (u64::from(calls) / u64::from(RAMP_PER_S) + 2 * options.seconds + SLACK_S) * 1_000;
    let carrier = Carrier::start(&rig.sut.place, "00", 0)?;
    let line = rig
        .sut
        .line(&[TrunkPlan::plain(carrier.udp, SipTransport::Udp).with(|trunk| trunk.channels = 2_000)]);
    let script = rig.script(&[
        (PromptRole::Identify, 300),
        (PromptRole::RecordingNotice, 300),
        (PromptRole::OptOutHint, 300),
        (PromptRole::Body, u32::try_from(talk_ms)?),
    ])?;
    let plan = Plan {
        numbers: &numbers("147", calls.into()),
        mode: CampaignMode::Announcement,
        script,
        max_calls: calls,
        pace: RAMP_PER_S * 60,
    };
    let campaign = rig.campaign(&line, plan)?;
    rig.run(campaign);
    rig.sut.wait_for("all calls are made", UP, |figures| figures.open == u64::from(calls));
    let window = Duration::from_secs(options.seconds);
    let quiet_before = Reading::take(pids);
    std::thread::sleep(window);
    let quiet = Reading::take(pids).shares(&quiet_before);
    let token = staff.token("manager")?;
    let mut watchers = Vec::new();
    for _ in 0..WATCHERS {
        watchers.push(Browser::open(rig, token)?.watch("/floor/live")?);
    }
    std::thread::sleep(SETTLE);
    let watched_before = Reading::take(pids);
    std::thread::sleep(window);
    let watched = Reading::take(pids).shares(&watched_before);
    let still_up = rig.sut.figures().open;
    ensure!(still_up == u64::from(calls), "only {still_up} of {calls} calls lasted through the window");
    let heard: Vec<u64> = watchers.iter().map(browser::Watcher::bytes).collect();
    ensure!(heard.iter().all(|bytes| *bytes > 0), "a watching browser saw nothing: {heard:?}");
    drop(carrier);
    Ok(json!({
        "calls": calls, "browsers": WATCHERS, "window_s": options.seconds,
        "percent_of_a_core_unwatched": quiet, "percent_of_a_core_watched": watched,
        "bytes_seen_by_each": heard.iter().sum::<u64>() / WATCHERS as u64,
    }))
}

const WARM: usize = 3;
const REQUESTS: usize = 200;
const READERS: usize = 4;
const THROUGHPUT: Duration = Duration::from_secs(10);
const THROUGHPUT_PAGE: &str = "/campaigns";
const WATCHERS: usize = 20;
const RAMP_PER_S: u32 = 25;
const SLACK_S: u64 = 40;
const SETTLE: Duration = Duration::from_secs(3);
const UP: Duration = Duration::from_secs(60);
