//! What a scenario finds, step by step, shown as it goes.

use std::time::Instant;

/// The steps of one scenario.
#[derive(Debug, Default)]
pub struct Steps {
    failed: Vec<String>,
    passed: usize,
}

impl Steps {
    /// Does a step; its detail, or its fault, is shown with the time it took. After a fault the scenario ends.
    ///
    /// # Errors
    /// The step's.
    pub fn step<T>(
        &mut self,
        what: &str,
        act: impl FnOnce() -> anyhow::Result<(T, String)>,
    ) -> anyhow::Result<T> {
        eprintln!("  ... {what}");
        let begun = Instant::now();
        match act() {
            Ok((done, detail)) => {
                println!("  ok   {what} ({:.1} s) {detail}", begun.elapsed().as_secs_f64());
                self.passed += 1;
                Ok(done)
            }
            Err(error) => {
                println!("  FAIL {what} ({:.1} s) {error:#}", begun.elapsed().as_secs_f64());
                self.failed.push(what.to_owned());
                Err(error.context(what.to_owned()))
            }
        }
    }

    /// Every step passed, and there was one.
    #[must_use]
    pub const fn passed(&self) -> bool {
        self.failed.is_empty() && self.passed > 0
    }
}
