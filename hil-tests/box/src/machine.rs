//! One virtual box: disk, firmware's variables and TPM in a folder of its own, which outlive a power cut; QEMU without
//! acceleration while it is switched on. Whatever happens, nothing of it runs on when this is dropped.

mod itself;

use crate::port_text::{plain, tail};
use crate::rig::{Image, Rig};
use crate::told::Told;
use crate::write_cache::WriteCache;
use crate::writes::Cut;
use anyhow::{Context, bail, ensure};
use std::fs::{self, File};
use std::io::Write;
use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub use itself::START;

/// A box; switched off.
#[derive(Debug)]
pub struct Machine {
    folder: PathBuf,
    firmware: PathBuf,
    rig: Rig,
    port: u16,
    forwards: Vec<String>,
    far_side: bool,
    volatile: bool,
    stick: Option<PathBuf>,
    restarts: bool,
    writes: Option<PathBuf>,
    packets: Option<PathBuf>,
    running: Option<Running>,
    starts: u32,
    stumbles: u8,
    typed: String,
}

#[derive(Debug)]
struct Running {
    qemu: Child,
    tpm: Child,
    since: Instant,
    serial: Option<UnixStream>,
    cache: Option<WriteCache>,
    orders: Option<UnixStream>,
}

impl Machine {
    /// A new box with this image on its disk, and a TPM that nobody has used.
    ///
    /// # Errors
    /// The folder or the disk cannot be made.
    pub fn new(rig: &Rig, image: &Image, folder: &Path) -> anyhow::Result<Self> {
        if folder.exists() {
            fs::remove_dir_all(folder).with_context(|| folder.display().to_string())?;
        }
        fs::create_dir_all(folder.join("tpm")).with_context(|| folder.display().to_string())?;
        let folder = folder.canonicalize()?;
        let disk = folder.join(DISK);
        let copied = Command::new("cp").arg("--sparse=always").arg(image.disk()).arg(&disk).status()?;
        ensure!(copied.success(), "the disk cannot be copied");
        File::options().write(true).open(&disk)?.set_len(rig.disk_gib << 30)?;
        fs::copy(image.variables(), folder.join("variables.fd"))?;
        Self::off(rig.clone(), image.firmware(), folder)
    }

    /// A box that lies switched off in a folder, as an earlier run left it.
    ///
    /// # Errors
    /// There is none.
    pub fn lying_in(rig: &Rig, image: &Image, folder: &Path) -> anyhow::Result<Self> {
        let folder = folder.canonicalize().with_context(|| folder.display().to_string())?;
        ensure!(folder.join(DISK).is_file(), "{} holds no box", folder.display());
        Self::off(rig.clone(), image.firmware(), folder)
    }

    fn off(rig: Rig, firmware: PathBuf, folder: PathBuf) -> anyhow::Result<Self> {
        fs::create_dir_all(folder.join(itself::SHARED))?;
        // A port that was free a moment ago; whoever takes it in between is told by QEMU.
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        Ok(Self {
            folder,
            firmware,
            rig,
            port,
            forwards: Vec::new(),
            far_side: false,
            volatile: false,
            stick: None,
            restarts: false,
            writes: None,
            packets: None,
            running: None,
            starts: 0,
            stumbles: 0,
            typed: String::new(),
        })
    }

    /// This box once more as it lies there, switched off: disk, firmware's variables and TPM. A step that many scenarios
    /// begin with is done once.
    ///
    /// # Errors
    /// The box is on, or its folder cannot be copied.
    pub fn copy(&self, folder: &Path) -> anyhow::Result<Self> {
        ensure!(self.running.is_none(), "the box is on");
        if folder.exists() {
            fs::remove_dir_all(folder).with_context(|| folder.display().to_string())?;
        }
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        let folder = folder.canonicalize()?;
        let copied = Command::new("cp")
            .args(["--recursive", "--sparse=always"])
            .args([DISK, "variables.fd", "tpm"].map(|name| self.folder.join(name)))
            .arg(&folder)
            .status()?;
        ensure!(copied.success(), "the box cannot be copied");
        let mut copy = Self::off(self.rig.clone(), self.firmware.clone(), folder)?;
        copy.forwards.clone_from(&self.forwards);
        (copy.far_side, copy.volatile, copy.restarts) = (self.far_side, self.volatile, self.restarts);
        Ok(copy)
    }

    /// From the next start on, what arrives at this port here comes to the box's port (`tcp` or `udp`). Connections that
    /// the box begins reach this machine's loopback at 10.0.2.2.
    pub fn forward(&mut self, protocol: &str, here: u16, there: u16) {
        self.forwards.push(format!("hostfwd={protocol}:127.0.0.1:{here}-:{there}"));
    }

