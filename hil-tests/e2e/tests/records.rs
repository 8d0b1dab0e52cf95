//! What may never be seen (full numbers), and what must always be seen (a changed ledger).

use e2e::{CampaignPlan, LONG, PRODUCT, Place, TestBox, TrunkPlan, Which, carrier_at, exchange_at, trunk_is};
use idl::admin::{Admin, Answer};
use idl::lines::{SipTransport, TrunkState};
use idl::spans::SpanOrder;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn numbers(n: usize) -> Vec<String> {
    (0..n).map(|i| format!("199{:06}{:02}", 310_703 + 1_637 * i, [10, 61, 70, 76, 68][i % 5])).collect()
}

/// Whether any of the numbers stands in these bytes, whatever is in front of it (+86, 86, 0086, 0).
fn holds(bytes: &[u8], numbers: &BTreeSet<Vec<u8>>) -> bool {
    bytes.windows(11).any(|window| window.starts_with(b"199") && numbers.contains(window))
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let kind = std::fs::symlink_metadata(&path).map(|data| data.file_type());
        match kind {
            Ok(kind) if kind.is_dir() => files(&path, found),
            Ok(kind) if kind.is_file() => found.push(path),
            _ => {}
        }
    }
}

#[test]
fn dat_04_no_full_number_is_in_a_log_a_process_list_a_file_or_an_answer() {
    let place = Place::with_cards("virtual");
    let (carrier, exchange) = (carrier_at(&place, |_| {}), exchange_at(&place, |_| {}));
    let mut sut = TestBox::start_in(place);
    let sip = sut.trunk(&TrunkPlan::plain(carrier.addr(), SipTransport::Udp));
    let span = sut.span(1);
    let line = sut.group(&[(sip, 0), (span, 0)]);
    sut.wait_for_span(1, "is up", |card| trunk_is(card, TrunkState::Up));
    sut.order_span(1, SpanOrder::StartTrace);
    let people = numbers(200);
    let wanted: BTreeSet<Vec<u8>> = people.iter().map(|number| number.as_bytes().to_vec()).collect();
    assert_eq!(wanted.len(), 200);
    assert!(holds(format!("x+86{}y", people[7]).as_bytes(), &wanted), "the search finds what is there");
    sut.campaign(&line, &CampaignPlan::announcement(people.clone()).body_ms(800));
    // While calls are live: what every user of the machine can see of the processes.
    assert!(carrier.wait_until(LONG, |report| report.active_dialogs >= 5), "calls are live");
    for (which, pid) in sut.pids() {
        for file in ["cmdline", "environ", "status", "comm"] {
            let bytes = std::fs::read(format!("/proc/{pid}/{file}")).expect("readable");
            assert!(!holds(&bytes, &wanted), "{} {file}", which.name());
        }
    }
    let figures = sut.settled(200);
    assert_eq!(figures.placed, 200, "{figures:?}");
    assert!(exchange.report().invites >= 40, "calls go over E1, too: {:?}", exchange.report());
    sut.order_span(1, SpanOrder::StopTrace);
    let traced = sut.wait_for_span(1, "has its trace", |card| !card.traces.is_empty());
    assert!(traced.traces[0].frames >= 200, "{:?}", traced.traces);

    let mut said = Vec::new();
    let calls = sut.calls();
    assert_eq!(calls.len(), 200);
    assert!(calls.iter().all(|call| call.number.contains("****")), "DAT-04: 138****5678");
    for call in calls {
        let qa = sut.people.qa;
        let one = sut.ask(Some(qa), Admin::Call { call: call.call });
        said.extend(serde_json::to_vec(&one).expect("text"));
        said.extend(serde_json::to_vec(&call).expect("text"));
    }
    said.extend(serde_json::to_vec(&figures).expect("text"));
    said.extend(serde_json::to_vec(&sut.status()).expect("text"));
    let bad = Admin::Blacklist { number: vocab::Pii::new(format!("{}x", people[0])) };
    let manager = sut.people.manager;
    let refused = sut.ask(Some(manager), bad);
    assert!(matches!(refused, Answer::Refused { .. }));
    said.extend(serde_json::to_vec(&refused).expect("text"));
    assert!(!holds(&said, &wanted), "an answer holds a number");

    PRODUCT.iter().rev().for_each(|which| {
        sut.terminate(*which);
    });
    let mut all = Vec::new();
    for folder in ["logs", "vault", "objects", "recordings", "traces", "run", "tpm"] {
        files(&sut.place.folder(folder), &mut all);
    }
    assert!(figures.recordings >= 80 && all.len() as u64 > figures.recordings + 15, "{} files", all.len());
    for file in all {
        let bytes = std::fs::read(&file).expect("readable");
        assert!(!holds(&bytes, &wanted), "{} holds a number", file.display());
        assert!(!holds(file.display().to_string().as_bytes(), &wanted), "a file's name is a number");
    }
}

#[test]
fn aud_03_one_flipped_byte_of_the_ledger_is_found_and_its_entry_named() {
    let place = Place::new();
    let carrier = carrier_at(&place, |_| {});
    let trunk = TrunkPlan::plain(carrier.addr(), SipTransport::Udp);
    let mut sut = TestBox::start_in(place);
    let line = sut.line(&[trunk]);
    sut.campaign(&line, &CampaignPlan::announcement(["19999990010".to_owned()]));
    sut.settled(1);
    assert_eq!(sut.terminate(Which::Vaultd), Some(0), "a stop in order");
    let copy = sut.place.folder("peers").join("ledger");
    std::fs::create_dir(&copy).expect("a folder");
    let mut all = Vec::new();
    files(&sut.ledger_folder(), &mut all);
    for file in &all {
        std::fs::copy(file, copy.join(file.file_name().expect("a name"))).expect("a copy");
    }
    let key = sut.place.folder("vault").join("keys/head.pub").display().to_string();
    let (code, said) = sut.verify_offline(&copy, &["--key", &key, "--list"]);
    assert_eq!(code, 0, "{said}");
    let segment = copy.join("segment-00000000.rfl");
    let whole = std::fs::read(&segment).expect("the segment");
    for share in [3, 5, 8] {
        let mut changed = whole.clone();
        let at = whole.len() * share / 10;
        changed[at] ^= 1;
        std::fs::write(&segment, &changed).expect("written");
        let (code, said) = sut.verify_offline(&copy, &["--key", &key]);
        assert_eq!(code, 1, "byte {at}: {said}");
        assert!(said.contains("FAULT") && said.contains("entry"), "byte {at}: {said}");
    }
    // The same bytes as before are sound again.
    std::fs::write(&segment, &whole).expect("written");
    let (code, said) = sut.verify_offline(&copy, &["--key", &key]);
    assert_eq!(code, 0, "{said}");
}
