//! Who may do what and see what: two readable tables, default deny (ACC-01, ACC-04, DAT-07, DAT-09).
//!
//! `vaultd` decides by them, the page hides by them, `cargo xtask roles` prints them. They know nothing of how
//! a request is carried out, and nothing of departments or four eyes: those are checked where it is done.

mod field;
mod request;
mod table;

pub use field::{FIELDS, Field, Sight, sight};
pub use request::{Request, request_of};
pub use table::{BY_CONSOLE, LOOK_AT_BOX, NOT_BY_PAGE, OPEN, OWN, ROLES, TABLE, may};
