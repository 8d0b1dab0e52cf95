//! DAHDI's device files behind safe calls: the control file, and one file for each open channel. All `unsafe` of the
//! crate stands here: requests whose argument is a structure of [`crate::abi`] that outlives the call.
//!
//! It decides nothing: what is set to what is the business of [`crate::control`] and [`crate::audio`].

use crate::Paths;
use crate::abi::{
    self, AttachEcho, BufferInfo, ChannelConfig, LineConfig, Params, SpanInfo, ToneZone, Version,
};
use card::CardError;
use nix::errno::Errno;
use nix::libc::c_int;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::os::unix::fs::OpenOptionsExt;

/// The control file: what concerns spans, and channels that nobody has open.
#[derive(Debug)]
pub(crate) struct ControlFile(File);

impl ControlFile {
    pub(crate) fn open(paths: &Paths) -> Result<Self, CardError> {
        Ok(Self(open(&paths.dev.join("ctl"), "open the control file")?))
    }

    pub(crate) fn span(&self, span: u32) -> Result<SpanInfo, CardError> {
        let mut info = SpanInfo { span: number(span), ..zero_span() };
        // SAFETY: the pointer is to a whole `SpanInfo` of ours; the driver fills it within the call.
        match unsafe { abi::span_stat(self.fd(), &raw mut info) } {
            // No span has this number any more.
            Err(Errno::EINVAL) => Err(CardError::Gone),
            other => check("read the span's status", other).map(|()| info),
        }
    }

    pub(crate) fn params(&self, channel: u32) -> Result<Params, CardError> {
        let mut params = zero_params(number(channel));
        // SAFETY: the pointer is to a whole `Params` of ours; the driver fills it within the call.
        check("read a channel's parameters", unsafe { abi::get_params(self.fd(), &raw mut params) })?;
        Ok(params)
    }

    pub(crate) fn configure_span(&self, config: &LineConfig) -> Result<(), CardError> {
        // SAFETY: the driver copies the structure within the call.
        check("configure the span", unsafe { abi::span_config(self.fd(), config) })
    }

    pub(crate) fn configure_channel(&self, config: &ChannelConfig) -> Result<(), CardError> {
        let mut copy = *config;
        // SAFETY: the driver copies the structure within the call, and writes it back, of the same size: into a copy
        // that is ours to write.
        check("configure a channel", unsafe { abi::channel_config(self.fd(), &raw mut copy) })
    }

    pub(crate) fn startup(&self, span: u32) -> Result<(), CardError> {
        // SAFETY: the driver reads one integer within the call.
        check("start the span", unsafe { abi::startup(self.fd(), &number(span)) })
    }

    pub(crate) fn shutdown(&self, span: u32) -> Result<(), CardError> {
        // SAFETY: the driver reads one integer within the call.
        check("stop the span", unsafe { abi::shutdown(self.fd(), &number(span)) })
    }

    /// Chooses the echo canceller of a channel; `false` where there is none of this name.
    pub(crate) fn attach_echo(&self, channel: u32, name: &str) -> Result<bool, CardError> {
        let attach = AttachEcho { channel: number(channel), name: text(name) };
        // SAFETY: the driver copies the structure within the call.
        match unsafe { abi::attach_echo(self.fd(), &attach) } {
            Err(Errno::EINVAL) => Ok(false),
            other => check("attach an echo canceller", other).map(|()| true),
        }
    }

    pub(crate) fn version(&self) -> Result<Version, CardError> {
        let mut version = Version { version: [0; 80], echo_cancellers: [0; 80] };
        // SAFETY: the pointer is to a whole `Version` of ours; the driver fills it within the call.
        check("read the driver's version", unsafe { abi::get_version(self.fd(), &raw mut version) })?;
        Ok(version)
    }

    /// A maintenance command; [`CardError::NotSupported`] where the card has no such thing.
    pub(crate) fn maintain(&self, span: u32, command: c_int) -> Result<(), CardError> {
        let maint = abi::Maint { span: number(span), command };
        // SAFETY: the driver copies the structure within the call.
        match unsafe { abi::maint(self.fd(), &maint) } {
            Err(Errno::ENOSYS | Errno::ENOTTY | Errno::EOPNOTSUPP) => {
                Err(CardError::NotSupported("maintenance"))
            }
            other => check("maintenance", other),
        }
    }

    pub(crate) fn load_zone(&self, zone: &ToneZone) -> Result<(), CardError> {
        // SAFETY: the driver copies the structure within the call; `tones` is 0, so it reads nothing behind it.
        check("load the tone zone", unsafe { abi::load_zone(self.fd(), zone) })
    }

