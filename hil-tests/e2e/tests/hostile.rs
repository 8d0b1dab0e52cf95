//! Hostile bytes on the SIP ports: answered as the standard says or not at all, and calls still work after.

use carrier::{CarrierHandle, EventKind};
use e2e::{CampaignPlan, Line, Place, SHORT, Sipp, SippPlan, TestBox, TrunkPlan, carrier_at};
use idl::lines::SipTransport;
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::path::Path;
use std::time::{Duration, Instant};

struct Target {
    sut: TestBox,
    carrier: CarrierHandle,
    line: Line,
    calls: u64,
}

impl Target {
    fn new() -> Self {
        let place = Place::new();
        let carrier = carrier_at(&place, |_| {});
        let trunk = TrunkPlan::plain(carrier.addr(), SipTransport::Udp);
        let mut sut = TestBox::start_in(place);
        let line = sut.line(&[trunk]);
        Self { sut, carrier, line, calls: 0 }
    }

    /// A whole call, recorded and verified; nothing else was ever dialled, and nothing was restarted.
    #[track_caller]
    fn still_calls(&mut self) {
        self.calls += 1;
        let number = format!("1998880{:02}10", self.calls);
        self.sut.campaign(&self.line, &CampaignPlan::announcement([number]));
        let figures = self.sut.settled(self.calls);
        assert_eq!((figures.answered, figures.recordings_verified), (self.calls, self.calls), "{figures:?}");
        assert_eq!(self.carrier.report().invites, self.calls, "nothing but our own calls");
        self.sut.nothing_ended_by_itself();
    }
}

/// A stranger's socket, which asks OPTIONS to learn that everything before was dealt with.
struct Stranger {
    socket: UdpSocket,
    to: SocketAddr,
    asked: u32,
}

impl Stranger {
    /// From the address and port to which answers go that name no port (RFC 3261 §18.2.2).
    fn new(from: &str, to: SocketAddr) -> Self {
        let socket = UdpSocket::bind(from).expect("a socket");
        socket.set_read_timeout(Some(Duration::from_millis(500))).expect("a time limit");
        Self { socket, to, asked: 0 }
    }

    fn send(&self, bytes: &[u8]) {
        self.socket.send_to(bytes, self.to).expect("sent");
    }

    /// Everything that came back until the box answered an OPTIONS sent now.
    #[track_caller]
    fn answers(&mut self) -> Vec<Vec<u8>> {
        self.asked += 1;
        let (local, id) = (self.socket.local_addr().expect("an address"), format!("ask-{}-", self.asked));
        let (start, mut answers, mut buffer) = (Instant::now(), Vec::new(), [0; 65_536]);
        for attempt in 0.. {
            assert!(start.elapsed() < SHORT, "the box does not answer OPTIONS any more");
            let ask = format!(
                "OPTIONS sip:{to} SIP/2.0\r\nVia: SIP/2.0/UDP {local};rport;branch=z9hG4bK{id}{attempt}\r\n\
                 From: <sip:stranger@{local}>;tag=1\r\nTo: <sip:{to}>\r\nCall-ID: {id}{attempt}\r\n\
                 CSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n",
                to = self.to,
            );
            self.send(ask.as_bytes());
            loop {
                match self.socket.recv(&mut buffer) {
                    Ok(count) if String::from_utf8_lossy(&buffer[..count]).contains(&id) => return answers,
                    Ok(count) => answers.push(buffer[..count].to_vec()),
                    Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                        break;
                    }
                    Err(error) => panic!("{error}"),
                }
            }
        }
        unreachable!("the loop ends by answer or time")
    }
}

/// The messages of RFC 4475, by name.
fn torture() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../firmware/sip/tests/torture");
    let mut messages: Vec<_> = std::fs::read_dir(folder)
        .expect("the messages")
        .map(|file| file.expect("a file").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "dat"))
        .map(|path| {
            let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            (name, std::fs::read(path).expect("a message"))
        })
        .collect();
    messages.sort();
    messages
}

fn status(answer: &[u8]) -> Option<u16> {
    std::str::from_utf8(answer.get(8..11)?).ok()?.parse().ok().filter(|_| answer.starts_with(b"SIP/2.0 "))
}

/// Messages no element can answer, and those it must not: nothing may come back.
const SILENT: &[&str] = &["scalarlg", "bigcode", "unreason", "noreason", "bcast"];
/// Malformed ones: if anything comes back, it says so (RFC 4475 §3.1.2).
const MALFORMED: &[&str] = &[
    "badinv01",
    "clerr",
    "ncl",
    "scalar02",
    "quotbal",
    "ltgtruri",
    "lwsruri",
    "lwsstart",
    "trws",
    "escruri",
    "regbadct",
    "baddn",
    "mismatch01",
    "mismatch02",
    "mcl01",
    "multi01",
    "insuf",
];

