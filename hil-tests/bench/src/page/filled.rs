//! A box with a long past: the contacts come by the import that everybody uses, the calls through the core of
//! `vaultd` itself, entry by entry, into the files the process then starts from.

use crate::contact_import::list;
use crate::rig::Rig;
use anyhow::{Context, bail, ensure};
use e2e::{Place, TrunkPlan, Which};
use idl::admin::{Admin, AdminRequest, Answer, NewCampaign};
use idl::campaign::{CalldToVault, CampaignRequest};
use idl::hello::Process;
use idl::lines::{
    CallEnd, CallFact, LinedToVault, MediaSummary, NoRecording, PromptRole, SipTransport, VaultToLined,
};
use std::time::Instant;
use vaultd::chip::TpmChip;
use vaultd::clock;
use vaultd::command::{Cmd, ConnId, Effect, Message};
use vaultd::sealing::Sealing;
use vaultd::startup::{Folders, Started, start};
use vocab::{
    CallId, CampaignClass, CampaignId, CampaignMode, ContactId, EndedBy, FailCause, Outcome, PersonId, Pii,
    Secret, TrunkId,
};

/// What the box holds.
#[derive(Debug)]
pub struct Filled {
    /// Contacts imported.
    pub contacts: u64,
    /// Calls made.
    pub calls: u64,
    /// Entries of the ledger.
    pub entries: u64,
    /// How long it took.
    pub seconds: f64,
}

/// Fills a box and leaves its `vaultd` running over what was filled.
///
/// # Errors
/// If something is refused.
pub fn fill(rig: &mut Rig, rows: u32) -> anyhow::Result<Filled> {
    let begun = Instant::now();
    let line = rig.sut.line(&[TrunkPlan::plain(([127, 0, 0, 1], 9).into(), SipTransport::Udp)]);
    let script = rig.script(&[
        (PromptRole::Identify, 500),
        (PromptRole::RecordingNotice, 500),
        (PromptRole::OptOutHint, 500),
        (PromptRole::Body, 500),
    ])?;
    let people = rig.sut.people;
    let what = Admin::ImportContacts {
        file: "contacts.csv".into(),
        purpose: "就诊回访".into(),
        department: people.department,
        source: "门诊登记表".into(),
        mapping: vec![],
        drop: vec![],
    };
    let answer = rig.talk(Process::Vaultd)?.attach(people.data, what, list(rows)?.0.into())?;
    let Answer::Imported { batch: Some(batch), rows, .. } = answer else { bail!("not imported: {answer:?}") };
    rig.sut.order(people.compliance, Admin::ReleaseBatch { batch });
    let plan = NewCampaign {
        name: "回访".into(),
        class: CampaignClass::ReturnVisit,
        mode: CampaignMode::Announcement,
        purpose: "就诊回访".into(),
        department: people.department,
        group: line.group,
        caller: Pii::new(line.caller.clone()),
        script,
        batches: vec![batch],
        max_calls: 100,
        calls_per_minute: 600,
        wrap_up_s: 10,
        attempts: 1,
    };
    let campaign = rig.sut.create(people.manager, Admin::CreateCampaign(Box::new(plan)));
    let campaign = CampaignId(u32::try_from(campaign)?);
    // Nobody dials what is written here.
    rig.sut.terminate(Which::Calld);
    rig.sut.terminate(Which::Vaultd);
    let (calls, entries) = calls(&rig.sut.place, campaign, people.manager, rows)?;
    rig.sut.restart(Which::Vaultd);
    rig.sut.restart(Which::Calld);
    rig.sut.figures();
    Ok(Filled { contacts: rows, calls, entries, seconds: begun.elapsed().as_secs_f64() })
}

