//! `flash.sh` as a person runs it: signed images, disks in files, and loop devices where the kernel lends them.
//!
//! What it must never do is checked byte by byte: a disk it refuses stays as it was.

mod bench;

use bench::{Bench, IMAGE_BYTES, LoopDevice};
use std::process::Command;

#[test]
fn shellcheck_finds_nothing() {
    let said = Command::new("shellcheck").arg(bench::script()).output().expect("shellcheck is installed");
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stdout));
}

#[test]
fn a_signed_image_is_written_read_back_and_the_old_tables_are_gone() {
    for name in ["box.raw", "box.raw.zst"] {
        let bench = Bench::new(name);
        bench.partition(&["name=old-things"]);
        let done = bench.flash(&["--disk-is-file"], "disk.img\n");
        assert!(done.ok, "{}", done.said);
        assert!(done.said.contains("old-things") && done.said.contains("disk.img"), "{}", done.said);
        assert!(done.said.contains("Ringfence 0.1.0 (product) for ringfence-virtual"), "{}", done.said);
        for step in ["verifying", "writing", "reading back"] {
            let (_, after) = done.said.split_once(step).expect("every step is named");
            let (percents, _) = after.split_once("100 %").expect("and goes to its end");
            assert!(percents.contains("  44 %") || percents.contains("  50 %"), "{step}: {}", done.said);
        }
        let disk = bench.disk_bytes();
        assert_eq!(disk[..IMAGE_BYTES], bench.image[..], "{name}");
        assert!(
            disk[disk.len() - 512..].iter().all(|byte| *byte == 0),
            "the table's copy at the end is gone"
        );
    }
}

#[test]
fn the_old_table_is_gone_from_the_end_of_a_disk_whose_size_is_no_whole_mebibyte() {
    let bench = Bench::new("box.raw");
    bench.resize_disk((16 << 20) + (24 << 10));
    bench.partition(&["name=old-things"]);
    let end = |bench: &Bench| bench.disk_bytes()[16 << 20..].to_vec();
    assert!(end(&bench).windows(8).any(|part| part == b"EFI PART"), "the copy lies in what is no whole MiB");
    // The body is never written: what is left is what firmware would find.
    let failing = shim("dd", "case \"$*\" in *bs=4M*) exit 1 ;; esac; exec /usr/bin/dd \"$@\"");
    let failed = bench.flash_after(&failing, &["--disk-is-file"], "disk.img\n");
    assert!(!failed.ok && failed.said.contains("holds no usable system"), "{}", failed.said);
    assert!(end(&bench).iter().all(|byte| *byte == 0), "no table comes back after a write that failed");
    bench.partition(&["name=old-things"]);
    let done = bench.flash(&["--disk-is-file"], "disk.img\n");
    assert!(done.ok, "{}", done.said);
    assert!(end(&bench).iter().all(|byte| *byte == 0), "nor after one that did not");
    assert_eq!(bench.disk_bytes().len(), (16 << 20) + (24 << 10), "the disk is as long as it was");
}

#[test]
fn another_serial_than_the_one_shown_writes_nothing() {
    let bench = Bench::new("box.raw");
    for typed in ["", "\n", "disk\n", "DISK.IMG\n", "yes\n"] {
        bench.refuses(&["--disk-is-file"], typed, "not the serial");
    }
}

#[test]
fn a_disk_that_is_another_one_when_the_answer_comes_is_not_written() {
    let bench = Bench::new("box.raw");
    let words = ["box.raw", "disk.img", "--disk-is-file"];
    let other = bench.run_while("true", &words, "disk.img\n", || bench.resize_disk(17 << 20));
    assert!(!other.ok && other.said.contains("not the disk that was shown"), "{}", other.said);
    assert!(bench.disk_bytes().iter().all(|byte| *byte == 0), "another size: the disk was touched");
    // As long as the first, with the same name.
    let replace = || {
        bench.write("other.img", &vec![7; 17 << 20]);
        bench.shell("mv other.img disk.img");
    };
    let other = bench.run_while("true", &words, "disk.img\n", replace);
    assert!(!other.ok && other.said.contains("not the disk that was shown"), "{}", other.said);
    assert!(bench.disk_bytes().iter().all(|byte| *byte == 7), "another disk of that size was touched");
}

