//! The command line.

use crate::sealing::{PolicyFiles, SECURE_BOOT_VARIABLE};
use crate::startup::Folders;
use idl::hello::Process;
use journal::Target;
use lexopt::prelude::{Long, Short};
use lexopt::{Parser, ValueExt};
use std::path::PathBuf;
use thiserror::Error;

/// What `--help` shows.
pub const HELP: &str = "\
vaultd: the records process of Ringfence

  --state DIR        ledger, keys, projection (default /var/lib/ringfence/vault)
  --run DIR          sockets (default /run/ringfence)
  --objects DIR      object files (default /var/lib/ringfence/objects)
  --recordings DIR   recordings (default /var/lib/ringfence/recordings)
  --traces DIR       traces of D channels (default beside the recordings)
  --tcti ADDRESS     TPM: device:/dev/tpmrm0 or swtpm:host=127.0.0.1,port=2321
  --policy-key FILE  seal to what this release key (PEM) signs, not to PCRs as they are; with it
  --policy-signatures FILE  the signatures of the running image (/run/systemd/tpm2-pcr-signature.json)
  --secure-boot FILE the firmware's variable SecureBoot (default: where the kernel shows it)
  --shares FILE      three custodians' shares for a start that cannot unseal; used up by it
                     (default /run/ringfence-recovery/shares)
  --allow NAME=UID   user id of lined, calld, admind, consoled, hostd, supervisor or tool
                     (default: our own)
  --clock-trusted    the operator vouches for the clock (workstation)
  --log WHERE        stderr or journal (default journal)
";

/// The options.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where everything lies.
    pub folders: Folders,
    /// Sockets.
    pub run: PathBuf,
    /// The TPM.
    pub tcti: String,
    /// What the root key is sealed to; `None`: PCRs as they are.
    pub policy: Option<PolicyFiles>,
    /// Peers with user ids of their own.
    pub allowed: Vec<(Process, Option<u32>)>,
    /// The operator vouches for the clock.
    pub clock_trusted: bool,
    /// The log.
    pub log: Target,
}

