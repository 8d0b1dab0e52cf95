//! SIP as text: finding messages in a stream, reading them with patience, writing them plainly.
//!
//! It knows headers, not their grammar; it judges nothing and keeps no state.

/// The first line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// Method and request URI.
    Request(String, String),
    /// Code and reason.
    Response(u16, String),
}

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The first line.
    pub start: Start,
    /// Headers with their long names, in order, commas left alone.
    pub headers: Vec<(String, String)>,
    /// What follows the empty line.
    pub body: String,
}

/// What a stream holds at its front.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame {
    /// More bytes are needed.
    Incomplete,
    /// This many bytes of line ends between messages.
    Blank(usize),
    /// A message of this many bytes.
    Message(usize),
    /// Nothing that could be SIP.
    Broken,
}

impl Message {
    /// Reads one message; `None` when the first line or a header line is none.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(bytes);
        let text = text.trim_start_matches(['\r', '\n']);
        let (head, body) =
            text.split_once("\r\n\r\n").or_else(|| text.split_once("\n\n")).unwrap_or((text.trim_end(), ""));
        let mut lines = head.lines();
        let start = parse_start(lines.next()?)?;
        let mut headers: Vec<(String, String)> = Vec::new();
        for line in lines {
            if line.starts_with([' ', '\t']) {
                let (_, value) = headers.last_mut()?;
                value.push(' ');
                value.push_str(line.trim());
                continue;
            }
            let (name, value) = line.split_once(':')?;
            headers.push((long_name(name.trim()).to_owned(), value.trim().to_owned()));
            if headers.len() > HEADER_LIMIT {
                return None;
            }
        }
        Some(Self { start, headers, body: body.to_owned() })
    }

    /// A request with nothing but its first line.
    pub fn request(method: &str, uri: &str) -> Self {
        let start = Start::Request(method.to_owned(), uri.to_owned());
        Self { start, headers: Vec::new(), body: String::new() }
    }

    /// A response with what RFC 3261 section 8.2.6 copies from the request.
    pub fn response(request: &Message, code: u16, to_tag: &str) -> Self {
        let start = Start::Response(code, reason(code).to_owned());
        let mut headers = Vec::new();
        for (name, value) in &request.headers {
            let copied = match name.as_str() {
                "Via" | "From" | "Call-ID" | "CSeq" => value.clone(),
                "Record-Route" if (101..300).contains(&code) => value.clone(),
                "To" if code > 100 && param(value, "tag").is_none() => format!("{value};tag={to_tag}"),
                "To" => value.clone(),
                _ => continue,
            };
            headers.push((name.clone(), copied));
        }
        Self { start, headers, body: String::new() }
    }

    /// Adds a header.
    pub fn add(&mut self, name: &str, value: impl Into<String>) -> &mut Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// The first header of this name, or the empty text.
    pub fn header(&self, name: &'static str) -> &str {
        self.all(name).next().unwrap_or("")
    }

    /// All headers of this name.
    pub fn all(&self, name: &'static str) -> impl Iterator<Item = &str> {
        self.headers.iter().filter(move |(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }

    /// Whether a header that lists option tags names this one.
    pub fn lists(&self, name: &'static str, tag: &str) -> bool {
        self.all(name).flat_map(split_list).any(|item| item.eq_ignore_ascii_case(tag))
    }

    /// Number and method of CSeq.
    pub fn cseq(&self) -> Option<(u32, &str)> {
        let (number, method) = self.header("CSeq").split_once(char::is_whitespace)?;
        Some((number.parse().ok()?, method.trim()))
    }

    /// The branch of the topmost Via.
    pub fn branch(&self) -> &str {
        let first = self.all("Via").flat_map(split_list).next().unwrap_or("");
        param(first, "branch").unwrap_or("")
    }

    /// The message as bytes, with its Content-Length.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = String::with_capacity(1_024);
        match &self.start {
            Start::Request(method, uri) => out.extend([method, " ", uri, " SIP/2.0\r\n"]),
            Start::Response(code, reason) => {
                out.extend(["SIP/2.0 ", &code.to_string(), " ", reason, "\r\n"]);
            }
        }
        for (name, value) in self.headers.iter().filter(|(n, _)| n != "Content-Length") {
            out.extend([name, ": ", value, "\r\n"]);
        }
        out.extend(["Content-Length: ", &self.body.len().to_string(), "\r\n\r\n", &self.body]);
        out.into_bytes()
    }
}