#[test]
#[expect(clippy::print_stdout, reason = "says what could not be tried on this machine")]
fn a_device_with_another_serial_or_model_when_the_answer_comes_is_not_written() {
    let bench = Bench::new("box.raw");
    let Some(device) = LoopDevice::over(&bench.path("disk.img")) else {
        println!("no loop device to be had here: this test did nothing");
        return;
    };
    let before = bench.disk_bytes();
    let told = shim(
        "lsblk",
        "case \"$*\" in *--nodeps*SERIAL*) cat serial ;; *--nodeps*MODEL*) cat model ;; *) exec /usr/bin/lsblk \"$@\" ;; esac",
    );
    for field in ["serial", "model"] {
        bench.write("serial", b"S1\n");
        bench.write("model", b"Disk 1\n");
        let change = || bench.write(field, b"other\n");
        let other = bench.run_while(&told, &["box.raw", &device.path], "S1\n", change);
        assert!(!other.ok && other.said.contains("not the disk that was shown"), "{field}: {}", other.said);
        assert!(bench.disk_bytes() == before, "{field}: the disk was touched");
    }
}

#[test]
fn l_80_an_image_that_is_cut_off_changed_or_not_signed_is_not_written() {
    let bench = Bench::new("box.raw");
    let image = bench.read("box.raw");
    bench.write("box.raw", &image[..image.len() - 1]);
    bench.refuses(&["--disk-is-file"], "disk.img\n", "cut off or changed");
    bench.write("box.raw", &[&image[..], &[0]].concat());
    bench.refuses(&["--disk-is-file"], "disk.img\n", "cut off or changed");
    let mut changed = image.clone();
    changed[IMAGE_BYTES / 2] ^= 1;
    bench.write("box.raw", &changed);
    bench.refuses(&["--disk-is-file"], "disk.img\n", "cut off or changed");
    bench.write("box.raw", &image);

    let manifest = bench.read("box.raw.manifest");
    let other = String::from_utf8_lossy(&manifest).replace("sha256 ", "sha256  ");
    bench.write("box.raw.manifest", other.as_bytes());
    bench.refuses(&["--disk-is-file"], "disk.img\n", "signature is wrong");
    bench.sign("box.raw.manifest", "release");
    bench.refuses(&["--disk-is-file"], "disk.img\n", "not of this form");
    bench.write("box.raw.manifest", &manifest);
    bench.sign("box.raw.manifest", "thief");
    bench.refuses(&["--disk-is-file"], "disk.img\n", "signature is wrong");
    std::fs::remove_file(bench.path("box.raw.manifest.sig")).expect("it is there");
    bench.refuses(&["--disk-is-file"], "disk.img\n", "its signature is missing");
}

#[test]
fn l_80_a_cut_off_packed_image_is_not_written() {
    let bench = Bench::new("box.raw.zst");
    let packed = bench.read("box.raw.zst");
    bench.write("box.raw.zst", &packed[..packed.len() / 2]);
    bench.refuses(&["--disk-is-file"], "disk.img\n", "cut off or changed");
}

#[test]
fn a_disk_that_is_too_small_is_not_touched() {
    let bench = Bench::new("box.raw");
    bench.write("disk.img", &vec![7; IMAGE_BYTES]);
    bench.refuses(&["--disk-is-file"], "disk.img\n", "too small");
}

#[test]
fn the_data_of_a_box_are_erased_only_where_its_serial_was_named_beforehand() {
    let bench = Bench::new("box.raw");
    bench.partition(&["name=root-a, size=1M", "name=data"]);
    bench.refuses(&["--disk-is-file"], "disk.img\n", "holds Ringfence data");
    bench.refuses(&["--disk-is-file", "--erase", "another"], "disk.img\n", "holds Ringfence data");
    let done = bench.flash(&["--disk-is-file", "--erase", "disk.img"], "disk.img\n");
    assert!(done.ok, "{}", done.said);
    assert_eq!(bench.disk_bytes()[..IMAGE_BYTES], bench.image[..]);
}

#[test]
fn a_write_that_fails_is_told_and_leaves_no_table() {
    let bench = Bench::new("box.raw");
    bench.partition(&["name=old-things"]);
    // The system lets this process write no further than two thirds of the image: EFBIG, as a dying disk gives EIO.
    let done = bench.flash_after("ulimit -f 2048; trap '' XFSZ", &["--disk-is-file"], "disk.img\n");
    assert!(!done.ok && done.said.contains("cannot be written"), "{}", done.said);
    let done = bench.flash_after(&shim("dd", "case \"$*\" in *seek=15*) exit 0 ;; *bs=4M*) ulimit -f 2048; trap '' XFSZ ;; esac; exec /usr/bin/dd \"$@\""), &["--disk-is-file"], "disk.img\n");
    assert!(!done.ok && done.said.contains("holds no usable system"), "{}", done.said);
}

