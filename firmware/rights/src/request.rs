//! The requests by their kinds. It knows nothing of who may make them ([`crate::may`]) or what they do.

use idl::admin::Admin;
use idl::host::HostOrder;
use idl::spans::SpanOrder;
use idl::views::{BoxAsk, CustodyAsk, NetworkAsk, SpanAsk};

macro_rules! requests {
    ($($name:ident),+ $(,)?) => {
        /// A request by its kind.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Request { $(
            #[doc = concat!("`", stringify!($name), "`.")]
            $name
        ),+ }

        impl Request {
            /// Every request.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The name written into the ledger.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name)),+ }
            }
        }
    };
}

requests!(
    Commission,
    Status,
    AddDepartment,
    AddPerson,
    AddPhone,
    AllowUdpPhones,
    AddTrunk,
    SetTrunk,
    AddLineGroup,
    AddCallerNumber,
    ApproveCallerNumber,
    Holidays,
    ImportDoNotCall,
    Blacklist,
    ImportContacts,
    ReleaseBatch,
    UploadPrompt,
    CreateScript,
    ApproveScript,
    CreateCampaign,
    StartCampaign,
    PauseCampaign,
    Figures,
    Call,
    Calls,
    Listen,
    VerifyLedger,
    SetPolicy,
    Door,
    ClaimCode,
    Claim,
    SignIn,
    BeginEnrol,
    FinishEnrol,
    Me,
    SignOut,
    ChangePassword,
    MySessions,
    EndMySession,
    MySignIns,
    Persons,
    AddAccount,
    GiveAccount,
    ResetAccount,
    SetActive,
    Unlock,
    Sessions,
    EndSession,
    SignIns,
    Overview,
    Series,
    Departments,
    Campaigns,
    Campaign,
    CampaignChoices,
    Refusals,
    Batches,
    Contacts,
    Lookup,
    DoNotCall,
    Scripts,
    Prompts,
    PromptAudio,
    CallsPage,
    CallCard,
    Play,
    PlaySegment,
    LedgerPage,
    ReplacePageCertificate,
    Lines,
    Settings,
    Live,
    Desk,
    Spans,
    Span,
    SpanHistory,
    SpanQuality,
    SetSpan,
    RemoveSpan,
    OrderSpan,
    UseHandset,
    SpanTrace,
    SignInConsole,
    BoxLook,
    UploadBundle,
    OrderUpdate,
    OrderBox,
    OrderReset,
    AgreeOrder,
    WithdrawOrder,
    BoxDiagnostics,
    CustodyLook,
    BeginCustody,
    TakeShare,
    SetLineGroup,
    RemoveLineGroup,
    NetworkLook,
    ProposeNetwork,
    AgreeNetwork,
    WithdrawNetwork,
    ConfirmNetwork,
    CloseTunnel,
    MakeTunnelKeys,
);

