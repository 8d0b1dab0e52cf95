//! A software TPM (swtpm) that a test starts for itself, and what a boot does to its PCRs.

use crate::error::TpmError;
use crate::handle::Tpm;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use tss_esapi::handles::PcrHandle;
use tss_esapi::interface_types::algorithm::HashingAlgorithm;
use tss_esapi::structures::{Digest, DigestValues};

pub(crate) struct Simulator {
    child: Child,
    port: u16,
}

impl Simulator {
    pub(crate) fn start(state: &Path) -> Self {
        let port = free_pair();
        let mut child = Command::new("swtpm")
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
        // Its control port answers once the server port listens.
        while TcpStream::connect(("127.0.0.1", port + 1)).is_err() {
            assert!(child.try_wait().expect("its state").is_none(), "swtpm ended");
            std::thread::yield_now();
        }
        Self { child, port }
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
        Tpm::connect(&self.address()).expect("swtpm answers")
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ended");
    }
}

fn free_pair() -> u16 {
    loop {
        let first = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = first.local_addr().expect("its address").port();
        if port < u16::MAX && TcpListener::bind(("127.0.0.1", port + 1)).is_ok() {
            return port;
        }
    }
}

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
