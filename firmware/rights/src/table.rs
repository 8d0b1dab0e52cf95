//! Role × request. What is not in it is denied.

use crate::Request;
use idl::admin::Role;

const Y: bool = true;
const N: bool = false;

/// The columns of [`TABLE`] and of [`crate::FIELDS`].
pub const ROLES: [Role; 10] = [
    Role::SystemAdmin,
    Role::SecurityAdmin,
    Role::AuditAdmin,
    Role::Compliance,
    Role::Manager,
    Role::Supervisor,
    Role::Qa,
    Role::DataSpecialist,
    Role::Agent,
    Role::Technician,
];

/// Requests that need no session; each has its own proof or tells nothing. `Commission`, `Status` and
/// `ClaimCode` are never taken from the page.
pub const OPEN: [Request; 10] = [
    Request::Commission,
    Request::Status,
    Request::Door,
    Request::ClaimCode,
    Request::Claim,
    Request::SignIn,
    Request::BeginEnrol,
    Request::FinishEnrol,
    Request::SignInConsole,
    Request::PageListens,
];

/// Requests about oneself: everybody with a session.
pub const OWN: [Request; 6] = [
    Request::Me,
    Request::SignOut,
    Request::ChangePassword,
    Request::MySessions,
    Request::EndMySession,
    Request::MySignIns,
];

/// Requests the page may not make for anybody, whatever the role: their answers hold what it must never hold, and a
/// tool makes them, which no box takes; or they are for who stands at the box.
pub const NOT_BY_PAGE: [Request; 3] = [Request::Listen, Request::UseHandset, Request::RecordConsole];

/// Who sees the box at any time; others do only while they keep a share of the custodians' set in force, which `vaultd`
/// knows.
pub const LOOK_AT_BOX: [Role; 4] =
    [Role::SystemAdmin, Role::SecurityAdmin, Role::AuditAdmin, Role::Technician];

/// All that the serial console may ever ask, whoever is signed in there; everything else is refused to it, so that
/// no fault of it is a way to customers' data (ACC-04).
pub const BY_CONSOLE: [Request; 17] = [
    Request::Door,
    Request::ClaimCode,
    Request::SignInConsole,
    Request::Me,
    Request::SignOut,
    Request::Overview,
    Request::Spans,
    Request::Span,
    Request::SpanHistory,
    Request::SpanQuality,
    Request::OrderSpan,
    Request::UseHandset,
    Request::BoxLook,
    Request::OrderBox,
    Request::OrderUpdate,
    Request::OrderReset,
    Request::RecordConsole,
];

