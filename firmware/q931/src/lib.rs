//! Layer 3 of the D channel: Q.931 messages, information elements and call control, user and network side.
//!
//! It reads no clock and no socket.
