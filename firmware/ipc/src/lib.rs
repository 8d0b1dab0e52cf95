//! Messages between processes: postcard on Unix `SOCK_SEQPACKET`, bounded frames, known peers.
//!
//! A connection starts with a hello in each direction; peers of another build or user are refused before
//! any message is read. It does not retry, queue or reconnect: who owns a connection decides that.

mod backoff;
mod conn;
mod health;
mod listener;
mod socket;

pub use backoff::Backoff;
pub use conn::{Conn, IpcError};
pub use health::Question;
pub use listener::{Listener, Peer};

/// A decoder for fuzzing: any bytes as any message.
pub fn fuzz_frame(bytes: &[u8]) {
    let _ = postcard::from_bytes::<idl::hello::Hello>(bytes);
    let _ = postcard::from_bytes::<idl::lines::LinedToVault>(bytes);
    let _ = postcard::from_bytes::<idl::lines::VaultToLined>(bytes);
    let _ = postcard::from_bytes::<idl::campaign::CalldToVault>(bytes);
    let _ = postcard::from_bytes::<idl::campaign::VaultToCalld>(bytes);
    let _ = postcard::from_bytes::<idl::admin::AdminRequest>(bytes);
    let _ = postcard::from_bytes::<idl::desk::DeskRequest>(bytes);
    let _ = postcard::from_bytes::<idl::desk::DeskReply>(bytes);
    let _ = postcard::from_bytes::<idl::admin::AdminReply>(bytes);
    let _ = postcard::from_bytes::<idl::lines::CalldToLined>(bytes);
    let _ = postcard::from_bytes::<idl::lines::LinedToCalld>(bytes);
    let _ = postcard::from_bytes::<idl::health::HealthRequest>(bytes);
    let _ = postcard::from_bytes::<idl::health::HealthReply>(bytes);
}
