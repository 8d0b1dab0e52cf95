//! `ringfence`: the box at a command line, for the development variant: how it stands, an update from a file, a restart.
//!
//! A thin client of `vaultd`, which takes it only where its options allow tools; on a product box it does not. It decides
//! nothing: what an update is worth is found out by those who install it.

use anyhow::{Context, bail};
use idl::admin::{Admin, Answer};
use idl::host::{HostFact, HostOrder, SlotView};
use idl::views::{BoxAsk, BoxOrder, BoxOrderStage, BoxView};
use lexopt::prelude::*;
use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;
use vaultd::client::Client;
use vocab::PersonId;

const HELP: &str = "\
ringfence: 设备命令行（仅开发版） / the box at a command line (development variant)

  ringfence status               设备状态 / how the box stands
  ringfence update FILE          安装升级包并重启 / install an update and start it
  ringfence restart              通话结束后重启 / restart when calls are over
  ringfence certificate          升级证书 / the certificate to which updates for this box are encrypted

  --run DIR      sockets (default /run/ringfence)
  --actor ID     the person who acts (default 1, the system administrator)
  --older        take an older version too; a second person must agree
";

enum What {
    Status,
    Update { file: PathBuf, older: bool },
    Restart,
    Certificate,
}

struct Options {
    run: PathBuf,
    actor: PersonId,
    what: What,
}

fn main() -> anyhow::Result<()> {
    let Some(options) = parse(lexopt::Parser::from_env())? else { return say(HELP.trim_end()) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(run(&options))
}

fn parse(mut arguments: lexopt::Parser) -> anyhow::Result<Option<Options>> {
    let (mut run, mut actor, mut older) = (PathBuf::from("/run/ringfence"), 1, false);
    let mut words: Vec<std::ffi::OsString> = Vec::new();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("run") => run = arguments.value()?.into(),
            Long("actor") => actor = arguments.value()?.parse()?,
            Long("older") => older = true,
            Long("help") | Short('h') => return Ok(None),
            Value(word) if words.len() < 2 => words.push(word),
            other => return Err(other.unexpected().into()),
        }
    }
    let mut words = words.into_iter();
    let verb = words.next().and_then(|word| word.into_string().ok());
    let what = match (verb.as_deref(), words.next()) {
        (Some("status"), None) => What::Status,
        (Some("restart"), None) => What::Restart,
        (Some("certificate"), None) => What::Certificate,
        (Some("update"), Some(file)) => What::Update { file: file.into(), older },
        _ => return Ok(None),
    };
    Ok(Some(Options { run, actor: PersonId(actor), what }))
}

async fn run(options: &Options) -> anyhow::Result<()> {
    let mut client = Client::connect(&options.run).await.context("vaultd takes no tool here")?;
    let order = match &options.what {
        What::Status => {
            let view = look(&mut client, options.actor).await?;
            return lines(&view).iter().try_for_each(|line| say(line));
        }
        What::Certificate => {
            let view = look(&mut client, options.actor).await?;
            let text = view.update_certificate.context("系统助手尚未就绪 / the box has not told it yet")?;
            return say(text.trim_end());
        }
        What::Restart => HostOrder::Restart,
        What::Update { file, older } => {
            let file = File::open(file).with_context(|| format!("{} cannot be read", file.display()))?;
            let ask = Admin::Box(BoxAsk::Upload);
            match client.ask(Some(options.actor), ask, Some(file.into()), |_, _| {}).await? {
                Answer::Bundle { bundle, .. } => HostOrder::Install { bundle, downgrade: *older },
                other => bail!("{}", refusal(other)),
            }
        }
    };
    let id = match client.order(Some(options.actor), Admin::Box(BoxAsk::Order(order))).await? {
        Answer::Created { ids } => ids.first().copied().context("the order has no number")?,
        other => bail!("{}", refusal(other)),
    };
    follow(&mut client, options.actor, id).await
}

