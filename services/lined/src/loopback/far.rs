//! The far leg's signalling: a socket on 127.0.0.1 that answers one INVITE, the one with the token, and its BYE.
//! Everything else it does not hear. It knows no other call and leads nowhere.

use crate::signalling::{LegSdp, Wanted};
use idl::lines::{Codec, SrtpPolicy};
use sip::{HeaderName, Message, Method, NameAddr, Request, Response, StatusCode, Uri, parse_datagram};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use tokio::net::UdpSocket;
use tokio::sync::mpsc;

/// What it tells.
#[derive(Debug)]
pub enum News {
    /// The INVITE came and was answered: the far leg's media.
    Answered(Box<media::Session>),
    /// The recording was read back.
    Checked(bool),
}

/// The far leg before the call.
#[derive(Debug)]
pub struct Far {
    socket: UdpSocket,
    address: SocketAddr,
    token: String,
    sdp: LegSdp,
    answer: Option<Vec<u8>>,
}

impl Far {
    /// Listens for the call with this token; its media comes to `rtp`.
    ///
    /// # Errors
    /// The system's, if no socket can be had.
    pub fn new(token: String, rtp: SocketAddr) -> io::Result<Self> {
        let socket = std::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        socket.set_nonblocking(true)?;
        let socket = UdpSocket::from_std(socket)?;
        let address = socket.local_addr()?;
        Ok(Self { socket, address, token, sdp: LegSdp::new(&wanted(rtp)), answer: None })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until the BYE.
    pub async fn run(mut self, news: mpsc::Sender<News>) {
        let mut buffer = vec![0; MAX_DATAGRAM];
        loop {
            // Errors of a datagram sent earlier are no reason to stop: who waits in vain gives up by itself.
            let Ok((length, from)) = self.socket.recv_from(&mut buffer).await else { continue };
            let Ok(Message::Request(request)) = parse_datagram(&buffer[..length]) else { continue };
            if !from.ip().is_loopback() || request.uri.user.as_deref() != Some(self.token.as_str()) {
                continue;
            }
            let (answer, told, over) = self.take(&request);
            if let Some(answer) = answer {
                let _ = self.socket.send_to(&answer, from).await;
            }
            if let Some(told) = told {
                let _ = news.send(told).await;
            }
            if over {
                return;
            }
        }
    }

    /// What to answer, what to tell, and whether that was all.
    fn take(&mut self, request: &Request) -> (Option<Vec<u8>>, Option<News>, bool) {
        match request.method {
            Method::Invite if self.answer.is_some() => (self.answer.clone(), None, false),
            Method::Invite => match self.accept(request) {
                Some((answer, session)) => {
                    self.answer = Some(answer.clone());
                    (Some(answer), Some(News::Answered(session)), false)
                }
                None => (Some(respond(request, StatusCode::NOT_ACCEPTABLE_HERE).to_bytes()), None, true),
            },
            Method::Bye => (Some(respond(request, StatusCode::OK).to_bytes()), None, true),
            _ => (None, None, false),
        }
    }

    fn accept(&mut self, request: &Request) -> Option<(Vec<u8>, Box<media::Session>)> {
        let (sdp, _) = self.sdp.offered(&request.body).ok()?;
        let session = self.sdp.agreed_session().ok()?;
        let mut response = respond(request, StatusCode::OK);
        let contact = Uri::sip(Some(&self.token), self.address.ip().into(), Some(self.address.port()));
        response.headers.push(HeaderName::Contact, NameAddr::new(contact).to_string());
        response.set_body("application/sdp", sdp);
        Some((response.to_bytes(), Box::new(session)))
    }
}

/// What is asked of both legs: encrypted, because what goes out to phones and good carriers is.
#[must_use]
pub fn wanted(rtp: SocketAddr) -> Wanted {
    Wanted { rtp, codecs: vec![Codec::Pcma], srtp: SrtpPolicy::Required, symmetric: false }
}

fn respond(request: &Request, status: StatusCode) -> Response {
    Response::for_request(request, status, "", Some(TAG))
}

const TAG: &str = "loop-back";
const MAX_DATAGRAM: usize = 8 * 1_024;