    /// From the next start on, the far side of its virtual cards runs inside it: the simulated exchange of the bench's own
    /// image, whose journal is [`Machine::exchange`].
    pub const fn with_exchange(&mut self) {
        self.far_side = true;
    }

    /// From the next start on, what its disk has not flushed is lost when [`Machine::power_lost`].
    pub const fn with_write_cache(&mut self) {
        self.volatile = true;
    }

    /// Types on the serial console, as a terminal sends it: a line ends with `\r`.
    ///
    /// # Errors
    /// The box is off, or its port does not take it.
    pub fn type_on_console(&mut self, keys: &str) -> anyhow::Result<()> {
        let path = self.folder.join(CONSOLE_SOCKET);
        let running = self.running.as_mut().context("the box is off")?;
        self.typed.push_str(keys);
        send(&mut running.serial, &path, keys)
    }

    /// All that was typed on the console so far.
    #[must_use]
    pub fn typed(&self) -> &str {
        &self.typed
    }

    /// Lets every process of this name hang (the kernel's name, at most 15 octets), by the witness.
    ///
    /// # Errors
    /// The box is off, or its port does not take it.
    pub fn hang(&mut self, process: &str) -> anyhow::Result<()> {
        let path = self.folder.join(ORDERS_SOCKET);
        let running = self.running.as_mut().context("the box is off")?;
        send(&mut running.orders, &path, &format!("hang {process}\n"))
    }

    /// The page's port on this machine.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The box's disk, for who damages it.
    #[must_use]
    pub fn disk(&self) -> PathBuf {
        self.folder.join(DISK)
    }

    /// Puts a stick in, or takes it out, before the next start. The firmware takes it first.
    pub fn stick(&mut self, stick: Option<&Path>) {
        self.stick = stick.map(Path::to_owned);
    }

    /// Waits until the box switches itself off, or on again.
    ///
    /// # Errors
    /// It does not within the limit.
    pub fn wait_for_end(&mut self, limit: Duration) -> anyhow::Result<()> {
        let begun = Instant::now();
        while let Some(running) = self.running.as_mut() {
            if running.qemu.try_wait()?.is_some() {
                self.power_cut();
            } else if begun.elapsed() > limit {
                bail!("the box did not end within {} s\n{}", limit.as_secs(), self.last_words());
            }
            std::thread::sleep(LOOK_EVERY);
        }
        Ok(())
    }

    /// Takes the TPM out and puts a new one in.
    ///
    /// # Errors
    /// The box is on, or the folder cannot be changed.
    pub fn change_tpm(&mut self) -> anyhow::Result<()> {
        ensure!(self.running.is_none(), "the box is on");
        fs::remove_dir_all(self.folder.join("tpm"))?;
        Ok(fs::create_dir(self.folder.join("tpm"))?)
    }

    /// Switches it on.
    ///
    /// # Errors
    /// QEMU or the TPM cannot be started.
    pub fn power_on(&mut self) -> anyhow::Result<()> {
        ensure!(self.running.is_none(), "the box is on already");
        self.starts += 1;
        for name in [CONSOLE, JOURNAL, WITNESS, EXCHANGE] {
            let path = self.folder.join(name);
            if path.exists() {
                fs::rename(&path, self.folder.join(format!("{name}.{}", self.starts - 1)))?;
            }
        }
        let socket = self.folder.join("tpm.socket");
        let _ = fs::remove_file(&socket);
        for name in [CONSOLE_SOCKET, ORDERS_SOCKET] {
            let _ = fs::remove_file(self.folder.join(name));
        }
        let log = || File::options().create(true).append(true).open(self.folder.join("qemu.log"));
        let mut tpm = Command::new("swtpm")
            .args(["socket", "--tpm2", "--terminate", "--tpmstate"])
            .arg(format!("dir={}", self.folder.join("tpm").display()))
            .arg("--ctrl")
            .arg(format!("type=unixio,path={}", socket.display()))
            .stdin(Stdio::null())
            .stdout(log()?)
            .stderr(log()?)
            .spawn()
            .context("swtpm cannot be started")?;
        let begun = Instant::now();
        while !socket.exists() {
            if begun.elapsed() > TPM_LIMIT {
                end(&mut tpm);
                bail!("swtpm does not listen");
            }
            std::thread::sleep(LOOK_EVERY);
        }
        self.begin_writes()?;
        let cache = if self.volatile { Some(WriteCache::begin(&self.disk())?) } else { None };
        let mut command = Command::new("qemu-system-x86_64");
        command
            .args(MACHINE)
            .args(self.hardware(&socket, cache.as_ref()))
            .stdin(Stdio::null())
            .stdout(log()?)
            .stderr(log()?);
        match command.spawn() {
            Ok(qemu) => {
                let since = Instant::now();
                self.running = Some(Running { qemu, tpm, since, serial: None, cache, orders: None });
            }
            Err(error) => {
                end(&mut tpm);
                return Err(error).context("QEMU cannot be started");
            }
        }
        Ok(())
    }

