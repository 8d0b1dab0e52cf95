//! Every message of RFC 4475, with what the RFC asks of a receiver. The files are the
//! RFC's messages byte for byte; only the certificate inside `mpart01` is replaced by
//! other binary bytes of the same length.

use std::path::PathBuf;

use sip::sdp::{SdpProblem, parse_sdp};
use sip::uas::Profile;
use sip::{
    Answer, Contacts, HeaderName, Message, Method, Place, Problem, Request, Response, Scheme, parse_datagram,
};

const METHODS: &[Method] = &[
    Method::Invite,
    Method::Ack,
    Method::Bye,
    Method::Cancel,
    Method::Options,
    Method::Register,
    Method::Message,
];

const PROFILE: Profile<'_> = Profile {
    methods: METHODS,
    extensions: &["100rel", "timer"],
    content_types: &[("application", "sdp"), ("multipart", "mixed")],
};

fn bytes(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/torture/{name}.dat"));
    std::fs::read(path).unwrap()
}

fn message(name: &str) -> Message {
    parse_datagram(&bytes(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn request(name: &str) -> Request {
    match message(name) {
        Message::Request(request) => request,
        Message::Response(_) => panic!("{name} is a response"),
    }
}

fn response(name: &str) -> Response {
    match message(name) {
        Message::Response(response) => response,
        Message::Request(_) => panic!("{name} is a request"),
    }
}

/// What the RFC asks a receiver to do with a message.
#[derive(Debug, PartialEq)]
enum Fate {
    /// Use it.
    Taken,
    /// Read it, and refuse it for what it asks.
    Served(u16),
    /// Refuse it as unreadable, with an answer.
    Answered(u16),
    /// Refuse it and say nothing.
    Dropped,
}

fn fate(name: &str) -> Fate {
    match parse_datagram(&bytes(name)) {
        Ok(Message::Response(_)) => Fate::Taken,
        Ok(Message::Request(request)) => match PROFILE.check(&request) {
            Ok(()) => Fate::Taken,
            Err(refused) => Fate::Served(refused.response(&request, "t").status.code()),
        },
        Err(error) => match error.answer {
            Answer::Respond { status, .. } => {
                let response = error.response("totag").expect("an answer can be made");
                assert_eq!(response.status, status, "{name}");
                assert!(response.headers.get(&HeaderName::Via).is_some(), "{name}");
                Fate::Answered(status.code())
            }
            Answer::Drop => Fate::Dropped,
        },
    }
}

/// RFC 4475 section, name, fate.
const MESSAGES: &[(&str, &str, Fate)] = &[
    ("3.1.1.1", "wsinv", Fate::Taken),
    ("3.1.1.2", "intmeth", Fate::Served(501)),
    ("3.1.1.3", "esc01", Fate::Taken),
    ("3.1.1.4", "escnull", Fate::Taken),
    ("3.1.1.5", "esc02", Fate::Served(501)),
    ("3.1.1.6", "lwsdisp", Fate::Taken),
    ("3.1.1.7", "longreq", Fate::Taken),
    ("3.1.1.8", "dblreq", Fate::Taken),
    ("3.1.1.9", "semiuri", Fate::Taken),
    ("3.1.1.10", "transports", Fate::Taken),
    ("3.1.1.11", "mpart01", Fate::Taken),
    ("3.1.1.12", "unreason", Fate::Taken),
    ("3.1.1.13", "noreason", Fate::Taken),
    ("3.1.2.1", "badinv01", Fate::Answered(400)),
    ("3.1.2.2", "clerr", Fate::Answered(400)),
    ("3.1.2.3", "ncl", Fate::Answered(400)),
    ("3.1.2.4", "scalar02", Fate::Answered(400)),
    ("3.1.2.5", "scalarlg", Fate::Dropped),
    ("3.1.2.6", "quotbal", Fate::Answered(400)),
    ("3.1.2.7", "ltgtruri", Fate::Answered(400)),
    ("3.1.2.8", "lwsruri", Fate::Answered(400)),
    ("3.1.2.9", "lwsstart", Fate::Answered(400)),
    ("3.1.2.10", "trws", Fate::Answered(400)),
    ("3.1.2.11", "escruri", Fate::Answered(400)),
    // An element may ignore a Date it does not use.
    ("3.1.2.12", "baddate", Fate::Taken),
    ("3.1.2.13", "regbadct", Fate::Answered(400)),
    // "may choose to be liberal": the blanks inside the brackets do not count.
    ("3.1.2.14", "badaspec", Fate::Taken),
    ("3.1.2.15", "baddn", Fate::Answered(400)),
    ("3.1.2.16", "badvers", Fate::Answered(505)),
    ("3.1.2.17", "mismatch01", Fate::Answered(400)),
    ("3.1.2.18", "mismatch02", Fate::Answered(400)),
    ("3.1.2.19", "bigcode", Fate::Dropped),
    ("3.2.1", "badbranch", Fate::Taken),
    ("3.3.1", "insuf", Fate::Answered(400)),
    ("3.3.2", "unkscm", Fate::Answered(416)),
    ("3.3.3", "novelsc", Fate::Answered(416)),
    ("3.3.4", "unksm2", Fate::Taken),
    ("3.3.5", "bext01", Fate::Served(420)),
    ("3.3.6", "invut", Fate::Served(415)),
    ("3.3.7", "regaut01", Fate::Taken),
    ("3.3.8", "multi01", Fate::Answered(400)),
    ("3.3.9", "mcl01", Fate::Answered(400)),
    ("3.3.10", "bcast", Fate::Taken),
    ("3.3.11", "zeromf", Fate::Taken),
    ("3.3.12", "cparam01", Fate::Taken),
    ("3.3.13", "cparam02", Fate::Taken),
    ("3.3.14", "regescrt", Fate::Taken),
    ("3.3.15", "sdp01", Fate::Served(406)),
    ("3.4.1", "inv2543", Fate::Taken),
];

#[test]
fn every_message_of_rfc_4475_meets_its_fate() {
    let wrong: Vec<_> = MESSAGES
        .iter()
        .map(|(section, name, expected)| (section, name, expected, fate(name)))
        .filter(|(_, _, expected, found)| *expected != found)
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    let files = std::fs::read_dir(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/torture"));
    assert_eq!(files.unwrap().count(), MESSAGES.len());
}

#[test]
fn every_readable_message_is_printed_and_read_back_the_same() {
    for (_, name, _) in MESSAGES {
        if let Ok(first) = parse_datagram(&bytes(name)) {
            let printed = first.to_bytes();
            let second = parse_datagram(&printed).unwrap_or_else(|e| panic!("{name}: {e}"));
            assert_eq!(second.to_bytes(), printed, "{name}");
            assert_eq!(second.body(), first.body(), "{name}");
        }
    }
}

#[test]
fn wsinv_is_read_to_the_last_blank() {
    let request = request("wsinv");
    let headers = &request.headers;
    assert!(request.uri.params.has("unknownparam"));
    assert_eq!(headers.to().unwrap().tag(), Some("1918181833n"));
    let from = headers.from().unwrap();
    assert_eq!(from.display.as_deref(), Some("J Rosenberg \\\""));
    assert_eq!(from.tag(), Some("98asjd8"));
    assert_eq!(headers.max_forwards().unwrap(), Some(68));
    let cseq = headers.cseq().unwrap();
    assert_eq!((cseq.seq, cseq.method), (9, Method::Invite));
    let hosts: Vec<_> = headers.vias().unwrap().iter().map(|v| v.to_string()).collect();
    assert_eq!(
        hosts,
        [
            "SIP/2.0/UDP 192.0.2.2;branch=390skdjuw",
            "SIP/2.0/TCP spindle.example.com;branch=z9hG4bK9ikj8",
            "SIP/2.0/UDP 192.168.255.111;branch=z9hG4bK30239",
        ]
    );
    assert_eq!(headers.get(&HeaderName::Subject), Some(""));
    let odd = HeaderName::from_wire("unknownHEADERwithUnusualValue");
    assert_eq!(headers.get(&odd), Some(";;,,;;,;"));
    let fangled = HeaderName::from_wire("NewFangledHeader");
    assert_eq!(headers.get(&fangled), Some("newfangled value continued newfangled value"));
    let route = &headers.routes().unwrap()[0];
    assert!(route.uri.is_loose_router());
    assert_eq!(route.uri.params.get("unknownwith"), Some("value"));
    let Contacts::List(contacts) = headers.contacts().unwrap() else { panic!("a star") };
    assert_eq!(contacts[0].display.as_deref(), Some("Quoted string \"\""));
    assert_eq!(contacts[0].params.get("newparam"), Some("newvalue"));
    assert_eq!(contacts[0].params.get("q"), Some("0.33"));
    assert_eq!(request.body.len(), 150);
}

#[test]
fn intmeth_keeps_its_method_and_its_odd_characters() {
    let request = request("intmeth");
    assert_eq!(request.method.as_str(), "!interesting-Method0123456789_*+`.%indeed'~");
    assert_eq!(request.uri.password.as_deref(), Some("&it+has=1,weird!*pas$wo~d_too.(doesn't-it)"));
    let to = request.headers.to().unwrap();
    assert_eq!(to.display.as_deref(), Some("BEL:\u{7} NUL:\0 DEL:\u{7f}"));
    let from = request.headers.from().unwrap();
    assert_eq!(from.display.as_deref(), Some("token1~` token2'+_ token3*%!.-"));
    assert_eq!(from.tag(), Some("_token~1'+`*%!-."));
    assert_eq!(from.params.unquoted("fromParam''~+*_!.-%").as_deref(), Some("работающий"));
    let name = HeaderName::from_wire("extensionHeader-!.%*+_`'~");
    assert_eq!(request.headers.get(&name), Some("\u{feff}大停電"));
}

#[test]
fn esc01_escapes_are_undone_only_where_they_mean_something() {
    let request = request("esc01");
    assert_eq!(request.uri.user.as_deref(), Some("sips%3Auser%40example.com"));
    assert_eq!(request.uri.user_unescaped().as_deref(), Some("sips:user@example.com"));
    let to = request.headers.to().unwrap().uri;
    assert_eq!(to, "sip:user@example.com".parse().unwrap());
    let contact = request.headers.contacts().unwrap();
    let uri = &contact.first().unwrap().uri;
    let same = |text: &str| *uri == text.parse().unwrap();
    assert!(same("sip:caller@host5.example.net;lr;name=value%2541"));
    assert!(!same("sip:caller@host5.example.net;lr;name=valueA"));
    assert_eq!(uri.params.get("n%61me"), Some("v%61lue%25%34%31"));
}

#[test]
fn escnull_holds_null_bytes_apart() {
    let Contacts::List(contacts) = request("escnull").headers.contacts().unwrap() else { panic!("a star") };
    assert_eq!(contacts.len(), 2);
    assert_ne!(contacts[0].uri, contacts[1].uri);
    assert_eq!(contacts[0].uri.user_unescaped().as_deref(), Some("\0"));
}

#[test]
fn esc02_percent_is_no_escape_in_names_and_methods() {
    let request = request("esc02");
    assert_eq!(request.method, Method::Extension("RE%47IST%45R".into()));
    assert_eq!(request.headers.to().unwrap().display.as_deref(), Some("%Z%45"));
    let Contacts::List(contacts) = request.headers.contacts().unwrap() else { panic!("a star") };
    assert_eq!(contacts.len(), 2);
}

#[test]
fn longreq_and_transports_keep_every_via() {
    let vias = request("longreq").headers.vias().unwrap();
    assert_eq!(vias.len(), 34);
    assert_eq!(vias[33].received(), Some("192.0.2.5".parse().unwrap()));
    let names: Vec<_> = request("transports")
        .headers
        .vias()
        .unwrap()
        .iter()
        .map(|via| via.transport.as_str().to_owned())
        .collect();
    assert_eq!(names, ["UDP", "SCTP", "TLS", "UNKNOWN", "TCP"]);
}

#[test]
fn dblreq_ends_where_its_length_says() {
    let request = request("dblreq");
    assert_eq!(request.method, Method::Register);
    assert!(request.body.is_empty());
}

#[test]
fn semiuri_parameters_belong_to_the_user() {
    let uri = request("semiuri").uri;
    assert_eq!(uri.user_unescaped().as_deref(), Some("user;par=u@example.net"));
    assert!(uri.params.is_empty());
    assert_eq!(request("semiuri").headers.get_all(&HeaderName::Accept).count(), 6);
}

#[test]
fn mpart01_binary_body_is_kept_whole() {
    let body = request("mpart01").body;
    assert_eq!(body.len(), 553);
    assert!(std::str::from_utf8(&body).is_err());
    assert!(body.ends_with(b"--7a9cbec02ceef655--"));
}

#[test]
fn reason_phrases_are_kept_even_odd_and_empty_ones() {
    assert!(response("unreason").reason.starts_with("= 2**3 * 5**2 но"));
    assert_eq!(response("noreason").reason, "");
    assert_eq!(response("noreason").status, 100);
}

#[test]
fn refused_messages_name_the_place() {
    let place = |name: &str| parse_datagram(&bytes(name)).unwrap_err();
    for (name, header) in [
        ("quotbal", HeaderName::To),
        ("ncl", HeaderName::ContentLength),
        ("scalar02", HeaderName::CSeq),
        ("regbadct", HeaderName::Contact),
        ("baddn", HeaderName::From),
        ("mismatch01", HeaderName::CSeq),
        ("insuf", HeaderName::CallId),
        ("multi01", HeaderName::CallId),
        ("mcl01", HeaderName::ContentLength),
        ("badinv01", HeaderName::Via),
    ] {
        assert_eq!(place(name).place, Place::Header(header), "{name}");
    }
    for name in ["ltgtruri", "lwsruri", "lwsstart", "trws", "escruri", "badvers", "unkscm"] {
        assert_eq!(place(name).place, Place::StartLine, "{name}");
    }
    assert_eq!(place("clerr").place, Place::Body);
    assert_eq!(place("clerr").problem, Problem::ShortBody);
    assert_eq!(place("ltgtruri").offset, 7);
}

#[test]
fn badbranch_is_no_transaction_id() {
    let via = request("badbranch").headers.via_top().unwrap();
    assert_eq!(via.branch(), Some("z9hG4bK"));
    assert_eq!(via.rfc3261_branch(), None);
    assert_eq!(request("inv2543").headers.via_top().unwrap().branch(), None);
}

#[test]
fn unknown_schemes_in_to_and_from_are_kept() {
    let headers = request("unksm2").headers;
    assert_eq!(headers.to().unwrap().uri.scheme, Scheme::Other("isbn".into()));
    assert_eq!(headers.from().unwrap().uri.scheme, Scheme::Other("http".into()));
    assert_eq!(headers.from().unwrap().tag(), Some("3234233"));
}

#[test]
fn an_unknown_authorization_scheme_is_read_and_not_digest() {
    let credentials = request("regaut01").headers.authorization().unwrap();
    assert_eq!(credentials[0].scheme, "NoOneKnowsThisScheme");
}

#[test]
fn parameters_of_bare_and_bracketed_contacts_belong_elsewhere() {
    let bare = request("cparam01").headers.contacts().unwrap();
    let bracketed = request("cparam02").headers.contacts().unwrap();
    let (bare, bracketed) = (bare.first().unwrap(), bracketed.first().unwrap());
    assert!(bare.params.has("unknownparam") && !bare.uri.params.has("unknownparam"));
    assert!(bracketed.uri.params.has("unknownparam") && !bracketed.params.has("unknownparam"));
    let escaped = request("regescrt").headers.contacts().unwrap();
    assert_eq!(escaped.first().unwrap().uri.headers[0].0, "Route");
}

#[test]
fn bodies_of_the_rfc_are_read_as_sdp() {
    let session = parse_sdp(&request("wsinv").body).unwrap();
    assert_eq!(session.media.len(), 2);
    assert_eq!(session.media[0].formats, ["0", "12"]);
    let body = bytes("mismatch02");
    let at = body.windows(4).position(|w| w == b"\r\n\r\n").unwrap();
    let error = parse_sdp(&body[at + 4..]).unwrap_err();
    assert_eq!(error.problem, SdpProblem::Missing('t'));
}
