//! What signalling is told of messages on connections that fail: given back where no byte of them left, and only then.

use super::{Binding, ClientProfile, Inbound, MAX_INBOUND, SendError, Transports};
use idl::network::Listening;
use sip_ua::{Flow, Transport};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

/// A refusal that does not come at all.
const LIMIT: Duration = Duration::from_secs(30);

fn bound(udp: Vec<SocketAddr>) -> (Transports, mpsc::Receiver<Inbound>) {
    let (sender, receiver) = mpsc::channel(MAX_INBOUND);
    let binding = Binding { udp, ..Binding::default() };
    (Transports::bind(&binding, 1, sender).expect("nothing is in the way"), receiver)
}

fn message(text: &str) -> Arc<[u8]> {
    text.as_bytes().into()
}

fn send(transports: &mut Transports, remote: SocketAddr, bytes: &Arc<[u8]>) -> Flow {
    let profile = Arc::new(ClientProfile::Plain);
    let flow = transports.flow_to(Transport::Tcp, remote, &profile).expect("a connection begins");
    transports.send(flow, Arc::clone(bytes)).expect("it waits for its connection");
    flow
}

#[tokio::test]
async fn lin_06_what_waited_for_a_connection_that_is_never_made_is_given_back_itself() {
    let nobody = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let remote = nobody.local_addr().expect("its address");
    drop(nobody);
    let (mut transports, mut inbound) = bound(Vec::new());
    let invite = message("INVITE");
    let flow = send(&mut transports, remote, &invite);
    let Some(Inbound::NotSent { flow: failed, bytes }) = inbound.recv().await else {
        panic!("the message is not given back")
    };
    assert!(failed == flow && Arc::ptr_eq(&bytes, &invite));
    assert!(matches!(inbound.recv().await, Some(Inbound::Closed { flow: closed }) if closed == flow));
}

#[tokio::test]
async fn lin_06_what_was_written_before_the_connection_broke_is_not_given_back() {
    let peer = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let remote = peer.local_addr().expect("its address");
    let (mut transports, mut inbound) = bound(Vec::new());
    let flow = send(&mut transports, remote, &message("INVITE"));
    let (mut stream, _) = peer.accept().await.expect("the connection");
    let mut read = [0; 6];
    stream.read_exact(&mut read).await.expect("the message");
    drop(stream);
    assert!(matches!(inbound.recv().await, Some(Inbound::Closed { flow: closed }) if closed == flow));
}

#[tokio::test]
async fn lin_06_a_datagram_that_the_system_refuses_is_no_lost_one() {
    let (mut transports, _inbound) = bound(vec!["127.0.0.1:0".parse().expect("an address")]);
    let local = transports.listening(Transport::Udp).expect("a socket");
    // A socket on the loop-back interface has no way to another network.
    let remote = "192.0.2.1:5060".parse().expect("an address");
    let flow = Flow { transport: Transport::Udp, remote, local, connection: None };
    let refused = async {
        // The runtime has yet to learn that the socket can be written.
        while transports.send(flow, message("INVITE")).is_ok() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(LIMIT, refused).await.expect("it is refused");
    assert!(matches!(transports.send(flow, message("INVITE")), Err(SendError::Refused(_))));
}

/// Lines that are told an address, with the task of what it was before gone.
async fn told(transports: &mut Transports, listening: Listening) {
    transports.listen(listening);
    // The first round lets go of what was closed, the next ones open what is new.
    transports.look_after();
    for _ in 0..4 {
        tokio::task::yield_now().await;
    }
    transports.look_after();
}

/// TCP and UDP on every address that is allowed, with the ports that they were given.
fn lines() -> (Transports, mpsc::Receiver<Inbound>, [u16; 2]) {
    let (sender, receiver) = mpsc::channel(MAX_INBOUND);
    let open: SocketAddr = "0.0.0.0:0".parse().expect("an address");
    let binding = Binding { udp: vec![open], tcp: vec![open], ..Binding::default() };
    let transports = Transports::bind(&binding, 1, sender).expect("nothing is in the way");
    let port = |transport| transports.listening(transport).expect("a socket").port();
    let ports = [port(Transport::Tcp), port(Transport::Udp)];
    (transports, receiver, ports)
}

const SECOND: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));
const THIRD: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 3));

