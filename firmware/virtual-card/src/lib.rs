//! A card over two local sockets: the same contract as a real one, for workstations and tests; the far side keeps the clock.
//!
//! It knows nothing of calls.