/// The table.
#[rustfmt::skip]
pub const TABLE: [(Request, [bool; 10]); 92] = [
    //                               system security audit compl manag superv qa  data agent techn
    // the site
    (Request::AddDepartment,         [Y,   Y,   N,   N,   N,   N,   N,   N,   N,   N]),
    (Request::AddPerson,             [N,   Y,   N,   N,   N,   N,   N,   N,   N,   N]),
    (Request::AddPhone,              [Y,   Y,   N,   N,   N,   N,   N,   N,   N,   N]),
    (Request::AllowUdpPhones,        [Y,   N,   N,   N,   N,   N,   N,   N,   N,   N]),
    (Request::AddTrunk,              [Y,   N,   N,   N,   N,   N,   N,   N,   N,   N]),
    (Request::SetTrunk,              [Y,   N,   N,   N,   N,   N,   N,   N,   N,   N]),
    (Request::AddLineGroup,          [Y,   N,   N,   N,   N,   N,   N,   N,   N,   N]),
    (Request::SetLineGroup,          [Y,   N,   N,   N,   N,   N,   N,   N,   N,   N]),
    (Request::RemoveLineGroup,       [Y,   N,   N,   N,   N,   N,   N,   N,   N,   N]),
    (Request::AddCallerNumber,       [Y,   N,   N,   N,   N,   N,   N,   N,   N,   N]),
    (Request::ApproveCallerNumber,   [N,   N,   N,   Y,   N,   N,   N,   N,   N,   N]),
    (Request::Lines,                 [Y,   Y,   N,   Y,   Y,   N,   N,   N,   N,   Y]),
    // cards
    (Request::Spans,                 [Y,   Y,   N,   Y,   Y,   N,   N,   N,   N,   Y]),
    (Request::Span,                  [Y,   Y,   N,   Y,   Y,   N,   N,   N,   N,   Y]),
    (Request::SpanHistory,           [Y,   Y,   Y,   Y,   Y,   N,   N,   N,   N,   Y]),
    (Request::SpanQuality,           [Y,   Y,   Y,   Y,   Y,   N,   N,   N,   N,   Y]),
    (Request::SetSpan,               [Y,   N,   N,   N,   N,   N,   N,   N,   N,   N]),
    (Request::RemoveSpan,            [Y,   N,   N,   N,   N,   N,   N,   N,   N,   N]),
    (Request::OrderSpan,             [Y,   N,   N,   N,   N,   N,   N,   N,   N,   Y]),
    (Request::UseHandset,            [N,   N,   N,   N,   N,   N,   N,   N,   N,   Y]),
    (Request::SpanTrace,             [Y,   N,   N,   N,   N,   N,   N,   N,   N,   Y]),
    // the site's rules
    (Request::Holidays,              [Y,   N,   N,   Y,   N,   N,   N,   N,   N,   N]),
    (Request::SetPolicy,             [N,   N,   N,   Y,   N,   N,   N,   N,   N,   N]),
    (Request::ReplacePageCertificate, [Y,   N,   N,   N,   N,   N,   N,   N,   N,   N]),
    (Request::Settings,              [Y,   Y,   Y,   Y,   Y,   N,   N,   N,   N,   N]),
    (Request::Departments,           [Y,   Y,   Y,   Y,   Y,   Y,   Y,   Y,   N,   N]),
    // accounts
    (Request::Persons,               [N,   Y,   Y,   N,   N,   N,   N,   N,   N,   N]),
    (Request::AddAccount,            [N,   Y,   N,   N,   N,   N,   N,   N,   N,   N]),
    (Request::GiveAccount,           [N,   Y,   N,   N,   N,   N,   N,   N,   N,   N]),
    (Request::ResetAccount,          [N,   Y,   N,   N,   N,   N,   N,   N,   N,   N]),
    (Request::SetActive,             [N,   Y,   N,   N,   N,   N,   N,   N,   N,   N]),
    (Request::Unlock,                [N,   Y,   N,   N,   N,   N,   N,   N,   N,   N]),
    (Request::Sessions,              [N,   Y,   N,   N,   N,   N,   N,   N,   N,   N]),
    (Request::EndSession,            [N,   Y,   N,   N,   N,   N,   N,   N,   N,   N]),
    (Request::SignIns,               [N,   Y,   Y,   N,   N,   N,   N,   N,   N,   N]),
    // lists
    (Request::ImportDoNotCall,       [Y,   N,   N,   Y,   N,   N,   N,   Y,   N,   N]),
    (Request::Blacklist,             [N,   N,   N,   Y,   Y,   Y,   N,   N,   Y,   N]),
    (Request::DoNotCall,             [Y,   N,   N,   Y,   Y,   Y,   Y,   Y,   N,   N]),
    (Request::Lookup,                [N,   N,   N,   Y,   Y,   Y,   N,   N,   N,   N]),
    (Request::ImportContacts,        [N,   N,   N,   N,   N,   N,   N,   Y,   N,   N]),
    (Request::ReleaseBatch,          [N,   N,   N,   Y,   Y,   N,   N,   Y,   N,   N]),
    (Request::Batches,               [N,   N,   N,   Y,   Y,   Y,   N,   Y,   N,   N]),
    (Request::Contacts,              [N,   N,   N,   Y,   Y,   Y,   N,   Y,   N,   N]),
    // scripts and campaigns
    (Request::UploadPrompt,          [N,   N,   N,   Y,   Y,   Y,   N,   N,   N,   N]),
    (Request::CreateScript,          [N,   N,   N,   Y,   Y,   Y,   N,   N,   N,   N]),
    (Request::ApproveScript,         [N,   N,   N,   Y,   N,   N,   N,   N,   N,   N]),
    (Request::Scripts,               [N,   N,   N,   Y,   Y,   Y,   Y,   N,   N,   N]),
    (Request::Prompts,               [N,   N,   N,   Y,   Y,   Y,   Y,   N,   N,   N]),
    (Request::PromptAudio,           [N,   N,   N,   Y,   Y,   Y,   Y,   N,   N,   N]),
    (Request::CreateCampaign,        [N,   N,   N,   N,   Y,   Y,   N,   N,   N,   N]),
    (Request::CampaignChoices,       [N,   N,   N,   N,   Y,   Y,   N,   N,   N,   N]),
    (Request::StartCampaign,         [N,   N,   N,   N,   Y,   Y,   N,   N,   N,   N]),
    (Request::PauseCampaign,         [N,   N,   N,   Y,   Y,   Y,   N,   N,   N,   N]),
    (Request::Campaigns,             [N,   N,   N,   Y,   Y,   Y,   Y,   N,   N,   N]),
    (Request::Campaign,              [N,   N,   N,   Y,   Y,   Y,   Y,   N,   N,   N]),
    (Request::Refusals,              [N,   N,   N,   Y,   Y,   Y,   N,   N,   N,   N]),
    // watching and records
    (Request::Overview,              [Y,   Y,   Y,   Y,   Y,   Y,   Y,   Y,   N,   Y]),
    (Request::Live,                  [N,   N,   N,   Y,   Y,   Y,   N,   N,   N,   N]),
    (Request::Series,                [N,   N,   Y,   Y,   Y,   Y,   Y,   N,   N,   N]),
    (Request::Figures,               [N,   N,   Y,   Y,   Y,   Y,   Y,   N,   N,   N]),
    (Request::Call,                  [N,   N,   N,   Y,   Y,   Y,   Y,   N,   N,   N]),
    (Request::Calls,                 [N,   N,   N,   Y,   Y,   Y,   Y,   N,   N,   N]),
    (Request::CallsPage,             [N,   N,   N,   Y,   Y,   Y,   Y,   N,   N,   N]),
    (Request::CallCard,              [N,   N,   N,   Y,   Y,   Y,   Y,   N,   N,   N]),
    (Request::Play,                  [N,   N,   N,   N,   N,   Y,   Y,   N,   N,   N]),
    (Request::PlaySegment,           [N,   N,   N,   N,   N,   Y,   Y,   N,   N,   N]),
    (Request::Listen,                [N,   N,   N,   N,   N,   Y,   Y,   N,   N,   N]),
    (Request::LedgerPage,            [N,   N,   Y,   N,   N,   N,   N,   N,   N,   N]),
    (Request::VerifyLedger,          [N,   N,   Y,   N,   N,   N,   N,   N,   N,   N]),
    // the desk
    (Request::Desk,                  [N,   N,   N,   N,   N,   N,   N,   N,   Y,   N]),
    // the box
    // a custodian of any role sees an order that waits, and agrees to a reset; vaultd looks at the person
    (Request::BoxLook,               [Y,   Y,   Y,   Y,   Y,   Y,   Y,   Y,   N,   Y]),
    (Request::UploadBundle,          [Y,   N,   N,   N,   N,   N,   N,   N,   N,   N]),
    (Request::OrderUpdate,           [Y,   N,   N,   N,   N,   N,   N,   N,   N,   Y]),
    (Request::OrderBox,              [Y,   N,   N,   N,   N,   N,   N,   N,   N,   Y]),
    (Request::OrderReset,            [Y,   N,   N,   N,   N,   N,   N,   N,   N,   Y]),
    (Request::AgreeOrder,            [Y,   Y,   Y,   Y,   Y,   Y,   Y,   Y,   N,   N]),
    (Request::WithdrawOrder,         [Y,   Y,   N,   N,   N,   N,   N,   N,   N,   N]),
    (Request::BoxDiagnostics,        [Y,   N,   N,   N,   N,   N,   N,   N,   N,   Y]),
    (Request::CustodyLook,           [Y,   Y,   Y,   Y,   Y,   Y,   Y,   Y,   N,   N]),
    (Request::BeginCustody,          [N,   Y,   N,   N,   N,   N,   N,   N,   N,   N]),
    // whoever was named a custodian; vaultd looks at the person
    (Request::TakeShare,             [N,   Y,   Y,   Y,   Y,   Y,   Y,   Y,   N,   N]),
    // the network
    (Request::NetworkLook,           [Y,   Y,   Y,   N,   N,   N,   N,   N,   N,   N]),
    (Request::ProposeNetwork,        [Y,   N,   N,   N,   N,   N,   N,   N,   N,   N]),
    (Request::AgreeNetwork,          [N,   Y,   N,   N,   N,   N,   N,   N,   N,   N]),
    (Request::WithdrawNetwork,       [Y,   Y,   N,   N,   N,   N,   N,   N,   N,   N]),
    (Request::ConfirmNetwork,        [Y,   Y,   N,   N,   N,   N,   N,   N,   N,   N]),
    (Request::CloseTunnel,           [Y,   Y,   N,   N,   N,   N,   N,   N,   N,   N]),
    (Request::MakeTunnelKeys,        [Y,   N,   N,   N,   N,   N,   N,   N,   N,   N]),
    // recorded sessions of the serial console; a supervisor sees the one that goes on alone, vaultd looks at it
    (Request::RecordConsole,         [N,   N,   N,   N,   N,   N,   N,   N,   N,   Y]),
    (Request::Consoles,              [N,   Y,   Y,   N,   N,   Y,   N,   N,   N,   N]),
    (Request::ConsoleRecording,      [N,   Y,   Y,   N,   N,   Y,   N,   N,   N,   N]),
    (Request::CutConsole,            [N,   Y,   N,   N,   N,   Y,   N,   N,   N,   N]),
];

