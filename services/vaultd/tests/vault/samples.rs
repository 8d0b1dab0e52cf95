//! A plain request of each kind, for tests that go through all of them.

use crate::rig::{AGENT, plan, trunk};
use idl::account::{SessionId, Whose};
use idl::admin::{Admin, Role};
use idl::handset::HandsetTest;
use idl::host::HostOrder;
use idl::lines::SrtpPolicy;
use idl::spans::SpanOrder;
use idl::views::{
    BoxAsk, CallFilter, ConsoleAsk, ContactFilter, CustodyAsk, DeskAction, LedgerFilter, NetworkAsk, PlayId,
    SpanAsk,
};
use rights::Request;
use vocab::{
    CallId, CampaignId, DepartmentId, LineGroupId, ObjectHash, PersonId, Pii, ScriptId, Secret, SpanId,
    Timeslot, UnixMs,
};

/// The request.
pub fn sample(request: Request) -> Admin {
    let number = || Pii::new("13900000000".to_owned());
    match request {
        Request::Commission => unreachable!("not of the table"),
        Request::Status => Admin::Status,
        Request::AddDepartment => Admin::AddDepartment { name: "x".to_owned() },
        Request::AddPerson => Admin::AddPerson { name: number(), role: Role::Qa, department: None },
        Request::AddPhone => Admin::AddPhone { person: AGENT, srtp: SrtpPolicy::Required, allow_md5: false },
        Request::AllowUdpPhones => Admin::AllowUdpPhones { allow: true },
        Request::AddTrunk => Admin::AddTrunk(Box::new(trunk())),
        Request::SetTrunk => Admin::SetTrunk(Box::new(trunk())),
        Request::SetLineGroup => {
            Admin::SetLineGroup { group: LineGroupId(9), name: "x".to_owned(), members: Vec::new() }
        }
        Request::RemoveLineGroup => Admin::RemoveLineGroup { group: LineGroupId(9) },
        Request::AddLineGroup => Admin::AddLineGroup { name: "x".to_owned(), members: Vec::new() },
        Request::AddCallerNumber => Admin::AddCallerNumber {
            number: number(),
            groups: Vec::new(),
            contract: "x".to_owned(),
            valid_to: UnixMs(0),
        },
        Request::ApproveCallerNumber => Admin::ApproveCallerNumber { number: number() },
        Request::Holidays => Admin::Holidays { toml: String::new(), signature: Vec::new() },
        Request::ImportDoNotCall => Admin::ImportDoNotCall { issued_at: UnixMs(0) },
        Request::Blacklist => Admin::Blacklist { number: number() },
        Request::ImportContacts => Admin::ImportContacts {
            file: "x".to_owned(),
            purpose: "x".to_owned(),
            department: DepartmentId(1),
            source: "x".to_owned(),
            mapping: Vec::new(),
            drop: Vec::new(),
        },
        Request::ReleaseBatch => Admin::ReleaseBatch { batch: 9 },
        Request::UploadPrompt => Admin::UploadPrompt { text: "x".to_owned() },
        Request::CreateScript => Admin::CreateScript { name: "x".to_owned(), prompts: Vec::new() },
        Request::ApproveScript => Admin::ApproveScript { script: ScriptId(9) },
        Request::CreateCampaign => Admin::CreateCampaign(Box::new(plan(ScriptId(9), Vec::new()))),
        Request::StartCampaign => Admin::StartCampaign { campaign: CampaignId(9) },
        Request::PauseCampaign => Admin::PauseCampaign { campaign: CampaignId(9) },
        Request::Figures => Admin::Figures { campaign: None },
        Request::Call => Admin::Call { call: CallId(9_999) },
        Request::Calls => Admin::Calls { after: None },
        Request::Listen => Admin::Listen { call: CallId(9_999), purpose: "quality".to_owned() },
        Request::VerifyLedger => Admin::VerifyLedger,
        Request::SetPolicy => Admin::SetPolicy { toml: "version = {".to_owned() },
        Request::Door => Admin::Door,
        Request::PageListens => Admin::PageListens,
        Request::ClaimCode => Admin::ClaimCode,
        Request::Claim
        | Request::SignIn
        | Request::SignInConsole
        | Request::BeginEnrol
        | Request::FinishEnrol => {
            unreachable!("not of the table")
        }
        Request::Me => Admin::Me,
        Request::SignOut => Admin::SignOut,
        Request::ChangePassword => {
            let text = || Secret::new("x".to_owned());
            Admin::ChangePassword { old: text(), new: text(), code: text() }
        }
        Request::MySessions => Admin::MySessions,
        Request::EndMySession => Admin::EndMySession { session: SessionId(9_999) },
        Request::MySignIns => Admin::MySignIns,
        Request::Persons => Admin::Persons { after: None },
        Request::AddAccount => Admin::AddAccount {
            name: number(),
            login: "new.one".to_owned(),
            role: Role::Qa,
            department: None,
        },
        Request::GiveAccount => Admin::GiveAccount { person: AGENT, login: "an.agent".to_owned() },
        Request::ResetAccount => Admin::ResetAccount { person: AGENT },
        Request::SetActive => Admin::SetActive { person: AGENT, active: false },
        Request::Unlock => Admin::Unlock { person: AGENT },
        Request::Sessions => Admin::Sessions,
        Request::EndSession => Admin::EndSession { session: SessionId(9_999) },
        Request::SignIns => Admin::SignIns { whose: Whose::All, before: None },
        Request::Overview => Admin::Overview,
        Request::Series => Admin::Series { campaign: None, hours: 24 },
        Request::Departments => Admin::Departments,
        Request::Campaigns => Admin::Campaigns { after: None },
        Request::Campaign => Admin::Campaign { campaign: CampaignId(9) },
        Request::CampaignChoices => Admin::CampaignChoices,
        Request::Refusals => Admin::Refusals { campaign: CampaignId(9), before: None },
        Request::Batches => Admin::Batches { before: None },
        Request::Contacts => Admin::Contacts { batch: 9, from_row: 0, only: ContactFilter::All },
        Request::Lookup => Admin::Lookup { number: number() },
        Request::DoNotCall => Admin::DoNotCall { before: None },
        Request::Scripts => Admin::Scripts { after: None },
        Request::Prompts => Admin::Prompts { before: None },
        Request::PromptAudio => Admin::PromptAudio { object: ObjectHash([9; 32]) },
        Request::CallsPage => Admin::CallsPage { filter: CallFilter::default(), before: None },
        Request::CallCard => Admin::CallCard { call: CallId(9_999) },
        Request::Play => Admin::Play { call: CallId(9_999), purpose: "quality".to_owned() },
        Request::PlaySegment => Admin::PlaySegment { play: PlayId(9), index: 0 },
        Request::LedgerPage => Admin::LedgerPage { filter: LedgerFilter::default(), before: None },
        Request::ReplacePageCertificate => Admin::ReplacePageCertificate { fingerprint: [9; 32] },
        Request::Lines => Admin::Lines,
        Request::Settings => Admin::Settings,
        Request::Live => Admin::Live,
        Request::Desk => Admin::Desk(DeskAction::Look),
        Request::Spans => Admin::Span(SpanAsk::All),
        Request::Span => Admin::Span(SpanAsk::One { span: SpanId(9) }),
        Request::SpanHistory => Admin::Span(SpanAsk::History { span: None, before: None }),
        Request::SpanQuality => Admin::Span(SpanAsk::Quality { span: SpanId(9) }),
        Request::SetSpan => Admin::Span(SpanAsk::Set(Box::new(crate::spans::pri(9)))),
        Request::RemoveSpan => Admin::Span(SpanAsk::Remove { span: SpanId(9) }),
        Request::OrderSpan => Admin::Span(SpanAsk::Order { span: SpanId(9), order: SpanOrder::StopTest }),
        Request::NetworkLook => Admin::Network(NetworkAsk::Look),
        Request::ProposeNetwork => Admin::Network(NetworkAsk::Propose(Box::default())),
        Request::AgreeNetwork => Admin::Network(NetworkAsk::Agree { proposed: 9_999 }),
        Request::WithdrawNetwork => Admin::Network(NetworkAsk::Withdraw { proposed: 9_999 }),
        Request::ConfirmNetwork => Admin::Network(NetworkAsk::Confirm { proposed: 9_999 }),
        Request::CloseTunnel => Admin::Network(NetworkAsk::CloseTunnel { name: "x".to_owned() }),
        Request::MakeTunnelKeys => Admin::Network(NetworkAsk::MakeKeys),
        Request::RecordConsole => {
            let piece = Pii::new(b"x".to_vec());
            Admin::Consoles(ConsoleAsk::Record { index: 0, length_ms: 0, piece })
        }
        Request::Consoles => Admin::Consoles(ConsoleAsk::Look { before: None }),
        Request::ConsoleRecording => Admin::Consoles(ConsoleAsk::Read { session: SessionId(9_999), from: 0 }),
        Request::CutConsole => Admin::Consoles(ConsoleAsk::Cut { session: SessionId(9_999) }),
        Request::UseHandset => {
            let order = SpanOrder::Handset(HandsetTest { slot: Timeslot(1), talk: false });
            Admin::Span(SpanAsk::Order { span: SpanId(9), order })
        }
        Request::SpanTrace => Admin::Span(SpanAsk::Trace { file: "x.pcap".to_owned(), offset: 0 }),
        Request::CustodyLook => Admin::Custody(CustodyAsk::Look),
        Request::BeginCustody => Admin::Custody(CustodyAsk::Begin {
            custodians: [9_995, 9_996, 9_997, 9_998, 9_999].map(PersonId),
        }),
        Request::TakeShare => Admin::Custody(CustodyAsk::Take),
        Request::BoxLook => Admin::Box(BoxAsk::Look),
        Request::UploadBundle => Admin::Box(BoxAsk::Upload),
        Request::OrderUpdate => {
            Admin::Box(BoxAsk::Order(HostOrder::Install { bundle: [9; 32], downgrade: false }))
        }
        Request::OrderBox => Admin::Box(BoxAsk::Order(HostOrder::Restart)),
        Request::OrderReset => Admin::Box(BoxAsk::Order(HostOrder::FactoryReset)),
        Request::AgreeOrder => Admin::Box(BoxAsk::Agree { order: 9_999 }),
        Request::WithdrawOrder => Admin::Box(BoxAsk::Withdraw { order: 9_999 }),
        Request::BoxDiagnostics => Admin::Box(BoxAsk::Diagnostics { bundle: [9; 32], offset: 0 }),
    }
}
