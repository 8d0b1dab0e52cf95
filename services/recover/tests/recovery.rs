//! Recovery on a real LUKS2 header by the real cryptsetup: the disk gets its key, three custodians open it, the new TPM's
//! slot is asked for with a key that opens. What needs a TPM or the kernel's device mapper is stood in for; the box's
//! scenario `recovery` has both.

use custodians::{DiskCopy, DiskHeader, RecoverySecret, Share, owed_token, split};
use recover::{
    Console, ConsoleError, Done, FIRST_SIGN_LIMIT, Place, Programs, RECOVERY_LIMIT, Real, SHARE_LIMIT, open,
    settle,
};
use std::cell::{Cell, RefCell};
use std::fs;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use vocab::Secret;
use zeroize::Zeroizing;

const KEY: &str = "btbtkrft-cukbnihb-guvrikhr-jnjrlktb-jbkgnhtv-hetvgtek-ebbdbbnu-ivdkugvd";

fn cryptsetup(words: &[&str], input: &str) -> bool {
    let mut command = Command::new("cryptsetup");
    let mut child = command
        .args(words)
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("cryptsetup is installed");
    io::Write::write_all(&mut child.stdin.take().unwrap(), input.as_bytes()).unwrap();
    child.wait().unwrap().success()
}

/// The system's programs, but for the TPM and the device mapper.
struct Bench<'a> {
    place: &'a Place,
    /// Whether the TPM takes its part.
    tpm: Cell<bool>,
    sealed: Cell<u32>,
    /// What another TPM sealed still stands in the header: systemd-cryptenroll takes it for its own, and does nothing.
    stale: Cell<bool>,
    made: RefCell<Vec<String>>,
}

impl<'a> Bench<'a> {
    fn new(place: &'a Place) -> Self {
        Self {
            place,
            tpm: Cell::new(true),
            sealed: Cell::new(0),
            stale: Cell::new(true),
            made: RefCell::default(),
        }
    }

    /// As systemd-cryptenroll does it: a keyslot, and the token that names it.
    fn enrol(&self) -> Done {
        let device = self.place.device.to_string_lossy();
        let pass = self.place.device.with_file_name("pass").to_string_lossy().into_owned();
        let fast = ["--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000", "--key-file"];
        let words = [&["luksAddKey", "-q"], &fast[..], &[&pass, &device, "-"]].concat();
        assert!(cryptsetup(&words, KEY));
        let token = r#"{"type":"systemd-recovery","keyslots":["1"]}"#;
        assert!(cryptsetup(&["token", "import", "--json-file", "-", &device], token));
        done(true, format!("{KEY}\n"))
    }
}

fn done(ok: bool, output: String) -> Done {
    Done { ok, output: Zeroizing::new(output.into_bytes()), complaint: "no TPM".to_owned() }
}

impl Programs for Bench<'_> {
    fn run(&self, program: &str, words: &[&str], input: Option<&Secret<String>>) -> io::Result<Done> {
        self.made.borrow_mut().push(format!("{program} {}", words.join(" ")));
        let device = self.place.device.to_string_lossy();
        match (program, words) {
            ("systemd-cryptenroll", ["--unlock-tpm2-device=auto", ..]) => Ok(self.enrol()),
            ("systemd-cryptenroll", ["--wipe-slot=tpm2", _]) => {
                self.stale.set(false);
                Ok(done(true, String::new()))
            }
            ("systemd-cryptenroll", [unlock, ..]) => {
                let file = unlock.strip_prefix("--unlock-key-file=").expect("a file of the key");
                let opens = cryptsetup(&["open", "--test-passphrase", "--key-file", file, &device], "");
                self.sealed.set(self.sealed.get() + u32::from(opens && self.tpm.get() && !self.stale.get()));
                Ok(done(opens && self.tpm.get(), String::new()))
            }
            ("cryptsetup", ["open", words @ ..]) => {
                let words = &words[..words.len() - 1];
                let done = Real.run(program, &[&["open", "--test-passphrase"], words].concat(), input)?;
                if done.ok {
                    fs::write(&self.place.mapped, "")?;
                }
                Ok(done)
            }
            _ => Real.run(program, words, input),
        }
    }
}

