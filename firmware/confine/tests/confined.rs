//! What a confined process can still do, tried in threads: the kernel confines a thread and those it starts.

use confine::{Kept, Outcome};
use std::fs;
use std::io::ErrorKind;
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::Command;

/// Runs in a thread that kept only this. `None`: the kernel has no Landlock, which is said.
fn confined<T: Send + 'static>(kept: Kept, act: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let thread = std::thread::spawn(move || (kept.enter().expect("it can be confined"), act()));
    let (outcome, result) = thread.join().expect("the thread ends");
    if outcome == Outcome::NotAtAll {
        eprintln!("skipped: this kernel has no Landlock");
        return None;
    }
    Some(result)
}

fn denied<T>(result: std::io::Result<T>) -> bool {
    result.is_err_and(|error| error.kind() == ErrorKind::PermissionDenied)
}

#[test]
fn l_35_a_confined_process_writes_its_own_folder_reads_the_system_and_sees_no_other_file() {
    let (own, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let state = own.path().join("made/for/it");
    fs::write(other.path().join("keys"), "secret").unwrap();
    let (inside, outside) = (state.clone(), other.path().to_owned());
    let found = confined(Kept::new().folder(&state), move || {
        fs::write(inside.join("new"), "one").unwrap();
        fs::rename(inside.join("new"), inside.join("ledger")).unwrap();
        [
            fs::read_to_string(inside.join("ledger")).is_ok_and(|text| text == "one"),
            fs::read("/proc/self/status").is_ok() && fs::read("/etc/passwd").is_ok(),
            fs::write("/dev/null", "x").is_ok(),
            denied(fs::read(outside.join("keys"))),
            denied(fs::write(outside.join("new"), "x")),
            denied(fs::remove_file(outside.join("keys"))),
            denied(fs::read_dir(&outside)),
            denied(fs::write("/etc/ringfence-test", "x")),
        ]
    });
    assert!(found.is_none_or(|found| found == [true; 8]), "{found:?}");
    assert!(other.path().join("keys").exists());
}

#[test]
fn l_35_a_confined_process_starts_no_program() {
    let tried = confined(Kept::new().folder("/tmp"), || {
        fs::copy("/bin/true", "/tmp/ringfence-confined-true").unwrap();
        let runs = |path| Command::new(path).status();
        let tried = [denied(runs("/bin/true")), denied(runs("/tmp/ringfence-confined-true"))];
        fs::remove_file("/tmp/ringfence-confined-true").unwrap();
        tried
    });
    assert!(tried.is_none_or(|tried| tried == [true; 2]), "{tried:?}");
}

#[test]
fn l_35_tcp_is_given_up_unless_it_is_kept_and_sockets_with_a_path_are_reached() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vaultd.sock");
    let _peer = UnixListener::bind(&path).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let reached = confined(Kept::new(), move || {
        let tcp = denied(TcpStream::connect(address)) && denied(TcpListener::bind("127.0.0.1:0"));
        (tcp, UnixStream::connect(path).is_ok())
    });
    // TCP can be given up since Linux 6.7; sockets with a path are always reached.
    assert!(reached.is_none_or(|(tcp, unix)| unix && (tcp || kernel_before(6, 7))), "{reached:?}");
    let kept = confined(Kept::new().tcp(), move || TcpStream::connect(address).is_ok());
    assert!(kept.is_none_or(|connected| connected));
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let error = Kept::new().folder("/proc/no-such-folder").enter().expect_err("nobody makes folders there");
    assert!(error.to_string().starts_with("/proc/no-such-folder cannot be made"), "{error}");
}

fn kernel_before(major: u32, minor: u32) -> bool {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let mut numbers = release.split(['.', '-']).filter_map(|word| word.parse::<u32>().ok());
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) < (major, minor)
}
