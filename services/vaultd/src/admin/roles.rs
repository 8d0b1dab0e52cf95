//! Who may ask what: one table, default deny (ACC-01). It knows nothing of what a request does.

use idl::admin::{Admin, Role};

/// The requests, as the table names them.
macro_rules! requests {
    ($($name:ident),+ $(,)?) => {
        /// A request by its kind.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Request { $(
            #[doc = concat!("[`Admin::", stringify!($name), "`].")]
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
    }
}

const Y: bool = true;
const N: bool = false;

/// The columns of [`TABLE`].
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

/// The table. What is not in it is denied. Commissioning needs a blank box instead of a role, and the state
/// of the box may be asked without one.
#[rustfmt::skip]
pub const TABLE: [(Request, [bool; 10]); 26] = [
    //                              system security audit compl manager superv  qa  data agent techn
    (Request::AddDepartment,       [Y,     Y,       N,    N,    N,      N,      N,  N,   N,    N]),
    (Request::AddPerson,           [N,     Y,       N,    N,    N,      N,      N,  N,   N,    N]),
    (Request::AddPhone,            [Y,     Y,       N,    N,    N,      N,      N,  N,   N,    N]),
    (Request::AllowUdpPhones,      [Y,     N,       N,    N,    N,      N,      N,  N,   N,    N]),
    (Request::AddTrunk,            [Y,     N,       N,    N,    N,      N,      N,  N,   N,    N]),
    (Request::SetTrunk,            [Y,     N,       N,    N,    N,      N,      N,  N,   N,    N]),
    (Request::AddLineGroup,        [Y,     N,       N,    N,    N,      N,      N,  N,   N,    N]),
    (Request::AddCallerNumber,     [Y,     N,       N,    N,    N,      N,      N,  N,   N,    N]),
    (Request::ApproveCallerNumber, [N,     N,       N,    Y,    N,      N,      N,  N,   N,    N]),
    (Request::Holidays,            [Y,     N,       N,    Y,    N,      N,      N,  N,   N,    N]),
    (Request::ImportDoNotCall,     [Y,     N,       N,    Y,    N,      N,      N,  Y,   N,    N]),
    (Request::Blacklist,           [N,     N,       N,    Y,    Y,      Y,      N,  N,   Y,    N]),
    (Request::ImportContacts,      [N,     N,       N,    N,    N,      N,      N,  Y,   N,    N]),
    (Request::ReleaseBatch,        [N,     N,       N,    Y,    Y,      N,      N,  Y,   N,    N]),
    (Request::UploadPrompt,        [N,     N,       N,    Y,    Y,      Y,      N,  N,   N,    N]),
    (Request::CreateScript,        [N,     N,       N,    Y,    Y,      Y,      N,  N,   N,    N]),
    (Request::ApproveScript,       [N,     N,       N,    Y,    N,      N,      N,  N,   N,    N]),
    (Request::CreateCampaign,      [N,     N,       N,    N,    Y,      Y,      N,  N,   N,    N]),
    (Request::StartCampaign,       [N,     N,       N,    N,    Y,      Y,      N,  N,   N,    N]),
    (Request::PauseCampaign,       [N,     N,       N,    Y,    Y,      Y,      N,  N,   N,    N]),
    (Request::Figures,             [N,     N,       Y,    Y,    Y,      Y,      Y,  N,   N,    N]),
    (Request::Call,                [N,     N,       N,    Y,    Y,      Y,      Y,  N,   N,    N]),
    (Request::Calls,               [N,     N,       N,    Y,    Y,      Y,      Y,  N,   N,    N]),
    (Request::Listen,              [N,     N,       N,    N,    N,      Y,      Y,  N,   N,    N]),
    (Request::VerifyLedger,        [N,     N,       Y,    N,    N,      N,      N,  N,   N,    N]),
    (Request::SetPolicy,           [N,     N,       N,    Y,    N,      N,      N,  N,   N,    N]),
];

/// Whether a role may ask this.
#[must_use]
pub fn may(role: Role, request: Request) -> bool {
    let column = ROLES.iter().position(|known| *known == role);
    let row = TABLE.iter().find(|(known, _)| *known == request);
    matches!((row, column), (Some((_, columns)), Some(column)) if columns[column])
}

#[cfg(test)]
mod tests {
    use super::{ROLES, Request, TABLE, may};
    use idl::admin::Role;

    #[test]
    fn acc_01_every_request_but_commission_and_status_has_exactly_one_row() {
        for request in Request::ALL {
            let rows = TABLE.iter().filter(|(known, _)| known == request).count();
            let open = matches!(request, Request::Commission | Request::Status);
            assert_eq!(rows, usize::from(!open), "{}", request.name());
        }
    }

    #[test]
    fn acc_04_system_staff_never_reach_customer_content() {
        let content = [Request::Call, Request::Calls, Request::Listen, Request::ImportContacts];
        for role in [Role::SystemAdmin, Role::SecurityAdmin, Role::AuditAdmin, Role::Technician] {
            for request in content {
                assert!(!may(role, request), "{role:?} {}", request.name());
            }
        }
    }

    #[test]
    fn rec_06_only_quality_and_supervisors_hear_recordings() {
        let hear: Vec<Role> = ROLES.into_iter().filter(|role| may(*role, Request::Listen)).collect();
        assert_eq!(hear, [Role::Supervisor, Role::Qa]);
    }

    #[test]
    fn acc_01_a_technician_may_ask_nothing_of_the_table() {
        assert!(Request::ALL.iter().all(|request| !may(Role::Technician, *request)));
    }
}
