//! A caller made of one socket: it sends what a test says and waits for what must come.
//!
//! It repeats nothing by itself, so that a test sees every retransmission.

use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use carrier::text::{Message, Start, param, uri_of};

/// One call's caller.
pub struct Caller {
    pub sip: UdpSocket,
    pub rtp: UdpSocket,
    peer: SocketAddr,
    number: String,
    id: String,
    pub invite: Message,
}

impl Caller {
    /// A caller who has just sent its INVITE.
    pub fn dial(peer: SocketAddr, number: &str, extra: &[(&str, &str)]) -> Self {
        Self::dial_with(peer, number, extra, "RTP/AVP", "")
    }

    /// The same with another profile and more media attributes.
    pub fn dial_with(
        peer: SocketAddr,
        number: &str,
        extra: &[(&str, &str)],
        profile: &str,
        lines: &str,
    ) -> Self {
        let bind = || UdpSocket::bind("127.0.0.1:0").expect("binds");
        let (sip, rtp) = (bind(), bind());
        for socket in [&sip, &rtp] {
            socket.set_read_timeout(Some(WAIT)).expect("sets");
        }
        let id = carrier::digest::token(8);
        let local = sip.local_addr().expect("bound");
        let uri = format!("sip:{number}@{peer}");
        let mut invite = Message::request("INVITE", &uri);
        invite
            .add("Via", format!("SIP/2.0/UDP {local};branch=z9hG4bK{id};rport"))
            .add("From", format!("<sip:4001@{local}>;tag=f{id}"))
            .add("To", format!("<{uri}>"))
            .add("Call-ID", id.clone())
            .add("CSeq", "1 INVITE")
            .add("Contact", format!("<sip:4001@{local}>"));
        for (name, value) in extra {
            invite.add(name, *value);
        }
        let port = rtp.local_addr().expect("bound").port();
        invite.add("Content-Type", "application/sdp").body = format!(
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
             m=audio {port} {profile} 8 101\r\na=rtpmap:101 telephone-event/8000\r\n{lines}"
        );
        sip.send_to(&invite.to_bytes(), peer).expect("sends");
        Self { sip, rtp, peer, number: number.to_owned(), id, invite }
    }

    /// The next message that is a response with this code.
    pub fn expect(&self, code: u16) -> Message {
        self.find(|m| matches!(m.start, Start::Response(c, _) if c == code), &code.to_string())
    }

    /// The next request with this method.
    pub fn expect_request(&self, method: &str) -> Message {
        self.find(|m| matches!(&m.start, Start::Request(name, _) if name == method), method)
    }

    /// Acknowledges a response to the INVITE.
    pub fn ack(&self, response: &Message) {
        let Start::Response(code, _) = response.start else { panic!("a response") };
        let branch = if code < 300 { "a" } else { "" };
        self.request("ACK", 1, branch, response, &[]);
    }

    /// Sends a request inside the dialog of this response.
    pub fn request(&self, method: &str, cseq: u32, branch: &str, response: &Message, extra: &[(&str, &str)]) {
        let contact = uri_of(response.header("Contact"));
        let uri = if contact.is_empty() {
            format!("sip:{}@{}", self.number, self.peer)
        } else {
            contact.to_owned()
        };
        let mut request = Message::request(method, &uri);
        let local = self.sip.local_addr().expect("bound");
        request
            .add("Via", format!("SIP/2.0/UDP {local};branch=z9hG4bK{}{branch};rport", self.id))
            .add("From", self.invite.header("From"))
            .add("To", response.header("To"))
            .add("Call-ID", self.id.clone())
            .add("CSeq", format!("{cseq} {method}"));
        for (name, value) in extra {
            request.add(name, *value);
        }
        self.sip.send_to(&request.to_bytes(), self.peer).expect("sends");
    }

    /// Cancels the INVITE.
    pub fn cancel(&self) {
        let mut cancel = self.invite.clone();
        cancel.start = Start::Request("CANCEL".to_owned(), format!("sip:{}@{}", self.number, self.peer));
        cancel.headers.retain(|(n, _)| matches!(n.as_str(), "Via" | "From" | "To" | "Call-ID"));
        cancel.add("CSeq", "1 CANCEL").body = String::new();
        self.sip.send_to(&cancel.to_bytes(), self.peer).expect("sends");
    }

    /// Hangs up and waits for the answer.
    pub fn hang_up(&self, response: &Message) {
        self.request("BYE", 2, "b", response, &[]);
        self.find(
            |m| m.cseq() == Some((2, "BYE")) && matches!(m.start, Start::Response(200, _)),
            "200 to BYE",
        );
    }

    /// Answers a request of the carrier's.
    pub fn reply(&self, request: &Message, code: u16) {
        self.sip.send_to(&Message::response(request, code, "x").to_bytes(), self.peer).expect("sends");
    }

    /// The next RTP packet and where it came from.
    pub fn packet(&self) -> (Vec<u8>, SocketAddr) {
        let mut buffer = [0u8; 2_048];
        let (length, from) = self.rtp.recv_from(&mut buffer).expect("RTP in time");
        (buffer[..length].to_vec(), from)
    }

    fn find(&self, wanted: impl Fn(&Message) -> bool, name: &str) -> Message {
        let until = Instant::now() + WAIT;
        let mut buffer = [0u8; 8_192];
        while Instant::now() < until {
            let Ok(length) = self.sip.recv(&mut buffer) else { break };
            if let Some(message) = Message::parse(&buffer[..length]).filter(|m| wanted(m)) {
                return message;
            }
        }
        panic!("{} waited in vain for {name}", self.number);
    }
}

/// The tag of the peer in a response.
pub fn their_tag(response: &Message) -> String {
    param(response.header("To"), "tag").expect("a tag").to_owned()
}

const WAIT: Duration = Duration::from_secs(8);
