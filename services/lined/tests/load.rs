//! A measurement, run by hand with a release build: processor time per recorded call, and gauges back to zero.
//!
//! `LINED_BIN=target/release/lined CALLS=200 cargo test -p lined --test load -- --ignored --nocapture`

mod support;

use idl::health::{HealthReply, HealthRequest};
use idl::hello::Process;
use idl::lines::{CallFact, LinedToVault, PromptRole, SipTransport, VaultToLined};
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};
use support::{Bench, Sipp, Vault, free_port, site, within};

/// Processor time of a process in milliseconds (fields 14 and 15 of `/proc/PID/stat`).
fn cpu_ms(pid: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("the process lives");
    let rest = stat.rsplit(')').next().unwrap_or("");
    let fields: Vec<u64> = rest.split_whitespace().map(|field| field.parse().unwrap_or(0)).collect();
    (fields[11] + fields[12]) * 10
}

async fn gauges(run: &Path) -> Vec<(String, u64)> {
    let conn = within(ipc::Conn::connect(&Process::Lined.socket(run), Process::Tool, Process::Lined))
        .await
        .expect("the socket");
    conn.send(&HealthRequest::Check { serial: 1 }).await.expect("asked");
    let reply: HealthReply = within(conn.recv()).await.expect("answered");
    reply.gauges
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement: needs a release build and a quiet machine"]
async fn processor_time_of_recorded_calls() {
    let number =
        |name: &str, usual: u64| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual);
    let (calls, seconds) = (number("CALLS", 200), number("SECONDS", 20));
    let binary = std::env::var("LINED_BIN").unwrap_or_else(|_| env!("CARGO_BIN_EXE_lined").to_owned());
    let mut bench = Bench::start();
    bench.stop().await;
    let sip = free_port();
    let folder = |path: &Path| path.display().to_string();
    let mut lined = std::process::Command::new(binary)
        .args(["--run", &folder(&bench.options.run), "--recordings", &folder(&bench.options.recordings)])
        .args(["--objects", &folder(&bench.options.objects), "--sip-udp", &sip.to_string()])
        .args(["--rtp-addr", "127.0.0.1", "--rtp-ports", "40000-49999", "--media-threads", "1"])
        .args(["--log-level", "warn"])
        .spawn()
        .expect("the binary");
    let mut vault = Vault::accept(&bench.options.run).await;
    let carrier = Sipp::start("answer.xml", &["-m", &calls.to_string(), "-rtp_echo"]);
    vault.send(VaultToLined::Site(site(carrier.address, SipTransport::Udp))).await;
    let body_ms = usize::try_from(seconds + calls / 25 + 6).unwrap_or(60) * 1_000;
    let mut prompts = bench.ticket(1, "13800001000").prompts;
    prompts[3] = bench.prompt(PromptRole::Body, body_ms);
    let mut pace = tokio::time::interval(Duration::from_millis(25));
    for call in 1..=calls {
        pace.tick().await;
        let mut ticket = bench.ticket(call, "13800001000");
        ticket.prompts.clone_from(&prompts);
        ticket.max_call_s = 600;
        vault.send(VaultToLined::Ticket(Box::new(ticket))).await;
    }
    let mut up = 0;
    while up < calls {
        up += vault
            .wait(|message| match message {
                LinedToVault::Fact { fact: CallFact::NoticeHeard { .. }, .. } => Some(1),
                LinedToVault::Fact { fact: CallFact::Ended(end), .. } => {
                    panic!("too early: {:?}", end.outcome)
                }
                _ => None,
            })
            .await;
    }
    let (before, began) = (cpu_ms(lined.id()), Instant::now());
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    let (spent, wall) = (cpu_ms(lined.id()) - before, began.elapsed());
    let mut out = std::io::stderr();
    let share = spent as f64 / wall.as_millis() as f64 * 100.0;
    let _ = writeln!(
        out,
        "{calls} recorded calls: {share:.1} % of a core, {:.3} % per call, {:?}",
        share / calls as f64,
        gauges(&bench.options.run).await
    );
    let (mut over, mut gaps, mut short, mut lost) = (0, 0, 0, 0);
    while over < calls {
        let end = vault
            .wait(|message| match message {
                LinedToVault::Fact { fact: CallFact::Ended(end), .. } => Some(end),
                _ => None,
            })
            .await;
        over += 1;
        let written = end.recording.expect("recorded");
        gaps += written.gaps_customer_ms;
        short += written.expected_ms.saturating_sub(written.duration_ms);
        lost += end.media.lost;
    }
    let _ =
        writeln!(out, "gaps {gaps} ms, shorter than the clock {short} ms, packets lost {lost}, of all calls");
    let quiet = loop {
        let quiet = gauges(&bench.options.run).await;
        if began.elapsed() > wall + Duration::from_secs(120) || quiet.iter().all(|(_, value)| *value == 0) {
            break quiet;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    };
    let _ = writeln!(out, "afterwards: {quiet:?}");
    let _ = lined.kill();
    let _ = lined.wait();
    assert!(quiet.iter().all(|(_, value)| *value == 0), "every gauge returns to zero");
}
