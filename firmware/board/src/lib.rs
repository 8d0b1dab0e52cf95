//! Board files: what a hardware model has, with inheritance for revisions.
//!
//! It reads text it is given and asks no hardware.
