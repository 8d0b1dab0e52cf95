//! What the console knows without asking `vaultd`: version, addresses, the fingerprint of the page's certificate, the
//! supervisor's picture. Pure: the shell reads it and hands it in.

use serde::Deserialize;
use std::collections::BTreeMap;
use vocab::UnixMs;

/// The facts of this moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    /// The wall clock.
    pub now: UnixMs,
    /// Seconds since the kernel started.
    pub up_s: u64,
    /// The version of the system that runs.
    pub version: String,
    /// This is the development variant.
    pub development: bool,
    /// `vaultd` is connected.
    pub connected: bool,
    /// What tells this box from others: the begin of its machine id, which the firmware gives; empty where there is none.
    pub device: String,
    /// Addresses in use with their ports, such as `eth0` and `10.0.0.7`; at most [`MAX_ADDRESSES`].
    pub addresses: Vec<(String, String)>,
    /// SHA-256 of the page's certificate, in hexadecimal pairs; empty until the page has one.
    pub fingerprint: String,
    /// The supervisor's picture; `None`: there is none.
    pub health: Option<Picture>,
}

/// The supervisor's picture (`health.json`).
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Picture {
    /// By the process's name.
    pub processes: BTreeMap<String, ProcessHealth>,
}

/// One process.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct ProcessHealth {
    /// Its state in a word.
    pub state: String,
    /// How often it came back.
    #[serde(default)]
    pub restarts: u64,
    /// Alarms by code, in English and Chinese.
    #[serde(default)]
    pub alarms: BTreeMap<String, (String, String)>,
}

impl Picture {
    /// Reads the file's bytes; `None` where they are none.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        if bytes.len() > MAX_PICTURE_BYTES {
            return None;
        }
        serde_json::from_slice(bytes).ok()
    }
}

/// Addresses shown.
pub const MAX_ADDRESSES: usize = 8;
/// Bytes of the largest picture that is read.
pub const MAX_PICTURE_BYTES: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::{MAX_PICTURE_BYTES, Picture};

    #[test]
    fn the_supervisors_picture_is_read_and_anything_else_is_none() {
        let text = br#"{"processes":{"lined":{"state":"degraded","pid":7,"restarts":2,"gauges":{"calls":1},
            "alarms":{"trunk-down":["a trunk is down","zh"]}}}}"#;
        let picture = Picture::parse(text).unwrap();
        let lined = &picture.processes["lined"];
        assert_eq!((lined.state.as_str(), lined.restarts, lined.alarms.len()), ("degraded", 2, 1));
        for bad in [&b""[..], b"[]", b"{\"processes\":7}", &[b' '; MAX_PICTURE_BYTES + 1]] {
            assert_eq!(Picture::parse(bad), None);
        }
    }
}
