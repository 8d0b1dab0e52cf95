//! Peers nobody here wrote, made drivable: libpri as the network side, spandsp's detectors.
//!
//! Their libraries are linked into programs of these tests only.
