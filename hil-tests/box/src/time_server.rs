//! The time server of the bench's site (SNTP, RFC 4330): this machine's clock, at the port where a guest's network finds
//! this machine. A box whose clock nobody holds dials nobody. It is no good clock, and asks none itself.

use anyhow::Context;
use std::net::UdpSocket;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A running server; it ends when this is dropped.
#[derive(Debug)]
pub struct TimeServer {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl TimeServer {
    /// Answers from now on.
    ///
    /// # Errors
    /// The port is taken, or not ours to take.
    pub fn start() -> anyhow::Result<Self> {
        let socket = UdpSocket::bind(("127.0.0.1", PORT)).context("UDP port 123 of this machine")?;
        socket.set_read_timeout(Some(LOOK_EVERY))?;
        let stop = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stop);
        let thread = std::thread::Builder::new().name("time".to_owned()).spawn(move || {
            let mut asked = [0; MAX_PACKET];
            while !told.load(Ordering::Relaxed) {
                if let Ok((length, who)) = socket.recv_from(&mut asked)
                    && let Some(answer) = answer(asked.get(..length).unwrap_or_default(), now())
                {
                    let _ = socket.send_to(&answer, who);
                }
            }
        })?;
        Ok(Self { stop, thread: Some(thread) })
    }
}

impl Drop for TimeServer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The answer to a client's packet at this time; `None` to what is none.
fn answer(asked: &[u8], now: [u8; 8]) -> Option<[u8; PACKET]> {
    let first = *asked.first()?;
    if asked.len() < PACKET || first & MODE != CLIENT {
        return None;
    }
    let mut out = [0; PACKET];
    out[0] = (first & VERSION) | SERVER;
    out[1] = 1; // stratum: a reference clock
    out[2] = *asked.get(2)?;
    out[3] = 0xec; // precision: a microsecond
    out[12..16].copy_from_slice(b"LOCL");
    out[16..24].copy_from_slice(&now); // set
    out[24..32].copy_from_slice(asked.get(40..48)?); // the client's own time, given back
    out[32..40].copy_from_slice(&now); // received
    out[40..48].copy_from_slice(&now); // sent
    Some(out)
}

/// Seconds since 1900 and their fraction.
fn now() -> [u8; 8] {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let seconds = since.as_secs().wrapping_add(FROM_1900_TO_1970) << 32;
    let fraction = (u64::from(since.subsec_nanos()) << 32) / 1_000_000_000;
    (seconds | fraction).to_be_bytes()
}

const PORT: u16 = 123;
const PACKET: usize = 48;
const MAX_PACKET: usize = 512;
const MODE: u8 = 0b111;
const CLIENT: u8 = 3;
const SERVER: u8 = 4;
const VERSION: u8 = 0b11_1000;
const FROM_1900_TO_1970: u64 = 2_208_988_800;
const LOOK_EVERY: Duration = Duration::from_millis(200);

#[cfg(test)]
mod tests {
    use super::{PACKET, answer};

    #[test]
    fn a_client_is_answered_with_its_own_time_and_ours() {
        let mut asked = [0; PACKET];
        asked[0] = 0b10_0011; // version 4, client
        asked[40..48].copy_from_slice(&[7; 8]);
        let told = answer(&asked, [9; 8]).expect("an answer");
        assert_eq!((told[0], told[1]), (0b10_0100, 1), "version 4, server; a reference clock");
        assert_eq!((&told[24..32], &told[40..48]), (&[7; 8][..], &[9; 8][..]));
    }

    #[test]
    fn what_is_no_client_gets_no_answer() {
        let mut server = [0; PACKET];
        server[0] = 0b10_0100;
        assert!(
            answer(&server, [0; 8]).is_none()
                && answer(&[0b10_0011], [0; 8]).is_none()
                && answer(&[], [0; 8]).is_none()
        );
    }
}