/// Looks at the front of a stream (RFC 3261 section 18.3).
pub fn frame(bytes: &[u8]) -> Frame {
    let blank = bytes.iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
    if blank > 0 {
        return Frame::Blank(blank);
    }
    let Some(head) = bytes.windows(4).position(|w| w == b"\r\n\r\n") else {
        return if bytes.len() > MESSAGE_LIMIT { Frame::Broken } else { Frame::Incomplete };
    };
    let Some(message) = Message::parse(&bytes[..head]) else { return Frame::Broken };
    let length: usize = message.header("Content-Length").parse().unwrap_or(0);
    if length > MESSAGE_LIMIT {
        return Frame::Broken;
    }
    let whole = head + 4 + length;
    if bytes.len() < whole { Frame::Incomplete } else { Frame::Message(whole) }
}

/// The items of a comma list; commas in quotes and angle brackets do not count.
pub fn split_list(value: &str) -> impl Iterator<Item = &str> {
    let (mut quoted, mut angle) = (false, false);
    value
        .split(move |c| {
            match c {
                '"' => quoted = !quoted,
                '<' if !quoted => angle = true,
                '>' if !quoted => angle = false,
                _ => {}
            }
            c == ',' && !quoted && !angle
        })
        .map(str::trim)
        .filter(|item| !item.is_empty())
}

/// The URI of a name-addr or addr-spec header value.
pub fn uri_of(value: &str) -> &str {
    match value.split_once('<') {
        Some((_, rest)) => rest.split_once('>').map_or(rest, |(uri, _)| uri),
        None => value.split(';').next().unwrap_or("").trim(),
    }
}

/// The user part of a URI, or the number of a `tel:` URI.
pub fn user_of(uri: &str) -> &str {
    let rest = uri.split_once(':').map_or(uri, |(_, rest)| rest);
    let user = match rest.split_once('@') {
        Some((user, _)) => user,
        None if uri.starts_with("tel:") => rest,
        None => return "",
    };
    user.split([';', ':']).next().unwrap_or("")
}

/// Host and port of a URI, as written.
pub fn host_port_of(uri: &str) -> &str {
    let rest = uri.split_once(':').map_or(uri, |(_, rest)| rest);
    let rest = rest.split_once('@').map_or(rest, |(_, host)| host);
    rest.split([';', '?']).next().unwrap_or("")
}

/// A parameter of a header value, outside its angle brackets.
pub fn param<'a>(value: &'a str, name: &str) -> Option<&'a str> {
    let outside = value.rsplit_once('>').map_or(value, |(_, rest)| rest);
    outside.split(';').skip(1).find_map(|item| {
        let (key, value) = item.split_once('=').unwrap_or((item, ""));
        key.trim().eq_ignore_ascii_case(name).then(|| value.trim().trim_matches('"'))
    })
}

/// The reason phrase of a code.
pub fn reason(code: u16) -> &'static str {
    match code {
        100 => "Trying",
        180 => "Ringing",
        183 => "Session Progress",
        200 => "OK",
        302 => "Moved Temporarily",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        407 => "Proxy Authentication Required",
        408 => "Request Timeout",
        422 => "Session Interval Too Small",
        480 => "Temporarily Unavailable",
        481 => "Call/Transaction Does Not Exist",
        486 => "Busy Here",
        487 => "Request Terminated",
        488 => "Not Acceptable Here",
        491 => "Request Pending",
        500 => "Server Internal Error",
        503 => "Service Unavailable",
        504 => "Server Time-out",
        603 => "Decline",
        606 => "Not Acceptable",
        _ => "Other",
    }
}

fn parse_start(line: &str) -> Option<Start> {
    let mut words = line.trim().splitn(3, ' ');
    let (first, second) = (words.next()?, words.next()?);
    if first.eq_ignore_ascii_case("SIP/2.0") {
        let code: u16 = second.parse().ok().filter(|c| (100..700).contains(c))?;
        return Some(Start::Response(code, words.next().unwrap_or("").to_owned()));
    }
    let version = words.next()?.trim();
    version.eq_ignore_ascii_case("SIP/2.0").then(|| Start::Request(first.to_owned(), second.to_owned()))
}

