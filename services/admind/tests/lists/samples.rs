//! Sample answers, plain and hostile.

use idl::lines::{OptOutBy, PromptRole};
use idl::views::{
    BatchView, Blocked, BlockedRow, ConsentState, ConsentView, ContactView, ContactsPage, DncView,
    NumberCard, PromptView, ScriptView,
};
use vocab::{CallId, ContactId, DAY_MS, DepartmentId, HOUR_MS, ObjectHash, PersonId, ScriptId, UnixMs};

/// A text that would do harm if a page believed it.
pub const HOSTILE: &str = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>\u{202e}";
/// What of it must never stand in a page as it is.
pub const LIVE: [&str; 2] = ["<script>alert", "<img src=x"];
/// 2026-11-20 10:00 in Shanghai.
pub const THEN: UnixMs = UnixMs(1_795_140_000_000);

/// A batch.
pub fn batch(number: u64, released: bool, may_release: bool) -> BatchView {
    BatchView {
        batch: number,
        file: format!("体检客户-{number}.csv"),
        rows: 12_480,
        purpose: "体检推介".to_owned(),
        department: (DepartmentId(2), "门诊部".to_owned()),
        source: "业务办理或合同；HT-2026-118；2026-11-01；李四".to_owned(),
        imported_by: (PersonId(4), "陈静".to_owned()),
        imported_at: THEN,
        released_by: released.then(|| (PersonId(5), "赵强".to_owned())),
        may_release,
    }
}

/// A consent in a state.
pub fn consent(state: ConsentState) -> ConsentView {
    match state {
        ConsentState::None => ConsentView::default(),
        state => ConsentView {
            state,
            purpose: "体检推介".to_owned(),
            given_at: Some(THEN.plus(-30 * DAY_MS)),
            expires_at: Some(THEN.plus(300 * DAY_MS)),
            channel: "ticked".to_owned(),
            evidence: "consent/2026/118-0001.pdf".to_owned(),
        },
    }
}

/// A contact.
pub fn contact(row: u64, state: ConsentState, blocked: Option<Blocked>) -> ContactView {
    ContactView {
        contact: ContactId(row + 100),
        row,
        number: "138****5678".to_owned(),
        name: "张**".to_owned(),
        order_no: format!("TJ-{row:05}"),
        demand: "年度体检".to_owned(),
        tag: "老客户".to_owned(),
        consent: consent(state),
        blocked,
        attempts_7d: 1,
    }
}

/// Contacts in every state.
pub fn contacts(next_row: Option<u64>) -> ContactsPage {
    let states = [
        (ConsentState::Good, None),
        (ConsentState::None, None),
        (ConsentState::Expired, None),
        (ConsentState::OtherPurpose, Some(Blocked::Official)),
        (ConsentState::NoEvidence, Some(Blocked::Minor)),
        (ConsentState::Withdrawn, Some(Blocked::OptOut)),
    ];
    let rows = (0..).zip(states).map(|(row, (state, blocked))| contact(row, state, blocked));
    ContactsPage { batch: batch(41, true, false), rows: rows.collect(), next_row }
}

/// The lists, the official one so many days old.
pub fn lists(now: UnixMs, age_days: Option<i64>, internal: u64) -> DncView {
    let row = |seq: u64, reason, by, call: Option<u64>, person: Option<&str>| BlockedRow {
        seq,
        at: THEN,
        number: "139****0001".to_owned(),
        reason,
        by,
        call: call.map(CallId),
        person: person.map(|name| (PersonId(3), name.to_owned())),
    };
    DncView {
        official: age_days
            .map(|days| (now.plus(-days * DAY_MS - HOUR_MS), now.plus(-days * DAY_MS), 1_204_331)),
        max_age_days: 7,
        internal,
        rows: vec![
            row(90, Blocked::OptOut, Some(OptOutBy::Rfc4733), Some(7_001), None),
            row(88, Blocked::Refused, Some(OptOutBy::Agent), Some(6_990), None),
            row(80, Blocked::Entered, None, None, Some("赵强")),
            row(71, Blocked::WrongPerson, None, Some(6_500), None),
        ],
    }
}

/// What is known of a number.
pub fn card(blocked: bool) -> NumberCard {
    NumberCard {
        number: "138****5678".to_owned(),
        blocked: if blocked {
            vec![(Blocked::OptOut, Some(THEN)), (Blocked::Official, None)]
        } else {
            vec![]
        },
        declined: blocked,
        attempts: if blocked { vec![(CallId(7_001), THEN)] } else { vec![] },
        quota: (1, 3),
        in_call: false,
    }
}

/// The object of a prompt.
pub const fn object(byte: u8) -> ObjectHash {
    ObjectHash([byte; 32])
}

/// A script: 1 good, 2 waiting, 3 lacking, 4 over.
pub fn script(id: u32, may_approve: bool) -> ScriptView {
    let approval = |ends: i64| Some((PersonId(6), "孙丽".to_owned(), THEN, THEN.plus(ends * DAY_MS)));
    ScriptView {
        id: ScriptId(id),
        name: ["", "体检推介", "就诊回访", "满意度回访", "旧版回访"][id as usize].to_owned(),
        prompts: vec![
            (
                PromptRole::Identify,
                object(1),
                "您好，这里是示范医院，来电介绍健康体检服务。".to_owned(),
                4_230,
            ),
            (PromptRole::RecordingNotice, object(2), "本次通话将被录音。".to_owned(), 1_810),
            (PromptRole::OptOutHint, object(3), "如需退订请按9。".to_owned(), 1_990),
            (PromptRole::Body, object(4), "本月体检预约已开放，请向前台咨询。谢谢。".to_owned(), 5_020),
        ],
        author: (PersonId(3), "赵强".to_owned()),
        approval: match id {
            1 => approval(180),
            4 => approval(-2),
            _ => None,
        },
        good: id == 1,
        may_approve,
        lacks: if id == 3 { vec![PromptRole::RecordingNotice, PromptRole::OptOutHint] } else { vec![] },
    }
}

/// A prompt.
pub fn prompt(seq: u8) -> PromptView {
    PromptView {
        seq: seq.into(),
        object: object(seq),
        text: format!("您好，这里是示范医院，第{seq}段语音。"),
        duration_ms: 3_260,
        by: (PersonId(3), "赵强".to_owned()),
        at: THEN,
        level: (seq % 2 == 1).then_some((-19, -4)),
    }
}