    pub(crate) fn create(&self, span: &mut abi::DynamicSpan) -> Result<(), CardError> {
        // SAFETY: the pointer is to a whole `DynamicSpan` of ours; the driver reads and fills it within the call.
        check("create a dynamic span", unsafe { abi::dynamic_create(self.fd(), span) })
    }

    pub(crate) fn destroy(&self, span: &abi::DynamicSpan) -> Result<(), CardError> {
        // SAFETY: the driver copies the structure within the call.
        check("destroy a dynamic span", unsafe { abi::dynamic_destroy(self.fd(), span) })
    }

    fn fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

/// How a read or write of a channel ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Transfer {
    /// So many octets.
    Done(usize),
    /// Nothing there, or no room.
    Wait,
    /// An event must be fetched first.
    EventFirst,
    /// The channel is gone, or the system failed.
    Failed(i32),
}

/// An open channel. Usable from two threads: every call is one system call.
#[derive(Debug)]
pub(crate) struct ChannelFile(File);

impl ChannelFile {
    /// Opens a channel by its number; only one can have it open.
    pub(crate) fn open(paths: &Paths, channel: u32) -> Result<Self, CardError> {
        let file = open(&paths.dev.join("channel"), "open the channel file")?;
        // SAFETY: the driver reads one integer within the call.
        check("take the channel", unsafe { abi::specify(file.as_raw_fd(), &number(channel)) })?;
        Ok(Self(file))
    }

    /// A channel that is another file, for tests: what needs the driver fails.
    #[cfg(test)]
    pub(crate) const fn of(file: File) -> Self {
        Self(file)
    }

    pub(crate) fn buffers(&self, size: usize, count: c_int) -> Result<(), CardError> {
        let info = BufferInfo {
            tx_policy: abi::POLICY_IMMEDIATE,
            rx_policy: abi::POLICY_IMMEDIATE,
            count,
            size: c_int::try_from(size).unwrap_or(c_int::MAX),
            full_for_read: 0,
            full_for_write: 0,
        };
        // SAFETY: the driver copies the structure within the call.
        check("set the channel's buffers", unsafe { abi::set_buffers(self.fd(), &info) })
    }

    pub(crate) fn audio_mode(&self) -> Result<(), CardError> {
        // SAFETY: the driver reads one integer within the call.
        check("set audio mode", unsafe { abi::audio_mode(self.fd(), &1) })
    }

    pub(crate) fn a_law(&self) -> Result<(), CardError> {
        // SAFETY: the driver reads one integer within the call.
        check("set A-law", unsafe { abi::set_law(self.fd(), &abi::LAW_ALAW) })
    }

    pub(crate) fn flush_audio(&self) -> Result<(), CardError> {
        // SAFETY: the driver reads one integer within the call.
        check("empty the buffers", unsafe { abi::flush(self.fd(), &abi::FLUSH_BOTH) })
    }

    pub(crate) fn echo_cancel(&self, taps: c_int) -> Result<(), CardError> {
        // SAFETY: the driver reads one integer within the call.
        check("set the echo canceller", unsafe { abi::echo_cancel(self.fd(), &taps) })
    }

    pub(crate) fn buffer_events(&self, on: bool) -> Result<(), CardError> {
        // SAFETY: the driver reads one integer within the call.
        check("ask for buffer events", unsafe { abi::buffer_events(self.fd(), &c_int::from(on)) })
    }

    /// Sets the tone zone; `false` where it is not loaded.
    pub(crate) fn tone_zone(&self, zone: c_int) -> Result<bool, CardError> {
        // SAFETY: the driver reads one integer within the call.
        match unsafe { abi::set_tone_zone(self.fd(), &zone) } {
            Err(Errno::ENODATA) => Ok(false),
            other => check("set the tone zone", other).map(|()| true),
        }
    }

    /// A hook signal. What takes time goes on in the driver: the file does not block.
    pub(crate) fn hook(&self, signal: c_int) -> Result<(), CardError> {
        // SAFETY: the driver reads one integer within the call.
        match unsafe { abi::hook(self.fd(), &signal) } {
            Err(Errno::EINPROGRESS) => Ok(()),
            other => check("signal on the line", other),
        }
    }

    pub(crate) fn polarity(&self, reversed: bool) -> Result<(), CardError> {
        // SAFETY: the driver reads one integer within the call.
        match unsafe { abi::set_polarity(self.fd(), &c_int::from(reversed)) } {
            Err(Errno::ENOTTY | Errno::ENOSYS | Errno::EINVAL) => Err(CardError::NotSupported("polarity")),
            other => check("set the polarity", other),
        }
    }

