//! Opens what the board file names: both halves of each span, by its driver.

use crate::voice::OpenHandset;
use board::{AlsaLine, Board, BoardError, DahdiSpan, Driver, Handset, Span};
use card::{CardError, SpanAudio, SpanControl};
use std::path::Path;
use thiserror::Error;
use vocab::SpanId;

/// A span with both halves of its driver.
#[derive(Debug)]
pub struct OpenSpan {
    /// Its number.
    pub id: SpanId,
    /// For signalling.
    pub control: Box<dyn SpanControl>,
    /// For its media thread.
    pub audio: Box<dyn SpanAudio>,
}

/// Why the cards cannot be used. The operator's fault, or the card's.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The board file.
    #[error(transparent)]
    Board(#[from] BoardError),
    /// A span's driver.
    #[error("{span} ({place}): {source}")]
    Card {
        /// The span.
        span: SpanId,
        /// Where it is plugged.
        place: String,
        /// What the driver says.
        #[source]
        source: CardError,
    },
    /// A span that the kernel does not show.
    #[error("{span} ({place}): the kernel shows no such span: check the card and its module")]
    Missing {
        /// The span.
        span: SpanId,
        /// Where it is plugged.
        place: String,
    },
    /// The kernel's list of spans cannot be read.
    #[error("the list of DAHDI's spans cannot be read: {0}")]
    Discovery(#[from] dahdi::DiscoveryError),
}

/// Reads the board of this name below the folder of boards.
///
/// # Errors
/// [`OpenError::Board`].
pub fn board(folder: &Path, name: &str) -> Result<Board, OpenError> {
    // A file that cannot be read is a board that is not there; the error names the file.
    Ok(board::load(name, |file| std::fs::read_to_string(folder.join(file)).ok())?)
}

/// Opens every span of the board. One that fails is told and left out: the others work.
#[must_use]
pub fn open(board: &Board, virtual_cards: &Path) -> Vec<OpenSpan> {
    let paths = dahdi::Paths::default();
    let found = if board.spans.iter().any(|span| matches!(span.driver, Driver::Dahdi(_))) {
        let listed = dahdi::assign_all(&paths).and_then(|_| dahdi::spans(&paths));
        listed.unwrap_or_else(|error| {
            log::error!(target: "cards", error:% ; "no DAHDI span can be used");
            Vec::new()
        })
    } else {
        Vec::new()
    };
    let mut open = Vec::new();
    for span in &board.spans {
        match open_one(span, &paths, &found, virtual_cards) {
            Ok(opened) => open.push(opened),
            Err(error) => log::error!(target: "cards", error:% ; "a span cannot be used"),
        }
    }
    open
}

/// How the board's handset is opened, if it has one.
#[must_use]
pub fn handset(handset: Option<Handset>) -> Option<OpenHandset> {
    let Handset { capture, playback, .. } = handset?;
    Some(Box::new(move || Ok(Box::new(alsa_line::Handset::open(&capture, &playback)?))))
}

fn open_one(
    span: &Span,
    paths: &dahdi::Paths,
    found: &[dahdi::FoundSpan],
    virtual_cards: &Path,
) -> Result<OpenSpan, OpenError> {
    let failed = |source| OpenError::Card { span: span.id, place: span.place.clone(), source };
    match &span.driver {
        Driver::Virtual => {
            let (control, audio) =
                virtual_card::open(virtual_cards, span.id, span.kind(), &span.place).map_err(failed)?;
            Ok(OpenSpan { id: span.id, control: Box::new(control), audio: Box::new(audio) })
        }
        Driver::Dahdi(wanted) => {
            let is_it = |found: &&dahdi::FoundSpan| match wanted {
                DahdiSpan::Number(number) => found.number == u32::from(*number),
                DahdiSpan::Device { device, local } => found.device == *device && found.local == *local,
            };
            let known = found
                .iter()
                .find(is_it)
                .ok_or_else(|| OpenError::Missing { span: span.id, place: span.place.clone() })?;
            let (control, audio) = dahdi::open(paths, known).map_err(failed)?;
            Ok(OpenSpan { id: span.id, control: Box::new(control), audio: Box::new(audio) })
        }
        Driver::Alsa(lines) => {
            let lines: Vec<alsa_line::LineConfig> = lines.iter().map(alsa).collect();
            let (control, audio) = alsa_line::open(&span.place, &lines).map_err(failed)?;
            Ok(OpenSpan { id: span.id, control: Box::new(control), audio: Box::new(audio) })
        }
    }
}

/// The board's words for a line, as its driver takes them.
fn alsa(line: &AlsaLine) -> alsa_line::LineConfig {
    let AlsaLine { port, card, capture, playback, hook, ring, loop_current, polarity, caller_id } =
        line.clone();
    alsa_line::LineConfig { port, card, capture, playback, hook, ring, loop_current, polarity, caller_id }
}
