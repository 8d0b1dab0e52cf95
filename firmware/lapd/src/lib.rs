//! The data link of the D channel: Q.921 point-to-point (TEI 0), user and network side.
//!
//! It reads no clock and no socket.