    fn hardware(&self, tpm: &Path, cache: Option<&WriteCache>) -> Vec<String> {
        let at = |name: &str| self.folder.join(name).display().to_string();
        let flash = "if=pflash,format=raw";
        let lines = [
            format!(
                "-smp {} -m {} -uuid {}",
                self.rig.processors, self.rig.memory_mib, self.rig.serial_number
            ),
            format!("-drive {flash},unit=0,readonly=on,file={}", self.firmware.display()),
            format!("-drive {flash},unit=1,file={}", at("variables.fd")),
            format!("-chardev socket,id=tpm,path={} -tpmdev emulator,id=tpm0,chardev=tpm", tpm.display()),
            "-device tpm-tis,tpmdev=tpm0".to_owned(),
            // What it shows is kept whether somebody is connected or not.
            format!(
                "-chardev socket,id=console,path={},server=on,wait=off,logfile={} -serial chardev:console",
                at(CONSOLE_SOCKET),
                at(CONSOLE)
            ),
            format!("-serial file:{}", at(JOURNAL)),
            format!("-device virtio-serial-pci -chardev file,id=witness,path={}", at(WITNESS)),
            "-device virtserialport,chardev=witness,name=ringfence.witness".to_owned(),
            format!("-chardev socket,id=orders,path={},server=on,wait=off", at(ORDERS_SOCKET)),
            "-device virtserialport,chardev=orders,name=ringfence.orders".to_owned(),
            // The watchdog of the hardware: a kernel or a manager that hangs is started again.
            "-device i6300esb".to_owned(),
            format!("-netdev user,id=lan,{}", self.forwarded()),
            "-device virtio-net-pci,netdev=lan".to_owned(),
            self.packets_noted(),
        ];
        let exchange = [
            format!("-chardev file,id=exchange,path={}", at(EXCHANGE)),
            "-device virtserialport,chardev=exchange,name=ringfence.exchange".to_owned(),
        ];
        let disk = cache.map_or_else(|| self.plain_disk().to_vec(), |cache| cache.words().to_vec());
        let exchange = exchange.iter().filter(|_| self.far_side);
        let stick = self.stick.iter().map(|stick| {
            let drive = format!("-drive if=none,id=stick,format=raw,readonly=on,file={}", stick.display());
            format!("-device qemu-xhci -device usb-storage,drive=stick,bootindex=0 {drive}")
        });
        let stick: Vec<String> = stick.collect();
        disk.iter()
            .chain(&self.around())
            .chain(&lines)
            .chain(exchange)
            .chain(&stick)
            .flat_map(|line| line.split_whitespace())
            .map(str::to_owned)
            .collect()
    }

    fn forwarded(&self) -> String {
        let page = format!("hostfwd=tcp:127.0.0.1:{}-:443", self.port);
        std::iter::once(page).chain(self.forwards.iter().cloned()).collect::<Vec<_>>().join(",")
    }

    /// Cuts its power; what QEMU wrote is on the disk.
    pub fn power_cut(&mut self) {
        if let Some(cache) = self.cut() {
            // A copy that stays is replaced at the next start.
            let _ = cache.end();
        }
    }

    /// Cuts its power, and its disk forgets what it had not flushed; the seed decides which part of that.
    ///
    /// # Errors
    /// It has no write cache ([`Machine::with_write_cache`]), or the disk cannot be written.
    pub fn power_lost(&mut self, seed: u64) -> anyhow::Result<Cut> {
        self.cut().context("the box runs without a write cache")?.settle(seed)
    }

    fn cut(&mut self) -> Option<WriteCache> {
        let mut running = self.running.take()?;
        end(&mut running.qemu);
        end(&mut running.tpm);
        running.cache
    }

