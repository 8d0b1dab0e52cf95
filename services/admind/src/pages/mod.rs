//! The pages: one file for each area, its templates in the folder of the same name.

pub mod claim;
pub mod door;
pub mod enrol;
pub mod job;
pub mod me;
pub mod preferences;

use crate::routes::Routes;

/// Every route of the page but the assets. One line for each area.
#[must_use]
pub fn routes() -> Routes {
    Routes::new()
        .merge(claim::routes())
        .merge(door::routes())
        .merge(enrol::routes())
        .merge(job::routes())
        .merge(me::routes())
        .merge(preferences::routes())
}
