//! The sockets of the page and of the lines, as `netconf` places them, in a box without a single rule of the firewall: each is at
//! the address of its zones and not at another's, before and after a change, and before the address is there (NET-04).
//!
//! That a zone does not reach the box by another zone's address is the rules' matter: `zones.rs`.

use admind::places::Places;
use idl::network::{Listening, NetworkConfig};
use lined::transport::{Binding, Inbound, Transports};
use netconf::listening;
use network_tests::sample::{Site, TODAY, cidr, site};
use network_tests::{Space, inside};
use std::net::{IpAddr, SocketAddr, TcpStream, UdpSocket};
use std::sync::mpsc as blocking;
use std::time::Duration;
use tokio::sync::mpsc;

/// What a page and lines are told, and where they say what they could not have.
type Order = (netconf::Places, blocking::Sender<usize>);

/// The page and the lines of a box, on a thread of theirs.
struct Services(mpsc::Sender<Order>);

impl Services {
    fn start(here: Space) -> Self {
        let (orders, told) = mpsc::channel(1);
        let _ends_with_the_orders = here.enter(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(serve(told));
        });
        Self(orders)
    }

    /// Places them; all of it is done when this returns.
    fn place(&self, places: netconf::Places) {
        let (done, missing) = blocking::channel();
        self.0.blocking_send((places, done)).expect("they live");
        assert_eq!(missing.recv().expect("they answer"), 0, "every address can be had");
    }

    fn of(&self, config: &NetworkConfig) {
        self.place(listening(config, None, TODAY).expect("all addresses are set"));
    }
}

async fn serve(mut orders: mpsc::Receiver<Order>) {
    let any = |port: u16| SocketAddr::new("::".parse().expect("an address"), port);
    let (taken, mut accepted) = mpsc::channel(16);
    let mut page =
        Places::open(&[any(443)], Listening::nowhere_else(), taken).await.expect("nothing is in the way");
    let (inbound, mut messages) = mpsc::channel(16);
    let binding = Binding { udp: vec![any(5060)], tcp: vec![any(5060)], ..Binding::default() };
    let mut lines = Transports::bind(&binding, 1, inbound).expect("nothing is in the way");
    loop {
        tokio::select! {
            order = orders.recv() => {
                let Some((places, done)) = order else { return };
                page.set(places.page).await;
                lines.listen(places.voice);
                lines.look_after();
                for _ in 0..8 {
                    tokio::task::yield_now().await;
                }
                lines.look_after();
                done.send(page.missing() + lines.missing()).expect("it is waited for");
            }
            Some(connection) = accepted.recv() => drop(connection),
            Some(message) = messages.recv() => match message {
                Inbound::Message { source, .. } => {
                    lines.send(source, ANSWER.as_bytes().into()).expect("the way it came");
                }
                Inbound::Opened(opened) => lines.opened(opened),
                Inbound::NotSent { .. } | Inbound::Closed { .. } => {}
            },
        }
    }
}

/// Whether something listens there. Without a firewall the kernel itself refuses, at once.
fn connects(from: Space, to: &str, port: u16) -> bool {
    let to = SocketAddr::new(address(to), port);
    from.within(move || match TcpStream::connect_timeout(&to, PATIENCE) {
        Ok(_stream) => true,
        Err(error) => {
            assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused, "{to}: {error}");
            false
        }
    })
}

/// Whether SIP over UDP is answered there, from the address that was asked.
fn speaks(from: Space, source: &str, to: &str) -> bool {
    let (source, to) = (SocketAddr::new(address(source), 0), SocketAddr::new(address(to), 5060));
    from.within(move || {
        let socket = UdpSocket::bind(source).expect("an address of the zone");
        socket.connect(to).expect("there is a way");
        socket.set_read_timeout(Some(PATIENCE)).expect("a limit");
        socket.send(OPTIONS.as_bytes()).expect("there is a way");
        let mut buffer = [0; 256];
        match socket.recv(&mut buffer) {
            Ok(length) => buffer[..length] == *ANSWER.as_bytes(),
            Err(error) => {
                assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused, "{to}: {error}");
                false
            }
        }
    })
}

fn address(text: &str) -> IpAddr {
    text.parse().expect(text)
}

