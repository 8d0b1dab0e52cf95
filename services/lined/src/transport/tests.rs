//! What signalling is told of messages on connections that fail: given back where no byte of them left, and only then.

use super::{Binding, ClientProfile, Inbound, MAX_INBOUND, SendError, Transports};
use sip_ua::{Flow, Transport};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;
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
