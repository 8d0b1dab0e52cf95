//! The peers over real sockets on loopback, met by a caller made of one socket.
//!
//! No call of the product's code: what is proven here is the test peer itself.

mod behaviours;
mod caller;
mod phones;
