//! Dialogs (RFC 3261 12): identity, route set, remote target, CSeq in both directions,
//! and the ACK of a 2xx, kept to be sent again.
//!
//! Deliberately not here: name resolution. Requests of a dialog leave over the dialog's
//! flow, that is to the peer the call was sent to; it acts as the outbound proxy of RFC 5626
//! and RFC 3261 8.1.2. The route set and the Request-URI are filled as RFC 3261 12.2.1.1 says.

mod snapshot;

pub use snapshot::{DialogSnapshot, SnapshotError};

use crate::flow::Flow;
use crate::wire;
use sip::{HeaderName, Headers, Method, NameAddr, Request, Response, Uri};
use std::fmt;
use std::sync::Arc;

/// One dialog, early or confirmed.
#[derive(Clone)]
pub struct Dialog {
    pub(crate) call_id: String,
    pub(crate) local_tag: String,
    pub(crate) remote_tag: String,
    /// Our address with tag, as From of our requests.
    pub(crate) local: String,
    /// The peer's address with tag, as To of our requests.
    pub(crate) remote: String,
    pub(crate) local_seq: u32,
    pub(crate) remote_seq: Option<u32>,
    pub(crate) route_set: Vec<String>,
    pub(crate) remote_target: Uri,
    pub(crate) contact: String,
    pub(crate) flow: Flow,
    /// The last ACK of a 2xx with the CSeq number of its INVITE.
    ack: Option<(u32, Arc<[u8]>)>,
}

/// A request of the peer that does not follow the ones before it (RFC 3261 12.2.2): 500.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("CSeq is not higher than the last one")]
pub struct OutOfOrder;

impl Dialog {
    /// The dialog a response to our INVITE creates (RFC 3261 12.1.2). `None` without a To
    /// tag, or with a header that cannot be read.
    pub fn from_response(response: &Response, contact: &NameAddr, flow: Flow) -> Option<Self> {
        let headers = &response.headers;
        let from = headers.from().ok()?;
        let to = headers.to().ok()?;
        let mut route_set = record_routes(headers)?;
        route_set.reverse();
        Some(Self {
            call_id: headers.call_id().ok()?.to_owned(),
            local_tag: from.tag()?.to_owned(),
            // A missing tag is the empty tag of RFC 2543 peers.
            remote_tag: to.tag().unwrap_or_default().to_owned(),
            local: headers.get(&HeaderName::From)?.to_owned(),
            remote: headers.get(&HeaderName::To)?.to_owned(),
            local_seq: headers.cseq().ok()?.seq,
            remote_seq: None,
            route_set,
            // A response without Contact (only allowed below 180) leaves the peer's address.
            remote_target: wire::contact_uri(headers).unwrap_or(to.uri),
            contact: contact.to_string(),
            flow,
            ack: None,
        })
    }

    /// The dialog a request of the peer creates (RFC 3261 12.1.1).
    pub fn from_request(request: &Request, local_tag: &str, contact: &NameAddr, flow: Flow) -> Option<Self> {
        let headers = &request.headers;
        let from = headers.from().ok()?;
        let mut to = headers.to().ok()?;
        to.set_tag(local_tag);
        let seq = headers.cseq().ok()?.seq;
        Some(Self {
            call_id: headers.call_id().ok()?.to_owned(),
            local_tag: local_tag.to_owned(),
            // A missing tag is the empty tag of RFC 2543 peers.
            remote_tag: from.tag().unwrap_or_default().to_owned(),
            local: to.to_string(),
            remote: headers.get(&HeaderName::From)?.to_owned(),
            local_seq: 0,
            remote_seq: Some(seq),
            route_set: record_routes(headers)?,
            remote_target: wire::contact_uri(headers)?,
            contact: contact.to_string(),
            flow,
            ack: None,
        })
    }

    /// Whether a request of the peer belongs to this dialog.
    pub fn matches(&self, headers: &Headers) -> bool {
        wire::call_id(headers) == Some(self.call_id.as_str())
            && wire::to_tag(headers).as_deref() == Some(self.local_tag.as_str())
            && wire::from_tag(headers).unwrap_or_default() == self.remote_tag
    }

    /// The next request of this dialog (RFC 3261 12.2.1.1), without Via.
    pub fn request(&mut self, method: Method) -> Request {
        self.local_seq = self.local_seq.saturating_add(1).min(sip::MAX_CSEQ);
        self.build(method, self.local_seq)
    }

    /// Gives a request of this dialog that is sent again its new CSeq (RFC 3261 22.2).
    pub fn renumber(&mut self, request: &mut Request) {
        self.local_seq = self.local_seq.saturating_add(1).min(sip::MAX_CSEQ);
        let method = request.method.clone();
        request.headers.set(HeaderName::CSeq, format!("{} {method}", self.local_seq));
    }

