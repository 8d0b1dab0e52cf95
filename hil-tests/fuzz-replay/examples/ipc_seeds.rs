//! Writes the seeds of the `ipc` corpus: real messages as they cross between processes, with invented content.
//!
//! Run after messages changed: `cargo run -p fuzz-targets --example ipc_seeds`. It removes no seed.

use anyhow::Context;
use idl::admin::{Admin, AdminRequest, NewCampaign, Role};
use idl::campaign::{
    AgentState, AgentView, CalldToVault, CampaignReply, CampaignRequest, CampaignView, Disposition,
    VaultToCalld,
};
use idl::desk::{Desk, DeskRequest};
use idl::hello::{BUILD, Hello, Process};
use idl::lines::{
    CallEnd, CallFact, Codec, LineGroup, LineGroupMember, LinedToVault, MediaSummary, NoRecording, OptOutBy,
    PhoneAccount, Prompt, PromptRole, RecordingClosed, SipTransport, SiteLines, SrtpPolicy, Ticket,
    TrunkAccount, TrunkConfig, TrunkState, TrunkStatus, VaultToLined,
};
use serde::Serialize;
use std::path::Path;
use vocab::{
    AgentId, CallId, CampaignClass, CampaignId, CampaignMode, ContactId, DepartmentId, EndedBy, FailCause,
    LineGroupId, ObjectHash, Outcome, PersonId, PhoneNumber, Pii, RuleId, ScriptId, Secret, TrunkId, UnixMs,
};

fn main() -> anyhow::Result<()> {
    seed("hello", &Hello { build: BUILD, process: Process::Lined })?;
    lined_to_vault()?;
    vault_to_lined()?;
    calld_to_vault()?;
    vault_to_calld()?;
    admin()?;
    desk()
}

fn lined_to_vault() -> anyhow::Result<()> {
    seed("lined-live", &LinedToVault::Live { calls: vec![CallId(1), CallId(300), CallId(70_000)] })?;
    let facts = [
        ("dialling", CallFact::Dialling { trunk: TrunkId(1) }),
        ("answered", CallFact::Answered { trunk: TrunkId(1), dialog: Secret::new(b"a dialog".to_vec()) }),
        ("notice", CallFact::NoticeHeard { began_after_ms: 120, ended_after_ms: 8_400 }),
        ("agent", CallFact::AgentConnected { agent: AgentId(4), after_announcement_ms: 90 }),
        ("opt-out", CallFact::OptOut { by: OptOutBy::Rfc4733 }),
        ("media-fault", CallFact::MediaFault { code: "no-audio".to_owned() }),
        ("recorded", CallFact::Ended(Box::new(end(Some(AT), Ok(RECORDING))))),
        ("busy", CallFact::Ended(Box::new(end(None, Err(NoRecording::NotAnswered))))),
    ];
    for (seq, (name, fact)) in (1..).zip(facts) {
        seed(&format!("fact-{name}"), &LinedToVault::Fact { call: CallId(300), seq, at: AT, fact })?;
    }
    let state = TrunkState::RegistrationFailed;
    let reason = "the carrier refuses the password".to_owned();
    seed("trunk", &LinedToVault::Trunk(TrunkStatus { trunk: TrunkId(1), since: AT, state, reason, calls: 3 }))
}

fn end(answered_at: Option<UnixMs>, recording: Result<RecordingClosed, NoRecording>) -> CallEnd {
    let answered = Outcome::Answered { by: EndedBy::Callee };
    let outcome = if answered_at.is_some() { answered } else { Outcome::Failed(FailCause::Busy) };
    let sip_status = if answered_at.is_some() { 200 } else { 486 };
    let media = MediaSummary { received: 1_500, lost: 2, late: 1, jitter_us: 350, ..MediaSummary::default() };
    CallEnd { outcome, sip_status, q850: 17, answered_at, ended_at: UnixMs(AT.0 + 30_000), recording, media }
}

