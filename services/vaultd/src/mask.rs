//! What a role sees of a field, as text ready to be shown (DAT-04, DAT-07). Which role sees what stands in the
//! crate `rights`; here is only how it looks.

use idl::admin::Role;
use rights::{Field, Sight, sight};
use vocab::PhoneNumber;

/// A customer's number.
pub(crate) fn number(role: Role, number: &PhoneNumber) -> String {
    match sight(role, Field::CustomerNumber) {
        Sight::Hidden => String::new(),
        Sight::Masked | Sight::Clear => number.masked(),
    }
}

/// A customer's name.
pub(crate) fn name(role: Role, name: &str) -> String {
    match sight(role, Field::CustomerName) {
        Sight::Hidden => String::new(),
        Sight::Masked => masked_name(name),
        Sight::Clear => name.to_owned(),
    }
}

/// A field that is shown or not; there is no half of it.
pub(crate) fn whole(role: Role, field: Field, text: impl FnOnce() -> String) -> String {
    match sight(role, field) {
        Sight::Hidden | Sight::Masked => String::new(),
        Sight::Clear => text(),
    }
}

/// The first character of a name, and nothing of its length (DAT-07: 张**).
pub(crate) fn masked_name(name: &str) -> String {
    let first = name.trim_start().chars().find(|c| !c.is_control());
    first.map_or_else(String::new, |first| format!("{first}**"))
}

#[cfg(test)]
mod tests {
    use super::{masked_name, name, number, whole};
    use idl::admin::Role;
    use rights::{Field, ROLES};
    use vocab::PhoneNumber;

    #[test]
    fn dat_07_a_masked_name_tells_its_first_character_and_not_its_length() {
        assert_eq!(masked_name("张三"), "张**");
        assert_eq!(masked_name("欧阳修远"), "欧**");
        assert_eq!(masked_name(" Zoë Smith"), "Z**");
        assert_eq!(masked_name(""), "");
    }

    #[test]
    fn dat_04_no_role_sees_a_number_or_a_name_whole() {
        let secret = PhoneNumber::parse("13800001234").expect("a number");
        for role in ROLES {
            assert!(!number(role, &secret).contains("13800001234"), "{role:?}");
            assert!(!name(role, "张三").contains("张三"), "{role:?}");
            let note = whole(role, Field::CallNote, || "note".to_owned());
            assert_eq!(note.is_empty(), !matches!(role, Role::Manager | Role::Supervisor | Role::Qa));
        }
    }
}
