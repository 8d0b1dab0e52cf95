//! What entries are made of: who, the result, and the values that more than one field needs.
//!
//! Their order of fields and variants is the ledger's format: only ever appended to.

use super::Event;
use gate::Verdict;
use idl::account::{ServiceTicket, SessionId};
use idl::admin::Role;
use idl::hello::Process;
use idl::lines::{CallEnd, LineGroupMember, OptOutBy, SrtpPolicy};
use serde::{Deserialize, Serialize};
use vocab::{
    AgentId, CampaignId, ContactId, DepartmentId, LineGroupId, ObjectHash, PersonId, Secret, SubjectId,
    TrunkId, UnixMs,
};

/// Bytes that only the holder of the subject's key can read; destroying the key destroys them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed(pub Vec<u8>);

impl std::fmt::Debug for Sealed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealed(…)")
    }
}

/// What became of a line group after it was added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum LineGroupEvent {
    /// It has another name and other members.
    Set {
        /// The group.
        group: LineGroupId,
        /// Its name.
        name: String,
        /// Its members.
        members: Vec<LineGroupMember>,
    },
    /// It is no more.
    Removed {
        /// The group.
        group: LineGroupId,
    },
}

/// Who did it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Who {
    /// A person, with the role held at that time.
    Person(PersonId, Role),
    /// A process by itself.
    Process(Process),
    /// A person signed in at the page: the session's own entry says from where.
    Signed(PersonId, Role, SessionId),
    /// A technician signed in at the serial console, for this service ticket (L-42).
    AtConsole(PersonId, Role, SessionId, ServiceTicket),
}

impl Who {
    /// The person, with the role held at that time.
    #[must_use]
    pub const fn person(&self) -> Option<(PersonId, Role)> {
        match self {
            Self::Person(person, role)
            | Self::Signed(person, role, _)
            | Self::AtConsole(person, role, ..) => Some((*person, *role)),
            Self::Process(_) => None,
        }
    }

    /// The ticket for which the console was opened.
    #[must_use]
    pub const fn ticket(&self) -> Option<ServiceTicket> {
        match self {
            Self::AtConsole(.., ticket) => Some(*ticket),
            Self::Person(..) | Self::Signed(..) | Self::Process(_) => None,
        }
    }
}

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum EntryResult {
    /// Done.
    Done,
    /// Refused, with the stable code shown.
    Refused(String),
}

/// One entry: who, from where, what, and its result. Its instant and number stand in the ledger's header.
#[derive(Debug, Serialize, Deserialize)]
pub struct Entry {
    /// Who.
    pub who: Who,
    /// The process through which it came.
    pub from: Process,
    /// Its result.
    pub result: EntryResult,
    /// What.
    pub event: Event,
}

/// A fact of a call as it is stored: personal parts sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum StoredFact {
    /// The INVITE is being sent.
    Dialling(TrunkId),
    /// The phone rings.
    Ringing,
    /// It was answered; the dialog is sealed under the subject's key.
    Answered(TrunkId, Sealed),
    /// The mandatory announcement was heard: milliseconds to its begin and end.
    NoticeHeard(u32, u32),
    /// The customer hears the agent; milliseconds since the announcement.
    AgentConnected(AgentId, u32),
    /// The customer opted out: the blacklisting is this very entry (CAM-04, CAM-05).
    OptOut(OptOutBy),
    /// Media is at fault.
    MediaFault(String),
    /// The call is over.
    Ended(Box<CallEnd>),
}

/// What a stored batch of contacts is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchEntry {
    /// The batch.
    pub batch: u64,
    /// Its index object, which names the shards in order.
    pub index: StoredObject,
    /// Rows.
    pub rows: u64,
    /// The first contact's id; the others follow.
    pub first: ContactId,
    /// The purpose they are bound to (CAM-16).
    pub purpose: String,
    /// The department.
    pub department: DepartmentId,
    /// Source type and document.
    pub source: String,
    /// The file's name.
    pub file: String,
}

