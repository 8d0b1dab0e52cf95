//! What the table of transactions asks of its owner.
//!
//! Deliberately not here: when; see [`super::layer`].

use super::layer::TxId;
use crate::flow::Flow;
use sip::{Request, Response};
use std::sync::Arc;

/// What the layer asks of its owner. It has no Debug output: messages name people.
pub enum Effect<O> {
    /// Put these bytes on the wire.
    Send {
        /// Where to.
        flow: Flow,
        /// The whole message.
        bytes: Arc<[u8]>,
    },
    /// A new request that is no retransmission; answer it with [`Layer::respond`].
    Request {
        /// The new server transaction.
        id: TxId,
        /// The request.
        request: Request,
        /// Where it came from.
        flow: Flow,
    },
    /// The ACK of a 2xx: it belongs to no running transaction or to an Accepted one.
    Ack {
        /// The ACK.
        request: Request,
        /// Where it came from.
        flow: Flow,
    },
    /// A response for the user of a client transaction.
    Response {
        /// The client transaction.
        id: TxId,
        /// Its user.
        owner: O,
        /// The response.
        response: Response,
        /// Where it came from.
        flow: Flow,
    },
    /// A 2xx to an INVITE whose transaction is gone, or already had a 3xx–6xx: a forking
    /// proxy passes on every 2xx (RFC 3261 16.7 step 5).
    StrayResponse {
        /// The response.
        response: Response,
        /// The flow of the INVITE where its transaction still vouches for the response.
        flow: Option<Flow>,
    },
    /// No answer came within 64*T1.
    TimedOut {
        /// The client transaction.
        id: TxId,
        /// Its user.
        owner: O,
    },
    /// The request could not be delivered.
    Undeliverable {
        /// The client transaction.
        id: TxId,
        /// Its user.
        owner: O,
        /// Whether it may have left and arrived.
        left: bool,
    },
    /// A client transaction left the table.
    Ended {
        /// The client transaction.
        id: TxId,
        /// Its user.
        owner: O,
    },
    /// A request found the table full: answer 503 without state.
    Refused {
        /// The request.
        request: Request,
        /// Where the answer goes.
        flow: Flow,
    },
}
