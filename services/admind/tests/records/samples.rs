//! Answers of `vaultd` as the pages may get them.

use idl::admin::Figures;
use idl::admin::Role;
use idl::campaign::Disposition;
use idl::lines::TrunkState;
use idl::views::{
    Attention, CallCard, CallRow, CampaignDetail, CampaignPulse, CampaignRow, CheckItem, Choices, DayFigures,
    LedgerPage, LedgerRow, Overview, PlayId, Playing, RecordingView, RefusalRow, ScriptView, Series,
    TrunkLive,
};
use vocab::{
    AgentId, CallId, CampaignClass, CampaignId, CampaignMode, ContactId, DepartmentId, EndedBy, FailCause,
    LineGroupId, Outcome, PersonId, RuleId, ScriptId, TrunkId, UnixMs,
};

/// 2026-11-22 09:14:27 in Shanghai.
pub const NOW: UnixMs = UnixMs(1_795_310_067_000);
/// What a hostile person may write wherever people write.
pub const HOSTILE: &str = "<script>alert(1)</script>\"'\u{202e}=1+1";
/// As it must stand in a page.
pub const HOSTILE_SHOWN: &str = "&#60;script&#62;alert(1)&#60;/script&#62;&#34;&#39;\u{202e}=1+1";

pub fn figures(placed: u64, answered: u64) -> DayFigures {
    DayFigures { placed, answered, refused: 312, opted_out: 9 }
}

pub fn overview() -> Overview {
    let trunk = |id, name: &str, state, reason: &str, calls| TrunkLive {
        id: TrunkId(id),
        name: name.to_owned(),
        state,
        since: Some(NOW.plus(-3_600_000)),
        reason: reason.to_owned(),
        calls,
        channels: 30,
    };
    Overview {
        now: NOW,
        trunks: vec![
            trunk(1, "电信一号", TrunkState::Up, "", 22),
            trunk(2, "联通备用", TrunkState::RegistrationFailed, "403 Forbidden", 0),
        ],
        live_calls: 37,
        agents: (24, 18),
        today: figures(4_218, 1_742),
        campaigns: vec![pulse(7, "十一月体检随访"), pulse(8, "账户年金到期提醒")],
        storage: (812 << 30, 2_048 << 30),
        tpm: "Infineon SLB9672".to_owned(),
        ledger: (1_204_881, 1_204_770, Some(NOW.plus(-40_000))),
        clock_synchronised: true,
        calling_hours: (true, Some(NOW.plus(10 * 3_600_000))),
        processes: (true, true),
        ..Overview::default()
    }
}

pub fn pulse(id: u32, name: &str) -> CampaignPulse {
    CampaignPulse {
        id: CampaignId(id),
        name: name.to_owned(),
        contacts: 12_480,
        left: 4_120,
        open: 14,
        placed: 9_013,
        answered: 3_870,
        hold_until: None,
    }
}

pub fn check(code: &str, done: bool) -> CheckItem {
    CheckItem { code: code.to_owned(), done }
}

pub fn attention(code: &str, subject: &str, count: u64, urgent: bool) -> Attention {
    Attention { code: code.to_owned(), subject: subject.to_owned(), count, urgent, since: Some(NOW) }
}

pub fn series(hours: usize) -> Series {
    let hour = |at: usize| {
        let busy =
            [0, 0, 0, 0, 0, 0, 0, 0, 0, 180, 420, 390, 120, 210, 460, 440, 380, 200, 90, 0, 0, 0, 0, 0]
                [at % 24];
        DayFigures { placed: busy, answered: busy * 41 / 100, refused: busy / 12, opted_out: busy / 90 }
    };
    Series {
        from: UnixMs(1_795_190_400_000),
        hours: (0..hours).map(hour).collect(),
        refused: vec![
            (RuleId::DoNotCall, 124),
            (RuleId::Frequency, 88),
            (RuleId::Consent, 39),
            (RuleId::Holiday, 0),
        ],
    }
}

pub fn row(id: u32, name: &str, running: bool) -> CampaignRow {
    CampaignRow {
        id: CampaignId(id),
        name: name.to_owned(),
        class: CampaignClass::ReturnVisit,
        mode: CampaignMode::Progressive,
        running,
        purpose: "体检随访".to_owned(),
        department: (DepartmentId(2), "门诊部".to_owned()),
        contacts: 12_480,
        left: 4_120,
        figures: figures(9_013, 3_870),
        open: if running { 14 } else { 0 },
        hold_until: None,
    }
}

pub fn detail(running: bool) -> CampaignDetail {
    let counted =
        |pairs: &[(&str, u64)]| pairs.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect();
    CampaignDetail {
        row: row(7, "十一月体检随访", running),
        figures: Figures {
            offered: 9_400,
            refused: counted(&[("CAM-07", 124), ("CAM-03", 88), ("CAM-08", 39), ("LIN-01", 0)]),
            placed: 9_013,
            answered: 3_870,
            opted_out: 42,
            failed: counted(&[("no_answer", 3_900), ("busy", 900), ("carrier", 12)]),
            open: 14,
            recordings: 3_800,
            recordings_verified: 3_799,
            unrecorded: counted(&[("ended_before_notice", 70)]),
            contacts_left: 4_120,
            ledger_entries: 9,
        },
        group: (LineGroupId(1), "本地线路".to_owned()),
        caller: "02088886666".to_owned(),
        script: ScriptView {
            id: ScriptId(3),
            name: "体检回访".to_owned(),
            prompts: vec![],
            author: (PersonId(4), "zhao".to_owned()),
            approval: Some((PersonId(5), "qian".to_owned(), NOW, NOW.plus(90 * vocab::DAY_MS))),
            good: true,
            may_approve: false,
            lacks: vec![],
        },
        batches: vec![39, 41],
        max_calls: 30,
        calls_per_minute: 20,
        wrap_up_s: 60,
        attempts: 2,
        obstacles: vec![],
    }
}