/// Whether a role may ask this.
#[must_use]
pub fn may(role: Role, request: Request) -> bool {
    if OWN.contains(&request) {
        return true;
    }
    let column = ROLES.iter().position(|known| *known == role);
    let row = TABLE.iter().find(|(known, _)| *known == request);
    matches!((row, column), (Some((_, columns)), Some(column)) if columns[column])
}

#[cfg(test)]
mod tests {
    use super::{BY_CONSOLE, OPEN, OWN, ROLES, TABLE, may};
    use crate::Request;
    use idl::admin::Role;

    #[test]
    fn acc_01_every_request_is_open_or_ones_own_or_has_exactly_one_row() {
        for request in Request::ALL {
            let rows = TABLE.iter().filter(|(known, _)| known == request).count();
            let elsewhere = OPEN.contains(request) || OWN.contains(request);
            assert_eq!(rows, usize::from(!elsewhere), "{}", request.name());
        }
    }

    #[test]
    fn acc_04_system_staff_never_reach_customer_content() {
        let content = [
            Request::Call,
            Request::Calls,
            Request::CallsPage,
            Request::CallCard,
            Request::Contacts,
            Request::Lookup,
            Request::Listen,
            Request::Play,
            Request::PlaySegment,
            Request::Desk,
            Request::ImportContacts,
        ];
        for role in [Role::SystemAdmin, Role::SecurityAdmin, Role::AuditAdmin, Role::Technician] {
            for request in content {
                assert!(!may(role, request), "{role:?} {}", request.name());
            }
        }
    }

