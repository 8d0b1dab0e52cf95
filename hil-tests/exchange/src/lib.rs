//! A simulated exchange behind a virtual card: the network side of primary rate accesses, with subscribers whose number
//! decides how they behave (the table is the simulated carrier's, [`carrier::behaviour`]).
//!
//! It keeps the clock of its spans: every 20 ms a block of each timeslot goes out and one comes back. LAPD and Q.931
//! are the product's own cores on the network side; libpri is the peer nobody here wrote (`hil-tests/peers`). It is no
//! part of the product.
//!
//! | refusal of the table (SIP) | Q.850 cause |
//! |---|---|
//! | 486, 600 | 17 user busy |
//! | 603 | 21 call rejected |
//! | 404 | 1 unallocated number |
//! | 480 | 20 subscriber absent |
//! | 408 | 18 no user responding |
//! | 503 | 34 no circuit/channel available |
//! | 500 | 41 temporary failure |
//! | 606 | 65 bearer capability not implemented |
//! | any other | 31 normal, unspecified |

mod access;
mod exchange;
mod sound;
mod subscriber;

pub use exchange::{Exchange, ExchangeConfig, ExchangeHandle, LineReport, Order, StartError};