/// Tells where the order stands until it is over.
async fn follow(client: &mut Client, actor: PersonId, id: u64) -> anyhow::Result<()> {
    let mut told = String::new();
    loop {
        let view = look(client, actor).await?;
        let row = view.orders.into_iter().find(|row| row.order == id).context("the order is gone")?;
        let line = stage(&row);
        if line != told {
            say(&line)?;
            told = line;
        }
        match row.stage {
            BoxOrderStage::Done | BoxOrderStage::WaitsForSecond { .. } => return Ok(()),
            BoxOrderStage::Failed(_) | BoxOrderStage::Withdrawn => bail!("未执行 / not done"),
            BoxOrderStage::Draining { .. } | BoxOrderStage::UnderWay { .. } => {}
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

async fn look(client: &mut Client, actor: PersonId) -> anyhow::Result<BoxView> {
    match client.order(Some(actor), Admin::Box(BoxAsk::Look)).await? {
        Answer::Box(view) => Ok(*view),
        other => bail!("{}", refusal(other)),
    }
}

fn refusal(answer: Answer) -> String {
    match answer {
        Answer::Refused { code, text_en, text_zh } => format!("{text_zh} / {text_en} ({code})"),
        _ => "vaultd answers something else".to_owned(),
    }
}

fn lines(view: &BoxView) -> Vec<String> {
    let mut lines = Vec::new();
    match &view.status {
        None => lines.push("系统助手未就绪 / hostd is not there".to_owned()),
        Some(status) => {
            for slot in &status.slots {
                let runs = if slot.slot == status.running { " ← 运行 / runs" } else { "" };
                lines.push(format!("{}  {}{runs}", slot.slot.name(), of_slot(slot)));
            }
            let sealed = if status.data_sealed { "已封存 / sealed" } else { "未封存 / NOT sealed" };
            let boot = if status.secure_boot { "开启 / on" } else { "关闭 / OFF" };
            lines.push(format!("安全启动 / Secure Boot: {boot}; 数据 / data: {sealed}"));
            lines.extend(status.addresses.iter().cloned());
        }
    }
    lines.push(format!("通话 / calls: {}", view.open_calls));
    lines.extend(view.orders.iter().take(SHOWN).map(stage));
    let bad = view.history.iter().find_map(|(_, fact)| match fact {
        HostFact::FoundBad { version, reasons, .. } => Some((version, reasons)),
        _ => None,
    });
    if let Some((version, reasons)) = bad {
        lines.push(format!("上次回退 / last fall back: {version}: {}", reasons.join("; ")));
    }
    lines
}

fn of_slot(slot: &SlotView) -> String {
    let version = slot.version.as_deref().unwrap_or("–");
    match slot.tries_left {
        _ if slot.version.is_none() => "空 / empty".to_owned(),
        _ if slot.good => format!("{version} 良好 / good"),
        left => format!("{version} 试运行，剩余 / on trial, starts left: {}", left.unwrap_or(0)),
    }
}

fn stage(row: &BoxOrder) -> String {
    let stage = match &row.stage {
        BoxOrderStage::WaitsForSecond { .. } => "等待第二人确认 / waits for a second person".to_owned(),
        BoxOrderStage::Draining { open_calls } => format!("等待通话结束 / waits for calls: {open_calls}"),
        BoxOrderStage::UnderWay { percent } => format!("{percent} %"),
        BoxOrderStage::Done => "完成 / done".to_owned(),
        BoxOrderStage::Failed(fault) => format!("失败 / failed: {fault:?}"),
        BoxOrderStage::Withdrawn => "已撤回 / taken back".to_owned(),
    };
    format!("#{} {}: {stage}", row.order, row.what.name())
}

fn say(line: &str) -> anyhow::Result<()> {
    writeln!(std::io::stdout(), "{line}")?;
    Ok(())
}

const LOOK_EVERY: Duration = Duration::from_secs(1);
const SHOWN: usize = 5;

#[cfg(test)]
mod tests {
    use super::{What, lines, parse};
    use idl::host::{HostFact, HostFault, HostOrder, HostStatus, Slot, SlotView};
    use idl::views::{BoxOrder, BoxOrderStage, BoxView};
    use vocab::{PersonId, UnixMs};

    #[test]
    fn both_slots_the_last_order_and_the_last_fall_back_are_told_in_two_languages() {
        let slot =
            |slot, good, tries_left| SlotView { slot, version: Some("0.1.0".into()), good, tries_left };
        let status = HostStatus {
            running: Slot::A,
            slots: [slot(Slot::A, true, None), slot(Slot::B, false, Some(0))],
            development: true,
            secure_boot: false,
            data_sealed: true,
            data_bytes: 1,
            data_free_bytes: 1,
            addresses: vec!["eth0 192.0.2.1/24".into()],
            time_synchronised: true,
            up_s: 1,
        };
        let order = BoxOrder {
            order: 9,
            what: HostOrder::Restart,
            by: PersonId(1),
            at: UnixMs(0),
            stage: BoxOrderStage::Failed(HostFault::NotDrained),
        };
        let bad =
            HostFact::FoundBad { slot: Slot::B, version: "0.2.0".into(), reasons: vec!["lined: x".into()] };
        let history = vec![(UnixMs(0), bad)];
        let view = BoxView {
            status: Some(status),
            bundles: vec![],
            orders: vec![order],
            history,
            open_calls: 0,
            update_certificate: None,
        };
        assert_eq!(
            lines(&view),
            [
                "A  0.1.0 良好 / good ← 运行 / runs",
                "B  0.1.0 试运行，剩余 / on trial, starts left: 0",
                "安全启动 / Secure Boot: 关闭 / OFF; 数据 / data: 已封存 / sealed",
                "eth0 192.0.2.1/24",
                "通话 / calls: 0",
                "#9 restart: 失败 / failed: NotDrained",
                "上次回退 / last fall back: 0.2.0: lined: x",
            ]
        );
    }

    #[test]
    fn what_it_does_not_know_gets_help() {
        let words = |words: &[&str]| parse(lexopt::Parser::from_args(words.iter().copied()));
        assert!(matches!(
            words(&["update", "x.raucb", "--older"]).unwrap().unwrap().what,
            What::Update { older: true, .. }
        ));
        assert!(words(&["update"]).unwrap().is_none() && words(&["reset"]).unwrap().is_none());
        assert!(matches!(words(&["certificate"]).unwrap().unwrap().what, What::Certificate));
        assert!(words(&["--who"]).is_err());
    }
}
