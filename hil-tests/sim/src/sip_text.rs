//! SIP as the carriers write and read it: lines of text, nothing shared with the product's parser.

/// A message cut into lines.
#[derive(Debug, Clone)]
pub struct Text {
    /// The first line.
    pub first: String,
    headers: Vec<(String, String)>,
}

impl Text {
    /// Reads a datagram.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        let (head, _) = text.split_once("\r\n\r\n")?;
        let mut lines = head.split("\r\n");
        let first = lines.next()?.to_owned();
        let headers = lines.filter_map(|line| {
            let (name, value) = line.split_once(':')?;
            Some((name.trim().to_ascii_lowercase(), value.trim().to_owned()))
        });
        Some(Self { first, headers: headers.collect() })
    }

    /// The first value of a header.
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// The method of a request; empty for a response.
    pub fn method(&self) -> &str {
        if self.first.starts_with("SIP/2.0") { "" } else { self.first.split(' ').next().unwrap_or("") }
    }

    /// The status of a response; 0 for a request.
    pub fn status(&self) -> u16 {
        self.first
            .strip_prefix("SIP/2.0 ")
            .and_then(|rest| rest.get(..3))
            .and_then(|code| code.parse().ok())
            .unwrap_or(0)
    }

    /// The user of the Request-URI.
    pub fn user(&self) -> &str {
        let uri = self.first.split(' ').nth(1).unwrap_or("");
        uri.strip_prefix("sip:").and_then(|rest| rest.split('@').next()).unwrap_or("")
    }

    /// The Call-ID.
    pub fn call_id(&self) -> &str {
        self.header("call-id")
    }

    /// Number and method of the CSeq.
    pub fn cseq(&self) -> (u32, &str) {
        let mut words = self.header("cseq").split_whitespace();
        let number = words.next().and_then(|word| word.parse().ok()).unwrap_or(0);
        (number, words.next().unwrap_or(""))
    }

    /// Whether To has a tag.
    pub fn is_in_dialog(&self) -> bool {
        self.header("to").contains("tag=")
    }

    /// A response to this request.
    pub fn answer(&self, status: u16, tag: &str, body: &str) -> Vec<u8> {
        let mut out = format!("SIP/2.0 {status} {}\r\n", phrase(status));
        for (name, value) in &self.headers {
            if name == "via" {
                out.push_str(&format!("Via: {value}\r\n"));
            }
        }
        let to = self.header("to");
        let tagged =
            if to.contains("tag=") || status == 100 { to.to_owned() } else { format!("{to};tag={tag}") };
        out.push_str(&format!(
            "From: {}\r\nTo: {tagged}\r\nCall-ID: {}\r\nCSeq: {}\r\n",
            self.header("from"),
            self.call_id(),
            self.header("cseq")
        ));
        if status > 100 && status < 300 {
            out.push_str("Contact: <sip:carrier@192.0.2.1:5060>\r\n");
        }
        finish(out, body)
    }

    /// The address in the Contact.
    pub fn contact(&self) -> &str {
        self.header("contact")
            .split_once('<')
            .and_then(|(_, rest)| rest.split('>').next())
            .unwrap_or("sip:box@192.0.2.9")
    }
}

/// Adds the end of the head and the body.
pub fn finish(mut out: String, body: &str) -> Vec<u8> {
    if body.starts_with("v=0") {
        out.push_str("Content-Type: application/sdp\r\n");
    } else if !body.is_empty() {
        out.push_str("Content-Type: application/dtmf-relay\r\n");
    }
    out.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
    out.into_bytes()
}

fn phrase(status: u16) -> &'static str {
    match status {
        100 => "Trying",
        180 => "Ringing",
        183 => "Session Progress",
        200 => "OK",
        404 => "Not Found",
        480 => "Temporarily Unavailable",
        481 => "Call/Transaction Does Not Exist",
        486 => "Busy Here",
        487 => "Request Terminated",
        503 => "Service Unavailable",
        603 => "Decline",
        _ => "Answer",
    }
}