/// An encrypted object file and its key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredObject {
    /// SHA-256 of the file as it lies on disk.
    pub hash: ObjectHash,
    /// Its key.
    pub key: Secret<[u8; 32]>,
}

/// A phone's secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhoneEntry {
    /// The agent.
    pub agent: AgentId,
    /// SIP user name.
    pub user: String,
    /// Digest realm.
    pub realm: String,
    /// SRTP policy.
    pub srtp: SrtpPolicy,
    /// SHA-256 HA1, sealed under the agent's key.
    pub ha1_sha256: Sealed,
    /// MD5 HA1, sealed likewise.
    pub ha1_md5: Option<Sealed>,
}

/// What verifying a recording found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordingFinding {
    /// Milliseconds of authentic audio.
    pub duration_ms: u64,
    /// Milliseconds missing on the customer's side.
    pub gaps_customer_ms: u64,
    /// Milliseconds missing on the other side.
    pub gaps_agent_ms: u64,
    /// Its worth.
    pub worth: RecordingWorth,
}

/// What a recording is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RecordingWorth {
    /// Whole and authentic.
    Sound,
    /// Authentic as far as it goes: the recorder died.
    Cut,
    /// Whole, but not of the length the call had.
    WrongDuration,
    /// Not as it was written.
    Damaged,
    /// There is no such file.
    Missing,
    /// The file could not be read.
    Unreadable,
    /// The key of its subject was destroyed.
    Erased,
}

impl RecordingWorth {
    /// Whether it must raise an alarm.
    #[must_use]
    pub const fn is_bad(self) -> bool {
        match self {
            Self::Sound | Self::Cut | Self::Erased => false,
            Self::WrongDuration | Self::Damaged | Self::Missing | Self::Unreadable => true,
        }
    }

    /// The plain words people read.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Sound => "verified",
            Self::Cut => "verified up to where the recorder stopped",
            Self::WrongDuration => "BAD: its length is not that of the call",
            Self::Damaged => "BAD: it was altered or damaged",
            Self::Missing => "BAD: the file is missing",
            Self::Unreadable => "BAD: the file cannot be read",
            Self::Erased => "erased with its subject's key",
        }
    }
}

/// The intent of a call: durable before its ticket exists, and itself the counted attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// The contact.
    pub contact: ContactId,
    /// The person behind the number.
    pub subject: SubjectId,
    /// The campaign.
    pub campaign: CampaignId,
    /// The agent reserved.
    pub agent: Option<AgentId>,
    /// Every rule's answer at that instant.
    pub verdict: Verdict,
    /// The recording's key, sealed under the subject's key.
    pub recording_key: Sealed,
    /// `CLOCK_BOOTTIME` milliseconds after which the ticket may not be used.
    pub expires_boot_ms: u64,
}

/// One of the first three persons of a claimed box.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewAccount {
    /// The key their data is sealed under.
    pub subject: SubjectId,
    /// The name.
    pub name: Sealed,
    /// Login name.
    pub login: String,
    /// What is kept of the enrolment code.
    pub code: [u8; 32],
    /// Until when it may be used.
    pub until: UnixMs,
}

#[cfg(test)]
mod tests {
    use super::{Event, LineGroupEvent, Who};
    use idl::account::{ServiceTicket, SessionId, SignInOutcome};
    use idl::admin::Role;
    use idl::handset::{HandsetEnd, HandsetTest, HandsetUse};
    use idl::hello::Process;
    use idl::lines::LineGroupMember;
    use idl::spans::{
        E1Config, LinkState, PriConfig, SpanConfig, SpanFact, SpanOrder, SpanPurpose, SpanRefusal,
    };
    use vocab::{LineGroupId, PersonId, SpanId, Timeslot, TrunkId, UnixMs};

