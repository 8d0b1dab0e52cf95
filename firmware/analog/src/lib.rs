//! Analogue lines: FXO and FXS, the tones of the exchange, the caller's number.
//!
//! It reads no clock and no card.