    #[test]
    fn rec_06_only_quality_and_supervisors_hear_recordings() {
        for request in [Request::Listen, Request::Play, Request::PlaySegment] {
            let hear: Vec<Role> = ROLES.into_iter().filter(|role| may(*role, request)).collect();
            assert_eq!(hear, [Role::Supervisor, Role::Qa]);
        }
    }

    #[test]
    fn l_32_the_auditor_changes_nothing_and_only_the_auditor_reads_the_ledger() {
        let reads: Vec<Role> = ROLES.into_iter().filter(|role| may(*role, Request::LedgerPage)).collect();
        assert_eq!(reads, [Role::AuditAdmin]);
        let changes = Request::ALL.iter().filter(|request| {
            // The settings may be read.
            if **request == Request::Settings {
                return false;
            }
            let name = request.name();
            [
                "Add", "Set", "Allow", "Approve", "Create", "Start", "Pause", "Release", "Import", "Upload",
                "Reset", "Remove", "Order",
            ]
            .iter()
            .any(|verb| name.starts_with(verb))
        });
        for request in changes {
            assert!(!may(Role::AuditAdmin, *request), "{}", request.name());
        }
    }

    #[test]
    fn acc_04_a_technician_sees_the_box_and_its_lines_tests_spans_restarts_and_nothing_else() {
        let allowed: Vec<Request> = TABLE
            .iter()
            .map(|(request, _)| *request)
            .filter(|request| may(Role::Technician, *request))
            .collect();
        assert_eq!(
            allowed,
            [
                Request::Lines,
                Request::Spans,
                Request::Span,
                Request::SpanHistory,
                Request::SpanQuality,
                Request::OrderSpan,
                Request::UseHandset,
                Request::SpanTrace,
                Request::Overview,
                Request::BoxLook,
                Request::OrderUpdate,
                Request::OrderBox,
                Request::OrderReset,
                Request::BoxDiagnostics,
                Request::RecordConsole,
            ]
        );
    }

