//! Inside a virtual box of the development variant: tells the bench once a second what the technician's console would
//! show (claim code, fingerprint of the page), and how the box stands. One JSON object a line, by a port that only the
//! bench has. It asks as the console and can do nothing else.

use anyhow::Context;
use box_scenarios::told::Told;
use idl::admin::{Admin, AdminReply, AdminRequest, Answer};
use idl::hello::Process;
use ipc::Conn;
use lexopt::prelude::Long;
use std::fs::{OpenOptions, read_to_string};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

fn main() -> anyhow::Result<()> {
    let (mut run, mut to) = (PathBuf::from("/run/ringfence"), None);
    let mut words = lexopt::Parser::from_env();
    while let Some(word) = words.next()? {
        match word {
            Long("run") => run = words.value()?.into(),
            Long("to") => to = Some(PathBuf::from(words.value()?)),
            other => return Err(other.unexpected().into()),
        }
    }
    let to = to.context("--to names the port")?;
    let mut port = OpenOptions::new().write(true).open(&to).with_context(|| to.display().to_string())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        loop {
            let mut line = serde_json::to_string(&look(&run).await)?;
            line.push('\n');
            port.write_all(line.as_bytes())?;
            tokio::time::sleep(EVERY).await;
        }
    })
}

async fn look(run: &Path) -> Told {
    let memory = read_to_string("/proc/meminfo").unwrap_or_default();
    let kib = |name: &str| {
        let line = memory.lines().find(|line| line.starts_with(name));
        line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok()).unwrap_or_default()
    };
    let uptime = read_to_string("/proc/uptime").unwrap_or_default();
    let fingerprint = read_to_string(run.join("page-fingerprint")).ok();
    let asked = tokio::time::timeout(ASK_LIMIT, claim_code(run)).await;
    let (claim_code, fault) = match asked {
        Ok(Ok(code)) => (Some(code), None),
        Ok(Err(error)) => (None, Some(format!("{error:#}"))),
        Err(_) => (None, Some("vaultd does not answer".to_owned())),
    };
    Told {
        uptime_s: uptime.split_whitespace().next().and_then(|word| word.parse().ok()).unwrap_or_default(),
        memory_total_kib: kib("MemTotal:"),
        memory_available_kib: kib("MemAvailable:"),
        fingerprint: fingerprint.map(|text| text.trim().to_owned()),
        claim_code,
        fault,
        machine: read_to_string("/etc/machine-id").unwrap_or_default().trim().to_owned(),
    }
}

async fn claim_code(run: &Path) -> anyhow::Result<String> {
    let conn = Conn::connect(&run.join("vaultd.sock"), Process::Consoled, Process::Vaultd).await?;
    let request = AdminRequest::of_tool(1, None, Admin::ClaimCode);
    conn.send(&request).await?;
    let reply: AdminReply = conn.recv().await?;
    match reply.answer {
        Answer::ClaimCode(code) => Ok(code.expose().clone()),
        Answer::Refused { code, .. } => anyhow::bail!("refused: {code}"),
        _ => anyhow::bail!("an answer of another kind"),
    }
}

const EVERY: Duration = Duration::from_secs(1);
const ASK_LIMIT: Duration = Duration::from_secs(20);