pub fn choices() -> Choices {
    Choices {
        departments: vec![(DepartmentId(2), "门诊部".to_owned()), (DepartmentId(3), "体检中心".to_owned())],
        groups: vec![(LineGroupId(1), "本地线路".to_owned()), (LineGroupId(2), "长途线路".to_owned())],
        numbers: vec![
            ("02088886666".to_owned(), vec![LineGroupId(1)]),
            ("02088887777".to_owned(), vec![LineGroupId(2)]),
        ],
        scripts: vec![(ScriptId(3), "体检回访".to_owned(), true), (ScriptId(4), "新话术".to_owned(), false)],
        batches: vec![
            (39, "十一月.csv".to_owned(), "体检随访".to_owned(), 12_480, DepartmentId(2)),
            (41, "复查.csv".to_owned(), "体检随访".to_owned(), 320, DepartmentId(3)),
            (42, "推介.csv".to_owned(), "体检推介".to_owned(), 900, DepartmentId(2)),
        ],
    }
}

pub fn refusal(seq: u64) -> RefusalRow {
    RefusalRow {
        seq,
        at: NOW,
        contact: ContactId(seq),
        number: "138****5678".to_owned(),
        rules: vec![(
            RuleId::DoNotCall,
            "The number is on the official list.".to_owned(),
            "号码在官方勿扰名单中。".to_owned(),
        )],
        again_at: seq.is_multiple_of(2).then_some(NOW.plus(86_400_000)),
    }
}

pub fn call(id: u64) -> CallRow {
    let failed = id.is_multiple_of(3);
    CallRow {
        call: CallId(id),
        at: NOW.plus(i64::try_from(id).unwrap() * -61_000),
        campaign: (CampaignId(7), "十一月体检随访".to_owned()),
        number: "138****5678".to_owned(),
        agent: (!failed).then(|| (AgentId(11), "liu.yang".to_owned())),
        outcome: Some(if failed {
            Outcome::Failed(FailCause::NoAnswer)
        } else {
            Outcome::Answered { by: EndedBy::Callee }
        }),
        opted_out: id.is_multiple_of(7),
        talk_s: (!failed).then_some(83),
        recording: if failed { RecordingView::NotAnswered } else { RecordingView::Sound },
        disposition: (!failed).then_some(Disposition::Done),
    }
}

pub fn card(id: u64) -> CallCard {
    let row = call(id);
    let passed = |rule, version, en: &str, zh: &str| (rule, version, true, en.to_owned(), zh.to_owned());
    CallCard {
        verdict: vec![
            passed(RuleId::CallingHours, 12, "It is within the calling hours.", "在允许的外呼时段内。"),
            passed(RuleId::DoNotCall, 204, "It is on no list.", "不在勿扰名单中。"),
            passed(RuleId::Consent, 39, "Consent is on file.", "已取得客户授权。"),
        ],
        name: "张**".to_owned(),
        trunk: Some((TrunkId(1), "电信一号".to_owned())),
        caller: "02088886666".to_owned(),
        batch: Some(39),
        answered_at: Some(row.at.plus(9_000)),
        ended_at: Some(row.at.plus(92_000)),
        recorded_ms: Some(81_400),
        gaps_ms: (0, 40),
        note: "客户希望下午联系。".to_owned(),
        may_hear: true,
        row,
    }
}

pub fn playing() -> Playing {
    let wave = |step: u32| {
        (0..600_u32)
            .map(|at| u8::try_from((at * step) % 97 * u32::from(at / 40 % 2 == step % 2) * 2).unwrap())
            .collect()
    };
    Playing {
        play: PlayId(99),
        duration_ms: 83_200,
        segment_ms: 5_000,
        peaks_customer: wave(7),
        peaks_agent: wave(12),
        watermark: "王芳 wang.fang 2026-11-22 09:14:27".to_owned(),
    }
}

pub fn ledger(next: Option<u64>) -> LedgerPage {
    let row = |seq: u64, kind: u16, name: &str, refused: &str| LedgerRow {
        seq,
        at: NOW.plus(i64::try_from(seq).unwrap() * 1_000),
        person: (seq % 2 == 1).then(|| (PersonId(4), "zhao".to_owned(), Role::Manager)),
        from: "admind".to_owned(),
        address: (seq % 2 == 1).then(|| "192.0.2.7".parse().unwrap()),
        kind: (kind, name.to_owned()),
        what: vec![("campaign".to_owned(), "campaign-7".to_owned()), ("run".to_owned(), "true".to_owned())],
        refused: refused.to_owned(),
    };
    LedgerPage {
        rows: vec![row(99, 23, "CampaignRuns", ""), row(98, 28, "Closed", ""), row(97, 35, "Denied", "role")],
        next,
        entries: 99,
        signed_up_to: 98,
        kinds: vec![(23, "CampaignRuns".to_owned()), (28, "Closed".to_owned()), (999, "Later".to_owned())],
    }
}
