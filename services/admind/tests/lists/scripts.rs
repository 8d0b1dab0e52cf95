//! Scripts and prompts.

use crate::rig::{Rig, SOUND, refused};
use crate::samples::{HOSTILE, LIVE, object, prompt, script};
use http::StatusCode;
use idl::admin::{Admin, Answer, Role};
use idl::views::PromptView;
use vocab::ScriptId;

fn sample(what: &Admin, attached: &[u8]) -> Answer {
    match what {
        Admin::Scripts { after } => {
            let from = after.map_or(1, |after| after.0 + 1);
            Answer::Scripts((from..=4).take(3).map(|id| script(id, id != 1)).collect())
        }
        Admin::ApproveScript { script: ScriptId(2) } => Answer::Done,
        Admin::ApproveScript { .. } => refused("same-person"),
        Admin::Prompts { before } => {
            let below = before.unwrap_or(9);
            Answer::Prompts((5..9).rev().filter(|seq| u64::from(*seq) < below).take(2).map(prompt).collect())
        }
        Admin::CreateScript { name, .. } if name == "回访" => Answer::Created { ids: vec![2] },
        Admin::CreateScript { .. } => refused("bounds"),
        Admin::PromptAudio { .. } => Answer::Audio { bytes: SOUND.len() as u64 },
        Admin::UploadPrompt { .. } if attached == b"good" => {
            Answer::Prompt { object: object(9), duration_ms: 3_260 }
        }
        Admin::UploadPrompt { .. } => refused("too-loud"),
        _ => refused("unknown"),
    }
}

fn nothing(what: &Admin, _: &[u8]) -> Answer {
    match what {
        Admin::Scripts { .. } => Answer::Scripts(vec![]),
        Admin::Prompts { .. } => Answer::Prompts(vec![]),
        _ => refused("unknown"),
    }
}

#[tokio::test]
async fn empty_lists_lead_from_prompts_to_scripts() {
    let rig = Rig::start(Role::Supervisor, nothing).await;
    rig.get("/scripts").await.has(&["还没有话术", "href=\"/scripts/new\""]);
    rig.get("/scripts/new").await.has(&["还没有语音", "href=\"/scripts/prompts/new\""]);
    rig.get("/scripts/prompts").await.has(&["还没有语音", "href=\"/scripts/prompts/new\""]);
    rig.get("/scripts?after=9").await.has(&["没有更多"]);
    let qa = Rig::start(Role::Qa, nothing).await.in_english();
    let page = qa.get("/scripts").await;
    page.has(&["No scripts yet", "once a supervisor or compliance"]);
    page.lacks(&["/scripts/new"]);
    qa.get("/scripts/prompts").await.lacks(&["/scripts/prompts/new"]);
}

