//! SIPp, a peer that nobody here wrote: as a trunk that answers, or as a phone that registers.

use crate::place::Place;
use crate::wait::SHORT;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// What SIPp plays.
#[derive(Debug, Clone)]
pub struct SippPlan {
    /// A file of `scenarios/`, without its ending.
    pub scenario: &'static str,
    /// `u1` or `t1`.
    pub transport: &'static str,
    /// How many calls it takes part in before it ends.
    pub calls: u32,
    /// Further words.
    pub more: Vec<String>,
    /// The peer to call, for scenarios that begin.
    pub to: Option<SocketAddr>,
    /// What stands for `[status]` in the scenario: SIPp itself takes no keyword there.
    pub status: String,
    /// Where its Contact says it is reached, if not where it listens.
    pub reach: Option<String>,
}

impl SippPlan {
    /// Over UDP, one call.
    #[must_use]
    pub const fn udp(scenario: &'static str) -> Self {
        Self {
            scenario,
            transport: "u1",
            calls: 1,
            more: Vec::new(),
            to: None,
            status: String::new(),
            reach: None,
        }
    }

    /// Over another transport.
    #[must_use]
    pub const fn over(mut self, transport: &'static str) -> Self {
        self.transport = transport;
        self
    }

    /// For so many calls.
    #[must_use]
    pub const fn calls(mut self, calls: u32) -> Self {
        self.calls = calls;
        self
    }

    /// With further words.
    #[must_use]
    pub fn with(mut self, more: &[&str]) -> Self {
        self.more.extend(more.iter().map(ToString::to_string));
        self
    }

    /// Refusing with this status.
    #[must_use]
    pub fn status(self, status: &str) -> Self {
        Self { status: status.to_owned(), ..self }
    }

    /// Calling this peer.
    #[must_use]
    pub const fn to(mut self, peer: SocketAddr) -> Self {
        self.to = Some(peer);
        self
    }
}

/// A running SIPp. It is killed when dropped.
#[derive(Debug)]
pub struct Sipp {
    child: Child,
    /// Where it listens.
    pub addr: SocketAddr,
    folder: PathBuf,
    name: String,
}

impl Sipp {
    /// Starts it and waits until it listens.
    ///
    /// # Panics
    /// If it does not start.
    #[must_use]
    pub fn start(place: &Place, port: u16, plan: &SippPlan) -> Self {
        let folder = place.folder("peers");
        let media = place.spare().to_string();
        let name = format!("{}-{port}-{media}", plan.scenario);
        let written = format!("{}/scenarios/{}.xml", env!("CARGO_MANIFEST_DIR"), plan.scenario);
        let written =
            std::fs::read_to_string(written).expect("the scenario").replace("[status]", &plan.status);
        let written = written.replace("[box]", &place.sip().to_string());
        let scenario = folder.join(format!("{name}.xml")).display().to_string();
        std::fs::write(&scenario, written).expect("the scenario's copy");
        let reach = plan.reach.clone().unwrap_or_else(|| {
            let transport = if plan.transport == "u1" { "udp" } else { "tcp" };
            format!("127.0.0.1:{port};transport={transport}")
        });
        let (port, calls) = (port.to_string(), plan.calls.to_string());
        let log = std::fs::File::create(folder.join(format!("{name}.out"))).expect("a log file");
        let errors = folder.join(format!("{name}.errors")).display().to_string();
        let messages = folder.join(format!("{name}.messages")).display().to_string();
        let mut sipp = Command::new("sipp");
        sipp.args(["-sf", &scenario, "-t", plan.transport, "-i", "127.0.0.1", "-p", &port, "-m", &calls]);
        sipp.args(["-mi", "127.0.0.1", "-mp", &media, "-nostdin", "-rtp_echo", "-cp", "0"]);
        sipp.args(["-trace_err", "-error_file", &errors, "-trace_msg", "-message_file", &messages]);
        sipp.args(["-timeout", "100s", "-timeout_error", "-key", "reach", &reach]).args(&plan.more);
        if let Some(peer) = plan.to {
            sipp.arg(peer.to_string());
        }
        sipp.current_dir(&folder).stdin(Stdio::null()).stdout(log.try_clone().expect("a log")).stderr(log);
        let child = sipp.spawn().expect("sipp starts");
        let addr = (Ipv4Addr::LOCALHOST, port.parse().expect("a port")).into();
        let mut new = Self { child, addr, folder, name };
        if plan.to.is_none() {
            new.wait_until_listening(plan.transport == "u1");
        }
        new
    }

    fn wait_until_listening(&mut self, udp: bool) {
        let table = if udp { "/proc/net/udp" } else { "/proc/net/tcp" };
        let wanted = format!("0100007F:{:04X}", self.addr.port());
        crate::until("sipp listens", SHORT, || {
            if let Some(status) = self.child.try_wait().expect("a status") {
                panic!("sipp ended: {status}\n{}", self.said());
            }
            let sockets = std::fs::read_to_string(table).expect("the socket table");
            sockets.lines().any(|line| line.split_whitespace().nth(1) == Some(&wanted)).then_some(())
        });
    }

    /// Waits until it took part in all its calls; fails unless each went as its scenario says.
    #[track_caller]
    pub fn succeeds(&mut self, limit: Duration) {
        let status = crate::until(&format!("sipp {} ends", self.name), limit, || {
            self.child.try_wait().expect("a status")
        });
        assert!(status.success(), "sipp {} failed: {status}\n{}", self.name, self.said());
    }

    /// Every message it sent and received.
    #[must_use]
    pub fn messages(&self) -> String {
        let file = self.folder.join(format!("{}.messages", self.name));
        String::from_utf8_lossy(&std::fs::read(file).unwrap_or_default()).into_owned()
    }

    /// What it complained of, and its messages.
    #[must_use]
    pub fn said(&self) -> String {
        let errors = std::fs::read_to_string(self.folder.join(format!("{}.errors", self.name)));
        let output = std::fs::read(self.folder.join(format!("{}.out", self.name))).unwrap_or_default();
        let output = String::from_utf8_lossy(&output);
        let end = output.char_indices().rev().nth(1_500).map_or(0, |(at, _)| at);
        format!("{}\n{}\n{}", errors.unwrap_or_default(), &output[end..], self.messages())
    }
}

impl Drop for Sipp {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
