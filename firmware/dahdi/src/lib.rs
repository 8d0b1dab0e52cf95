//! The edge to DAHDI: spans, D channels, B channels, signalling, alarms, loops through its device files.
//!
//! It knows nothing of calls.
