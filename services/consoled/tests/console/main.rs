//! The console without clock, socket or terminal: a scripted terminal types, a scripted vault answers, and what stands
//! on the screen is compared as a whole.

mod appliance;
mod bench;
mod cards;
mod lines;
mod recorded;
mod screens;
mod session;