/// Types what it is given, each line after so long, and keeps what it is shown.
struct Typist<'a> {
    lines: Vec<String>,
    pace: Duration,
    clock: &'a Cell<Instant>,
    shown: &'a RefCell<String>,
}

impl Console for Typist<'_> {
    fn show(&mut self, text: &str) -> Result<(), ConsoleError> {
        self.shown.borrow_mut().push_str(text);
        Ok(())
    }

    fn line(&mut self, begun: Instant, whole: Instant) -> Result<Zeroizing<String>, ConsoleError> {
        let until = if self.lines.first().is_some_and(|line| !line.is_empty()) { whole } else { begun };
        let typed = self.clock.get() + self.pace;
        self.clock.set(typed.min(until));
        if typed >= until || self.lines.is_empty() {
            return Err(ConsoleError::Nobody);
        }
        Ok(Zeroizing::new(self.lines.remove(0)))
    }

    fn now(&self) -> Instant {
        self.clock.get()
    }
}

fn place(dir: &Path) -> Place {
    let place = Place {
        device: dir.join("disk"),
        mapped: dir.join("mapped"),
        run: dir.join("run"),
        data: dir.join("var/lib/ringfence/disk"),
        secure_boot: dir.join("SecureBoot"),
        release_key: dir.join("release.pem"),
    };
    fs::File::create(&place.device).unwrap().set_len(32 << 20).unwrap();
    fs::write(dir.join("pass"), "made by repart").unwrap();
    fs::write(&place.secure_boot, [6, 0, 0, 0, 1]).unwrap();
    let pass = dir.join("pass").to_string_lossy().into_owned();
    let device = place.device.to_string_lossy().into_owned();
    let fast = ["--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000", "--key-file"];
    let words = [&["luksFormat", "-q", "--type", "luks2"], &fast[..], &[&pass, &device]];
    assert!(cryptsetup(&words.concat(), ""));
    place
}

fn header(place: &Place) -> DiskHeader {
    let words = ["luksDump", "--dump-json-metadata", &place.device.to_string_lossy()];
    DiskHeader::parse(&Real.run("cryptsetup", &words, None).unwrap().output).unwrap()
}

fn import(place: &Place, token: &str) {
    assert!(cryptsetup(&["token", "import", "--json-file", "-", &place.device.to_string_lossy()], token));
}

fn set(byte: u8) -> (RecoverySecret, [Share; 5]) {
    let secret = RecoverySecret::new(Secret::new([byte; 32]));
    let shares = split(&secret, &Secret::new([[0x57; 32], [0x83; 32]]));
    (secret, shares)
}

/// A disk that was settled, with a set in force.
fn in_force(dir: &Path, secret: &RecoverySecret) -> Place {
    let place = place(dir);
    settle(&place, &Bench::new(&place)).unwrap();
    let key = Secret::new(fs::read_to_string(place.data.join("key")).unwrap());
    let slot = header(&place).keyslot.expect("a slot");
    import(&place, &DiskCopy::seal(secret, [3; 12], &key).token(slot));
    place
}

fn typed(share: &Share) -> String {
    share.to_text().expose().replace('\n', " ")
}

fn try_open(place: &Place, bench: &Bench<'_>, lines: Vec<String>) -> (Result<(), String>, String) {
    let (opened, shown, _) = try_slowly(place, bench, lines, Duration::ZERO);
    (opened, shown)
}

/// The same with so long before each line; how long it took.
fn try_slowly(
    place: &Place,
    bench: &Bench<'_>,
    lines: Vec<String>,
    pace: Duration,
) -> (Result<(), String>, String, Duration) {
    let begun = Instant::now();
    let (shown, clock) = (RefCell::default(), Cell::new(begun));
    let opened = open(place, bench, || Ok(Typist { lines, pace, clock: &clock, shown: &shown }));
    (opened.map_err(|error| error.to_string()), shown.into_inner(), clock.get() - begun)
}