    /// Whether the far side is off-hook.
    pub(crate) fn far_off_hook(&self) -> Result<bool, CardError> {
        let mut params = zero_params(0);
        // SAFETY: the pointer is to a whole `Params` of ours; the driver fills it within the call.
        check("read the hook", unsafe { abi::get_params(self.fd(), &raw mut params) })?;
        Ok(params.rx_off_hook != 0)
    }

    /// The next event of the channel; `None` when none waits.
    pub(crate) fn event(&self) -> Result<Option<c_int>, CardError> {
        let mut event = abi::EVENT_NONE;
        // SAFETY: the pointer is to one integer of ours; the driver fills it within the call.
        check("fetch an event", unsafe { abi::get_event(self.fd(), &raw mut event) })?;
        Ok((event != abi::EVENT_NONE).then_some(event))
    }

    pub(crate) fn read(&self, into: &mut [u8]) -> Transfer {
        transfer((&self.0).read(into))
    }

    pub(crate) fn write(&self, from: &[u8]) -> Transfer {
        transfer((&self.0).write(from))
    }

    fn fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

impl AsFd for ChannelFile {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

fn transfer(result: io::Result<usize>) -> Transfer {
    match result {
        Ok(octets) => Transfer::Done(octets),
        Err(error) => match error.raw_os_error() {
            Some(abi::ELAST) => Transfer::EventFirst,
            Some(code) if code == Errno::EAGAIN as i32 || code == Errno::EINTR as i32 => Transfer::Wait,
            other => Transfer::Failed(other.unwrap_or(Errno::EIO as i32)),
        },
    }
}

/// The error of a failed transfer: a channel that was taken away is [`CardError::Gone`].
pub(crate) fn failed(step: &'static str, code: i32) -> CardError {
    if code == Errno::ENODEV as i32 || code == Errno::ENXIO as i32 {
        return CardError::Gone;
    }
    CardError::System { step, source: io::Error::from_raw_os_error(code) }
}

fn check(step: &'static str, result: Result<c_int, Errno>) -> Result<(), CardError> {
    match result {
        Ok(_) => Ok(()),
        Err(Errno::ENODEV) => Err(CardError::Gone),
        Err(errno) => Err(CardError::System { step, source: errno.into() }),
    }
}

fn open(path: &std::path::Path, step: &'static str) -> Result<File, CardError> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags(nix::libc::O_NONBLOCK | nix::libc::O_CLOEXEC)
        .open(path)
        .map_err(|source| CardError::System { step, source })
}

/// A number of DAHDI's, which counts in C integers and never reaches their end (1,024 channels, 128 spans).
pub(crate) fn number(value: u32) -> c_int {
    c_int::try_from(value).unwrap_or(c_int::MAX)
}

/// A name in a field of fixed length, ended by a zero.
pub(crate) fn text<const LENGTH: usize>(name: &str) -> [u8; LENGTH] {
    let mut field = [0; LENGTH];
    for (place, octet) in field.iter_mut().zip(name.bytes().take(LENGTH - 1)) {
        *place = octet;
    }
    field
}

/// The text in a field of fixed length.
pub(crate) fn string(field: &[u8]) -> String {
    let end = field.iter().position(|octet| *octet == 0).unwrap_or(field.len());
    String::from_utf8_lossy(&field[..end]).into_owned()
}

fn zero_params(channel: c_int) -> Params {
    Params {
        channel,
        span: 0,
        position: 0,
        signalling: 0,
        capabilities: 0,
        rx_off_hook: 0,
        rx_bits: 0,
        tx_bits: 0,
        tx_hook: 0,
        rx_hook: 0,
        law: 0,
        idle_bits: 0,
        name: [0; 40],
        pre_wink: 0,
        pre_flash: 0,
        wink: 0,
        flash: 0,
        start: 0,
        rx_wink: 0,
        rx_flash: 0,
        debounce: 0,
        pulse_break: 0,
        pulse_make: 0,
        pulse_after: 0,
        alarms: 0,
    }
}

fn zero_span() -> SpanInfo {
    SpanInfo {
        span: 0,
        name: [0; 20],
        description: [0; 40],
        alarms: 0,
        tx_level: 0,
        rx_level: 0,
        bipolar: 0,
        crc4: 0,
        e_bit: 0,
        fas: 0,
        framing_errors: 0,
        coding_violations: 0,
        bit_errors: 0,
        prbs: 0,
        errored_seconds: 0,
        irq_misses: 0,
        sync_source: 0,
        channels_configured: 0,
        channels: 0,
        spans: 0,
        build_out: 0,
        line_config: 0,
        build_out_name: [0; 40],
        location: [0; 40],
        manufacturer: [0; 40],
        device_type: [0; 40],
        irq: 0,
        line_compat: 0,
        span_type: [0; 6],
    }
}
