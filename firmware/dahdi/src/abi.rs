//! DAHDI's binary interface: structures, request numbers, bits and codes, written from the documented facts of its
//! `user.h` (the same in 2.11 and 3.4). A test has the distribution's own header print sizes, offsets and numbers.
//!
//! It opens nothing and calls nothing but the requests themselves: [`crate::device`] does.

use nix::libc::c_int;

/// Request type of all DAHDI requests.
const CODE: u8 = 0xDA;

/// `DAHDI_GET_PARAMS`: a channel's parameters.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct Params {
    pub channel: c_int,
    pub span: c_int,
    pub position: c_int,
    pub signalling: c_int,
    pub capabilities: c_int,
    pub rx_off_hook: c_int,
    pub rx_bits: c_int,
    pub tx_bits: c_int,
    pub tx_hook: c_int,
    pub rx_hook: c_int,
    pub law: c_int,
    pub idle_bits: c_int,
    pub name: [u8; 40],
    pub pre_wink: c_int,
    pub pre_flash: c_int,
    pub wink: c_int,
    pub flash: c_int,
    pub start: c_int,
    pub rx_wink: c_int,
    pub rx_flash: c_int,
    pub debounce: c_int,
    pub pulse_break: c_int,
    pub pulse_make: c_int,
    pub pulse_after: c_int,
    pub alarms: u32,
}

/// `DAHDI_SPANSTAT`: how a span stands.
#[repr(C, packed)]
#[derive(Clone, Copy)]
pub struct SpanInfo {
    pub span: c_int,
    pub name: [u8; 20],
    pub description: [u8; 40],
    pub alarms: c_int,
    pub tx_level: c_int,
    pub rx_level: c_int,
    pub bipolar: c_int,
    pub crc4: c_int,
    pub e_bit: c_int,
    pub fas: c_int,
    pub framing_errors: u32,
    pub coding_violations: u32,
    pub bit_errors: u32,
    pub prbs: u32,
    pub errored_seconds: u32,
    pub irq_misses: c_int,
    pub sync_source: c_int,
    pub channels_configured: c_int,
    pub channels: c_int,
    pub spans: c_int,
    pub build_out: c_int,
    pub line_config: c_int,
    pub build_out_name: [u8; 40],
    pub location: [u8; 40],
    pub manufacturer: [u8; 40],
    pub device_type: [u8; 40],
    pub irq: c_int,
    pub line_compat: c_int,
    pub span_type: [u8; 6],
}

/// `DAHDI_MAINT`: loops and inserted errors.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct Maint {
    pub span: c_int,
    pub command: c_int,
}

/// `DAHDI_SPANCONFIG`: line code, framing, CRC-4, order as a source of the clock.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct LineConfig {
    pub span: c_int,
    pub name: [u8; 20],
    pub build_out: c_int,
    pub config: c_int,
    pub sync: c_int,
}

/// `DAHDI_CHANCONFIG`: what a channel is used for.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct ChannelConfig {
    pub channel: c_int,
    pub name: [u8; 40],
    pub signalling: c_int,
    pub law: c_int,
    pub master: c_int,
    pub idle_bits: c_int,
    pub net_device: [u8; 16],
}

/// `DAHDI_SET_BUFINFO`: the kernel's buffers of an open channel.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct BufferInfo {
    pub tx_policy: c_int,
    pub rx_policy: c_int,
    pub count: c_int,
    pub size: c_int,
    pub full_for_read: c_int,
    pub full_for_write: c_int,
}

/// `DAHDI_ATTACH_ECHOCAN`: which echo canceller a channel uses when it is turned on.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct AttachEcho {
    pub channel: c_int,
    pub name: [u8; 16],
}

/// `DAHDI_GETVERSION`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Version {
    pub version: [u8; 80],
    pub echo_cancellers: [u8; 80],
}

/// `DAHDI_DYNAMIC_CREATE` and `DAHDI_DYNAMIC_DESTROY`.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct DynamicSpan {
    pub driver: [u8; 20],
    pub address: [u8; 40],
    pub channels: c_int,
    pub timing: c_int,
    pub span: c_int,
}

/// `DAHDI_LOADZONE`: a tone zone; ours has a ring cadence and no tones.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct ToneZone {
    pub tones: c_int,
    pub zone: c_int,
    pub ring_cadence: [c_int; MAX_CADENCE],
    pub name: [u8; 40],
}

/// Entries of a ring cadence.
pub const MAX_CADENCE: usize = 16;

/// One request: the function that makes it, or its number.
macro_rules! request {
    (write $name:ident $number:literal $type:ty) => {
        nix::ioctl_write_ptr!($name, CODE, $number, $type);
    };
    (read $name:ident $number:literal $type:ty) => {
        nix::ioctl_read!($name, CODE, $number, $type);
    };
    (both $name:ident $number:literal $type:ty) => {
        nix::ioctl_readwrite!($name, CODE, $number, $type);
    };
}

#[cfg(test)]
macro_rules! code {
    (write $number:literal $type:ty) => {
        nix::request_code_write!(CODE, $number, size_of::<$type>())
    };
    (read $number:literal $type:ty) => {
        nix::request_code_read!(CODE, $number, size_of::<$type>())
    };
    (both $number:literal $type:ty) => {
        nix::request_code_readwrite!(CODE, $number, size_of::<$type>())
    };
}