#[test]
fn a_disk_that_gives_back_other_bytes_is_found_out() {
    let bench = Bench::new("box.raw");
    let faulty = shim(
        "dd",
        "/usr/bin/dd \"$@\" && case \"$*\" in *bs=4M*) printf x | /usr/bin/dd of=disk.img bs=1 seek=1500000 conv=notrunc status=none ;; esac",
    );
    let done = bench.flash_after(&faulty, &["--disk-is-file"], "disk.img\n");
    assert!(!done.ok && done.said.contains("the disk is faulty"), "{}", done.said);
    assert!(bench.disk_bytes()[..512].iter().all(|byte| *byte == 0), "what is wrong does not boot");
}

#[test]
fn the_table_is_the_last_thing_written() {
    let bench = Bench::new("box.raw");
    // The power goes when all but the table is on the disk.
    let cut = shim("dd", "/usr/bin/dd \"$@\" || exit; case \"$*\" in *bs=4M*) kill -9 0 ;; esac");
    let done = bench.flash_after(&cut, &["--disk-is-file"], "disk.img\n");
    assert!(!done.ok, "{}", done.said);
    let disk = bench.disk_bytes();
    assert!(disk[..1 << 20].iter().all(|byte| *byte == 0), "half a system has no table");
    assert_eq!(disk[1 << 20..IMAGE_BYTES], bench.image[1 << 20..]);
}

#[test]
fn an_installer_is_no_image_and_an_image_is_no_installer() {
    let image = Bench::new("box.raw");
    image.refuses(&["--disk-is-file", "--usb"], "disk.img\n", "is a image; this takes a installer");
    let stick = Bench::of("installer", "stick.raw");
    stick.refuses(&["--disk-is-file"], "disk.img\n", "is a installer; this takes a image");
    let done = stick.flash(&["--disk-is-file", "--usb"], "disk.img\n");
    assert!(done.ok && done.said.contains("start from it"), "{}", done.said);
    assert_eq!(stick.disk_bytes()[..IMAGE_BYTES], stick.image[..]);
}

#[test]
fn a_file_system_without_a_table_is_named_before_it_is_lost() {
    let bench = Bench::new("box.raw");
    bench.shell("mkfs.ext4 -q -F disk.img");
    let done = bench.flash(&["--disk-is-file"], "no\n");
    assert!(done.said.contains("its file system (ext4)"), "{}", done.said);
}

#[test]
fn every_sentence_stands_in_chinese_and_in_english() {
    let bench = Bench::new("box.raw");
    let done = bench.flash(&["--disk-is-file"], "no\n");
    let lines: Vec<&str> = done.said.lines().collect();
    assert!(lines.iter().any(|line| line.starts_with("错误：序列号不符")), "{}", done.said);
    assert!(lines.iter().any(|line| line.starts_with("error: that is not the serial")), "{}", done.said);
}

#[test]
#[expect(clippy::print_stdout, reason = "says what could not be tried on this machine")]
fn a_loop_device_is_written_and_one_in_use_is_refused() {
    let bench = Bench::new("box.raw");
    let Some(device) = LoopDevice::over(&bench.path("disk.img")) else {
        println!("no loop device to be had here: this test did nothing");
        return;
    };
    let as_file = bench.run("true", &["box.raw", "disk.img", "--disk-is-file"], "disk.img\n");
    assert!(!as_file.ok && as_file.said.contains("in use by a loop device"), "{}", as_file.said);
    let system = shim("findmnt", &format!("echo {}", device.path));
    let refused = bench.run(&system, &["box.raw", &device.path], &format!("{}\n", device.path));
    assert!(!refused.ok && refused.said.contains("the system that runs here"), "{}", refused.said);
    let done = bench.run("true", &["box.raw", &device.path], &format!("{}\n", device.path));
    assert!(done.ok, "{}", done.said);
    assert_eq!(bench.disk_bytes()[..IMAGE_BYTES], bench.image[..]);
    if let Some(_mounted) = device.mounted(&bench.path("mountpoint")) {
        let refused = bench.run("true", &["box.raw", &device.path], &format!("{}\n", device.path));
        assert!(!refused.ok && refused.said.contains("is mounted"), "{}", refused.said);
    } else {
        println!("nothing can be mounted here: that a mounted disk is refused was not tried");
    }
}