    fn bytes<T: serde::Serialize>(value: &T) -> Vec<u8> {
        postcard::to_stdvec(value).unwrap()
    }

    #[test]
    fn who_stands_in_old_entries_as_it_does_in_new_ones() {
        assert_eq!(bytes(&Who::Person(PersonId(7), Role::Qa)), [0, 7, 6]);
        assert_eq!(bytes(&Who::Process(Process::Tool)), [1, 6]);
        assert_eq!(bytes(&Who::Signed(PersonId(7), Role::Qa, SessionId(9))), [2, 7, 6, 9]);
        let ticket = ServiceTicket::parse("W-1").unwrap();
        let who = Who::AtConsole(PersonId(7), Role::Technician, SessionId(9), ticket);
        assert_eq!(bytes(&who), [3, 7, 9, 9, 3, b'W', b'-', b'1']);
    }

    #[test]
    fn what_became_of_a_line_group_never_changes_its_numbers_in_the_ledger() {
        let group = LineGroupId(2);
        let members = vec![LineGroupMember { trunk: TrunkId(9), rank: 1, weight: 4 }];
        let set = LineGroupEvent::Set { group, name: "E".to_owned(), members };
        assert_eq!(bytes(&Event::LineGroup { event: set }), [62, 0, 2, 1, 69, 1, 9, 1, 4]);
        let removed = LineGroupEvent::Removed { group };
        assert_eq!(bytes(&Event::LineGroup { event: removed }), [62, 1, 2]);
    }

    #[test]
    fn the_words_of_spans_never_change_their_numbers_in_the_ledger() {
        let span = SpanId(3);
        let link = SpanFact::Link { span, state: LinkState::Up };
        assert_eq!(bytes(&link), [1, 3, 3]);
        let history = Event::SpanHistory { life: 1, seq: 2, at: UnixMs(3), fact: link };
        assert_eq!(bytes(&history), [52, 1, 2, 6, 1, 3, 3]);
        assert_eq!(bytes(&Event::SpanRemoved { span }), [51, 3]);
        assert_eq!(bytes(&Event::SpanOrdered { span, order: SpanOrder::StopTest }), [53, 3, 9]);
        let test = HandsetTest { slot: Timeslot(4), talk: true };
        assert_eq!(bytes(&Event::SpanOrdered { span, order: SpanOrder::Handset(test) }), [53, 3, 10, 4, 1]);
        let used = HandsetUse { span, test, seconds: 5, end: HandsetEnd::Gone };
        assert_eq!(bytes(&SpanFact::Handset(used)), [5, 3, 4, 1, 5, 4]);
        assert_eq!(bytes(&SpanRefusal::NoHandset), [9]);
        let refusal = Some(SpanRefusal::NoAnswer);
        let ended = Event::SpanOrderEnded { ordered: 7, span, order: SpanOrder::RestartSpan, refusal };
        assert_eq!(bytes(&ended), [54, 7, 3, 3, 1, 8]);
        assert_eq!(bytes(&Event::SpanTraceTaken { span, file: "a".to_owned(), bytes: 4 }), [55, 3, 1, 97, 4]);
        let config = SpanConfig {
            span,
            trunk: TrunkId(9),
            name: "E".to_owned(),
            e1: E1Config::default(),
            purpose: SpanPurpose::Pri(PriConfig::default()),
        };
        let set = bytes(&Event::SpanSet { config: Box::new(config) });
        assert_eq!(set, [50, 3, 9, 1, 69, 0, 0, 1, 1, 1, 1, 0, 0, 1, 0, 0, 0, 1, 1, 0]);
    }

    #[test]
    fn the_outcomes_of_sign_ins_never_change_their_numbers_in_the_ledger() {
        for (outcome, number) in SignInOutcome::ALL.iter().zip(0_u8..) {
            assert_eq!(bytes(outcome), [number], "{outcome:?}");
        }
        assert_eq!(bytes(&SignInOutcome::NotAtConsole), [9]);
    }
}
