//! A blank box with its page for somebody who writes scenarios: it prints the variables they need, answers what
//! they ask, and ends with the terminal. `cargo run -p browser --example bench`, then `node roles.test.js`.

#![expect(clippy::print_stdout, reason = "it is a command")]

use browser::Bench;

fn main() -> anyhow::Result<()> {
    let mut bench = Bench::start()?;
    for (name, value) in bench.variables()? {
        println!("export {name}={value}");
    }
    println!("export RINGFENCE_NODE_MODULES={}", browser::modules()?.display());
    bench.serve_until(|| Ok(None::<()>))?;
    Ok(())
}
