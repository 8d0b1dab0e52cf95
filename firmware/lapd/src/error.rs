//! What is wrong with a frame, and what the link tells management of (MDL-ERROR indication, appendix II).
//!
//! Deliberately not here: what is done about it; that is the state table's.

use thiserror::Error;

/// Why octets are no frame of this link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum FrameError {
    /// Too few octets (2.9 b).
    #[error("the frame is too short")]
    TooShort,
    /// An address field of one octet, or of more than two (2.9 e, 3.2).
    #[error("the address field has not two octets")]
    Address,
    /// Well formed, but of another SAPI or TEI (2.9 f, 3.3).
    #[error("the frame is of another link: SAPI {sapi}, TEI {tei}")]
    OtherLink {
        /// Its service access point identifier.
        sapi: u8,
        /// Its terminal endpoint identifier.
        tei: u8,
    },
    /// A control field that table 5 does not have (5.8.5 a).
    #[error("the control field is undefined")]
    Undefined,
    /// A command coded as a response or the reverse (table 5): the line is looped, or both ends are set to one side.
    #[error("the frame is of our own side of the interface")]
    OwnSide,
    /// An information field where there must be none (3.6, 5.8.5 b).
    #[error("an information field is not permitted in this frame")]
    FieldNotPermitted,
    /// A FRMR whose information field has not five octets (3.6.11, 5.8.5 b).
    #[error("the frame has the wrong size")]
    WrongSize,
    /// An information field longer than N201 (5.8.5 d).
    #[error("the information field is longer than N201")]
    TooLong,
}

/// What management is told (table II.1, the codes of the SDL diagrams).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
#[error("{}", self.english())]
pub enum MdlError {
    /// A: a supervisory response with F = 1 that nobody asked for.
    A,
    /// B: a DM response with F = 1 that nobody asked for.
    B,
    /// C: a UA response with F = 1 that nobody asked for.
    C,
    /// D: a UA response with F = 0.
    D,
    /// E: a DM response with F = 0 in use: the peer has no link.
    E,
    /// F: the peer re-established the link.
    F,
    /// G: SABME was sent N200 times without an answer.
    G,
    /// H: DISC was sent N200 times without an answer.
    H,
    /// I: the status enquiry was sent N200 times without an answer.
    I,
    /// J: N(R) acknowledges what was not sent.
    J,
    /// K: the peer rejected a frame.
    K,
    /// L: a control field that is not defined.
    L,
    /// M: an information field where none is permitted.
    M,
    /// N: a frame of wrong size.
    N,
    /// O: an information field longer than N201.
    O,
}

impl MdlError {
    /// All, in the order of their codes.
    pub const ALL: [Self; 15] = [
        Self::A,
        Self::B,
        Self::C,
        Self::D,
        Self::E,
        Self::F,
        Self::G,
        Self::H,
        Self::I,
        Self::J,
        Self::K,
        Self::L,
        Self::M,
        Self::N,
        Self::O,
    ];

    /// Its code, `A` to `O`.
    #[must_use]
    pub const fn code(self) -> char {
        (b'A' + self as u8) as char
    }

    /// What it says, for people: Chinese.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::A => "A:收到未请求的监视响应(F=1)",
            Self::B => "B:收到未请求的 DM(F=1)",
            Self::C => "C:收到未请求的 UA(F=1)",
            Self::D => "D:收到未请求的 UA(F=0)",
            Self::E => "E:链路建立期间收到 DM(F=0),对端没有链路",
            Self::F => "F:对端重新建立链路(SABME)",
            Self::G => "G:SABME 重发 N200 次无应答",
            Self::H => "H:DISC 重发 N200 次无应答",
            Self::I => "I:状态询问重发 N200 次无应答",
            Self::J => "J:N(R) 序号错误",
            Self::K => "K:收到 FRMR",
            Self::L => "L:收到未定义的帧",
            Self::M => "M:帧中有不允许的信息字段",
            Self::N => "N:帧长度错误",
            Self::O => "O:信息字段超过 N201",
        }
    }

    /// What it says, for people: English.
    #[must_use]
    pub const fn english(self) -> &'static str {
        match self {
            Self::A => "A: unsolicited supervisory response (F=1)",
            Self::B => "B: unsolicited DM (F=1)",
            Self::C => "C: unsolicited UA (F=1)",
            Self::D => "D: unsolicited UA (F=0)",
            Self::E => "E: DM (F=0) while established: the peer has no link",
            Self::F => "F: the peer re-established the link (SABME)",
            Self::G => "G: SABME not answered N200 times",
            Self::H => "H: DISC not answered N200 times",
            Self::I => "I: status enquiry not answered N200 times",
            Self::J => "J: N(R) sequence error",
            Self::K => "K: FRMR received",
            Self::L => "L: undefined frame received",
            Self::M => "M: information field not permitted",
            Self::N => "N: frame with wrong size",
            Self::O => "O: information field longer than N201",
        }
    }
}
