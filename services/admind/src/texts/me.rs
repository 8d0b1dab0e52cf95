//! Words of one's own account.

crate::texts! {
    /// Words of one's own account.
    pub struct Me {
        title: "我的账号", "My account";
        role: "角色", "Role";
        department: "部门", "Department";
        no_department: "全部部门", "All departments";
        signed_in_at: "本次登录", "Signed in";
        ends_at: "最迟结束", "Ends at the latest";
        idle: "闲置后结束", "Ends when idle for";
        last: "上次登录", "Last sign-in";
        last_from: "{}，来自 {}", "{} from {}";
        failed_since: "此后失败的尝试：{} 次", "Failed attempts since then: {}";
        sessions: "我的会话", "My sessions";
        since: "开始", "Since";
        used_at: "最近使用", "Last used";
        address: "地址", "Address";
        browser: "浏览器", "Browser";
        this_session: "当前会话", "This session";
        end: "结束会话", "End";
        ended: "会话已结束。", "The session has ended.";
        sign_ins: "最近 20 次登录", "Last 20 sign-ins";
        at: "时间", "Time";
        outcome: "结果", "Result";
        no_sign_ins: "还没有登录记录", "No sign-ins yet";
        password_title: "修改密码", "Change password";
        password_text: "其他会话将随之结束。", "Your other sessions end with it.";
        old_password: "当前密码", "Present password";
        new_password: "新密码", "New password";
        again: "再次输入新密码", "The new password again";
        change: "修改", "Change";
        changed: "密码已修改。", "The password was changed.";
        outcome_signed_in: "已登录", "Signed in";
        outcome_unknown_login: "登录名不存在", "No such login";
        outcome_not_enrolled: "尚未启用", "Not enrolled yet";
        outcome_wrong_password: "密码错误", "Wrong password";
        outcome_wrong_code: "动态口令错误", "Wrong code";
        outcome_reused_code: "动态口令重复使用", "Code used before";
        outcome_locked: "账号已锁定", "Account locked";
        outcome_disabled: "账号已停用", "Account switched off";
        outcome_source_blocked: "来源已封锁", "Source blocked";
        outcome_not_at_console: "无权使用控制台", "Not for the console";
    }
}
