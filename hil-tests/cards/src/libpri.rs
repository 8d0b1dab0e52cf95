//! Our data link and call control against libpri as the network side, over the D channel of a span. Every procedure is
//! tried over sockets in crate `peers`; here it is the driver, its HDLC and its 64 kbit/s that are in between.

use crate::pri::Pri;
use crate::report::Report;
use crate::rig::{Rig, wait_for};
use anyhow::{Context, ensure};
use card::{CardError, CardEvent, SpanControl};
use dahdi::DahdiControl;
use peers::libpri::{Process, Told};
use q931::CauseValue;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

/// The link, thirty calls at once, a thousand calls, causes, a cable without signal.
pub fn run(report: &mut Report) -> anyhow::Result<()> {
    let (rig, _) = report.step("two spans are up", || {
        let mut rig = Rig::pri()?;
        let told = rig.clear()?;
        Ok((rig, told))
    })?;
    let Rig { ends: [near, far], pair: _pair } = rig;
    let (mut near, mut far) = (near.control, far.control);
    let process = Process::start(Path::new("/usr/bin/pri_peer"), false)?;
    let (orders, ordered) = channel();
    let (teller, told) = channel();
    std::thread::scope(|scope| {
        let task = scope.spawn(move || relay(&mut far, process, &ordered, &teller));
        // Its orders end with it, and the relay with them.
        let done = scenario(report, &mut near, &Peer { orders, told });
        let relayed = task.join().map_err(|_| anyhow::anyhow!("the relay ended"))?;
        done.and(relayed)
    })
}

fn scenario(report: &mut Report, near: &mut DahdiControl, peer: &Peer) -> anyhow::Result<()> {
    peer.order(json!({"do": "rule", "number": "1", "ring": 0, "answer": 0}))?;
    peer.order(json!({"do": "rule", "number": "3", "ring": 0, "answer": 0, "hang_up": 0}))?;
    for (number, cause) in CAUSES {
        peer.order(json!({"do": "rule", "number": number, "refuse": 0, "cause": cause.code()}))?;
    }
    let mut pri = Pri::user(near)?;
    report.step("the data link stands and every channel is restarted", || {
        pri.until("an idle interface", LINK_LIMIT, Pri::is_idle)
    })?;
    report.step("a thousand calls, thirty at a time, are answered and cleared by us", || {
        let begun = Instant::now();
        for _ in 0..ROUNDS {
            let calls = (0..30).map(|_| pri.call("1000")).collect::<anyhow::Result<Vec<_>>>()?;
            calls.iter().try_for_each(|call| pri.connected(*call).map(|_| ()))?;
            calls.iter().try_for_each(|call| pri.hang_up(*call))?;
            pri.until("idle channels", LINK_LIMIT, Pri::is_idle)?;
        }
        Ok(format!("{:.1} calls/s", f64::from(ROUNDS * 30) / begun.elapsed().as_secs_f64()))
    })?;
    report.step("a hundred calls in a row are cleared by the network", || {
        let begun = Instant::now();
        for _ in 0..100 {
            let call = pri.call("3000")?;
            pri.connected(call)?;
            let end = pri.released(call)?;
            ensure!(end.cause == CauseValue::NormalClearing, "{end:?}");
        }
        Ok(format!("{:.1} calls/s", 100.0 / begun.elapsed().as_secs_f64()))
    })?;
    report.step("the network's causes arrive", || {
        for (number, cause) in CAUSES {
            let call = pri.call(number)?;
            let end = pri.released(call)?;
            ensure!(end.cause == *cause, "{number}: {end:?} instead of {cause:?}");
        }
        Ok(format!("{} calls", CAUSES.len()))
    })?;
    report.step(
        "the network falls silent and comes back: the link does, too, and calls are set up again",
        || {
            peer.order(json!({"do": "wire", "mute": 1}))?;
            pri.until("the link's end", LINK_LIMIT, |pri| !pri.is_up())?;
            peer.order(json!({"do": "wire", "mute": 0}))?;
            pri.until("an idle interface", LINK_LIMIT, Pri::is_idle)?;
            let call = pri.call("1000")?;
            pri.connected(call)?;
            pri.hang_up(call)
        },
    )?;
    report.step("no call is left on either side, no frame was damaged", || {
        pri.until("idle channels", LINK_LIMIT, Pri::is_idle)?;
        ensure!(pri.damaged == 0, "{} frames were damaged", pri.damaged);
        wait_for("libpri's calls to end", LINK_LIMIT, || {
            pri.work()?;
            let told = peer.report()?;
            let left = (told.calls, told.busy, told.libpri_calls);
            Ok((left == (Some(0), Some(0), Some(0))).then_some(()))
        })
    })
}

/// The program with libpri, at the far end's D channel, in a thread of its own.
struct Peer {
    orders: Sender<Value>,
    told: Receiver<Told>,
}

impl Peer {
    fn order(&self, order: Value) -> anyhow::Result<()> {
        self.orders.send(order).ok().context("pri_peer is gone")
    }

    /// What it holds now.
    fn report(&self) -> anyhow::Result<Told> {
        self.order(json!({"do": "report", "tag": 1}))?;
        loop {
            let told = self.told.recv_timeout(LINK_LIMIT).context("pri_peer tells nothing")?;
            if told.event == "report" {
                return Ok(told);
            }
        }
    }
}

/// Carries frames between the far span and the program until nobody gives orders any more.
fn relay(
    far: &mut DahdiControl,
    mut process: Process,
    orders: &Receiver<Value>,
    teller: &Sender<Told>,
) -> anyhow::Result<()> {
    loop {
        while let Some(event) = far.next_event()? {
            if let CardEvent::Frame(frame) = event {
                process.send(&frame)?;
            }
        }
        while let Some(frame) = process.receive()? {
            match far.send_frame(&frame) {
                // Lost, as on a line: the link sends it again.
                Ok(()) | Err(CardError::Full) => {}
                Err(error) => return Err(error.into()),
            }
        }
        for (_, told) in process.told()? {
            if teller.send(told).is_err() {
                return Ok(());
            }
        }
        match orders.recv_timeout(TURN) {
            Ok(order) => process.order(&order)?,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
        }
    }
}

const TURN: Duration = Duration::from_millis(1);
const CAUSES: &[(&str, CauseValue)] = &[
    ("2001", CauseValue::UnallocatedNumber),
    ("2017", CauseValue::UserBusy),
    ("2021", CauseValue::CallRejected),
];
const ROUNDS: u32 = 34;
const LINK_LIMIT: Duration = Duration::from_secs(60);
