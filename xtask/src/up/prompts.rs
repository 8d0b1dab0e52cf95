//! The demo's prompts, spoken by espeak-ng and brought to 8 kHz by sox. Made once, kept in the user's cache.

use anyhow::{Context, bail};
use idl::lines::PromptRole;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A prompt of the demo.
pub struct Line {
    /// What it is for.
    pub role: PromptRole,
    /// What it says.
    pub text: &'static str,
}

const fn line(role: PromptRole, text: &'static str) -> Line {
    Line { role, text }
}

/// The marketing announcement of the demo.
pub const ANNOUNCEMENT: &[Line] = &[
    line(PromptRole::Identify, "您好，这里是示范医院，来电介绍健康体检服务。"),
    line(PromptRole::RecordingNotice, "本次通话将被录音。"),
    line(PromptRole::OptOutHint, "如需退订请按9。"),
    line(PromptRole::Body, "本月体检预约已开放，请向前台咨询。谢谢。"),
    line(PromptRole::OptOutConfirmation, "已为您退订，我们不会再次致电。再见。"),
];

/// The return visit of the demo, with an agent.
pub const VISIT: &[Line] = &[
    line(PromptRole::Identify, "您好，这里是示范医院，来电回访您的就诊体验。"),
    line(PromptRole::RecordingNotice, "本次通话将被录音。"),
    line(PromptRole::OptOutHint, "如需退订请按9。"),
    line(PromptRole::Hold, "请稍候，正在为您接通。"),
    line(PromptRole::NoAgent, "抱歉，坐席忙。再见。"),
    line(PromptRole::OptOutConfirmation, "已为您退订，我们不会再次致电。再见。"),
];

/// The WAV file of a prompt: 8 kHz, mono, 16 bit.
pub fn speak(line: &Line, folder: &Path) -> anyhow::Result<Vec<u8>> {
    let name = format!("{:?}-{:016x}", line.role, idl_hash(line.text));
    let done = folder.join(format!("{name}.wav"));
    if !done.exists() {
        let raw: PathBuf = folder.join(format!("{name}.22k.wav"));
        run("espeak-ng", &["-v", "cmn", "-s", "230", "-w", &raw.display().to_string(), line.text])?;
        let new = folder.join(format!("{name}.new.wav"));
        let arguments = [
            &raw.display().to_string(),
            "-r",
            "8000",
            "-c",
            "1",
            "-b",
            "16",
            &new.display().to_string(),
            "norm",
            "-6",
        ];
        run("sox", &arguments)?;
        std::fs::rename(new, &done)?;
        let _ = std::fs::remove_file(raw);
    }
    std::fs::read(&done).with_context(|| done.display().to_string())
}

fn run(program: &str, arguments: &[&str]) -> anyhow::Result<()> {
    let output = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .with_context(|| program.to_owned())?;
    if !output.status.success() {
        bail!("{program} failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}

fn idl_hash(text: &str) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}