    /// Takes the order of a request of the peer and its new target.
    ///
    /// # Errors
    /// When its CSeq is not higher than the last one.
    pub fn accept(&mut self, request: &Request) -> Result<(), OutOfOrder> {
        let Some((seq, _)) = wire::cseq(&request.headers) else { return Err(OutOfOrder) };
        if self.remote_seq.is_some_and(|last| seq <= last) {
            return Err(OutOfOrder);
        }
        self.remote_seq = Some(seq);
        match request.method {
            Method::Invite | Method::Update => self.refresh_target(&request.headers),
            Method::Ack
            | Method::Bye
            | Method::Cancel
            | Method::Options
            | Method::Register
            | Method::Prack
            | Method::Info
            | Method::Subscribe
            | Method::Notify
            | Method::Refer
            | Method::Message
            | Method::Publish
            | Method::Extension(_) => {}
        }
        Ok(())
    }

    /// Takes a new remote target from a Contact (RFC 3261 12.2.1.2 and 12.2.2).
    pub fn refresh_target(&mut self, headers: &Headers) {
        if let Some(uri) = wire::contact_uri(headers) {
            self.remote_target = uri;
        }
    }

    /// Takes what a 2xx to the INVITE fixes for good: target and route set (13.2.2.4).
    pub fn confirm(&mut self, response: &Response) {
        self.refresh_target(&response.headers);
        if let Some(mut route_set) = record_routes(&response.headers) {
            route_set.reverse();
            self.route_set = route_set;
        }
    }

    /// The ACK of a 2xx to the INVITE numbered `seq`: the same bytes for every repetition
    /// of the 2xx (RFC 3261 13.2.2.4). `credentials` are those of the INVITE.
    pub fn ack(
        &mut self,
        seq: u32,
        branch: &str,
        credentials: &[(HeaderName, String)],
        body: Option<&[u8]>,
    ) -> Arc<[u8]> {
        if let Some((known, bytes)) = &self.ack
            && *known == seq
        {
            return Arc::clone(bytes);
        }
        let mut ack = self.build(Method::Ack, seq);
        for (name, value) in credentials {
            ack.headers.push(name.clone(), value.as_str());
        }
        if let Some(sdp) = body {
            ack.set_body(SDP, sdp.to_vec());
        }
        wire::push_via(&mut ack.headers, &self.flow, branch);
        let bytes = wire::request_bytes(&ack);
        self.ack = Some((seq, Arc::clone(&bytes)));
        bytes
    }

    /// The ACK that was sent for the INVITE numbered `seq`.
    pub fn ack_again(&self, seq: u32) -> Option<Arc<[u8]>> {
        self.ack.as_ref().filter(|(known, _)| *known == seq).map(|(_, bytes)| Arc::clone(bytes))
    }

    /// The flow that carries this dialog.
    pub fn flow(&self) -> Flow {
        self.flow
    }

    /// A phone came back over another stream connection: requests to it follow. A dialog
    /// that names no connection belongs to a trunk, which is reached at its own address.
    pub fn follow(&mut self, flow: Flow) {
        if self.flow.connection.is_some() && flow.connection.is_some() {
            self.flow = flow;
        }
    }

    /// What a later process needs to end this dialog.
    pub fn snapshot(&self) -> DialogSnapshot {
        DialogSnapshot::new(self)
    }

    fn build(&self, method: Method, seq: u32) -> Request {
        let strict = self.route_set.first().and_then(|first| {
            let route = NameAddr::parse(first).ok()?;
            (!route.uri.is_loose_router()).then_some(route.uri)
        });
        let (uri, routes) = match strict {
            // RFC 3261 12.2.1.1: a strict router becomes the Request-URI, the target goes last.
            Some(first) => {
                let mut routes: Vec<String> = self.route_set.iter().skip(1).cloned().collect();
                routes.push(NameAddr::new(self.remote_target.clone()).to_string());
                (first, routes)
            }
            None => (self.remote_target.clone(), self.route_set.clone()),
        };
        let mut request = Request::new(method.clone(), uri);
        let headers = &mut request.headers;
        headers.push(HeaderName::MaxForwards, wire::MAX_FORWARDS);
        for route in routes {
            headers.push(HeaderName::Route, route);
        }
        headers.push(HeaderName::From, self.local.as_str());
        headers.push(HeaderName::To, self.remote.as_str());
        headers.push(HeaderName::CallId, self.call_id.as_str());
        headers.push(HeaderName::CSeq, format!("{seq} {method}"));
        if matches!(method, Method::Invite | Method::Update) {
            headers.push(HeaderName::Contact, self.contact.as_str());
        }
        headers.push(HeaderName::UserAgent, wire::PRODUCT);
        request
    }
}

impl fmt::Debug for Dialog {
    /// Nothing personal: addresses, targets and ids stay out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dialog")
            .field("local_seq", &self.local_seq)
            .field("remote_seq", &self.remote_seq)
            .field("routes", &self.route_set.len())
            .field("flow", &self.flow)
            .finish_non_exhaustive()
    }
}

fn record_routes(headers: &Headers) -> Option<Vec<String>> {
    let routes = headers.record_routes().ok()?;
    (routes.len() <= MAX_ROUTES).then(|| routes.iter().map(ToString::to_string).collect())
}

/// Proxies in a route set.
pub const MAX_ROUTES: usize = 16;
/// The media type of session descriptions.
pub(crate) const SDP: &str = "application/sdp";