fn vault_to_lined() -> anyhow::Result<()> {
    let members = vec![LineGroupMember { trunk: TrunkId(1), rank: 0, weight: 10 }];
    let site = SiteLines {
        spans: Vec::new(),
        version: 7,
        trunks: vec![trunk()],
        groups: vec![LineGroup { id: LineGroupId(1), name: "客服".to_owned(), members }],
        phones_allow_udp: true,
    };
    seed("site", &VaultToLined::Site(site))?;
    let phone = PhoneAccount {
        agent: AgentId(4),
        user: "agent4".to_owned(),
        realm: "box.invalid".to_owned(),
        ha1_sha256: Secret::new("0123456789abcdef".repeat(4)),
        ha1_md5: Some(Secret::new("0123456789abcdef".repeat(2))),
        srtp: SrtpPolicy::Required,
    };
    seed("phones", &VaultToLined::Phones { first: true, phones: vec![phone] })?;
    let ticket = Ticket {
        call: CallId(300),
        expires_boot_ms: 1_234_567,
        number: number("+86 139 0000 0001")?,
        caller: number("010 1234 5678")?,
        group: LineGroupId(1),
        mode: CampaignMode::Progressive,
        agent: Some(AgentId(4)),
        prompts: [PromptRole::Identify, PromptRole::RecordingNotice, PromptRole::OptOutHint]
            .map(prompt)
            .into(),
        recording_key: Secret::new([3; 32]),
        ring_timeout_s: 45,
        max_call_s: 600,
        opt_out_key: b'9',
    };
    seed("ticket", &VaultToLined::Ticket(Box::new(ticket)))?;
    seed("fact-stored", &VaultToLined::FactStored { call: CallId(300), seq: 2 })?;
    let dialog = Secret::new(b"a dialog".to_vec());
    seed("release", &VaultToLined::Release { call: CallId(299), dialog })
}

fn trunk() -> TrunkConfig {
    let password = Secret::new("invented".to_owned());
    TrunkConfig {
        id: TrunkId(1),
        name: "carrier".to_owned(),
        host: "sip.carrier.invalid".to_owned(),
        port: Some(5_061),
        transport: SipTransport::Tls,
        ca_pem: Some("-----BEGIN CERTIFICATE-----".to_owned()),
        tls_name: None,
        tls12_waiver: false,
        srtp: SrtpPolicy::Required,
        account: Some(TrunkAccount { user: "box".to_owned(), password, register: true, expires_s: 600 }),
        channels: 30,
        options_interval_s: 30,
        symmetric_rtp: false,
        codecs: vec![Codec::Pcma, Codec::Pcmu],
    }
}

fn prompt(role: PromptRole) -> Prompt {
    Prompt { role, object: ObjectHash([5; 32]), key: Secret::new([6; 32]) }
}

fn calld_to_vault() -> anyhow::Result<()> {
    let (campaign, agent) = (CampaignId(2), AgentId(4));
    let note = Pii::new("再联系".to_owned());
    let disposition = Disposition::Callback;
    let requests = [
        ("campaigns", CampaignRequest::Campaigns),
        ("agents", CampaignRequest::Agents { after: Some(agent) }),
        ("queue", CampaignRequest::Queue { campaign, max: 64 }),
        ("return", CampaignRequest::Return { campaign, contacts: vec![ContactId(5), ContactId(600)] }),
        ("dial", CampaignRequest::Dial { campaign, contact: ContactId(5), agent: Some(agent) }),
        ("wrap-up", CampaignRequest::WrapUp { call: CallId(300), agent, disposition, note }),
        ("agent-state", CampaignRequest::AgentState { agent, state: AgentState::WrapUp, at: AT }),
    ];
    for (id, (name, request)) in (1..).zip(requests) {
        seed(&format!("calld-{name}"), &CalldToVault { id, request })?;
    }
    Ok(())
}

fn vault_to_calld() -> anyhow::Result<()> {
    let view = CampaignView {
        id: CampaignId(2),
        name: "回访".to_owned(),
        class: CampaignClass::ReturnVisit,
        mode: CampaignMode::Preview,
        running: true,
        group: LineGroupId(1),
        department: DepartmentId(1),
        max_calls: 10,
        calls_per_minute: 6,
        wrap_up_s: 60,
    };
    let agent = AgentView { id: AgentId(4), department: DepartmentId(1), active: true };
    let states = vec![(AgentId(4), AgentState::WrapUp, Some(CallId(300)))];
    let rules = vec![RuleId::CallingHours, RuleId::Frequency];
    let replies = [
        ("campaigns", CampaignReply::Campaigns(vec![view])),
        ("agents", CampaignReply::Agents(vec![agent])),
        ("agent-states", CampaignReply::AgentStates(states)),
        ("queue", CampaignReply::Queue { contacts: vec![ContactId(5)], again_at: Some(AT) }),
        ("ticketed", CampaignReply::Ticketed { call: CallId(300) }),
        ("refused", CampaignReply::Refused { rules, again_at: None }),
        ("not-now", CampaignReply::NotNow { reason: "starting".to_owned() }),
    ];
    for (id, (name, reply)) in (1..).zip(replies) {
        seed(&format!("reply-{name}"), &VaultToCalld::Reply { id, reply })?;
    }
    let outcome = Outcome::Answered { by: EndedBy::Agent };
    let (call, campaign) = (CallId(300), CampaignId(2));
    seed("call-closed", &VaultToCalld::CallClosed { call, campaign, outcome, opted_out: true })
}

