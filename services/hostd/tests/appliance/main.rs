//! `hostd` over a box of files: orders carried out with recorded programs, and the loop over its real socket.

mod custody;
mod network;
mod orders;
mod rig;
mod talk;
