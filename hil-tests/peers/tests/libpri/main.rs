//! Our data link and call control against libpri, both of them as user and as network. No card, no audio.

mod calls;
mod glare;
mod link;
mod load;
mod mixed;
mod network;
mod overlap;
mod program;
mod restarts;
mod service;
mod support;
mod timers;
