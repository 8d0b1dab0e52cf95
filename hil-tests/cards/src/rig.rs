//! What scenarios of E1 stand on: two cross-connected spans, made and configured by the product's own crate. It says
//! nothing of what is tried on them.

use anyhow::{Context, bail, ensure};
use card::{SpanControl, SpanKind};
use dahdi::{DahdiAudio, DahdiControl, DynamicPair, FoundSpan, Paths, PortSide};
use idl::spans::{
    Alarms, AnswerDetection, E1Config, Framing, PortConfig, PortKind, PriConfig, SpanConfig, SpanPurpose,
};
use std::time::{Duration, Instant};
use vocab::{AgentId, SpanId, Timeslot, TrunkId};

/// One end: a span as a card's driver hands it over.
#[derive(Debug)]
pub struct End {
    /// Its control half.
    pub control: DahdiControl,
    /// Its audio half.
    pub audio: DahdiAudio,
}

impl End {
    fn open(span: &FoundSpan, e1: &E1Config, ports: &[Port]) -> anyhow::Result<Self> {
        ensure!(span.kind == SpanKind::E1, "{} is {:?}", span.name, span.kind);
        let (mut control, audio) = dahdi::open(&Paths::default(), span)?;
        control.configure(&config(*e1, ports)).with_context(|| format!("configure {}", span.name))?;
        Ok(Self { control, audio })
    }
}

/// Without ports it is a primary rate access. Nobody looks at numbers, names, tones and agents here.
fn config(e1: E1Config, ports: &[Port]) -> SpanConfig {
    let port = |&(port, side): &Port| {
        let kind = match side {
            PortSide::Fxo => {
                PortKind::Fxo { answer: AnswerDetection::PolarityReversal, tones: "cn".to_owned() }
            }
            PortSide::Fxs => PortKind::Fxs { agent: AgentId(1) },
        };
        PortConfig { port, kind }
    };
    let purpose = if ports.is_empty() {
        SpanPurpose::Pri(PriConfig::default())
    } else {
        SpanPurpose::Ports(ports.iter().map(port).collect())
    };
    SpanConfig { span: SpanId(1), trunk: TrunkId(1), name: String::new(), e1, purpose }
}

/// The electrical side of a primary rate access here: nothing changes an octet.
pub fn pri_line() -> E1Config {
    E1Config { crc4: false, echo_canceller: false, ..E1Config::default() }
}

/// The electrical side of a span whose timeslots signal by channel associated bits.
pub fn cas_line() -> E1Config {
    E1Config { framing: Framing::Cas, ..pri_line() }
}

/// Two ends that hear each other.
#[derive(Debug)]
pub struct Rig {
    /// The spans; closed before the pair is taken away.
    pub ends: [End; 2],
    /// The cable between them.
    pub pair: DynamicPair,
}

/// A port of a span with line signalling.
pub type Port = (Timeslot, PortSide);

impl Rig {
    /// Two E1 spans with a D channel each.
    pub fn pri() -> anyhow::Result<Self> {
        Self::new(&pri_line(), [&[], &[]])
    }

    /// Two E1 spans whose timeslots signal by channel associated bits.
    pub fn cas(first: &[Port], second: &[Port]) -> anyhow::Result<Self> {
        Self::new(&cas_line(), [first, second])
    }

    fn new(e1: &E1Config, ports: [&[Port]; 2]) -> anyhow::Result<Self> {
        let paths = Paths::default();
        let pair = dahdi::create_pair(&paths, KEY).context("two dynamic spans")?;
        let spans = wait_for("two spans in sysfs", START_LIMIT, || {
            let spans = dahdi::spans(&paths)?;
            Ok((spans.len() == 2).then_some(spans))
        })?;
        let ends = spans.iter().zip(ports).map(|(span, ports)| End::open(span, e1, ports));
        let ends: Vec<End> = ends.collect::<anyhow::Result<_>>()?;
        match <[End; 2]>::try_from(ends) {
            Ok(ends) => Ok(Self { ends, pair }),
            Err(ends) => bail!("{} spans instead of two", ends.len()),
        }
    }

    /// Waits until both ends are without alarm.
    pub fn clear(&mut self) -> anyhow::Result<String> {
        let begun = Instant::now();
        for end in &mut self.ends {
            alarms_are(&mut end.control, "no alarm", Alarms::is_clear)?;
        }
        Ok(format!("{} ms", begun.elapsed().as_millis()))
    }
}

/// Two spans of which the first is left to whoever drives it, and the second is set up for an exchange.
pub fn cable() -> anyhow::Result<DynamicPair> {
    let pair = dahdi::create_pair(&Paths::default(), KEY).context("two dynamic spans")?;
    set_up_far()?;
    Ok(pair)
}

/// Two spans of which the first is left to whoever drives it, and the second has ports that signal by channel associated
/// bits.
pub fn cable_of_ports(far: &[Port]) -> anyhow::Result<(DynamicPair, End)> {
    let pair = dahdi::create_pair(&Paths::default(), KEY).context("two dynamic spans")?;
    let end = End::open(&far_span()?, &cas_line(), far)?;
    Ok((pair, end))
}

/// Sets up the second span, and lets its channels go for an exchange.
pub fn set_up_far() -> anyhow::Result<()> {
    End::open(&far_span()?, &pri_line(), &[])?;
    Ok(())
}

fn far_span() -> anyhow::Result<FoundSpan> {
    wait_for("the second span in sysfs", START_LIMIT, || {
        Ok(dahdi::spans(&Paths::default())?.into_iter().find(|span| span.number == FAR))
    })
}

/// Waits for alarms as described.
pub fn alarms_are(
    control: &mut DahdiControl,
    what: &str,
    wanted: impl Fn(Alarms) -> bool,
) -> anyhow::Result<Alarms> {
    let mut last = Alarms::default();
    let found = wait_for(what, ALARM_LIMIT, || {
        last = control.status()?.0;
        Ok(wanted(last).then_some(last))
    });
    found.with_context(|| format!("{}: {last:?}", control.place()))
}

/// Asks again and again until something is so.
pub fn wait_for<T>(
    what: &str,
    limit: Duration,
    mut ask: impl FnMut() -> anyhow::Result<Option<T>>,
) -> anyhow::Result<T> {
    let begun = Instant::now();
    loop {
        if let Some(found) = ask()? {
            return Ok(found);
        }
        ensure!(begun.elapsed() < limit, "waited {} s for {what}", limit.as_secs());
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// The key of the two ends, any digit.
const KEY: u8 = 1;
/// The second span's number.
const FAR: u32 = 2;
const START_LIMIT: Duration = Duration::from_secs(10);
const ALARM_LIMIT: Duration = Duration::from_secs(20);