#[tokio::test]
async fn cam_12_each_state_of_an_approval_has_its_word_and_its_next_step() {
    let rig = Rig::start(Role::Compliance, sample).await;
    let page = rig.get("/scripts").await;
    page.has(&[
        "已审核",
        "有效至 2027-05-19",
        "待审核",
        "缺少：录音告知、退订提示",
        "href=\"/scripts/2/approve\"",
    ]);
    page.has(&["href=\"/scripts?after=3\" rel=\"next\""]);
    // What lacks a part cannot be approved, whatever the role.
    page.lacks(&["/scripts/1/approve", "/scripts/3/approve"]);
    rig.get("/scripts?after=3").await.has(&[
        "审核已失效",
        "已于 2026-11-18 到期",
        "href=\"/scripts/4/approve\"",
    ]);
    rig.get("/scripts/1").await.has(&["孙丽", "您好，这里是示范医院", "4.2 秒", "/audio\""]);
    rig.get("/scripts/3").await.has(&["补齐必备内容"]);
    let supervisor = Rig::start(Role::Supervisor, sample).await.in_english();
    let page = supervisor.get("/scripts/2").await;
    page.has(&["Waiting for approval", "somebody else of compliance"]);
    page.lacks(&["/approve"]);
    assert_eq!(supervisor.get("/scripts/5").await.status, StatusCode::NOT_FOUND);
    assert_eq!(supervisor.get("/scripts/0").await.status, StatusCode::NOT_FOUND);
    let data = Rig::start(Role::DataSpecialist, sample).await;
    assert_eq!(data.get("/scripts").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn cam_12_an_approval_shows_every_text_and_is_confirmed() {
    let rig = Rig::start(Role::Compliance, sample).await;
    let form = rig.get("/scripts/2/approve").await;
    form.has(&[
        "您好，这里是示范医院",
        "如需退订请按9",
        "本次通话将被录音",
        "action=\"/scripts/2/approve\"",
        "<audio",
    ]);
    let unread = rig.post("/scripts/2/approve", &[]).await;
    assert_eq!(unread.status, StatusCode::UNPROCESSABLE_ENTITY);
    unread.has(&["请先核对并勾选", "如需退订请按9"]);
    assert!(!rig.was_asked(&["ApproveScript"]));
    let done = rig.post("/scripts/2/approve", &[("read", "yes")]).await;
    assert_eq!((done.status, done.location()), (StatusCode::SEE_OTHER, "/scripts/2"));
    rig.get("/scripts/2").await.has(&["话术“就诊回访”已批准"]);
    let own = rig.post("/scripts/4/approve", &[("read", "yes")]).await;
    assert_eq!(own.status, StatusCode::UNPROCESSABLE_ENTITY);
    own.has(&["因 same-person 被拒绝", "value=\"yes\" checked"]);
    let good = rig.get("/scripts/1/approve").await;
    assert_eq!((good.status, good.location()), (StatusCode::SEE_OTHER, "/scripts/1"));
    rig.get("/scripts/1").await.has(&["您不能审核此话术"]);
}

#[tokio::test]
async fn a_script_is_made_of_prompts_and_a_refused_form_keeps_the_choices() {
    let rig = Rig::start(Role::Manager, sample).await;
    let form = rig.get("/scripts/new").await;
    let [five, eight] = [object(5).to_string(), object(8).to_string()];
    form.has(&["第8段语音。 · 3.3 秒", &format!("value=\"{five}\""), "自报单位与目的", "data-draft"]);
    let bad = rig.post("/scripts/new", &[("name", "回访"), ("identify", &eight), ("body", HOSTILE)]).await;
    assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);
    bad.has(&["请选择语音", "请选择一项", "value=\"回访\"", &format!("value=\"{eight}\" selected")]);
    bad.lacks(&LIVE);
    assert!(!rig.was_asked(&["CreateScript"]));
    let all = [("identify", eight.as_str()), ("recording_notice", &five), ("opt_out_hint", &five)];
    let refused = rig.post("/scripts/new", &[&[("name", "坏")], &all[..]].concat()).await;
    refused.has(&["因 bounds 被拒绝", "value=\"坏\""]);
    let done = rig.post("/scripts/new", &[&[("name", "回访")], &all[..]].concat()).await;
    assert_eq!((done.status, done.location()), (StatusCode::SEE_OTHER, "/scripts/2"));
    rig.get("/scripts/2").await.has(&["话术“回访”已保存", "data-draft-done=\"/scripts/new\""]);
}

#[tokio::test]
async fn prompts_are_listed_with_their_levels_and_pages() {
    let rig = Rig::start(Role::Qa, sample).await;
    let page = rig.get("/scripts/prompts").await;
    page.has(&["第8段语音", "未测", "−19 / −4 dBm0", "href=\"/scripts/prompts?before=7\" rel=\"next\""]);
    page.lacks(&["/scripts/prompts/new"]);
    let end = rig.get("/scripts/prompts?before=7").await;
    end.has(&["第5段语音", "href=\"/scripts/prompts\" rel=\"prev\""]);
    end.lacks(&["rel=\"next\""]);
    let hostile = |what: &Admin, _: &[u8]| match what {
        Admin::Prompts { before: None } => {
            Answer::Prompts(vec![PromptView { text: HOSTILE.repeat(20), ..prompt(3) }])
        }
        what => nothing(what, &[]),
    };
    let rig = Rig::start(Role::Supervisor, hostile).await;
    for path in ["/scripts/prompts", "/scripts/new"] {
        rig.get(path).await.lacks(&LIVE);
    }
}

#[tokio::test]
async fn a_prompt_is_heard_whole_or_in_part() {
    let rig = Rig::start(Role::Compliance, sample).await;
    let path = format!("/scripts/prompts/{}/audio", object(5));
    let whole = rig.get(&path).await;
    assert_eq!((whole.status, whole.header("content-type")), (StatusCode::OK, "audio/wav"));
    assert_eq!((whole.body.as_bytes(), whole.header("cache-control")), (SOUND, "no-store"));
    assert_eq!(whole.header("content-disposition"), "");
    let part = rig.get_range(&path, "bytes=4-7").await;
    assert_eq!((part.status, part.body.as_str()), (StatusCode::PARTIAL_CONTENT, "...."));
    assert_eq!(part.header("content-range"), format!("bytes 4-7/{}", SOUND.len()));
    let beyond = rig.get_range(&path, "bytes=999-").await;
    assert_eq!((beyond.status, beyond.body.as_bytes()), (StatusCode::OK, SOUND));
    for bad in ["00", "zz", "../../etc/passwd"] {
        let path = format!("/scripts/prompts/{}/audio", admind::form::encode(bad).replace('/', "%2F"));
        assert_eq!(rig.get(&path).await.status, StatusCode::NOT_FOUND, "{bad}");
    }
}

#[tokio::test]
async fn an_uploaded_prompt_is_stored_or_refused_with_its_reason() {
    let rig = Rig::start(Role::Supervisor, sample).await;
    rig.get("/scripts/prompts/new").await.has(&["8 kHz", "data-draft", "action=\"/scripts/prompts/new\""]);
    let none = rig.upload("/scripts/prompts/new", &[("text", "您好<b>")], "", b"").await;
    assert_eq!(none.status, StatusCode::UNPROCESSABLE_ENTITY);
    none.has(&["请选择文件", "您好&#60;b&#62;</textarea>"]);
    let untold = rig.upload("/scripts/prompts/new", &[("text", " ")], "a.wav", b"good").await;
    untold.has(&["请填写", "请重新选择文件"]);
    let good = rig.upload("/scripts/prompts/new", &[("text", "您好。")], "a.wav", b"good").await;
    let page = rig.job(&good).await;
    page.has(&[
        "时长 3.3 秒",
        &format!("/scripts/prompts/{}/audio", object(9)),
        "data-draft-done=\"/scripts/prompts/new\"",
    ]);
    assert!(rig.was_asked(&["UploadPrompt", "您好。"]));
    let loud = rig.upload("/scripts/prompts/new", &[("text", "您好。")], "a.wav", b"loud").await;
    let page = rig.job(&loud).await;
    page.has(&["语音未保存", "因 too-loud 被拒绝", "填写的文字会保留", "href=\"/scripts/prompts/new\""]);
    page.lacks(&["data-draft-done"]);
}