async fn answers(address: IpAddr, port: u16) -> bool {
    TcpStream::connect((address, port)).await.is_ok()
}

#[tokio::test]
async fn net_04_lines_are_on_the_loopback_until_told_and_then_in_their_zone_alone() {
    let (mut transports, _inbound, [port, datagrams]) = lines();
    let here: IpAddr = Ipv4Addr::LOCALHOST.into();
    assert!(answers(here, port).await && !answers(SECOND, port).await);
    told(&mut transports, Listening::Every).await;
    assert!(answers(SECOND, port).await && answers(THIRD, port).await);
    told(&mut transports, Listening::Only(vec![SECOND])).await;
    assert!(answers(here, port).await && answers(SECOND, port).await && !answers(THIRD, port).await);
    assert_eq!(transports.missing(), 0);
    let free = |address| std::net::UdpSocket::bind((address, datagrams)).is_ok();
    assert!(!free(SECOND) && free(THIRD), "the same for UDP");
    told(&mut transports, Listening::Every).await;
    assert!(answers(THIRD, port).await, "a trial is over");
}

#[tokio::test]
async fn net_04_a_connection_outlives_its_listener_and_an_address_that_stays_keeps_its_socket() {
    let (mut transports, mut inbound, [port, _]) = lines();
    told(&mut transports, Listening::Only(vec![SECOND])).await;
    let mut ours = TcpStream::connect((SECOND, port)).await.expect("it listens");
    let Some(Inbound::Opened(opened)) = inbound.recv().await else { panic!("no connection") };
    let (id, remote) = (opened.id, opened.remote);
    transports.opened(opened);
    told(&mut transports, Listening::Only(vec![SECOND, THIRD])).await;
    assert!(answers(SECOND, port).await && answers(THIRD, port).await);
    told(&mut transports, Listening::nowhere_else()).await;
    assert!(!answers(SECOND, port).await);
    let local = SocketAddr::new(SECOND, port);
    let flow = Flow { transport: Transport::Tcp, remote, local, connection: Some(id) };
    transports.send(flow, message("BYE")).expect("the connection stands");
    let mut read = [0; 3];
    ours.read_exact(&mut read).await.expect("the message");
    assert_eq!(&read, b"BYE");
}

#[tokio::test]
async fn net_04_an_address_that_another_holds_is_tried_again() {
    let (mut transports, _inbound, [port, datagrams]) = lines();
    let other = std::net::UdpSocket::bind((SECOND, datagrams)).expect("nobody is there");
    told(&mut transports, Listening::Only(vec![SECOND, THIRD])).await;
    assert_eq!(transports.missing(), 1);
    assert!(answers(SECOND, port).await && answers(THIRD, port).await);
    drop(other);
    transports.look_after();
    assert_eq!(transports.missing(), 0);
}

#[tokio::test]
async fn net_04_a_peer_is_told_the_address_of_the_zone_and_none_while_there_is_none() {
    let (mut transports, _inbound, [_, port]) = lines();
    let peer: SocketAddr = "192.0.2.1:5060".parse().expect("an address");
    let near: SocketAddr = "127.0.0.1:5060".parse().expect("an address");
    assert!(transports.towards(Transport::Udp, peer).ip().is_unspecified());
    let zone: IpAddr = "192.0.2.7".parse().expect("an address");
    told(&mut transports, Listening::Only(vec![zone])).await;
    assert_eq!(transports.missing(), 0, "an address that is set is listened on before it is there");
    assert_eq!(transports.towards(Transport::Udp, peer), SocketAddr::new(zone, port));
    assert_eq!(transports.towards(Transport::Udp, near), SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port));
}