fn admin() -> anyhow::Result<()> {
    let name = |text: &str| Pii::new(text.to_owned());
    let campaign = NewCampaign {
        name: "回访".to_owned(),
        class: CampaignClass::Marketing,
        mode: CampaignMode::Announcement,
        purpose: "return visit".to_owned(),
        department: DepartmentId(1),
        group: LineGroupId(1),
        caller: name("010 1234 5678"),
        script: ScriptId(1),
        batches: vec![1, 2],
        max_calls: 10,
        calls_per_minute: 6,
        wrap_up_s: 60,
        attempts: 2,
    };
    let import = Admin::ImportContacts {
        file: "list.csv".to_owned(),
        purpose: "return visit".to_owned(),
        department: DepartmentId(1),
        source: "contract".to_owned(),
        mapping: vec![("电话".to_owned(), "number".to_owned())],
        drop: vec!["备注".to_owned()],
    };
    let requests = [
        (
            "commission",
            Admin::Commission {
                company: "示例银行".to_owned(),
                zone: "Asia/Shanghai".to_owned(),
                administrators: [name("甲"), name("乙"), name("丙")],
                calendar_key: [8; 32],
            },
        ),
        ("person", Admin::AddPerson { name: name("丁"), role: Role::Agent, department: None }),
        ("trunk", Admin::AddTrunk(Box::new(trunk()))),
        ("holidays", Admin::Holidays { toml: "year = 2030".to_owned(), signature: vec![9; 64] }),
        ("import", import),
        ("campaign", Admin::CreateCampaign(Box::new(campaign))),
        ("listen", Admin::Listen { call: CallId(300), purpose: "quality".to_owned() }),
        ("policy", Admin::SetPolicy { toml: "attempts_per_day = 1".to_owned() }),
    ];
    for (id, (name, what)) in (1..).zip(requests) {
        seed(&format!("admin-{name}"), &AdminRequest::of_tool(id, Some(PersonId(1)), what))?;
    }
    Ok(())
}

fn desk() -> anyhow::Result<()> {
    let agent = AgentId(4);
    let note = Pii::new("完成".to_owned());
    let requests = [
        ("state", Desk::State { agent, state: AgentState::Ready }),
        ("next", Desk::PreviewNext { agent, campaign: CampaignId(2) }),
        ("wrap-up", Desk::WrapUp { agent, call: CallId(300), disposition: Disposition::Done, note }),
        ("watch", Desk::Watch),
    ];
    for (id, (name, what)) in (1..).zip(requests) {
        seed(&format!("desk-{name}"), &DeskRequest { id, what })?;
    }
    Ok(())
}

fn number(spelling: &str) -> anyhow::Result<Pii<PhoneNumber>> {
    PhoneNumber::parse(spelling).map(Pii::new).with_context(|| format!("{spelling} is no number"))
}

fn seed(name: &str, message: &impl Serialize) -> anyhow::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/ipc");
    std::fs::create_dir_all(&folder).context("the corpus folder cannot be made")?;
    let bytes = postcard::to_stdvec(message).with_context(|| format!("{name} cannot be encoded"))?;
    std::fs::write(folder.join(name), bytes).with_context(|| format!("{name} cannot be written"))
}

const AT: UnixMs = UnixMs(1_900_000_000_000);
const RECORDING: RecordingClosed = RecordingClosed {
    duration_ms: 30_000,
    expected_ms: 30_020,
    gaps_customer_ms: 20,
    gaps_agent_ms: 0,
    bytes: 480_000,
};