/// Each zone's machine asks at the box's address in its zone.
fn look(site: Site, page: [bool; 4], lines: [bool; 4]) {
    let zones = [
        (site.management, "10.0.1.10", "10.0.1.2"),
        (site.voice, "10.0.2.50", "10.0.2.2"),
        (site.business, "10.0.3.10", "10.0.3.2"),
        (site.backup, "10.0.4.9", "10.0.4.2"),
    ];
    for ((space, source, own), (page, lines)) in zones.into_iter().zip(page.into_iter().zip(lines)) {
        assert_eq!(connects(space, own, 443), page, "the page at {own}");
        assert_eq!(connects(space, own, 5060), lines, "SIP over TCP at {own}");
        assert_eq!(speaks(space, source, own), lines, "SIP over UDP at {own}");
    }
    assert!(connects(site.here, "127.0.0.1", 443) && connects(site.here, "::1", 443), "the loopback stays");
    assert!(speaks(site.here, "127.0.0.1", "127.0.0.1"));
}

const EVERYWHERE: [bool; 4] = [true; 4];
const PAGE: [bool; 4] = [true, false, true, false];
const VOICE: [bool; 4] = [false, true, false, false];

#[test]
fn net_04_without_any_rule_a_service_is_at_the_addresses_of_its_zones_alone() {
    inside("net_04_without_any_rule_a_service_is_at_the_addresses_of_its_zones_alone", || {
        let site = Site::build(&site())?;
        let services = Services::start(site.here);
        services.of(&NetworkConfig::default());
        look(site, EVERYWHERE, EVERYWHERE);
        services.of(&network_tests::sample::site());
        look(site, PAGE, VOICE);
        assert!(speaks(site.voice, "fd00:2::50", "fd00:2::2") && !connects(site.voice, "fd00:2::2", 443));
        // A trial is over, and a box that was set once is set again.
        services.of(&NetworkConfig::default());
        look(site, EVERYWHERE, EVERYWHERE);
        services.of(&network_tests::sample::site());
        look(site, PAGE, VOICE);
        Ok(())
    });
}

#[test]
fn net_04_without_a_voice_zone_phones_and_page_share_management_and_no_other() {
    inside("net_04_without_a_voice_zone_phones_and_page_share_management_and_no_other", || {
        let site = Site::build(&site())?;
        let services = Services::start(site.here);
        let mut config = network_tests::sample::site();
        config.zones.retain(|zone| zone.zone != idl::network::Zone::Voice);
        services.of(&config);
        look(site, PAGE, [true, false, false, false]);
        Ok(())
    });
}

#[test]
fn net_04_an_address_is_served_from_when_it_is_there_and_a_call_s_connection_outlives_a_change() {
    inside(
        "net_04_an_address_is_served_from_when_it_is_there_and_a_call_s_connection_outlives_a_change",
        || {
            let site = Site::build(&site())?;
            let Site { here, management, voice, .. } = site;
            let services = Services::start(here);
            let mut config = network_tests::sample::site();
            services.of(&config);
            let call = voice.within(|| TcpStream::connect((address("10.0.2.2"), 5060)))?;
            config.zones[0].addresses = vec![cidr("10.0.1.77/24")];
            config.zones[1].addresses = vec![cidr("10.0.2.77/24"), cidr("fd00:2::77/64")];
            services.of(&config);
            here.ip("addr add 10.0.1.77/24 dev eth0")?;
            here.ip("addr add fd00:2::77/64 dev eth0.20 nodad")?;
            assert!(connects(management, "10.0.1.77", 443), "it listened before the address was there");
            assert!(speaks(voice, "fd00:2::50", "fd00:2::77"));
            assert!(!connects(management, "10.0.1.2", 443) && !connects(voice, "10.0.2.2", 5060));
            // An interface that lost its address and has it again.
            here.ip("addr del 10.0.1.77/24 dev eth0")?;
            here.ip("addr add 10.0.1.77/24 dev eth0")?;
            assert!(connects(management, "10.0.1.77", 443));
            let answer = voice.within(move || -> std::io::Result<Vec<u8>> {
                use std::io::{Read as _, Write as _};
                let mut call = call;
                call.set_read_timeout(Some(PATIENCE))?;
                call.write_all(OPTIONS.replace("UDP", "TCP").as_bytes())?;
                let mut answer = vec![0; ANSWER.len()];
                call.read_exact(&mut answer)?;
                Ok(answer)
            })?;
            assert_eq!(answer, ANSWER.as_bytes());
            Ok(())
        },
    );
}

const PATIENCE: Duration = Duration::from_secs(10);
const OPTIONS: &str = "OPTIONS sip:box SIP/2.0\r\nVia: SIP/2.0/UDP carrier;branch=z9hG4bKa\r\n\
    From: <sip:carrier>;tag=a\r\nTo: <sip:box>\r\nCall-ID: a\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\n\
    Content-Length: 0\r\n\r\n";
const ANSWER: &str = "SIP/2.0 200 OK\r\n\r\n";
