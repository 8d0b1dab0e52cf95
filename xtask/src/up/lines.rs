//! The demo's lines: the simulated carrier's SIP trunk and the two E1 of the simulated card in one group, so that calls
//! take either way, and the caller number registered for it.

use super::client::Vault;
use super::options::Options;
use super::people::{Midday, People};
use super::site::{Folders, Ports};
use idl::admin::Admin;
use idl::lines::{Codec, LineGroupMember, SipTransport, SrtpPolicy, TrunkConfig};
use idl::spans::{E1Config, PriConfig, SpanConfig, SpanPurpose};
use idl::views::SpanAsk;
use vocab::{DAY_MS, LineGroupId, Pii, SpanId, TrunkId};

/// What campaigns call over.
pub struct Lines {
    /// The group.
    pub group: LineGroupId,
    /// Its caller number.
    pub caller: String,
}

/// Adds trunk, spans, group and caller number.
pub async fn lines(
    options: &Options,
    folders: &Folders,
    ports: &Ports,
    vault: &mut Vault,
    people: &People,
) -> anyhow::Result<Lines> {
    let trunk = sip_trunk(options, folders, ports)?;
    let id = trunk_id(vault.create(people.system, Admin::AddTrunk(Box::new(trunk))).await?)?;
    // As many calls by SIP as over both E1 together.
    let mut members = vec![LineGroupMember { trunk: id, rank: 0, weight: 2 }];
    if options.cards {
        for (number, name) in SPANS {
            let ask = Admin::Span(SpanAsk::Set(Box::new(span(*number, name))));
            let trunk = trunk_id(vault.create(people.system, ask).await?)?;
            members.push(LineGroupMember { trunk, rank: 0, weight: 1 });
        }
    }
    let group = vault.create(people.system, Admin::AddLineGroup { name: "外线".into(), members }).await?;
    let group = LineGroupId(u16::try_from(group)?);
    let number = || Pii::new(CALLER.to_owned());
    let valid_to = Midday::now().now.plus(365 * DAY_MS);
    let entered =
        Admin::AddCallerNumber { number: number(), groups: vec![group], contract: "DEMO-1".into(), valid_to };
    vault.order(people.system, entered).await?;
    vault.order(people.compliance, Admin::ApproveCallerNumber { number: number() }).await?;
    Ok(Lines { group, caller: CALLER.into() })
}

fn sip_trunk(options: &Options, folders: &Folders, ports: &Ports) -> anyhow::Result<TrunkConfig> {
    let simulated = options.trunk.is_none();
    let ca_file = folders.demo.join("carrier-ca.pem");
    let (host, port, transport) = match &options.trunk {
        Some(trunk) => (trunk.host.clone(), trunk.port, trunk.transport),
        None => ("127.0.0.1".into(), Some(ports.carrier), SipTransport::Tls),
    };
    Ok(TrunkConfig {
        id: TrunkId(0),
        name: if simulated { "simulated carrier".into() } else { "chosen carrier".into() },
        host,
        port,
        transport,
        ca_pem: if simulated { Some(std::fs::read_to_string(ca_file)?) } else { None },
        tls_name: None,
        tls12_waiver: false,
        srtp: if transport == SipTransport::Tls { SrtpPolicy::Required } else { SrtpPolicy::PlainWaiver },
        account: None,
        channels: 60,
        options_interval_s: 3,
        symmetric_rtp: false,
        codecs: vec![Codec::Pcma, Codec::Pcmu],
    })
}

/// A primary rate access of the card; the vault gives its trunk.
fn span(number: u8, name: &str) -> SpanConfig {
    SpanConfig {
        span: SpanId(number.into()),
        trunk: TrunkId(0),
        name: name.to_owned(),
        // The clock is the carrier's, of the first span before the second.
        e1: E1Config { timing: number, ..E1Config::default() },
        purpose: SpanPurpose::Pri(PriConfig::default()),
    }
}

fn trunk_id(id: u64) -> anyhow::Result<TrunkId> {
    Ok(TrunkId(u16::try_from(id)?))
}

const CALLER: &str = "01088880001";
const SPANS: &[(u8, &str)] = &[(1, "模拟局 E1-1"), (2, "模拟局 E1-2")];