/// The kind of a request.
#[must_use]
pub const fn request_of(admin: &Admin) -> Request {
    match admin {
        Admin::Commission { .. } => Request::Commission,
        Admin::Status => Request::Status,
        Admin::AddDepartment { .. } => Request::AddDepartment,
        Admin::AddPerson { .. } => Request::AddPerson,
        Admin::AddPhone { .. } => Request::AddPhone,
        Admin::AllowUdpPhones { .. } => Request::AllowUdpPhones,
        Admin::AddTrunk(_) => Request::AddTrunk,
        Admin::SetTrunk(_) => Request::SetTrunk,
        Admin::AddLineGroup { .. } => Request::AddLineGroup,
        Admin::SetLineGroup { .. } => Request::SetLineGroup,
        Admin::RemoveLineGroup { .. } => Request::RemoveLineGroup,
        Admin::AddCallerNumber { .. } => Request::AddCallerNumber,
        Admin::ApproveCallerNumber { .. } => Request::ApproveCallerNumber,
        Admin::Holidays { .. } => Request::Holidays,
        Admin::ImportDoNotCall { .. } => Request::ImportDoNotCall,
        Admin::Blacklist { .. } => Request::Blacklist,
        Admin::ImportContacts { .. } => Request::ImportContacts,
        Admin::ReleaseBatch { .. } => Request::ReleaseBatch,
        Admin::UploadPrompt { .. } => Request::UploadPrompt,
        Admin::CreateScript { .. } => Request::CreateScript,
        Admin::ApproveScript { .. } => Request::ApproveScript,
        Admin::CreateCampaign(_) => Request::CreateCampaign,
        Admin::StartCampaign { .. } => Request::StartCampaign,
        Admin::PauseCampaign { .. } => Request::PauseCampaign,
        Admin::Figures { .. } => Request::Figures,
        Admin::Call { .. } => Request::Call,
        Admin::Calls { .. } => Request::Calls,
        Admin::Listen { .. } => Request::Listen,
        Admin::VerifyLedger => Request::VerifyLedger,
        Admin::SetPolicy { .. } => Request::SetPolicy,
        Admin::Door => Request::Door,
        Admin::ClaimCode => Request::ClaimCode,
        Admin::Claim(_) => Request::Claim,
        Admin::SignIn { .. } => Request::SignIn,
        Admin::BeginEnrol { .. } => Request::BeginEnrol,
        Admin::FinishEnrol { .. } => Request::FinishEnrol,
        Admin::Me => Request::Me,
        Admin::SignOut => Request::SignOut,
        Admin::ChangePassword { .. } => Request::ChangePassword,
        Admin::MySessions => Request::MySessions,
        Admin::EndMySession { .. } => Request::EndMySession,
        Admin::MySignIns => Request::MySignIns,
        Admin::Persons { .. } => Request::Persons,
        Admin::AddAccount { .. } => Request::AddAccount,
        Admin::GiveAccount { .. } => Request::GiveAccount,
        Admin::ResetAccount { .. } => Request::ResetAccount,
        Admin::SetActive { .. } => Request::SetActive,
        Admin::Unlock { .. } => Request::Unlock,
        Admin::Sessions => Request::Sessions,
        Admin::EndSession { .. } => Request::EndSession,
        Admin::SignIns { .. } => Request::SignIns,
        Admin::Overview => Request::Overview,
        Admin::Series { .. } => Request::Series,
        Admin::Departments => Request::Departments,
        Admin::Campaigns { .. } => Request::Campaigns,
        Admin::Campaign { .. } => Request::Campaign,
        Admin::CampaignChoices => Request::CampaignChoices,
        Admin::Refusals { .. } => Request::Refusals,
        Admin::Batches { .. } => Request::Batches,
        Admin::Contacts { .. } => Request::Contacts,
        Admin::Lookup { .. } => Request::Lookup,
        Admin::DoNotCall { .. } => Request::DoNotCall,
        Admin::Scripts { .. } => Request::Scripts,
        Admin::Prompts { .. } => Request::Prompts,
        Admin::PromptAudio { .. } => Request::PromptAudio,
        Admin::CallsPage { .. } => Request::CallsPage,
        Admin::CallCard { .. } => Request::CallCard,
        Admin::Play { .. } => Request::Play,
        Admin::PlaySegment { .. } => Request::PlaySegment,
        Admin::LedgerPage { .. } => Request::LedgerPage,
        Admin::ReplacePageCertificate { .. } => Request::ReplacePageCertificate,
        Admin::Lines => Request::Lines,
        Admin::Settings => Request::Settings,
        Admin::Live => Request::Live,
        Admin::Desk(_) => Request::Desk,
        Admin::Span(ask) => request_of_span(ask),
        Admin::SignInConsole { .. } => Request::SignInConsole,
        Admin::Box(ask) => request_of_box(ask),
        Admin::Custody(CustodyAsk::Look) => Request::CustodyLook,
        Admin::Custody(CustodyAsk::Begin { .. }) => Request::BeginCustody,
        Admin::Custody(CustodyAsk::Take) => Request::TakeShare,
        Admin::Network(ask) => request_of_network(ask),
    }
}

const fn request_of_span(ask: &SpanAsk) -> Request {
    match ask {
        SpanAsk::All => Request::Spans,
        SpanAsk::One { .. } => Request::Span,
        SpanAsk::History { .. } => Request::SpanHistory,
        SpanAsk::Quality { .. } => Request::SpanQuality,
        SpanAsk::Set(_) => Request::SetSpan,
        SpanAsk::Remove { .. } => Request::RemoveSpan,
        SpanAsk::Order { order: SpanOrder::Handset(_), .. } => Request::UseHandset,
        SpanAsk::Order { .. } => Request::OrderSpan,
        SpanAsk::Trace { .. } => Request::SpanTrace,
    }
}

const fn request_of_box(ask: &BoxAsk) -> Request {
    match ask {
        BoxAsk::Look => Request::BoxLook,
        BoxAsk::Upload => Request::UploadBundle,
        BoxAsk::Order(HostOrder::Install { .. }) => Request::OrderUpdate,
        BoxAsk::Order(HostOrder::Restart | HostOrder::PowerOff | HostOrder::Diagnostics) => Request::OrderBox,
        BoxAsk::Order(HostOrder::FactoryReset) => Request::OrderReset,
        BoxAsk::Agree { .. } => Request::AgreeOrder,
        BoxAsk::Withdraw { .. } => Request::WithdrawOrder,
        BoxAsk::Diagnostics { .. } => Request::BoxDiagnostics,
    }
}

const fn request_of_network(ask: &NetworkAsk) -> Request {
    match ask {
        NetworkAsk::Look => Request::NetworkLook,
        NetworkAsk::Propose(_) => Request::ProposeNetwork,
        NetworkAsk::Agree { .. } => Request::AgreeNetwork,
        NetworkAsk::Withdraw { .. } => Request::WithdrawNetwork,
        NetworkAsk::Confirm { .. } => Request::ConfirmNetwork,
        NetworkAsk::CloseTunnel { .. } => Request::CloseTunnel,
        NetworkAsk::MakeKeys => Request::MakeTunnelKeys,
    }
}