// RFC 3261 section 7.3.3, RFC 4028, RFC 3265.
fn long_name(name: &str) -> &str {
    const COMPACT: &[(&str, &str)] = &[
        ("v", "Via"),
        ("f", "From"),
        ("t", "To"),
        ("i", "Call-ID"),
        ("m", "Contact"),
        ("l", "Content-Length"),
        ("c", "Content-Type"),
        ("k", "Supported"),
        ("x", "Session-Expires"),
    ];
    const PLAIN: &[&str] =
        &["Via", "From", "To", "Call-ID", "CSeq", "Contact", "Record-Route", "Content-Length"];
    let compact = COMPACT.iter().find(|(short, _)| short.eq_ignore_ascii_case(name));
    let plain = PLAIN.iter().find(|long| long.eq_ignore_ascii_case(name));
    compact.map(|(_, long)| *long).or(plain.copied()).unwrap_or(name)
}

const HEADER_LIMIT: usize = 200;
const MESSAGE_LIMIT: usize = 65_536;

#[cfg(test)]
mod tests {
    use super::*;

    const INVITE: &str = "INVITE sip:+8613800138012@127.0.0.1;user=phone SIP/2.0\r\n\
        v: SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bKa;rport, SIP/2.0/UDP b;branch=z9hG4bKb\r\n\
        From: \"Bank, \\\"A\\\"\" <sip:95588@bank.invalid;x=1>;tag=f1\r\n\
        t : <sip:13800138012@127.0.0.1>\r\n\
        i: abc\r\nCSeq: 7\r\n INVITE\r\nk: timer,\r\n\t100rel\r\nl: 3\r\n\r\nabcdef";

    #[test]
    fn compact_names_folds_and_stray_blanks_are_read() {
        let message = Message::parse(INVITE.as_bytes()).expect("readable");
        assert_eq!(message.branch(), "z9hG4bKa");
        assert_eq!(message.cseq(), Some((7, "INVITE")));
        assert!(message.lists("Supported", "100rel") && message.lists("Supported", "timer"));
        assert_eq!(param(message.header("From"), "tag"), Some("f1"));
        assert_eq!(user_of(uri_of(message.header("From"))), "95588");
        let Start::Request(_, uri) = &message.start else { panic!("a request") };
        assert_eq!(user_of(uri), "+8613800138012");
        assert_eq!(host_port_of(uri), "127.0.0.1");
        assert_eq!(user_of("tel:+8613800138012;phone-context=x"), "+8613800138012");
    }

    #[test]
    fn a_stream_is_cut_by_content_length() {
        let whole = INVITE.len() - 3;
        assert_eq!(frame(INVITE.as_bytes()), Frame::Message(whole));
        for cut in 1..whole {
            assert_eq!(frame(&INVITE.as_bytes()[..cut]), Frame::Incomplete, "at {cut}");
        }
        assert_eq!(frame(b"\r\n\r\nINVITE"), Frame::Blank(4));
        assert_eq!(frame(b"no sip\r\n\r\n"), Frame::Broken);
    }

    #[test]
    fn a_response_is_read_back_as_it_was_written() {
        let invite = Message::parse(INVITE.as_bytes()).expect("readable");
        let mut response = Message::response(&invite, 180, "t9");
        response.add("Contact", "<sip:127.0.0.1>");
        let again = Message::parse(&response.to_bytes()).expect("readable");
        assert_eq!(again.start, Start::Response(180, "Ringing".to_owned()));
        assert_eq!(param(again.header("To"), "tag"), Some("t9"));
        assert_eq!(again.header("Via"), invite.header("Via"));
    }

    #[test]
    fn rubbish_is_refused_and_never_panics() {
        for text in ["", "\r\n", "SIP/2.0 99 x\r\n\r\n", "A B\r\n\r\n", " folded\r\n\r\n", "SIP/2.0"] {
            assert!(Message::parse(text.as_bytes()).is_none(), "{text:?}");
        }
        for cut in 0..INVITE.len() {
            let _ = Message::parse(&INVITE.as_bytes()[cut..]);
        }
    }
}
