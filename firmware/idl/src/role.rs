//! Who a person is to the box. What a role may do stands in the crate `rights`.

use serde::{Deserialize, Serialize};

/// Roles (requirements §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Role {
    /// 系统管理员.
    SystemAdmin,
    /// 安全管理员.
    SecurityAdmin,
    /// 审计管理员.
    AuditAdmin,
    /// 合规部门.
    Compliance,
    /// 管理者.
    Manager,
    /// 主管.
    Supervisor,
    /// 质检人员.
    Qa,
    /// 数据专员.
    DataSpecialist,
    /// 坐席.
    Agent,
    /// 现场技术员.
    Technician,
}