    #[test]
    fn acc_04_the_console_asks_for_nothing_a_technician_may_not() {
        for request in BY_CONSOLE {
            assert!(OPEN.contains(&request) || may(Role::Technician, request), "{}", request.name());
        }
        for content in [Request::Commission, Request::Status, Request::Claim, Request::SpanTrace] {
            assert!(!BY_CONSOLE.contains(&content), "{}", content.name());
        }
    }

    #[test]
    fn acc_04_only_the_system_administrator_sets_spans_and_only_line_staff_works_on_them() {
        let holders =
            |request| -> Vec<Role> { ROLES.into_iter().filter(|role| may(*role, request)).collect() };
        for request in [Request::SetSpan, Request::RemoveSpan] {
            assert_eq!(holders(request), [Role::SystemAdmin]);
        }
        for request in [Request::OrderSpan, Request::SpanTrace] {
            assert_eq!(holders(request), [Role::SystemAdmin, Role::Technician]);
        }
    }

    #[test]
    fn aud_09_who_is_watched_neither_reads_recordings_nor_ends_them_and_nobody_else_makes_one() {
        let holders =
            |request| -> Vec<Role> { ROLES.into_iter().filter(|role| may(*role, request)).collect() };
        assert_eq!(holders(Request::RecordConsole), [Role::Technician]);
        assert_eq!(holders(Request::CutConsole), [Role::SecurityAdmin, Role::Supervisor]);
        for request in [Request::Consoles, Request::ConsoleRecording] {
            assert_eq!(holders(request), [Role::SecurityAdmin, Role::AuditAdmin, Role::Supervisor]);
            assert!(!BY_CONSOLE.contains(&request));
        }
    }

    #[test]
    fn acc_06_who_orders_at_the_console_never_agrees_and_who_agrees_is_looked_at_by_the_vault() {
        for role in ROLES {
            // The system administrator may do both, with different orders: nobody agrees to an own one.
            let both = may(role, Request::OrderReset) && may(role, Request::AgreeOrder);
            assert_eq!(both, role == Role::SystemAdmin, "{role:?}");
        }
        assert!(!may(Role::Agent, Request::AgreeOrder) && !may(Role::Agent, Request::BoxLook));
    }
}
