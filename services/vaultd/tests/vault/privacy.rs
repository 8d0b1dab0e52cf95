//! DAT-04: no number and no name in the ledger's plaintext of calls, in Debug output, or in answers.

use crate::rig::{MANAGER, Rig, agent_id, number};
use idl::admin::{Admin, Answer};
use idl::campaign::{CampaignRequest, Disposition};
use idl::lines::{CallFact, OptOutBy};
use vaultd::entries::Entry;
use vocab::{ContactId, Pii};

fn shows(text: &str) -> bool {
    let digits = number(1_000).digits()[2..].to_owned();
    text.contains(&digits) || text.contains("赵六") || text.contains("13900000000")
}

fn busy_rig() -> Rig {
    let mut rig = Rig::calling();
    let call = rig.ticketed(ContactId(1));
    rig.answer_it(call);
    rig.fact(call, 3, CallFact::OptOut { by: OptOutBy::InBand });
    rig.done(MANAGER, Admin::Blacklist { number: Pii::new("13900000000".to_owned()) });
    let note = Pii::new(format!("call 赵六 at {}", number(1_000).digits()));
    let (agent, disposition) = (agent_id(), Disposition::Complaint);
    rig.calld(CampaignRequest::WrapUp { call, agent, disposition, note });
    rig
}

#[test]
fn dat_04_no_entry_shows_a_customers_number_or_name_even_to_who_holds_the_ledgers_key() {
    let rig = busy_rig();
    let log = rig.log.0.lock().unwrap();
    for (kind, _, plain) in log.iter().flatten() {
        assert!(!shows(&String::from_utf8_lossy(plain)), "kind {kind}");
        let entry: Entry = postcard::from_bytes(plain).unwrap();
        assert!(!shows(&format!("{entry:?}")), "kind {kind}");
    }
}

#[test]
fn dat_04_debug_output_of_commands_effects_and_state_shows_nothing() {
    let mut rig = busy_rig();
    rig.ticketed(ContactId(2));
    for effect in &rig.effects {
        let shown = format!("{effect:?}");
        assert!(!shows(&shown) && !shown.contains(&number(1_001).digits()[2..]), "{shown}");
    }
    assert!(!shows(&format!("{:?} {:?}", rig.vault, rig.vault.state())));
    let cmd = rig.request(Some(MANAGER), Admin::Blacklist { number: Pii::new("13900000000".to_owned()) });
    assert!(!shows(&format!("{cmd:?}")));
}

#[test]
fn dat_04_a_call_is_shown_with_its_masked_number() {
    let mut rig = busy_rig();
    let Answer::Calls(calls) = rig.ask(MANAGER, Admin::Calls { after: None }) else { panic!("no calls") };
    assert_eq!(calls[0].number, "138****1000");
    assert!(calls[0].opted_out && !shows(&format!("{calls:?}")));
}

#[test]
fn dat_02_destroying_one_key_makes_number_dialog_note_and_recording_unreadable() {
    let mut rig = busy_rig();
    let subject = rig.subject(1_000);
    rig.keys.destroyed.lock().unwrap().push(subject);
    let Answer::Calls(calls) = rig.ask(MANAGER, Admin::Calls { after: None }) else { panic!("no calls") };
    assert_eq!(calls[0].number, "");
    assert!(rig.vault.state().blacklist.contains_key(&subject), "the block outlives the person's key");
    assert!(matches!(rig.dial(ContactId(1)), idl::campaign::CampaignReply::NotNow { .. }));
}
