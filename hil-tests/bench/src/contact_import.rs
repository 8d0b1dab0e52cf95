//! A contact list of a million rows through `vaultd`: how long, and how much memory at most.

use crate::machine;
use crate::options::Options;
use crate::rig::Rig;
use crate::spread::rounded;
use anyhow::bail;
use idl::admin::{Admin, Answer};
use idl::hello::Process;
use serde_json::{Value, json};
use std::io::{BufWriter, Seek, Write};
use std::time::Instant;

/// One import.
///
/// # Errors
/// If the box cannot be started or refuses the list.
pub fn run(options: &Options) -> anyhow::Result<Value> {
    let rig = Rig::start(options.media_threads)?;
    let (file, bytes) = list(options.rows)?;
    let vaultd = rig.pid("vaultd")?;
    machine::forget_peak(vaultd)?;
    let (idle, cpu) = (machine::memory(vaultd), machine::cpu_ms(vaultd));
    let people = rig.sut.people;
    let what = Admin::ImportContacts {
        file: "contacts.csv".into(),
        purpose: "就诊回访".into(),
        department: people.department,
        source: "门诊登记表".into(),
        mapping: vec![],
        drop: vec![],
    };
    let begun = Instant::now();
    let answer = rig.talk(Process::Vaultd)?.attach(people.data, what, file.into())?;
    let seconds = begun.elapsed().as_secs_f64();
    let Answer::Imported { batch: Some(_), rows, .. } = answer else { bail!("not imported: {answer:?}") };
    Ok(json!({
        "run": { "rows": options.rows, "file_bytes": bytes },
        "rows": rows, "seconds": rounded(seconds), "rows_per_s": (rows as f64 / seconds).round(),
        "vaultd_cpu_ms": machine::cpu_ms(vaultd) - cpu,
        "vaultd_memory_before": idle, "vaultd_memory_after": machine::memory(vaultd),
    }))
}

/// The list as a file without a name, and its length.
pub(crate) fn list(rows: u32) -> anyhow::Result<(std::fs::File, u64)> {
    let mut out = BufWriter::new(tempfile::tempfile()?);
    out.write_all("手机号,姓名,订单号,咨询问题,授权时间,授权方式,授权用途\r\n".as_bytes())?;
    for at in 0..u64::from(rows) {
        // A stride without common factor with the range: every number once, in no order.
        let subscriber = at * 7_654_321 % 1_000_000_000;
        write!(
            out,
            "13{subscriber:09},王小明,DD-{at:07},\"屏幕坏了,怎么办\",2026-01-31 09:30:00,语音,就诊回访\r\n"
        )?;
    }
    let mut file = out.into_inner()?;
    let bytes = file.stream_position()?;
    file.rewind()?;
    Ok((file, bytes))
}
