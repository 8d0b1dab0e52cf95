//! The simulated carrier and phones at a box's place, and a registration on behalf of another peer.

use crate::place::Place;
use crate::site::Phone;
use carrier::{
    Account, Carrier, CarrierConfig, CarrierHandle, Phones, PhonesConfig, PhonesHandle, Transport,
};
use std::net::{SocketAddr, UdpSocket};

/// The simulated carrier over UDP; it rings a tenth of a second.
///
/// # Panics
/// If it does not start.
#[must_use]
pub fn carrier_at(place: &Place, change: impl FnOnce(&mut CarrierConfig)) -> CarrierHandle {
    let mut config = CarrierConfig {
        tcp: None,
        rtp_ports: place.carrier_rtp(),
        ring_ms: Some(100),
        ..CarrierConfig::default()
    };
    change(&mut config);
    Carrier::start(config).expect("the simulated carrier starts")
}

/// Agents' phones that answer after a tenth of a second, registered over TLS or UDP.
///
/// # Panics
/// If they do not start.
#[must_use]
pub fn phones_at(
    place: &Place,
    phones: &[Phone],
    tls: bool,
    change: impl FnOnce(&mut PhonesConfig),
) -> PhonesHandle {
    let account = |phone: &Phone| Account {
        user: phone.user.clone(),
        password: phone.password.clone(),
        realm: Some(phone.realm.clone()),
    };
    let registrar = if tls { place.sip_tls() } else { place.sip() };
    let mut config = PhonesConfig::new(registrar, phones.iter().map(account).collect());
    if tls {
        config.transport = Transport::Tls;
        config.ca_pem = Some(place.ca_pem());
    }
    config.rtp_ports = place.phones_rtp();
    config.answer_ms = 100;
    change(&mut config);
    Phones::start(config).expect("the simulated phones start")
}

/// Registers a phone that cannot do it itself (SIPp without OpenSSL knows no digest) from the address at
/// which it will listen: the box calls a phone where its REGISTER came from.
///
/// # Panics
/// If the box does not take the registration.
pub fn register_for(place: &Place, phone: &Phone, reached_at: SocketAddr) {
    // The lines may not have heard yet that the site allows it.
    crate::until("the phone registers", crate::SHORT, || registered(place, phone, reached_at).then_some(()));
}

fn registered(place: &Place, phone: &Phone, reached_at: SocketAddr) -> bool {
    let socket = UdpSocket::bind(reached_at).expect("a socket");
    socket.set_read_timeout(Some(crate::SHORT)).expect("a time limit");
    let (local, domain, user) = (socket.local_addr().expect("an address"), place.sip().ip(), &phone.user);
    let mut more = String::new();
    for sequence in 1..=2 {
        let request = format!(
            "REGISTER sip:{domain} SIP/2.0\r\nVia: SIP/2.0/UDP {local};branch=z9hG4bK{user}{sequence};rport\r\n\
             From: <sip:{user}@{realm}>;tag=t{user}\r\nTo: <sip:{user}@{realm}>\r\nCall-ID: for-{user}-{local}\r\n\
             CSeq: {sequence} REGISTER\r\nContact: <sip:{user}@{reached_at}>\r\nExpires: 300\r\n\
             Max-Forwards: 70\r\n{more}Content-Length: 0\r\n\r\n",
            realm = phone.realm,
        );
        socket.send_to(request.as_bytes(), place.sip()).expect("sent");
        let mut buffer = [0; 4_096];
        let count = socket.recv(&mut buffer).expect("an answer to REGISTER");
        let answer = String::from_utf8_lossy(&buffer[..count]).into_owned();
        if !answer.starts_with("SIP/2.0 401") {
            return answer.starts_with("SIP/2.0 200");
        }
        let challenges = answer.lines().filter_map(|line| line.strip_prefix("WWW-Authenticate: "));
        let challenge =
            challenges.max_by_key(|challenge| challenge.contains("SHA-256")).expect("a challenge");
        let uri = format!("sip:{domain}");
        let digest = carrier::digest::authorise(challenge, user, &phone.password, "REGISTER", &uri);
        more = format!("Authorization: {}\r\n", digest.expect("a digest we know"));
    }
    false
}

/// The last four digits, which people may see.
#[must_use]
pub fn last_four(number: &str) -> &str {
    &number[number.len() - 4..]
}