/// Every contact is called once: a third each is answered, busy, or does not answer.
fn calls(
    place: &Place,
    campaign: CampaignId,
    manager: PersonId,
    contacts: u64,
) -> anyhow::Result<(u64, u64)> {
    let chip = TpmChip::connect(&format!("swtpm:host=127.0.0.1,port={}", place.tpm()), Sealing::Pcrs)?;
    let folders = Folders {
        state: place.folder("vault"),
        objects: place.folder("objects"),
        recordings: place.folder("recordings"),
        traces: place.folder("traces"),
        shares: place.folder("recovery").join("shares"),
    };
    let mut started = start(&folders, &chip, clock::read(true))?;
    let give = |started: &mut Started, cmds: Vec<Cmd>| -> anyhow::Result<Vec<Effect>> {
        let now = clock::read(true);
        for cmd in cmds {
            started.vault.handle(now, cmd);
        }
        Ok(started.vault.commit()?)
    };
    let request = AdminRequest::of_tool(1, Some(manager), Admin::StartCampaign { campaign });
    let begin = vec![
        Cmd::Disk { free_bytes: 1 << 40, ready: true },
        Cmd::LinedUp(LINED),
        Cmd::Lined(LinedToVault::Live { calls: vec![] }),
        Cmd::CalldUp(CALLD),
        Cmd::Admin { conn: TOOL, from: Process::Tool, request, attached: None },
    ];
    give(&mut started, begin)?;
    let first = started.vault.state().batches.values().next().context("no batch")?.entry.first.0;
    let mut made = 0;
    for from in (first..first + contacts).step_by(AT_ONCE) {
        let range = from..(from + AT_ONCE as u64).min(first + contacts);
        let dials = range.map(|contact| {
            let request = CampaignRequest::Dial { campaign, contact: ContactId(contact), agent: None };
            Cmd::Calld(CALLD, CalldToVault { id: contact, request })
        });
        let tickets = tickets(give(&mut started, dials.collect())?);
        made += tickets.len() as u64;
        give(&mut started, tickets.into_iter().flat_map(life).collect())?;
        if started.vault.calls().in_memory() >= IN_MEMORY {
            store(&mut started)?;
        }
    }
    ensure!(made == contacts, "only {made} of {contacts} calls were allowed");
    give(&mut started, vec![Cmd::LinedDown(LINED), Cmd::CalldDown(CALLD), Cmd::Stopping])?;
    let entries = started.vault.state().applied_seq;
    store(&mut started)?;
    started.snapshots.checkpoint()?;
    Ok((made, entries))
}

fn store(started: &mut Started) -> anyhow::Result<()> {
    let (state, calls) = started.vault.state_and_calls();
    Ok(started.snapshots.store(state, calls)?)
}

fn tickets(effects: Vec<Effect>) -> Vec<CallId> {
    let ticket = |effect| match effect {
        Effect::Send(_, Message::Lined(VaultToLined::Ticket(ticket))) => Some(ticket.call),
        _ => None,
    };
    effects.into_iter().filter_map(ticket).collect()
}

/// What the lines tell of a call, from its dialling to its end.
fn life(call: CallId) -> Vec<Cmd> {
    let at = clock::wall();
    let fact = |seq, fact| Cmd::Lined(LinedToVault::Fact { call, seq, at, fact });
    let dialling = fact(1, CallFact::Dialling { trunk: TrunkId(1) });
    match call.0 % 3 {
        0 => vec![dialling, fact(2, ended(Outcome::Failed(FailCause::Busy), None))],
        1 => vec![dialling, fact(2, ended(Outcome::Failed(FailCause::NoAnswer), None))],
        _ => {
            let dialog = Secret::new(vec![0; DIALOG_BYTES]);
            let answered = CallFact::Answered { trunk: TrunkId(1), dialog };
            let end = ended(Outcome::Answered { by: EndedBy::Callee }, Some(at));
            vec![dialling, fact(2, answered), fact(3, end)]
        }
    }
}

fn ended(outcome: Outcome, answered_at: Option<vocab::UnixMs>) -> CallFact {
    let why = if answered_at.is_some() { NoRecording::EndedBeforeNotice } else { NoRecording::NotAnswered };
    CallFact::Ended(Box::new(CallEnd {
        outcome,
        sip_status: 200,
        q850: 16,
        answered_at,
        ended_at: clock::wall(),
        recording: Err(why),
        media: MediaSummary::default(),
    }))
}

const LINED: ConnId = ConnId(1);
const CALLD: ConnId = ConnId(2);
const TOOL: ConnId = ConnId(3);
const AT_ONCE: usize = 250;
/// Calls kept in memory between two snapshots.
const IN_MEMORY: usize = 100_000;
/// As long as a dialog of a common carrier.
const DIALOG_BYTES: usize = 300;
