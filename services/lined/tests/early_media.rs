//! What a line sends before its answer: music and announcements of the network, which wait in the call's socket until
//! the media thread has the call.

use lined::clock::boot_us;
use lined::voice::{Place, Ports, Report, Voice};
use media::watchdog::WatchLimits;
use media::{CallMedia, Law, LegConfig, Session};
use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use vocab::CallId;

/// Sends so many packets to a leg that has no media yet, then gives it to a media thread and ends it; what was taken.
fn taken(deaf_until_us: u64) -> u64 {
    let far = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a socket");
    let mut ports = Ports::new(IpAddr::V4(Ipv4Addr::LOCALHOST), (42_000, 42_099));
    let sockets = ports.bind(IpAddr::V4(Ipv4Addr::LOCALHOST)).expect("a pair of ports");
    let near = sockets.pair.rtp();
    for number in 0..PACKETS {
        let mut packet = vec![0x80, 8, 0, number, 0, 0, number, 0, 0, 0, 0, 7];
        packet.extend([0x55; 160]);
        far.send_to(&packet, near).expect("sent");
    }
    let config = LegConfig::new(Law::A, far.local_addr().expect("bound"), [0; 10]);
    let media = CallMedia::new(Box::new(Session::new(config, None)), WatchLimits::default());
    let (mut voice, _recorder) = Voice::start(1, Vec::new()).expect("a media thread");
    let place = Place::new(CallId(1), media, sockets).deaf_until(deaf_until_us);
    let at = voice.add(Box::new(place)).expect("a place");
    voice.close(at).expect("the thread takes orders");
    loop {
        match voice.report() {
            Some(Report::Closed { stats, .. }) => return stats.customer.accepted,
            Some(_) => {}
            None => std::thread::yield_now(),
        }
    }
}

#[test]
fn what_came_before_the_answer_is_not_heard() {
    // An answer later than everything that waits, by more than any clock is read in.
    assert_eq!(taken(boot_us() + 3_600_000_000), 0);
}

#[test]
fn what_came_after_the_answer_is_heard_though_the_media_began_late() {
    assert_eq!(taken(boot_us()), u64::from(PACKETS));
}

const PACKETS: u8 = 12;
