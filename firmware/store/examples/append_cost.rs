//! Measures what an acknowledged batch costs on the disk under a folder: `append_cost DIR`.
//!
//! It is no benchmark of the machine: it says what the ledger's fdatasync costs here, by batch size.

use std::io::Write;
use std::time::Instant;
use store::{LedgerFiles, LedgerKey};
use vocab::{Secret, UnixMs};

const ROUNDS: usize = 300;
const ENTRY_BYTES: usize = 256;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let dir = std::env::args_os().nth(1).ok_or("usage: append_cost DIR")?;
    let mut out = std::io::stdout();
    for size in [1, 16, 128] {
        let dir = std::path::Path::new(&dir).join(format!("batch-{size}"));
        let key = LedgerKey { generation: 1, key: Secret::new([1; 32]) };
        let (mut ledger, _) = LedgerFiles::open(&dir, key, UnixMs(0))?;
        let batch = vec![(1, UnixMs(0), [7_u8; ENTRY_BYTES].as_slice()); size];
        let mut times = Vec::with_capacity(ROUNDS);
        for _ in 0..ROUNDS {
            let begun = Instant::now();
            ledger.append_batch(&batch)?;
            times.push(begun.elapsed().as_secs_f64() * 1e3);
        }
        times.sort_by(f64::total_cmp);
        let mean = times.iter().sum::<f64>() / ROUNDS as f64;
        let at = |part: f64| times[((ROUNDS - 1) as f64 * part) as usize];
        writeln!(
            out,
            "batch of {size:>3} × {ENTRY_BYTES} B: median {:.3} ms, 99 % {:.3} ms, worst {:.3} ms, {:.0} entries/s",
            at(0.5),
            at(0.99),
            at(1.0),
            size as f64 / mean * 1e3
        )?;
    }
    Ok(())
}
