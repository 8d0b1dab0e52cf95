//! What the box adds to the set-up of a call: from the desk's request to the INVITE's arrival at the carrier,
//! and what the disk's own fdatasync takes beside it.

use crate::options::Options;
use crate::peer::Carrier;
use crate::rig::{Plan, Rig, numbers};
use crate::spread::spread;
use crate::talk::Talk;
use anyhow::{bail, ensure};
use carrier::{Account, Phones, PhonesConfig, Transport};
use e2e::{Phone, SHORT, TrunkPlan};
use idl::campaign::AgentState;
use idl::desk::{Desk, DeskReply};
use idl::hello::Process;
use idl::lines::{PromptRole, SipTransport, SrtpPolicy};
use serde_json::{Value, json};
use std::fs::File;
use std::io::Write;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use vocab::{AgentId, CampaignId, CampaignMode, ContactId};

/// One dial request.
struct Dial {
    asked_us: u64,
    answered_ms: f64,
}

/// Preview calls, one after another; every callee refuses at once.
///
/// # Errors
/// If box, carrier or phone cannot be started.
pub fn run(options: &Options) -> anyhow::Result<Value> {
    let mut rig = Rig::start(options.media_threads)?;
    let mut carrier = Carrier::start(&rig.sut.place, NOT_FOUND, 0)?;
    let trunk = TrunkPlan::plain(carrier.udp, SipTransport::Udp).with(|trunk| trunk.channels = 60);
    let line = rig.sut.line(&[trunk]);
    let phones = rig.sut.agents(1, SrtpPolicy::Required, false);
    let handle = Phones::start(phones_config(&rig, &phones))?;
    let registered = handle.wait_until(SHORT, |report| report.registrations > 0);
    ensure!(registered, "the agent's phone does not register");
    let script = rig.script(&[
        (PromptRole::Identify, 300),
        (PromptRole::RecordingNotice, 300),
        (PromptRole::OptOutHint, 300),
    ])?;
    let plan = Plan {
        numbers: &numbers("137", options.dials),
        mode: CampaignMode::Preview,
        script,
        max_calls: 10,
        pace: 6_000,
    };
    let campaign = rig.campaign(&line, plan)?;
    rig.run(campaign);
    let agent = phones[0].agent;
    let mut desk = rig.talk(Process::Calld)?;
    let mut probe = File::create(rig.sut.place.folder("vault").join("probe"))?;
    let (mut dials, mut syncs) = (Vec::new(), Vec::new());
    become_ready(&mut desk, agent)?;
    for _ in 0..options.dials {
        let contact = shown(&mut desk, agent, campaign)?;
        dials.push(dial(&mut desk, agent, contact)?);
        std::thread::sleep(BETWEEN);
        syncs.push(sync_ms(&mut probe)?);
        std::thread::sleep(BETWEEN);
    }
    carrier.process.report()?;
    let invites = carrier.invites_us()?;
    ensure!(invites.len() == dials.len(), "{} dials made {} calls", dials.len(), invites.len());
    let added: Vec<f64> =
        dials.iter().zip(&invites).map(|(dial, at)| at.saturating_sub(dial.asked_us) as f64 / 1e3).collect();
    let answered: Vec<f64> = dials.iter().map(|dial| dial.answered_ms).collect();
    Ok(json!({
        "run": { "dials": dials.len(), "mode": "preview, one after another, callee answers 404",
                 "pause_ms": 2 * BETWEEN.as_millis() as u64, "trunk": "SIP over UDP" },
        "ms_from_request_to_invite_at_carrier": spread(added),
        "ms_from_request_to_its_answer_gate_ledger_ticket": spread(answered),
        "ms_of_a_512_byte_append_with_fdatasync_beside_it": spread(syncs),
    }))
}

fn phones_config(rig: &Rig, phones: &[Phone]) -> PhonesConfig {
    let account = |phone: &Phone| Account {
        user: phone.user.clone(),
        password: phone.password.clone(),
        realm: Some(phone.realm.clone()),
    };
    let accounts = phones.iter().map(account).collect();
    let mut config = PhonesConfig::new(rig.sut.place.sip_tls(), accounts);
    config.transport = Transport::Tls;
    config.ca_pem = Some(rig.sut.place.ca_pem());
    config.rtp_ports = rig.sut.place.phones_rtp();
    config
}

fn become_ready(desk: &mut Talk, agent: AgentId) -> anyhow::Result<()> {
    let begun = Instant::now();
    loop {
        match desk.desk(Desk::State { agent, state: AgentState::Ready })? {
            DeskReply::Done { .. } => return Ok(()),
            other => ensure!(begun.elapsed() < SHORT, "the agent does not become ready: {other:?}"),
        }
        std::thread::sleep(BETWEEN);
    }
}

/// The next contact, once the call before is over and the queue is filled.
fn shown(desk: &mut Talk, agent: AgentId, campaign: CampaignId) -> anyhow::Result<ContactId> {
    let begun = Instant::now();
    loop {
        match desk.desk(Desk::PreviewNext { agent, campaign })? {
            DeskReply::Preview { contact: Some(contact), .. } => return Ok(contact),
            other => ensure!(begun.elapsed() < SHORT, "no contact is shown: {other:?}"),
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn dial(desk: &mut Talk, agent: AgentId, contact: ContactId) -> anyhow::Result<Dial> {
    let begun = Instant::now();
    loop {
        let since = SystemTime::now().duration_since(UNIX_EPOCH)?;
        let asked = Instant::now();
        match desk.desk(Desk::PreviewDial { agent, contact })? {
            DeskReply::Dialled { .. } => {
                let asked_us = u64::try_from(since.as_micros())?;
                return Ok(Dial { asked_us, answered_ms: asked.elapsed().as_secs_f64() * 1e3 });
            }
            // Only before the first call: the phone's registration is still on its way to the floor.
            DeskReply::Refused { code, .. } if code == "no-phone" && begun.elapsed() < SHORT => {
                std::thread::sleep(BETWEEN);
            }
            other => bail!("the call was not dialled: {other:?}"),
        }
    }
}

fn sync_ms(probe: &mut File) -> std::io::Result<f64> {
    let begun = Instant::now();
    probe.write_all(&[7; 512])?;
    probe.sync_data()?;
    Ok(begun.elapsed().as_secs_f64() * 1e3)
}

/// The carrier's callee that does not exist: 404 at once.
const NOT_FOUND: &str = "76";
const BETWEEN: Duration = Duration::from_millis(50);
