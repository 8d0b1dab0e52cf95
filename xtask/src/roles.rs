//! `cargo xtask roles`: who may do what, and who sees what, as the box decides it: the two tables of the crate
//! `rights`, for people (Chinese and English) or as JSON.

use idl::admin::Role;
use rights::{BY_CONSOLE, FIELDS, NOT_BY_PAGE, OPEN, OWN, ROLES, Sight, TABLE};
use serde_json::json;

/// Prints the tables.
///
/// # Errors
/// If an option is unknown.
pub fn run(options: &[String]) -> anyhow::Result<bool> {
    match options {
        [] => print!("{}", text()),
        [only] if only == "--json" => println!("{}", as_json()),
        [other, ..] => anyhow::bail!("there is no option {other}"),
    }
    Ok(true)
}

const fn names(role: Role) -> (&'static str, &'static str) {
    match role {
        Role::SystemAdmin => ("系统管理员", "system administrator"),
        Role::SecurityAdmin => ("安全管理员", "security administrator"),
        Role::AuditAdmin => ("审计管理员", "audit administrator"),
        Role::Compliance => ("合规", "compliance"),
        Role::Manager => ("管理者", "manager"),
        Role::Supervisor => ("主管", "supervisor"),
        Role::Qa => ("质检", "quality assurance"),
        Role::DataSpecialist => ("数据专员", "data specialist"),
        Role::Agent => ("坐席", "agent"),
        Role::Technician => ("现场技术员", "field technician"),
    }
}

const fn sight_names(sight: Sight) -> (&'static str, &'static str) {
    match sight {
        Sight::Hidden => ("隐藏", "hidden"),
        Sight::Masked => ("脱敏", "masked"),
        Sight::Clear => ("明文", "clear"),
    }
}

fn text() -> String {
    let mut out = String::from("角色 Roles\n");
    for (at, role) in ROLES.into_iter().enumerate() {
        let (zh, en) = names(role);
        out.push_str(&format!("  {at}  {zh} ({en})\n"));
    }
    let columns = (0..ROLES.len()).map(|at| format!("{at:>3}")).collect::<String>();
    out.push_str(&format!("\n谁可以做什么 Who may do what\n  {:<22}{columns}\n", ""));
    for (request, allowed) in TABLE {
        let marks = allowed.iter().map(|may| if *may { "  ●" } else { "  ·" }).collect::<String>();
        out.push_str(&format!("  {:<22}{marks}\n", request.name()));
    }
    let list = |requests: &[rights::Request]| {
        requests.iter().map(|request| request.name()).collect::<Vec<_>>().join(", ")
    };
    out.push_str(&format!("\n  每个已登录人员 Everybody signed in: {}\n", list(&OWN)));
    out.push_str(&format!("  无需登录 Without a session: {}\n", list(&OPEN)));
    out.push_str(&format!("  页面不得请求 Never through the page: {}\n", list(&NOT_BY_PAGE)));
    out.push_str(&format!("  串口控制台只能请求 All the serial console may ask: {}\n", list(&BY_CONSOLE)));
    out.push_str(&format!("\n谁能看到什么 Who sees what\n  {:<22}{columns}\n", ""));
    for (field, sights) in FIELDS {
        let marks = sights
            .iter()
            .map(|sight| match sight {
                Sight::Hidden => "  ·",
                Sight::Masked => "  *",
                Sight::Clear => "  ●",
            })
            .collect::<String>();
        out.push_str(&format!("  {:<22}{marks}\n", field.name()));
    }
    out.push('\n');
    for (mark, sight) in [("●", Sight::Clear), ("*", Sight::Masked), ("·", Sight::Hidden)] {
        let (zh, en) = sight_names(sight);
        out.push_str(&format!("  {mark} {zh} ({en})\n"));
    }
    out
}

fn as_json() -> serde_json::Value {
    let roles: Vec<_> = ROLES
        .into_iter()
        .map(|role| json!({ "role": format!("{role:?}"), "zh": names(role).0, "en": names(role).1 }))
        .collect();
    let by_role = |value: &dyn Fn(usize) -> serde_json::Value| {
        ROLES
            .iter()
            .enumerate()
            .map(|(at, role)| (format!("{role:?}"), value(at)))
            .collect::<serde_json::Map<_, _>>()
    };
    let requests: serde_json::Map<_, _> = TABLE
        .iter()
        .map(|(request, allowed)| (request.name().to_owned(), by_role(&|at| json!(allowed[at])).into()))
        .collect();
    let fields: serde_json::Map<_, _> = FIELDS
        .iter()
        .map(|(field, sights)| {
            (field.name().to_owned(), by_role(&|at| json!(sight_names(sights[at]).1)).into())
        })
        .collect();
    let open: Vec<_> = OPEN.iter().map(|request| request.name()).collect();
    let own: Vec<_> = OWN.iter().map(|request| request.name()).collect();
    json!({ "roles": roles, "requests": requests, "fields": fields, "open": open, "own": own })
}

#[cfg(test)]
mod tests {
    use super::{as_json, text};
    use rights::{FIELDS, ROLES, TABLE};

    #[test]
    fn acc_01_both_tables_are_printed_whole_in_both_forms() {
        let (text, json) = (text(), as_json());
        for (request, allowed) in TABLE {
            assert!(text.contains(request.name()));
            for (at, role) in ROLES.into_iter().enumerate() {
                assert_eq!(json["requests"][request.name()][format!("{role:?}")], allowed[at]);
            }
        }
        for (field, _) in FIELDS {
            assert!(text.contains(field.name()) && json["fields"][field.name()].is_object());
        }
        assert_eq!(json["fields"]["CustomerNumber"]["Qa"], "masked");
        assert!(text.contains("质检") && text.contains("quality assurance"));
    }
}