#[test]
fn every_torture_message_of_rfc_4475_is_refused_or_ignored_and_calls_still_work() {
    let mut target = Target::new();
    let mut stranger = Stranger::new("127.0.0.2:5060", target.sut.place.sip());
    let mut answered = 0;
    let messages = torture();
    assert!(messages.len() >= 49, "{}", messages.len());
    for (name, bytes) in &messages {
        stranger.send(bytes);
        let answers = stranger.answers();
        for answer in &answers {
            let status =
                status(answer).unwrap_or_else(|| panic!("{name}: {}", String::from_utf8_lossy(answer)));
            let options = bytes.starts_with(b"OPTIONS ");
            assert!(status >= 400 || status == 100 || (options && status == 200), "{name}: {status}");
            assert!(!MALFORMED.contains(&name.as_str()) || status == 400, "{name}: {status}");
            assert!(name != "badvers" || status == 505, "{name}: {status}");
        }
        assert!(!SILENT.contains(&name.as_str()) || answers.is_empty(), "{name} is answered");
        answered += usize::from(!answers.is_empty());
    }
    assert!(answered >= 20, "most can be answered: {answered} of {}", messages.len());
    target.still_calls();
}

#[test]
fn ten_thousand_mutated_datagrams_change_nothing() {
    let mut target = Target::new();
    let mut stranger = Stranger::new("127.0.0.1:0", target.sut.place.sip());
    let mut random = ChaCha8Rng::seed_from_u64(4_475);
    let messages = torture();
    for _burst in 0..100 {
        for _ in 0..100 {
            let mut bytes = messages[random.random_range(0..messages.len())].1.clone();
            match random.random_range(0..4) {
                0 => bytes.truncate(random.random_range(0..bytes.len())),
                1 => random.fill_bytes(&mut bytes),
                _ => {
                    for _ in 0..random.random_range(1..8) {
                        let at = random.random_range(0..bytes.len());
                        bytes[at] = random.random();
                    }
                }
            }
            stranger.send(&bytes);
        }
        stranger.answers();
    }
    target.still_calls();
}

#[test]
fn stalled_and_countless_connections_are_bounded_and_the_box_goes_on() {
    let mut target = Target::new();
    let to = target.sut.place.sip();
    let mut stalled = TcpStream::connect(to).expect("a connection");
    stalled
        .write_all(b"INVITE sip:x@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1;branch=z9hG4")
        .expect("half");
    let mut crowd = Vec::new();
    let mut refused = 0;
    while crowd.len() + refused < CONNECTIONS {
        match TcpStream::connect_timeout(&to, Duration::from_secs(5)) {
            Ok(connection) => crowd.push(connection),
            Err(_) => refused += 1,
        }
    }
    // Beyond its bound the box closes what it accepted.
    let closed = |connection: &mut TcpStream| {
        connection.set_nonblocking(true).expect("no waiting");
        !matches!(connection.read(&mut [0; 1]), Err(error) if error.kind() == ErrorKind::WouldBlock)
    };
    e2e::until("those beyond the bound are closed", SHORT, || {
        let closed = crowd.iter_mut().filter_map(|one| closed(one).then_some(())).count();
        (closed + refused + BOUND >= CONNECTIONS).then_some(())
    });
    let open = crowd.iter_mut().filter_map(|one| (!closed(one)).then_some(())).count();
    assert!(open >= 500, "five hundred are not too many: {open}");
    target.still_calls();
    drop(crowd);
    drop(stalled);
    e2e::until("a new connection is served again", SHORT, || {
        let mut new = TcpStream::connect(to).ok()?;
        new.set_read_timeout(Some(Duration::from_millis(500))).expect("a time limit");
        let ask = format!(
            "OPTIONS sip:{to} SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1;branch=z9hG4bKn\r\nFrom: <sip:s@x>;tag=1\r\n\
             To: <sip:{to}>\r\nCall-ID: new\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
        );
        new.write_all(ask.as_bytes()).ok()?;
        let mut buffer = [0; 12];
        new.read_exact(&mut buffer).ok()?;
        buffer.starts_with(b"SIP/2.0 200").then_some(())
    });
    target.still_calls();
}

#[test]
fn l_23_a_call_that_comes_in_is_refused_and_nothing_is_dialled() {
    let mut target = Target::new();
    let place = &target.sut.place;
    // From a stranger, and from the address of a trunk.
    let mut stranger = Stranger::new("127.0.0.2:0", place.sip());
    let (from, to) = (stranger.socket.local_addr().expect("an address"), place.sip());
    let invite = format!(
        "INVITE sip:13900001111@{to} SIP/2.0\r\nVia: SIP/2.0/UDP {from};rport;branch=z9hG4bKin\r\n\
         From: <sip:13900002222@{from}>;tag=1\r\nTo: <sip:13900001111@{to}>\r\nCall-ID: in\r\n\
         CSeq: 1 INVITE\r\nContact: <sip:x@{from}>\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
    );
    stranger.send(invite.as_bytes());
    let answers: Vec<_> = stranger.answers().iter().filter_map(|answer| status(answer)).collect();
    assert!(
        answers.contains(&403) && answers.iter().all(|status| matches!(status, 100 | 403)),
        "{answers:?}"
    );
    assert_eq!(target.sut.figures().offered, 0);
    assert!(!target.carrier.journal().iter().any(|event| event.event == EventKind::Invite));
    // Once a call has gone over the trunk, the box knows its address as a trunk's.
    target.still_calls();
    let trunk = SippPlan::udp("caller").status("603").to(to);
    let place = &target.sut.place;
    Sipp::start(place, place.spare(), &trunk).succeeds(SHORT);
    assert_eq!(target.sut.figures().offered, 1);
    target.still_calls();
}

const CONNECTIONS: usize = 2_200;
/// What `lined` keeps open at once.
const BOUND: usize = 2_048;