/// Why the command line cannot be used.
#[derive(Debug, Error)]
pub enum OptionsError {
    /// It cannot be read.
    #[error(transparent)]
    Syntax(#[from] lexopt::Error),
    /// Help was asked for.
    #[error("{HELP}")]
    Help,
    /// Two options that go together.
    #[error("--policy-key and --policy-signatures go together")]
    HalfPolicy,
    /// A value is none of those that can be.
    #[error("{0} cannot be `{1}`")]
    Value(&'static str, String),
}

impl Options {
    /// Reads the arguments after the program's name.
    ///
    /// # Errors
    /// [`OptionsError`].
    pub fn parse(mut parser: Parser) -> Result<Self, OptionsError> {
        let var = PathBuf::from("/var/lib/ringfence");
        let mut options = Self {
            folders: Folders {
                state: var.join("vault"),
                objects: var.join("objects"),
                recordings: var.join("recordings"),
                traces: PathBuf::new(),
                shares: PathBuf::from("/run/ringfence-recovery/shares"),
            },
            run: PathBuf::from("/run/ringfence"),
            tcti: "device:/dev/tpmrm0".to_owned(),
            policy: None,
            allowed: PEERS.iter().map(|process| (*process, None)).collect(),
            clock_trusted: false,
            log: Target::Journal,
        };
        let (mut key, mut signatures) = (None, None);
        let mut secure_boot = PathBuf::from(SECURE_BOOT_VARIABLE);
        while let Some(argument) = parser.next()? {
            match argument {
                Long("state") => options.folders.state = parser.value()?.into(),
                Long("run") => options.run = parser.value()?.into(),
                Long("objects") => options.folders.objects = parser.value()?.into(),
                Long("recordings") => options.folders.recordings = parser.value()?.into(),
                Long("traces") => options.folders.traces = parser.value()?.into(),
                Long("tcti") => options.tcti = parser.value()?.string()?,
                Long("policy-key") => key = Some(parser.value()?.into()),
                Long("policy-signatures") => signatures = Some(parser.value()?.into()),
                Long("shares") => options.folders.shares = parser.value()?.into(),
                Long("secure-boot") => secure_boot = parser.value()?.into(),
                Long("allow") => options.allow(&parser.value()?.string()?)?,
                Long("clock-trusted") => options.clock_trusted = true,
                Long("log") => options.log = log_to(&parser.value()?.string()?)?,
                Long("help") | Short('h') => return Err(OptionsError::Help),
                other => return Err(other.unexpected().into()),
            }
        }
        options.policy = match (key, signatures) {
            (None, None) => None,
            (Some(key), Some(signatures)) => Some(PolicyFiles { key, signatures, secure_boot }),
            (Some(_), None) | (None, Some(_)) => return Err(OptionsError::HalfPolicy),
        };
        if options.folders.traces.as_os_str().is_empty() {
            options.folders.traces = options.folders.recordings.with_file_name("traces");
        }
        Ok(options)
    }

    fn allow(&mut self, text: &str) -> Result<(), OptionsError> {
        let wrong = || OptionsError::Value("--allow", text.to_owned());
        let (name, uid) = text.split_once('=').ok_or_else(wrong)?;
        let uid: u32 = uid.parse().map_err(|_| wrong())?;
        let known = self.allowed.iter_mut().find(|(process, _)| process.name() == name);
        known.ok_or_else(wrong)?.1 = Some(uid);
        Ok(())
    }
}

fn log_to(text: &str) -> Result<Target, OptionsError> {
    Target::parse(text).ok_or_else(|| OptionsError::Value("--log", text.to_owned()))
}

const PEERS: [Process; 7] = [
    Process::Lined,
    Process::Calld,
    Process::Admind,
    Process::Consoled,
    Process::Hostd,
    Process::Supervisor,
    Process::Tool,
];

#[cfg(test)]
mod tests {
    use super::{Options, OptionsError, Target};
    use idl::hello::Process;
    use lexopt::Parser;

    fn parse(arguments: &[&str]) -> Result<Options, OptionsError> {
        Options::parse(Parser::from_args(arguments.iter().copied()))
    }

    #[test]
    fn every_option_is_taken() {
        let options = parse(&[
            "--state",
            "/s",
            "--run",
            "/r",
            "--objects",
            "/o",
            "--recordings",
            "/c",
            "--tcti",
            "swtpm:x",
            "--allow",
            "lined=7",
            "--clock-trusted",
            "--log",
            "stderr",
        ])
        .unwrap();
        assert_eq!(options.folders.state.to_str(), Some("/s"));
        assert_eq!(options.folders.traces.to_str(), Some("/traces"));
        assert_eq!(options.log, Target::Stderr);
        assert!(options.clock_trusted && options.allowed.contains(&(Process::Lined, Some(7))));
    }

    #[test]
    fn l_36_a_policy_is_named_by_its_key_and_its_signatures_together() {
        assert_eq!(parse(&[]).unwrap().policy, None);
        let both = ["--policy-key", "/k", "--policy-signatures", "/s"];
        let policy = parse(&both).unwrap().policy.unwrap();
        assert_eq!((policy.key.to_str(), policy.signatures.to_str()), (Some("/k"), Some("/s")));
        assert!(policy.secure_boot.starts_with("/sys/firmware/efi"));
        for half in [&both[..2], &both[2..]] {
            assert!(matches!(parse(half), Err(OptionsError::HalfPolicy)));
        }
    }

    #[test]
    fn what_it_does_not_know_is_refused() {
        assert!(parse(&["--network"]).is_err());
        assert!(matches!(parse(&["--allow", "nobody=1"]), Err(OptionsError::Value(..))));
        assert!(matches!(parse(&["--log", "nowhere"]), Err(OptionsError::Value(..))));
        assert!(matches!(parse(&["-h"]), Err(OptionsError::Help)));
    }
}
