//! `consoled`, the serial console for field technicians: the box's address, certificate and claim code before it is
//! claimed; by sign-in for one service ticket the state of the box, tests of its lines, and no customer's data.
//!
//! [`console::Console`] is all of it without clock, socket or terminal: bytes and answers in, bytes and requests out.
//! Around it stands a thin shell ([`shell`]). It holds no right: `vaultd` decides, writes down, and refuses the console
//! everything but `rights::BY_CONSOLE`.
//!
//! ratatui lays the full screen out and finds what changed; [`vt`] writes the changes with the sequences every VT100
//! knows. crossterm is not used: it asks the kernel for the size of a window (a serial line has none), reads a
//! terminal of its own, and names colours by sequences that older terminals take for blinking.

pub mod clean;
pub mod console;
pub mod facts;
pub mod fuzz;
pub mod health;
pub mod keys;
pub mod line;
pub mod link;
pub mod options;
pub mod outside;
pub mod pages;
pub mod paint;
pub mod plain;
pub mod port;
mod recording;
mod session;
pub mod sheet;
pub mod shell;
pub mod span_words;
pub mod terminal;
pub mod vt;
pub mod words;

pub use fuzz::fuzz_console;