    /// Looks again and again until there is what is waited for, the box ends by itself, or the limit passes. Progress
    /// is shown.
    ///
    /// # Errors
    /// The box ended, or the limit passed; the end of its console is told.
    pub fn wait<T>(
        &mut self,
        what: &str,
        limit: Duration,
        mut look: impl FnMut(&Self) -> Option<T>,
    ) -> anyhow::Result<T> {
        let (begun, mut shown) = (Instant::now(), Instant::now());
        loop {
            if let Some(seen) = look(self) {
                return Ok(seen);
            }
            let running = self.running.as_mut().context("the box is off")?;
            let ended = running.qemu.try_wait()?;
            // A bare system does not end by itself.
            if (ended.is_some() || !self.restarts) && self.starts_after_a_stumble()? {
                continue;
            }
            if let Some(status) = ended {
                bail!("the box ended ({status}) before {what}\n{}", self.last_words());
            }
            if begun.elapsed() > limit {
                bail!("{what} did not come within {} s\n{}", limit.as_secs(), self.last_words());
            }
            if shown.elapsed() > SHOW_EVERY {
                shown = Instant::now();
                eprintln!("      {} s: {}", begun.elapsed().as_secs(), self.last_line());
            }
            std::thread::sleep(LOOK_EVERY);
        }
    }

    /// Seconds since it was switched on.
    #[must_use]
    pub fn on_for(&self) -> f64 {
        self.running.as_ref().map_or(0.0, |running| running.since.elapsed().as_secs_f64())
    }

    /// What the witness told last.
    #[must_use]
    pub fn told(&self) -> Option<Told> {
        let text = tail(&self.folder.join(WITNESS));
        let whole = text.rfind('\n')?;
        serde_json::from_str(text.get(..whole)?.lines().last()?).ok()
    }

    /// What the serial console showed since it was switched on.
    #[must_use]
    pub fn console(&self) -> String {
        tail(&self.folder.join(CONSOLE))
    }

    /// What the journal of the development variant said since it was switched on, without its colours.
    #[must_use]
    pub fn journal(&self) -> String {
        tail(&self.folder.join(JOURNAL)).lines().map(|line| plain(line) + "\n").collect()
    }

    /// What the simulated exchange inside it told since it was switched on: its journal, one JSON object a line.
    #[must_use]
    pub fn exchange(&self) -> String {
        tail(&self.folder.join(EXCHANGE))
    }

    fn last_line(&self) -> String {
        let (journal, console) = (self.journal(), self.console());
        let lines = journal.lines().rev().chain(console.lines().rev());
        let line = lines.map(plain).find(|line| !line.is_empty()).unwrap_or_default();
        line.chars().take(LINE_CHARS).collect()
    }

    fn last_words(&self) -> String {
        let mut told = format!("all of it lies in {}\n", self.folder.display());
        for (name, text) in [(CONSOLE, self.console()), (JOURNAL, self.journal())] {
            let lines: Vec<String> = text.lines().map(plain).filter(|line| !line.is_empty()).collect();
            for line in lines.get(lines.len().saturating_sub(LAST_LINES)..).unwrap_or_default() {
                told.push_str(&format!("    {name} | {line}\n"));
            }
        }
        told
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.power_cut();
    }
}

/// Writes to a port of the box, whose socket is opened the first time.
fn send(port: &mut Option<UnixStream>, path: &Path, text: &str) -> anyhow::Result<()> {
    if port.is_none() {
        let opened = UnixStream::connect(path).with_context(|| path.display().to_string())?;
        // What comes back is in the port's file; read here only so that the box never waits for a slow reader.
        let mut back = opened.try_clone()?;
        std::thread::spawn(move || std::io::copy(&mut back, &mut std::io::sink()));
        *port = Some(opened);
    }
    Ok(port.as_mut().context("the port")?.write_all(text.as_bytes())?)
}

fn end(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

/// SMM guards the firmware's variables. Wide vector instructions are emulated element by element: without them the
/// kernel hashes by its older code, which is faster here.
const MACHINE: &[&str] = &[
    "-M",
    "q35,smm=on",
    "-accel",
    "tcg,thread=multi",
    "-cpu",
    "max,avx=off,avx2=off",
    "-global",
    "driver=cfi.pflash01,property=secure,value=on",
    "-nodefaults",
    "-no-user-config",
    "-display",
    "none",
];
const DISK: &str = "disk.raw";
const CONSOLE: &str = "console";
const CONSOLE_SOCKET: &str = "console.socket";
const JOURNAL: &str = "journal";
const WITNESS: &str = "witness";
const EXCHANGE: &str = "exchange";
const ORDERS_SOCKET: &str = "orders.socket";
const TPM_LIMIT: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(100);
const SHOW_EVERY: Duration = Duration::from_secs(15);
const LINE_CHARS: usize = 110;
const LAST_LINES: usize = 15;