#[test]
fn enc_05_three_custodians_open_the_disk_with_a_wrong_share_among_them_and_it_is_sealed_to_the_new_tpm() {
    let dir = tempfile::tempdir().unwrap();
    let ((secret, ours), (_, theirs)) = (set(1), set(2));
    let place = in_force(dir.path(), &secret);
    let bench = Bench::new(&place);
    let lines = vec![typed(&ours[0]), typed(&theirs[1]), typed(&ours[1]), "ABCD".to_owned(), String::new()];
    let (opened, shown) = try_open(&place, &bench, [lines, vec![typed(&ours[4])]].concat());
    assert_eq!(opened, Ok(()), "{shown}");
    assert!(shown.contains("Not taken: share 2 is of set") && shown.contains("sealed to the TPM"), "{shown}");
    assert!(shown.is_ascii() && !shown.contains(&typed(&ours[0])[..9]), "a share is not shown");
    assert_eq!((bench.sealed.get(), place.mapped.exists()), (1, true));
    assert!(header(&place).owed.is_some(), "the vault's keys still wait");
    let left = fs::read_to_string(place.run.join("shares")).unwrap();
    let left: Vec<_> = left.split("\n\n").filter(|text| !text.is_empty()).map(Share::parse).collect();
    assert_eq!(left, [Ok(ours[0].clone()), Ok(ours[1].clone()), Ok(ours[4].clone())]);
    assert!(!place.run.join("key").exists() && !place.run.join("token").exists());
    let all = bench.made.borrow().join("\n");
    assert!(!all.contains(KEY), "no key stands in an argument");
}

#[test]
fn enc_05_two_shares_open_nothing_and_without_anybody_the_box_starts_again() {
    let dir = tempfile::tempdir().unwrap();
    let (secret, ours) = set(1);
    let place = in_force(dir.path(), &secret);
    let bench = Bench::new(&place);
    let (opened, shown) = try_open(&place, &bench, ours[..2].iter().map(typed).collect());
    assert!(opened.unwrap_err().contains("nobody typed") && shown.contains("starts again"), "{shown}");
    let (opened, _) = try_open(&place, &bench, vec!["restart".to_owned()]);
    assert!(opened.unwrap_err().contains("starts again"));
    assert_eq!((place.mapped.exists(), place.run.join("shares").exists()), (false, false));
    let (opened, _) = try_open(&place, &bench, vec!["!".to_owned(); 60]);
    assert!(opened.unwrap_err().contains("50 wrong shares"));
}

#[test]
fn enc_05_a_line_that_is_never_silent_keeps_the_box_from_starting_again_for_a_bounded_time() {
    let dir = tempfile::tempdir().unwrap();
    let (secret, ours) = set(1);
    // The same secret in other parts: right one by one, and wrong together.
    let others = split(&secret, &Secret::new([[0x11; 32], [0x29; 32]]));
    let place = in_force(dir.path(), &secret);
    let bench = Bench::new(&place);
    let wrong = [typed(&ours[0]), typed(&ours[1]), typed(&others[2])];
    let seconds = Duration::from_secs;
    let cases: [(&[String], Duration, Duration); 4] = [
        // A terminal server that sends a return now and then.
        (&[String::new()], seconds(7), FIRST_SIGN_LIMIT),
        // Noise that is no share, and a share that is begun again and again.
        (&["AB".to_owned()], seconds(70), SHARE_LIMIT),
        (&["AB".to_owned(), String::new()], seconds(70), SHARE_LIMIT),
        (&wrong, seconds(540), RECOVERY_LIMIT),
    ];
    for (lines, pace, most) in cases {
        let endless: Vec<String> = lines.iter().cycle().take(3_000).cloned().collect();
        let (opened, shown, took) = try_slowly(&place, &bench, endless, pace);
        assert!(opened.unwrap_err().contains("nobody typed"), "{shown}");
        assert_eq!(took, most, "{lines:?}");
    }
    let (opened, shown, _) =
        try_slowly(&place, &bench, ours[..3].iter().map(typed).collect(), seconds(1_500));
    assert_eq!(opened, Ok(()), "who comes in time opens it: {shown}");
}

