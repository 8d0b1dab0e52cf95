//! What the asker may see: every field of a view passes through here (DAT-04, DAT-07, ACC-03, ACC-04).
//!
//! The table is [`rights`]; this only carries it out. Whether a request may be made at all is decided before.

use crate::admin::{Actor, Refusal};
use crate::mask;
use idl::admin::Role;
use rights::{Field, Request, Sight};
use vocab::{DepartmentId, PersonId, PhoneNumber};

/// The asker's eyes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Eyes {
    pub(crate) id: PersonId,
    pub(crate) role: Role,
    department: Option<DepartmentId>,
}

impl Eyes {
    pub(crate) const fn of(actor: &Actor) -> Self {
        Self { id: actor.id, role: actor.role, department: actor.department }
    }

    /// Whether this role may make a request.
    pub(crate) fn may(self, request: Request) -> bool {
        rights::may(self.role, request)
    }

    /// Roles bound to their department see nothing of another (ACC-03).
    pub(crate) fn reaches(self, department: DepartmentId) -> bool {
        !self.bound() || self.department == Some(department)
    }

    /// Bound to one department.
    pub(crate) const fn bound(self) -> bool {
        matches!(self.role, Role::Supervisor | Role::Agent)
    }

    /// As [`Eyes::reaches`]; that there is such a thing in another department is not told either.
    pub(crate) fn reach(self, department: DepartmentId, what: &str) -> Result<(), Refusal> {
        if self.reaches(department) { Ok(()) } else { Err(Refusal::unknown(what)) }
    }

    pub(crate) fn clear(self, field: Field) -> bool {
        rights::sight(self.role, field) == Sight::Clear
    }

    /// A customer's number: never in clear (DAT-04).
    pub(crate) fn number(self, number: Option<&PhoneNumber>) -> String {
        number.map_or_else(String::new, |number| mask::number(self.role, number))
    }

    /// One of the company's own numbers.
    pub(crate) fn own_number(self, number: &PhoneNumber) -> String {
        match rights::sight(self.role, Field::CallerNumber) {
            Sight::Hidden => String::new(),
            Sight::Masked => number.masked(),
            Sight::Clear => number.dial_string(),
        }
    }

    /// A person's name: 张** where it is masked (DAT-07).
    pub(crate) fn name(self, field: Field, name: &str) -> String {
        match rights::sight(self.role, field) {
            Sight::Hidden => String::new(),
            Sight::Masked => mask::masked_name(name),
            Sight::Clear => name.to_owned(),
        }
    }

    /// Any other text, cut to a bound so that a page of them fits a frame.
    pub(crate) fn text(self, field: Field, text: &str) -> String {
        match rights::sight(self.role, field) {
            Sight::Hidden => String::new(),
            Sight::Masked => if text.is_empty() { "" } else { "***" }.to_owned(),
            Sight::Clear => cut(text, MAX_FIELD_BYTES),
        }
    }
}

/// A text of at most so many bytes.
pub(crate) fn cut(text: &str, max_bytes: usize) -> String {
    if text.len() <= max_bytes {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(max_bytes.saturating_sub(ELLIPSIS.len()));
    format!("{}{ELLIPSIS}", &text[..end])
}

const ELLIPSIS: &str = "…";
/// Bytes of one field of a customer in a list.
const MAX_FIELD_BYTES: usize = 512;

#[cfg(test)]
mod tests {
    use super::cut;

    #[test]
    fn a_cut_text_keeps_whole_characters_and_its_bound() {
        assert_eq!(cut("短", 9), "短");
        assert_eq!(cut("一二三四五", 9), "一二…");
        assert!((3..20).all(|max| cut("一二三四五六七八", max).len() <= max));
    }
}
