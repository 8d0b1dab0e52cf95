//! Two cross-connected spans without a card: what one sends the other receives. For tests and the virtual box.
//!
//! A box with cards never creates any: `dahdi_dynamic` is not in its image.

use crate::Paths;
use crate::abi::DynamicSpan;
use crate::device::{ControlFile, text};
use card::CardError;
use nix::libc::c_int;

/// Channels of each.
const CHANNELS: c_int = 31;

/// Two spans that hear each other; they are taken away again with this value.
#[derive(Debug)]
pub struct DynamicPair {
    control: ControlFile,
    key: u8,
    spans: Vec<DynamicSpan>,
}

/// Creates two cross-connected spans of 31 channels (local TDM between two ends of the same key).
///
/// # Errors
/// [`CardError::System`]: without `dahdi_dynamic` and `dahdi_dynamic_loc`, or where the key is in use.
pub fn create_pair(paths: &Paths, key: u8) -> Result<DynamicPair, CardError> {
    let control = ControlFile::open(paths)?;
    let mut spans = [dynamic_span(key, 0), dynamic_span(key, 1)];
    control.create(&mut spans[0])?;
    if let Err(error) = control.create(&mut spans[1]) {
        let _ = control.destroy(&spans[0]);
        return Err(error);
    }
    Ok(DynamicPair { control, key, spans: spans.to_vec() })
}

fn dynamic_span(key: u8, end: u8) -> DynamicSpan {
    DynamicSpan {
        driver: text("loc"),
        address: text(&format!("{}:{end}", key % 10)),
        channels: CHANNELS,
        timing: 0,
        span: 0,
    }
}

impl DynamicPair {
    /// Takes the second span away, as if its cable were pulled: the first is in alarm within two seconds.
    ///
    /// # Errors
    /// [`CardError::System`].
    pub fn pull(&mut self) -> Result<(), CardError> {
        let Some(span) = self.spans.get(1).copied() else { return Ok(()) };
        self.control.destroy(&span)?;
        self.spans.truncate(1);
        Ok(())
    }

    /// Brings the second span back, with the next free number: the first is without alarm again.
    ///
    /// # Errors
    /// [`CardError::System`].
    pub fn plug(&mut self) -> Result<(), CardError> {
        if self.spans.len() == 1 {
            let mut span = dynamic_span(self.key, 1);
            self.control.create(&mut span)?;
            self.spans.push(span);
        }
        Ok(())
    }
}

impl Drop for DynamicPair {
    fn drop(&mut self) {
        for span in &self.spans {
            if let Err(error) = self.control.destroy(span) {
                log::warn!("a dynamic span stays: {error}");
            }
        }
    }
}
