//! The two machines a campaign is made of: the life of one call, and an agent at work.
//!
//! Both are pure: they are told what happened and answer with their new state. They place no call, keep no
//! list and know no number; `pacing` owns many of them.

pub mod agent;
pub mod life;
