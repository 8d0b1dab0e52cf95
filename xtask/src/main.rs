//! The project's own commands: `cargo xtask …`. It links nothing that needs a Debian library, because it is
//! what installs them.

#![expect(clippy::print_stdout, reason = "a command line speaks on standard output")]

mod bench;
mod fuzz;
mod hil;
mod image;
mod image_check;
mod packages;
mod project;
mod requirements;
mod roles;
mod sbom;
mod sim;
mod test;
mod tidy;
mod up;

use std::process::ExitCode;

const HELP: &str = "\
cargo xtask up [options]        build and start the whole box with a demo site, a simulated carrier
                                and a simulated dual-E1 card with its exchange
    --headless --calls N --json run N demo contacts, print one JSON object as the last line
    --trunk sip:HOST:PORT[;transport=udp|tcp|tls]   dial this carrier alone, without simulated ones
    --no-cards                  without the simulated card
    --state DIR                 where the box keeps everything (default: state)
    --page N                    port of the page (default 8443)
    --port N                    SIP port of the box (TLS on N+1; default 5060)
    --empty                     a blank box to be commissioned
    --release                   optimised build
cargo xtask code LOGIN [--state DIR]   the TOTP code of a demo person at this moment
cargo xtask console [--state DIR]   the serial console on this terminal, against a box that is up
cargo xtask test                everything CI runs
cargo xtask tidy                layers, file heads, file lengths
cargo xtask requirements [--json]   each requirement id with the tests that prove it
cargo xtask roles [--json]      who may do what, and who sees what
cargo xtask sim [--seeds N] [--from SEED]   the whole appliance in virtual time with seeded faults
cargo xtask bench [NAME]        measurements, JSON on standard output
cargo xtask hil cards [options]   telephony cards for real: DAHDI's kernel modules in a guest of its own
    --scenario NAME             only this one (repeatable); --list names them
    --keep                      leave console, results and files of passed ones, too
    --json                      one JSON object instead of lines
    --shell                     a shell in the guest of the one scenario named
cargo xtask sbom                the bill of materials of the box's programs (SPDX 3), on standard output
    --dpkg-status FILE          and of a Debian root
cargo xtask image-check         the Yocto layer: recipes parse and install, and say what image/system says
cargo xtask image-fill DIR      our programs, built for release, and the system's files, where the recipes put them
cargo xtask image-crates        write the list of crates that its recipe fetches
cargo xtask hil box [--scenario NAME] [--keep]   the virtual box on the bench: builds it, then runs scenarios
    --figures                   no scenario: time, memory and size beside a bare Debian with systemd, as JSON
cargo xtask image [options]     the virtual box: a disk to boot, of Debian's packages (as root)
    --dev                       the development variant: its journal on the second serial port; says so everywhere
    --version V                 instead of image/system/system.toml's
    --keys DIR                  sign with these keys instead of this machine's development keys
    --out DIR                   default: target/image
    --installer                 only a USB installer (installer.raw) of the image that lies there
    --twice                     build it again from a copy of the sources elsewhere; what differs is listed with its reason
    --anew                      unpack Debian's packages of the box again, whatever the cache has
cargo xtask fuzz TARGET [SECONDS]   libFuzzer on one parser, from the committed corpus
";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let rest = words.get(1..).unwrap_or(&[]).to_vec();
    let done = match words.first().map(String::as_str) {
        Some("up") => up::run(rest),
        Some("code") => up::print_code(rest),
        Some("console") => up::console(rest),
        Some("test") => test::run(&rest),
        Some("tidy") => tidy::run(),
        Some("requirements") => requirements::run(&rest),
        Some("roles") => roles::run(&rest),
        Some("sim") => sim::run(&rest),
        Some("bench") => bench::run(&rest),
        Some("fuzz") => fuzz::run(&rest),
        Some("hil") => hil::run(&rest),
        Some("image-check") => image_check::run(),
        Some("sbom") => sbom::run(&rest),
        Some("image-fill") => image_check::fill_folder(&rest),
        Some("image-crates") => image_check::write_crates(),
        Some("image") => image::run(&rest),
        Some("help" | "--help" | "-h") | None => {
            print!("{HELP}");
            Ok(true)
        }
        Some(other) => Err(anyhow::anyhow!("there is no command {other}; cargo xtask help lists them")),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::from(2)
        }
    }
}