#[test]
#[expect(clippy::print_stdout, reason = "says what could not be tried on this machine")]
fn a_disk_that_somebody_holds_is_refused_though_it_is_mounted_nowhere() {
    let bench = Bench::new("box.raw");
    let Some(device) = LoopDevice::over(&bench.path("disk.img")) else {
        println!("no loop device to be had here: this test did nothing");
        return;
    };
    let before = bench.disk_bytes();
    let held = device.held();
    let refused = bench.run("true", &["box.raw", &device.path], &format!("{}\n", device.path));
    assert!(!refused.ok && refused.said.contains("is in use"), "{}", refused.said);
    assert!(bench.disk_bytes() == before, "the disk was touched");
    drop(held);
    let done = bench.run("true", &["box.raw", &device.path], &format!("{}\n", device.path));
    assert!(done.ok, "{}", done.said);
}

#[test]
fn a_disk_of_a_pool_is_named_as_one_before_it_is_lost() {
    let bench = Bench::new("box.raw");
    let none = bench.flash(&["--disk-is-file"], "no\n");
    assert!(!none.said.contains("several disks"), "{}", none.said);
    // Where a file system of btrfs has its sign.
    bench.shell("printf _BHRfS_M | dd of=disk.img bs=1 seek=65600 conv=notrunc status=none");
    let done = bench.flash(&["--disk-is-file"], "no\n");
    assert!(done.said.contains("an array on several disks (btrfs)"), "{}", done.said);
}

#[test]
fn what_is_no_disk_is_refused() {
    let bench = Bench::new("box.raw");
    for (disk, why) in [
        ("/dev/full", "not a block device"),
        ("disk.img", "not a block device"),
        ("/nowhere/x", "there is no"),
    ] {
        let refused = bench.run("true", &["box.raw", disk], "x\n");
        assert!(!refused.ok && refused.said.contains(why), "{disk}: {}", refused.said);
    }
    let refused = bench.run("true", &["box.raw", "/dev/full", "--disk-is-file"], "full\n");
    assert!(!refused.ok && refused.said.contains("not an ordinary file"), "{}", refused.said);
    assert!(!bench.run("true", &["box.raw"], "").ok);
    let unknown = bench.run("true", &["--wipe-all"], "");
    assert!(!unknown.ok && unknown.said.contains("no option --wipe-all"), "{}", unknown.said);
}

#[test]
fn a_virtual_box_keeps_its_disk_and_nothing_runs_on_after_it() {
    let bench = Bench::new("box.raw");
    std::fs::create_dir(bench.path("image")).expect("a folder");
    for name in ["disk.raw", "firmware.fd", "variables.fd"] {
        bench.write(&format!("image/{name}"), name.as_bytes());
    }
    let machine = shim("qemu-system-x86_64", "printf '%s ' \"$@\" >&2; printf x >> vm/variables.fd");
    let vm = ["--vm", "image", "--state", "vm", "--page", "18443"];
    let first = bench.run(&machine, &vm, "");
    assert!(first.ok, "{}", first.said);
    for word in ["hostfwd=tcp:127.0.0.1:18443-:443", "secure,value=on", "tpm-tis", "-serial mon:stdio"] {
        assert!(first.said.contains(word), "{word}: {}", first.said);
    }
    let disk = std::fs::metadata(bench.path("vm/disk.raw")).expect("a disk");
    assert!(disk.len() > 8 << 30, "data has room to grow");
    let serial = bench.read("vm/serial");
    let second = bench.run(&machine, &vm, "");
    assert!(second.ok && second.said.contains("going on with the box"), "{}", second.said);
    assert_eq!(
        (bench.read("vm/serial"), bench.read("vm/variables.fd")),
        (serial, b"variables.fdxx".to_vec())
    );
    // A software TPM that still ran would hold the lock on its state.
    let alone = bench.run(&shim("qemu-system-x86_64", "exit 1"), &vm, "");
    assert!(!alone.ok && alone.said.contains("did not end well (is port 18443"), "{}", alone.said);
    let nothing = bench.run("true", &["--vm", "nowhere"], "");
    assert!(!nothing.ok && nothing.said.contains("run cargo xtask image first"), "{}", nothing.said);
}

/// Puts a program of this name before the system's.
fn shim(name: &str, body: &str) -> String {
    format!(
        "mkdir -p shim; cat > shim/{name} <<'END'\n#!/bin/bash\n{body}\nEND\nchmod +x shim/{name}; export PATH=$PWD/shim:$PATH"
    )
}
