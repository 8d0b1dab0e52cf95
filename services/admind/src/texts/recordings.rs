//! Words of the recordings.

crate::texts! {
    /// Words of the recordings.
    pub struct Recordings {
        title: "录音", "Recordings";
        lede: "录音只能在线收听，不能下载；每次收听须说明目的并记入审计账本。", "Recordings are heard here and never downloaded; each time the purpose is asked and written into the ledger.";
        only_recorded: "全部录音", "All recordings";
        only_bad: "异常录音", "Bad recordings";
        hear: "收听", "Hear";
        empty_title: "还没有录音", "No recording yet";
        empty_text: "通话接通并播放录音告知后开始录音，校验完成后显示在这里。", "Recording begins when a call is answered and the notice was heard.";
        empty_bad_title: "没有异常录音", "No bad recording";
        empty_bad_text: "所有录音校验完好。", "Every recording was verified as sound.";
        ask_title: "收听录音", "Hear a recording";
        purpose: "收听目的", "Purpose";
        purpose_hint: "目的、收听人与时间将记入审计账本。", "The purpose, who listens and when are written into the ledger.";
        purpose_quality: "质量检查", "Quality check";
        purpose_quality_note: "按质检计划抽查。", "A sample of the quality plan.";
        purpose_dispute: "投诉与争议", "Dispute";
        purpose_dispute_note: "处理客户投诉或争议。", "A customer's complaint or dispute.";
        purpose_strategy: "话术改进", "Script improvement";
        purpose_strategy_note: "分析话术效果。", "How the script works.";
        begin: "开始收听", "Begin to hear";
        not_audible: "该通话没有可收听的录音。", "There is no recording to be heard.";
        may_not: "您不能收听该录音。", "You may not hear this recording.";
        to_call: "通话明细", "The call";
        player: "播放器", "Player";
        wave: "录音波形：上方为客户，下方为坐席", "Waveform: customer above, agent below";
        customer: "客户", "Customer";
        agent: "坐席", "Agent";
        play: "播放", "Play";
        pause: "暂停", "Pause";
        back_5: "后退 5 秒", "Back 5 s";
        ahead_5: "前进 5 秒", "Ahead 5 s";
        seek: "播放位置（秒）", "Position in seconds";
        stereo: "左右声道分开", "Sides apart";
        keys: "空格播放/暂停，←/→ 后退或前进 5 秒，Home/End 到开头或结尾", "Space plays and pauses, ←/→ go 5 s back or ahead, Home/End go to the ends";
        needs_script: "收听录音需要启用 JavaScript。", "Hearing a recording needs JavaScript.";
        says_loading: "正在载入…", "Loading…";
        says_fast: "系统按正常语速放音，请稍候…", "The sound comes at the pace of speech, please wait…";
        says_ended: "本次收听已结束。如需继续，请重新说明目的。", "This hearing has ended. To go on, state the purpose again.";
        says_heard: "这一段已经放过，不能再次载入。如需重听，请重新说明目的。", "This part was given out before. To hear it again, state the purpose again.";
        says_session: "登录已失效，请重新登录。", "You are signed out: sign in again.";
        says_broken: "录音无法播放。请稍后再试。", "The recording cannot be played. Try again later.";
        again: "重新说明目的", "State the purpose again";
        length: "时长", "Length";
    }
}
