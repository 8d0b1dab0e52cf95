//! Role × field. A field that is not in the table is hidden.

use crate::ROLES;
use idl::admin::Role;

macro_rules! fields {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {
        /// A field of what the pages show.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Field { $($(#[$doc])* $name),+ }

        impl Field {
            /// Every field.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// Its name in the printed table.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name)),+ }
            }
        }
    };
}

fields! {
    /// A customer's telephone number.
    CustomerNumber,
    /// A customer's name.
    CustomerName,
    /// Order or business number.
    OrderNo,
    /// Demand type.
    Demand,
    /// Business tag.
    Tag,
    /// Issue text.
    Issue,
    /// Where the data come from.
    Source,
    /// Consent with its evidence.
    Consent,
    /// The agent's note.
    CallNote,
    /// The sound of a call.
    Recording,
    /// The company's own numbers.
    CallerNumber,
    /// A colleague's name.
    StaffName,
    /// A colleague's login name.
    StaffLogin,
    /// The address a colleague works from.
    SourceAddress,
    /// Passwords of trunks and phones, once entered.
    TrunkSecret,
}

/// How much of a field a role sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sight {
    /// Nothing.
    Hidden,
    /// Masked.
    Masked,
    /// All of it.
    Clear,
}

const H: Sight = Sight::Hidden;
const M: Sight = Sight::Masked;
const C: Sight = Sight::Clear;

/// The table. Agents see customers only on their own desk; one's own name, login and address are always clear.
#[rustfmt::skip]
pub const FIELDS: [(Field, [Sight; 10]); 15] = [
    //                     sys sec aud com man sup qa dat agt tec
    (Field::CustomerNumber, [H, H, H, M, M, M, M, M, M, H]),
    (Field::CustomerName,   [H, H, H, M, M, M, M, M, M, H]),
    (Field::OrderNo,        [H, H, H, C, C, C, C, C, C, H]),
    (Field::Demand,         [H, H, H, C, C, C, C, C, C, H]),
    (Field::Tag,            [H, H, H, C, C, C, C, C, C, H]),
    (Field::Issue,          [H, H, H, H, C, C, C, H, C, H]),
    (Field::Source,         [H, H, H, C, C, C, C, C, C, H]),
    (Field::Consent,        [H, H, H, C, C, C, C, C, C, H]),
    (Field::CallNote,       [H, H, H, H, C, C, C, H, H, H]),
    (Field::Recording,      [H, H, H, H, H, C, C, H, H, H]),
    (Field::CallerNumber,   [C, C, C, C, C, C, H, C, C, C]),
    (Field::StaffName,      [M, C, C, C, C, C, M, H, H, H]),
    (Field::StaffLogin,     [C, C, C, C, C, C, C, C, H, H]),
    (Field::SourceAddress,  [H, C, C, H, H, H, H, H, H, H]),
    (Field::TrunkSecret,    [H, H, H, H, H, H, H, H, H, H]),
];

/// What a role sees of a field.
#[must_use]
pub fn sight(role: Role, field: Field) -> Sight {
    let column = ROLES.iter().position(|known| *known == role);
    let row = FIELDS.iter().find(|(known, _)| *known == field);
    match (row, column) {
        (Some((_, columns)), Some(column)) => columns[column],
        _ => Sight::Hidden,
    }
}

#[cfg(test)]
mod tests {
    use super::{FIELDS, Field, Sight, sight};
    use crate::ROLES;

    #[test]
    fn dat_09_every_field_has_exactly_one_row() {
        for field in Field::ALL {
            assert_eq!(FIELDS.iter().filter(|(known, _)| known == field).count(), 1, "{}", field.name());
        }
    }

    #[test]
    fn dat_04_nobody_sees_a_customers_number_or_name_in_clear() {
        for role in ROLES {
            assert!(sight(role, Field::CustomerNumber) < Sight::Clear, "{role:?}");
            assert!(sight(role, Field::CustomerName) < Sight::Clear, "{role:?}");
            assert_eq!(sight(role, Field::TrunkSecret), Sight::Hidden, "{role:?}");
        }
    }
}
