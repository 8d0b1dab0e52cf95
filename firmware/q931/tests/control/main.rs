//! Call control through its public face: two interfaces back to back, one against a script, tables and random input.

mod bench;
mod channels;
mod enquiries;
mod faults;
mod flows;
mod glare;
mod link;
mod random;
mod restarts;
mod tables;
