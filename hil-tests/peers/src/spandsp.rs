//! spandsp's detectors, run as processes: the small programs in `c/` are compiled when they are needed.
//!
//! Nothing of spandsp is linked into a Rust program.

use anyhow::{Context, bail, ensure};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// The programs, compiled.
#[derive(Debug)]
pub struct Spandsp {
    folder: TempDir,
}

impl Spandsp {
    /// Compiles them with gcc.
    ///
    /// # Errors
    /// The compiler's words, where gcc or spandsp's headers are missing.
    pub fn build() -> anyhow::Result<Self> {
        let folder = tempfile::tempdir().context("no folder for the programs")?;
        for name in ["spandsp_dtmf", "spandsp_tones", "spandsp_caller_id"] {
            let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("c").join(format!("{name}.c"));
            let output = Command::new("gcc")
                .args(["-O2", "-Wall", "-Wextra", "-Werror", "-o"])
                .arg(folder.path().join(name))
                .arg(&source)
                .args(["-lspandsp", "-lm"])
                .output()
                .context("gcc does not run")?;
            if !output.status.success() {
                bail!("{}: {}", source.display(), String::from_utf8_lossy(&output.stderr));
            }
        }
        Ok(Self { folder })
    }

    /// The digits of each signal.
    ///
    /// # Errors
    /// When the program fails.
    pub fn dtmf(&self, signals: &[Vec<i16>]) -> anyhow::Result<Vec<String>> {
        self.run("spandsp_dtmf", &[], signals)
    }

    /// The numbers of the tones told in each signal; a tone is a list of (first and second frequency, least and most
    /// milliseconds), 0 for no frequency and for no limit.
    ///
    /// # Errors
    /// When the program fails.
    pub fn tones(
        &self,
        plan: &[Vec<(i32, i32, u32, u32)>],
        signals: &[Vec<i16>],
    ) -> anyhow::Result<Vec<Vec<usize>>> {
        let element = |(f1, f2, min, max): &(i32, i32, u32, u32)| format!("{f1},{f2},{min},{max}");
        let tone = |steps: &Vec<_>| steps.iter().map(element).collect::<Vec<_>>().join(";");
        let arguments: Vec<String> = plan.iter().map(tone).collect();
        let lines = self.run("spandsp_tones", &arguments, signals)?;
        let numbers = |line: &String| line.split_whitespace().map(str::parse).collect::<Result<_, _>>();
        lines.iter().map(numbers).collect::<Result<_, _>>().context("the program printed something else")
    }

    /// The messages of each signal in hexadecimal, by Bell 202 or V.23.
    ///
    /// # Errors
    /// When the program fails.
    pub fn caller_id(&self, v23: bool, signals: &[Vec<i16>]) -> anyhow::Result<Vec<Vec<String>>> {
        let standard = if v23 { "clip" } else { "class" };
        let lines = self.run("spandsp_caller_id", &[standard.to_owned()], signals)?;
        Ok(lines.iter().map(|line| line.split_whitespace().map(str::to_owned).collect()).collect())
    }

    fn program(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run(&self, name: &str, arguments: &[String], signals: &[Vec<i16>]) -> anyhow::Result<Vec<String>> {
        let mut child = Command::new(self.program(name))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("{name} does not run"))?;
        let mut pipe = child.stdin.take().context("no pipe")?;
        let output = std::thread::scope(|scope| {
            // What it prints is taken while it is fed: neither side waits for the other.
            let fed = scope.spawn(move || feed(&mut pipe, signals));
            let output = child.wait_with_output().context("it does not end");
            fed.join().map_err(|_| anyhow::anyhow!("feeding failed"))?.context("it does not read")?;
            output
        })?;
        ensure!(output.status.success(), "{name} failed");
        let text = String::from_utf8(output.stdout).context("it printed no text")?;
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        ensure!(lines.len() == signals.len(), "{} lines for {} signals", lines.len(), signals.len());
        Ok(lines)
    }
}

fn feed(pipe: &mut impl Write, signals: &[Vec<i16>]) -> std::io::Result<()> {
    for signal in signals {
        let count = u32::try_from(signal.len()).unwrap_or(0);
        let mut octets = count.to_le_bytes().to_vec();
        octets.extend(signal.iter().take(count as usize).flat_map(|sample| sample.to_le_bytes()));
        pipe.write_all(&octets)?;
    }
    Ok(())
}
