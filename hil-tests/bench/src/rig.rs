//! A commissioned box to measure: the harness's, with a `lined` that has media ports for thousands of calls.

use crate::peer::Peer;
use anyhow::{Context, bail};
use e2e::{Line, Place, SHORT, TestBox, Which, binary, cards, tone_wav, until};
use idl::admin::{Admin, Answer, NewCampaign};
use idl::hello::Process;
use idl::lines::PromptRole;
use std::io::{Seek, Write};
use std::net::TcpStream;
use std::os::fd::OwnedFd;
use std::process::Command;
use vocab::{CampaignClass, CampaignId, CampaignMode, Pii, ScriptId};

/// A box and its own `lined`.
#[derive(Debug)]
pub struct Rig {
    /// The harness's box.
    pub sut: TestBox,
    lined: Peer,
}

/// A campaign to measure.
#[derive(Debug, Clone, Copy)]
pub struct Plan<'a> {
    /// The contacts' numbers.
    pub numbers: &'a [String],
    /// Mode.
    pub mode: CampaignMode,
    /// The script.
    pub script: ScriptId,
    /// Most calls at once.
    pub max_calls: u16,
    /// Calls a minute.
    pub pace: u32,
}

impl Rig {
    /// Starts a box and commissions it.
    ///
    /// # Errors
    /// If `lined` cannot be started.
    pub fn start(media_threads: Option<u16>) -> anyhow::Result<Self> {
        Self::start_in(Place::new(), media_threads)
    }

    /// The same, in a place that peers know already.
    ///
    /// # Errors
    /// If `lined` cannot be started.
    pub fn start_in(place: Place, media_threads: Option<u16>) -> anyhow::Result<Self> {
        let mut sut = TestBox::start_in(place);
        sut.terminate(Which::Lined);
        let place = &sut.place;
        let mut command = Command::new(binary("lined"));
        for (option, folder) in [("--run", "run"), ("--recordings", "recordings"), ("--objects", "objects")] {
            command.arg(option).arg(place.folder(folder));
        }
        for (option, address) in
            [("--sip-udp", place.sip()), ("--sip-tcp", place.sip()), ("--sip-tls", place.sip_tls())]
        {
            command.args([option, &address.to_string()]);
        }
        command.arg("--tls-cert").arg(place.folder("tls").join("cert.pem"));
        command.arg("--tls-key").arg(place.folder("tls").join("key.pem"));
        command.args(["--rtp-addr", "127.0.0.1", "--rtp-ports", &format!("{}-{}", RTP.0, RTP.1)]);
        command.args(["--log", "stderr", "--log-level", "warn"]).args(cards(place));
        if let Some(threads) = media_threads {
            command.args(["--media-threads", &threads.to_string()]);
        }
        let lined = Peer::start(&mut command, &place.folder("logs").join("lined-measured.log"))?;
        until("lined listens", SHORT, || TcpStream::connect(place.sip_tls()).ok());
        Ok(Self { sut, lined })
    }

    /// The product's processes by name.
    #[must_use]
    pub fn pids(&self) -> Vec<(String, u32)> {
        let rest = self.sut.pids().into_iter().filter(|(which, _)| *which != Which::Swtpm);
        let mut all: Vec<_> = rest.map(|(which, pid)| (which.name().to_owned(), pid)).collect();
        all.push(("lined".to_owned(), self.lined.pid()));
        all
    }

    /// The process id of one of them.
    ///
    /// # Errors
    /// If it does not run.
    pub fn pid(&self, name: &str) -> anyhow::Result<u32> {
        self.pids()
            .into_iter()
            .find(|(known, _)| known == name)
            .map(|(_, pid)| pid)
            .context("no such process")
    }

    /// An approved script with prompts of these lengths in milliseconds.
    ///
    /// # Errors
    /// If a prompt was refused.
    pub fn script(&mut self, lengths: &[(PromptRole, u32)]) -> anyhow::Result<ScriptId> {
        let (manager, compliance) = (self.sut.people.manager, self.sut.people.compliance);
        let mut prompts = Vec::new();
        for (role, ms) in lengths {
            let wav = tone_wav(e2e::Prompts::hz(*role), *ms);
            match self.sut.attach(manager, Admin::UploadPrompt { text: format!("{role:?}") }, file_of(&wav)?)
            {
                Answer::Prompt { object, .. } => prompts.push((*role, object)),
                other => bail!("a prompt was not stored: {other:?}"),
            }
        }
        let script = self.sut.create(manager, Admin::CreateScript { name: "话术".into(), prompts });
        let script = ScriptId(u32::try_from(script)?);
        self.sut.order(compliance, Admin::ApproveScript { script });
        Ok(script)
    }

    /// Creates a campaign, paused.
    ///
    /// # Errors
    /// If its id is none.
    pub fn campaign(&mut self, line: &Line, plan: Plan<'_>) -> anyhow::Result<CampaignId> {
        let batch = self.sut.contacts(plan.numbers);
        let new = NewCampaign {
            name: "测量".into(),
            class: CampaignClass::ReturnVisit,
            mode: plan.mode,
            // The harness imports contacts for this purpose.
            purpose: "就诊回访".into(),
            department: self.sut.people.department,
            group: line.group,
            caller: Pii::new(line.caller.clone()),
            script: plan.script,
            batches: vec![batch],
            max_calls: plan.max_calls,
            calls_per_minute: plan.pace,
            wrap_up_s: 10,
            attempts: 1,
        };
        let manager = self.sut.people.manager;
        let id = self.sut.create(manager, Admin::CreateCampaign(Box::new(new)));
        Ok(CampaignId(u32::try_from(id)?))
    }

    /// Starts a campaign.
    pub fn run(&mut self, campaign: CampaignId) {
        let manager = self.sut.people.manager;
        self.sut.order(manager, Admin::StartCampaign { campaign });
    }

    /// A connection of one's own.
    ///
    /// # Errors
    /// If the process is not there.
    pub fn talk(&self, process: Process) -> anyhow::Result<crate::talk::Talk> {
        crate::talk::Talk::to(&self.sut, process)
    }
}

/// Numbers that differ: a prefix of three digits and a running one of eight.
#[must_use]
pub fn numbers(prefix: &str, count: u32) -> Vec<String> {
    (0..count).map(|at| format!("{prefix}{at:08}")).collect()
}

/// Bytes as a file without a name.
fn file_of(bytes: &[u8]) -> anyhow::Result<OwnedFd> {
    let mut file = tempfile::tempfile()?;
    file.write_all(bytes)?;
    file.rewind()?;
    Ok(file.into())
}

/// The measured `lined`'s media ports, below the ephemeral ones and apart from the carrier's.
const RTP: (u16, u16) = (24_000, 31_999);
