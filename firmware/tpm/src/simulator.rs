//! A software TPM (swtpm) that a test starts for itself, and what a boot does to its PCRs.

use crate::error::TpmError;
use crate::handle::Tpm;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use tss_esapi::handles::PcrHandle;
use tss_esapi::interface_types::algorithm::HashingAlgorithm;
use tss_esapi::structures::{Digest, DigestValues};

pub(crate) struct Simulator {
    child: Child,
    port: u16,
}

impl Simulator {
    pub(crate) fn start(state: &Path) -> Self {
        // Between the choice of a port and swtpm's own binding another program may take it.
        (0..START_TRIES).find_map(|_| Self::start_at(state, free_pair())).expect("swtpm starts")
    }

    fn start_at(state: &Path, port: u16) -> Option<Self> {
        let child = Command::new("swtpm")
            .args(["socket", "--tpm2", "--flags", "not-need-init,startup-clear"])
            .arg("--tpmstate")
            .arg(format!("dir={}", state.display()))
            .arg("--server")
            .arg(format!("type=tcp,port={port},bindaddr=127.0.0.1"))
            .arg("--ctrl")
            .arg(format!("type=tcp,port={},bindaddr=127.0.0.1", port + 1))
            .stdout(Stdio::null())
            .spawn()
            .expect("swtpm is installed");
        let mut started = Self { child, port };
        // Its control port answers once the server port listens; it counts only while this swtpm itself lives.
        loop {
            let answers = TcpStream::connect(("127.0.0.1", port + 1)).is_ok();
            if started.child.try_wait().expect("its state").is_some() {
                return None;
            }
            if answers {
                return Some(started);
            }
            std::thread::yield_now();
        }
    }

    /// Makes a TPM that keeps this bank of PCRs alone.
    pub(crate) fn make_with_bank(state: &Path, bank: &str) {
        let made = Command::new("swtpm_setup")
            .args(["--tpm2", "--pcr-banks", bank, "--tpmstate"])
            .arg(state)
            .stdout(Stdio::null())
            .status();
        assert!(made.expect("swtpm_setup is installed").success());
    }

    pub(crate) fn address(&self) -> String {
        format!("swtpm:host=127.0.0.1,port={}", self.port)
    }

    pub(crate) fn connect(&self) -> Tpm {
        // Once in about fourteen runs of all tests swtpm did not take a connection at once; the cause is not known. Whether
        // a chip answers is not what these tests are about.
        let mut tried = (0..CONNECT_TRIES).map(|_| Tpm::connect(&self.address()));
        let found = tried.find(Result::is_ok).unwrap_or_else(|| Tpm::connect(&self.address()));
        found.expect("swtpm answers")
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        // It may have ended by itself, where its port was taken.
        let _ = self.child.kill();
        self.child.wait().expect("it ended");
    }
}

/// Each pair is given once in this process, below the ports that the system itself gives to connections.
fn free_pair() -> u16 {
    let first = FIRST_PORT + (std::process::id() % PROCESSES) as u16 * PORTS_OF_PROCESS;
    loop {
        let given = GIVEN.fetch_add(1, Ordering::Relaxed) % (PORTS_OF_PROCESS / 2);
        let port = first + given * 2;
        let free = |port: u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
        if free(port) && free(port + 1) {
            return port;
        }
    }
}

static GIVEN: AtomicU16 = AtomicU16::new(0);
const FIRST_PORT: u16 = 20_000;
const PORTS_OF_PROCESS: u16 = 200;
const PROCESSES: u32 = 60;
const START_TRIES: usize = 8;
const CONNECT_TRIES: usize = 100;

/// Extends a PCR of the SHA-256 bank.
pub(crate) fn extend(tpm: &Tpm, pcr: PcrHandle, digest: [u8; 32]) {
    tpm.ask(move |owner| {
        let mut values = DigestValues::new();
        values.set(HashingAlgorithm::Sha256, Digest::try_from(digest.as_slice()).expect("32 bytes"));
        let done = owner.context().execute_with_nullauth_session(|context| context.pcr_extend(pcr, values));
        done.map_err(TpmError::Connect)
    })
    .expect("PCRs can be extended");
}