#[test]
fn enc_05_a_recovery_that_was_cut_asks_again_though_the_disk_opens() {
    let dir = tempfile::tempdir().unwrap();
    let (secret, ours) = set(1);
    let place = in_force(dir.path(), &secret);
    let bench = Bench::new(&place);
    fs::write(&place.mapped, "").unwrap();
    assert_eq!(try_open(&place, &bench, vec![]).0, Ok(()), "an open disk that owes nothing asks nobody");
    let nowhere = Place { device: dir.path().join("nowhere"), ..place.clone() };
    assert_eq!(try_open(&nowhere, &bench, vec![]).0, Ok(()), "nor one whose header cannot be read");
    import(&place, &owed_token());
    let (opened, shown) = try_open(&place, &bench, ours[2..].iter().map(typed).collect());
    assert_eq!(opened, Ok(()), "{shown}");
    assert!(shown.contains("did not come to its end"), "{shown}");
    assert_eq!(bench.sealed.get(), 0);
    assert!(place.run.join("shares").exists());
}

#[test]
fn a_tpm_that_does_not_take_its_part_stops_nothing_and_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let (secret, ours) = set(1);
    let place = in_force(dir.path(), &secret);
    let bench = Bench::new(&place);
    bench.tpm.set(false);
    let (opened, shown) = try_open(&place, &bench, ours[1..].iter().map(typed).collect());
    assert_eq!(opened, Ok(()));
    assert!(shown.contains("NOT sealed") && shown.contains("no TPM"), "{shown}");
    assert!(!place.run.join("key").exists());
}

#[test]
fn nothing_is_asked_where_no_set_is_in_force_or_secure_boot_is_off() {
    let dir = tempfile::tempdir().unwrap();
    let place = place(dir.path());
    let bench = Bench::new(&place);
    settle(&place, &bench).unwrap();
    let (opened, shown) = try_open(&place, &bench, vec![]);
    assert!(opened.unwrap_err().contains("cannot be recovered") && shown.contains("no custodians' shares"));
    let (secret, _) = set(1);
    import(&place, &DiskCopy::seal(&secret, [3; 12], &Secret::new(KEY.to_owned())).token(1));
    fs::write(&place.secure_boot, [6, 0, 0, 0, 0]).unwrap();
    let (opened, _) = try_open(&place, &bench, vec![]);
    assert!(opened.unwrap_err().contains("Secure Boot is off"));
}

#[test]
fn enc_05_a_damaged_copy_in_the_header_hinders_no_other_and_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let (secret, ours) = set(1);
    let place = place(dir.path());
    settle(&place, &Bench::new(&place)).unwrap();
    // Of an older set, and one of the same set that opens nothing: both stand before the whole one.
    import(&place, r#"{"type":"ringfence-custody","keyslots":["1"],"set":"1A2B3C4D","sealed":"?"}"#);
    let other = Secret::new(KEY.replace("btbt", "cccc"));
    let mut altered = DiskCopy::seal(&secret, [4; 12], &other);
    altered.sealed[20] ^= 1;
    import(&place, &altered.token(1));
    let bench = Bench::new(&place);
    let lines: Vec<String> = ours[..3].iter().map(typed).collect();
    let (opened, shown) = try_open(&place, &bench, lines.clone());
    assert!(opened.unwrap_err().contains("damaged") && !place.mapped.exists(), "{shown}");
    import(&place, &DiskCopy::seal(&secret, [3; 12], &Secret::new(KEY.to_owned())).token(1));
    let (opened, shown) = try_open(&place, &bench, lines);
    assert_eq!(opened, Ok(()), "{shown}");
    assert!(shown.contains("passed over: token 1"), "{shown}");
    assert!(place.mapped.exists() && place.run.join("shares").exists());
}

#[test]
fn a_disk_gets_its_recovery_key_once_and_again_only_where_nobody_has_it() {
    let dir = tempfile::tempdir().unwrap();
    let place = place(dir.path());
    let bench = Bench::new(&place);
    settle(&place, &bench).unwrap();
    settle(&place, &bench).unwrap();
    assert_eq!(bench.made.borrow().len(), 1, "the key waits for the vault");
    assert_eq!(fs::read_to_string(place.data.join("key")).unwrap(), KEY);
    fs::rename(place.data.join("key"), place.data.join("key.sealed")).unwrap();
    settle(&place, &bench).unwrap();
    assert_eq!(bench.made.borrow().len(), 1, "the vault has it");
    assert!(header(&place).keyslot.is_some());
}