/// The requests: direction, name, number, what it carries.
macro_rules! requests {
    ($($direction:ident $name:ident = $number:literal of $type:ty;)*) => {
        $(request!($direction $name $number $type);)*

        /// Every request with the number the kernel knows it by.
        #[cfg(test)]
        pub fn request_numbers() -> Vec<(&'static str, nix::sys::ioctl::ioctl_num_type)> {
            vec![$((stringify!($name), code!($direction $number $type)),)*]
        }
    };
}

requests! {
    write flush = 3 of c_int;
    both get_params = 5 of Params;
    write hook = 7 of c_int;
    read get_event = 8 of c_int;
    both span_stat = 10 of SpanInfo;
    write maint = 11 of Maint;
    write span_config = 18 of LineConfig;
    write channel_config = 19 of ChannelConfig;
    write set_tone_zone = 22 of c_int;
    write load_zone = 25 of ToneZone;
    write set_buffers = 27 of BufferInfo;
    write audio_mode = 32 of c_int;
    write echo_cancel = 33 of c_int;
    write specify = 38 of c_int;
    write set_law = 39 of c_int;
    read get_version = 57 of Version;
    write attach_echo = 59 of AttachEcho;
    both dynamic_create = 80 of DynamicSpan;
    write dynamic_destroy = 81 of DynamicSpan;
    write set_polarity = 92 of c_int;
    write startup = 99 of c_int;
    write shutdown = 100 of c_int;
    write buffer_events = 105 of c_int;
}

/// The error number of `read` and `write` while an event waits.
pub const ELAST: i32 = 500;

/// Line configuration: framing for common channel signalling.
pub const LINE_CCS: c_int = 1 << 8;
/// Line configuration: HDB3; AMI without it.
pub const LINE_HDB3: c_int = 1 << 9;
/// Line configuration: CRC-4 multiframe.
pub const LINE_CRC4: c_int = 1 << 10;
/// Line configuration: AMI as a named choice of the card.
pub const LINE_AMI: c_int = 1 << 6;

/// Signalling: clear channel.
pub const SIG_CLEAR: c_int = 1 << 7;
/// Signalling: HDLC with the checksum made and checked by the driver.
pub const SIG_HDLC_FCS: c_int = (1 << 9) | (1 << 8) | SIG_CLEAR;
/// Signalling towards an exchange's line (an FXO port speaks FXS signalling), kewlstart.
pub const SIG_FXS_KS: c_int = (1 << 2) | (1 << 13);
/// Signalling towards a telephone (an FXS port speaks FXO signalling), kewlstart.
pub const SIG_FXO_KS: c_int = (1 << 5) | (1 << 12);

/// A-law.
pub const LAW_ALAW: c_int = 2;
/// Buffers are sent as soon as they are written.
pub const POLICY_IMMEDIATE: c_int = 0;
/// Empty both directions' buffers.
pub const FLUSH_BOTH: c_int = 3;

/// Hook: on-hook, or end of a call.
pub const HOOK_ON: c_int = 0;
/// Hook: off-hook.
pub const HOOK_OFF: c_int = 1;
/// Hook: flash.
pub const HOOK_FLASH: c_int = 3;
/// Hook: ring.
pub const HOOK_RING: c_int = 5;
/// Hook: stop ringing.
pub const HOOK_RING_OFF: c_int = 6;

/// Alarm: watched before the signal is believed.
pub const ALARM_RECOVER: c_int = 1 << 0;
/// Alarm: looped.
pub const ALARM_LOOPBACK: c_int = 1 << 1;
/// Alarm: the far side does not receive.
pub const ALARM_YELLOW: c_int = 1 << 2;
/// Alarm: loss of frame.
pub const ALARM_RED: c_int = 1 << 3;
/// Alarm: all ones.
pub const ALARM_BLUE: c_int = 1 << 4;
/// Alarm: not open.
pub const ALARM_NOT_OPEN: c_int = 1 << 5;
/// Alarm: loss of signal.
pub const ALARM_LOS: c_int = 1 << 8;
/// Alarm: loss of frame alignment.
pub const ALARM_LFA: c_int = 1 << 9;
/// Alarm: loss of multiframe alignment.
pub const ALARM_LMFA: c_int = 1 << 10;

/// Event: none.
pub const EVENT_NONE: c_int = 0;
/// Event: on-hook; on FXS signalling, the loop's current is gone.
pub const EVENT_ON_HOOK: c_int = 1;
/// Event: off-hook; on FXS signalling, a ring burst is over.
pub const EVENT_RING_OFF_HOOK: c_int = 2;
/// Event: wink or flash.
pub const EVENT_WINK_FLASH: c_int = 3;
/// Event: alarm.
pub const EVENT_ALARM: c_int = 4;
/// Event: alarm over.
pub const EVENT_NO_ALARM: c_int = 5;
/// Event: HDLC abort.
pub const EVENT_ABORT: c_int = 6;
/// Event: HDLC overrun.
pub const EVENT_OVERRUN: c_int = 7;
/// Event: HDLC checksum.
pub const EVENT_BAD_FCS: c_int = 8;
/// Event: polarity reversed.
pub const EVENT_POLARITY: c_int = 17;
/// Event: ring begins.
pub const EVENT_RING_BEGIN: c_int = 18;
/// Event: the channel was taken away.
pub const EVENT_REMOVED: c_int = 20;
/// Event: received audio was lost (only where asked for).
pub const EVENT_READ_OVERRUN: c_int = 29;
/// Event: there was nothing to send (only where asked for).
pub const EVENT_WRITE_UNDERRUN: c_int = 30;
/// Event: a digit by pulses, in the low octet.
pub const EVENT_PULSE_DIGIT: c_int = 1 << 16;
