//! The built-in plans say what their norms say; what is wrong with a plan is told with its place.

use super::{PlanError, Reason, ToneKind, TonePlan};

fn times(plan: &TonePlan, kind: ToneKind) -> Vec<Option<u32>> {
    let tone = plan.tone(kind).expect("the plan has it");
    tone.steps().iter().map(|step| step.ms).collect()
}

#[test]
fn the_chinese_plan_has_the_tones_of_gb_t_3380() {
    let cn = TonePlan::cn();
    let ms = |times: &[u32]| times.iter().copied().map(Some).collect::<Vec<_>>();
    assert_eq!(times(&cn, ToneKind::Dial), [None]);
    assert_eq!(times(&cn, ToneKind::Ringback), ms(&[1_000, 4_000]));
    assert_eq!(times(&cn, ToneKind::Busy), ms(&[350, 350]));
    assert_eq!(times(&cn, ToneKind::Congestion), ms(&[700, 700]));
    assert_eq!(times(&cn, ToneKind::Unobtainable), ms(&[100, 100, 100, 100, 100, 100, 400, 400]));
    for tone in cn.tones() {
        let hz: Vec<f64> = tone.steps().iter().flat_map(|step| step.hz().to_vec()).collect();
        match tone.kind {
            ToneKind::Sit => assert_eq!(hz, [950.0, 1_400.0, 1_800.0]),
            ToneKind::Howler => assert_eq!(hz, [950.0]),
            ToneKind::Dial
            | ToneKind::SpecialDial
            | ToneKind::Ringback
            | ToneKind::Busy
            | ToneKind::Congestion
            | ToneKind::Unobtainable
            | ToneKind::CallWaiting
            | ToneKind::Confirmation
            | ToneKind::Intrusion => assert!(hz.iter().all(|hz| (hz - 450.0).abs() < 0.1), "{tone:?}"),
        }
        let tolerance = if tone.kind == ToneKind::Sit { 50.0 } else { 25.0 };
        assert!((tone.tolerance_hz - tolerance).abs() < 0.1);
    }
}

#[test]
fn every_built_in_plan_can_dial_ring_and_be_busy() {
    for name in TonePlan::BUILT_IN {
        let plan = TonePlan::built_in(name).expect("it is built in");
        assert_eq!(plan.name(), name);
        for kind in [ToneKind::Dial, ToneKind::Ringback, ToneKind::Busy, ToneKind::Congestion, ToneKind::Sit]
        {
            assert!(plan.tone(kind).is_some(), "{name} {kind:?}");
        }
    }
    assert_eq!(TonePlan::built_in("xx"), None);
}

const GOOD: &str = "name = \"pbx\"\ntolerance_hz = 10\ntolerance_percent = 10\n\n[[tone]]\nkind = \"busy\"\n\
                    hz = [400, 450]\ncadence_ms = [500, 250]\n";

#[test]
fn a_plan_of_the_site_is_read() {
    let plan = TonePlan::parse("pbx.toml", GOOD).expect("a plan");
    let busy = plan.tone(ToneKind::Busy).expect("busy");
    assert_eq!(busy.steps()[0].hz(), [400.0, 450.0]);
    assert!(busy.steps()[1].hz().is_empty());
    assert!(busy.repeats() && !busy.is_continuous());
    assert!((plan.level_dbm0() + 10.0).abs() < 0.01);
}

fn error(text: &str) -> (usize, String, Reason) {
    let PlanError { file, line, field, reason } =
        TonePlan::parse("site/pbx.toml", text).expect_err("it is wrong");
    assert_eq!(file, "site/pbx.toml");
    (line, field, reason)
}

#[test]
fn what_is_wrong_is_told_with_line_and_field() {
    let with = |from: &str, to: &str| error(&GOOD.replace(from, to));
    assert_eq!(with("\"busy\"", "\"bussy\""), (6, "tone[1].kind".into(), Reason::Kind));
    assert_eq!(with("[400, 450]", "[40]"), (7, "tone[1].hz".into(), Reason::Range(200, 3_400)));
    assert_eq!(with("[400, 450]", "[400, 450, 500]"), (7, "tone[1].hz".into(), Reason::TooMany(2)));
    assert_eq!(with("[400, 450]", "[]"), (7, "tone[1].hz".into(), Reason::Silent));
    assert_eq!(with("[400, 450]", "450"), (7, "tone[1].hz".into(), Reason::Type("a list")));
    assert_eq!(with("[500, 250]", "[500]"), (8, "tone[1].cadence_ms".into(), Reason::Pairs));
    assert_eq!(with("[500, 250]", "[500, 0]"), (8, "tone[1].cadence_ms".into(), Reason::Range(30, 30_000)));
    assert_eq!(with("hz = [400, 450]\n", ""), (5, "tone[1].hz".into(), Reason::HzOrSteps));
    assert_eq!(with("= 10\ntol", "= \"10\"\ntol").0, 2);
    assert_eq!(with("name = \"pbx\"\n", ""), (1, "name".into(), Reason::Missing));
    assert_eq!(with("tolerance_percent", "tolerance"), (3, "tolerance".into(), Reason::Unknown));
    assert_eq!(with("cadence_ms", "cadence"), (8, "tone[1].cadence".into(), Reason::Unknown));
    let (line, field, reason) = with("[[tone]]", "[[tone]");
    assert_eq!((line, field.as_str()), (5, "plan"));
    assert!(matches!(reason, Reason::Syntax(_)));
    assert_eq!(error(&" ".repeat(70_000)).2, Reason::TooLong);
}

#[test]
fn an_error_reads_as_file_line_field_reason() {
    let text = GOOD.replace("[400, 450]", "[40]");
    let shown = TonePlan::parse("pbx.toml", &text).expect_err("it is wrong").to_string();
    assert_eq!(shown, "pbx.toml:7: tone[1].hz: must lie between 200 and 3400");
}

#[test]
fn a_sequence_needs_a_time_for_each_step_and_something_that_sounds() {
    let sequence =
        |steps: &str| GOOD.replace("hz = [400, 450]\ncadence_ms = [500, 250]", &format!("steps = [{steps}]"));
    assert!(TonePlan::parse("x", &sequence("{ hz = [950], ms = 330 }, { ms = 100 }")).is_ok());
    assert_eq!(error(&sequence("{ hz = [950] }")), (7, "tone[1].steps[1].ms".into(), Reason::Missing));
    assert_eq!(error(&sequence("{ ms = 100 }")).2, Reason::Silent);
    assert_eq!(error(&sequence("7")), (7, "tone[1].steps[1]".into(), Reason::Type("a table")));
}
