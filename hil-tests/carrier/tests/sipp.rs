//! The carrier against SIPp's own caller: a peer nobody here wrote.
//!
//! Skipped, loudly, where SIPp is not installed.

use std::io::Write as _;
use std::process::{Command, Stdio};

use carrier::{Carrier, CarrierConfig};

#[test]
fn twenty_calls_of_sipp_succeed_and_leave_no_dialog() {
    if Command::new("sipp").arg("-v").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err() {
        let _ = writeln!(std::io::stderr(), "SKIPPED: sipp is not installed, nothing was proven");
        return;
    }
    let config = CarrierConfig { only_code: Some(0), ring_ms: Some(5), ..CarrierConfig::default() };
    let carrier = Carrier::start(config).expect("starts");
    let folder = std::env::temp_dir();
    let output = Command::new("sipp")
        .args(["-sn", "uac", "-m", "20", "-r", "50", "-d", "100", "-nostdin", "-i", "127.0.0.1"])
        .args(["-timeout", "20s", "-timeout_error", &carrier.addr().to_string()])
        .current_dir(folder)
        .output()
        .expect("sipp runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report = carrier.stop();
    assert_eq!((report.invites, report.answered), (20, 20));
    assert_eq!(report.active_dialogs, 0);
    assert!(report.rtp_sent > 20, "{report:?}");
    // SIPp calls the same user twenty times, which a campaign may not; nothing else is wrong.
    assert!(report.violations.keys().all(|rule| rule == "second_invite_while_up"), "{report:?}");
}
