//! The edge to ALSA: analogue lines behind codec cards and the technician's handset.
//!
//! It knows nothing of calls.
