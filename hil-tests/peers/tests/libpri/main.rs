//! Our data link and call control against libpri, both of them as user and as network. No card, no audio.

mod calls;
mod support;
