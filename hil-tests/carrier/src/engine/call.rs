//! One dialog as the callee sees it.
//!
//! Data and small questions about it; the engine acts.

use std::time::Instant;

use crate::behaviour::Script;
use crate::media::RtpSocket;
use crate::sdp::{Audio, Local};
use crate::text::{self, Message};
use crate::transport::Link;

/// Where a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// No final response yet.
    Waiting,
    /// 200 sent, no ACK yet.
    Answered,
    /// ACK received.
    Up,
    /// A refusal sent, no ACK yet.
    Refused,
    /// Our BYE is out.
    Closing,
    /// Over.
    Ended,
}

/// One call.
pub(super) struct Call {
    pub(super) id: u64,
    pub(super) number: String,
    pub(super) script: Script,
    pub(super) state: State,
    pub(super) link: Link,
    pub(super) invite: Message,
    pub(super) branch: String,
    pub(super) dialog: String,
    pub(super) our_tag: String,
    /// The other branch of a fork whose INVITE this one shares.
    pub(super) sibling_of: Option<u64>,
    pub(super) fork: Option<u64>,
    pub(super) socket: Option<RtpSocket>,
    pub(super) local: Option<Local>,
    pub(super) offer: Option<Audio>,
    pub(super) has_media: bool,
    /// The last response to the INVITE, for its retransmission.
    pub(super) last: Vec<u8>,
    /// The ACK of our last re-INVITE, for a repeated 200.
    pub(super) reinvite_ack: Vec<u8>,
    pub(super) last_sent: Option<Instant>,
    pub(super) first_sent: Option<Instant>,
    /// Counts responses that need an acknowledgement, so that old timers fall silent.
    pub(super) sent: u32,
    pub(super) rseq: Option<u32>,
    pub(super) our_cseq: u32,
    pub(super) reinviting: bool,
    pub(super) hang_up_due: bool,
    pub(super) crossed_bye: Option<Message>,
    pub(super) refreshes: u32,
}

impl Call {
    /// Whether the dialog still counts.
    pub(super) fn is_active(&self) -> bool {
        match self.state {
            State::Waiting | State::Answered | State::Up | State::Refused | State::Closing => true,
            State::Ended => false,
        }
    }

    /// Our Contact.
    pub(super) fn contact(&self) -> String {
        format!("<sip:{}@{}{}>", self.number, self.link.local, self.link.uri_parameter())
    }

    /// A request of ours inside the dialog (RFC 3261 section 12.2.1.1).
    pub(super) fn request(&mut self, method: &str, branch: &str) -> Message {
        self.our_cseq += 1;
        let target = text::uri_of(self.invite.header("Contact"));
        let target = if target.is_empty() { text::uri_of(self.invite.header("From")) } else { target };
        let mut request = Message::request(method, target);
        request.add("Via", format!("SIP/2.0/{} {};branch={branch};rport", self.link.name, self.link.local));
        request.add("Max-Forwards", "70");
        for route in self.invite.all("Record-Route") {
            request.add("Route", route);
        }
        request.add("From", format!("{};tag={}", self.invite.header("To"), self.our_tag));
        request.add("To", self.invite.header("From"));
        request.add("Call-ID", self.invite.header("Call-ID"));
        request.add("CSeq", format!("{} {method}", self.our_cseq));
        request
    }

    /// Where requests of ours go.
    pub(super) fn next_hop(&self) -> &str {
        let route = self.invite.all("Record-Route").flat_map(text::split_list).next();
        text::uri_of(route.unwrap_or(self.invite.header("Contact")))
    }

    /// The session interval the peer asked for, if both sides can keep one.
    pub(super) fn session_interval_s(&self) -> Option<u64> {
        let value = self.invite.header("Session-Expires").split(';').next()?.trim().parse().ok()?;
        self.invite.lists("Supported", "timer").then_some(value)
    }
}
