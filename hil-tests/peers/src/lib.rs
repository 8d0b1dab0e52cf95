//! Peers nobody here wrote, made drivable: libpri as the network side, spandsp's detectors; and the signals on which
//! our detectors are measured beside the latter.
//!
//! Their libraries are linked into programs of these tests only.

pub mod detectors;
pub mod libpri;
pub mod signals;
pub mod spandsp;
