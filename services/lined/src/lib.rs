//! lined
